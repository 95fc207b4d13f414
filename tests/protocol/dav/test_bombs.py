"""Bombs: XML, rules and shapes that cost their sender more than the server. Each is refused or bounded, measured."""

from __future__ import annotations

import asyncio
import resource
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.support.davstand import HEAD, Client, event

WORK = "/dav/calendars/alice@example.test/Calendar/"
LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
BILLION = f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><D:propfind xmlns:D="DAV:"><D:prop>&l9;</D:prop></D:propfind>'
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"a" * 100_000}">]><D:propfind xmlns:D="DAV:">{"&a;" * 20_000}</D:propfind>'
FILE = (
    '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><D:propfind xmlns:D="DAV:"><D:prop>&f;</D:prop></D:propfind>'
)
REMOTE = '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><D:propfind xmlns:D="DAV:"/>'
DEEP = f"<D:propfind{HEAD}>" + "<D:prop>" * 50_000 + "</D:prop>" * 50_000 + "</D:propfind>"
NESTED = "<C:comp-filter name='VEVENT'>" * 5_000 + "</C:comp-filter>" * 5_000


@asynccontextmanager
async def within(seconds: float, octets: int) -> AsyncIterator[None]:
    """So much processor time and memory at most; both ends of the talk are in this process."""
    began = time.process_time()
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < seconds and peak < octets


@pytest.mark.parametrize(
    "body", [BILLION, QUADRATIC, FILE, REMOTE, DEEP], ids=["laughs", "quadratic", "file", "dtd", "deep"]
)
@pytest.mark.parametrize("method", ["PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "LOCK", "ACL"])
async def test_xml_that_grows_is_refused(alice: Client, method: str, body: str) -> None:
    path = WORK if method != "MKCALENDAR" else WORK.replace("Calendar/", "new/")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with within(5, 60_000_000):
        said = await alice.ask(method, path, body, depth="0")
    assert 400 <= said.status < 500
    assert b"root:" not in said.body
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KB, what lxml takes too


async def test_a_filter_that_is_nested_without_end_is_refused(alice: Client) -> None:
    async with within(5, 60_000_000):
        said = await alice.query(WORK, NESTED)
    assert 400 <= said.status < 500


def deep_calendar() -> str:
    return "BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 50_000 + "END:VEVENT\r\n" * 50_000 + "END:VCALENDAR\r\n"


def many_overrides() -> str:
    parts = "".join(
        f"BEGIN:VEVENT\r\nUID:m\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260101T{n // 3600 % 24:02}"
        f"{n // 60 % 60:02}{n % 60:02}Z\r\nDTSTART:20260101T000000Z\r\nEND:VEVENT\r\n"
        for n in range(50_000)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{parts}END:VCALENDAR\r\n"


def long_lines() -> str:
    return event("m", "20261201T100000Z", "X-A:" + "a" * 10_000_000)


def many_lines() -> str:
    return event("m", "20261201T100000Z", *(["X-A:b"] * 1_000_000))


@pytest.mark.parametrize("made", [deep_calendar, many_overrides, many_lines, long_lines])
async def test_an_object_of_a_bad_shape_costs_little(alice: Client, made: Callable[[], str]) -> None:
    text = made()
    async with within(20, 40 * len(text) + 50_000_000):
        said = await alice.put(WORK + "m.ics", text)
    assert said.status in (201, 403)


RULES = (
    "FREQ=SECONDLY",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYSECOND=0,1,2,3,4,5,6,7,8,9;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYDAY=MO,TU,WE,TH",
    "FREQ=MINUTELY;INTERVAL=1;UNTIL=99991231T235959Z",
    "FREQ=DAILY;COUNT=2147483647",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYSETPOS=366",
    "FREQ=WEEKLY;INTERVAL=999999999",
)


@pytest.mark.parametrize("rule", RULES)
async def test_a_rule_without_end_is_bounded_in_every_use(alice: Client, rule: str) -> None:
    async with within(30, 150_000_000):
        said = await alice.put(WORK + "m.ics", event("m", "20260101T000000Z", f"RRULE:{rule}"))
        assert said.status in (201, 403)
        range_ = "start='19700101T000000Z' end='20600101T000000Z'"
        filter_ = f"<C:comp-filter name='VEVENT'><C:time-range {range_}/></C:comp-filter>"
        data = f"<C:calendar-data><C:expand {range_}/></C:calendar-data>"
        async with asyncio.timeout(60):
            assert (await alice.query(WORK, filter_, data)).status < 500
            busy = "<C:time-range start='20260101T000000Z' end='20280101T000000Z'/>"
            assert (await alice.report(WORK, "C:free-busy-query", busy)).status < 500


@pytest.mark.parametrize(
    "path",
    [
        "../../../../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%00.ics",
        "a%2fb.ics",
        "%c0%ae%c0%ae/x",
    ],
)
async def test_a_path_leads_nowhere_else(alice: Client, path: str) -> None:
    said = await alice.put(f"{WORK}{path}", event("m"))
    assert said.status in (403, 404, 405)
    assert b"root:" not in (await alice.ask("GET", f"{WORK}{path}")).body
