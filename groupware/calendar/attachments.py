"""Attachments that are kept beside an object: the ATTACH lines with a MANAGED-ID. RFC 8607."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.attachment import KEY, MOST_REFERRED, Attachment
from groupware.model.content import Component, Line
from groupware.model.errors import Malformed

from .itip.instances import made, overrides
from .itip.octets import rendered
from .object import CalendarObject

MANAGED_ID: Final = "MANAGED-ID"
MASTER: Final = "M"
_SAFE: Final = re.compile(r"[\x00-\x1f\x7f\"]")


def keys_in(read: CalendarObject) -> tuple[str, ...]:
    """The MANAGED-IDs of an object that can be ours, each once."""
    found = (line.param(MANAGED_ID) for part in read.parts for line in part.lines if line.name == "ATTACH")
    return tuple(dict.fromkeys(each for each in found if KEY.fullmatch(each)))[:MOST_REFERRED]


def managed(read: CalendarObject) -> frozenset[str]:
    """All MANAGED-IDs of an object, whoever gave them."""
    found = (line.param(MANAGED_ID) for part in read.parts for line in part.lines if line.name == "ATTACH")
    return frozenset(each for each in found if each)


def line_of(attachment: Attachment, url: str) -> Line:
    """The ATTACH that refers to it."""
    params: dict[str, tuple[str, ...]] = {MANAGED_ID: (attachment.key,)}
    if attachment.media:
        params["FMTTYPE"] = (_SAFE.sub("", attachment.media),)
    if attachment.name:
        params["FILENAME"] = (_SAFE.sub("", attachment.name),)
    return Line("ATTACH", {**params, "SIZE": (str(attachment.size),)}, url, 0)


class NoSuchInstance(Malformed):
    """`rid` names an occurrence that there is not."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the attachments of an object."""

    new: Line | None
    """None: one is taken away."""
    old: str = ""
    """The MANAGED-ID that goes."""
    instances: Sequence[str] = ()
    """`M` and RECURRENCE-IDs; none: all of it."""


def changed(read: CalendarObject, change: Change) -> bytes:
    """The octets of the object with another set of attachments. `NoSuchInstance`."""
    there: dict[int | None, Component] = {None: read.main} if read.main is not None else {}
    there.update(overrides(read).items())
    wanted = _wanted(read, change.instances) if change.instances else set(there)
    edited = {id(there[key]): _part(there[key], change) for key in wanted if key in there}
    parts = [edited.get(id(part), part) for part in read.calendar.parts]
    for key in wanted - set(there):
        part = made(read, key) if key is not None else None
        if part is None:
            raise NoSuchInstance("rid names an occurrence that this object does not have")
        parts.append(_part(part, change))
    return rendered(Component("VCALENDAR", read.calendar.at, read.calendar.lines, parts), read)


def _wanted(read: CalendarObject, instances: Sequence[str]) -> set[int | None]:
    start = read.main.first("DTSTART") if read.main is not None else None
    found = set[int | None]()
    for each in instances:
        if each == MASTER:
            found.add(None)
            continue
        local = start is not None and "T" in each and not each.endswith("Z")
        params = {name: value for name, value in start.params.items() if name == "TZID"} if start and local else {}
        try:
            found.add(read.series.key(Line("RECURRENCE-ID", params, each, 0)))
        except (ValueError, OverflowError):
            raise NoSuchInstance(f"rid: {each[:40]!r} is no RECURRENCE-ID") from None
    if None in found and read.main is None:
        raise NoSuchInstance("rid: this object has no master")
    return found


def _part(part: Component, change: Change) -> Component:
    lines = list(part.lines)
    if change.old:
        at = next((n for n, line in enumerate(lines) if _is(line, change.old)), None)
        lines = [line for line in lines if not _is(line, change.old)]
        if at is not None and change.new is not None:
            lines.insert(at, change.new)
    elif change.new is not None:
        lines.append(change.new)
    return Component(part.name, part.at, lines, part.parts)


def _is(line: Line, key: str) -> bool:
    return line.name == "ATTACH" and line.param(MANAGED_ID) == key


def inlined(read: CalendarObject, bodies: Mapping[str, bytes]) -> Component:
    """The object for people elsewhere: attachments that are given are inside it, others stay links."""
    parts = [_with(part, lambda line: _inline(line, bodies)) for part in read.calendar.parts]
    return Component("VCALENDAR", read.calendar.at, read.calendar.lines, parts)


def _inline(line: Line, bodies: Mapping[str, bytes]) -> Line:
    key = line.param(MANAGED_ID) if line.name == "ATTACH" else ""
    if not key:
        return line
    params = {name: value for name, value in line.params.items() if name not in (MANAGED_ID, "SIZE", "VALUE")}
    if key not in bodies:
        return line._replace(params=params)
    value = base64.b64encode(bodies[key]).decode()
    name = {"X-FILENAME": params["FILENAME"]} if "FILENAME" in params else {}
    return line._replace(params={**params, **name, "VALUE": ("BINARY",), "ENCODING": ("BASE64",)}, value=value)


def unmanaged(read: CalendarObject) -> Component:
    """What comes from elsewhere: a MANAGED-ID in it is none of ours."""
    parts = [_with(part, _plain) for part in read.calendar.parts]
    return Component("VCALENDAR", read.calendar.at, read.calendar.lines, parts)


def _plain(line: Line) -> Line:
    if line.name != "ATTACH" or MANAGED_ID not in line.params:
        return line
    return line._replace(params={name: value for name, value in line.params.items() if name != MANAGED_ID})


def _with(part: Component, work: Callable[[Line], Line]) -> Component:
    return Component(part.name, part.at, [work(line) for line in part.lines], part.parts)
