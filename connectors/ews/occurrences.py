"""Occurrences of an event, by the local time that its rule gives each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from groupware.calendar.jscalendar.objects import occurrence_base
from groupware.calendar.jscalendar.values import moment, zone_of
from groupware.calendar.values import duration
from groupware.calendar.zones import local, utc_seconds
from groupware.model.patches import patched

Json = dict[str, Any]


def recurs(event: Mapping[str, Any]) -> bool:
    """Whether there is more than one."""
    return bool(event.get("recurrenceRules") or event.get("recurrenceOverrides"))


def occurrence(event: Json, key: str) -> Json | None:
    """One occurrence; None: it is taken out, or there is none."""
    patch = (event.get("recurrenceOverrides") or {}).get(key, {})
    if patch.get("excluded") or not recurs(event):
        return None
    return patched({**occurrence_base(event), "start": key}, patch)


def zone_in(event: Mapping[str, Any], other: str | None, zones: Mapping[str, tzinfo]) -> tzinfo:
    """The zone that it is in, of the database or its own (`zones`); of what floats that of who looks."""
    try:
        return zone_of(event.get("timeZone") or other or "Etc/UTC", zones) or ZoneInfo("UTC")
    except ValueError:
        return ZoneInfo("UTC")


def start_of(event: Mapping[str, Any], zone: tzinfo) -> int:
    """When it begins: seconds since 1970."""
    return utc_seconds(moment(str(event["start"])), zone)


def end_of(event: Mapping[str, Any], zone: tzinfo) -> int:
    """When it ends: seconds since 1970. Days are days of the calendar."""
    begin = moment(str(event["start"]))
    lasts = duration(event.get("duration") or "PT0S")
    if lasts.days and not lasts.seconds:
        return utc_seconds(begin + lasts, zone)
    return utc_seconds(begin, zone) + int(lasts.total_seconds())


def key_at(seconds: int, zone: tzinfo) -> str:
    """The local time of a moment, as keys of occurrences have it."""
    return local(seconds, zone).strftime("%Y-%m-%dT%H:%M:%S")


def local_moment(text: str) -> datetime:
    """A local date-time without its zone."""
    return moment(text)
