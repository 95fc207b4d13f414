"""A calendar object as one Event or Task with its overrides, and a stored one with what has changed.

An override of JSCalendar is a patch (RFC 8984 §4.3.5): the difference between the occurrence as the whole would have
it, and what the component with its RECURRENCE-ID says.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Any, Final

from groupware.calendar.object import MOST_PARTS, CalendarObject
from groupware.calendar.series import Zones, start_of
from groupware.calendar.vtimezone import vtimezone
from groupware.calendar.zones import known_zone, local
from groupware.model.content import NO_PARAMS, Component, Line, parse
from groupware.model.jsonlines import entry_of
from groupware.model.merging import merged
from groupware.model.patches import difference, patched

from .lines import normal, split_dates
from .reading import lines_in, part_of, raw_part
from .times import Timed
from .values import moment
from .writing import component_of

Json = dict[str, Any]
KINDS: Final = ("VEVENT", "VTODO")
MOST_OCTETS: Final = 20_000_000
"""Of all overrides of one object as JSON."""
HEAD: Final = (
    Line("VERSION", NO_PARAMS, "2.0", 0),
    Line("PRODID", NO_PARAMS, "-//Postroom//Postroom//EN", 0),
)
_OF_THE_WHOLE: Final = ("recurrenceRules", "recurrenceOverrides", "excludedRecurrenceRules")
_LOCAL: Final = "%Y-%m-%dT%H:%M:%S"


def object_of(read: CalendarObject) -> Json:
    """The Event or Task."""
    zones = read.zones
    if read.main is None:
        return _alone(read, zones)
    found = exact(read.main, zones)
    base = occurrence_base(found)
    kept = []
    for part in read.overrides:
        key = key_of(read, part)
        overrides = found.setdefault("recurrenceOverrides", {})
        if key is None or key in overrides:
            kept.append(raw_part(part))
            continue
        overrides[key] = difference({**base, "start": key}, _override(part, found, key, zones)) or {}
        if not overrides[key] or overrides[key] == {"excluded": True}:
            overrides[key] = {"uid": found.get("uid")}  # it says nothing of its own, and stays a component
    _keep(found, read.kind, kept)
    if not found.get("recurrenceOverrides", True):
        del found["recurrenceOverrides"]
    return found


def _alone(read: CalendarObject, zones: Zones) -> Json:
    """An occurrence of a meeting whose whole one has not been invited to; others like it stay components."""
    first, *others = read.overrides
    found = exact(first, zones)
    key = key_of(read, first)
    if key is not None:
        found["recurrenceId"] = key
    _keep(found, read.kind, [raw_part(part) for part in others])
    return found


def _keep(found: Json, kind: str, texts: Sequence[str]) -> None:
    """Keeps components of which nothing else is told."""
    if texts:
        said = found.setdefault("iCalendar", {"@type": "ICalComponent", "name": kind.lower()})
        said.setdefault("components", []).extend(texts)


def occurrence_base(whole: Mapping[str, Any]) -> Json:
    """What an occurrence is before its override."""
    return {name: value for name, value in whole.items() if name not in _OF_THE_WHOLE}


def key_of(read: CalendarObject, part: Component) -> str | None:
    """The local time that an override is for; None: it is not for one alone."""
    line = part.first("RECURRENCE-ID")
    if line is None or line.param("RANGE"):
        return None
    begin = read.series.begin or start_of(part, read.series.zones)  # without the whole: as it would be written
    zone = begin.zone if begin is not None else None
    seconds = read.series.key(line)
    return (local(seconds, zone) if zone is not None else local(seconds, None)).strftime(_LOCAL).rjust(19, "0")


def _override(part: Component, whole: Mapping[str, Any], key: str, zones: Zones) -> Json:
    """What an override says, without its RECURRENCE-ID where that is as it would be written."""
    found = exact(part, zones)
    line = _recurrence_id(whole, key, zones)
    said = found.get("iCalendar") or {}
    entries = [each for each in said.get("properties") or () if each[0] == "recurrence-id"]
    if line is not None and entries == [entry_of(line)]:
        said["properties"] = [each for each in said["properties"] if each not in entries]
        if not said["properties"]:
            del said["properties"]
        if not said.keys() - {"@type", "name"}:
            found.pop("iCalendar")
    return found


def _recurrence_id(whole: Mapping[str, Any], key: str, zones: Zones) -> Line | None:
    return Timed.of(whole, zones).line("RECURRENCE-ID", moment(key)) if whole.get("start") else None


def exact(part: Component, zones: Zones) -> Json:
    """One component; what would not come back as it was is kept as lines."""
    lines, skip = lines_in(part), frozenset[int]()
    for _ in range(3):
        found = part_of(part, zones, skip)
        try:
            back = Counter(normal(line) for line in component_of(found, zones).lines)
        except (ValueError, KeyError, TypeError, OverflowError):
            skip = frozenset(at for at, line in enumerate(lines) if line.name not in ("DTSTART", "SUMMARY"))
            continue
        lost = set()
        for line in lines:
            key = normal(line)
            if back[key]:
                back[key] -= 1
            else:
                lost.add(key)
        if not lost:
            return found
        skip |= {at for at, line in enumerate(lines) if normal(line) in lost}
    return part_of(part, zones, frozenset(range(len(lines))))


# --- and back


def components_of(given: Mapping[str, Any], zones: Zones) -> dict[str, Component]:
    """The components, by the occurrence that they are for; "" is the whole. `ValueError`."""
    zones = {**zones, **_named(given)}
    whole = {name: value for name, value in given.items() if name != "recurrenceId"}
    key = given.get("recurrenceId")
    line = _recurrence_id(given, str(key), zones) if key else None
    found = {"": _bare(component_of(whole, zones, line))}
    base = occurrence_base(given)
    check_size(base, given.get("recurrenceOverrides") or {})
    for at, patch in (given.get("recurrenceOverrides") or {}).items():
        if patch and patch != {"excluded": True}:
            one = patched({**base, "start": at}, patch)
            found[at] = _bare(component_of(one, zones, _recurrence_id(given, at, zones)))
    return found


def check_size(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> None:
    """`ValueError` for what would be too much: each override is a component that says all that the whole says."""
    many = sum(bool(patch) and patch != {"excluded": True} for patch in overrides.values())
    size = len(json.dumps(base)) if many else 0
    if many > MOST_PARTS or many * size > MOST_OCTETS:
        raise ValueError(f"recurrenceOverrides: {many} changed occurrences of an object of {size} octets are too many")


def _named(given: Mapping[str, Any]) -> dict[str, tzinfo]:
    """The zones of the IANA database that an object names."""
    said = [given, *(given.get("recurrenceOverrides") or {}).values()]
    names = {str(each["timeZone"]) for each in said if each.get("timeZone")}
    found = {name: known_zone(name) for name in names if not name.startswith("/")}
    return {"UTC": UTC, **{name: zone for name, zone in found.items() if zone is not None}}


def _bare(part: Component) -> Component:
    """The component without those that stand beside it."""
    return Component(part.name, part.at, part.lines, [each for each in part.parts if each.name not in KINDS])


def beside(given: Mapping[str, Any]) -> list[Component]:
    """The components of other occurrences that nothing is told of but what they are."""
    texts = (given.get("iCalendar") or {}).get("components") or ()
    return [part for text in texts for part in parse(str(text).encode()) if part.name in KINDS]


def calendar_of(given: Mapping[str, Any]) -> Component:
    """A new VCALENDAR. `ValueError` for what cannot be said."""
    parts = [*components_of(given, {}).values(), *beside(given)]
    return Component("VCALENDAR", 0, list(HEAD), [*_vtimezones(parts, ()), *parts])


def changed(stored: CalendarObject, given: Mapping[str, Any]) -> Component:
    """The stored VCALENDAR with the lines and components that have to be others. `ValueError`."""
    before, after = components_of(object_of(stored), stored.zones), components_of(given, stored.zones)
    parts: list[Component] = []
    for part in stored.calendar.parts:
        if part.name not in KINDS:
            parts.append(part)
            continue
        key = "" if part is stored.shown else key_of(stored, part) if stored.main is not None else None
        if key is None or key not in before:
            parts.append(part)
        elif key in after:
            parts.append(_merged(part, before[key], after.pop(key)))
    parts += after.values()
    own = [*stored.zones, *(part.text("TZID") for part in stored.calendar.named("VTIMEZONE"))]
    return Component("VCALENDAR", 0, stored.calendar.lines, [*_vtimezones(parts, own), *parts])


def _merged(stored: Component, before: Component, after: Component) -> Component:
    lines = merged(split_dates(stored.lines), before.lines, after.lines, normal)
    was, will = [[raw_part(each) for each in part.parts] for part in (before, after)]
    inner = stored.parts if was == will else after.parts
    return Component(stored.name, stored.at, lines if lines != split_dates(stored.lines) else stored.lines, inner)


def _vtimezones(parts: Sequence[Component], there: Sequence[str]) -> list[Component]:
    """The zones that are named and not there yet."""
    used = {line.param("TZID") for part in parts for line in part.lines if line.param("TZID")}
    made = []
    for name in sorted(used - set(there)):
        octets = vtimezone(name) if known_zone(name) is not None else None
        if octets is not None:
            made += parse(octets)
    return made
