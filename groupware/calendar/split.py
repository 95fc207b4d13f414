"""A calendar file taken apart: the objects in it, each as it is stored, and what cannot be stored with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from groupware.model.content import NO_PARAMS, Component, Line, parse, serialized
from groupware.model.errors import Malformed

from .object import KINDS, CalendarObject, read_object

_NOT_KEPT: Final = ("METHOD",)


class Piece(NamedTuple):
    """One object of a file: read, or why it cannot be."""

    uid: str
    read: CalendarObject | None
    refused: str = ""


def split(octets: bytes) -> Iterator[Piece]:
    """The objects of a file, by UID. `Malformed` when it is no calendar file at all.

    A METHOD is left out, for it is no part of an object that is kept; a component without a UID gets one made of its
    own octets, so that the same file gives the same objects again.
    """
    for calendar in parse(octets):
        if calendar.name != "VCALENDAR":
            raise Malformed(f"a calendar file holds VCALENDAR; this has {calendar.name[:40]}")
        zones = {part.text("TZID"): part for part in calendar.named("VTIMEZONE")}
        for uid, parts in _by_uid(calendar).items():
            yield _piece(calendar, zones, uid, parts)


def _by_uid(calendar: Component) -> dict[str, list[Component]]:
    found: dict[tuple[str, str], list[Component]] = {}
    for part in calendar.parts:
        if part.name in KINDS:
            named = part if part.text("UID").strip() else _with_uid(part)
            found.setdefault((named.name, named.text("UID").strip()), []).append(named)
    return {uid if _alone(found, uid) else f"{uid}-{name}": parts for (name, uid), parts in found.items()}


def _alone(found: dict[tuple[str, str], list[Component]], uid: str) -> bool:
    return sum(each == uid for _, each in found) == 1


def _with_uid(part: Component) -> Component:
    digest = hashlib.sha256(serialized([part])).hexdigest()[:32]
    return Component(part.name, part.at, [Line("UID", NO_PARAMS, digest, part.at), *part.lines], part.parts)


def _piece(calendar: Component, zones: dict[str, Component], uid: str, parts: Sequence[Component]) -> Piece:
    used = {line.param("TZID") for part in parts for line in part.lines}
    lines = [line for line in calendar.lines if line.name not in _NOT_KEPT]
    needed = [zone for name, zone in zones.items() if name in used]
    try:
        return Piece(uid, read_object(serialized([Component("VCALENDAR", 0, lines, [*needed, *parts])])))
    except Malformed as error:
        reason = str(error).partition(": ")[2] if str(error).startswith("line ") else str(error)
        return Piece(uid, None, f"component from line {parts[0].at + 1} on: {reason}")
