"""Zones as VTIMEZONE say what the database says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from groupware.calendar.vtimezone import observances, vtimezone
from groupware.calendar.zonedata import aliases, edition, leap_seconds, names
from groupware.calendar.zones import local, own_zone
from groupware.model.content import parse

HOURS = 24 * 12.3


@pytest.mark.parametrize("name", sorted(names()))
def test_a_vtimezone_says_what_the_database_says(name: str) -> None:
    octets = vtimezone(name)
    assert octets is not None
    mine, real = own_zone(parse(octets)[0]), ZoneInfo(name)
    at = datetime(1970, 1, 3, tzinfo=UTC)
    while at.year < 2050:
        near = {(at + timedelta(hours=hours)).astimezone(real).utcoffset() for hours in (-3, 3)}
        if len(near) == 1:  # an hour that is there twice is told apart by nobody who has a VTIMEZONE alone
            assert local(int(at.timestamp()), mine) == at.astimezone(real).replace(tzinfo=None), at
        at += timedelta(hours=HOURS)


def test_the_rule_of_every_year_is_said_once() -> None:
    octets = vtimezone("Europe/Berlin") or b""
    assert octets.count(b"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU") == 1
    assert octets.count(b"RRULE:") == 2 and len(octets) < 3000


def test_what_is_cut_off_is_not_said() -> None:
    low, high = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2025, 2027))
    octets = vtimezone("Europe/Berlin", low, high) or b""
    assert b"TZUNTIL:20270101T000000Z" in octets and b"RRULE" not in octets
    found = observances("Europe/Berlin", low, high)
    assert found is not None
    assert [(each.after, each.summer) for each in found] == [(3600, False), (7200, True)] * 2 + [(3600, False)]


@pytest.mark.parametrize(
    "name", ["", "Europe", "../passwd", "Europe/../Europe/Berlin", "Factory", "/etc/passwd", "x" * 9999]
)
def test_what_is_no_zone_is_none(name: str) -> None:
    assert vtimezone(name) is None


def test_the_database_is_known() -> None:
    assert edition()[:2] == "20" and aliases()["US/Eastern"] == "America/New_York"
    until, found = leap_seconds()
    assert until > "2025" and found[0] == ("1972-01-01", 10) and found[-1] == ("2017-01-01", 37)
