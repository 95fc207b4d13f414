"""Collections as somebody sees them: which folder a path leads to, and what a home holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from connectors.dav import derived
from connectors.dav.paths import CALENDARS, HOMES, INBOX, SEGMENT, Place, segment
from groupware.calendar.shown import as_read
from groupware.model.errors import GroupwareError, NoRight, NotFound
from groupware.model.folder import OTHERS, SEPARATOR, Folder, Role
from groupware.model.ids import AccountId, BlobId, FolderId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.model.sharing import ShareState
from groupware.store.api import ReadTx

Notes = Mapping[str, bytes]
ETAG_LENGTH: Final = 40


@dataclass(frozen=True, slots=True)
class Shelf:
    """A collection."""

    folder: Folder
    href: str
    """Its path in the home where it was asked for."""
    owner: str
    """Whose it is; "" for a public one."""
    notes: Notes
    titles: bool = False
    """Times and titles are all that one may know of what is in it."""

    @property
    def reads(self) -> bool:
        """Whether the asking principal may read what is in it, whole."""
        return self.may(Right.READ) and not self.titles

    @property
    def contacts(self) -> bool:
        """Whether it holds contacts, not calendar objects."""
        return self.folder.kind == Kind.CONTACTS

    @property
    def components(self) -> tuple[str, ...]:
        """What kinds of calendar objects have a place in it."""
        return COMPONENTS.get(self.folder.kind, ())

    def may(self, right: Right) -> bool:
        """Whether the asking principal may do that here."""
        return right in self.folder.rights


COMPONENTS: Final = {
    Kind.CALENDAR: ("VEVENT", "VFREEBUSY", "VAVAILABILITY"),
    Kind.TASKS: ("VTODO",),
    Kind.JOURNAL: ("VJOURNAL",),
    Kind.NOTES: ("VJOURNAL",),
}


def etag(blob: BlobId) -> str:
    """The entity tag, without its quotes: the same octets, the same tag."""
    return blob[:ETAG_LENGTH]


def account_of(tx: ReadTx, user: str) -> AccountId:
    """Whose home it is. `NotFound`."""
    if user == tx.who.name:
        return tx.who.account
    try:
        found = next((each.account for each in tx.resolve(user) if each.account is not None), None)
    except GroupwareError:
        found = None
    if found is None:
        raise NotFound(f"{user[:100]!r}: there is nobody of that address, or nothing of theirs is shared with you")
    return found


def owner_of(folder: Folder, who: str) -> str:
    """The address of a folder's owner, by its path; "" of what is public."""
    if folder.own:
        return who
    levels = folder.path.split(SEPARATOR)
    return levels[1] if levels[0] == OTHERS and len(levels) > 1 else ""


def _notes(found: Mapping[FolderId, Sequence[tuple[str, bytes]]], at: FolderId) -> Notes:
    return dict(found.get(at, ()))


def _own_path(folder: Folder) -> str:
    """The path in its owner's own tree."""
    if folder.own:
        return folder.path
    levels = folder.path.split(SEPARATOR)
    return SEPARATOR.join(levels[2:] if levels[0] == OTHERS else levels[1:])


def home(tx: ReadTx, at: Place) -> Sequence[Shelf]:
    """The collections of a home: one's own with all that is shared; of somebody else what one may look up."""
    owner = account_of(tx, at.user)
    mine = owner == tx.who.account
    folders = tx.folders() if mine else tx.folders(of=owner)
    notes = tx.all_annotations()
    kinds = HOMES[at.area]
    states = tx.share_states() if mine else {}
    folders = [each for each in folders if each.subscribed or states.get(each.id) != ShareState.DECLINED]
    made = derived.folders(tx, at.area, folders) if mine else ()
    return [
        *_shelves(tx, folders, at, notes, kinds, mine=mine),
        *(_derived(tx, at, segment, found, notes) for segment, found in made),
    ]


def _derived(
    tx: ReadTx, at: Place, segment: str, folder: Folder, notes: Mapping[FolderId, Sequence[tuple[str, bytes]]] | None
) -> Shelf:
    """A collection that is made of others."""
    of_root = None
    if notes is not None:
        of_root = _notes(notes, tx.locate(tx.who.account, "").id)
    return Shelf(folder, Place(at.area, at.user, segment).href, "", derived.notes(tx, segment, of_root))


