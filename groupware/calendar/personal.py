"""What of an object is one person's own: alarms, and what a program notes of them. Taken out of octets and put in.

Somebody who shares another's calendar has alarms of their own there (decision 237). They are kept beside the object, as
a calendar whose components have nothing but them; all other octets of the object stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from groupware.model.content import Component, Line, folded, ordered, parse, read_line, serialized, written
from groupware.model.errors import Refused

MOST: Final = 256 * 1024
"""Octets that one person's alarms of one object may have."""
_CARRIERS: Final = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_ALARM: Final = "VALARM"
DEFAULT_ALERTS: Final = "X-POSTROOM-DEFAULT-ALERTS"
"""The line that says whether an object has the alarms of its calendar: `useDefaultAlerts` of JSCalendar."""
_OWN: Final = ("X-MOZ-LASTACK", "X-MOZ-SNOOZE-TIME", DEFAULT_ALERTS)
"""How the names of lines begin that Mozilla's programs note of alarms, and ours."""
_VOLATILE: Final = frozenset({"DTSTAMP", "LAST-MODIFIED", "X-MOZ-GENERATION"})
"""What a program writes anew whatever it changes."""
_ANY: Final = re.compile(rb"VALARM|X-MOZ-LASTACK|X-MOZ-SNOOZE|X-POSTROOM-DEFAULT-ALERTS", re.IGNORECASE)
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_LINES: Final = re.compile(rb"[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)")
_TOLD: Final = re.compile(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9_-]+)[:;]")
_FIRST: Final = frozenset(bytes([each]) for each in b"BbEeRrXx")
"""How the lines begin that are looked at: BEGIN, END, RECURRENCE-ID, X-..."""
_GROUPED: Final = re.compile(rb"^[A-Za-z0-9-]+(?:\r?\n[ \t][A-Za-z0-9-]*)*\.", re.MULTILINE)
"""A name may have a group before it, which calendars hardly ever have."""
Key = tuple[str, str]
"""The value and the TZID of RECURRENCE-ID; both empty for what describes the whole."""
_WHOLE: Final[Key] = ("", "")


# --- what is one's own ------------------------------------------------------------------------------------------------


def own_of(octets: bytes) -> bytes:
    """What of an object is its writer's own; b"" for nothing. `Refused` for more than may be kept."""
    if not _ANY.search(_FOLD.sub(b"", octets)):
        return b""
    calendar = parse(octets)[0]
    parts = [_own_part(part) for part in calendar.parts if part.name in _CARRIERS]
    if not any(part.parts or any(_is_own(line.name) for line in part.lines) for part in parts):
        return b""
    found = serialized([Component("VCALENDAR", 0, [], parts)])
    if len(found) > MOST:
        raise Refused(f"its alarms have {len(found)} octets, and {MOST} are kept at most: use fewer")
    return found


def _own_part(part: Component) -> Component:
    lines = [line for line in part.lines if line.name == "RECURRENCE-ID" or _is_own(line.name)]
    return Component(part.name, part.at, lines, part.named(_ALARM))


def _is_own(name: str) -> bool:
    return name.startswith(_OWN)


def _by_key(own: bytes) -> Mapping[Key, bytes]:
    """The octets of what is one's own, by the component where they belong."""
    if not own:
        return {}
    found = {}
    for part in parse(own)[0].parts:
        lines = [line for line in part.lines if line.name != "RECURRENCE-ID"]
        octets = b"".join(folded(written(line)) for line in lines)
        found[_key(part.first("RECURRENCE-ID"))] = octets + serialized(part.parts)
    return found


def _key(line: Line | None) -> Key:
    return _WHOLE if line is None else (line.value.strip(), line.param("TZID"))


# --- put in -----------------------------------------------------------------------------------------------------------


