"""What clients do with attachments, shares, delegates and time zones, with curl for what they send and the `caldav`
library for what others then see: no client among Debian's packages has more of these than that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import caldav

from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.clients.test_dav import curl, home, url
from tests.support.davstand import HEAD, event
from tests.support.server import RunningServer


@contextmanager
def library(server: RunningServer, programs: Programs, account: Account) -> Iterator[Any]:
    """The person's principal, as the library has it."""
    client: Any = caldav.DAVClient(  # type: ignore[operator]
        url(server), username=account.address, password=account.password, ssl_verify_cert=str(programs.certificate)
    )
    try:
        yield client.principal()
    finally:
        client.close()


def sent(programs: Programs, account: Account, method: str, to: str, root: str, inside: str, *more: str) -> str:
    """What the server says to a body of XML."""
    body = programs.file("body.xml", f'<?xml version="1.0" encoding="UTF-8"?><{root}{HEAD}>{inside}</{root}>')
    xml = ("-H", "Content-Type: application/xml; charset=utf-8", "--data-binary", f"@{body}")
    return curl(programs, account, "-f", "-X", method, *xml, *more, to).decode()


def put(programs: Programs, account: Account, to: str, octets: str) -> None:
    path = programs.home / "object.ics"
    path.write_text(octets, newline="")
    curl(programs, account, "-f", "-T", path, "-H", "Content-Type: text/calendar", to)


def test_a_file_is_attached_fetched_and_taken_away(server: RunningServer, programs: Programs, alice: Account) -> None:
    there = home(server, alice) + "Calendar/m.ics"
    put(programs, alice, there, event("m", "20261201T100000Z"))
    agenda = programs.file("agenda.txt", "first point\n")
    said = curl(
        programs, alice, "-f", "-i", "--data-binary", f"@{agenda}", "-H", "Content-Type: text/plain",
        "-H", 'Content-Disposition: attachment; filename="agenda.txt"', f"{there}?action=attachment-add",
    ).decode()  # fmt: skip
    key = re.search(r"(?im)^cal-managed-id: (\S+)", said)
    assert key is not None
    with library(server, programs, alice) as principal:
        [found] = calendar_named(principal, "Calendar").search(event=True)
        attached = found.icalendar_component["ATTACH"]
    assert attached.params["FILENAME"] == "agenda.txt"
    name = str(attached).partition("/dav/")[2]
    assert curl(programs, alice, "-f", url(server, f"/dav/{name}")) == b"first point\n"
    curl(programs, alice, "-f", "-X", "POST", f"{there}?action=attachment-remove&managed-id={key[1]}")
    assert b"ATTACH" not in curl(programs, alice, "-f", there)


def calendar_named(principal: Any, name: str) -> Any:
    return next(each for each in principal.get_calendars() if (each.get_display_name() or "").startswith(name))


def test_an_invitation_to_a_calendar_is_taken_up(
    server: RunningServer, programs: Programs, alice: Account, bob: Account
) -> None:
    work = home(server, alice) + "Calendar/"
    put(programs, alice, work + "a.ics", event("a", "20261201T100000Z", summary="Ours"))
    inside = f"<S:set><D:href>mailto:{bob.address}</D:href><S:summary>Our plans</S:summary><S:read/></S:set>"
    sent(programs, alice, "POST", work, "S:share", inside)
    notices = home(server, bob) + "~notifications/"
    listed = sent(programs, bob, "PROPFIND", notices, "D:propfind", "<D:prop><D:getetag/></D:prop>", "-H", "Depth: 1")
    [name] = [each for each in re.findall(r"<D:href>([^<]+)</D:href>", listed) if each.endswith(".xml")]
    notice = curl(programs, bob, "-f", url(server, name)).decode()
    hosted = re.search(r"<S:hosturl><D:href>([^<]+)", notice)
    uid = re.search(r"<S:uid>([^<]+)", notice)
    assert hosted is not None
    assert uid is not None
    inside = (
        f"<D:href>mailto:{bob.address}</D:href><S:invite-accepted/><S:hosturl><D:href>{hosted[1]}</D:href></S:hosturl>"
        f"<S:in-reply-to>{uid[1]}</S:in-reply-to><S:summary>Our plans</S:summary>"
    )
    sent(programs, bob, "POST", home(server, bob), "S:invite-reply", inside)
    with library(server, programs, bob) as principal:
        shared = calendar_named(principal, f"Calendar ({alice.address}")
        day = {"start": datetime(2026, 12, 1, tzinfo=UTC), "end": datetime(2026, 12, 2, tzinfo=UTC)}
        assert [each.icalendar_component["SUMMARY"] for each in shared.search(event=True, **day)] == ["Ours"]


def test_a_delegate_changes_a_calendar(server: RunningServer, programs: Programs, alice: Account, bob: Account) -> None:
    group = url(server, f"/dav/principals/{alice.address}/calendar-proxy-write/")
    member = f"<D:href>/dav/principals/{bob.address}/</D:href>"
    said = sent(
        programs, alice, "PROPPATCH", group, "D:propertyupdate",
        f"<D:set><D:prop><D:group-member-set>{member}</D:group-member-set></D:prop></D:set>",
    )  # fmt: skip
    assert "200 OK" in said
    put(programs, bob, home(server, alice) + "Calendar/b.ics", event("b", "20261201T100000Z", summary="For her"))
    with library(server, programs, alice) as principal:
        [found] = calendar_named(principal, "Calendar").search(event=True)
        assert found.icalendar_component["SUMMARY"] == "For her"
    asked = "<D:prop><S:calendar-proxy-write-for/></D:prop>"
    told = sent(programs, bob, "PROPFIND", url(server, f"/dav/principals/{bob.address}/"), "D:propfind", asked)
    assert f"/dav/principals/{alice.address}/" in told.replace("%40", "@")


def test_zones_are_found_and_left_out(server: RunningServer, programs: Programs, alice: Account) -> None:
    known = url(server, "/.well-known/timezone")
    led = curl(programs, alice, "-L", "-o", "/dev/null", "-w", "%{url_effective}", known).decode()
    assert json.loads(curl(programs, alice, "-f", f"{led.rstrip('/')}/capabilities"))["version"] == 1
    zone = curl(programs, alice, "-f", url(server, "/tzdist/zones/Europe%2FBerlin")).decode()
    assert "TZID:Europe/Berlin" in zone
    there = home(server, alice) + "Calendar/z.ics"
    put(programs, alice, there, event("z", "20261201T100000").replace("DTSTART:", "DTSTART;TZID=Europe/Berlin:"))
    assert b"BEGIN:VTIMEZONE" in curl(programs, alice, "-f", there)
    assert b"BEGIN:VTIMEZONE" not in curl(programs, alice, "-f", "-H", "CalDAV-Timezones: F", there)
    with library(server, programs, alice) as principal:
        [found] = calendar_named(principal, "Calendar").search(event=True)
        assert found.icalendar_component["DTSTART"].dt.utcoffset() is not None
