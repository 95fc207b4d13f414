"""GetServerTimeZones: the zones that Windows has names for. MS-OXWSGTZ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.bounded_xml import Element, quoted
from connectors.ews.turn import Turn
from connectors.ews.wire import (
    Xml,
    child,
    children,
    message,
    response,
    success,
    tag,
)
from connectors.exchange.windows_zones import iana_of, windows_names
from groupware.calendar.zones import known_zone


async def get_server_time_zones(turn: Turn, element: Element) -> str:
    """`GetServerTimeZones`: the zones that Windows has names for; all of them with this year's changes."""
    asked = [each_.text or "" for each_ in children(child(element, "Ids"))]
    names = windows_names() if not asked else [name for name in windows_names() if name in asked]
    full = element.get("ReturnFullTimeZoneData", "false").lower() == "true"
    year = turn.parts.clock.now().year
    rows = "".join(_definition(name, year, full=full) for name in names)
    return response("GetServerTimeZones", [success("GetServerTimeZones", message("TimeZoneDefinitions", rows))])


def _definition(name: str, year: int, *, full: bool) -> str:
    shown = f'Id="{quoted(name)}" Name="{quoted(name)}"'
    zone = known_zone(iana_of(name) or "UTC")
    if not full or zone is None:
        return f"<t:TimeZoneDefinition {shown}/>"
    winter, summer = (datetime(year, month, 15, tzinfo=zone).utcoffset() or timedelta(0) for month in (1, 7))
    base = min(winter, summer)
    periods = [("Standard", base)] + ([("Daylight", max(winter, summer))] if winter != summer else [])
    rows = "".join(f'<t:Period Bias="{_bias(offset)}" Name="{kind}" Id="{kind}"/>' for kind, offset in periods)
    group = "".join(
        tag(
            "RecurringDayTransition",
            Xml(
                f'<t:To Kind="Period">{kind}</t:To>{tag("TimeOffset", _clock(minutes))}{tag("Month", month)}'
                f"{tag('DayOfWeek', 'Sunday')}{tag('Occurrence', nth)}"
            ),
        )
        for kind, month, nth, minutes in _changes(zone, year, base)
    )
    if not group:
        group = '<t:Transition><t:To Kind="Period">Standard</t:To></t:Transition>'
    return (
        f"<t:TimeZoneDefinition {shown}><t:Periods>{rows}</t:Periods><t:TransitionsGroups>"
        f'<t:TransitionsGroup Id="0">{group}</t:TransitionsGroup></t:TransitionsGroups><t:Transitions>'
        '<t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions></t:TimeZoneDefinition>'
    )


def _bias(offset: timedelta) -> str:
    minutes = -int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else ""
    return f"{sign}PT{abs(minutes) // 60}H{abs(minutes) % 60}M"


def _clock(minutes: int) -> str:
    return f"PT{minutes // 60}H{minutes % 60}M"


def _changes(zone: Any, year: int, base: timedelta) -> list[tuple[str, int, int, int]]:
    """(period, month, nth Sunday, minutes of the day) of the changes in a year, where they are on a Sunday."""
    found = []
    at = datetime(year, 1, 1, tzinfo=zone)
    before = at.utcoffset()
    for hours in range(1, 366 * 24):
        now = datetime.fromtimestamp(at.timestamp() + hours * 3600, zone)
        if now.year != year:
            break
        if now.utcoffset() != before:
            here = datetime.fromtimestamp(now.timestamp(), UTC).replace(tzinfo=None) + (before or timedelta(0))
            nth = -1 if (here + timedelta(days=7)).month != here.month else (here.day - 1) // 7 + 1
            if here.isoweekday() == 7:
                kind = "Standard" if now.utcoffset() == base else "Daylight"
                found.append((kind, here.month, nth, here.hour * 60 + here.minute))
            before = now.utcoffset()
    return found
