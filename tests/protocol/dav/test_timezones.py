"""Zones by reference (RFC 7809), and the service that gives them out (RFC 7808)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from connectors.dav.tzdist import tzdist
from tests.protocol.dav.test_scheduling import invites, letters
from tests.support.davstand import Client, Stand, event

WORK = "/dav/calendars/alice@example.test/Calendar/"
LOCAL = event("m").replace("DTSTART:20261201T100000Z", "DTSTART;TZID=Europe/Berlin:20261201T100000")
ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:{}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def with_zone(text: str, name: str) -> str:
    return text.replace("BEGIN:VEVENT", ZONE.format(name) + "BEGIN:VEVENT")


async def test_a_zone_that_a_client_left_out_is_put_in_for_others(alice: Client) -> None:
    assert (await alice.put(WORK + "m.ics", LOCAL)).status == 201
    for headers in ({}, {"caldav_timezones": "T"}):
        got = await alice.ask("GET", WORK + "m.ics", **headers)
        assert got.body.count(b"BEGIN:VTIMEZONE") == 1 and b"TZID:Europe/Berlin" in got.body
    assert (await alice.ask("GET", WORK + "m.ics", caldav_timezones="F")).body.decode() == LOCAL


async def test_a_letter_has_the_zone_that_a_client_left_out(stand: Stand, alice: Client) -> None:
    people = "\r\n".join(invites("ann@far.test"))
    await alice.put(WORK + "m.ics", LOCAL.replace("SUMMARY", f"{people}\r\nSUMMARY"))
    [letter] = await letters(stand)
    [part] = [each for each in letter.walk() if each.get_content_type() == "text/calendar"]
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    assert (octets.count(b"BEGIN:VTIMEZONE"), octets.count(b"TZID:Europe/Berlin")) == (1, 1)


async def test_who_knows_all_zones_gets_none_of_them(alice: Client) -> None:
    stored = with_zone(LOCAL, "Europe/Berlin")
    await alice.put(WORK + "m.ics", stored)
    assert (await alice.ask("GET", WORK + "m.ics")).body.decode() == stored
    assert (await alice.ask("GET", WORK + "m.ics", caldav_timezones="F")).body.decode() == LOCAL


async def test_a_zone_of_somebodys_own_stays(alice: Client) -> None:
    own = with_zone(LOCAL.replace("Europe/Berlin", "Our House"), "Our House")
    await alice.put(WORK + "m.ics", own)
    assert (await alice.ask("GET", WORK + "m.ics", caldav_timezones="F")).body.decode() == own


async def test_a_report_obeys_too(alice: Client) -> None:
    await alice.put(WORK + "m.ics", LOCAL)
    inside = f"<D:prop><C:calendar-data/></D:prop><D:href>{WORK}m.ics</D:href>"
    said = await alice.report(WORK, "C:calendar-multiget", inside)
    assert b"BEGIN:VTIMEZONE" in said.body


async def test_a_calendar_has_a_zone_by_its_name(alice: Client) -> None:
    assert (await alice.set(WORK, "<C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id>")).status == 207
    got = await alice.props(WORK, "C:calendar-timezone-id", "C:calendar-timezone", "C:timezone-service-set")
    assert got.found(WORK, "C:calendar-timezone-id") == "Asia/Tokyo"
    assert "TZID:Asia/Tokyo" in (got.found(WORK, "C:calendar-timezone") or "")
    assert "/tzdist/" in (got.found(WORK, "C:timezone-service-set") or "")
    other = "BEGIN:VCALENDAR\r\n" + ZONE.format("America/New_York") + "END:VCALENDAR\r\n"
    await alice.set(WORK, f"<C:calendar-timezone>{other}</C:calendar-timezone>")
    got = await alice.props(WORK, "C:calendar-timezone-id")
    assert got.found(WORK, "C:calendar-timezone-id") == "America/New_York"


async def test_a_zone_that_nobody_knows_is_refused(alice: Client) -> None:
    said = await alice.set(WORK, "<C:calendar-timezone-id>Europe/Nowhere</C:calendar-timezone-id>")
    assert said.status == 403 and said.find("C:valid-timezone")


async def test_what_floats_is_looked_for_in_the_zone_of_the_calendar(alice: Client) -> None:
    floating = event("m", "20261201T100000", end="20261201T110000")
    await alice.put(WORK + "m.ics", floating)
    range_ = (
        "<C:comp-filter name='VEVENT'><C:time-range start='20261201T010000Z' end='20261201T015900Z'/></C:comp-filter>"
    )
    assert (await alice.query(WORK, range_)).hrefs == []
    await alice.set(WORK, "<C:calendar-timezone-id>Asia/Tokyo</C:calendar-timezone-id>")
    assert (await alice.query(WORK, range_)).hrefs == [WORK + "m.ics"]


# --- the service ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def zones() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=tzdist)
    async with httpx.AsyncClient(transport=transport, base_url="https://dav.example.test/tzdist") as http:
        yield http


async def test_the_service_says_what_it_can_do(zones: httpx.AsyncClient) -> None:
    said = (await zones.get("/capabilities")).json()
    assert said["version"] == 1
    names = [each["name"] for each in said["actions"]]
    assert names == ["capabilities", "list", "get", "expand", "find", "leapseconds"]


async def test_zones_are_listed_and_not_again(zones: httpx.AsyncClient) -> None:
    said = (await zones.get("/zones")).json()
    found = {each["tzid"]: each for each in said["timezones"]}
    assert len(found) > 300 and "US/Eastern" in found["America/New_York"]["aliases"]
    again = (await zones.get("/zones", params={"changedsince": said["synctoken"]})).json()
    assert again == {"synctoken": said["synctoken"], "timezones": []}


@pytest.mark.parametrize("path", ["/zones/Europe%2FBerlin", "/zones/Europe%2fBerlin"])
async def test_a_zone_is_given_with_a_tag(zones: httpx.AsyncClient, path: str) -> None:
    got = await zones.get(path)
    assert got.headers["content-type"].startswith("text/calendar") and "TZID:Europe/Berlin" in got.text
    again = await zones.get(path, headers={"if-none-match": got.headers["etag"]})
    assert again.status_code == 304 and not again.content


async def test_a_zone_is_cut_off(zones: httpx.AsyncClient) -> None:
    times = {"start": "2026-01-01T00:00:00Z", "end": "2028-01-01T00:00:00Z"}
    got = (await zones.get("/zones/Europe%2FBerlin", params=times)).text
    assert "TZUNTIL:20280101T000000Z" in got and "RRULE" not in got and "19" not in got.partition("TZNAME")[0][-60:]


async def test_changes_are_told_one_by_one(zones: httpx.AsyncClient) -> None:
    times = {"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
    said = (await zones.get("/zones/Europe%2FBerlin/observances", params=times)).json()
    onsets = [(each["onset"], each["utc-offset-to"]) for each in said["observances"]]
    assert onsets == [(times["start"], 3600), ("2026-03-29T01:00:00Z", 7200), ("2026-10-25T01:00:00Z", 3600)]


async def test_zones_are_found_by_a_part_of_their_names(zones: httpx.AsyncClient) -> None:
    async def found(pattern: str) -> list[str]:
        return [each["tzid"] for each in (await zones.get("/zones", params={"pattern": pattern})).json()["timezones"]]

    assert "America/New_York" in await found("*new york*")
    assert await found("us/eastern") == ["America/New_York"]
    assert set(await found("Europe/B*")) >= {"Europe/Berlin", "Europe/Brussels"}


async def test_leap_seconds_are_listed(zones: httpx.AsyncClient) -> None:
    said = (await zones.get("/leapseconds")).json()
    assert said["leapseconds"][-1] == {"utc-offset": 37, "onset": "2017-01-01"}


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/zones/Europe%2FNowhere", 404, "tzid-not-found"),
        ("/zones/..%2F..%2Fpasswd", 404, "tzid-not-found"),
        ("/zones/Europe%2FBerlin?start=yesterday", 400, "invalid-start"),
        ("/zones/Europe%2FBerlin/observances?start=2026-01-01T00:00:00Z", 400, "invalid-end"),
        ("/zones/Europe%2FBerlin?start=2026-01-01T00:00:00Z&end=2025-01-01T00:00:00Z", 400, "invalid-end"),
        ("/zones/Europe%2FBerlin?start=0001-01-01T00:00:00Z&end=9999-01-01T00:00:00Z", 400, "invalid-end"),
        ("/zones?changedsince=%00", 400, "invalid-changedsince"),
        ("/zones?pattern=a*b", 400, "invalid-pattern"),
        ("/nothing", 404, "invalid-action"),
    ],
)
async def test_what_cannot_be_answered_says_why(zones: httpx.AsyncClient, path: str, status: int, kind: str) -> None:
    got = await zones.get(path)
    assert got.status_code == status and got.json()["type"] == f"urn:ietf:params:tzdist:error:{kind}"
