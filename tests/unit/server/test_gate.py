"""Counting connections and failed logins, in bounded memory."""

import random

from hypothesis import given
from hypothesis import strategies as st

from mailcore.server import gate as gates
from mailcore.server import guesses as guessing
from mailcore.server.gate import Admission, Policy, Refusal, RuleGate, Tally, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.rules import UNLIMITED, Limits, Rule, Rules, ip_set
from tests.support.clock import FakeClock

ALICE, MALLORY = "192.0.2.1", "192.0.2.66"


def gate(
    policy: Policy, service: Policy | None = None, clock: FakeClock | None = None, *, login_only: bool = True
) -> RuleGate:
    clock = clock or FakeClock()
    above = Turnstile(service or Policy(limits=UNLIMITED))
    return RuleGate(Turnstile(policy), above, Guesses(GuessLimits(), clock), clock, login_only=login_only)


def test_admit_gives_a_place_that_is_free_again_when_left() -> None:
    one = gate(Policy(limits=Limits(connections=1)))
    place = one.admit(ALICE)
    assert place is not None
    with place:
        assert one.admit(MALLORY) is None
    assert one.admit(MALLORY) is not None


def test_a_place_left_twice_is_given_back_once() -> None:
    one = gate(Policy(limits=Limits(connections=2)))
    place, other = one.enter(ALICE), one.enter(ALICE)
    assert isinstance(place, Admission)
    assert isinstance(other, Admission)
    place.leave()
    place.leave()
    assert isinstance(one.enter(ALICE), Admission)
    assert isinstance(one.enter(ALICE), Refusal)


def test_the_services_limits_count_over_all_its_listeners() -> None:
    clock = FakeClock()
    above = Turnstile(Policy(limits=Limits(connections=2)))
    guesses = Guesses(GuessLimits(), clock)
    one = RuleGate(Turnstile(Policy(limits=UNLIMITED)), above, guesses, clock)
    two = RuleGate(Turnstile(Policy(limits=UNLIMITED)), above, guesses, clock)
    assert one.admit(ALICE) is not None
    assert two.admit(ALICE) is not None
    assert one.admit(ALICE) is None


def test_a_connection_let_in_by_a_rule_does_not_use_up_the_listeners_places() -> None:
    rules = Rules(allow=(Rule(ip_set([ALICE])),))
    one = gate(Policy(rules, Limits(connections=1)))
    assert one.admit(ALICE) is not None
    assert one.admit(MALLORY) is not None
    assert one.admit(MALLORY) is None
    assert one.admit(ALICE) is not None


def test_ipv6_addresses_of_one_network_are_one_peer() -> None:
    one = gate(Policy(limits=Limits(peer_connections=1)))
    assert one.admit("2001:db8:1:2::1") is not None
    assert one.admit("2001:db8:1:2::2") is None
    assert one.admit("2001:db8:1:3::1") is not None


def test_refused_connections_do_not_count_towards_the_interval() -> None:
    clock = FakeClock()
    one = gate(Policy(limits=Limits(per_interval=1, interval=60)), clock=clock)
    assert one.admit(ALICE) is not None
    clock.advance(59)
    assert one.admit(ALICE) is None
    clock.advance(1)
    assert one.admit(ALICE) is not None


def test_another_policy_keeps_counting_who_is_connected() -> None:
    clock = FakeClock()
    listener = Turnstile(Policy(limits=Limits(connections=5)))
    above = Turnstile(Policy(limits=UNLIMITED))
    one = RuleGate(listener, above, Guesses(GuessLimits(), clock), clock)
    place = one.enter(ALICE)
    assert isinstance(place, Admission)
    listener.adopt(Policy(limits=Limits(connections=1)))
    assert isinstance(one.enter(MALLORY), Refusal)
    place.leave()
    assert isinstance(one.enter(MALLORY), Admission)


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 5), st.integers(1, 3), st.randoms())
def test_open_connections_never_pass_the_limits(peers: list[int], total: int, each: int, luck: random.Random) -> None:
    tally, limits, open_now = Tally(), Limits(total, 0, 60, each, 0, 60), []
    for number in peers:
        peer = str(number)
        full = len(open_now) >= total or open_now.count(peer) >= each
        assert bool(tally.over(peer, limits, 0.0)) == full
        if not full:
            tally.enter(peer, limits, 0.0)
            open_now.append(peer)
        elif luck.random() < 0.5:
            tally.leave(open_now.pop(luck.randrange(len(open_now))))
        assert tally.open == len(open_now)


