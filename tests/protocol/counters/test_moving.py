"""Every counter that is declared moves under the traffic that it counts, at each of its scopes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator

import pytest

from mailcore.server.counter_table import BY_NAME, COUNTERS
from tests.protocol.counters.busy import Busy, busy
from tests.support.patience import PATIENCE

MAY_BE_ZERO = {"SYSTEM_LoadAverage", "SYSTEM_CPU"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    with busy(tmp_path_factory.mktemp("busy")) as found:
        yield found


def wanted(letter: str) -> set[str]:
    """The counters that should have moved there."""
    return {each.name for each in COUNTERS if letter in each.scopes}


def still(letter: str, *found: dict[str, float]) -> set[str]:
    """The counters of the scope that none of these has seen move."""
    moved = {name for each in found for name, value in each.items() if value > 0 or name in MAY_BE_ZERO}
    return wanted(letter) - moved


def in_the_end(look: Callable[[], set[str]]) -> set[str]:
    """What is seen once nothing is left, or when that takes too long."""
    end = time.monotonic() + PATIENCE
    while (found := look()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_every_counter_of_the_server_moves(here: Busy) -> None:
    assert in_the_end(lambda: still("S", here.counted())) == set()


def test_every_counter_of_a_domain_moves(here: Busy) -> None:
    assert in_the_end(lambda: still("D", here.counted("domain", here.server.domain))) == set()


def test_every_counter_of_an_account_moves(here: Busy) -> None:
    people = (here.alice.address, here.bob.address)
    assert in_the_end(lambda: still("A", *(here.counted("account", each) for each in people))) == set()


def test_the_command_says_what_was_counted(here: Busy) -> None:
    done = here.ran("counters", "--account", here.bob.address.upper(), "--json")
    told = {each["counter"]: each["value"] for each in json.loads(done.out)}
    assert (told["IMAP_FetchRequest"], told["POP3_RetrievedMessage"], told["WEBMAIL_Login"]) == (1, 1, 0)
    assert set(told) >= {each for each in wanted("A") if BY_NAME[each].kind == "counter"}


def test_prometheus_has_domains_as_labels_and_accounts_where_that_is_wanted(here: Busy) -> None:
    text = here.server.measures()
    assert f'postroom_domain_IMAP_FetchRequest_total{{domain="{here.server.domain}"}} 1.0' in text
    assert f'postroom_account_IMAP_FetchRequest_total{{account="{here.bob.address}"}} 1.0' in text
    assert f'postroom_domain_STORAGE_UsedBytes{{domain="{here.server.domain}"}}' in text


def test_nobody_is_counted_who_is_not_here(here: Busy) -> None:
    text = here.server.measures()
    assert set(re.findall(r'domain="([^"]*)"', text)) == {here.server.domain}


def test_what_the_resolver_says_is_json_where_that_is_asked_for(here: Busy) -> None:
    assert json.loads(here.ran("dns", "query", "known.test", "--json").out)["records"][0]["value"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--domain", "no.test"), 1, "there is no such domain"),
        (("--account", "nobody@server.test"), 1, "nobody@server.test"),
        (("--account", "a@server.test", "--domain", "server.test"), 2, "one domain or for one account"),
    ],
)
def test_who_is_not_there_has_no_counters(here: Busy, words: tuple[str, ...], status: int, said: str) -> None:
    done = here.ran("counters", *words)
    assert (done.status, said in done.err) == (status, True), done.err


def test_the_table_says_what_is_counted(here: Busy) -> None:
    assert BY_NAME["IMAP_FetchRequest"].help in here.ran("counters", "--moved").out
