"""Sync of tasks. MS-ASTASK."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.activesync.element import Element, el
from connectors.activesync.exchange import Exchange
from connectors.activesync.pim import fields, recurrence, shelf
from connectors.activesync.pim.event_told import zone_in
from connectors.activesync.pim.events import now_text
from connectors.activesync.sync.kinds import Asked, Done, Kinds
from connectors.activesync.sync.options import Options
from connectors.activesync.times import long_time, read_time, seconds_of
from connectors.exchange import events
from connectors.exchange.regenerating import OVER, REGENERATES, is_so, set_so
from groupware.calendar.jscalendar.objects import calendar_of, changed, object_of
from groupware.calendar.jscalendar.shape import TASK, plain
from groupware.calendar.jscalendar.values import moment
from groupware.calendar.object import read_object
from groupware.calendar.series import Zones
from groupware.calendar.zones import local, utc_seconds
from groupware.model.content import serialized
from groupware.model.errors import Malformed
from groupware.model.folder import Folder

Json = dict[str, Any]
_FORM: Final = "%Y-%m-%dT%H:%M:%S"
_TIMES: Final = {"start": ("StartDate", "UtcStartDate"), "due": ("DueDate", "UtcDueDate")}
_BESIDE: Final = {"Tasks:Regenerate": REGENERATES, "Tasks:DeadOccur": OVER}
_PRIORITIES: Final = {0: 9, 1: 5, 2: 1}


def importance(task: Mapping[str, Any]) -> int:
    """0 low, 1 usual, 2 high."""
    priority = int(task.get("priority") or 5)
    return 2 if priority < 5 else 0 if priority > 5 else 1


def reminder(task: Mapping[str, Any]) -> str:
    """When the first alarm at a moment of its own rings; "" where there is none."""
    for each in (task.get("alerts") or {}).values():
        when = (each.get("trigger") or {}).get("when")
        if when:
            return str(when).partition(".")[0].rstrip("Z") + ".000Z"
    return ""


def told(task: Json, zones: Zones, version: int, options: Options) -> Element:
    """The ApplicationData of a task."""
    done = task.get("progress") == "completed"
    finished = str(task.get("progressUpdated") or task.get("updated") or "1970-01-01T00:00:00Z")
    rules = task.get("recurrenceRules") or ()
    begin = task.get("start") or task.get("due")
    rule: list[Element] = []
    if rules and begin:
        rule = recurrence.told("Tasks", rules, moment(str(begin)), zone_in(task, zones), version)
    if rule:
        rule.insert(1, el("Tasks:Start", long_time(utc_seconds(moment(str(begin)), None))))
        rule += [el(name, 1) for name, line in _BESIDE.items() if is_so(task, line)]
    rings = reminder(task)
    html, plain = events.description_of(task)
    return el(
        "AirSync:ApplicationData",
        el("Tasks:Subject", str(task.get("title") or "")),
        fields.body(plain, options, html),
        el("Tasks:Complete", done),
        el("Tasks:DateCompleted", finished.partition(".")[0].rstrip("Z") + ".000Z") if done else None,
        *_dates(task, zones),
        el("Tasks:Importance", importance(task)),
        el("Tasks:Sensitivity", events.sensitivity_of(task)),
        el("Tasks:ReminderSet", bool(rings)),
        el("Tasks:ReminderTime", rings) if rings else None,
        el("Tasks:Recurrence", rule) if rule else None,
        fields.categories("Tasks", task.get("keywords")),
    )


def _dates(task: Mapping[str, Any], zones: Zones) -> list[Element]:
    found = []
    for member, (plain_name, utc_name) in _TIMES.items():
        if task.get(member):
            at = moment(str(task[member]))
            found.append(el(f"Tasks:{plain_name}", long_time(utc_seconds(at, None))))
            found.append(el(f"Tasks:{utc_name}", long_time(utc_seconds(at, zone_in(task, zones)))))
    return found


def taken(task: Json, data: Element, zones: Zones, *, new: bool = False) -> Json:
    """The task with what a device says. ValueError."""
    value = {**task}
    fields.take_text(data, "Tasks:Subject", value, "title")
    fields.take_description(data, value)
    fields.take_sensitivity("Tasks", data, value)
    fields.take_categories("Tasks", data, value)
    _take_dates(value, data, zones)
    if data.child("Tasks:Importance") is not None and data.number("Tasks:Importance", 1) != importance(task):
        value["priority"] = _PRIORITIES.get(data.number("Tasks:Importance", 1), 5)
    _take_progress(value, data, new=new)
    _take_reminder(value, data)
    said = data.child("Tasks:Recurrence")
    if said is not None:
        _take_rule(value, said, zones)
    return {name: each for name, each in value.items() if each is not None or name == "timeZone"}


def _take_dates(value: Json, data: Element, zones: Zones) -> None:
    before = {each.name: each.text for each in _dates(value, zones)}
    for member, (plain_name, utc_name) in _TIMES.items():
        said = data.child(f"Tasks:{plain_name}") or data.child(f"Tasks:{utc_name}")
        if said is None:
            continue
        if not said.text.strip():
            value[member] = None
            continue
        at = read_time(said.text)
        if at is None:
            raise ValueError(f"{said.name} is no time")
        if said.name in before and read_time(before[said.name]) == at:
            continue
        zone = None if said.name.endswith(plain_name) and "Utc" not in said.name else zone_in(value, zones)
        found = local(seconds_of(at), zone)
        if not value.get("start") and not value.get("due"):
            value["timeZone"] = None
            if not (found.hour or found.minute or found.second):
                value["showWithoutTime"] = True
        if found.hour or found.minute or found.second:
            value.pop("showWithoutTime", None)
        value[member] = found.strftime(_FORM).rjust(19, "0")


def _take_progress(value: Json, data: Element, *, new: bool) -> None:
    if data.child("Tasks:Complete") is None:
        return
    done = data.flag("Tasks:Complete")
    if done == (value.get("progress") == "completed") and not new:
        return
    if done:
        at = read_time(data.value("Tasks:DateCompleted"))
        value["progress"] = "completed"
        value["percentComplete"] = 100
        if at is not None:
            value["progressUpdated"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif value.get("progress") == "completed":
        value["progress"] = "needs-action"
        value["percentComplete"] = value["progressUpdated"] = None


def _take_reminder(value: Json, data: Element) -> None:
    if data.child("Tasks:ReminderSet") is None:
        return
    at = read_time(data.value("Tasks:ReminderTime")) if data.flag("Tasks:ReminderSet") else None
    wanted = at.strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else ""
    if wanted == reminder(value).replace(".000", ""):
        return
    alerts = {
        key: each for key, each in (value.get("alerts") or {}).items() if not (each.get("trigger") or {}).get("when")
    }
    if wanted:
        trigger = {"@type": "AbsoluteTrigger", "when": wanted}
        alerts[f"VALARM-{len(alerts) + 1}"] = {"@type": "Alert", "trigger": trigger, "action": "display"}
    value["alerts"] = alerts or None


def _take_rule(value: Json, said: Element, zones: Zones) -> None:
    for name, line in _BESIDE.items():
        set_so(value, line, so=said.flag(name))
    if not said.children:
        value["recurrenceRules"] = None
        return
    begin = value.get("start") or value.get("due")
    at = read_time(said.value("Tasks:Start"))
    if begin is None and at is not None:
        value["start"] = begin = local(seconds_of(at), None).strftime(_FORM).rjust(19, "0")
        value.setdefault("timeZone", None)
    rules = value.get("recurrenceRules") or ()
    was = recurrence.told("Tasks", rules, moment(str(begin)), zone_in(value, zones), 161) if rules and begin else []
    known = {each.name: each.text for each in was}
    if was and all(known.get(each.name, each.text) == each.text for each in said.children if each.text):
        return
    if not value.get("start"):
        value["start"] = value.get("due")
    value["recurrenceRules"] = [recurrence.read("Tasks", said, zone_in(value, zones))]


# --- Sync -------------------------------------------------------------------------------------------------------------


async def render(exchange: Exchange, at: Folder, items: Sequence[int], options: Options) -> Mapping[int, Element]:
    """Those of these tasks that are in the folder."""
    stored = await shelf.read_objects(exchange, at, items)

    def work() -> dict[int, Element]:
        found = {}
        for each in stored:
            try:
                read = read_object(each.octets)
                task = object_of(read)
                if task["@type"] == "Task":
                    found[each.item] = told(task, read.zones, exchange.version, options)
            except (Malformed, ValueError, KeyError, TypeError, OverflowError):
                continue
        return found

    return await asyncio.to_thread(work)


async def add(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Puts a new task in."""
    now = now_text(exchange)

    def make() -> bytes:
        made: Json = {"@type": "Task", "uid": f"urn:uuid:{asked.ident}", "created": now, "updated": now}
        value = plain(taken(made, asked.data, {}, new=True))
        TASK(value)
        return serialized([calendar_of(value)])

    return await shelf.added(exchange, at, make)


async def change(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Changes a task. `NotFound`, `NoRight`."""
    now = now_text(exchange)

    def make(octets: bytes) -> bytes:
        read = read_object(octets)
        task = object_of(read)
        value = plain(taken(task, asked.data, read.zones))
        if value == plain(task):
            return octets
        value = {**value, "updated": now}
        TASK(value)
        return serialized([changed(read, value)])

    return await shelf.changed(exchange, at, asked, make)


async def delete(exchange: Exchange, at: Folder, asked: Asked) -> Done:
    """Takes a task away. `NotFound`, `NoRight`."""
    return await shelf.taken_away(exchange, at, asked.item)


TASKS: Final = Kinds("Tasks", render, add, change, delete)
