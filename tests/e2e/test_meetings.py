"""Meetings between two people in a real browser: another time is proposed, and what happened is told."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.calendars import WEDNESDAY, ZONE, at, event, program, stored, until, visit
from tests.e2e.calls import guest
from tests.e2e.conftest import Make
from tests.e2e.test_looks import faults


def test_another_time_is_proposed_taken_and_found_in_the_history(sit: Make) -> None:
    chair, other = sit(), sit(width=390)
    program(chair).add(
        "Potting", at(WEDNESDAY, "10:00"), tell=True, timeZone=ZONE, participants={"b": guest(other.who.address)}
    )
    asks = visit(chair)
    expect(event(asks, "Potting")).to_be_visible()
    proposes = visit(other, "day")
    event(proposes, "Potting").click()
    proposes.get_by_role("button", name="Propose another time").click()
    dialog = proposes.get_by_role("dialog", name="Propose another time")
    dialog.get_by_label("Start time").fill("15:00")
    dialog.get_by_label("A few words with it").fill("after lunch")
    assert faults(proposes) == []
    dialog.get_by_role("button", name="Send proposal").click()
    expect(other.toast("Proposal sent")).to_be_visible()
    waiting = asks.get_by_role("region", name="Other times proposed")
    expect(waiting).to_contain_text("after lunch")
    expect(chair.toast("proposes another time for Potting")).to_be_visible()
    assert stored(chair) == [("Potting", at(WEDNESDAY, "10:00"), "PT1H")]
    waiting.get_by_role("button", name="Move the event").click()
    expect(chair.toast("Potting was moved")).to_be_visible()
    expect(waiting).to_have_count(0)
    until(asks, lambda: stored(other) == [("Potting", at(WEDNESDAY, "15:00"), "PT1H")])
    event(asks, "Potting").click()
    peek = asks.get_by_role("dialog", name="Potting")
    peek.get_by_text("What happened").click()
    lines = peek.locator(".timeline li")
    expect(lines.filter(has_text="Invitation sent to").first).to_contain_text("You")
    expect(lines.filter(has_text="Another time proposed")).to_contain_text("after lunch")
    assert faults(asks) == []


def test_a_calendar_goes_out_as_a_file_and_comes_back(sit: Make) -> None:
    desk = sit()
    program(desk).add("Potting", at(WEDNESDAY, "10:00"), timeZone=ZONE)
    page = visit(desk)
    expect(event(page, "Potting")).to_be_visible()
    page.get_by_role("button", name="Actions for Calendar").click()
    with page.expect_download() as taken:
        page.get_by_role("menuitem", name="Export").click()
    octets = taken.value.path().read_bytes()
    assert b"SUMMARY:Potting" in octets
    file = {
        "name": "x.ics",
        "mimeType": "text/calendar",
        "buffer": octets.replace(b"UID:", b"UID:again-").replace(b"Potting", b"Repotting"),
    }
    for told in ("1 event added.", "1 left as it is."):
        page.get_by_role("button", name="Actions for Calendar").click()
        page.get_by_role("menuitem", name="Import…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("File").set_input_files([file])  # type: ignore[list-item]
        assert faults(page) == []
        dialog.get_by_role("button", name="Import").click()
        expect(dialog).to_contain_text(told)
        dialog.get_by_role("button", name="Done").click()
    expect(event(page, "Repotting")).to_have_count(1)
