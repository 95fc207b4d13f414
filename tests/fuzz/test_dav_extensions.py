"""What clients and strangers may send to attachments, zones and push: a value, or the refusal that is meant."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import quote

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.dav.attachments import _file_name
from connectors.dav.errors import DavError
from connectors.dav.push import _expires, _subscription, _triggers
from connectors.dav.timezones import pruned, tzid_of
from connectors.dav.tzdist import tzdist
from connectors.dav.xml import PUSH, escape, read
from groupware.calendar.attachments import Change, NoSuchInstance, changed, inlined, keys_in, unmanaged
from groupware.calendar.hours import weekly
from groupware.calendar.object import read_object
from groupware.calendar.vtimezone import with_zones
from groupware.model.content import Line
from groupware.model.errors import Malformed
from mailcore.push.encryption import BadKeys, Keys
from mailcore.push.sender import BadUrl, checked
from tests.support.davstand import event

ODD = st.text(st.characters(codec="utf-8"), max_size=40)
KEY = "0123456789abcdef" * 2
ATTACH = f'ATTACH;MANAGED-ID={KEY};FILENAME="x;y":https://x.test/'
ATTACHED = read_object(event("m", "20261201T100000Z", "RRULE:FREQ=DAILY", ATTACH).encode())
RIDS = st.sampled_from(["M", "20261202T100000Z", "20261202", "20261202T100000"])
PATHS = st.sampled_from(["zones", "zones/", "zones/Europe%2FBerlin", "zones/Asia%2FTokyo/observances", "x"])
MOMENTS = st.sampled_from(["2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "*a*"])
CLOCKS = st.from_regex(r"\A[A-Z][a-z]{2}(-[A-Z][a-z]{2})? [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}\Z")


@given(ODD)
def test_a_file_name_is_no_path(said: str) -> None:
    name = _file_name({"content-disposition": f"attachment; filename={said}"})
    assert "/" not in name and "\n" not in name and "\r" not in name


@given(st.lists(st.one_of(ODD, RIDS), min_size=1, max_size=4))
def test_instances_are_there_or_refused(instances: list[str]) -> None:
    new = Line("ATTACH", {"MANAGED-ID": ("f" * 32,)}, "https://x.test/new", 0)
    try:
        octets = changed(ATTACHED, Change(new, "", instances))
    except NoSuchInstance:
        return
    assert set(keys_in(read_object(octets))) == {KEY, "f" * 32}


@given(st.binary(max_size=200))
def test_what_goes_out_and_comes_in_is_an_object(body: bytes) -> None:
    for made in (inlined(ATTACHED, {KEY: body}), unmanaged(ATTACHED)):
        assert not any(line.param("MANAGED-ID") for part in made.parts for line in part.lines)


@given(st.binary(max_size=300).filter(lambda body: b"VTIMEZONE" not in body))
def test_zones_that_are_put_in_leave_everything_else_as_it_was(body: bytes) -> None:
    octets = b"BEGIN:VCALENDAR\r\nX;TZID=Europe/Berlin:\r\nBEGIN:VEVENT\r\n" + body
    made = with_zones(octets)
    assert made != octets and pruned(made) == octets


@given(st.binary(max_size=300))
def test_a_zone_is_left_out_whatever_is_in_it_and_one_of_a_clients_own_stays(body: bytes) -> None:
    body = body.replace(b"END:VTIMEZONE", b"")
    for name, kept in ((b"Europe/Berlin", False), (b"Mine", True)):
        zone = b"BEGIN:VTIMEZONE\r\nTZID:" + name + b"\r\n" + body + b"\r\nEND:VTIMEZONE\r\n"
        assert pruned(b"A:1\r\n" + zone + b"B:2\r\n") == b"A:1\r\n" + (zone if kept else b"") + b"B:2\r\n"


@given(ODD)
def test_the_name_of_a_zone_is_one_line_of_what_is_sent(said: str) -> None:
    assert "\n" not in tzid_of(said)
    assert tzid_of(f"BEGIN:VTIMEZONE\r\nTZID:Europe/Ber\r\n lin\r\nX{said}") == "Europe/Berlin"


@settings(deadline=None)
@given(
    PATHS,
    st.dictionaries(
        st.sampled_from(["start", "end", "pattern", "changedsince", "x"]),
        st.one_of(ODD, MOMENTS),
    ),
    ODD,
)
def test_the_service_of_zones_answers_anything(path: str, query: dict[str, str], more: str) -> None:
    async def ask() -> int:
        transport = httpx.ASGITransport(app=tzdist)
        async with httpx.AsyncClient(transport=transport, base_url="http://x.test/tzdist/") as http:
            return (await http.get(path + quote(more, safe=""), params=query)).status_code

    assert asyncio.run(ask()) in (200, 400, 404)


@given(ODD, ODD, ODD, ODD)
def test_a_registration_is_one_or_refused(url: str, key: str, auth: str, expires: str) -> None:
    root = read(
        f'<p xmlns="{PUSH}"><subscription><web-push-subscription><push-resource>{escape(url)}</push-resource>'
        f"<client-public-key>{escape(key)}</client-public-key><auth-secret>{escape(auth)}</auth-secret>"
        f"</web-push-subscription></subscription><trigger/><expires>{escape(expires)}</expires></p>".encode()
    )
    assert root is not None
    for work in (_subscription, _triggers, _expires):
        try:
            work(root)
        except DavError as error:
            assert error.status in (400, 403)


@given(st.one_of(ODD, ODD.map(lambda text: f"https://{text}")), ODD, ODD)
def test_urls_and_keys_are_good_or_refused(url: str, key: str, auth: str) -> None:
    with suppress(BadUrl):
        assert checked(url).startswith("https://")
    with suppress(BadKeys):
        assert Keys(key, auth).public()


@given(st.one_of(ODD, CLOCKS), st.sampled_from(["UTC", "Europe/Berlin", "x"]))
def test_hours_are_hours_or_refused(text: str, zone: str) -> None:
    with suppress(Malformed):
        assert b"VAVAILABILITY" in weekly(text, zone)
