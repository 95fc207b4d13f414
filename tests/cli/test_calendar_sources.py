"""Calendars that are filled from elsewhere on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Postroom
from tests.support.davstand import event

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


def test_an_export_says_where_one_comes_from_and_an_import_subscribes_again(postroom: Postroom, tmp_path: Path) -> None:
    postroom("calendar", "subscribe", ALICE, URL, "--name", "Fixtures", "--minutes", "120", "--alarms")
    assert postroom("export", tmp_path / "out", ALICE).status == 0
    (tmp_path / "out" / ALICE / "Fixtures" / "1.ics").write_text(event("1"), newline="")
    said = postroom("import", ALICE, "Again", tmp_path / "out" / ALICE / "Fixtures", "--json").json
    assert said == {"imported": 1, "there_already": 0, "failed": []}
    old, new = sorted(shown(postroom), key=lambda each: str(each["calendar"]) == "Again")
    assert new == {**old, "calendar": "Again", "events": 1, "next": new["next"]}
    assert postroom("import", ALICE, "Again", tmp_path / "out" / ALICE / "Fixtures", "--json").json["failed"] == []


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
