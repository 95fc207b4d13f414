"""Label: a keyword of emails, with the name and the colour that a person gives it. Decision 308.

The five of Thunderbird (`$label1` to `$label5`) are there by themselves; what somebody changes of them is kept in a
record under their keyword, as with identities. Others are made by clients. An email has a label when it has its
keyword, whoever has set that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from groupware.model.categories import keyword_of
from groupware.model.record import RecordKind
from groupware.store.api import ReadTx, WriteTx
from web.jmap import few
from web.jmap.arguments import ChangesArguments, GetArguments
from web.jmap.email_place import checked
from web.jmap.errors import SetError
from web.jmap.ids import account_id
from web.jmap.kept import facts_of, named, own, state_of, told_changes, turned
from web.jmap.sets import Given, SetArguments, Ways, invalid, set_few, unknown_property
from web.jmap.turn import Turn

PROPERTIES: Final = ("id", "keyword", "name", "color", "isHidden", "mayDelete")
COLORS: Final = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown", "grey")
BEGIN: Final = ("red", "orange", "green", "blue", "purple")
"""The colours of `$label1` to `$label5`, as Thunderbird has them."""
MOST: Final = 200
LONGEST_NAME: Final = 100
_SETTABLE: Final = frozenset({"keyword", "name", "color", "isHidden"})
_KIND: Final = RecordKind.LABEL


@dataclass(frozen=True, slots=True)
class Label:
    """One of them, and the record that keeps what was said of it."""

    id: str
    facts: Mapping[str, Any]
    number: int | None
    own: bool
    """Whether a client has made it, and may take it away."""

    @property
    def told(self) -> dict[str, Any]:
        """The Label object. A name that is null is the client's to say, in the language of who looks."""
        plain = {"name": None, "color": "grey", "isHidden": False}
        return {**plain, **self.facts, "id": self.id, "mayDelete": self.own}


def every(tx: ReadTx) -> dict[str, Label]:
    """All that there are, by id."""
    kept = {str(facts_of(each)["keyword"]): each for each in tx.records(_KIND)}
    found = {}
    for number, color in enumerate(BEGIN, start=1):
        keyword = f"$label{number}"
        record = kept.pop(keyword, None)
        facts = {"keyword": keyword, "color": color, **(facts_of(record) if record is not None else {})}
        found[f"T{number}"] = Label(f"T{number}", facts, record.number if record is not None else None, False)
    for record in kept.values():
        found[f"L{record.number}"] = Label(f"L{record.number}", facts_of(record), record.number, True)
    return found


def state(tx: ReadTx) -> str:
    """When a label last changed."""
    return state_of(tx, _KIND)


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Label/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Mapping[str, Any]]]:
        owner = own(tx, arguments.account_id)
        return account_id(owner), state(tx), {name: each.told for name, each in every(tx).items()}

    return await few.get(turn, arguments, PROPERTIES, look)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Label/changes`."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = own(tx, arguments.account_id)
        found = turned(tx, _KIND, arguments.since_state, arguments.max_changes)
        derived = {each.number: each.id for each in every(tx).values() if not each.own}
        return told_changes(account_id(owner), arguments.since_state, state(tx), named(found, "L", derived))

    return await turn.read(work)


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`Label/set`. Emails keep the keyword of a label that is taken away."""

    def look(tx: ReadTx) -> tuple[str, str]:
        return account_id(own(tx, arguments.account_id)), state(tx)

    ways = Ways(partial(_create, turn), partial(_update, turn), partial(_destroy, turn))
    return await set_few(turn, arguments, look, ways)


def _wanted(given: Given) -> dict[str, Any]:
    unknown_property(given, PROPERTIES, _SETTABLE)
    name = given.get("name")
    if name is not None and (not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME):
        raise invalid("name", f"a name of up to {LONGEST_NAME} characters is wanted")
    if given.get("color", "grey") not in COLORS:
        raise invalid("color", f"one of {', '.join(COLORS)} is wanted")
    if not isinstance(given.get("isHidden", False), bool):
        raise invalid("isHidden", "true or false is wanted")
    return {**given, **({"name": name.strip()} if isinstance(name, str) else {})}


async def _create(turn: Turn, given: Given) -> Mapping[str, Any]:
    wanted = _wanted(given)
    if wanted.get("name") is None:
        raise invalid("name", "a label has a name")
    keyword = wanted.get("keyword") or keyword_of(wanted["name"])
    if not isinstance(keyword, str) or not keyword:
        raise invalid("name", "no keyword can be made of it: a shorter one is wanted")
    [keyword] = checked([keyword])
    if keyword.startswith("$"):
        raise invalid("keyword", "keywords that begin with $ are for programs")

    def work(tx: WriteTx) -> Mapping[str, Any]:
        there = every(tx).values()
        if any(each.facts["keyword"] == keyword for each in there):
            raise SetError("alreadyExists", f"there is a label with the keyword {keyword[:60]} already")
        if len(there) >= MOST:
            raise SetError("overQuota", f"there are {MOST} labels at most")
        facts = {**wanted, "keyword": keyword}
        made = tx.put_record(_KIND, json.dumps(facts))
        told = Label(f"L{made.number}", facts, made.number, True).told
        return {name: value for name, value in told.items() if given.get(name) != value}

    return await turn.write(work)


async def _update(turn: Turn, name: str, given: Given) -> bool:
    wanted = _wanted(given)

    def work(tx: WriteTx) -> bool:
        there = every(tx).get(name)
        if there is None:
            raise SetError("notFound", "there is no such label")
        if wanted.get("keyword", there.facts["keyword"]) != there.facts["keyword"]:
            raise invalid("keyword", "the keyword of a label stays: make another one")
        if there.own and "name" in wanted and wanted["name"] is None:
            raise invalid("name", "a label has a name")
        tx.put_record(_KIND, json.dumps({**there.facts, **wanted}), there.number)
        return True

    return await turn.write(work)


async def _destroy(turn: Turn, name: str) -> bool:
    def work(tx: WriteTx) -> bool:
        there = every(tx).get(name)
        if there is None:
            raise SetError("notFound", "there is no such label")
        if not there.own or there.number is None:
            raise SetError("forbidden", "the five that mail programs know stay; they can be hidden")
        tx.drop_record(_KIND, there.number)
        return True

    return await turn.write(work)
