"""A calendar of another server becomes one here: what changes there changes here, whatever goes wrong."""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from groupware.model.errors import NoRight, TryAgain
from groupware.model.fetched import apart
from groupware.model.principal import OPERATOR
from groupware.model.times import now_micros
from groupware.store.api import WriteTx
from mailcore.server import asking
from mailcore.server.errands import LONGEST_PAUSE
from mailcore.subscriptions.fetch import WHO
from tests.support.calpeer import BOB, HOST, CalPeer, Following, cal_peer, calendar, event, following_at
from tests.support.certificates import Authority
from tests.support.patience import PATIENCE
from tests.support.poppeer import served_by
from tests.support.postoffice import Place, post_office

MINUTE = 60 * 1_000_000


@pytest.fixture
async def far(tmp_path: Path) -> AsyncIterator[Following]:
    async with post_office(Place(tmp_path)) as office:
        yield following_at(office)


@pytest.fixture
async def peer() -> AsyncIterator[CalPeer]:
    async with cal_peer() as made:
        made.has("/a.ics", calendar(event("one"), event("two", day=2)))
        yield made


def url(peer: CalPeer, path: str = "/a.ics", scheme: str = "webcal") -> str:
    return f"{scheme}://{HOST}:{peer.port}{path}"


async def test_what_is_there_comes_and_is_nobodys_to_change(far: Following, peer: CalPeer) -> None:
    await far.subscribe(url(peer))
    done = await far.once()
    assert (done.said, done.tries, done.done > 0) == ("", 0, True)
    assert sorted(await far.items()) == ["one", "two"]
    text = await far.text("one")
    assert "METHOD" not in text and text.count("DTSTAMP:") == 1 and "PRODID:" in text
    for who in (OPERATOR, await far.office.read(lambda tx: tx.identity(tx.account(BOB).id))):
        with pytest.raises(NoRight, match="filled from elsewhere"):
            await far.office.store.write(who, lambda tx: tx.expunge(far.at.id, [(1, 9)], deleted_only=False))
        assert len(await far.items()) == 2


async def test_only_what_has_changed_is_written(far: Following, peer: CalPeer) -> None:
    await far.subscribe(url(peer))
    await far.once()
    before = await far.items()
    moved = event("two", "LOCATION:Elsewhere", "DTSTAMP:20261001T000000Z", day=3)
    stamped = event("one", "DTSTAMP:20261111T111111Z")
    peer.has("/a.ics", calendar(stamped, moved, event("three", day=4), head="X-WR-CALDESC:made at 12:03\r\n"))
    await far.once()
    after = await far.items()
    assert after["one"].uid == before["one"].uid and after["two"].uid != before["two"].uid
    assert after["two"].id == before["two"].id and "Elsewhere" in await far.text("two")
    peer.has("/a.ics", calendar(event("three", day=4)))
    await far.once()
    assert list(await far.items()) == ["three"]


async def test_what_has_not_changed_is_not_sent_again(far: Following, peer: CalPeer) -> None:
    peer.has("/a.ics", calendar(event("one")), 'ETag: "v1"', "Last-Modified: Thu, 01 Oct 2026 10:00:00 GMT")
    await far.subscribe(url(peer))
    await far.once()
    done = await far.once()
    assert done.said == "" and list(await far.items()) == ["one"]
    first, second = (headers for _, headers in peer.heard)
    assert "if-none-match" not in first
    assert (second["if-none-match"], second["if-modified-since"]) == ('"v1"', "Thu, 01 Oct 2026 10:00:00 GMT")


async def test_the_same_octets_are_not_read_again(
    far: Following, peer: CalPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await far.subscribe(url(peer))
    await far.once()
    monkeypatch.setattr("mailcore.subscriptions.fetch.read_feed", None)
    assert (await far.once()).said == ""


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "nothing at this address"),
        (b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", "does not give it"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "500"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n<!doctype html><html>", "web page"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "no calendar"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + calendar(event("one"))[:-20], "ends in the middle"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n" + calendar(event("one")), "cannot be asked"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(calendar(event("one")))[:-30], "middle"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip at all", "uncompressed"),
        (b"not HTTP\r\n\r\n", "cannot be asked"),
        (b"HTTP/1.1 302 There\r\nLocation: /a.ics\r\nContent-Length: 0\r\n\r\n", "redirected more than 5"),
        (b"HTTP/1.1 302 There\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n", "no calendar is asked"),
    ],
)  # fmt: skip
async def test_what_is_no_calendar_changes_nothing_and_is_told(
    far: Following, peer: CalPeer, answer: bytes, why: str
) -> None:
    await far.subscribe(url(peer))
    await far.once()
    peer.pages["/a.ics"] = answer
    failed = await far.once()
    assert failed.tries == 1 and why in failed.said and apart(failed.said)[1]
    assert sorted(await far.items()) == ["one", "two"]
    peer.has("/a.ics", calendar(event("one"), event("two", day=2)))
    assert ((await far.once()).tries, (await far.source()).said) == (0, "")


