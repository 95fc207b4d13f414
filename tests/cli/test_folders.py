"""Folders and grants."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.conftest import Postroom

ALICE, BOB = "alice@example.test", "bob@example.test"


@pytest.fixture
def shared(postroom: Postroom) -> Postroom:
    """Alice has Work/2026; bob may read Work."""
    assert postroom("folder", "add", ALICE, "Work/2026").status == 0
    assert postroom("grant", "set", ALICE, "Work", BOB, "viewer").status == 0
    return postroom


def test_a_folder_of_a_kind(postroom: Postroom) -> None:
    assert postroom("folder", "add", ALICE, "Birthdays", "--kind", "calendar").status == 0
    found = {each["path"]: each for each in postroom("folder", "list", ALICE, "--json").json}
    assert found["Birthdays"]["kind"] == "calendar"
    assert found["INBOX"]["role"] == "inbox"
    assert "Other Users" not in found


def test_a_public_folder_of_a_domain(postroom: Postroom) -> None:
    assert postroom("folder", "add", "example.test", "News").status == 0
    assert "News" in [each["path"] for each in postroom("folder", "list", "example.test", "--json").json]


def test_a_folder_is_renamed_and_deleted(postroom: Postroom) -> None:
    postroom("folder", "add", ALICE, "Work/2026")
    assert postroom("folder", "rename", ALICE, "Work/2026", "Past/2026").status == 0
    assert postroom("folder", "delete", ALICE, "Past/2026").status == 0
    paths = [each["path"] for each in postroom("folder", "list", ALICE, "--json").json]
    assert "Past" in paths
    assert "Past/2026" not in paths


def test_a_role_that_is_none_is_a_mistake(postroom: Postroom) -> None:
    said = postroom("folder", "set", ALICE, "INBOX", "--role", "nonsense")
    assert (said.status, "is no role" in said.err) == (2, True)


def test_a_grant_holds_below(shared: Postroom) -> None:
    found = shared("grant", "explain", ALICE, "Work/2026", BOB, "--json").json
    assert (found["actor"], found["rights"], found["level"]) == (BOB, "lrs", "viewer")
    assert [(each["grantee"], each["allow"]) for each in found["reasons"]] == [(BOB, "lrs")]


def test_a_denial_wins(shared: Postroom) -> None:
    assert shared("grant", "set", ALICE, "Work/2026", "everyone", "none", "--deny", "r").status == 0
    assert shared("grant", "explain", ALICE, "Work/2026", BOB, "--json").json["rights"] == "ls"


def test_explain_in_words(shared: Postroom) -> None:
    assert shared("grant", "explain", ALICE, "Work", BOB).out == (
        f"{BOB} in Work of {ALICE}: lrs (viewer)\n  Work: {BOB} allows lrs\n"
    )


def test_a_grant_that_expires(shared: Postroom) -> None:
    said = shared("grant", "set", ALICE, "Work", BOB, "lrswi", "--expires", "7d", "--reason", "a week")
    assert said.status == 0
    (row,) = shared("grant", "list", ALICE, "Work", "--json").json
    left = datetime.fromisoformat(row["expires"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    assert (row["allow"], row["reason"]) == ("lrswi", "a week")


def test_a_grant_is_listed_with_those_above_in_words(shared: Postroom) -> None:
    assert shared("grant", "list", ALICE, "Work/2026").out.startswith(f"{BOB} on Work: allowed lrs (viewer)")


def test_a_grant_is_removed(shared: Postroom) -> None:
    assert shared("grant", "remove", ALICE, "Work", BOB).status == 0
    assert shared("grant", "list", ALICE, "Work", "--json").json == []


def test_the_root_takes_send_as(postroom: Postroom) -> None:
    assert postroom("grant", "set", ALICE, "/", BOB, "3").status == 0
    assert postroom("grant", "explain", ALICE, "/", BOB, "--json").json["rights"] == "3"


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        (("Work", "nobody@example.test", "viewer"), 1),
        (("Nowhere", BOB, "viewer"), 1),
        (("Work", BOB, "lrz"), 1),
        (("Work", BOB, "viewer", "--expires", "2001-01-01"), 2),
        (("Work", BOB), 2),
    ],
)
def test_a_grant_that_makes_no_sense(shared: Postroom, rest: tuple[str, ...], status: int) -> None:
    said = shared("grant", "set", ALICE, *rest)
    assert said.status == status
    assert said.err.count("\n") == 1
