"""Whether a series has the occurrence that a client names: InstanceId of ActiveSync, OccurrenceItemId of EWS."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from groupware.calendar.jscalendar.values import moment
from groupware.calendar.object import CalendarObject
from groupware.calendar.zones import local, utc_seconds

_NEAR: Final = 2 * 86_400
"""Seconds that a local time may be off that of UTC, and more."""


def is_taken_out(event: Mapping[str, Any], key: str) -> bool:
    """Whether the occurrence has been taken out of the series."""
    return bool(((event.get("recurrenceOverrides") or {}).get(key) or {}).get("excluded"))


def there_is(read: CalendarObject, event: Mapping[str, Any], key: str) -> bool:
    """Whether the rule gives one that local time, or an exception is named by it; `event`: the object as JSON."""
    override = (event.get("recurrenceOverrides") or {}).get(key)
    if override is not None:
        return not override.get("excluded")
    begin, wanted = read.series.begin, moment(key)
    if begin is None:
        return False
    at, zone = utc_seconds(wanted, None), begin.zone if begin.zone is not None else UTC
    found, complete = read.series.between(at - _NEAR, at + _NEAR)
    if complete is not None and complete <= at:
        return True  # farther away than is looked
    return any(local(each.key, UTC if each.floating else zone) == wanted for each in found)
