"""Calendars that are filled from elsewhere on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Postroom

ALICE, URL = "alice@example.test", "webcal://cal.far.test/a.ics"


def shown(postroom: Postroom) -> list[dict[str, Any]]:
    return postroom("calendar", "subscriptions", ALICE, "--json").json


def test_one_is_made_changed_fetched_and_taken_away(postroom: Postroom) -> None:
    made = postroom("calendar", "subscribe", ALICE, URL, "--name", "Fixtures", "--color", "#1e90ff", "--alarms")
    assert made.status == 0, made.err
    (one,) = shown(postroom)
    assert (one["calendar"], one["url"], one["alarms"]) == ("Fixtures", "http://cal.far.test/a.ics", True)
    assert (one["enabled"], one["done"], one["events"]) == (True, None, 0)
    changed = ("--url", "https://cal.far.test/b.ics", "--minutes", "60", "--disable", "--no-alarms")
    assert postroom("calendar", "resubscribe", ALICE, "Fixtures", *changed).status == 0
    (one,) = shown(postroom)
    assert (one["url"], one["minutes"], one["enabled"]) == ("https://cal.far.test/b.ics", 60, False)
    assert "switched off" in postroom("calendar", "refresh", ALICE, "Fixtures").err
    assert postroom("calendar", "resubscribe", ALICE, "Fixtures", "--enable").status == 0
    assert postroom("calendar", "refresh", ALICE, "Fixtures").status == 0
    assert postroom("calendar", "unsubscribe", ALICE, "Fixtures").status == 0
    assert shown(postroom) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["subscribe", ALICE, "ftp://far.test/"], "https://"),
        (["subscribe", ALICE, "http://u:p@far.test/"], "password"),
        (["subscribe", ALICE, URL, "--minutes", "1"], "subscribedCalendarInterval"),
        (["subscribe", ALICE, URL, "--name", "Calendar"], "Calendar"),
        (["unsubscribe", ALICE, "Calendar"], "filled from nowhere else"),
        (["refresh", ALICE, "Nowhere"], "Nowhere"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(postroom: Postroom, words: list[str], said: str) -> None:
    done = postroom("calendar", *words)
    assert (done.status, done.err.count("\n"), said in done.err) == (1, 1, True), done.err
    assert shown(postroom) == []
