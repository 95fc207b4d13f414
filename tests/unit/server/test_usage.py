"""The gauges that are made of what the store says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from groupware.model.event import Backlog
from groupware.model.principal import PrincipalKind
from groupware.model.usage import Usage
from mailcore.server import usage as module
from mailcore.server.counters import Sample
from mailcore.server.usage import LATELY_SECONDS, Lately, queue_samples, samples_of

PERSON, PUBLIC = PrincipalKind.ACCOUNT, PrincipalKind.PUBLIC


def values(counter: str, *found: Usage) -> dict[tuple[str, str], float]:
    return {(each.scope, each.name): each.value for each in samples_of(found) if each.counter == counter}


def test_what_accounts_use_adds_up_for_domains_and_server() -> None:
    found = (
        Usage("a@x.org", PERSON, "x.org", 10, 1),
        Usage("b@x.org", PERSON, "x.org", 20, 2),
        Usage("x.org", PUBLIC, "x.org", 5, 1),
        Usage("c@y.org", PERSON, "y.org", 40, 4),
    )
    assert values("STORAGE_UsedBytes", *found) == {
        ("server", ""): 75,
        ("domain", "x.org"): 35,
        ("domain", "y.org"): 40,
        ("account", "a@x.org"): 10,
        ("account", "b@x.org"): 20,
        ("account", "c@y.org"): 40,
    }


def test_an_account_is_over_its_quota_by_octets_or_by_items() -> None:
    found = (
        Usage("a@x.org", PERSON, "x.org", 10, 1, most_octets=9),
        Usage("b@x.org", PERSON, "x.org", 10, 3, most_items=2),
        Usage("c@x.org", PERSON, "x.org", 10, 3, most_octets=10, most_items=3),
    )
    over = values("STORAGE_OverQuotaAccount", *found)
    assert over[("server", "")] == 2
    assert over[("account", "c@x.org")] == 0


def test_what_may_still_be_stored_counts_for_those_who_have_a_limit() -> None:
    found = (Usage("a@x.org", PERSON, "x.org", 10, 1, most_octets=90), Usage("b@x.org", PERSON, "x.org", 10, 1))
    assert values("STORAGE_FreeBytes", *found)[("domain", "x.org")] == 80


def test_the_queue_s_oldest_message_has_its_age() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    found = {each.counter: each.value for each in queue_samples(Backlog(3, 99, 1, now - timedelta(seconds=60)), now)}
    assert found == {"QUEUE_Size": 3, "QUEUE_Bytes": 99, "QUEUE_Deferred": 1, "QUEUE_OldestAge": 60}


def test_who_was_seen_lately_is_counted_until_it_is_long_ago() -> None:
    now = [0.0]
    lately = Lately(lambda: now[0])
    lately.saw("a@x.org")
    now[0] = LATELY_SECONDS - 1
    lately.saw("b@x.org")
    assert Sample("DAV_ActiveUser", "domain", "x.org", 2) in list(lately.samples("DAV_ActiveUser"))
    now[0] = LATELY_SECONDS + 1
    assert list(lately.samples("DAV_ActiveUser")) == [
        Sample("DAV_ActiveUser", "account", "b@x.org", 1),
        Sample("DAV_ActiveUser", "domain", "x.org", 1),
        Sample("DAV_ActiveUser", "server", "", 1),
    ]


def test_who_was_seen_longest_ago_makes_room() -> None:
    lately = Lately(lambda: 0.0)
    for number in range(module.MAX_KEPT + 5):
        lately.saw(f"{number}@x.org")
    assert Sample("DAV_ActiveUser", "server", "", module.MAX_KEPT) in list(lately.samples("DAV_ActiveUser"))
