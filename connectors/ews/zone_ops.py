"""GetServerTimeZones: the zones that Windows has names for. MS-OXWSGTZ."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from connectors.bounded_xml import Element, quoted
from connectors.ews.turn import Turn
from connectors.ews.wire import Xml, child, children, message, response, success, tag
from connectors.exchange.turning import Turned, is_last, offset_at, turned, week_of
from connectors.exchange.windows_zones import iana_of, windows_names
from groupware.calendar.zones import known_zone

_DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


async def get_server_time_zones(turn: Turn, element: Element) -> str:
    """`GetServerTimeZones`; `ReturnFullTimeZoneData`: with the changes of this year."""
    asked = {each.text or "" for each in children(child(element, "Ids"))}
    full = element.get("ReturnFullTimeZoneData", "false").lower() == "true"
    year = turn.parts.clock.now().year
    rows = await asyncio.to_thread(_definitions, frozenset(asked & set(windows_names())) if asked else None, year, full)
    return response("GetServerTimeZones", [success("GetServerTimeZones", message("TimeZoneDefinitions", rows))])


@lru_cache(maxsize=4)
def _all(year: int, full: bool) -> str:
    """The definitions of every zone: a large answer, and the same for everybody."""
    return "".join(_definition(name, year, full) for name in windows_names())


def _definitions(asked: frozenset[str] | None, year: int, full: bool) -> str:
    if asked is None:
        return _all(year, full)
    return "".join(_definition(name, year, full) for name in windows_names() if name in asked)


@lru_cache(maxsize=1000)
def _definition(name: str, year: int, full: bool) -> str:
    shown = f'Id="{quoted(name)}" Name="{quoted(name)}"'
    zone = known_zone(iana_of(name) or "UTC")
    if not full or zone is None:
        return f"<t:TimeZoneDefinition {shown}/>"
    changes = list(turned(zone, year))
    base = min([each.offset for each in changes] or [offset_at(zone, datetime(year, 1, 1))])
    periods = {"Standard": base} | ({"Daylight": max(each.offset for each in changes)} if changes else {})
    rows = "".join(f'<t:Period Bias="{_bias(offset)}" Name="{kind}" Id="{kind}"/>' for kind, offset in periods.items())
    group = "".join(_transition(each, base) for each in changes)
    group = group or '<t:Transition><t:To Kind="Period">Standard</t:To></t:Transition>'
    return (
        f"<t:TimeZoneDefinition {shown}><t:Periods>{rows}</t:Periods><t:TransitionsGroups>"
        f'<t:TransitionsGroup Id="0">{group}</t:TransitionsGroup></t:TransitionsGroups><t:Transitions>'
        '<t:Transition><t:To Kind="Group">0</t:To></t:Transition></t:Transitions></t:TimeZoneDefinition>'
    )


def _transition(each: Turned, base: timedelta) -> str:
    """A change on the nth day of the week in a month; -1: the last."""
    here, kind = each.at, "Standard" if each.offset == base else "Daylight"
    return tag(
        "RecurringDayTransition",
        Xml(f'<t:To Kind="Period">{kind}</t:To>')
        + tag("TimeOffset", f"PT{here.hour}H{here.minute}M")
        + tag("Month", here.month)
        + tag("DayOfWeek", _DAYS[here.isoweekday() % 7])
        + tag("Occurrence", -1 if is_last(here) else week_of(here)),
    )


def _bias(offset: timedelta) -> str:
    minutes = -int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else ''}PT{abs(minutes) // 60}H{abs(minutes) % 60}M"
