"""Meetings between two people in a real browser: another time is proposed, and what happened is told."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.calls import guest
from tests.e2e.conftest import Make
from tests.e2e.test_calendar import WEDNESDAY, ZONE, at, event, program, stored, until, visit
from tests.e2e.test_looks import faults

pytestmark = pytest.mark.xdist_group("browser")


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