async def test_what_is_gone_for_good_is_not_asked_for_any_more(far: Following, peer: CalPeer) -> None:
    await far.subscribe(url(peer))
    await far.once()
    peer.has("/a.ics", b"", status="410 Gone")
    gone = await far.once()
    assert not gone.enabled and "for good" in gone.said and len(await far.items()) == 2


async def test_pauses_grow_with_failures_up_to_a_day(far: Following, peer: CalPeer) -> None:
    await far.subscribe(url(peer, "/none"), minutes=60)
    pauses = []
    for _ in range(7):
        begun = now_micros()
        pauses.append(round(((await far.once()).due - begun) / (60 * MINUTE)))
    assert pauses == [1, 2, 4, 8, 16, 24, 24]
    peer.has("/none", b"", "Retry-After: 999999", status="503 Later")
    begun = now_micros()
    assert (await far.once()).due - begun <= (LONGEST_PAUSE + 60) * 1_000_000


async def test_its_own_wish_says_when_it_is_fetched_again(far: Following, peer: CalPeer) -> None:
    peer.has("/a.ics", calendar(event("one"), head="REFRESH-INTERVAL;VALUE=DURATION:PT4H\r\n"))
    await far.subscribe(url(peer))
    begun = now_micros()
    assert round(((await far.once()).due - begun) / MINUTE) == 240
    peer.has("/a.ics", calendar(event("one"), head="X-PUBLISHED-TTL:PT1M\r\n"))
    begun = now_micros()
    assert round(((await far.once()).due - begun) / MINUTE) == 30, "the administrator's subscribedCalendarInterval"


async def test_it_is_called_as_it_calls_itself_until_its_owner_says_otherwise(far: Following, peer: CalPeer) -> None:
    head = "X-WR-CALNAME:Feiertage\\, alle/Bayern\r\nX-APPLE-CALENDAR-COLOR:#FF2968FF\r\n"
    peer.has("/a.ics", calendar(event("one"), head=head))
    await far.subscribe(url(peer), named=False)
    await far.once()
    folder = await far.office.read(lambda tx: tx.folder(far.at.id))
    assert folder.path.rpartition("/")[2] == "Feiertage, alle-Bayern"
    notes = dict(await far.office.read(lambda tx: tx.annotations(far.at.id)))
    assert b"#FF2968FF" in notes.values()
    peer.has("/a.ics", calendar(event("two"), head="X-WR-CALNAME:Another\r\n"))
    await far.once()
    assert (await far.office.read(lambda tx: tx.folder(far.at.id))).path == folder.path


async def test_an_event_that_cannot_be_read_costs_itself_alone(far: Following, peer: CalPeer) -> None:
    await far.subscribe(url(peer))
    await far.once()
    broken = event("two", "DTSTART:nonsense")
    peer.has("/a.ics", calendar(event("one"), broken, event("three", "RRULE:FREQ=NEVER"), event("four")))
    done = await far.once()
    assert done.tries == 0 and "DTSTART" in done.said and "RRULE" in done.said
    assert sorted(await far.items()) == ["four", "one", "two"], "what was here stays as it was"
    peer.has("/a.ics", calendar(broken))
    assert "none of its events" in (await far.once()).said and len(await far.items()) == 3


async def test_alarms_and_attachments_are_kept_where_that_is_wanted(far: Following, peer: CalPeer) -> None:
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT5M\r\nEND:VALARM"
    peer.has("/a.ics", calendar(event("one", "ATTACH;MANAGED-ID=abc:https://far.test/x", alarm)))
    made = await far.subscribe(url(peer))
    await far.once()
    text = await far.text("one")
    assert "VALARM" not in text and "ATTACH" not in text
    kept = replace(made, alarms=True, attachments=True)
    await far.office.store.write(OPERATOR, lambda tx: tx.put_calendar_source(kept))
    await far.once()
    text = await far.text("one")
    assert "VALARM" in text and "ATTACH:https://far.test/x" in text


async def test_what_is_too_much_is_not_taken(tmp_path: Path, peer: CalPeer) -> None:
    async with post_office(Place(tmp_path)) as office:
        far = following_at(office, max_size=4, max_objects=3)
        await far.subscribe(url(peer))
        bomb = gzip.compress(b"BEGIN:VCALENDAR\r\n" + b"X" * 50_000_000)
        peer.pages["/a.ics"] = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bomb
        assert "larger than 4 KB" in (await far.once()).said
        peer.has("/a.ics", calendar(*(event(f"e{each}") for each in range(4))))
        assert "more than 3 events" in (await far.once()).said
        assert not await far.items()


