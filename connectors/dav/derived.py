"""Collections that are made of others when they are asked for: birthdays, the people of a domain (decision 213).

They are rows of nothing: what is in them is read through the door from what they are made of, as who asks may read it.
`derived_view` stands in the place of the store for one request, so that every method of DAV finds there what it finds
in any collection.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, cast

from connectors.dav.paths import CALENDARS, CONTACTS
from groupware.contacts.birthdays import ANNIVERSARY, BIRTHDAY, Day, days_of, event, period
from groupware.contacts.directory import card_of
from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import EVERY, BlobId, FolderId, ItemId, ModSeq, Uid
from groupware.model.item import Item, Kind, Span
from groupware.model.principal import Person, Principal
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.server.parts import Parts

BIRTHDAYS, DIRECTORY = "~birthdays", "~directory"
"""The segments of their paths; no collection that somebody makes has one that begins so."""
AREAS: Final = {BIRTHDAYS: CALENDARS, DIRECTORY: CONTACTS}
_KINDS: Final = {BIRTHDAYS: Kind.CALENDAR, DIRECTORY: Kind.CONTACTS}
_IDS: Final = {BIRTHDAYS: FolderId(-101), DIRECTORY: FolderId(-102)}
_SWITCHES: Final = {BIRTHDAYS: "birthdayCalendar", DIRECTORY: "domainAddressBook"}
KEPT: Final = "/private/vendor/postroom/derived/"
"""Where one's own name and colour of such a collection are kept: on the root of one's tree."""
MOST_PEOPLE: Final = 50_000
MOST_KNOWN: Final = 100_000
"""Cards of which it is remembered what days they name, in each process."""
AT_ONCE: Final = 200
_LOOK: Final = Right.LOOKUP | Right.READ


class Days:
    """What days cards name, by their octets; the last ones kept: the same octets name the same days again."""

    __slots__ = ("_kept", "_most")

    def __init__(self, most: int = MOST_KNOWN) -> None:
        self._kept: OrderedDict[BlobId, tuple[Day, ...]] = OrderedDict()
        self._most = most

    async def of(self, parts: Parts, blobs: Sequence[BlobId]) -> Mapping[BlobId, tuple[Day, ...]]:
        """The days of each card; only those that are not known are read."""
        found = {blob: self._kept[blob] for blob in blobs if blob in self._kept}
        missing = [blob for blob in dict.fromkeys(blobs) if blob not in found]
        for start in range(0, len(missing), AT_ONCE):
            found.update(await asyncio.to_thread(_days, await parts.blobs.read_many(missing[start : start + AT_ONCE])))
        self._kept.update(found)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return found


def _days(bodies: Mapping[BlobId, bytes]) -> Mapping[BlobId, tuple[Day, ...]]:
    return {blob: days_of(each) for blob, each in bodies.items()}


@dataclass(frozen=True, slots=True)
class Made:
    """Such a collection as it is now."""

    folder: Folder
    items: Sequence[Item] = ()
    bodies: Mapping[BlobId, bytes] = field(default_factory=dict)
    days: Sequence[Day] = ()
    """What each item of the birthdays tells of."""
    books: Sequence[FolderId] = ()
    """The address books that birthdays are read from."""
    photos: Mapping[BlobId, str] = field(default_factory=dict)
    """Whose picture goes into a card when it is told, by address."""
    times: Sequence[Span] = ()
    """When each item takes place, where it is a busy time."""

    @property
    def stored(self) -> bool:
        """Whether there is a folder behind it, which answers what is not asked of objects."""
        return self.folder.id > 0


# --- the folder -------------------------------------------------------------------------------------------------------


def folders(tx: ReadTx, area: str, all_folders: Sequence[Folder]) -> Sequence[tuple[str, Folder]]:
    """(segment, folder) of those in the asking principal's own home; `all_folders`: what it may look up."""
    found = [segment for segment, where in AREAS.items() if where == area and tx.setting(_SWITCHES[segment]).value]
    return [(segment, _folder(tx, segment, books_of(all_folders))) for segment in found]


def folder(tx: ReadTx, segment: str) -> Folder:
    """The folder of one of them. `NotFound` where it is switched off."""
    if not tx.setting(_SWITCHES[segment]).value:
        raise NotFound(f"{segment}: there is no such collection here")
    return _folder(tx, segment, books_of(tx.folders(Kind.CONTACTS)) if segment == BIRTHDAYS else ())


def books_of(all_folders: Sequence[Folder]) -> Sequence[Folder]:
    """The address books whose birthdays are shown: one's own."""
    return [each for each in all_folders if each.kind == Kind.CONTACTS and each.own and Right.READ in each.rights]


