"""When one is reminded: as a calendar says of its events, and by one's own of what one may only read."""

from __future__ import annotations

from datetime import datetime, timedelta

from playwright.sync_api import Locator, expect

from tests.e2e.calendars import WEDNESDAY, ZONE, at, event, local_zone, program, show, until, visit
from tests.e2e.calls import Json
from tests.e2e.conftest import Make
from tests.e2e.test_looks import faults


def offsets(alerts: Json | None) -> list[str]:
    return [each["trigger"]["offset"] for each in (alerts or {}).values()]


def remind(fields: Locator, when: str) -> None:
    """One more reminder of a list of them."""
    fields.get_by_role("button", name="Add a reminder").click()
    fields.get_by_label("Reminder", exact=True).select_option(when)


def test_a_calendar_says_when_one_is_reminded_of_its_events(sit: Make) -> None:
    desk = sit()
    page, mine = visit(desk), program(desk)
    page.get_by_role("button", name="Actions for Calendar").click()
    page.get_by_role("menuitem", name="Name and colour").click()
    dialog = page.get_by_role("dialog")
    remind(dialog.get_by_role("group", name="Reminders of events at a time"), "30 minutes before")
    remind(dialog.get_by_role("group", name="Reminders of whole days"), "The day before, at 9:00")
    assert faults(page) == []
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)

    def kept() -> bool:
        [found] = [each for each in mine.call("Calendar/get")["list"] if each["isDefault"]]
        return (offsets(found["defaultAlertsWithTime"]), offsets(found["defaultAlertsWithoutTime"])) == (
            ["-PT30M"],
            ["-PT15H"],
        )

    until(page, kept)
    page.keyboard.press("c")
    dialog.get_by_label("Title").fill("Potting")
    dialog.get_by_role("button", name="More options").click()
    left = dialog.get_by_role("checkbox", name="Remind as the calendar does: 30 minutes before")
    expect(left).to_be_checked()
    dialog.get_by_role("checkbox", name="All day").check()
    expect(dialog.get_by_role("checkbox", name="Remind as the calendar does: The day before, at 9:00")).to_be_checked()
    dialog.get_by_role("checkbox", name="All day").uncheck()
    dialog.get_by_role("button", name="Save").click()
    expect(desk.toast("Event saved")).to_be_visible()
    [found] = mine.events()
    assert found["useDefaultAlerts"] is True and not found.get("alerts")
    event(page, "Potting").click()
    expect(dialog).to_contain_text("30 minutes before")
    dialog.get_by_role("button", name="Edit").click()
    left.uncheck()
    expect(dialog.get_by_role("group", name="Reminders")).to_be_visible()
    remind(dialog.get_by_role("group", name="Reminders"), "When it begins")
    dialog.get_by_role("button", name="Save").click()
    until(page, lambda: offsets(mine.events()[0].get("alerts")) == ["PT0S"])
    assert not mine.events()[0].get("useDefaultAlerts")


def test_of_what_one_may_only_read_one_is_reminded_by_one_s_own(sit: Make) -> None:
    desk, friend = sit(), sit()
    theirs = program(friend).add("Their lunch", at(WEDNESDAY, "12:00"), timeZone=ZONE)
    desk.server.grant(friend.who, "Calendar", desk.who, "lr")
    page, mine, account = visit(desk), program(desk), program(friend).account
    show(page, 11)
    event(page, "Their lunch").click()
    own = page.get_by_role("dialog").get_by_role("group", name="My reminders")
    remind(own, "1 hour before")
    assert faults(page) == []

    def kept() -> bool:
        [found] = mine.call("CalendarEvent/get", accountId=account, ids=[theirs])["list"]
        return offsets(found.get("alerts")) == ["-PT1H"]

    until(page, kept)
    assert not program(friend).events()[0].get("alerts")
    page.reload()
    event(page, "Their lunch").click()
    expect(own.get_by_label("Reminder", exact=True)).to_have_value("60")
    own.get_by_role("button", name="No reminder").click()
    until(page, lambda: not kept())


def test_one_is_reminded_wherever_one_is(sit: Make) -> None:
    desk = sit()
    soon = datetime.now() + timedelta(minutes=10)
    alert = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}
    program(desk).add("Kettle", soon.strftime("%Y-%m-%dT%H:%M:00"), timeZone=local_zone(desk), alerts={"1": alert})
    due = (soon - timedelta(minutes=20)).strftime("%Y-%m-%dT%H:%M:00")
    at_due = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "PT0S", "relativeTo": "end"}}
    program(desk).task("Descale", due=due, timeZone=local_zone(desk), alerts={"1": at_due})
    desk.sign_in()
    told = desk.page.get_by_role("region", name="Reminders")
    kettle, descale = (told.get_by_role("article").filter(has_text=name) for name in ("Kettle, in", "Descale"))
    expect(kettle).to_be_visible()
    assert faults(desk.page) == []
    descale.get_by_role("button", name="Dismiss").click()
    expect(descale).to_have_count(0)
    until(desk.page, lambda: "acknowledged" in program(desk).tasks()[0]["alerts"]["1"])
    kettle.get_by_label("Put off Kettle").select_option("5 minutes")
    expect(kettle).to_have_count(0)
    until(desk.page, lambda: len(program(desk).events()[0]["alerts"]) == 2)
    alerts = program(desk).events()[0]["alerts"]
    assert "acknowledged" in alerts["1"]
    [put_off] = [each for key, each in alerts.items() if key != "1"]
    assert put_off["trigger"]["@type"] == "AbsoluteTrigger"
    assert {"reltype": "SNOOZE"} in [each[1] for each in put_off["iCalendar"]["properties"]]
    program(desk).add("Teapot", soon.strftime("%Y-%m-%dT%H:%M:00"), timeZone=local_zone(desk), alerts={"1": alert})
    told.get_by_role("article").filter(has_text="Teapot").get_by_role("button", name="Open").click()
    expect(desk.page.get_by_role("dialog", name="Teapot")).to_be_visible()
    desk.page.reload()
    expect(event(desk.page, "Kettle")).to_be_visible()


def test_in_a_shared_calendar_one_is_reminded_by_one_s_own_alone(sit: Make) -> None:
    desk = sit()
    friend = sit(desk.server.account())
    soon = (datetime.now() + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:00")
    alert = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}
    for title in ("Hers", "Ours"):
        program(friend).add(title, soon, timeZone=local_zone(desk), alerts={"1": alert})
    desk.server.grant(friend.who, "Calendar", desk.who, "lr")
    mine, account = program(desk), program(friend).account
    ours = next(each["id"] for each in program(friend).events() if each["title"] == "Ours")
    mine.call("CalendarEvent/set", accountId=account, update={ours: {"alerts": {"m": alert}}})
    desk.sign_in()
    told = desk.page.get_by_role("region", name="Reminders")
    expect(told.get_by_role("article")).to_have_count(1)
    told.get_by_role("article").filter(has_text="Ours").get_by_role("button", name="Dismiss").click()

    def seen() -> bool:
        [found] = mine.call("CalendarEvent/get", accountId=account, ids=[ours])["list"]
        return any("acknowledged" in each for each in found["alerts"].values())

    until(desk.page, seen)
    assert all("acknowledged" not in each["alerts"]["1"] for each in program(friend).events())
