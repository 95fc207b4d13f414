"""The zones of the IANA database as data: when each changes, what it is called otherwise, and its edition. RFC 8536."""

from __future__ import annotations

import re
import struct
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

_EPOCH: Final = datetime(1970, 1, 1)
_NOT_ZONES: Final = ("Factory", "localtime", "posixrules")
_HEADER: Final = struct.Struct(">4sc15x6l")
_FOOTER: Final = re.compile(
    r"(<[^>]+>|[A-Za-z]+)([-+0-9:]+)(?:(<[^>]+>|[A-Za-z]+)([-+0-9:]*),([^,]+),([^,]+))?", re.ASCII
)
_MONTHLY: Final = re.compile(r"M(\d+)\.(\d)\.(\d)(?:/([-+0-9:]+))?")


class Change(NamedTuple):
    """A moment when the offset from UTC changes."""

    at: int
    """Seconds since 1970."""
    before: int
    """Seconds east of UTC."""
    after: int
    summer: bool
    name: str


@dataclass(frozen=True, slots=True)
class Yearly:
    """A change of every year: `month`, the `week`th (5: the last) `day` (0: Sunday), at `seconds` of local time."""

    month: int
    week: int
    day: int
    seconds: int
    before: int
    after: int
    summer: bool
    name: str

    def of(self, year: int) -> Change:
        """The change of a year."""
        first = datetime(year, self.month, 1)
        at = first + timedelta(days=(self.day - (first.weekday() + 1) % 7) % 7 + 7 * (self.week - 1))
        if at.month != self.month:
            at -= timedelta(days=7)
        seconds = int((at - _EPOCH).total_seconds()) + self.seconds - self.before
        return Change(seconds, self.before, self.after, self.summer, self.name)


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone: its changes one by one, and what goes on every year from `since` on."""

    name: str
    first: tuple[int, bool, str]
    """Offset, summer, name before the first change."""
    changes: Sequence[Change]
    yearly: Sequence[Yearly] = ()
    since: int = 0

    def until(self, end: int) -> Iterator[Change]:
        """All changes before a moment, in order."""
        yield from (each for each in self.changes if each.at < end)
        year = self.since
        while self.yearly:
            found = sorted(rule.of(year) for rule in self.yearly)
            yield from (each for each in found if each.at < end)
            if found[-1].at >= end or year > 9000:
                return
            year += 1


@lru_cache(maxsize=700)
def zone(name: str) -> Zone | None:
    """The zone of that name; None for one that the database does not have."""
    octets = _octets(name)
    return _read(name, octets) if octets is not None else None


def _octets(name: str) -> bytes | None:
    levels = name.split("/")
    if name not in names() or not all(levels) or ".." in levels:
        return None
    for folder in zoneinfo.TZPATH:
        path = Path(folder, *levels)
        if path.is_file():
            return path.read_bytes()
    place = resources.files("tzdata") / "zoneinfo"
    for level in levels:
        place = place / level
    return place.read_bytes() if place.is_file() else None


@lru_cache(maxsize=1)
def names() -> frozenset[str]:
    """What all zones are called, aliases too."""
    found = zoneinfo.available_timezones()
    return frozenset(each for each in found if each not in _NOT_ZONES and not each.startswith(("posix/", "right/")))


def _read(name: str, octets: bytes) -> Zone:
    """A TZif file of version 2 or later. RFC 8536 §3."""
    _, _, *counts = _HEADER.unpack_from(octets)
    utc, wall, leaps, times, types, letters = counts
    at = _HEADER.size + times * 5 + types * 6 + letters + leaps * 8 + wall + utc
    _, _, utc, wall, leaps, times, types, letters = _HEADER.unpack_from(octets, at)
    at += _HEADER.size
    moments = struct.unpack_from(f">{times}q", octets, at)
    kinds = octets[at + 8 * times : at + 9 * times]
    at += 9 * times
    infos = [struct.unpack_from(">lBB", octets, at + 6 * number) for number in range(types)]
    at += 6 * types
    words = octets[at : at + letters]
    footer = octets[at + letters + leaps * 12 + wall + utc :].strip(b"\n").decode("ascii")
    known = [(offset, bool(summer), words[start:].split(b"\0")[0].decode()) for offset, summer, start in infos]
    changes, now = list[Change](), known[0]
    for moment, kind in zip(moments, kinds, strict=True):
        if known[kind] != now and moment > -(1 << 40):
            changes.append(Change(moment, now[0], *known[kind]))
        now = known[kind]
    return _settled(Zone(name, known[0], changes), _rules(footer))


def _settled(found: Zone, rules: Sequence[Yearly]) -> Zone:
    """With the changes of a rule taken out of those that are listed."""
    if not rules:
        return found
    changes = list(found.changes)
    last = changes[-1].at if changes else 0
    year = _year(last)
    changes.extend(each for each in sorted(rule.of(year) for rule in rules) if each.at > last)
    since = year + 1
    while changes:
        of_year = [each for each in changes if _year(each.at) == since - 1]
        if of_year != sorted(rule.of(since - 1) for rule in rules):
            break
        del changes[-len(of_year) :]
        since -= 1
    return Zone(found.name, found.first, changes, rules, since)


def _year(seconds: int) -> int:
    return (_EPOCH + timedelta(seconds=seconds)).year


def _rules(footer: str) -> Sequence[Yearly]:
    """What a POSIX TZ string says of every year; nothing for a zone without summer time."""
    found = _FOOTER.fullmatch(footer)
    if found is None or not found[3]:
        return ()
    winter, summer = -_clock(found[2]), -_clock(found[4]) if found[4] else -_clock(found[2]) + 3600
    names_ = found[1].strip("<>"), found[3].strip("<>")
    begin, end = _MONTHLY.fullmatch(found[5]), _MONTHLY.fullmatch(found[6])
    if begin is None or end is None:
        return ()
    return (
        _yearly(begin, winter, summer, True, names_[1]),
        _yearly(end, summer, winter, False, names_[0]),
    )


def _yearly(said: re.Match[str], before: int, after: int, summer: bool, name: str) -> Yearly:
    seconds = _clock(said[4]) if said[4] else 7200
    return Yearly(int(said[1]), int(said[2]), int(said[3]), seconds, before, after, summer, name)


def _clock(text: str) -> int:
    """Seconds of `[-+]h[:m[:s]]`."""
    sign = -1 if text.startswith("-") else 1
    hours, minutes, seconds = (int(each) for each in (text.lstrip("-+") + ":0:0").split(":")[:3])
    return sign * (hours * 3600 + minutes * 60 + seconds)


# --- about the database -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def edition() -> str:
    """The edition of the database, such as `2026f`."""
    found = re.match(r"# version (\S+)", _file("tzdata.zi"))
    return found[1] if found else "unknown"


@lru_cache(maxsize=1)
def aliases() -> Mapping[str, str]:
    """What a zone is called that another name only points to."""
    found = re.findall(r"^L (\S+) (\S+)$", _file("tzdata.zi"), re.MULTILINE)
    return {other: name for name, other in found if other in names() and name in names()}


@lru_cache(maxsize=1)
def leap_seconds() -> tuple[str, Sequence[tuple[str, int]]]:
    """Until when the list holds, and (date from which on, TAI minus UTC) of each. RFC 7808 §5.6."""
    text = _file("leapseconds")
    total, found = 10, [("1972-01-01", 10)]
    for year, month, day, sign in re.findall(r"^Leap\s+(\d+)\s+(\w+)\s+(\d+)\s+\S+\s+([-+])", text, re.MULTILINE):
        total += 1 if sign == "+" else -1
        at = datetime.strptime(f"{year} {month} {day}", "%Y %b %d").replace(tzinfo=UTC) + timedelta(days=1)
        found.append((f"{at:%Y-%m-%d}", total))
    ends = re.search(r"#expires (\d+)", text)
    return datetime.fromtimestamp(int(ends[1]) if ends else 0, UTC).strftime("%Y-%m-%d"), found


def _file(name: str) -> str:
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return path.read_text("utf-8")
    place = resources.files("tzdata") / "zoneinfo" / name
    return place.read_text("utf-8") if place.is_file() else ""
