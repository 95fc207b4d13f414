"""What is told of tasks, notes and entries of journals. MS-OXWSTASK §2.2.4.6."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.ews import recurrence
from connectors.ews.calendar_fields import OBJECT, moment_of
from connectors.ews.fields import Field, strings
from connectors.ews.mail_fields import body_xml
from connectors.ews.things import One
from groupware.model.content import Component, parse
from groupware.model.errors import Malformed

STATUSES: Final = {
    "needs-action": "NotStarted",
    "in-process": "InProgress",
    "completed": "Completed",
    "cancelled": "Deferred",
    "failed": "Deferred",
}


def _day(one: One, name: str) -> datetime | None:
    """The day that a task begins or is due on, at midnight UTC, as Exchange has it."""
    text = str(one.json.get(name) or "")[:10]
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
    except ValueError:
        return None


def done(task: Mapping[str, Any]) -> bool:
    """Whether it is done."""
    return task.get("progress") == "completed" or task.get("percentComplete") == 100


def _status(one: One) -> str:
    if done(one.json):
        return "Completed"
    said = STATUSES.get(str(one.json.get("progress")), "")
    return said or ("InProgress" if one.json.get("percentComplete") else "NotStarted")


def _percent(one: One) -> int:
    return 100 if done(one.json) else int(one.json.get("percentComplete") or 0)


TASK: Final[Mapping[str, Field]] = {
    **OBJECT,
    "item:ItemClass": Field(lambda one: "IPM.Task"),
    "item:ReminderIsSet": Field(lambda one: bool(one.json.get("alerts"))),
    "item:ReminderDueBy": Field(lambda one: _alarm(one)),
    "calendar:UID": Field(lambda one: one.json.get("uid")),
    "task:CompleteDate": Field(lambda one: moment_of(one.json.get("progressUpdated")) if done(one.json) else None),
    "task:DueDate": Field(lambda one: _day(one, "due")),
    "task:IsComplete": Field(lambda one: done(one.json)),
    "task:IsRecurring": Field(lambda one: bool(one.json.get("recurrenceRules"))),
    "task:IsTeamTask": Field(lambda one: False),
    "task:Owner": Field(lambda one: one.facts.name if one.thing.folder.own else None),
    "task:PercentComplete": Field(_percent),
    "task:Recurrence": Field(lambda one: None, lambda one: recurrence.recurrence_xml(one.json)),
    "task:StartDate": Field(lambda one: _day(one, "start")),
    "task:Status": Field(_status),
}


def _alarm(one: One) -> datetime | None:
    for each in (one.json.get("alerts") or {}).values():
        found = moment_of((each.get("trigger") or {}).get("when"))
        if found is not None:
            return found
    return None


# --- notes and journals, which have no JSCalendar ---------------------------------------------------------------------


def part_of(one: One) -> Component:
    """The VJOURNAL, or whatever else was put there."""
    try:
        found = parse(one.octets)[0]
    except (Malformed, IndexError):
        return Component("VJOURNAL", 0, [])
    return next((part for part in found.parts if part.name != "VTIMEZONE"), found)


def _stamp(one: One, name: str) -> datetime | None:
    text = part_of(one).text(name).strip()
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) if text else None
    except ValueError:
        return None


_PLAIN: Final[Mapping[str, Field]] = {
    **OBJECT,
    "item:Subject": Field(lambda one: part_of(one).text("SUMMARY")),
    "item:Body": Field(lambda one: part_of(one).text("DESCRIPTION"), lambda one: _body(one)),
    "item:TextBody": Field(lambda one: part_of(one).text("DESCRIPTION")),
    "item:Sensitivity": Field(lambda one: "Private" if part_of(one).text("CLASS").upper() == "PRIVATE" else "Normal"),
    "item:DateTimeCreated": Field(lambda one: _stamp(one, "CREATED") or OBJECT["item:DateTimeReceived"].get(one)),
    "item:LastModifiedTime": Field(
        lambda one: _stamp(one, "LAST-MODIFIED") or OBJECT["item:DateTimeReceived"].get(one)
    ),
    "item:Categories": Field(lambda one: _categories(one), lambda one: _shown(one)),
}


def _categories(one: One) -> list[str]:
    return [each.strip() for line in part_of(one).all("CATEGORIES") for each in line.text.split(",") if each.strip()]


def _shown(one: One) -> Any:
    return strings(_categories(one))


def _body(one: One) -> Any:
    return body_xml(one, "", part_of(one).text("DESCRIPTION"))


NOTE: Final[Mapping[str, Field]] = {
    **_PLAIN,
    "item:ItemClass": Field(lambda one: "IPM.StickyNote"),
    "message:IsRead": Field(lambda one: True),
}
JOURNAL: Final[Mapping[str, Field]] = {**_PLAIN, "item:ItemClass": Field(lambda one: "IPM.Activity")}