def _folder(tx: ReadTx, segment: str, books: Sequence[Folder]) -> Folder:
    """Its tokens follow the change sequence of what it is made of; others make clients begin again."""
    if segment == BIRTHDAYS:
        made_of = [f"{each.id} {each.uidvalidity}" for each in books]
        validity, modseq = [*made_of, str(_since())], max((each.modseq for each in books), default=ModSeq(1))
    else:
        validity, modseq = [tx.who.name], tx.people_at()
    number = int.from_bytes(hashlib.sha256("\n".join(validity).encode()).digest()[:4]) >> 1
    return Folder(
        id=_IDS[segment],
        owner=tx.who.account,
        parent=None,
        path="Birthdays" if segment == BIRTHDAYS else f"Directory of {tx.who.name.rpartition('@')[2]}",
        kind=_KINDS[segment],
        role=None,
        uidvalidity=number or 1,
        uidnext=Uid(1),
        modseq=modseq,
        total=0,
        unseen=0,
        deleted=0,
        bytes=0,
        rights=_LOOK,
        own=False,
    )


def _since() -> int:
    return period(datetime.now(UTC).date())


def notes(tx: ReadTx, segment: str, of_root: Mapping[str, bytes] | None = None) -> Mapping[str, bytes]:
    """One's own name, colour and order of it, as a collection keeps them."""
    if of_root is None:
        of_root = dict(tx.annotations(tx.locate(tx.who.account, "").id))
    begins = KEPT + segment[1:] + "/"
    return {"/private/" + name[len(begins) :]: value for name, value in of_root.items() if name.startswith(begins)}


def noted(segment: str, given: Mapping[str, bytes | None]) -> Mapping[str, bytes | None]:
    """The same, as they are kept on the root of one's tree. `NoRight` for what all would see."""
    if any(not name.startswith("/private/") for name in given):
        raise NoRight("this collection is made of others: nothing is set in it for everybody")
    return {KEPT + segment[1:] + "/" + name[len("/private/") :]: value for name, value in given.items()}


# --- what is in it ----------------------------------------------------------------------------------------------------


async def made(parts: Parts, who: Principal, segment: str, days: Days) -> Made:
    """Such a collection with all that is in it. `NotFound`."""
    if segment == DIRECTORY:
        found, people = await parts.store.read(who, lambda tx: (folder(tx, segment), tx.people("", MOST_PEOPLE)))
        return await asyncio.to_thread(_directory, found, people)
    found, books, rows = await parts.store.read(who, _rows)
    known = await days.of(parts, [blob for _, _, blob, _, _ in rows])
    return await asyncio.to_thread(_birthdays, found, books, rows, known)


_Row = tuple[FolderId, Uid, BlobId, ModSeq, int]


def _rows(tx: ReadTx) -> tuple[Folder, Sequence[FolderId], Sequence[_Row]]:
    found = folder(tx, BIRTHDAYS)
    books = books_of(tx.folders(Kind.CONTACTS))
    columns = ("blob", "modseq", "arrived")
    rows = [(book.id, *row) for book in books for row in tx.columns(book.id, columns, EVERY)]
    return found, [book.id for book in books], cast(Sequence[_Row], rows)


def _birthdays(
    found: Folder, books: Sequence[FolderId], rows: Sequence[_Row], known: Mapping[BlobId, tuple[Day, ...]]
) -> Made:
    since, items, bodies, days = _since(), list[Item](), dict[BlobId, bytes](), list[Day]()
    for book, uid, blob, modseq, arrived in rows:
        for day in known.get(blob, ()):
            name = name_of(book, uid, day.what)
            octets = event(day, name, since)
            items.append(made_item(len(items) + 1, name, octets, modseq, arrived))
            bodies[items[-1].blob] = octets
            days.append(day)
    return Made(found, items, bodies, days, books)


def name_of(book: FolderId, uid: int, what: str) -> str:
    """The name of the event of a contact."""
    return f"{book}-{uid}-{what}.ics"


def touched(tx: ReadTx, book: FolderId, since: ModSeq) -> list[str] | None:
    """The names that birthdays have, or had, of contacts that changed or went; None: that is not known any more."""
    if since >= tx.folder(book).modseq:
        return []
    found = tx.delta(book, since)
    if found.reset:
        return None
    uids = [*(each.uid for each in found.changed), *(uid for uid, _ in found.vanished)]
    return [name_of(book, uid, what) for uid in uids for what in (BIRTHDAY, ANNIVERSARY)]


def _directory(found: Folder, people: Sequence[Person]) -> Made:
    items, bodies, photos = list[Item](), dict[BlobId, bytes](), dict[BlobId, str]()
    for each in people:
        octets = card_of(each)
        item = made_item(len(items) + 1, f"{each.address.replace('/', '_')}.vcf", octets, found.modseq, 0)
        if each.photo:
            blob = BlobId(hashlib.sha256(octets + each.photo.encode()).hexdigest())
            item = item._replace(blob=blob, size=0)
            photos[blob] = each.address.lower()
        items.append(item)
        bodies[item.blob] = octets
    return Made(found, items, bodies, photos=photos)


def made_item(uid: int, name: str, octets: bytes, modseq: ModSeq, arrived: int) -> Item:
    blob = BlobId(hashlib.sha256(octets).hexdigest())
    return Item(Uid(uid), modseq, 0, "", ItemId(-uid), len(octets), arrived, blob, name, None, arrived)
