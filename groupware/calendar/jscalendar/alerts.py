"""VALARM as an Alert, and back. RFC 8984 §4.5.2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from groupware.model.content import Component, Line
from groupware.model.jsonlines import entry_of
from groupware.model.jsonlines import line_of as line_in

from .lines import JSID, KEY, normal
from .values import is_duration, stamp, utc_time

Json = dict[str, Any]
_SIGNED: Final = re.compile(r"([+-]?)(P.*)\Z")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,50}\Z")


def alerts_of(parts: Sequence[Component]) -> tuple[Json, list[Component]]:
    """The alarms of a component as alerts by their ids, and those that cannot be told."""
    found: Json = {}
    kept = []
    number = 0
    for part in parts:
        alert, given = _alert(part), part.text(JSID)
        key = given or f"VALARM-{number + 1}"
        told = alert is not None and bool(KEY.match(key)) and key not in found
        if alert is None or not told or _said(alarm_of(key, alert, plain=not given)) != _said(part):
            kept.append(part)
            continue
        found[key] = alert
        number += not given
    return found, kept


def _alert(part: Component) -> Json | None:
    trigger, action = part.first("TRIGGER"), part.first("ACTION")
    if part.parts or trigger is None or action is None or not _WORD.match(action.value):
        return None
    how = _trigger(trigger)
    if how is None or action.params:
        return None
    found: Json = {"@type": "Alert", "trigger": how, "action": action.value.lower()}
    kept = [line for line in part.lines if line is not trigger and line is not action and line.name != JSID]
    seen = part.first("ACKNOWLEDGED")
    utc = utc_time(seen.value) if seen is not None and not seen.params else None
    if seen is not None and utc is not None:
        found["acknowledged"] = utc
        kept = [line for line in kept if line is not seen]
    if kept:
        found["iCalendar"] = {
            "@type": "ICalComponent",
            "name": "valarm",
            "properties": [entry_of(each) for each in kept],
        }
    return found


def _trigger(line: Line) -> Json | None:
    if line.params.keys() - {"VALUE", "RELATED"}:
        return None
    utc = utc_time(line.value)
    if utc is not None:
        return {"@type": "AbsoluteTrigger", "when": utc}
    found = _SIGNED.match(line.value.upper())
    if found is None or not is_duration(found[2]):
        return None
    offset = f"{found[1] if found[1] == '-' else ''}{found[2]}"
    how: Json = {"@type": "OffsetTrigger", "offset": offset}
    return {**how, "relativeTo": "end"} if line.param("RELATED").upper() == "END" else how


def _said(part: Component | None) -> Any:
    """What an alarm says."""
    if part is None:
        return None
    return sorted((repr(_normal(line)) for line in part.lines), key=str)


def _normal(line: Line) -> tuple[Any, ...]:
    if line.name == "TRIGGER" and line.params.get("RELATED", ("START",))[0].upper() == "START":
        line = line._replace(params={name: each for name, each in line.params.items() if name != "RELATED"})
    if line.name == "TRIGGER":
        line = line._replace(value=line.value.upper().removeprefix("+"))
    group, name, params, value = normal(line)
    return group, name, sorted(params), value


def alarm_of(key: str, alert: Mapping[str, Any], *, plain: bool) -> Component | None:
    """The VALARM of an alert; None: it cannot be said. `plain`: its id need not be written down."""
    trigger = alert.get("trigger") or {}
    lines = [Line("ACTION", {}, str(alert.get("action", "display")).upper(), 0)]
    if trigger.get("@type") == "AbsoluteTrigger" or "when" in trigger:
        lines.append(Line("TRIGGER", {"VALUE": ("DATE-TIME",)}, stamp(str(trigger.get("when"))), 0))
    elif isinstance(trigger.get("offset"), str):
        params = {"RELATED": ("END",)} if trigger.get("relativeTo") == "end" else {}
        lines.append(Line("TRIGGER", params, trigger["offset"].lstrip("+"), 0))
    else:
        return None
    if alert.get("acknowledged"):
        lines.append(Line("ACKNOWLEDGED", {}, stamp(str(alert["acknowledged"])), 0))
    kept = [line_in(each) for each in (alert.get("iCalendar") or {}).get("properties") or ()]
    if not plain:
        lines.append(Line(JSID, {}, key, 0))
    return Component("VALARM", 0, [*lines, *kept])


def alarms_of(alerts: Mapping[str, Mapping[str, Any]]) -> Iterator[Component]:
    """The alarms; an id that is not the usual one of its place is written down."""
    number = 0
    for key, alert in alerts.items():
        plain = key == f"VALARM-{number + 1}"
        number += plain
        made = alarm_of(key, alert, plain=plain)
        if made is not None:
            yield made