def merged(octets: bytes, own: bytes) -> bytes:
    """The object with this in the place of all alarms that it has.

    An occurrence that has been changed since has the alarms of the whole.
    """
    if not own and not _ANY.search(_FOLD.sub(b"", octets)):
        return octets
    return b"".join(_rewritten(octets.removeprefix(b"\xef\xbb\xbf"), _by_key(own)))


def withheld(octets: bytes) -> bytes:
    """The object without alarms, in the same number of octets and lines: lines that say nothing stand in their place.

    For IMAP, where no message changes its size, and sections are cut out by their places.
    """
    if not _ANY.search(_FOLD.sub(b"", octets)):
        return octets
    runs = groupby(_walked(octets), key=lambda each: each[1])
    joined = [(own, b"".join([pieces for pieces, _, _ in run])) for own, run in runs]
    return b"".join([_saying_nothing(lines) if own else lines for own, lines in joined])


def _saying_nothing(lines: bytes) -> bytes:
    """One property in as many lines as these, each as long as it was."""
    text, at, told = b"X-WITHHELD:".ljust(len(lines), b"x"), 0, []
    for number, line in enumerate(lines.splitlines(keepends=True)):
        inside = line.rstrip(b"\r\n")
        lead = b" " if number and inside else b""
        room = len(inside) - len(lead)
        told.append(lead + text[at : at + room] + line[len(inside) :])
        at += room
    return b"".join(told)


def _rewritten(octets: bytes, own: Mapping[Key, bytes]) -> Iterator[bytes]:
    ending = b"\r\n" if b"\r\n" in octets else b"\n"
    for pieces, theirs, ends in _walked(octets):
        if ends is not None:
            yield own.get(ends, own.get(_WHOLE, b"")).replace(b"\r\n", ending)
        if not theirs:
            yield pieces


def _walked(octets: bytes) -> Iterator[tuple[bytes, bool, Key | None]]:
    """Each line as it stands, whether it is somebody's own, and which component it ends, if that can have alarms."""
    inside: list[str] = []
    key = _WHOLE
    grouped = _GROUPED.search(octets) is not None
    for pieces in _LINES.findall(octets):
        text = ""
        if grouped or pieces[:1] in _FIRST:
            text = _FOLD.sub(b"", pieces).decode("utf-8", "replace").strip("\r\n")
        found = _TOLD.match(text)
        verb = found[1].upper() if found is not None else ""
        if verb == "BEGIN":
            inside.append(read_line(text).value.strip().upper())
            key = _WHOLE if len(inside) == 2 else key
        carrier = len(inside) > 1 and inside[1] in _CARRIERS
        if carrier and len(inside) == 2 and verb == "RECURRENCE-ID":
            key = _key(read_line(text))
        own = carrier and (inside[2:3] == [_ALARM] or (len(inside) == 2 and _is_own(verb)))
        yield pieces, own, key if carrier and len(inside) == 2 and verb == "END" else None
        if verb == "END" and inside:
            inside.pop()


# --- what somebody has changed ----------------------------------------------------------------------------------------


def alike(one: bytes, other: bytes, *, roughly: bool = False) -> bool:
    """Whether two objects differ in nothing but what is one's own, and what programs write anew every time.

    `roughly`: nor in lines that begin with X-, or SEQUENCE.
    """
    return _shared(one, roughly) == _shared(other, roughly)


def _shared(octets: bytes, roughly: bool) -> bytes:
    parts = [part for part in parse(octets)[0].parts if part.name != "VTIMEZONE"]
    return serialized(sorted((_reduced(part, roughly) for part in parts), key=lambda part: serialized([part])))


def _reduced(part: Component, roughly: bool) -> Component:
    lines = [line for line in part.lines if not _aside(line.name, roughly)]
    parts = [inner for inner in part.parts if inner.name != _ALARM]
    return ordered(Component(part.name, 0, lines, parts))


def _aside(name: str, roughly: bool) -> bool:
    return name in _VOLATILE or _is_own(name) or (roughly and (name.startswith("X-") or name == "SEQUENCE"))
