"""What is in address books, calendars and lists of tasks: where it is, and what became of it. RFC 8620 §5.1, §5.2."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.dav import derived
from connectors.dav.paths import CALENDARS as CALENDARS_AREA
from groupware.calendar.blocks import sees_times
from groupware.calendar.shown import Sight, as_read, sees_titles, sight, telling
from groupware.calendar.shown import named as told_name
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, BlobId, FolderId, ItemId, ModSeq, Uid, ranges
from groupware.model.item import CALENDARS, Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap.arguments import ChangesArguments
from web.jmap.errors import MethodError
from web.jmap.families import Family
from web.jmap.ids import account_id, object_id, object_of
from web.jmap.limits import IN_GET
from web.jmap.states import emails_at, read_state
from web.jmap.turn import Turn, folders_of, owner_in
from web.jmap.turned import check_unturned, page_of, turned

MADE: Final = "x"
"""Behind the letter of ids of what is made of other things."""
_COLUMNS: Final = ("id", "name", "blob", "modseq", "words")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one is, and what is told of it: in another's calendar that is what is for who asks (decision 237)."""

    folder: Folder
    uid: Uid
    item: ItemId
    name: str
    stored: BlobId
    modseq: ModSeq
    words: str = ""
    """The keywords beside it."""
    seen: Sight | None = None
    """How who asks sees the folder; None: as it is stored."""
    own: bytes | None = None
    """What who asks has of it that nobody else sees."""
    made: bytes | None = None
    """Its octets, where nothing is stored: a busy time, a birthday."""

    def id(self, letter: str) -> str:
        """Its id among those of that letter."""
        return object_id(letter, self.item) if self.made is None else f"{letter}{MADE}{self.name}"

    @property
    def blob(self) -> BlobId:
        """What the octets are called that are told of it; `bodies` has them."""
        return self.stored if self.seen is None else told_name(self.stored, self.own, self.seen)


def readable_in(tx: ReadTx, owner: AccountId, family: Family) -> dict[FolderId, Folder]:
    """The folders of the family whose objects may be read, be it for times and titles alone (decision 238)."""
    found = {}
    for each in folders_of(tx, owner, family.kind):
        if Right.READ in each.rights:
            found[each.id] = _as_read(tx, each)
        elif not each.own and family.kind in CALENDARS and sees_titles(each.rights):
            tx.outline(each.id)
            found[each.id] = _as_read(tx, each)
    return found


def _as_read(tx: ReadTx, each: Folder) -> Folder:
    shown = not each.own and each.kind in CALENDARS
    return as_read(each, dict(tx.annotations(each.id)) if shown else {})


def told_in(tx: ReadTx, owner: AccountId, family: Family) -> dict[FolderId, Folder]:
    """The same, with the calendars whose events are made: of busy times alone, and of birthdays."""
    found = readable_in(tx, owner, family)
    if family.kind == Kind.CALENDAR:
        found.update((each.id, as_read(each, {})) for each in timed_in(tx, owner))
        if birthdays_in(tx, owner) is not None:  # they change with these, which are in here by no number of theirs
            found |= {FolderId(-each.id): each for each in derived.books_of(tx.folders(Kind.CONTACTS, of=owner))}
    return found


def timed_in(tx: ReadTx, owner: AccountId) -> list[Folder]:
    """The calendars of which it is known only when they take time (decision 300)."""
    return [each for each in folders_of(tx, owner, Kind.CALENDAR) if not each.own and sees_times(each.rights)]


def birthdays_in(tx: ReadTx, owner: AccountId) -> Folder | None:
    """The calendar of birthdays in one's own account, unless it is switched off (decision 213)."""
    if owner != tx.who.account:
        return None
    return next((each for _, each in derived.folders(tx, CALENDARS_AREA, tx.folders(Kind.CONTACTS, of=owner))), None)


def stands(tx: ReadTx, account: str, family: Family) -> tuple[str, str]:
    """The account, and the state of what is in its folders of that family. `MethodError`."""
    owner = owner_in(tx, account)
    return account_id(owner), state_in(tx, owner, family)


def state_in(tx: ReadTx, owner: AccountId, family: Family) -> str:
    """The state of what is in them: it stays when something else in the account changes."""
    folders = told_in(tx, owner, family)
    return str(emails_at(position(folders), folders.values()))


def position(folders: Mapping[FolderId, Folder]) -> ModSeq:
    """How far the owner's sequence had come when one of these folders last changed."""
    return max((each.modseq for each in folders.values()), default=ModSeq(0))


