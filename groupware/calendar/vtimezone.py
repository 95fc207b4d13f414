"""A zone of the IANA database as VTIMEZONE. RFC 5545 §3.6.5, RFC 7808 §3.9."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from groupware.model.content import NO_PARAMS, Component, Line, serialized

from .zonedata import Change, Yearly, Zone, zone

LISTED: Final = 2_966_000_000 - 2_966_000_000 % 86_400
"""Up to then (2063) changes are listed one by one where a rule cannot say them."""
SINCE: Final = 0
"""From when on (1970) clients are told of changes."""
_USED: Final = re.compile(rb';TZID="?([^":;,\r\n]+)', re.IGNORECASE)
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_FIRST: Final = re.compile(rb"(?<=\n)BEGIN:", re.IGNORECASE)
_EPOCH: Final = datetime(1970, 1, 1)
_DAYS: Final = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")


@lru_cache(maxsize=700)
def vtimezone(name: str, low: int | None = SINCE, high: int | None = None) -> bytes | None:
    """The VTIMEZONE of a zone, cut off before `low` and from `high` on; None for a name that is none.

    `low`, `high`: seconds since 1970; None: not cut off.
    """
    found = zone(name)
    if found is None:
        return None
    lines = [_line("TZID", name)]
    if high is not None:
        lines.append(_line("TZUNTIL", _utc(high)))
    return serialized([Component("VTIMEZONE", 0, lines, list(_observances(found, low, high)))])


def calendar(name: str, low: int | None = None, high: int | None = None) -> bytes | None:
    """The same in a VCALENDAR of its own."""
    part = vtimezone(name, low, high)
    if part is None:
        return None
    return b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Postroom//Postroom//EN\r\n" + part + b"END:VCALENDAR\r\n"


def observances(name: str, low: int, high: int) -> Sequence[Change] | None:
    """The changes from `low` to before `high`, the one that holds at `low` first, as if it began then."""
    found = zone(name)
    return None if found is None else [_at(found, low), *(each for each in found.until(high) if each.at > low)]


def with_zones(octets: bytes) -> bytes:
    """A calendar object with the zones that it names and a client has left out; RFC 5545 §3.6.5 wants them."""
    if b"TZID=" not in octets or b"BEGIN:VTIMEZONE" in octets:
        return octets
    used = sorted({each.decode("utf-8", "replace") for each in _USED.findall(_FOLD.sub(b"", octets))})
    zones = b"".join(found for name in used if (found := vtimezone(name)) is not None)
    zones = zones if b"\r\n" in octets else zones.replace(b"\r\n", b"\n")
    at = _FIRST.search(octets)
    return octets[: at.start()] + zones + octets[at.start() :] if zones and at is not None else octets


def _at(found: Zone, low: int) -> Change:
    """What holds at a moment."""
    offset, summer, name = found.first
    for each in found.until(low + 1):
        offset, summer, name = each.after, each.summer, each.name
    return Change(low, offset, offset, summer, name)


def _observances(found: Zone, low: int | None, high: int | None) -> Iterator[Component]:
    rules = found.yearly if high is None and all(map(_plain, found.yearly)) else ()
    end = high if high is not None else LISTED
    every = list(found.changes) if rules else list(found.until(end))
    kept = [each for each in every if (low is None or each.at > low) and each.at < end]
    first = [_at(found, low)] if low is not None else []
    if not first and not kept and not rules:
        first = [Change(0, found.first[0], *found.first)]
    for same in _alike([*first, *kept]):
        yield _observance(same)
    for rule in rules:
        year = found.since
        while low is not None and rule.of(year).at <= low:
            year += 1
        yield _observance([rule.of(year)], _rrule(rule))


def _alike(changes: Iterable[Change]) -> Iterator[Sequence[Change]]:
    """Those that differ in nothing but their moment, together; in the order of the first of each."""
    groups: dict[tuple[object, ...], list[Change]] = {}
    for each in changes:
        groups.setdefault(each[1:], []).append(each)
    yield from groups.values()


def _observance(same: Sequence[Change], rule: str = "") -> Component:
    first = same[0]
    lines = [_line("DTSTART", _local(first)), _line("TZOFFSETFROM", _offset(first.before))]
    lines += [_line("TZOFFSETTO", _offset(first.after)), _line("TZNAME", first.name)]
    if rule:
        lines.append(_line("RRULE", rule))
    lines.extend(_line("RDATE", _local(each)) for each in same[1:])
    return Component("DAYLIGHT" if first.summer else "STANDARD", 0, lines)


def _plain(rule: Yearly) -> bool:
    """Whether it is on the very day that its week names, which RRULE can say."""
    return 0 <= rule.seconds < 86_400


def _rrule(rule: Yearly) -> str:
    week = -1 if rule.week == 5 else rule.week
    return f"FREQ=YEARLY;BYMONTH={rule.month};BYDAY={week}{_DAYS[rule.day]}"


def _line(name: str, value: str) -> Line:
    return Line(name, NO_PARAMS, value, 0)


def _local(each: Change) -> str:
    return (_EPOCH + timedelta(seconds=each.at + each.before)).strftime("%Y%m%dT%H%M%S").zfill(15)


def _utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def _offset(seconds: int) -> str:
    minutes, rest = divmod(abs(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}{minutes:02}{f'{rest:02}' if rest else ''}"
