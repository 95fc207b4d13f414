"""Tasks and notes made and changed. MS-OXWSTASK, MS-OXWSPOST for notes."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.event_set import BOTH, Edit, Set, all_given, nothing, now_text, text_in
from connectors.ews.event_write import Remade, apart_new, made, remade, stored, told_object
from connectors.ews.extended import kept_octets
from connectors.ews.mail_put import target, told
from connectors.ews.mail_set import mime_in
from connectors.ews.task_fields import part_of
from connectors.ews.things import One
from connectors.ews.turn import Turn
from connectors.ews.wire import Xml, children, moment, number, words
from connectors.exchange.events import put
from connectors.exchange.kept import merged
from groupware.calendar.jscalendar.objects import calendar_of, changed, object_of
from groupware.calendar.jscalendar.shape import TASK as SHAPE
from groupware.calendar.jscalendar.shape import plain
from groupware.calendar.zones import known_zone
from groupware.mime.html import plain_text
from groupware.model.content import NO_PARAMS, Component, Line, escaped
from groupware.model.folder import Role
from groupware.model.ids import ItemId, ModSeq
from groupware.model.shape import Misshapen
from groupware.store.api import WriteTx
from groupware.store.overtaking import again, unchanged

Json = dict[str, Any]
_PROGRESS: Final = {
    "NotStarted": "needs-action",
    "InProgress": "in-process",
    "Completed": "completed",
    "WaitingOnOthers": "in-process",
    "Deferred": "needs-action",
}


def _day(name: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        text = text_in(element)
        if not text:
            edit.value.pop(name, None)
            return
        at = moment(text, name)
        zone = known_zone(edit.zone or "UTC") or UTC
        if at.tzinfo is not None and (at.astimezone(UTC).hour or at.astimezone(UTC).minute):
            at = at.astimezone(zone)
        edit.value |= {name: at.strftime("%Y-%m-%dT00:00:00"), "showWithoutTime": True, "timeZone": None}

    return work


def _status(edit: Edit, element: Element | None) -> None:
    said = text_in(element)
    put(edit.value, "progress", _PROGRESS.get(said))
    if said == "Completed":
        edit.value["percentComplete"] = 100
    elif edit.value.get("percentComplete") == 100:
        del edit.value["percentComplete"]


def _percent(edit: Edit, element: Element | None) -> None:
    text = text_in(element)
    found = number(text.partition(".")[0] or None, "PercentComplete", 0, 100) if text else None
    put(edit.value, "percentComplete", found)
    if found == 100:
        edit.value["progress"] = "completed"
    elif edit.value.get("progress") == "completed":
        put(edit.value, "progress", "in-process" if found else None)


def _completed(edit: Edit, element: Element | None) -> None:
    text = text_in(element)
    if not text:
        edit.value.pop("progressUpdated", None)
        return
    at = moment(text, "CompleteDate")
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    edit.value |= {"progress": "completed", "percentComplete": 100, "progressUpdated": now_text(at)}


def _uid(edit: Edit, element: Element | None) -> None:
    """Of a new task: the UID is what the task is, and stays."""
    if text_in(element) and "uid" not in edit.value:
        edit.value["uid"] = text_in(element)


def _alarm(name: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        edit.reminder[name] = text_in(element)

    return work


TASK: Final[Mapping[str, Set]] = {
    **BOTH,
    "StartDate": _day("start"),
    "DueDate": _day("due"),
    "Status": _status,
    "PercentComplete": _percent,
    "CompleteDate": _completed,
    "ReminderDueBy": _alarm("ReminderDueBy"),
    "UID": _uid,
    **dict.fromkeys(
        ("Owner", "IsComplete", "IsRecurring", "IsTeamTask", "ChangeCount", "DelegationState", "StatusDescription"),
        nothing,
    ),
}


def settle(edit: Edit) -> None:
    """When it reminds of itself."""
    said = edit.reminder
    if not said:
        return
    alerts = {key: each for key, each in (edit.value.get("alerts") or {}).items() if "when" not in each["trigger"]}
    if said.get("ReminderIsSet", "true").lower() in ("true", "1") and said.get("ReminderDueBy"):
        at = moment(said["ReminderDueBy"], "ReminderDueBy")
        when = now_text(at if at.tzinfo is not None else at.replace(tzinfo=UTC))
        alerts["reminder"] = {
            "@type": "Alert",
            "action": "display",
            "trigger": {"@type": "AbsoluteTrigger", "when": when},
        }
    elif said.get("ReminderIsSet", "true").lower() in ("false", "0"):
        alerts = {}
    else:
        alerts = dict(edit.value.get("alerts") or {})
    put(edit.value, "alerts", alerts)


def shaped(value: Json) -> Json:
    """The value, when it has the shape of a task. `EwsError`."""
    try:
        SHAPE(value)
    except Misshapen as error:
        raise EwsError("ErrorInvalidPropertyRequest", f"{error.way}: {error.why}") from None
    return value


async def create(turn: Turn, element: Element, saved: Element | None) -> str:
    """A new task. `EwsError`."""
    octets, name = mime_in(element), secrets.token_urlsafe(18) + ".ics"
    edit = Edit({"@type": "Task"}, turn.zone)
    if octets is None:
        all_given(edit, TASK, element)
        settle(edit)
        now = now_text(turn.parts.clock.now())
        value = shaped({"uid": str(uuid.uuid4()), "created": now, "updated": now, **edit.value})
        read, new = await made(turn, lambda: calendar_of(plain(value)), name)
    else:
        read, new = await stored(turn, octets, name)
        before = object_of(read)
        edit = Edit(dict(before), turn.zone)
        all_given(edit, TASK, element)
        settle(edit)
        if edit.value != before:
            value, sent = shaped(edit.value), read
            read, new = await made(turn, lambda: changed(sent, plain(value)), name)
    change = await apart_new(turn, lambda tx: target(tx, saved, Role.TASKS), read, new)
    return await appended(turn, change, saved, Role.TASKS, edit.kept, "Task")


async def appended(
    turn: Turn, new: Remade, saved: Element | None, role: Role, kept: Mapping[str, Any], kind: str
) -> Xml:
    """Puts a new object in; its id."""

    def work(tx: WriteTx) -> tuple[ItemId, ModSeq]:
        folder = target(tx, saved, role)
        item = new.append(tx, folder)
        octets = kept_octets(merged({}, kept))
        return item.id, tx.put_item_properties(folder.id, item.uid, octets) if octets else item.modseq

    return told(*await turn.write(work), kind)


async def update(turn: Turn, find: Callable[[], Any], do: Callable[[Edit], None]) -> Xml:
    """Does something to the task that `find` leads to, anew when somebody comes between; its id. `EwsError`."""

    async def once() -> Xml:
        one: One = await find()
        read = await told_object(turn, one.thing)
        now = object_of(read)
        edit = Edit(dict(now), turn.zone)
        do(edit)
        settle(edit)
        new = None
        if edit.value != now:
            value = shaped({**edit.value, "updated": now_text(turn.parts.clock.now())})
            new = await remade(turn, one.thing, lambda: changed(read, plain(value)))
        return await replaced(turn, one, new, edit.kept, "Task")

    return await again(once)


async def replaced(turn: Turn, one: One, new: Remade | None, kept: Mapping[str, Any], kind: str) -> Xml:
    """Puts an object in the place of one, and properties beside it; its id. `Overtaken`."""
    thing = one.thing

    def work(tx: WriteTx) -> tuple[ItemId, ModSeq]:
        unchanged(tx, thing.folder.id, thing.name, thing.blob)
        item = new.put(tx, thing) if new is not None else tx.item(thing.folder.id, thing.name)
        if kept:
            return item.id, tx.put_item_properties(thing.folder.id, item.uid, kept_octets(merged(one.kept, kept)))
        return item.id, item.modseq

    return told(*await turn.write(work), kind)


# --- notes ------------------------------------------------------------------------------------------------------------


def _body_of(element: Element | None) -> str:
    text = "" if element is None else element.text or ""
    html = element is not None and element.get("BodyType", "Text").upper() == "HTML"
    return plain_text(text).strip() if html else text


async def create_note(turn: Turn, element: Element, saved: Element | None) -> Xml:
    """A new note: a VJOURNAL. `EwsError`."""
    body = next((_body_of(each) for each in children(element, "Body")), "")
    title = (words(element, "Subject") or body.strip().partition("\n")[0])[:255]
    stamp = turn.parts.clock.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    lines = [
        ("UID", str(uuid.uuid4())),
        ("DTSTAMP", stamp),
        ("CREATED", stamp),
        ("LAST-MODIFIED", stamp),
        ("SUMMARY", escaped(title)),
        ("DESCRIPTION", escaped(body)),
    ]
    note = Component("VJOURNAL", 0, [Line(name, NO_PARAMS, value, 0) for name, value in lines])
    head = [Line("VERSION", NO_PARAMS, "2.0", 0), Line("PRODID", NO_PARAMS, "-//Postroom//Postroom//EN", 0)]
    whole = Component("VCALENDAR", 0, head, [note])
    read, new = await made(turn, lambda: whole, secrets.token_urlsafe(18) + ".ics")
    return await appended(turn, Remade(read, new), saved, Role.NOTES, {}, "Message")


async def update_note(turn: Turn, find: Callable[[], Any], changes: Mapping[str, Element | None]) -> Xml:
    """Changes the title, text or categories of a note, anew when somebody comes between; its id. `EwsError`."""
    unknown = next(
        (name for name in changes if name not in ("Subject", "Body", "Categories", "IsRead", "ItemClass")), None
    )
    if unknown is not None:
        raise EwsError("ErrorInvalidPropertySet", f"{unknown[:60]}: it cannot be set on a note")

    async def once() -> Xml:
        one: One = await find()
        read = await told_object(turn, one.thing)
        one.octets = read.octets
        part = part_of(one)
        lines = [line for line in part.lines if line.name not in _told(changes)]
        lines += [Line(name, NO_PARAMS, value, 0) for name, value in _told(changes).items() if value]
        whole = Component(
            "VCALENDAR",
            0,
            read.calendar.lines,
            [
                Component(each.name, 0, lines, each.parts) if each.name == part.name else each
                for each in read.calendar.parts
            ],
        )
        new = await remade(turn, one.thing, lambda: whole)
        return await replaced(turn, one, new, {}, "Message")

    return await again(once)


def _told(changes: Mapping[str, Element | None]) -> dict[str, str]:
    found = {}
    if "Subject" in changes:
        found["SUMMARY"] = escaped(text_in(changes["Subject"]))
    if "Body" in changes:
        found["DESCRIPTION"] = escaped(_body_of(changes["Body"]))
    if "Categories" in changes:
        found["CATEGORIES"] = ",".join(escaped(text_in(each)) for each in children(changes["Categories"]))
    return found
