"""`date` and `currentdate`. RFC 5260 §4, §5."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date as day_of
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final

from groupware.mime.compose import format_date
from groupware.mime.headers import date as read_date
from groupware.mime.headers import unfold
from mailcore.sieve.headers import chosen
from mailcore.sieve.match import matches
from mailcore.sieve.run import Run, Test
from mailcore.sieve.script import Call

_JULIAN: Final = day_of(1858, 11, 17).toordinal()


def date(run: Run, call: Call) -> bool:
    """A part of the date in a field, the first of its name if no :index is given; without a date it does not hold."""
    fields = list(chosen(run, call, argument="header"))[:1]
    if not fields:
        return matches(run, call, [])
    value = unfold(fields[0].value)
    moment = read_date(value.rpartition(b";")[2].strip())
    if moment is None:
        return matches(run, call, [])
    if "originalzone" not in call.args:
        moment = _in_zone(moment, _zone(run, call))
    return matches(run, call, _told(run, call, moment))


def current(run: Run, call: Call) -> bool:
    """A part of the moment at which the script runs."""
    return matches(run, call, _told(run, call, _in_zone(run.env.now, _zone(run, call))))


def _zone(run: Run, call: Call) -> tzinfo | None:
    zone = run.text(call, "zone")
    if len(zone) != 5 or not zone[1:].isdigit() or not zone.isascii():
        return run.env.now.tzinfo
    minutes = int(zone[1:3]) * 60 + int(zone[3:])
    if minutes >= 24 * 60:
        return run.env.now.tzinfo
    return timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))


def _in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:  # the first and the last day of the calendar
        return moment


def _told(run: Run, call: Call, moment: datetime) -> list[str]:
    tell = _PARTS.get(run.text(call, "part").lower())
    return [] if tell is None else [tell(moment)]


def _offset(moment: datetime) -> str:
    return moment.strftime("%z")[:5] or "+0000"


def _iso(moment: datetime) -> str:
    zone = _offset(moment)
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}{zone[:3]}:{zone[3:]}"


_PARTS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "year": lambda moment: f"{moment.year:04}",
    "month": lambda moment: f"{moment.month:02}",
    "day": lambda moment: f"{moment.day:02}",
    "date": lambda moment: f"{moment.year:04}-{moment:%m-%d}",
    "julian": lambda moment: str(moment.date().toordinal() - _JULIAN),
    "hour": lambda moment: f"{moment.hour:02}",
    "minute": lambda moment: f"{moment.minute:02}",
    "second": lambda moment: f"{moment.second:02}",
    "time": lambda moment: f"{moment:%H:%M:%S}",
    "iso8601": _iso,
    "std11": format_date,
    "zone": _offset,
    "weekday": lambda moment: str(moment.isoweekday() % 7),
}
TESTS: Final[Mapping[str, Test]] = {"date": date, "currentdate": current}
