"""TIME_ZONE_INFORMATION: a zone in 172 octets, which name no zone of the IANA database. MS-ASDTYPE §2.7.6.

Bias, StandardName, StandardDate, StandardBias, DaylightName, DaylightDate, DaylightBias. What the server writes has the
IANA name in StandardName where it fits, and comes back as the same zone; what others write is that zone of the database
whose rules for a year are those, the one that most people live in first. A zone that only an object knows is told with
its rules of a year.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from struct import Struct
from typing import Final

from connectors.exchange.turning import is_last, offset_at, turned, week_of
from connectors.exchange.windows_zones import iana_of
from groupware.calendar.zonedata import Yearly, names, zone

_FORM: Final = Struct("<l64s8Hl64s8Hl")
OCTETS: Final = _FORM.size
_NAME: Final = 32
"""Characters of a name; a shorter one ends with a zero."""
_LIKELY: Final[Sequence[str]] = (
    "UTC",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Athens",
    "Europe/Moscow",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Halifax",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Bogota",
    "America/Caracas",
    "America/Mexico_City",
    "Pacific/Honolulu",
    "Asia/Jerusalem",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Asia/Tehran",
    "Asia/Kabul",
    "Asia/Yangon",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Darwin",
    "Australia/Brisbane",
    "Australia/Perth",
    "Pacific/Auckland",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Cairo",
    "Atlantic/Azores",
    "America/Santiago",
    "America/Asuncion",
    "Pacific/Chatham",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a blob says: minutes that local time is behind UTC, and when they change."""

    bias: int
    standard: tuple[int, ...] = (0,) * 8
    """Year (0: every year), month, day of the week (0 Sunday), week (5 the last), hour, minute, second, millisecond."""
    standard_bias: int = 0
    daylight: tuple[int, ...] = (0,) * 8
    daylight_bias: int = 0

    @property
    def plain(self) -> Rules:
        """Without what makes no difference."""
        if not self.standard[1] or not self.daylight[1]:
            return Rules(self.bias + self.standard_bias)
        return self


UTC: Final = Rules(0)


@lru_cache(maxsize=2048)
def rules_of(name: str) -> Rules | None:
    """Those of a zone as they are for good; None for a name that is none."""
    found = zone(name)
    if found is None:
        return None
    if len(found.yearly) == 2:
        summer = next((each for each in found.yearly if each.summer), found.yearly[0])
        winter = next(each for each in found.yearly if each is not summer)
        bias = -winter.after // 60
        return Rules(bias, _date(winter), 0, _date(summer), -summer.after // 60 - bias)
    offset = found.changes[-1].after if found.changes else found.first[0]
    return Rules(-offset // 60)


def _date(rule: Yearly) -> tuple[int, ...]:
    """When a change comes, in the local time that holds before it."""
    hour, rest = divmod(max(rule.seconds, 0), 3600)
    return (0, rule.month, rule.day, rule.week, min(hour, 23), rest // 60, 0, 0)


@lru_cache(maxsize=2048)
def zone_blob(name: str) -> bytes:
    """The blob of an IANA zone; that of UTC for a name that is none."""
    rules = rules_of(name) or UTC
    called = name if len(name) <= _NAME and rules_of(name) is not None else ""
    text = called.encode("utf-16-le")
    return _FORM.pack(
        rules.bias, text, *rules.standard, rules.standard_bias, text, *rules.daylight, rules.daylight_bias
    )  # fmt: skip


def rules_in(zone: tzinfo, year: int) -> Rules:
    """Those of a zone that the database does not know, as they are in a year."""
    changes = list(turned(zone, year))
    if len(changes) != 2:
        return Rules(-_minutes(offset_at(zone, datetime(year, 7, 1))))
    winter, summer = sorted(changes, key=lambda each: each.offset)
    bias = -_minutes(winter.offset)
    return Rules(bias, _nth(winter.at), 0, _nth(summer.at), -_minutes(summer.offset) - bias)


def _minutes(offset: timedelta) -> int:
    return int(offset.total_seconds()) // 60


def _nth(at: datetime) -> tuple[int, ...]:
    week = 5 if is_last(at) else week_of(at)
    return (0, at.month, at.isoweekday() % 7, week, at.hour, at.minute, 0, 0)


def blob_of(rules: Rules) -> bytes:
    """The blob of rules that have no name."""
    return _FORM.pack(
        rules.bias, b"", *rules.standard, rules.standard_bias, b"", *rules.daylight, rules.daylight_bias
    )  # fmt: skip


def read_blob(octets: bytes) -> tuple[Rules, str]:
    """What a blob says, and the name in it. ValueError."""
    if len(octets) != OCTETS:
        raise ValueError(f"a time zone has {OCTETS} octets, and not {len(octets)}")
    bias, name, *rest = _FORM.unpack(octets)
    standard, standard_bias, _, daylight, daylight_bias = rest[:8], rest[8], rest[9], rest[10:18], rest[18]
    called = name.decode("utf-16-le", "replace").partition("\0")[0]
    return Rules(bias, tuple(standard), standard_bias, tuple(daylight), daylight_bias), called


def says_same(one: bytes, other: bytes) -> bool:
    """Whether two blobs have the same rules, whatever they call them. ValueError."""
    return read_blob(one)[0].plain == read_blob(other)[0].plain


def zone_of_blob(octets: bytes, likely: Iterable[str] = ()) -> str:
    """The IANA zone that a blob means; the first of `likely` that fits is taken before all others. ValueError.

    Where no zone fits exactly, one whose offsets do, and whose changes come in those months; where none has those, the
    one that Windows calls so, if its standard time is that one (a program may know rules of other years), else UTC with
    that offset (`Etc/GMT-3`), or UTC.
    """
    rules, called = read_blob(octets)
    named = iana_of(called) or called
    first = (called, *likely, named, *_LIKELY)
    for closely in (True, False):
        found = next((name for name in first if _fits(name, rules.plain, closely=closely)), "")
        if found or (found := _of_all(rules.plain, closely=closely)):
            return found
    there = rules_of(named)
    if there is not None and _offsets(there.plain)[0] == _offsets(rules)[0]:
        return named
    return _fixed(rules.plain)


def _fits(name: str, rules: Rules, *, closely: bool) -> bool:
    """Whether a zone has these rules, or else the same offsets in the same months."""
    found = rules_of(name)
    if found is None:
        return False
    plain = found.plain
    return plain == rules if closely else (_offsets(plain), _months(plain)) == (_offsets(rules), _months(rules))


@lru_cache(maxsize=512)
def _of_all(rules: Rules, *, closely: bool) -> str:
    """The first zone that fits; "": none does."""
    every = sorted(name for name in names() if "/" in name and not name.startswith("Etc/"))
    return next((name for name in every if _fits(name, rules, closely=closely)), "")


def _fixed(rules: Rules) -> str:
    hours, rest = divmod(rules.bias, 60)
    name = f"Etc/GMT{hours:+d}"
    return name if not rest and rules_of(name) is not None else "UTC"


def _offsets(rules: Rules) -> tuple[int, int]:
    return rules.bias + rules.standard_bias, rules.bias + rules.daylight_bias if rules.daylight[1] else rules.bias


def _months(rules: Rules) -> tuple[int, int]:
    return rules.standard[1], rules.daylight[1]
