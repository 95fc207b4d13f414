"""Folders that hold other things than mail, as JMAP has them: address books, calendars, lists of tasks.

What is different between them is a `Family`; `holders` and `holders_set` are what they have in common.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape, unescape

from connectors.dav.resources import COLOUR, TRANSPARENCY, ZONE_ID, note_name
from connectors.dav.resources import ORDER as CALENDAR_ORDER
from connectors.dav.xml import CALDAV, CARDDAV
from groupware.model.folder import SEPARATOR, Folder, Role
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from web.jmap.default_alerts import alerts_in, alerts_text
from web.jmap.granted import BOOK, CALENDAR_WORDS, LIST_WORDS, Words, rights_in, shared_with
from web.jmap.ids import mailbox_id
from web.jmap.mailbox import ORDER
from web.jmap.sets import invalid

Notes = Mapping[str, bytes]
TITLE: Final = note_name("{DAV:}displayname", shared=False)
"""One's own name of what somebody else shares."""
_LONGEST: Final = 10_000
_APPLE_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{8}\Z")
_COLOUR: Final = re.compile(r"(?:#(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})|[A-Za-z]{3,30})\Z")


@dataclass(frozen=True, slots=True)
class Note:
    """A property that is kept as an annotation: the same as the property of DAV, where it has one."""

    name: str
    """What `note_name` makes of the property of DAV, or the entry itself."""
    read: Callable[[str], Any]
    write: Callable[[Any], str]
    """`ValueError` for what it cannot be."""
    default: Any = None
    personal: bool = False
    """It is each person's own, always; else one's own where the folder is somebody else's."""
    dav: bool = True
    xml: bool = False
    """What DAV keeps of it is XML, and no text."""

    def entry(self, *, shared: bool) -> str:
        """The annotation."""
        return note_name(self.name, shared=shared) if self.dav else self.name

    def value(self, notes: Notes) -> Any:
        """What it is for who asks: one's own first."""
        for shared in (False, True) if not self.personal else (False,):
            found = notes.get(self.entry(shared=shared))
            if found is not None:
                text = found.decode("utf-8", "replace")
                return self.read(unescape(text) if self.dav and not self.xml else text)
        return self.default

    def octets(self, value: Any) -> bytes | None:
        """The annotation that says it; None: it is as if nobody had said anything."""
        if value is None:
            return None
        text = self.write(value)
        return (escape(text) if self.dav and not self.xml else text).encode()


def text_of(value: Any) -> str:
    """A text that may be kept."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise ValueError(f"a string of at most {_LONGEST} characters is wanted")
    return value


def order_of(value: Any) -> str:
    """A place in an order."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise ValueError("a whole number that is not negative is wanted")
    return str(value)


def number_in(text: str) -> int:
    """The place that is kept."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else 0


PERSONAL_ORDER: Final = Note(ORDER, number_in, order_of, 0, personal=True, dav=False)
DESCRIPTION: Final = Note(f"{{{CARDDAV}}}addressbook-description", str, text_of)


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of folder."""

    type: str
    kind: Kind
    role: Role
    """Of the one that is used when none is named."""
    words: Words
    holds: str
    """The error for one that holds something, and is to be taken away."""
    letter: str
    """Of the ids of what is in it."""
    container: str
    """The property of what is in it that says where it is."""
    one: bool = field(default=False, kw_only=True)
    """Whether that is an id; else it is a set of ids."""
    notes: Mapping[str, Note] = field(default_factory=dict)
    extra: Mapping[str, Callable[[Notes], Any]] = field(default_factory=dict)
    """Properties that only the server sets."""
    also: Callable[[Right], Mapping[str, bool]] = lambda rights: {}
    """What of `myRights` is no grant of the folder."""

    @property
    def properties(self) -> Sequence[str]:
        """What is told of each."""
        plain = ("id", "name", *self.notes, "isDefault", "isSubscribed", "shareWith", "myRights")
        return (*plain, *self.extra)

    @property
    def settable(self) -> frozenset[str]:
        """What a client may set."""
        return frozenset({"name", "isSubscribed", "shareWith", *self.notes})


def title_of(at: Folder, notes: Notes) -> str:
    """What people call it."""
    own = notes.get(TITLE, b"").decode("utf-8", "replace") if not at.own else ""
    return unescape(own) or at.path.rpartition(SEPARATOR)[2]


def told(tx: ReadTx, family: Family, at: Folder, notes: Notes, wanted: Sequence[str]) -> dict[str, Any]:
    """The properties that are wanted."""
    return {name: _one(tx, family, at, notes, name) for name in wanted}


def _one(tx: ReadTx, family: Family, at: Folder, notes: Notes, name: str) -> Any:
    if name in family.notes:
        return family.notes[name].value(notes)
    if name in family.extra:
        return family.extra[name](notes)
    match name:
        case "id":
            return mailbox_id(at.id)
        case "name":
            return title_of(at, notes)
        case "isDefault":
            return at.own and at.role == family.role
        case "isSubscribed":
            return at.subscribed
        case "shareWith":
            return shared_with(tx, at, family.words)
    stays = {"mayDelete": False} if at.own and at.role is not None else {}
    stays |= {"mayUpdatePrivate": False} if at.id < 0 else {}  # it is made of others
    return {**rights_in(family.words, at.rights), **family.also(at.rights), **stays}


