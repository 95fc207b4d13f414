"""Rules: IP sets, and the decision against an oracle that is written the long way."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.server.rules import ANYONE, Decision, Limits, Rule, Rules, address, decide, ip_set, peer_key

ADDRESSES = st.integers(0, 15).map(lambda number: ip_address(f"10.0.0.{number}"))


@pytest.mark.parametrize(
    ("entry", "inside", "outside"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("192.0.2.1-192.0.2.9", "192.0.2.9", "192.0.2.10"),
        ("192.0.2.1 - 192.0.2.9", "192.0.2.5", "192.0.2.0"),
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.77/24", "192.0.2.0", "192.0.1.255"),
        ("192.0.2.0/255.255.255.0", "192.0.2.200", "192.0.3.1"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("2001:db8::1-2001:db8::f", "2001:db8::a", "2001:db8::10"),
        ("::ffff:192.0.2.1", "192.0.2.1", "::1"),
        ("0.0.0.0/0", "255.255.255.255", "::1"),
    ],
)
def test_an_entry_contains_what_it_says(entry: str, inside: str, outside: str) -> None:
    assert address(inside) in ip_set([entry])
    assert address(outside) not in ip_set([entry])


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("192.0.2", "is not an IP address, a range"),
        ("192.0.2.0/33", "is not an IP address, a range"),
        ("192.0.2.0/255.0.255.0", "is not an IP address, a range"),
        ("192.0.2.9-192.0.2.1", "ends before it begins"),
        ("192.0.2.9-::1", "one IP version"),
        ("", "is not an IP address, a range"),
    ],
)
def test_a_wrong_entry_is_quoted_with_what_is_wrong(entry: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as raised:
        ip_set(["192.0.2.1", entry])
    assert repr(entry) in str(raised.value)


def test_an_endless_set_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 1000 entries"):
        ip_set(["192.0.2.1"] * 1001)


@given(st.lists(st.tuples(ADDRESSES, ADDRESSES).map(sorted), max_size=4), ADDRESSES)
def test_a_set_of_ranges_contains_what_one_of_them_does(
    ranges: list[list[IPv4Address]], peer: IPv4Address | IPv6Address
) -> None:
    found = ip_set([f"{low}-{high}" for low, high in ranges])
    assert (peer in found) == any(int(low) <= int(peer) <= int(high) for low, high in ranges)


def test_ipv4_in_ipv6_is_ipv4() -> None:
    assert address("::ffff:192.0.2.1") == IPv4Address("192.0.2.1")


def test_an_ipv6_peer_is_counted_by_its_network() -> None:
    assert peer_key(address("2001:db8:1:2:3:4:5:6")) == "2001:db8:1:2::/64" == peer_key(address("2001:db8:1:2::1"))
    assert peer_key(address("192.0.2.1")) == "192.0.2.1"


def rule(span: str, priority: int = 500, *, enabled: bool = True, name: str = "") -> Rule:
    return Rule(ip_set([span]), priority, enabled, Limits(), name)


PEER = address("10.0.0.1")
HERE, ELSEWHERE = "10.0.0.1", "10.0.0.2"


@pytest.mark.parametrize(
    ("listener", "service", "admitted", "level"),
    [
        (Rules(), Rules(), True, "none"),
        (Rules(deny=(rule(HERE),)), Rules(), False, "listener"),
        (Rules(allow=(rule(HERE),)), Rules(), True, "listener"),
        (Rules(deny=(rule(ELSEWHERE),)), Rules(), True, "none"),
        (Rules((rule(HERE, 10),), (rule(HERE, 20),)), Rules(), True, "listener"),
        (Rules((rule(HERE, 20),), (rule(HERE, 10),)), Rules(), False, "listener"),
        (Rules((rule(HERE, 10),), (rule(HERE, 10),)), Rules(), False, "listener"),
        (Rules((rule(HERE, 10),), (rule(HERE, 5, enabled=False),)), Rules(), True, "listener"),
        (Rules((rule(HERE, 1000),)), Rules(deny=(rule(HERE, 1),)), True, "listener"),
        (Rules(deny=(rule(HERE, 1000),)), Rules((rule(HERE, 1),)), False, "listener"),
        (Rules(), Rules(deny=(rule(HERE),)), False, "service"),
        (Rules((rule(ELSEWHERE),)), Rules((rule(HERE),)), True, "service"),
    ],
)
def test_who_decides(listener: Rules, service: Rules, admitted: bool, level: str) -> None:
    found = decide(PEER, listener, service)
    assert (found.admitted, found.level) == (admitted, level)


def test_loopback_is_a_peer_like_any_other() -> None:
    assert not decide(address("127.0.0.1"), Rules(deny=(Rule(ANYONE),)), Rules()).admitted


def test_the_allow_rule_with_the_smallest_number_brings_its_limits() -> None:
    best = rule(HERE, 5, name="best")
    assert decide(PEER, Rules((rule(HERE, 9), best, rule(HERE, 7))), Rules()).rule is best


SPANS = st.tuples(ADDRESSES, ADDRESSES).map(lambda ends: "-".join(map(str, sorted(ends))))
RULES = st.lists(
    st.builds(rule, SPANS, st.integers(1, 4), enabled=st.booleans(), name=st.uuids().map(str)), max_size=5
).map(tuple)


def oracle(peer: IPv4Address, listener: Rules, service: Rules) -> tuple[bool, str]:
    for level, rules in (("listener", listener), ("service", service)):
        for priority in range(1, 1001):  # from the highest priority down, deny before allow
            for admitted, kind in ((False, rules.deny), (True, rules.allow)):
                for each in kind:
                    if each.enabled and each.priority == priority and peer in each.addresses:
                        return admitted, level
    return True, "none"


@given(ADDRESSES, st.builds(Rules, RULES, RULES), st.builds(Rules, RULES, RULES))
def test_the_decision_is_the_one_that_going_through_the_priorities_finds(
    peer: IPv4Address, listener: Rules, service: Rules
) -> None:
    found: Decision = decide(peer, listener, service)
    assert (found.admitted, found.level) == oracle(peer, listener, service)
    assert found.rule is None or peer in found.rule.addresses