async def test_a_server_that_trickles_or_is_silent_is_left_alone(tmp_path: Path, peer: CalPeer) -> None:
    async with post_office(Place(tmp_path)) as office:
        peer.pages["/slow"] = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nBEGIN:"
        far = following_at(office, answer_timeout=1)
        await far.subscribe(url(peer, "/slow"))
        assert "silent" in (await far.once()).said
        far.desk.asking = replace(
            far.desk.asking,
            section=far.desk.asking.section.model_copy(update={"answer_timeout": 60, "fetch_timeout": 1}),
        )
        assert "had not come after 1 seconds" in (await far.once()).said


@pytest.mark.parametrize(
    "where",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "0.0.0.0",
     "[64:ff9b::7f00:1]", "100.64.0.1", "224.0.0.1", "localhost"],
)  # fmt: skip
async def test_nobody_looks_into_the_servers_own_network(tmp_path: Path, peer: CalPeer, where: str) -> None:
    async with post_office(Place(tmp_path)) as office:
        far = following_at(office, private=False)
        await far.subscribe(f"http://{where}:{peer.port}/a.ics")
        failed = await far.once()
        assert failed.tries == 1 and "no server of the Internet" in failed.said
        assert not peer.heard


async def test_a_redirection_is_looked_at_as_the_address_itself(
    tmp_path: Path, peer: CalPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with post_office(Place(tmp_path)) as office:
        far, real = following_at(office), asking.public_address
        peer.has("/moved", b"", f"Location: http://{HOST}:{peer.port}/a.ics", status="301 Moved")
        await far.subscribe(url(peer, "/moved"))
        assert (await far.once()).said == "" and len(await far.items()) == 2
        ports = far.desk.asking.section.model_copy(update={"ports": (peer.port,), "private": False})
        far.desk.asking = replace(far.desk.asking, section=ports)

        async def public(dns: Any, name: str, *, private: bool) -> str:
            return "127.0.0.1" if name == HOST else await real(dns, name)

        monkeypatch.setattr(asking, "public_address", public)
        peer.has("/moved", b"", f"Location: http://inside.test:{peer.port}/a.ics", status="302 There")
        assert "inside.test is no server of the Internet" in (await far.once()).said
        peer.has("/moved", b"", "Location: http://other.test:1/a.ics", status="302 There")
        assert "port" in (await far.once()).said


async def test_tls_is_checked(tmp_path: Path) -> None:
    (tmp_path / "authority").mkdir()
    authority = Authority(tmp_path / "authority")
    async with post_office(Place(tmp_path / "office")) as office, cal_peer(served_by(authority, HOST)) as peer:
        peer.has("/a.ics", calendar(event("one")))
        far = following_at(office, authority)
        await far.subscribe(url(peer, scheme="webcals"))
        assert (await far.once()).said == "" and list(await far.items()) == ["one"]
        far.desk.asking = replace(far.desk.asking, context=ssl.create_default_context())
        assert "certificate" in (await far.once()).said.lower()


async def test_a_dead_host_is_told(far: Following) -> None:
    await far.subscribe(f"http://{HOST}:1/a.ics")
    assert f"{HOST} cannot be asked" in (await far.once()).said


async def test_who_has_lost_the_lease_writes_nothing(far: Following, peer: CalPeer) -> None:
    made = await far.subscribe(url(peer))
    held = await far.claimed()
    await far.office.store.write(OPERATOR, lambda tx: tx.put_calendar_source(replace(made, url=url(peer, "/b.ics"))))
    with pytest.raises(TryAgain):
        await far.office.store.write(WHO, lambda tx: tx.feed_calendar(held, [], ["x.ics"]))
    assert not await far.office.store.write(WHO, lambda tx: tx.settle_calendar_source(held))


async def test_the_service_fetches_it_when_it_is_due(far: Following, peer: CalPeer) -> None:
    await far.subscribe(url(peer))
    with closing(far.office.parts.bus.watch([far.at.id])) as news:
        task = asyncio.create_task(far.service().work())
        async with asyncio.timeout(PATIENCE):
            while len(await far.items()) < 2:
                await news.changed(5)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert len(await far.items()) == 2


async def test_it_takes_nobodys_time_until_its_owner_says_so(far: Following, peer: CalPeer) -> None:
    await far.subscribe(url(peer))
    await far.once()
    counted = await far.office.read(lambda tx: tx.counted(far.at.owner))
    assert far.at.id not in counted.calendars


async def test_a_meeting_there_is_no_copy_of_an_invitation(far: Following, peer: CalPeer) -> None:
    peer.has("/a.ics", calendar(event("one", "ORGANIZER:mailto:a@far.test", f"ATTENDEE:mailto:{BOB}")))
    await far.subscribe(url(peer))
    await far.once()

    def work(tx: WriteTx) -> Any:
        return tx.guest(far.at.owner, "one")

    guest = await far.office.store.write(OPERATOR, work)
    assert guest.blob is None and guest.folder != far.at.id
