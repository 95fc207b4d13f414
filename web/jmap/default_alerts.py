"""The alerts of events that use those of their calendar: CalDAV's default alarms, each person's own.

`defaultAlertsWithTime` and `defaultAlertsWithoutTime` of draft-ietf-jmap-calendars; CalDAV keeps the text of VALARMs.
"""

from __future__ import annotations

from typing import Any, Final

from groupware.calendar.jscalendar.alerts import alarms_of, alerts_of
from groupware.calendar.jscalendar.shape import ALERTS
from groupware.model.content import parse, serialized
from groupware.model.errors import Malformed

_MOST: Final = 20
"""Alerts of one calendar."""
_LONGEST: Final = 10_000
"""Characters of the text that is kept."""


def alerts_in(text: str) -> dict[str, Any] | None:
    """The alerts that a text of VALARMs has; None: there are none, or none that can be told.

    Programs say that there are none by an alarm whose action is NONE.
    """
    try:
        parts = parse(text.replace("&#13;", "").encode())
    except Malformed:
        return None
    found, _ = alerts_of([part for part in parts if part.name == "VALARM"])
    return {key: each for key, each in found.items() if each["action"] != "none"} or None


def alerts_text(value: Any) -> str:
    """The VALARMs of alerts. `ValueError`."""
    if not isinstance(value, dict) or len(value) > _MOST:
        raise ValueError(f"alerts by their ids, {_MOST} at most, or null are wanted")
    ALERTS(value)
    made = list(alarms_of(value))
    if len(made) < len(value):
        raise ValueError("an alert has a trigger with an offset, or with a time")
    text = serialized(made).decode()
    if len(text) > _LONGEST:
        raise ValueError(f"alerts of at most {_LONGEST} characters together are wanted")
    return text.replace("\r\n", "\n")
