"""Evolution's data server, which Evolution and GNOME's calendar use: meetings, free and busy, shared calendars."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.clients.account import Account
from tests.clients.evolution import sessions
from tests.clients.programs import Programs
from tests.clients.test_dav import curl, home
from tests.support.davstand import event
from tests.support.server import RunningServer

START, END = "20291201T100000Z", "20291201T110000Z"
ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT{}M", "X-EVOLUTION-ALARM-UID:{}", "END:VALARM")
Evolution = Callable[..., list[Any]]


def alarm(minutes: int) -> list[str]:
    return [line.format(minutes) for line in ALARM]


def inner(octets: str) -> str:
    """The event alone, as Evolution takes it."""
    return octets[octets.index("BEGIN:VEVENT") : octets.index("END:VCALENDAR")]


@pytest.fixture
def evolution(server: RunningServer, programs: Programs) -> Evolution:
    """Does steps in a calendar, as somebody."""
    session = sessions(programs, "Sources5", "Calendar8")

    def run(who: Account, path: str, *steps: list[Any]) -> list[Any]:
        job = {"port": server.port("http"), "user": who.address, "password": who.password, "path": path}
        found = session("evolution_driver.py", {**job, "steps": steps})
        assert len(found) == len(steps), found
        return found

    return run


def path_of(who: Account) -> str:
    return f"/dav/calendars/{who.address}/Calendar/"


def test_evolution_makes_and_changes_an_event(
    server: RunningServer, programs: Programs, evolution: Evolution, alice: Account
) -> None:
    made = event("e1", START, end=END)
    changed = event("e1", START, "LOCATION:Attic", end=END)
    evolution(alice, path_of(alice), ["create", inner(made)], ["list", 1], ["modify", inner(changed)])
    [[shown]] = evolution(alice, path_of(alice), ["list", 1])
    assert "UID:e1" in shown
    assert "LOCATION:Attic" in shown


def test_evolution_invites_and_asks_when_others_are_busy(
    server: RunningServer, evolution: Evolution, alice: Account, bob: Account
) -> None:
    people = (f"ORGANIZER:mailto:{alice.address}", f"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:{bob.address}")
    server.grant(bob.person, "Calendar", alice.person, "freebusy")
    seconds = [int(datetime(2029, 12, day, tzinfo=UTC).timestamp()) for day in (1, 2)]
    meeting = inner(event("m1", START, *people, end=END))
    _, busy = evolution(alice, path_of(alice), ["create", meeting], ["busy", *seconds, [bob.address]])
    assert any(bob.address in each and f"{START}/{END}" in each for each in busy), busy
    [[invited]] = evolution(bob, path_of(bob), ["list", 1])
    assert "UID:m1" in invited


def test_alarms_that_evolution_sets_in_a_shared_calendar_are_ones_own(
    server: RunningServer, programs: Programs, evolution: Evolution, alice: Account, bob: Account
) -> None:
    there = programs.home / "a.ics"
    there.write_text(event("a", START, *alarm(90), end=END), newline="")
    curl(programs, alice, "-T", there, "-H", "Content-Type: text/calendar", home(server, alice) + "Calendar/a.ics")
    server.grant(alice.person, "Calendar", bob.person, "editor")
    mine = inner(event("a", START, *alarm(5), end=END))
    [before], done = evolution(bob, path_of(alice), ["list", 1], ["modify", mine])
    assert ("TRIGGER" in before, done) == (False, True)
    [[his]], [[hers]] = (evolution(each, path_of(alice), ["list", 1]) for each in (bob, alice))
    assert ("TRIGGER:-PT5M" in his, "TRIGGER:-PT90M" in his) == (True, False)
    assert ("TRIGGER:-PT5M" in hers, "TRIGGER:-PT90M" in hers) == (False, True)


def test_evolution_shows_titles_where_these_are_all_one_may_know(
    server: RunningServer, evolution: Evolution, alice: Account, bob: Account
) -> None:
    evolution(alice, path_of(alice), ["create", inner(event("t", START, "LOCATION:Attic", end=END, summary="Visit"))])
    server.grant(alice.person, "Calendar", bob.person, "titles")
    [shown], closed = evolution(bob, path_of(alice), ["list", 1], ["read-only"])
    assert ("SUMMARY:Visit" in shown, "Attic" in shown, closed) == (True, False, True)
