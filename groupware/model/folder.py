"""Folders: a tree for each owner, and the names under which somebody sees it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from .errors import Refused
from .ids import BEGINNING, AccountId, FolderId, ModSeq, Uid
from .item import Kind
from .rights import Right
from .times import NEVER

SEPARATOR = "/"
OTHERS = "Other Users"
PUBLIC = "Public"
INBOX = "INBOX"
RELEASE = "Release"
"""The folder in a domain's quarantine: what is moved there is sent on."""
MAX_NAME = 250  # characters of one level
MAX_DEPTH = 50


class Role(StrEnum):
    """What a folder is to its owner. RFC 6154 for mail."""

    ROOT = "root"
    INBOX = "inbox"
    SENT = "sent"
    DRAFTS = "drafts"
    TRASH = "trash"
    JUNK = "junk"
    ARCHIVE = "archive"
    SNOOZED = "snoozed"
    """Where messages wait until a moment; made when the first does (decision 309)."""
    CALENDAR = "calendar"
    CONTACTS = "contacts"
    TASKS = "tasks"
    NOTES = "notes"
    JOURNAL = "journal"
    SCHEDULE_INBOX = "schedule-inbox"
    """Where scheduling messages come in (RFC 6638 §2.2); made when the first does."""
    QUARANTINE = "quarantine"
    """Where mail is held back; made when the first is. Who may see what is above does not see it for that."""


SPECIAL_USES = {
    "\\drafts": Role.DRAFTS,
    "\\sent": Role.SENT,
    "\\trash": Role.TRASH,
    "\\junk": Role.JUNK,
    "\\archive": Role.ARCHIVE,
    "\\snoozed": Role.SNOOZED,
}
"""The roles that a client names by an attribute, in lower case. RFC 6154 §2."""

DEFAULT_FOLDERS: tuple[tuple[str, Kind, Role], ...] = (
    (INBOX, Kind.MAIL, Role.INBOX),
    ("Drafts", Kind.MAIL, Role.DRAFTS),
    ("Sent", Kind.MAIL, Role.SENT),
    ("Trash", Kind.MAIL, Role.TRASH),
    ("Junk", Kind.MAIL, Role.JUNK),
    ("Archive", Kind.MAIL, Role.ARCHIVE),
    ("Calendar", Kind.CALENDAR, Role.CALENDAR),
    ("Contacts", Kind.CONTACTS, Role.CONTACTS),
    ("Tasks", Kind.TASKS, Role.TASKS),
    ("Notes", Kind.NOTES, Role.NOTES),
    ("Journal", Kind.JOURNAL, Role.JOURNAL),
)
"""What a new account is born with."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as the asking principal sees it."""

    id: FolderId
    owner: AccountId
    parent: FolderId | None
    path: str
    """In the asking principal's own view: `Work/2026`, `Other Users/alice@x/Work`, `Public/News`."""
    kind: Kind
    role: str | None
    """Only for the owner, for somebody else's INBOX is no INBOX of mine; but of a scheduling inbox for everybody."""
    uidvalidity: int
    uidnext: Uid
    modseq: ModSeq
    total: int
    unseen: int
    """The asking principal's own, unless the folder shares \\Seen."""
    deleted: int
    """How many items carry \\Deleted (STATUS DELETED, RFC 9051)."""
    bytes: int
    """Octets as stored."""
    rights: Right
    """What the asking principal may do here."""
    subscribed: bool = False
    shared_seen: bool = False
    children: bool = False
    """Whether there is a folder below that the asking principal may look up."""
    exists: bool = True
    """False for a parent that is shown only because of what is below it (\\NonExistent)."""
    own: bool = True
    """Whether it is in the asking principal's own tree."""
    extra: int = 0
    """Octets that sending everything would add to `bytes`: line ends that were given as bare LF."""
    born: ModSeq = BEGINNING
    """The modseq with which it was made."""
    copies: int = 0
    """How many items are the same email as another one is or was (`Item.email`)."""
    fed: bool = False
    """What is in it comes from elsewhere (`groupware.model.source`), so nobody writes there."""
    until: int = NEVER
    """When `rights` become others although nobody changes anything, for a grant ends then: microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A folder as a rule names it: by number, else by role, else by path in its owner's view; what is empty, is not."""

    path: str = ""
    role: str = ""
    number: int = 0
    create: bool = False
    """A path that leads nowhere is made."""


def check_name(name: str) -> str:
    """The name of one level, as it will be stored. `Refused` says what is wrong with it.

    Nothing new is called what breaks lines or cannot be seen (RFC 6855 §3); what is called so already can be named.
    """
    bad = next((c for c in name if "\x80" <= c <= "\x9f" or c in "\u2028\u2029"), None)
    if bad is not None:
        raise _not_allowed(name, bad)
    return _check_level(name)


def _check_level(name: str) -> str:
    if not name or name != name.strip():
        raise Refused(f"folder name {name!r}: it is empty, or begins or ends with a space")
    if len(name) > MAX_NAME:
        raise Refused(f"folder name {name[:40]!r}...: longer than {MAX_NAME} characters")
    bad = next((c for c in name if c in "/%*" or ord(c) < 32 or ord(c) == 127 or "\ud800" <= c <= "\udfff"), None)
    if bad is not None:
        raise _not_allowed(name, bad)
    if name in {".", ".."}:
        raise Refused(f"folder name {name!r} is not allowed")
    return name


def _not_allowed(name: str, bad: str) -> Refused:
    return Refused(f"folder name {name!r}: {bad!r} is not allowed in a name")


def levels_of(path: str) -> list[str]:
    """The levels of a path, however its letters were composed: in Normalization Form C (RFC 9051 §5.1, RFC 5198)."""
    return (path if path.isascii() else unicodedata.normalize("NFC", path)).split(SEPARATOR)


def split(path: str) -> list[str]:
    """The levels of a path, INBOX in its one spelling. `Refused` for a name that cannot be."""
    levels = levels_of(path)
    if len(levels) > MAX_DEPTH:
        raise Refused(f"folder {path[:60]!r}...: more than {MAX_DEPTH} levels deep")
    if levels[0].upper() == INBOX:
        levels[0] = INBOX
    return [_check_level(level) for level in levels]
