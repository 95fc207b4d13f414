"""One Event or Task of JSCalendar as a VEVENT or VTODO."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any, Final

from groupware.calendar.series import Zones
from groupware.model.content import Component, Line, escaped, parse
from groupware.model.errors import Malformed
from groupware.model.jsonlines import line_of as line_in
from groupware.model.jsprop import OVER
from groupware.model.patches import difference, digest, value_at

from .alerts import alarms_of
from .lines import JSID, address_of, line_with, many_line, many_name, person_key, person_line
from .reading import NO_MEMBERS, TYPES, part_of
from .table import RULES, SINGLE
from .times import LENGTH, Timed, length_lines, length_of, start_line
from .values import json_time, moment, rule_text, stamp, zone_of

Json = dict[str, Any]
KINDS: Final = {word: kind for kind, word in TYPES.items()}
_MEMBERS: Final = ("locations", "virtualLocations", "links")


def component_of(given: Mapping[str, Any], zones: Zones, key: Line | None = None) -> Component:
    """The component, with `key` as its RECURRENCE-ID. `ValueError` for what cannot be said in any way."""
    kind = KINDS[str(given["@type"])]
    beside = given.get("iCalendar") or {}
    said: Json = dict(beside.get("convertedProperties") or {})
    kept = [line_in(entry) for entry in beside.get("properties") or ()]
    lines = [*_single(kind, given, said, kept), *_times(kind, given, said, zones, kept)]
    if key is not None and not any(line.name == "RECURRENCE-ID" for line in kept):
        lines.append(key)
    lines += [*_recurs(given, zones), *_stamps(given, kept), *_people(given, said), *_others(given)]
    for member in _MEMBERS:
        lines += _many(member, given.get(member) or {}, said)
    parts = [*alarms_of(given.get("alerts") or {}), *_parts(beside)]
    part = Component(kind, 0, [*lines, *kept], parts)
    beside_them = frozenset(range(len(lines), len(part.lines)))
    return Component(kind, 0, [*part.lines, *_pointers(part, given, zones, beside_them)], parts)


def _single(kind: str, given: Mapping[str, Any], said: Json, kept: list[Line]) -> Iterator[Line]:
    """What is told by one line; a line that is kept for the sake of how it is written counts while it says the same."""
    for name, rule in SINGLE[kind].items():
        value = given.get(rule.member)
        own = [line for line in kept if line.name == name]
        if any(rule.read(line.value) == value for line in own):
            continue
        for line in own:
            kept.remove(line)
        text = rule.write(value) if value is not None else None
        if text is not None:
            yield line_with(Line(name, {}, text, 0), (said.get(rule.member) or {}).get("parameters") or {})


def _times(kind: str, given: Mapping[str, Any], said: Json, zones: Zones, kept: list[Line]) -> Iterator[Line]:
    """Start and end; lines that are kept for the sake of how they are written count while they say the same."""
    first = next((line for line in kept if line.name == "DTSTART"), None)
    if first is not None and json_time(first.value) != given.get("start"):
        kept.remove(first)
        first = None
    start = first or start_line(given, said, zones)
    if start is not None and first is None:
        yield start
    last = next((line for line in kept if line.name == "DTEND"), None)
    if last is not None and not _same_end(kind, last, start, given, zones):
        kept.remove(last)
        last = None
    if last is None:
        there = {line.name for line in kept}
        yield from (line for line in length_lines(kind, given, said, zones) if line.name not in there)


def _same_end(kind: str, last: Line, start: Line | None, given: Mapping[str, Any], zones: Zones) -> bool:
    told: Json = {}
    length_of(kind, last, start, zones, told, {})
    return told.get(LENGTH[kind]) == given.get(LENGTH[kind])


def _recurs(given: Mapping[str, Any], zones: Zones) -> Iterator[Line]:
    if not given.get("start"):
        return
    timed = Timed.of(given, zones)
    zone: tzinfo | None = None if timed.day else zone_of(given.get("timeZone"), zones)
    for name, member in RULES.items():
        for rule in given.get(member) or ():
            yield Line(name, {}, rule_text(rule, zone, day=timed.day), 0)
    for at, patch in (given.get("recurrenceOverrides") or {}).items():
        name = "EXDATE" if patch == {"excluded": True} else "RDATE" if patch == {} else ""
        if name:
            yield timed.line(name, moment(at))


def _stamps(given: Mapping[str, Any], kept: list[Line]) -> Iterator[Line]:
    updated = given.get("updated")
    if isinstance(updated, str):
        name = "LAST-MODIFIED" if any(line.name == "DTSTAMP" for line in kept) else "DTSTAMP"
        yield Line(name, {}, stamp(updated), 0)


def _people(given: Mapping[str, Any], said: Json) -> Iterator[Line]:
    people, reply = given.get("participants") or {}, (given.get("replyTo") or {}).get("imip")
    for key, each in people.items():
        line = person_line(each, (said.get(f"participants/{key}") or {}).get("parameters") or {})
        address = address_of(each)
        own = {} if key == person_key(address) else {JSID: (key,)}
        if line is not None:
            yield line._replace(params={**line.params, **own})
    if reply:
        left = (said.get("replyTo") or {}).get("parameters") or {}
        owner = next(((k, p) for k, p in people.items() if address_of(p).lower() == str(reply).lower()), None)
        params: dict[str, tuple[str, ...]] = {}
        if owner is not None and "cn" not in left and owner[1].get("name") and _alone(owner[1]):
            params["CN"] = (str(owner[1]["name"]),)
        if owner is not None and _alone(owner[1]) and owner[0] != person_key(address_of(owner[1])):
            params[JSID] = (owner[0],)
        yield line_with(Line("ORGANIZER", params, str(reply), 0), left)


def _alone(person: Mapping[str, Any]) -> bool:
    """Whether somebody organizes and does not come."""
    return person_line(person, {}) is None


def _others(given: Mapping[str, Any]) -> Iterator[Line]:
    if given.get("keywords"):
        yield Line("CATEGORIES", {}, ",".join(map(escaped, given["keywords"])), 0)
    for to, each in (given.get("relatedTo") or {}).items():
        relation = list((each or {}).get("relation") or {})
        yield Line("RELATED-TO", {"RELTYPE": (relation[0].upper(),)} if len(relation) == 1 else {}, escaped(to), 0)


def _many(member: str, found: Mapping[str, Mapping[str, Any]], said: Json) -> Iterator[Line]:
    counts: dict[str, int] = {}
    for key, each in found.items():
        name = many_name(member, each)
        left = (said.get(f"{member}/{key}") or {}).get("parameters") or {}
        line = many_line(name, each, left) if name is not None else None
        if name is None or line is None:
            continue
        if key == f"{name}-{counts.get(name, 0) + 1}":
            counts[name] = counts.get(name, 0) + 1
            yield line
        else:
            yield line._replace(params={**line.params, JSID: (key,)})


def _parts(beside: Mapping[str, Any]) -> Iterator[Component]:
    for text in beside.get("components") or ():
        try:
            yield from parse(str(text).encode())
        except Malformed as error:
            raise ValueError(f"iCalendar/components: {error}") from None


def _pointers(part: Component, given: Mapping[str, Any], zones: Zones, kept: frozenset[int]) -> Iterator[Line]:
    """JSPROP for what no line says."""
    said = part_of(part, zones, kept)
    bare = {name: value for name, value in given.items() if name not in ("iCalendar", "recurrenceOverrides")}
    for way, value in difference({n: v for n, v in said.items() if n in bare or n not in NO_MEMBERS}, bare).items():
        if way.partition("/")[0] in NO_MEMBERS:
            continue
        old = value_at(said, way)
        over = {} if old is None else {OVER: (digest(old),)}
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        yield Line("JSPROP", {"JSPTR": (way,), **over}, escaped(text), 0)