def note_values(family: Family, given: Mapping[str, Any], *, own: bool) -> dict[str, bytes | None]:
    """The annotations that a client sets. `SetError`."""
    found: dict[str, bytes | None] = {}
    for name, note in family.notes.items():
        if name in given:
            try:
                found[note.entry(shared=own and not note.personal)] = note.octets(given[name])
            except ValueError as error:
                raise invalid(name, str(error)) from None
    return found


ADDRESS_BOOK: Final = Family(
    "AddressBook",
    Kind.CONTACTS,
    Role.CONTACTS,
    BOOK,
    "addressBookHasContents",
    "C",
    "addressBookIds",
    {"description": DESCRIPTION, "sortOrder": PERSONAL_ORDER},
)


# --- calendars and lists of tasks


def colour_in(text: str) -> str | None:
    """A colour as CSS has it: Apple's programs write one more number, how far it covers what is below."""
    found = text.strip()
    return (found[:7] if _APPLE_COLOUR.match(found) else found) or None


def colour_of(value: Any) -> str:
    """A colour that may be kept."""
    if not isinstance(value, str) or not _COLOUR.match(value):
        raise ValueError("a colour as CSS has it (#1e90ff, teal) is wanted")
    return value


def flag_of(value: Any) -> str:
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false is wanted")
    return "1" if value else "0"


def counts_of(value: Any) -> str:
    """Whether events take their owner's time."""
    if value not in ("all", "none"):
        raise ValueError("'all' or 'none' is wanted")
    word = "opaque" if value == "all" else "transparent"
    return f'<{word} xmlns="{CALDAV}"/>'


def _zone(notes: Notes) -> str | None:
    """The zone where what floats takes place, as CalDAV's calendar-timezone-id says."""
    found = notes.get(note_name(ZONE_ID, shared=False)) or notes.get(note_name(ZONE_ID, shared=True)) or b""
    return unescape(found.decode("utf-8", "replace")) or None


def _private(rights: Right) -> Mapping[str, bool]:
    """Who reads has alarms of their own, which are all that is private of an object here (decision 237)."""
    return {"mayUpdatePrivate": Right.READ in rights, "mayRSVP": False}


def _invites(rights: Right) -> Mapping[str, bool]:
    times = bool(rights & (Right.READ | Right.TITLES | Right.FREEBUSY))
    return {**_private(rights), "mayReadFreeBusy": times, "mayRSVP": Right.SCHEDULE_AS | Right.READ in rights}


def _alerts(name: str) -> Note:
    """Alarms of all that is in a calendar, which are nobody's but one's own."""
    return Note(f"{{{CALDAV}}}{name}", alerts_in, alerts_text, personal=True)


_NOTES: Final = {
    "description": Note(f"{{{CALDAV}}}calendar-description", str, text_of),
    "color": Note(COLOUR, colour_in, colour_of),
    "sortOrder": Note(CALENDAR_ORDER, number_in, order_of, 0),
    "isVisible": Note("/private/vendor/postroom/visible", lambda text: text != "0", flag_of, True, True, False),
}
CALENDAR: Final = Family(
    "Calendar",
    Kind.CALENDAR,
    Role.CALENDAR,
    CALENDAR_WORDS,
    "calendarHasEvent",
    "E",
    "calendarIds",
    {
        **_NOTES,
        "includeInAvailability": Note(
            TRANSPARENCY, lambda text: "none" if "transparent" in text else "all", counts_of, "all", xml=True
        ),
        "defaultAlertsWithTime": _alerts("default-alarm-vevent-datetime"),
        "defaultAlertsWithoutTime": _alerts("default-alarm-vevent-date"),
    },
    {"timeZone": _zone},
    _invites,
)
TASK_LIST: Final = Family(
    "TaskList",
    Kind.TASKS,
    Role.TASKS,
    LIST_WORDS,
    "taskListHasTask",
    "K",
    "taskListId",
    {name: note for name, note in _NOTES.items() if name != "isVisible"},
    {},
    _private,
    one=True,
)


# --- notes and journals


NOTEBOOK: Final = Family(
    "Notebook",
    Kind.NOTES,
    Role.NOTES,
    LIST_WORDS,
    "notebookHasNotes",
    "N",
    "notebookId",
    {name: note for name, note in _NOTES.items() if name != "isVisible"},
    also=lambda rights: {"mayUpdatePrivate": False, "mayRSVP": False},
    one=True,
)
JOURNAL: Final = Family(
    "Journal",
    Kind.JOURNAL,
    Role.JOURNAL,
    LIST_WORDS,
    "journalHasEntries",
    "J",
    "journalId",
    {name: note for name, note in _NOTES.items() if name != "isVisible"},
    also=lambda rights: {"mayUpdatePrivate": False, "mayRSVP": False},
    one=True,
)
OF_KIND: Final[Mapping[Kind, Family]] = {
    each.kind: each for each in (ADDRESS_BOOK, CALENDAR, TASK_LIST, NOTEBOOK, JOURNAL)
}
"""Of each kind of folder but that for mail."""
