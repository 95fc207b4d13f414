"""`postroom calendar`: hours, and other times that are proposed."""

from __future__ import annotations

from pathlib import Path

from groupware.calendar.hours import weekly
from groupware.model.annotation import ALARMS
from groupware.model.folder import Role
from mailcore.cli.site import opened
from mailcore.server.config import load
from tests.cli.conftest import Postroom

ALICE = "alice@example.test"


def test_hours_are_said_and_taken_back(postroom: Postroom, tmp_path: Path) -> None:
    said = postroom("calendar", "hours", ALICE, "Mon-Fri 08:00-18:00", "--zone", "Europe/Berlin")
    assert (said.status, said.out) == (0, f"{ALICE}: Mon-Fri 08:00-18:00\n")
    assert postroom("calendar", "hours", ALICE).out == f"{ALICE}: always\n"
    file = tmp_path / "hours.ics"
    file.write_bytes(weekly("Sat 10:00-12:00", "UTC"))
    assert postroom("calendar", "hours", ALICE, "--file", file).status == 0


def test_hours_that_are_none_are_refused(postroom: Postroom, tmp_path: Path) -> None:
    said = postroom("calendar", "hours", ALICE, "always")
    assert said.status != 0 and "Mon-Fri 08:00-18:00" in said.err
    file = tmp_path / "hours.ics"
    file.write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    assert postroom("calendar", "hours", ALICE, "--file", file).status != 0


def test_alarms_are_for_all_or_for_their_owner(postroom: Postroom, data: Path) -> None:
    for word, said, kept in (("--shared", "all who read it", {ALARMS: b"shared"}), ("--own", "its owner alone", {})):
        assert (
            postroom("calendar", "alarms", ALICE, "Calendar", word).out
            == f"Calendar: its owner's alarms are for {said}\n"
        )
        with opened(load(None, data=data)) as here:
            notes = here.read(lambda tx: dict(tx.annotations(tx.role(tx.account(ALICE).id, Role.CALENDAR).id)))
        assert {name: value for name, value in notes.items() if name == ALARMS} == kept


def test_a_proposal_that_is_not_there_is_said_so(postroom: Postroom) -> None:
    assert postroom("calendar", "counter", "list", ALICE, "--json").json == []
    for word in ("accept", "decline"):
        said = postroom("calendar", "counter", word, ALICE, "7")
        assert said.status != 0 and "there is no proposal 7" in said.err


def test_a_room_is_made_without_a_password_and_is_shown_apart(postroom: Postroom) -> None:
    said = postroom("account", "add", "room@example.test", "--resource", "--name", "Blue Room")
    assert (said.status, said.out) == (0, "resource room@example.test\n")
    [room] = postroom("account", "list", "--resources", "--json").json
    assert (room["address"], room["name"]) == ("room@example.test", "Blue Room")
    assert "room@example.test" not in {each["address"] for each in postroom("account", "list", "--json").json}
    assert postroom("setting", "set", "resourceCapacity", "8", "--of", "room@example.test").status == 0
    assert postroom("calendar", "hours", "room@example.test", "Mon-Fri 08:00-18:00", "--zone", "UTC").status == 0