def test_peers_are_forgotten_when_there_are_too_many(monkeypatch: object) -> None:
    tally = Tally()
    tally.enter("stays", UNLIMITED, 0.0)
    for number in range(gates.PEERS_REMEMBERED + 10):
        tally.enter(str(number), UNLIMITED, 0.0)
        tally.leave(str(number))
    assert len(tally._peers) <= gates.PEERS_REMEMBERED
    tally.leave("stays")
    assert tally.open == 0


def test_pauses_double_up_to_their_bound_and_a_login_that_works_forgets_them() -> None:
    one = gate(Policy())
    assert [one.failed_login(ALICE, "alice@x") for _ in range(7)] == [0.5, 1, 2, 4, 8, 15, 15]
    one.succeeded_login(ALICE, "ALICE@x")
    assert one.failed_login(ALICE, "alice@x") < 2


def test_a_guessing_peer_is_blocked_for_a_while_whatever_name_it_tries() -> None:
    clock = FakeClock()
    one = gate(Policy(limits=UNLIMITED), clock=clock)
    for number in range(30):
        assert one.blocked(MALLORY, "alice@x") == 0
        one.failed_login(MALLORY, f"user{number}@x")
    assert one.blocked(MALLORY, "alice@x") == 900
    assert one.blocked(ALICE, "alice@x") == 0
    assert one.admit(MALLORY) is None
    clock.advance(900)
    assert one.blocked(MALLORY, "alice@x") == 0
    assert one.admit(MALLORY) is not None


def test_where_one_needs_no_login_a_guessing_peer_may_still_bring_mail() -> None:
    one = gate(Policy(limits=UNLIMITED), login_only=False)
    for number in range(40):
        one.failed_login(MALLORY, f"user{number}@x")
    assert one.admit(MALLORY) is not None
    assert one.blocked(MALLORY, "alice@x") > 0


def test_a_name_under_attack_is_closed_to_strangers_and_open_to_its_owner() -> None:
    one = gate(Policy())
    one.succeeded_login(ALICE, "alice@x")
    for number in range(100):
        one.failed_login(f"198.51.100.{number}", "Alice@X")
    assert one.blocked("203.0.113.9", "alice@x") > 0
    assert one.blocked(ALICE, "alice@x") == 0
    assert one.blocked("203.0.113.9", "bob@x") == 0


def test_failures_far_apart_are_no_attack() -> None:
    clock = FakeClock()
    one = gate(Policy(), clock=clock)
    for _ in range(200):
        one.failed_login(ALICE, "alice@x")
        clock.advance(601)
    assert one.blocked(ALICE, "alice@x") == 0
    assert one.failed_login(ALICE, "alice@x") == 0.5


def test_an_account_of_ones_own_does_not_clear_a_guessing_peer() -> None:
    one = gate(Policy())
    for number in range(30):
        one.failed_login(MALLORY, f"user{number}@x")
        one.succeeded_login(MALLORY, "mallory@x")
    assert one.blocked(MALLORY, "alice@x") > 0


def test_endless_names_and_peers_do_not_fill_the_memory() -> None:
    guesses = Guesses(GuessLimits(), FakeClock())
    for number in range(guessing.REMEMBERED + 100):
        guesses.failed(str(number), "x" * 10_000 + str(number))
        guesses.succeeded(str(number), str(number))
    for memory in (guesses._pairs, guesses._peers, guesses._names, guesses._known):
        assert len(memory) <= guessing.REMEMBERED
    assert all(len(name) <= guessing.NAME_MAX for name in guesses._names)
