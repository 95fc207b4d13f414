"""A calendar of which somebody may know times and titles, or only when its owner is busy, in their home."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.davstand import Client, Stand, event

WORK = "/dav/calendars/alice@example.test/Calendar/"
A = WORK + "a.ics"
BOB, HOME = "bob@example.test", "/dav/calendars/bob@example.test/"
SHOWN = event("1", "20261201T100000Z")


async def shared(stand: Stand, alice: Client, rights: str) -> str:
    """The path of the calendar in the home of who it is shared with."""
    await alice.put(A, event("1", "20261201T100000Z", "LOCATION:Attic"))
    return f"{HOME}~{await stand.share('alice', 'Calendar', BOB, rights)}/"


async def test_a_calendar_of_titles_is_in_the_home_and_is_read_there(stand: Stand, alice: Client, bob: Client) -> None:
    path = await shared(stand, alice, "titles")
    said = await bob.props(HOME, "D:displayname", "D:current-user-privilege-set", "D:sync-token", depth=1)
    assert said.found(path, "D:displayname") == "Calendar (alice@example.test)"
    held = said.found(path, "D:current-user-privilege-set") or ""
    assert "<D:read/>" in held
    assert "<D:write" not in held
    assert (await bob.ask("GET", path + "a.ics")).body.decode() == SHOWN
    assert (await bob.sync(path)).texts("D:sync-token") == [said.found(path, "D:sync-token")]


@pytest.mark.parametrize("rights", ["titles", "l9"])
async def test_a_colour_and_a_name_are_ones_own(stand: Stand, alice: Client, bob: Client, rights: str) -> None:
    path = await shared(stand, alice, rights)
    await alice.set(WORK, "<I:calendar-color>#FF0000</I:calendar-color>")
    assert (await bob.props(HOME, "I:calendar-color", depth=1)).found(path, "I:calendar-color") == "#FF0000"
    said = await bob.set(path, "<I:calendar-color>#00FF00</I:calendar-color><D:displayname>Hers</D:displayname>")
    assert said.status == 207 and not said.found(path, "I:calendar-color")
    shown = await bob.props(HOME, "I:calendar-color", "D:displayname", depth=1)
    assert shown.found(path, "I:calendar-color") == "#00FF00"
    assert shown.found(path, "D:displayname") == "Hers"
    assert (await alice.props(WORK, "I:calendar-color")).found(WORK, "I:calendar-color") == "#FF0000"


async def test_what_is_not_told_is_no_change(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice, "titles")
    assert (await bob.put(A, SHOWN)).status == 403
    assert (await bob.ask("DELETE", A)).status == 403
    assert (await bob.ask("COPY", A, destination=HOME + "Calendar/a.ics")).status == 201
    assert (await bob.ask("GET", HOME + "Calendar/a.ics")).body.decode() == SHOWN


async def test_who_comes_to_read_more_or_less_begins_again(stand: Stand, alice: Client, bob: Client) -> None:
    await shared(stand, alice, "titles")
    token = (await bob.sync(WORK)).texts("D:sync-token")[0]
    tag = (await bob.ask("GET", A)).headers["etag"]
    assert (await bob.sync(WORK, token)).status == 207
    await stand.share("alice", "Calendar", BOB, "viewer")
    assert (await bob.sync(WORK, token)).status == 403
    got = await bob.ask("GET", A, if_none_match=tag)
    assert got.status == 200
    assert b"Attic" in got.body
    later = (await bob.sync(WORK)).texts("D:sync-token")[0]
    await stand.share("alice", "Calendar", BOB, "titles")
    assert (await bob.sync(WORK, later)).status == 403


async def test_an_attachment_is_not_told_of(stand: Stand, alice: Client, bob: Client) -> None:
    await alice.put(A, SHOWN)
    said = await alice.ask("POST", A + "?action=attachment-add", b"x", content_type="text/plain")
    assert said.status == 201
    await stand.share("alice", "Calendar", BOB, "titles")
    assert b"ATTACH" not in (await bob.ask("GET", A)).body
    key = said.headers["cal-managed-id"]
    assert (await bob.ask("GET", f"/dav/attachments/{key}/attachment")).status == 404


async def test_who_may_know_busy_times_and_not_that_the_calendar_is_there_has_none(
    stand: Stand, alice: Client, bob: Client
) -> None:
    path = await shared(stand, alice, "9")
    assert path not in (await bob.props(HOME, "D:getetag", depth=1)).hrefs
    for refused in (bob.ask("GET", path + "a.ics"), bob.sync(path), bob.query(path, "")):
        assert (await refused).status == 404


NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def at(hours: int) -> str:
    return f"{NOW + timedelta(hours=hours):%Y%m%dT%H%M%SZ}"


def block(uid: str, start: int, end: int, *lines: str, summary: str = "Secret") -> str:
    return event(uid, at(start), *lines, end=at(end), summary=summary)


async def busy(stand: Stand, alice: Client, rights: str = "l9") -> str:
    """The path of a calendar of busy times: from 1 to 3 hours from now, and from 5 to 6."""
    await alice.put(WORK + "a.ics", block("one", 1, 2))
    await alice.put(WORK + "b.ics", block("two", 2, 3, "CLASS:PRIVATE"))
    await alice.put(WORK + "c.ics", block("three", 5, 6, "STATUS:TENTATIVE"))
    await alice.put(WORK + "d.ics", block("four", 7, 8, "TRANSP:TRANSPARENT"))
    return f"{HOME}~{await stand.share('alice', 'Calendar', BOB, rights)}/"


async def test_a_calendar_of_busy_times_is_in_the_home_with_an_event_for_each_period(
    stand: Stand, alice: Client, bob: Client
) -> None:
    path = await busy(stand, alice)
    home = await bob.props(HOME, "D:current-user-privilege-set", "D:sync-token", depth=1)
    held = home.found(path, "D:current-user-privilege-set") or ""
    assert "<D:read/>" in held and "<C:read-free-busy/>" in held and "<D:write" not in held
    said = await bob.query(path, "<C:comp-filter name='VEVENT'/>")
    bodies = said.texts("D:response/D:propstat/D:prop/C:calendar-data")
    times = [re.findall(r"^(?:DTSTART|DTEND|SUMMARY|STATUS):(.*?)\r?$", each, re.MULTILINE) for each in bodies]
    assert times == [[at(1), at(3), "Busy"], [at(5), at(6), "Tentative", "TENTATIVE"]]
    everything = "".join(bodies) + "".join(said.hrefs)
    assert not any(word in everything for word in ("Secret", "one", "two", "three", "/a.ics"))
    for href, body in zip(said.hrefs, bodies, strict=True):
        got = await bob.ask("GET", href)
        assert got.body.decode() == body and got.headers["etag"]
    assert (await bob.sync(path)).texts("D:sync-token") == [home.found(path, "D:sync-token")]
    assert (await bob.props(path, "D:getetag", depth=1)).hrefs == [path, *said.hrefs]
    assert (await bob.ask("GET", path)).body.count(b"BEGIN:VEVENT") == 2


async def test_what_happens_inside_of_a_busy_period_is_told_as_no_change_of_it(
    stand: Stand, alice: Client, bob: Client
) -> None:
    path = await busy(stand, alice)
    first = await bob.sync(path)
    token = first.texts("D:sync-token")[0]
    tags = {href: first.found(href, "D:getetag") for href in first.hrefs}
    assert (await bob.sync(path, token)).hrefs == []
    await alice.put(WORK + "e.ics", block("five", 1, 2, summary="Other"))
    assert (await bob.sync(path, token)).status == 403  # what changed is not remembered: it begins again
    again = await bob.sync(path)
    assert {href: again.found(href, "D:getetag") for href in again.hrefs} == tags


async def test_a_query_by_time_and_free_busy_are_answered_for_a_calendar_of_busy_times(
    stand: Stand, alice: Client, bob: Client
) -> None:
    path = await busy(stand, alice)
    range_ = f"<C:time-range start='{at(4)}' end='{at(7)}'/>"
    found = await bob.query(path, f"<C:comp-filter name='VEVENT'>{range_}</C:comp-filter>")
    assert len(found.hrefs) == 1
    said = await bob.report(path, "C:free-busy-query", range_)
    assert f"FREEBUSY;FBTYPE=BUSY-TENTATIVE:{at(5)}/{at(6)}".encode() in said.body
    got = await bob.report(
        path, "C:calendar-multiget", f"<D:prop><D:getetag/></D:prop><D:href>{found.hrefs[0]}</D:href>"
    )
    assert got.hrefs == found.hrefs and got.found(found.hrefs[0], "D:getetag")


async def test_nothing_is_changed_in_a_calendar_of_busy_times(stand: Stand, alice: Client, bob: Client) -> None:
    path = await busy(stand, alice)
    href = (await bob.sync(path)).hrefs[0]
    octets = (await bob.ask("GET", href)).body
    for method in ("DELETE", "PUT", "COPY", "MOVE"):
        said = await bob.ask(method, href, octets, content_type="text/calendar", destination=HOME + "Calendar/x.ics")
        assert said.status == 403, method
    assert (await bob.ask("GET", path + "a.ics")).status == 404
    assert len((await alice.sync(WORK)).hrefs) == 4


async def test_who_may_put_something_into_a_calendar_of_busy_times_does(
    stand: Stand, alice: Client, bob: Client
) -> None:
    path = await busy(stand, alice, "l9i")
    assert (await bob.put(path + "new.ics", block("new", 10, 11))).status == 201
    assert (await bob.put(path + "a.ics", block("other", 10, 11))).status == 409
    assert at(11) in (await bob.ask("GET", path)).body.decode()


PRIVATE = event("p", "20261201T100000Z", "CLASS:PRIVATE", "LOCATION:Attic", summary="Secret")
OWN = HOME + "Calendar/"


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
async def test_a_private_event_goes_where_titles_alone_are_seen(
    stand: Stand, alice: Client, bob: Client, method: str
) -> None:
    path = await shared(stand, alice, "l8i")
    await bob.put(OWN + "p.ics", PRIVATE)
    assert (await bob.ask(method, OWN + "p.ics", destination=path + "p.ics")).status == 201
    assert (await bob.ask("GET", OWN + "p.ics")).status == (200 if method == "COPY" else 404)
    assert (await alice.ask("GET", WORK + "p.ics")).body.decode() == PRIVATE
    seen = (await bob.ask("GET", path + "p.ics")).body  # by who put it there, and as everything there is seen
    assert b"Secret" in seen
    assert b"Attic" not in seen


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
async def test_what_is_hidden_there_is_neither_overwritten_nor_told_of(
    stand: Stand, alice: Client, bob: Client, method: str
) -> None:
    path = await shared(stand, alice, "l8i")
    await alice.put(WORK + "p.ics", PRIVATE)
    await bob.put(OWN + "p.ics", event("q", "20261203T100000Z", "CLASS:PRIVATE"))
    refused = await bob.ask(method, OWN + "p.ics", destination=path + "p.ics")
    assert refused.status == 409
    assert b"Attic" not in refused.body
    assert b"Secret" not in refused.body
    await bob.put(OWN + "r.ics", PRIVATE)  # of the same UID, under another name
    refused = await bob.ask(method, OWN + "r.ics", destination=path + "r.ics")
    assert refused.status == 409
    assert b"p.ics" not in refused.body
    assert (await alice.ask("GET", WORK + "p.ics")).body.decode() == PRIVATE
    assert (await bob.ask("GET", OWN + "p.ics")).status == (await bob.ask("GET", OWN + "r.ics")).status == 200


@pytest.mark.parametrize(("rights", "place"), [("l8", ""), ("l8", "a.ics"), ("l8i", "a.ics"), ("l9", "")])
async def test_nothing_comes_where_one_may_put_nothing_in(
    stand: Stand, alice: Client, bob: Client, rights: str, place: str
) -> None:
    path = await shared(stand, alice, rights)
    await bob.put(OWN + "p.ics", PRIVATE)
    for method in ("COPY", "MOVE"):
        said = await bob.ask(method, OWN + "p.ics", destination=path + (place or "p.ics"))
        assert said.status in (403, 409)
    assert (await bob.ask("GET", OWN + "p.ics")).status == 200
    assert b"Attic" in (await alice.ask("GET", A)).body
    assert (await alice.ask("GET", WORK + "p.ics")).status == 404


async def test_a_private_event_is_not_carried_off_by_who_sees_titles(stand: Stand, alice: Client, bob: Client) -> None:
    path = await shared(stand, alice, "l8i")
    await alice.put(WORK + "p.ics", PRIVATE)
    for method in ("COPY", "MOVE"):
        assert (await bob.ask(method, path + "p.ics", destination=OWN + "p.ics")).status == 404
    assert (await bob.ask("MOVE", path + "a.ics", destination=OWN + "a.ics")).status == 403
    assert (await alice.ask("GET", A)).status == 200
    await stand.share("alice", "Calendar", BOB, "l85")
    assert (await bob.ask("COPY", path + "p.ics", destination=OWN + "p.ics")).status == 201
    copied = (await bob.ask("GET", OWN + "p.ics")).body
    assert b"Secret" in copied
    assert b"Attic" not in copied
