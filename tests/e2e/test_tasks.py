"""Tasks in a real browser."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.calendars import column, event, program, show, until
from tests.e2e.calendars import visit as visit_calendar
from tests.e2e.conftest import Desk, Make
from tests.e2e.test_looks import faults

TODAY = date.today()


def due(days: int) -> dict[str, object]:
    return {"due": f"{TODAY + timedelta(days=days)}T00:00:00", "showWithoutTime": True}


def visit(desk: Desk, path: str = "today") -> Page:
    """Signs in, and goes to some of the tasks."""
    desk.page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/tasks/{path}")
    desk.page.get_by_label("Address").fill(desk.who.address)
    desk.page.get_by_label("Password").fill(desk.who.password)
    desk.page.get_by_role("button", name="Sign in").click()
    expect(desk.page.locator(".tasks .bar")).to_be_visible()
    expect(desk.page.locator(".side section")).to_be_attached()
    return desk.page


def task(page: Page, title: str) -> Locator:
    return page.locator("li.task").filter(has_text=title)


def filter_(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Task lists").get_by_role("link", name=name).first.click()


def test_a_task_is_typed_done_undone_and_deleted(sit: Make) -> None:
    desk = sit()
    page = visit(desk)
    page.keyboard.press("c")
    page.keyboard.type("Buy seeds")
    page.keyboard.press("Enter")
    expect(task(page, "Buy seeds")).to_contain_text("Today")
    until(page, lambda: bool(program(desk).tasks()))
    [found] = program(desk).tasks()
    assert (found["title"], found["due"], found["showWithoutTime"]) == ("Buy seeds", f"{TODAY}T00:00:00", True)
    task(page, "Buy seeds").get_by_role("button", name="Done: Buy seeds").click()
    expect(task(page, "Buy seeds")).to_have_count(0)
    desk.undo("Task done")
    expect(task(page, "Buy seeds")).to_be_visible()
    until(page, lambda: program(desk).tasks()[0].get("progress") is None)
    page.get_by_role("button", name="Done: Buy seeds").click()
    until(page, lambda: program(desk).tasks()[0].get("progress") == "completed")
    filter_(page, "Done")
    expect(task(page, "Buy seeds")).to_be_visible()
    task(page, "Buy seeds").locator(".task-open").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(task(page, "Buy seeds")).to_have_count(0)
    desk.undo("Task deleted")
    expect(task(page, "Buy seeds")).to_be_visible()


def test_filters_show_what_is_due_when(sit: Make) -> None:
    desk = sit()
    mine = program(desk)
    for title, more in (("Late", due(-2)), ("Now", due(0)), ("Soon", due(5)), ("Far", due(40)), ("Some day", {})):
        mine.task(title, **more)
    page = visit(desk)
    for name, there in (
        ("Today", ["Late", "Now"]),
        ("Next seven days", ["Late", "Now", "Soon"]),
        ("Overdue", ["Late"]),
        ("All open", ["Late", "Now", "Soon", "Far", "Some day"]),
        ("Done", []),
    ):
        filter_(page, name)
        expect(page.locator(".task-title")).to_have_text(there)
    page.keyboard.press("3")
    expect(page.locator(".task .late")).to_have_count(1)
    expect(page.locator(".task-title")).to_have_text(["Late"])


def test_all_of_a_task_is_stored_and_it_is_due_again(sit: Make) -> None:
    desk = sit()
    program(desk).task("Water the beds", **due(0))
    page = visit(desk)
    task(page, "Water the beds").locator(".task-open").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Repeat").select_option("Daily")
    dialog.get_by_label("Every").fill("3")
    dialog.get_by_label("Priority").select_option("High")
    dialog.get_by_label("Progress").select_option("In progress")
    dialog.get_by_label("% done").fill("40")
    dialog.get_by_label("Notes").fill("In the evening")
    dialog.get_by_label("Add a part").fill("Fill the can")
    dialog.get_by_label("Add a part").press("Enter")
    expect(dialog.get_by_role("button", name="Fill the can", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(desk.toast("Task changed")).to_be_visible()
    until(page, lambda: len(program(desk).tasks()) == 2)
    found = {each["title"]: each for each in program(desk).tasks()}
    whole = found["Water the beds"]
    assert (whole["priority"], whole["progress"], whole["percentComplete"]) == (1, "in-process", 40)
    assert (whole["recurrenceRules"][0]["interval"], whole["description"]) == (3, "In the evening")
    assert list(found["Fill the can"]["relatedTo"]) == [whole["uid"]]
    expect(task(page, "Water the beds")).to_contain_text("40 %")
    expect(task(page, "Water the beds")).to_contain_text("0/1")
    page.get_by_role("button", name="Done: Water the beds").click()
    expect(desk.toast("due again")).to_be_visible()
    then = f"{TODAY + timedelta(days=3)}T00:00:00"
    until(page, lambda: then in [each.get("due") for each in program(desk).tasks()])
    filter_(page, "All open")
    expect(page.locator(".task-title")).to_have_text(["Water the beds", "Fill the can"])
    assert task(page, "Fill the can").evaluate("(at) => at.style.getPropertyValue('--depth')") == "1"


def test_lists_are_made_and_tasks_are_dragged_into_them(sit: Make) -> None:
    desk = sit()
    program(desk).task("Mend the shed")
    page = visit(desk, "all")
    page.get_by_role("button", name="New list").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Garden")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    garden = page.get_by_role("navigation", name="Task lists").get_by_role("link", name="Garden")
    expect(garden).to_be_visible()
    task(page, "Mend the shed").drag_to(garden)
    expect(desk.toast("Moved to Garden")).to_be_visible()
    garden.click()
    expect(page.get_by_role("heading", name="Garden")).to_be_visible()
    expect(task(page, "Mend the shed")).to_be_visible()
    page.get_by_role("textbox", name="Add a task").fill("Paint it")
    page.keyboard.press("Enter")
    expect(page.locator(".task-title")).to_have_text(["Mend the shed", "Paint it"])
    page.get_by_role("button", name="Actions for Garden").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(garden).to_have_count(0)


def test_a_task_is_planned_in_the_calendar(sit: Make) -> None:
    desk = sit()
    program(desk).task("Sow beans")
    page = visit_calendar(desk, "week", TODAY)
    to_do = page.get_by_role("region", name="Tasks").get_by_role("listitem").filter(has_text="Sow beans")
    expect(to_do).to_be_visible()
    show(page, 10)
    to_do.drag_to(column(page, TODAY), target_position={"x": 20, "y": 48 * 10 + 10})
    expect(event(page, "Sow beans")).to_contain_text("10:00")
    until(page, lambda: bool(program(desk).events()))
    [found] = program(desk).events()
    assert (found["title"], found["start"]) == ("Sow beans", f"{TODAY}T10:00:00")
    page.keyboard.press("4")
    to_do.drag_to(page.locator(f".month-day[data-day='{TODAY}']"))
    until(page, lambda: program(desk).tasks()[0].get("due") == f"{TODAY}T00:00:00")
    expect(to_do).to_contain_text("Today")


def test_what_another_program_does_appears(sit: Make) -> None:
    desk = sit()
    page = visit(desk, "all")
    program(desk).task("From elsewhere")
    expect(task(page, "From elsewhere")).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), [(1360, True), (390, False)])
def test_a_screen_reader_meets_nothing_serious_in_tasks(sit: Make, width: int, dark: bool) -> None:
    desk = sit(width=width, dark=dark)
    program(desk).task("Water the beds", priority=1, percentComplete=30, **due(-1))
    page = visit(desk)
    expect(task(page, "Water the beds")).to_be_visible()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    task(page, "Water the beds").locator(".task-open").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert faults(page) == []
