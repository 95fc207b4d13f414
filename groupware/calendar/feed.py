"""A calendar that somebody publishes: what it calls itself, and its events as they are kept here. Decision 335.

1. The same events give the same octets again, whenever they are fetched: what a server only writes down anew each time
   (DTSTAMP, the order of overrides, what stands around the events) is not kept as it is given. As an object without
   METHOD, its DTSTAMP says when it was last revised (RFC 5545 §3.8.7.2).
2. What cannot be read costs itself alone, and is counted with the reason.
3. A calendar that does not end is none: half of one is never taken for all of it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line, read_line, serialized
from groupware.model.errors import Malformed

from .attachments import MANAGED_ID
from .object import CalendarObject
from .split_file import split_file
from .values import duration

_HEAD: Final = 64 * 1024
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_END: Final = re.compile(rb"END:VCALENDAR\s*\Z", re.IGNORECASE)
_STAMP: Final = re.compile(r"\d{8}T\d{6}Z")
_COLOUR: Final = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?|[A-Za-z]{3,30}")
_AROUND: Final = ("PRODID", "CALSCALE")
_VERSION: Final = Line("VERSION", NO_PARAMS, "2.0", 0)
_PRODID: Final = Line("PRODID", NO_PARAMS, "-//Postroom//Subscription//EN", 0)
_REVISED: Final = ("LAST-MODIFIED", "CREATED")
_TITLES: Final = ("X-WR-CALNAME", "NAME")
_COLOURS: Final = ("X-APPLE-CALENDAR-COLOR", "COLOR")
_INTERVALS: Final = ("REFRESH-INTERVAL", "X-PUBLISHED-TTL")
LONGEST_TITLE: Final = 200
_CALLED: Final = {
    "VTODO": "task: a calendar here is for events",
    "VJOURNAL": "journal entry: a calendar here is for events",
}
"""What is no event, and so is left out."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is kept of events."""

    stamp: str
    """DTSTAMP of those that say of no change when it was: a moment that stays the same."""
    alarms: bool = False
    attachments: bool = False
    most: int = 10_000
    """Events that are taken at most."""


@dataclass(slots=True)
class Feed:
    """What a calendar has."""

    title: str = ""
    colour: str = ""
    minutes: int = 0
    """That it asks to wait until it is fetched again; 0: it says nothing."""
    objects: dict[str, bytes] = field(default_factory=dict)
    """The events by their UID, each with its overrides as it is stored."""
    unread: set[str] = field(default_factory=set)
    """The UIDs of those that cannot be read."""
    left: dict[str, int] = field(default_factory=dict)
    """Why objects were left out, and how many each."""


def read_feed(octets: bytes, wanted: Wanted, charset: str = "") -> Feed:
    """The calendar. `Malformed` says what is there instead."""
    octets = _in_utf8(octets, charset).removeprefix(b"\xef\xbb\xbf").strip()
    if octets[:1] == b"<":
        raise Malformed("there is a web page at this address, and no calendar")
    if octets[:15].upper() != b"BEGIN:VCALENDAR":
        raise Malformed("what is at this address is no calendar (iCalendar)")
    if not _END.search(octets[-80:]):
        raise Malformed("it ends in the middle")
    found = Feed()
    _read_head(octets[:_HEAD], found)
    for piece in split_file(io.BytesIO(octets)):
        if piece.read is None:
            found.unread.add(piece.uid)
            reason = piece.refused.partition(": ")[2] or piece.refused
            found.left[reason] = found.left.get(reason, 0) + 1
        elif piece.read.kind == "VEVENT":
            if len(found.objects) >= wanted.most:
                raise Malformed(f"it has more than {wanted.most} events")
            found.objects[piece.read.uid] = _kept(piece.read, wanted)
        elif (kind := _CALLED.get(piece.read.kind)) is not None:
            found.left[kind] = found.left.get(kind, 0) + 1
    return found


def _in_utf8(octets: bytes, charset: str) -> bytes:
    """In UTF-8, as iCalendar is by itself (RFC 5545 §3.1.4); what says otherwise, or is not, is taken for something."""
    try:
        octets.decode()
    except UnicodeDecodeError:
        try:
            return octets.decode(charset or "cp1252", "replace").encode()
        except LookupError:
            return octets.decode("cp1252", "replace").encode()
    return octets


def _read_head(octets: bytes, found: Feed) -> None:
    """What stands before the first component."""
    said: dict[str, str] = {}
    for text in _FOLD.sub(b"", octets).decode("utf-8", "replace").split("\n")[1:]:
        try:
            line = read_line(text.rstrip("\r"))
        except Malformed:
            continue
        if line.name == "BEGIN":
            break
        said.setdefault(line.name, line.text.strip())
    found.title = next((said[each][:LONGEST_TITLE] for each in _TITLES if said.get(each)), "")
    colours = (said[each] for each in _COLOURS if each in said)
    found.colour = next((each for each in colours if _COLOUR.fullmatch(each)), "")
    found.minutes = next((minutes for each in _INTERVALS if (minutes := _minutes(said.get(each, "")))), 0)


def _minutes(text: str) -> int:
    try:
        return max(0, int(duration(text).total_seconds() // 60))
    except (ValueError, OverflowError):
        return 0


def _kept(read: CalendarObject, wanted: Wanted) -> bytes:
    """The octets of an event as they are stored."""
    lines = [line for name in _AROUND if (line := read.calendar.first(name)) is not None]
    if not any(line.name == "PRODID" for line in lines):
        lines.insert(0, _PRODID)
    overrides = sorted(read.overrides, key=_occurrence)
    parts = [*([read.main] if read.main is not None else []), *overrides]
    inside = [*read.calendar.named("VTIMEZONE"), *(_event(part, wanted) for part in parts)]
    return serialized([Component("VCALENDAR", 0, [_VERSION, *lines], inside)])


def _occurrence(part: Component) -> str:
    line = part.first("RECURRENCE-ID")
    return "" if line is None else line.value


def _event(part: Component, wanted: Wanted) -> Component:
    revised = (part.text(name).strip() for name in _REVISED)
    stamp = next((each for each in revised if _STAMP.fullmatch(each)), wanted.stamp)
    lines = [_unmanaged(line) for line in part.lines if line.name != "DTSTAMP" and _wants(line, wanted)]
    inner = [each for each in part.parts if wanted.alarms or each.name != "VALARM"]
    return Component(part.name, 0, [Line("DTSTAMP", NO_PARAMS, stamp, 0), *lines], inner)


def _wants(line: Line, wanted: Wanted) -> bool:
    return wanted.attachments or line.name != "ATTACH"


def _unmanaged(line: Line) -> Line:
    """Without the key of what another server keeps beside the event: here it would be one of ours."""
    if line.name != "ATTACH" or MANAGED_ID not in line.params:
        return line
    params: Mapping[str, Sequence[str]] = {name: each for name, each in line.params.items() if name != MANAGED_ID}
    return line._replace(params={name: tuple(each) for name, each in params.items()})