def _shelves(
    tx: ReadTx,
    folders: Sequence[Folder],
    at: Place,
    notes: Mapping[FolderId, Sequence[tuple[str, bytes]]],
    kinds: Sequence[Kind],
    *,
    mine: bool,
) -> list[Shelf]:
    return [
        _shelf(tx, each, Place(at.area, at.user), _notes(notes, each.id), native=each.own or not mine, told=True)
        for each in folders
        if each.exists and each.kind in kinds and _own_path(each) and each.role != Role.SCHEDULE_INBOX
    ]


def _shelf(tx: ReadTx, folder: Folder, at: Place, notes: Notes, *, native: bool, told: bool) -> Shelf:
    """`native`: the home is that of the folder's owner; `told`: busy times are told as objects."""
    folder, held = as_read(folder, notes, times=told), folder.rights
    top = native and SEPARATOR not in _own_path(folder)
    given = notes.get(SEGMENT, b"").decode() if native else ""
    named = INBOX if folder.role == Role.SCHEDULE_INBOX and native else given or segment(folder, "", top)
    href, titles = Place(at.area, at.user, named).href, folder.rights != held
    return Shelf(folder, href, owner_of(folder, tx.who.name), notes, titles)


def collection(tx: ReadTx, at: Place, need: Right = Right.LOOKUP) -> Shelf:
    """The collection of a path. `NotFound`, `NoRight`."""
    if at.area not in HOMES:
        raise NotFound(f"{at.href[:100]!r}: this is no collection")
    owner = account_of(tx, at.user)
    if is_derived(at) and owner == tx.who.account:
        return _derived_at(tx, at, need)
    view = getattr(tx, "derived", None)  # what the request has made already
    folder, notes = _folder(tx, owner, at, need if view is None else need & ~Right.READ | Right.LOOKUP)
    told = view is not None and view.folder.id == folder.id
    if view is not None and told:  # as it was when that was made
        folder = replace(folder, modseq=view.folder.modseq)
    elif view is not None and need not in folder.rights:
        raise NoRight(f"{at.segment[:100]!r}: you may not read this; ask its owner")
    if folder.kind not in HOMES[at.area]:
        raise NotFound(f"{at.segment[:100]!r}: there is no such collection here")
    native = folder.own or owner != tx.who.account
    return _shelf(tx, folder, at, notes, native=native, told=told)


def is_derived(at: Place) -> bool:
    """Whether a path is of a collection that is made of others."""
    return derived.AREAS.get(at.segment) == at.area


def _derived_at(tx: ReadTx, at: Place, need: Right) -> Shelf:
    view = getattr(tx, "derived", None)  # what the request has made already
    folder = view.folder if view is not None else derived.folder(tx, at.segment)
    if need not in folder.rights:
        raise NoRight("this collection is made of others: change what it is made of")
    return _derived(tx, at, at.segment, folder, None)


def _readable_notes(tx: ReadTx, folder: Folder) -> Notes:
    try:
        return dict(tx.annotations(folder.id))
    except GroupwareError:
        return {}


def _folder(tx: ReadTx, owner: AccountId, at: Place, need: Right) -> tuple[Folder, Notes]:
    """The folder of a path with its annotations: what a client has named so, or else what is called so."""
    found: Folder | None = None
    if at.segment.startswith("~") and at.segment[1:].isdecimal() and len(at.segment) < 20:
        found = tx.folder(FolderId(int(at.segment[1:])), need)
        if owner not in (tx.who.account, found.owner):
            raise NotFound(f"{at.segment!r}: there is no such collection here")
    elif at.segment == INBOX and at.area == CALENDARS:
        found = tx.role(owner, Role.SCHEDULE_INBOX, need)
    elif (named := tx.annotated_with(owner, SEGMENT, at.segment.encode())) is not None:
        found = tx.folder(named, need)
    if found is not None:
        return found, _readable_notes(tx, found)
    found = tx.locate(owner, at.segment, need)
    notes = _readable_notes(tx, found)
    if SEGMENT in notes:
        raise NotFound(f"{at.segment[:100]!r}: there is no such collection here")
    return found, notes
