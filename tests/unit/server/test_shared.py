"""The table that processes share: limits over all of them, and what a dead one had taken."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from groupware.model.times import now_micros
from mailcore.server.claims import REMEMBERED, Claims, LocalClaims
from mailcore.server.gate import Admission, Policy, Refusal, RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.rules import Limits
from mailcore.server.seats import AtWork
from mailcore.server.shared import (
    PROBES,
    SharedClaims,
    SharedDoor,
    SharedRates,
    SharedSeats,
    SharedTable,
    SharedTallies,
)
from tests.support.clock import FakeClock


def in_child(table: SharedTable, slot: int, work: Callable[[], object]) -> None:
    """Do this in a process of its own, which then is gone as if it had been killed."""
    pid = os.fork()
    if not pid:
        table.slot = slot
        try:
            work()
        finally:
            os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0


def gate(table: SharedTable, limits: Limits, clock: FakeClock) -> RuleGate:
    level = [Turnstile(Policy(limits=limits), name, SharedTallies(table)) for name in ("listener a", "service b")]
    return RuleGate(level[0], level[1], Guesses(GuessLimits(), clock), clock)


def test_connections_of_another_process_count() -> None:
    table, clock = SharedTable(2, 1024), FakeClock()
    here = gate(table, Limits(connections=3, peer_connections=0), clock)
    in_child(table, 1, lambda: [here.enter("192.0.2.1") for _ in range(2)])
    assert isinstance(here.enter("192.0.2.2"), Admission)
    assert here.enter("192.0.2.3") == Refusal("limit", "all 3 connections are in use")


def test_the_places_of_a_dead_process_are_given_back_and_no_others() -> None:
    table, clock = SharedTable(2, 1024), FakeClock()
    here = gate(table, Limits(connections=3, peer_connections=0), clock)
    in_child(table, 1, lambda: [here.enter("192.0.2.1") for _ in range(2)])
    here.enter("192.0.2.2")
    table.clear(1)
    assert [type(here.enter("192.0.2.3")) for _ in range(3)] == [Admission, Admission, Refusal]


def test_a_place_that_is_left_is_free() -> None:
    clock = FakeClock()
    here = gate(SharedTable(2, 1024), Limits(peer_connections=1), clock)
    first = here.enter("192.0.2.1")
    assert isinstance(here.enter("192.0.2.1"), Refusal)
    assert isinstance(first, Admission)
    first.leave()
    assert isinstance(here.enter("192.0.2.1"), Admission)


def test_an_interval_counts_over_all_and_ends() -> None:
    table, clock = SharedTable(2, 1024), FakeClock()
    here = gate(table, Limits(peer_per_interval=2, peer_interval=60), clock)
    in_child(table, 1, lambda: here.enter("192.0.2.1"))
    here.enter("192.0.2.1")
    assert isinstance(here.enter("192.0.2.1"), Refusal)
    clock.advance(61)
    assert isinstance(here.enter("192.0.2.1"), Admission)


def test_a_full_table_forgets_who_is_not_there_and_was_longest_unseen() -> None:
    table = SharedTable(1, PROBES)
    for number in range(PROBES):
        at = table.place(str(number), make=True)
        table.note(at, 100.0 + number, 60)
        if number % 2:
            table.enter(at)
    assert table.place("new", make=True) >= 0
    assert table.place("0") < 0
    assert [table.count(table.place(str(number))) for number in range(1, PROBES, 2)] == [1] * (PROBES // 2)


def test_a_table_full_of_those_that_are_there_has_no_place() -> None:
    table = SharedTable(1, PROBES)
    seats = SharedSeats(table)
    assert all(seats.take(str(number), 1) for number in range(PROBES))
    assert not seats.take("one more", 1)
    assert seats.take("without a limit", 0)
    seats.give("without a limit")
    assert seats.taken("0") == 1


def test_a_lock_does_not_outlive_its_holder() -> None:
    table = SharedTable(2, 1024)
    held = table.locked()
    in_child(table, 1, held.__enter__)
    assert SharedSeats(table).take("x", 1)


def test_seats_hold_over_processes() -> None:
    table = SharedTable(2, 1024)
    seats = SharedSeats(table)
    in_child(table, 1, lambda: seats.take("pop3 7", 1))
    assert not seats.take("pop3 7", 1)
    table.clear(1)
    assert seats.take("pop3 7", 1)


def test_rates_hold_over_processes() -> None:
    table = SharedTable(2, 64)
    rates = SharedRates(table)
    assert rates.left("harvester p", 900) == 0
    assert [rates.note("harvest p", 600), rates.note("harvest p", 600)] == [1, 2]
    in_child(table, 1, lambda: (rates.note("harvest p", 600), rates.note("harvester p", 900)))
    assert rates.note("harvest p", 600) == 4
    assert rates.note("harvest q", 600) == 1
    assert 890 < rates.left("harvester p", 900) <= 900
    assert rates.note("harvest p", 0) == 1
    table.clear(1)  # a process that died: what it counted is no less true
    assert rates.left("harvester p", 900) > 0


def test_what_is_at_work_in_one_process_is_so_in_all() -> None:
    table = SharedTable(2, 1024)
    at_work = AtWork(SharedSeats(table))
    in_child(table, 1, lambda: at_work.add("processing"))
    assert "processing" in at_work
    table.clear(1)
    assert "processing" not in at_work


def test_a_process_with_more_connections_lets_another_have_the_next_if_that_one_accepts() -> None:
    table = SharedTable(2, 1024)
    door = SharedDoor(table, "imap")
    door.enter()
    assert not door.more_than_others()
    accepting = door.serving()
    in_child(table, 1, accepting.__enter__)
    assert door.more_than_others()
    in_child(table, 1, door.enter)
    assert not door.more_than_others()


def test_guesses_are_told_and_heard() -> None:
    clock, told = FakeClock(), list[tuple[bool, str, str]]()
    limits = GuessLimits(peer_failures=2)
    one, other = Guesses(limits, clock, lambda *guess: told.append(guess)), Guesses(limits, clock)
    one.failed("192.0.2.1", "alice")
    one.failed("192.0.2.1", "alice")
    for guess in told:
        other.heard(*guess)
    assert other.peer_blocked("192.0.2.1") == one.peer_blocked("192.0.2.1") > 0


def test_a_login_that_is_no_news_is_not_told() -> None:
    clock, told = FakeClock(), list[tuple[bool, str, str]]()
    guesses = Guesses(GuessLimits(), clock, lambda *guess: told.append(guess))
    for _ in range(3):
        guesses.succeeded("192.0.2.1", "alice")
    guesses.failed("192.0.2.1", "alice")
    guesses.succeeded("192.0.2.1", "alice")
    assert [ok for ok, _, _ in told] == [True, False, True]


def test_another_process_takes_over_all_that_is_remembered() -> None:
    clock = FakeClock()
    limits = GuessLimits(peer_failures=9, name_failures=2)
    one, other = Guesses(limits, clock), Guesses(limits, clock)
    one.succeeded("192.0.2.9", "alice")
    for _ in range(2):
        one.failed("192.0.2.1", "alice")
    other.take(one.state())
    assert [other.blocked(f"192.0.2.{peer}", "alice") > 0 for peer in (1, 5, 9)] == [True, True, False]


def test_a_door_without_connections_counts_for_nobody_else_when_its_place_is_needed() -> None:
    table = SharedTable(1, PROBES)
    door = SharedDoor(table, "imap")
    door.enter()
    door.leave()
    names = [f"peer {number}" for number in range(PROBES)]
    for name in names:
        table.note(table.place(name, make=True), 1.0, 60.0)
    door.enter()
    assert [name for name in names if table.count(table.place(name))] == []


@pytest.mark.parametrize("make", [LocalClaims, lambda: SharedClaims(SharedTable(1, 64))], ids=["local", "shared"])
def test_what_is_claimed_is_one_claimants(make: Callable[[], Claims]) -> None:
    claims = make()
    assert claims.reached("recent 7") is None
    assert claims.claim("recent 7", 5, 3) == 3
    assert claims.reached("recent 7") == 5
    assert claims.claim("recent 7", 9, 3) == 5
    others = [claims.claim("recent 7", 9, 3), claims.claim("recent 7", 6, 3), claims.claim("recent 7", 10, 3)]
    assert others == [9, 9, 9]
    assert claims.claim("recent 8", 3, 3) == 3
    assert claims.reached("recent 7") == 10


def test_claims_hold_over_processes() -> None:
    claims = SharedClaims(table := SharedTable(1, 64))
    claims.claim("recent 7", 5, 5)
    in_child(table, 0, lambda: claims.claim("recent 7", 9, 1))
    assert claims.claim("recent 7", 12, 1) == 9
    assert claims.claim("recent 7", 1 << 40, 1) == 12
    assert claims.reached("recent 7") == 0xFFFFFFFF


def test_claims_that_find_no_room_drive_out_the_oldest() -> None:
    claims = SharedClaims(SharedTable(1, PROBES))
    for number in range(PROBES + 1):
        claims.claim(str(number), 3, 3)
    assert [claims.reached(str(number)) for number in range(PROBES + 1)].count(None) == 1
    assert claims.reached(str(PROBES)) == 3


@pytest.mark.parametrize(
    ("make", "room"),
    [(LocalClaims, REMEMBERED), (lambda: SharedClaims(SharedTable(1, PROBES)), PROBES)],
    ids=["local", "shared"],
)
def test_claims_say_since_when_none_was_forgotten(make: Callable[[], Claims], room: int) -> None:
    before = now_micros()
    claims = make()
    made = claims.since
    assert before <= made <= now_micros()
    for number in range(room):
        claims.claim(str(number), 3, 3)
    assert claims.since == made
    full = now_micros()
    claims.claim("one more", 3, 3)
    assert claims.since >= full
