"""Items: what is stored in folders, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from .flags import FLAGS, Flags, words_in
from .ids import BEGINNING, NO_UID, AccountId, BlobId, FolderId, ItemId, ModSeq, Uid
from .times import moment


class Kind(StrEnum):
    """What a folder is for, and so what its items are."""

    MAIL = "mail"
    CALENDAR = "calendar"
    CONTACTS = "contacts"
    TASKS = "tasks"
    NOTES = "notes"
    JOURNAL = "journal"


CALENDARS: Final = (Kind.CALENDAR, Kind.TASKS, Kind.JOURNAL, Kind.NOTES)
"""What holds objects of calendars."""


class Item(NamedTuple):
    """One stored item as the asking principal sees it (`SEEN` is that principal's own).

    It is the row as it is read, for a listing makes thousands; the properties say what the numbers mean.
    """

    uid: Uid
    modseq: ModSeq
    bits: int
    """`flags` as a number."""
    words: str
    """`keywords`, between spaces."""
    id: ItemId
    """Stable and opaque; survives a move."""
    size: int
    saved_at: int
    """`saved` in microseconds since 1970."""
    blob: BlobId
    name: str = ""
    """DAV href and EAS ServerId; empty for mail."""
    author: AccountId | None = None
    arrived: int = 0
    """When it came into this very folder: microseconds since 1970."""
    extra: int = 0
    """Octets that sending adds to `size`: line ends that were given as bare LF."""
    email: ItemId = ItemId(0)
    """Which email it is: the number of the item that it was copied from, and those copied again, else its own."""
    summary: bytes = b""
    """Computed once at append; opaque to the store. Empty unless asked for."""

    @property
    def flags(self) -> Flags:
        """The system flags."""
        return FLAGS[self.bits]

    @property
    def keywords(self) -> frozenset[str]:
        """The flags that people have named."""
        return words_in(self.words)

    @property
    def saved(self) -> datetime:
        """INTERNALDATE: what APPEND gave, or when it was delivered."""
        return moment(self.saved_at)


class Removed(NamedTuple):
    """What was taken out of a folder and is kept until its retention ends, as it was when it went."""

    uid: Uid
    id: ItemId
    modseq: ModSeq
    """Of its going."""
    bits: int
    words: str
    blob: BlobId
    saved_at: int
    """As in `Item`."""
    size: int
    name: str
    summary: bytes
    message_id: str
    references: str
    """Ids of what it answers, one a line."""
    removed_at: int
    """Microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What mail is sorted and threaded by (RFC 5256). Texts are collated already: they compare sign by sign."""

    sent: int | None
    """Seconds since 1970 of the Date field."""
    day: int | None
    """The ordinal of its day as the writer had it, whatever the zone."""
    subject: str
    """The base subject."""
    reply: bool
    """Whether the subject is that of a reply or of something forwarded."""
    from_box: str
    to_box: str
    cc_box: str
    from_name: str
    to_name: str
    message_id: str
    references: tuple[str, ...]
    """Ids of what it answers, oldest first."""


class Span(NamedTuple):
    """When an object takes place: seconds since 1970. What floats is as if it were UTC."""

    start: int
    end: int
    """After `start`, also of what takes no time."""
    floating: bool
    busy: str
    """`B` busy, `T` tentative, `U` unavailable; "" leaves the time free."""


ALWAYS: Final = 1 << 40
"""Seconds: later than every moment, and negative earlier. A task without dates is at all times."""


@dataclass(frozen=True, slots=True)
class ObjectKeys:
    """What calendar and contact objects are found by, without another look at them."""

    ident: str
    """The UID that its maker gave it."""
    component: str
    """`VEVENT`, `VTODO`, `VJOURNAL`, `VCARD`, ..."""
    private: bool = False
    """CLASS other than PUBLIC."""
    spans: tuple[Span, ...] = ()
    """Its occurrences, all of them from `exact_from` to `exact_to`."""
    first: int = 0
    last: int = 0
    """From when to when it takes place at all; `ALWAYS`: without an end."""
    exact_from: int = -ALWAYS
    exact_to: int = ALWAYS
    schedule_tag: str = ""
    """Schedule-Tag (RFC 6638 §3.2.10); "" when it is no meeting with others."""
    facts: str = ""
    """What filters ask of it (`groupware.calendar.facts`); "": they ask its octets."""


class Placed(NamedTuple):
    """What takes place in some time."""

    found: Sequence[tuple[Uid, Span]]
    """Occurrences, each with the item that it belongs to."""
    rest: Sequence[tuple[Uid, BlobId]]
    """Objects of which not all occurrences of that time are kept: what of theirs was found may be a part."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """What a parser made of octets, ready to be stored without another look at them."""

    kind: Kind
    blob: BlobId
    size: int
    summary: bytes
    body: bytes | None = None
    """The octets in stored form (compressed), for a blob that lives in the database; None when it is stored already."""
    index: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    flags: Flags = Flags.NONE
    keywords: frozenset[str] = frozenset()
    saved: datetime | None = None
    extra: int = 0
    """Octets that sending adds to `size`: line ends that were given as bare LF."""
    keys: Keys | None = None
    object: ObjectKeys | None = None
    attached: tuple[str, ...] = ()
    """The keys of what is attached to it and kept beside it."""


@dataclass(frozen=True, slots=True)
class Delta:
    """All that QRESYNC, DAV sync-collection, EAS Sync and push need.

    `modseq` is where to ask on from; `truncated` when `limit` cut it short; `reset` when `since` is older than the
    tombstones that are kept, so the client has to start over. A first synchronisation (`since` 0) that is cut short is
    carried on with `began` given back as well, and what is cut short inside of one change with `past`.
    """

    changed: Sequence[Item]
    vanished: Sequence[tuple[Uid, str]]
    modseq: ModSeq
    truncated: bool = False
    reset: bool = False
    began: ModSeq = BEGINNING
    past: Uid = NO_UID
    """Of the very change after `modseq`, which may be of many items, all up to this UID has been told."""


class Entry(NamedTuple):
    """An item in a listing, as it is read: what a view of a folder keeps in memory."""

    uid: Uid
    modseq: ModSeq
    bits: int
    """`flags` as a number."""
    words: str = ""
    """`keywords`, between spaces."""

    @property
    def flags(self) -> Flags:
        """The system flags."""
        return FLAGS[self.bits]

    @property
    def keywords(self) -> frozenset[str]:
        """The flags that people have named."""
        return words_in(self.words)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a view of a folder has to learn: a `Delta` of entries, in UID order.

    With `reset` the difference is no longer known, and `changed` is all that there is.
    """

    changed: Sequence[Entry]
    vanished: Sequence[Uid]
    modseq: ModSeq
    reset: bool = False


@dataclass(frozen=True, slots=True)
class Turnover:
    """What came, changed and went in a folder, by the ids that survive a move."""

    changed: Sequence[tuple[ItemId, ModSeq, ModSeq]]
    """(item, when it changed, when it came to its owner)."""
    gone: Sequence[tuple[ItemId, ModSeq]]
    """What left the folder, whether or not it is in another now."""


class Turned(NamedTuple):
    """An item that came or changed."""

    modseq: ModSeq
    uid: Uid
    item: ItemId
    came: ModSeq
    """When it came to its owner."""
    beside: bool
    """What changed is what the asking principal alone has beside it."""


class Left(NamedTuple):
    """An item that left a folder, whether or not it is in another now, or in the same one under another UID."""

    modseq: ModSeq
    uid: Uid
    item: ItemId


class Instance(NamedTuple):
    """A message as one of those that are one email: it, or a copy of it."""

    email: ItemId
    """As in `Item`."""
    folder: FolderId
    uid: Uid
    item: ItemId
    came: ModSeq
    """When it came to its owner."""
    bits: int
    words: str
    """As in `Item`."""


class EmailTurn(NamedTuple):
    """A message that came, changed or went."""

    item: ItemId
    email: ItemId
    """As in `Item`."""
    modseq: ModSeq
    """When that was."""
    came: ModSeq
    """When it came to its owner."""


@dataclass(frozen=True, slots=True)
class EmailTurnover:
    """What came and changed in a folder and is there, and what left it, whether or not it is in another now."""

    changed: Sequence[EmailTurn]
    gone: Sequence[EmailTurn]


LONGEST_TEXT: Final = 256 * 1024
"""Characters of a body that the index takes."""


@dataclass(frozen=True, slots=True)
class Query:
    """What the index can decide; everything given has to hold. Texts match any part, letter case aside."""

    text: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    """(index name, text) as (`subject`, `invoice`)."""


@dataclass(frozen=True, slots=True)
class Found:
    """An item that a search found, in the folder where it is."""

    folder: FolderId
    uid: Uid
    saved_at: int = field(default=0, compare=False)
    """As in `Item`."""
