"""One VEVENT or VTODO as an Event or Task of JSCalendar, without what other components say of its occurrences.

Nothing is lost: a line that no member says stays in `iCalendar.properties`, a parameter in
`iCalendar.convertedProperties`, a component in `iCalendar.components`; `writing` gives them back. What would not come
back as it was is read again as a line (`objects`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from groupware.calendar.series import Zones
from groupware.model.content import Component, Line, escaped, serialized, split_escaped, unescaped
from groupware.model.jsonlines import entry_of, params_of
from groupware.model.jsprop import POINTER, applied

from .alerts import alerts_of
from .lines import JSID, KEY, many_of, normal, person_key, person_of, split_dates
from .table import MANY, RULES, SINGLE
from .times import END, LENGTH, length_of, start_of
from .values import json_time, rule_of, utc_time, zone_of

Json = dict[str, Any]
TYPES: Final = {"VEVENT": "Event", "VTODO": "Task"}
NO_MEMBERS: Final = frozenset({"@type", "uid", "recurrenceOverrides", "iCalendar", ""})


def part_of(part: Component, zones: Zones, skip: frozenset[int] = frozenset()) -> Json:
    """The object; `skip`: the lines (by their places) that stay lines."""
    lines = [line if line.name.isupper() else line._replace(name=line.name.upper()) for line in split_dates(part.lines)]
    return apply_pointers(*_Reading(part.name, lines, zones, skip).read(part.parts))


def lines_in(part: Component) -> list[Line]:
    """The lines of a component, one for each date, as `part_of` counts them."""
    return split_dates(part.lines)


def raw_part(part: Component) -> str:
    """A component that nobody looks into, as text."""
    return serialized([part]).decode()


class _Reading:
    """A component that is being read."""

    def __init__(self, kind: str, lines: Sequence[Line], zones: Zones, skip: frozenset[int]) -> None:
        self.kind, self.lines, self.zones, self.skip = kind, lines, zones, skip
        self.found: Json = {"@type": TYPES[kind]}
        self.said: Json = {}
        self.kept: list[Line] = []
        self.counts: Counter[str] = Counter()
        self.start = next((line for at, line in enumerate(lines) if line.name == "DTSTART" and at not in skip), None)

    def read(self, parts: Sequence[Component]) -> tuple[Json, list[Line]]:
        """The object without what JSPROP says, and the lines of JSPROP."""
        pointers = []
        if self.start is not None:
            start_of(self.start, self.found, self.said)
        for at, line in enumerate(self.lines):
            if line is self.start:
                continue
            if line.name == "JSPROP" and line.params.keys() <= POINTER and line.param("JSPTR") and not line.group:
                pointers.append(line)
            elif at in self.skip:
                self._shows(line)
                self.kept.append(line)
            elif not self._takes(line):
                self.kept.append(line)
        self._organized()
        self._beside(parts)
        return self.found, pointers

    def _beside(self, parts: Sequence[Component]) -> None:
        """Puts in the alarms, and all that no member says."""
        alerts, others = alerts_of([part for part in parts if part.name == "VALARM"])
        others += [part for part in parts if part.name != "VALARM"]
        if alerts:
            self.found["alerts"] = alerts
        beside: Json = {"@type": "ICalComponent", "name": self.kind.lower()}
        if self.said:
            beside["convertedProperties"] = self.said
        if self.kept:
            beside["properties"] = [entry_of(line) for line in self.kept]
        if others:
            beside["components"] = [raw_part(part) for part in others]
        if len(beside) > 2:
            self.found["iCalendar"] = beside

    def _takes(self, line: Line) -> bool:
        if line.name in SINGLE[self.kind]:
            return self._single(line)
        if line.name in MANY:
            return self._many(line)
        if line.name in (END[self.kind], "DURATION"):
            return length_of(self.kind, line, self.start, self.zones, self.found, self.said)
        match line.name:
            case "RRULE" | "EXRULE":
                return self._rule(line)
            case "EXDATE" | "RDATE":
                return self._date(line)
            case "ATTENDEE":
                return self._person(line)
            case "CATEGORIES":
                return self._words(line)
            case "RELATED-TO":
                return self._related(line)
            case "DTSTAMP" | "LAST-MODIFIED":
                return self._changed(line)
        return False

    def _shows(self, line: Line) -> None:
        """Tells what a line says that is kept as it is as well."""
        if line.name == "DTSTART" and "start" not in self.found:
            start_of(line, self.found, {})
        if line.name == "DTEND" and LENGTH[self.kind] not in self.found:
            first = next((each for each in self.lines if each.name == "DTSTART"), None)
            length_of(self.kind, line, first, self.zones, self.found, {})
        rule = SINGLE[self.kind].get(line.name)
        value = rule.read(line.value) if rule is not None else None
        if rule is not None and value is not None:
            self.found.setdefault(rule.member, value)

    def _single(self, line: Line) -> bool:
        rule = SINGLE[self.kind][line.name]
        value = rule.read(line.value)
        if value is None or rule.member in self.found:
            return False
        left = params_of(line, frozenset() if "VALUE" in dict(normal(line)[2]) else frozenset({"VALUE"}))
        self.found[rule.member] = value
        if left:
            self.said[rule.member] = {"name": line.name.lower(), "parameters": left}
        again = rule.write(value)
        return again is not None and normal(line._replace(value=again)) == normal(line)

    def _many(self, line: Line) -> bool:
        rule, given = MANY[line.name], line.param(JSID)
        told = many_of(line)
        key = given or f"{line.name}-{self.counts[line.name] + 1}"
        members = self.found.get(rule.member, {})
        if told is None or not KEY.match(key) or key in members:
            return False
        self.counts[line.name] += not given
        self.found.setdefault(rule.member, {})[key] = told[0]
        if told[1]:
            self.said[f"{rule.member}/{key}"] = {"name": line.name.lower(), "parameters": told[1]}
        return True

    def _rule(self, line: Line) -> bool:
        if line.params:
            return False
        day = self.found.get("showWithoutTime") is True
        try:
            zone = None if day else zone_of(self.found.get("timeZone"), self.zones)
            rule = rule_of(line.value, zone)
        except ValueError:
            return False
        self.found.setdefault(RULES[line.name], []).append(rule)
        return True

    def _date(self, line: Line) -> bool:
        if self.start is None or "/" in line.value or not line.value.strip():
            return False
        same = (line.param("TZID"), line.value.upper().endswith("Z"), len(line.value.strip()))
        if same != (self.start.param("TZID"), self.start.value.upper().endswith("Z"), len(self.start.value.strip())):
            return False
        key = json_time(line.value)
        overrides = self.found.setdefault("recurrenceOverrides", {})
        if key in overrides:
            return False
        overrides[key] = {"excluded": True} if line.name == "EXDATE" else {}
        return True

    def _person(self, line: Line) -> bool:
        person, left = person_of(line)
        key = line.param(JSID) or person_key(line.value)
        people = self.found.setdefault("participants", {})
        if key in people or not KEY.match(key) or not line.value.strip():
            return False
        people[key] = person
        if left:
            self.said[f"participants/{key}"] = {"name": "attendee", "parameters": left}
        return True

    def _organized(self) -> None:
        """What ORGANIZER says: where answers go, and who of the participants it is. RFC 8984 §4.4.4."""
        lines = [line for line in self.kept if line.name == "ORGANIZER"]
        if len(lines) != 1 or not lines[0].value.strip() or self.lines.index(lines[0]) in self.skip:
            return
        line = lines[0]
        self.kept.remove(line)
        people = self.found.setdefault("participants", {})
        self.found["replyTo"] = {"imip": line.value}
        same = [each for each in people.values() if each["sendTo"]["imip"].lower() == line.value.lower()]
        left = params_of(line, frozenset({JSID}))
        if same:
            same[0]["roles"]["owner"] = True
        else:
            owner: Json = {"@type": "Participant", "sendTo": {"imip": line.value}, "roles": {"owner": True}}
            if len(line.params.get("CN", ())) == 1 and line.param("CN"):
                owner["name"] = left.pop("cn")
            people[line.param(JSID) or person_key(line.value)] = owner
        if left:
            self.said["replyTo"] = {"name": "organizer", "parameters": left}

    def _words(self, line: Line) -> bool:
        texts = [unescaped(each) for each in split_escaped(line.value, ",")]
        if "keywords" in self.found or line.params or "" in texts or len({*texts}) != len(texts):
            return False
        self.found["keywords"] = dict.fromkeys(texts, True)
        return True

    def _related(self, line: Line) -> bool:
        types = line.params.get("RELTYPE", ())
        to = line.text
        related = self.found.setdefault("relatedTo", {})
        if line.params.keys() - {"RELTYPE"} or len(types) > 1 or not to or to in related or escaped(to) != line.value:
            if not related:
                del self.found["relatedTo"]
            return False
        related[to] = {"@type": "Relation", "relation": {types[0].lower(): True} if types else {}}
        return not types or types[0] == types[0].upper()

    def _changed(self, line: Line) -> bool:
        """When it was changed: LAST-MODIFIED, or else DTSTAMP."""
        utc = utc_time(line.value)
        both = any(each.name == "LAST-MODIFIED" for each in self.lines)
        stamped = any(each.name == "DTSTAMP" for each in self.lines)
        if utc is None or normal(line)[2] or "updated" in self.found or not stamped:
            return False
        if line.name == "DTSTAMP" and both:
            return False
        self.found["updated"] = utc
        return True


def apply_pointers(found: Json, pointers: Sequence[Line]) -> Json:
    """The object with what its lines of JSPROP say; one that leads nowhere stays a line."""

    def keep(line: Line) -> None:
        beside = found.setdefault("iCalendar", {"@type": "ICalComponent", "name": ""})
        beside.setdefault("properties", []).append(entry_of(line))

    return applied(found, pointers, NO_MEMBERS, keep)
