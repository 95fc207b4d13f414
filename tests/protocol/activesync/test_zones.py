"""Zones that only an object knows: a phone is told their rules, and what it says back keeps them. MS-ASDTYPE §2.7.6."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from connectors.exchange.zone_blob import read_blob
from tests.protocol.activesync.test_calendar import calendar, stored
from tests.protocol.activesync.test_sync_mail import changed
from tests.support.eas.stand import Phone, Stand
from tests.support.eas.wire import Node

HALF_SOUTH = """BEGIN:VTIMEZONE\r
TZID:Our Island\r
BEGIN:STANDARD\r
DTSTART:20200405T030000\r
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU\r
TZOFFSETFROM:+0640\r
TZOFFSETTO:+0610\r
END:STANDARD\r
BEGIN:DAYLIGHT\r
DTSTART:20201025T020000\r
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r
TZOFFSETFROM:+0610\r
TZOFFSETTO:+0640\r
END:DAYLIGHT\r
END:VTIMEZONE\r
"""
FIXED = """BEGIN:VTIMEZONE\r
TZID:Our Island\r
BEGIN:STANDARD\r
DTSTART:20200101T000000\r
TZOFFSETFROM:+0520\r
TZOFFSETTO:+0520\r
END:STANDARD\r
END:VTIMEZONE\r
"""
SERIES = """BEGIN:VEVENT\r
UID:z1\r
DTSTAMP:20260101T000000Z\r
DTSTART;TZID=Our Island:20260302T001000\r
DTEND;TZID=Our Island:20260302T011000\r
RRULE:FREQ=WEEKLY;BYDAY=MO\r
SUMMARY:x\r
END:VEVENT\r
"""


def object_in(zone: str) -> bytes:
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{zone}{SERIES}END:VCALENDAR\r\n".encode()


def given(node: Node) -> tuple[Any, ...]:
    return (node.name, *map(given, node.inside), node.text) if node.inside else (node.name, node.text)


async def test_a_phone_is_told_the_rules_of_a_zone_that_has_no_name(stand: Stand, alice: Phone) -> None:
    await stand.put("alice", object_in(HALF_SOUTH), "Calendar")
    at = await calendar(alice)
    [found] = alice.there[at].values()
    rules, _ = read_blob(base64.b64decode(found.get("Timezone") or ""))
    assert (rules.bias, rules.standard, rules.daylight, rules.daylight_bias) == (
        -370,
        (0, 4, 0, 1, 3, 0, 0, 0),
        (0, 10, 0, 5, 2, 0, 0, 0),
        -30,
    )
    assert found.get("StartTime") == "20260301T173000Z" and found.get("Recurrence/DayOfWeek") == "2"


@pytest.mark.parametrize("zone", [HALF_SOUTH, FIXED])
@pytest.mark.parametrize("version", ["14.1", "16.1"])
async def test_what_a_phone_says_back_keeps_the_zone(stand: Stand, alice: Phone, version: str, zone: str) -> None:
    await stand.put("alice", object_in(zone), "Calendar")
    at = await calendar(alice, version)
    [(server, found)] = alice.there[at].items()
    data = [given(each) for each in found.inside if each.name not in ("Calendar:UID", "Calendar:Subject")]
    said = await alice.sync(at, changed(server, *data, ("Calendar:Subject", "Other")))
    assert said.get("Status") == "1" and not said.every("Responses/Change")
    text = await stored(stand)
    assert "SUMMARY:Other" in text and "DTSTART;TZID=Our Island:20260302T001000" in text and "BYDAY=MO" in text
    times = ("Calendar:StartTime", "20260301T183000Z"), ("Calendar:EndTime", "20260301T193000Z")
    blob = found.get("Timezone") or ""
    said = await alice.sync(at, changed(server, ("Calendar:Timezone", blob), *times))
    assert said.get("Status") == "1" and not said.every("Responses/Change")
    assert "DTSTART;TZID=Our Island:2026030" in await stored(stand)


async def test_midnights_of_an_old_phone_are_days_in_every_zone(stand: Stand, alice: Phone) -> None:
    alice.version = "14.1"
    await stand.put("alice", object_in(HALF_SOUTH), "Calendar")
    at = await calendar(alice, "14.1")
    [(server, found)] = alice.there[at].items()
    blob = ("Calendar:Timezone", found.get("Timezone") or "")
    days = ("Calendar:StartTime", "20260301T172000Z"), ("Calendar:EndTime", "20260302T172000Z")
    await alice.sync(at, changed(server, blob, ("Calendar:AllDayEvent", 1), *days))
    assert "DTSTART;VALUE=DATE:20260302" in await stored(stand)
