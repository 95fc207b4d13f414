"""Identity: an address that one may send as, with what is said beside it. RFC 8621 §6.

Those of one's own addresses, and of whom one may send as among those who share with one, are there by themselves; what
a client changes of them is kept in a record under their address. Others are made by clients, for any address that one
may send as.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from groupware.model.errors import GroupwareError
from groupware.model.folder import OTHERS, SEPARATOR
from groupware.model.record import RecordKind
from groupware.store.api import ReadTx, WriteTx
from web.jmap import few
from web.jmap.arguments import ChangesArguments, GetArguments
from web.jmap.errors import SetError
from web.jmap.ids import account_id
from web.jmap.kept import facts_of, named, number_of, own, state_of, told_changes, turned
from web.jmap.sets import Given, SetArguments, Ways, invalid, set_few, unknown_property
from web.jmap.turn import Turn

PROPERTIES: Final = (
    "id",
    "name",
    "email",
    "replyTo",
    "bcc",
    "textSignature",
    "htmlSignature",
    "mayDelete",
)
_SETTABLE: Final = frozenset({"name", "email", "replyTo", "bcc", "textSignature", "htmlSignature"})
_KIND: Final = RecordKind.IDENTITY
_LONGEST: Final = 100_000
_MOST: Final = 20  # addresses of replyTo and of bcc


@dataclass(frozen=True, slots=True)
class Identity:
    """One of them, and the record that keeps what was said of it."""

    id: str
    facts: Mapping[str, Any]
    number: int | None
    own: bool
    """Whether a client has made it, and may take it away."""

    @property
    def told(self) -> dict[str, Any]:
        """The Identity object."""
        plain = {"name": "", "replyTo": None, "bcc": None, "textSignature": "", "htmlSignature": ""}
        return {
            **plain,
            **{k: v for k, v in self.facts.items() if k in _SETTABLE},
            "id": self.id,
            "mayDelete": self.own,
        }


def _derived_id(address: str) -> str:
    return f"D{blake2b(address.lower().encode(), digest_size=10).hexdigest()}"


def senders(tx: ReadTx) -> Mapping[str, str]:
    """The addresses that are there by themselves, each with the name of whose it is."""
    mine = tx.account(tx.who.account)
    found = {each.lower(): mine.name for each in tx.addresses(tx.who.account)}
    for each in tx.folders():
        first, _, rest = each.path.partition(SEPARATOR)
        address = rest.partition(SEPARATOR)[0].lower()
        if first == OTHERS and "@" in address and address not in found and tx.may_send_as(address):
            found[address] = ""
    return found


def every(tx: ReadTx) -> Mapping[str, Identity]:
    """All that there are, by id."""
    records = tx.records(_KIND)
    kept = {str(facts["of"]): (each.number, facts) for each in records if "of" in (facts := facts_of(each))}
    found = {}
    for address, name in senders(tx).items():
        number, facts = kept.get(address, (None, {}))
        identity = Identity(_derived_id(address), {"name": name, **facts, "email": address}, number, False)
        found[identity.id] = identity
    for each in records:
        facts = facts_of(each)
        if "of" not in facts and tx.may_send_as(str(facts["email"])):
            found[f"I{each.number}"] = Identity(f"I{each.number}", facts, each.number, True)
    return found


def state(tx: ReadTx) -> str:
    """When an identity last changed, and which addresses there are."""
    return state_of(tx, _KIND, senders(tx))


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Identity/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Mapping[str, Any]]]:
        there = {name: each.told for name, each in every(tx).items()}
        return account_id(own(tx, arguments.account_id)), state(tx), there

    return await few.get(turn, arguments, PROPERTIES, look)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Identity/changes`; when an address came or went, a client starts over."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = own(tx, arguments.account_id)
        found = turned(tx, _KIND, arguments.since_state, arguments.max_changes, senders(tx))
        derived = {each.number: each.id for each in every(tx).values() if not each.own}
        return told_changes(account_id(owner), arguments.since_state, state(tx), named(found, "I", derived))

    return await turn.read(work)


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`Identity/set`."""

    def look(tx: ReadTx) -> tuple[str, str]:
        return account_id(own(tx, arguments.account_id)), state(tx)

    ways = Ways(partial(_create, turn), partial(_update, turn), partial(_destroy, turn))
    return await set_few(turn, arguments, look, ways)


def _checked(given: Given) -> dict[str, Any]:
    unknown_property(given, PROPERTIES, _SETTABLE)
    found = dict(given)
    for name in ("name", "textSignature", "htmlSignature"):
        if name in found and (not isinstance(found[name], str) or len(found[name]) > _LONGEST):
            raise invalid(name, f"a string of up to {_LONGEST} characters is wanted")
    for name in ("replyTo", "bcc"):
        if found.get(name) is not None:
            _check_people(name, found[name])
    return found


def _check_people(name: str, value: Any) -> None:
    people: Sequence[Any] = value if isinstance(value, list) else [None]
    for each in people:
        match each:
            case {"email": str(email), **rest} if "@" in email and not rest.keys() - {"name"}:
                if isinstance(rest.get("name"), str | None):
                    continue
        raise invalid(name, "a list of addresses is wanted")
    if len(people) > _MOST:
        raise invalid(name, f"more than {_MOST} addresses")


async def _create(turn: Turn, given: Given) -> Mapping[str, Any]:
    wanted = _checked(given)
    email = wanted.get("email")
    if not isinstance(email, str) or "@" not in email or len(email) > 320:
        raise invalid("email", "an address is wanted")

    def work(tx: WriteTx) -> Mapping[str, Any]:
        if not tx.may_send_as(email):
            raise SetError("forbiddenFrom", f"<{email[:100]}> is neither yours nor an address that you may send as")
        made = tx.put_record(_KIND, json.dumps(wanted))
        told = Identity(f"I{made.number}", wanted, made.number, True).told
        return {name: value for name, value in told.items() if name not in given}

    return await turn.write(work)


async def _update(turn: Turn, name: str, given: Given) -> bool:
    wanted = _checked(given)

    def work(tx: WriteTx) -> bool:
        there = every(tx).get(name)
        if there is None:
            raise SetError("notFound", "there is no such identity")
        email = str(there.facts["email"])
        if wanted.get("email", email) != email:
            raise invalid("email", "the address of an identity stays: make another one")
        facts = {**there.facts, **wanted, **({} if there.own else {"of": email})}
        tx.put_record(_KIND, json.dumps(facts), there.number)
        return True

    return await turn.write(work)


async def _destroy(turn: Turn, name: str) -> bool:
    def work(tx: WriteTx) -> bool:
        there = every(tx).get(name)
        number = number_of(name, "I")
        if there is not None and not there.own:
            raise SetError("forbidden", "this identity is there as long as one may send as its address")
        try:
            tx.drop_record(_KIND, number or 0)
        except GroupwareError:
            raise SetError("notFound", "there is no such identity") from None
        return True

    return await turn.write(work)
