"""What is done with mail lists from outside: looking, moderating, naming moderators. For commands and WebAdmin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from groupware.mime.headers import decode_text
from groupware.mime.summary import summarize
from groupware.model.errors import GroupwareError, NotFound, Refused
from groupware.model.ids import EVERY, Uid
from groupware.model.item import Item
from groupware.model.mailinglist import APPROVED, DELIVERIES, MODERATION, REJECTED, Subscriber
from groupware.model.principal import Account, NewAccount, PrincipalKind
from groupware.model.rights import Right, parse_rights
from groupware.store.api import Blobs, ReadTx, WriteTx

Verdict = Literal["approve", "reject"]
VERDICTS: Final[tuple[Verdict, ...]] = ("approve", "reject")
_TO: Final[Mapping[Verdict, str]] = {"approve": APPROVED, "reject": REJECTED}
_MODERATES: Final = {MODERATION: "lrswtex", APPROVED: "lri", REJECTED: "lrswite"}
"""What a moderator may do, by folder."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for a moderator."""

    uid: Uid
    author: str
    subject: str
    size: int
    since: datetime


def list_of(tx: ReadTx, address: str) -> Account:
    """The list of that address. `NotFound`; `Refused` for what is no list."""
    found = tx.account(address)
    if found.kind is not PrincipalKind.LIST:
        raise Refused(f"{found.address}: this is no mail list")
    return found


def made(tx: WriteTx, address: str, name: str, owners: Sequence[str]) -> Account:
    """A new list, run by `owners`; by its domain's postmaster without any."""
    new = tx.put_account(NewAccount(address, PrincipalKind.LIST, name))
    if owners:
        tx.put_setting("listOwners", " ".join(owners), new.id)
    return new


def figures(tx: ReadTx, found: Account) -> Mapping[str, int]:
    """How many are on a list, how many of them get its mail, and how many messages wait for a moderator."""
    on = tx.subscribers(found.id)
    waiting = tx.locate(found.id, MODERATION).total
    return {"members": len(on), "active": sum(each.state == "active" for each in on), "waiting": waiting}


def put_on(
    tx: WriteTx, address: str, who: str, name: str | None, delivery: str | None, moderated: bool | None
) -> Subscriber:
    """Somebody is on a list, without being asked; None leaves what was there. `Refused`."""
    if delivery is not None and delivery not in DELIVERIES:
        raise Refused(f"{delivery[:40]!r}: a subscriber gets {', '.join(DELIVERIES)}")
    there = tx.subscriber(address, who) or Subscriber(who)
    new = replace(
        there,
        state="active",
        name=there.name if name is None else name,
        delivery=next((each for each in DELIVERIES if each == delivery), there.delivery),
        moderated=there.moderated if moderated is None else moderated,
    )
    return tx.put_subscriber(address, new)


# --- moderation -----------------------------------------------------------------------------------------------------


def waiting(tx: ReadTx, address: str, after: int = 0, limit: int = 0) -> Sequence[Item]:
    """What waits for a moderator, oldest first, with a UID above `after`, at most `limit` (0: all). Takes `r` there."""
    found = tx.items(tx.locate(list_of(tx, address).id, MODERATION).id, EVERY)
    rest = [each for each in found if each.uid > after]
    return rest[:limit] if limit else rest


def may_look(tx: ReadTx, found: Account) -> bool:
    """Whether who asks may see what waits on a list."""
    try:
        tx.locate(found.id, MODERATION, Right.READ)
    except GroupwareError:
        return False
    return True


async def shown(blobs: Blobs, item: Item) -> Waiting:
    """Who has written such a message, and about what."""
    found = summarize(await blobs.read(item.blob))
    author = str(found.from_[0]) if found.from_ else ""
    return Waiting(item.uid, author, decode_text(found.subject.encode()), item.size, item.saved)


def moderated(tx: WriteTx, address: str, what: Verdict, wanted: Sequence[int] | None) -> int:
    """Sends on or refuses what waits; how many messages. None: all of them. `NotFound` for a UID that does not wait."""
    of = list_of(tx, address).id
    at = tx.locate(of, MODERATION).id
    there = tx.uids(at)
    for each in wanted or ():
        if each not in there:
            raise NotFound(f"{each}: no such message waits")
    uids = there if wanted is None else [Uid(each) for each in wanted]
    if not uids:
        raise NotFound("no message was named; say their numbers, or all")
    return len(tx.move(at, [(each, each) for each in uids], tx.locate(of, _TO[what]).id))


def moderators(tx: ReadTx, address: str) -> Sequence[str]:
    """Who was given a list to moderate. Takes `a` on its folders."""
    at = tx.locate(list_of(tx, address).id, MODERATION).id
    wanted = parse_rights(_MODERATES[MODERATION])
    return [each.grantee for each in tx.grants(at) if each.allow & wanted == wanted]


def let_moderate(tx: WriteTx, address: str, who: str, *, on: bool) -> None:
    """Somebody may look at what waits, send it on and refuse it, in any mail program; or no more."""
    of = list_of(tx, address).id
    for name, rights in _MODERATES.items():
        tx.grant(tx.locate(of, name).id, who, parse_rights(rights) if on else Right.NONE, reason="moderator")
