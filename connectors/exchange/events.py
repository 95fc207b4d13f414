"""What ActiveSync and EWS both say of an event or task in JSCalendar: how busy, for whom, when it rings, in what words.

Each of these may say less than what is stored. What is set to what it says already changes nothing, so that nothing is
lost. Exchange's numbers and words are those of MS-OXCDATA.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from groupware.calendar.jscalendar.values import duration_text
from groupware.calendar.values import duration
from groupware.mime.html import plain_text
from groupware.model.content import escaped, unescaped

Json = dict[str, Any]
BUSY: Final = ("Free", "Tentative", "Busy", "OOF", "WorkingElsewhere")
"""BusyStatus, by its number."""
SENSITIVITY: Final = ("Normal", "Personal", "Private", "Confidential")
"""Sensitivity, by its number."""
_BUSY_LINE: Final = "x-microsoft-cdo-busystatus"
_HTML_LINE: Final = "x-alt-desc"
_PRIVACY: Final = {"private": 2, "secret": 3}
_PRIVACIES: Final = {1: "private", 2: "private", 3: "secret"}


def put(value: Json, name: str, said: Any) -> None:
    """Sets a member; what says nothing takes it away."""
    if said in (None, "", {}, []):
        value.pop(name, None)
    else:
        value[name] = said


# --- lines that JSCalendar has no member for --------------------------------------------------------------------------


def line_in(value: Mapping[str, Any], name: str) -> str:
    """The value of a line that is kept beside the members, as it is written; "" where there is none."""
    for each in (value.get("iCalendar") or {}).get("properties") or ():
        if each[0] == name:
            return str(each[3])
    return ""


def put_line(value: Json, name: str, said: str, **parameters: str) -> None:
    """Sets a line that is kept beside the members; "" takes it away."""
    kind = "vtodo" if value.get("@type") == "Task" else "vevent"
    beside = dict(value.get("iCalendar") or {"@type": "ICalComponent", "name": kind})
    lines = [each for each in beside.get("properties") or () if each[0] != name]
    put(beside, "properties", [*lines, [name, parameters, "unknown", said]] if said else lines)
    put(value, "iCalendar", beside if beside.keys() - {"@type", "name"} else None)


# --- how busy ---------------------------------------------------------------------------------------------------------


def busy_of(event: Mapping[str, Any]) -> int:
    """BusyStatus: what a program of this world has written, as far as it fits what iCalendar says."""
    word = line_in(event, _BUSY_LINE).upper()
    if event.get("freeBusyStatus") == "free":
        return 4 if word == "WORKINGELSEWHERE" else 0
    if word in ("TENTATIVE", "OOF", "WORKINGELSEWHERE"):
        return [each.upper() for each in BUSY].index(word)
    return 1 if event.get("status") == "tentative" else 2


def set_busy(event: Json, number: int) -> None:
    """Sets BusyStatus."""
    if not 0 <= number < len(BUSY) or number == busy_of(event):
        return
    put(event, "freeBusyStatus", "free" if number in (0, 4) else None)
    if number == 1:
        event["status"] = "tentative"
    elif event.get("status") == "tentative":
        del event["status"]
    put_line(event, _BUSY_LINE, BUSY[number].upper() if number in (3, 4) else "")


# --- who may see it ---------------------------------------------------------------------------------------------------


def sensitivity_of(value: Mapping[str, Any]) -> int:
    """Sensitivity."""
    return _PRIVACY.get(str(value.get("privacy")), 0)


def set_sensitivity(value: Json, number: int) -> None:
    """Sets Sensitivity; `Personal` and `Private` are one."""
    if _PRIVACIES.get(number) != _PRIVACIES.get(sensitivity_of(value)):
        put(value, "privacy", _PRIVACIES.get(number))


# --- when it rings ----------------------------------------------------------------------------------------------------


def _minutes(alert: Mapping[str, Any]) -> int | None:
    """Minutes before the start at which an alert is shown."""
    trigger = alert.get("trigger") or {}
    offset = str(trigger.get("offset") or "")
    if not offset or trigger.get("relativeTo") == "end" or alert.get("action", "display") != "display":
        return None
    try:
        minutes = int(duration(offset.lstrip("-+")).total_seconds()) // 60
    except ValueError:
        return None
    return minutes if offset.startswith("-") or not minutes else None


def minutes_before(value: Mapping[str, Any]) -> int | None:
    """Minutes before the start at which the first alert of that kind is shown; None: there is none."""
    return next((found for each in (value.get("alerts") or {}).values() if (found := _minutes(each)) is not None), None)


def set_minutes(value: Json, minutes: int | None) -> None:
    """Lets it ring so many minutes before, or, None, not at all; alerts of other kinds stay."""
    if minutes == minutes_before(value):
        return
    alerts: Json = dict(value.get("alerts") or {})
    shown = [key for key, each in alerts.items() if _minutes(each) is not None]
    if minutes is None:
        put(value, "alerts", {key: each for key, each in alerts.items() if key not in shown})
        return
    key = shown[0] if shown else "VALARM-1" if "VALARM-1" not in alerts else "reminder"
    old = alerts.get(key) or {"@type": "Alert", "action": "display"}
    offset = f"-{duration_text(timedelta(minutes=minutes))}" if minutes else "PT0S"
    value["alerts"] = {**alerts, key: {**old, "trigger": {"@type": "OffsetTrigger", "offset": offset}}}


# --- in which words ---------------------------------------------------------------------------------------------------


def same_text(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but white space at the ends of lines."""
    first, second = ([line.rstrip() for line in each.strip().splitlines()] for each in (one, other))
    return first == second


def description_of(value: Mapping[str, Any]) -> tuple[str, str]:
    """(HTML, plain text); HTML of an older text, which another program has changed since, is none."""
    plain = str(value.get("description") or "")
    if value.get("descriptionContentType") == "text/html":
        return plain, plain_text(plain).strip()
    html = unescaped(line_in(value, _HTML_LINE))
    return (html if html and same_text(plain_text(html), plain) else ""), plain


def set_description(value: Json, text: str, *, html: bool) -> None:
    """Sets the text. HTML stands beside its plain text, in X-ALT-DESC, as Outlook writes it."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = plain_text(text).strip() if html else text.strip()
    put(value, "description", plain)
    value.pop("descriptionContentType", None)
    rich = html and bool(plain)
    put_line(value, _HTML_LINE, escaped(text) if rich else "", **({"fmttype": "text/html"} if rich else {}))