def places(tx: ReadTx, folders: Mapping[FolderId, Folder], items: Sequence[ItemId]) -> dict[ItemId, Place]:
    """Where these are; those that are in none of the folders are left out."""
    where: dict[FolderId, list[Uid]] = {}
    for at, uid in tx.placed(items).values():
        if at in folders:
            where.setdefault(at, []).append(uid)
    found: dict[ItemId, Place] = {}
    for at, uids in where.items():
        found.update((each.item, each) for each in _placed(tx, folders[at], uids))
    return found


def _placed(tx: ReadTx, folder: Folder, uids: Sequence[Uid]) -> Iterator[Place]:
    """Those of a folder under these UIDs."""
    seen = sight(tx, folder.id) if uids and not folder.own and folder.kind in CALENDARS else None
    own = tx.personal(folder.id) if seen is not None else {}
    for uid, item, name, blob, at, words in tx.columns(folder.id, _COLUMNS, ranges(uids)) if uids else ():
        yield Place(folder, Uid(uid), item, name, blob, at, words, seen, own.get(uid))


async def bodies(turn: Turn, some: Collection[Place]) -> Mapping[BlobId, bytes]:
    """What is told of each, by its name; those that cannot be read just now are left out."""
    made = {each.stored: each.made for each in some if each.made is not None}
    wanted = list({each.stored for each in some} - made.keys())
    stored = {**(await turn.parts.blobs.read_many(wanted) if wanted else {}), **made}
    if all(each.seen is None for each in some):
        return stored
    return await asyncio.to_thread(_told, some, stored)


def _told(some: Collection[Place], stored: Mapping[BlobId, bytes]) -> Mapping[BlobId, bytes]:
    found = {}
    for each in some:
        name, octets = each.blob, stored.get(each.stored)
        if octets is not None and name not in found:
            found[name] = octets if each.seen is None or name == each.stored else telling(each.own, each.seen)(octets)
    return found


def every_place(tx: ReadTx, folders: Mapping[FolderId, Folder], uids: Mapping[FolderId, Sequence[Uid]]) -> list[Place]:
    """All that are in some folders under these UIDs."""
    return [each for at, some in uids.items() for each in _placed(tx, folders[at], some)]


def all_in(tx: ReadTx, folders: Mapping[FolderId, Folder], component: str) -> list[Place]:
    """All of one kind that are in some folders, in the order in which they came."""
    return every_place(tx, folders, {at: tx.objects(at, component) for at in folders})


def named(family: Family, names: Sequence[str]) -> dict[str, ItemId]:
    """The items that ids mean; what is no such id is left out."""
    return {name: number for name in names if (number := object_of(family.letter, name)) is not None}


def asked_for(
    tx: ReadTx, owner: AccountId, family: Family, component: str, names: Sequence[str] | None
) -> dict[str, Place]:
    """What is asked for by ids, or all there is. `MethodError` `requestTooLarge`."""
    folders = readable_in(tx, owner, family)
    if names is None:
        found = all_in(tx, folders, component)
        if len(found) > IN_GET:
            raise too_many_at_once()
        return {object_id(family.letter, each.item): each for each in found}
    wanted = named(family, names)
    there = places(tx, folders, list(wanted.values()))
    return {name: there[item] for name, item in wanted.items() if item in there}


def too_many_at_once() -> MethodError:
    """What is said to who asks for all, where that is too much."""
    return MethodError("requestTooLarge", f"there are more than {IN_GET}: name those that are wanted")


def check_properties(wanted: Sequence[str] | None, known: Collection[str]) -> None:
    """`MethodError` for a property that there is none of; those of vendors (`example.com:name`) may be there."""
    unknown = next((name for name in wanted or () if name not in known and ":" not in name and name != "id"), None)
    if unknown is not None:
        raise MethodError("invalidArguments", f"there is no property {unknown[:60]!r}")


async def changes(turn: Turn, arguments: ChangesArguments, family: Family) -> Mapping[str, Any]:
    """`Foo/changes`."""
    since = read_state(arguments.since_state)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = told_in(tx, owner, family)
        told = page_of(*turned(tx, owner, folders, since), since, arguments.max_changes)
        return {
            "accountId": account_id(owner),
            "oldState": arguments.since_state,
            "newState": str(emails_at(min(told.end, position(folders)), folders.values())),
            "hasMoreChanges": told.more,
            "created": [object_id(family.letter, item) for item in told.created],
            "updated": [object_id(family.letter, item) for item in told.updated],
            "destroyed": [object_id(family.letter, item) for item in told.destroyed],
        }

    return await turn.read(work)


async def check_state(turn: Turn, account: str, family: Family, given: str | None) -> None:
    """`MethodError` `stateMismatch` when something in them has changed since."""
    if given is None:
        return
    await check_unturned(turn, account, given, lambda tx, owner: told_in(tx, owner, family))
