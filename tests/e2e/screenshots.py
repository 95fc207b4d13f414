"""Makes the pictures in docs/screenshots: `python -m tests.e2e.screenshots`, with what `postroom demo` begins with."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.calls import Program
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.e2e.scenes import BOB, CAROL, WHO, demo
from tests.e2e.test_pictures import give

TO = Path(__file__).parents[2] / "docs/screenshots"


def sit(browser: Browser, where: str, password: str, width: int, height: int, *, dark: bool) -> Page:
    """Alice, signed in, with the inbox before her."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB")  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(where)
    page.get_by_label("Address").fill(WHO)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.locator("li.row a").first.wait_for()
    return page


def shoot(page: Page, name: str) -> None:
    """A picture, once everything has come."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => 0)))")
    page.screenshot(path=TO / f"{name}.png")


def visit(page: Page, where: str, path: str, there: str = ".stage") -> None:
    """Another room; `there` is what it has when it is ready."""
    page.goto(f"{where}mail/{path}")
    page.locator(there).first.wait_for()


def organized(browser: Browser, where: str, password: str) -> None:
    """The calendar and the tasks."""
    today = datetime.now(UTC).date()
    for dark in (False, True):
        scheme = "dark" if dark else "light"
        page = sit(browser, where, password, 1280, 800, dark=dark)
        visit(page, where, f"calendar/week/{today}", ".event")
        shoot(page, f"calendar-week-{scheme}")
        page.get_by_label("Search events").fill("plan")
        page.get_by_role("option").first.wait_for()
        shoot(page, f"calendar-find-{scheme}")
        page.get_by_label("Search events").fill("")
        page.locator(".event", has_text="Planning").first.click()
        page.get_by_role("button", name="Edit").click()
        page.locator(".fb-line i").first.wait_for()
        shoot(page, f"calendar-event-{scheme}")
        for view in ("day", "month", "year", "agenda"):
            visit(page, where, f"calendar/{view}/{today}", ".event, .agenda-line, .year .busy")
            shoot(page, f"calendar-{view}-{scheme}")
        visit(page, where, "tasks/today", ".task")
        shoot(page, f"tasks-{scheme}")
        phone = sit(browser, where, password, 390, 780, dark=dark)
        visit(phone, where, f"calendar/day/{today}", ".calendar-bar")
        shoot(phone, f"phone-calendar-{scheme}")
        visit(phone, where, f"calendar/month/{today}", ".event")
        shoot(phone, f"phone-month-{scheme}")
        visit(phone, where, f"calendar/week/{today}", ".event")
        phone.locator(".event", has_text="Planning").first.click()
        phone.get_by_role("button", name="Edit").click()
        phone.locator(".fb-line i").first.wait_for()
        shoot(phone, f"phone-event-{scheme}")
        visit(phone, where, "tasks/today", ".task")
        shoot(phone, f"phone-tasks-{scheme}")


def asked(browser: Browser, where: str, passwords: Mapping[str, str]) -> None:
    """What others ask of Alice, and what she is reminded of; the last, for the page speaks of it everywhere."""
    today = datetime.now(UTC).date()
    alice, bob, carol = (Program(where, each, passwords[each]) for each in (WHO, BOB, CAROL))
    planning = next(each for each in bob.events(title="Planning") if each["title"] == "Planning")
    later = f"{planning['start'][:11]}15:30:00"
    bob.call("CalendarEvent/propose", id=planning["id"], start=later, duration="PT1H", comment="The hall is free then.")
    carol_ = next(each for each in carol.events(title="Planning") if each["title"] == "Planning")
    me = next(key for key, each in carol_["participants"].items() if CAROL in each["sendTo"]["imip"])
    answer = {carol_["id"]: {f"participants/{me}/participationStatus": "accepted"}}
    carol.call("CalendarEvent/set", update=answer, sendSchedulingMessages=True)
    she = next(each["id"] for each in carol.call("Principal/get", ids=None)["list"] if each["email"] == WHO)
    made = {"principalId": she, "path": "Calendar", "level": "editor", "text": "While you are away"}
    carol.call("AccessRequest/set", create={"k": made})
    for dark in (False, True):
        scheme = "dark" if dark else "light"
        page = sit(browser, where, passwords[WHO], 1280, 800, dark=dark)
        visit(page, where, f"calendar/week/{today}", ".event")
        page.locator(".event", has_text="Planning").first.click()
        page.get_by_role("dialog").get_by_text("What happened").click()
        page.locator(".timeline li").nth(2).wait_for()
        shoot(page, f"meeting-{scheme}")
        visit(page, where, "settings/sharing", ".requests")
        shoot(page, f"requests-{scheme}")
        phone = sit(browser, where, passwords[WHO], 390, 780, dark=dark)
        visit(phone, where, f"calendar/agenda/{today - timedelta(days=today.weekday())}", ".agenda")
        phone.locator(".agenda").get_by_role("button", name="Budget").click()
        phone.get_by_role("button", name="Propose another time").click()
        phone.locator(".fb-line i").first.wait_for()
        shoot(phone, f"phone-propose-{scheme}")
    now = datetime.now(UTC)
    alert = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}
    soon = (now + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:00")
    alice.add("Call with the nursery", soon, timeZone="Etc/UTC", alerts={"1": alert})
    page = sit(browser, where, passwords[WHO], 1280, 800, dark=False)
    page.get_by_role("region", name="Reminders").wait_for()
    shoot(page, "reminder-light")


def open_(page: Page, subject: str) -> None:
    page.locator("li.row", has_text=subject).get_by_role("link").click()
    page.locator(".message .plain, iframe.html").first.wait_for()


def rooms(page: Page, where: str, scheme: str) -> None:
    """Contacts, notes, settings and sharing on a wide screen."""
    visit(page, where, "contacts/all", ".stage")
    page.locator("li.person", has_text="Bob Brandt").get_by_role("link").click()
    page.get_by_role("article").get_by_text("Treasurer").wait_for()
    shoot(page, f"contacts-{scheme}")
    visit(page, where, "notes/all", ".stage")
    page.locator("li.note-line", has_text="Spring").get_by_role("link").click()
    page.get_by_label("Write here").wait_for()
    shoot(page, f"notes-{scheme}")
    visit(page, where, "settings/devices", ".stage")
    page.get_by_role("region", name="Signed-in browsers").get_by_role("listitem").first.wait_for()
    page.get_by_role("region", name="Phones and tablets").get_by_role("listitem").first.wait_for()
    shoot(page, f"settings-{scheme}")
    visit(page, where, "settings/sharing", ".stage")
    page.get_by_role("button").filter(has_text="Garden").click()
    page.get_by_role("dialog").get_by_text("Carol Costa").wait_for()
    shoot(page, f"sharing-{scheme}")
    visit(page, where, "settings/filters", ".stage")
    page.get_by_role("button", name="New rule").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill("Bills")
    dialog.get_by_label("What is looked at").select_option("subject")
    dialog.get_by_label("What is looked for").fill("Bill")
    dialog.get_by_label("Add an action…").select_option("move")
    dialog.get_by_label("Folder").select_option(label="Archive")
    shoot(page, f"rule-{scheme}")


def put_in_order(page: Page, where: str, scheme: str) -> None:
    """Labels, a pin, what a search proposes, and until when a message waits; at first in the light."""
    if scheme == "light":
        for subject, label in (
            ("Watering list", "Garden"),
            ("Seeds for early spring", "Garden"),
            ("Lunch", "Personal"),
        ):
            page.locator("li.row", has_text=subject).get_by_role("button", name="Select").click()
            page.keyboard.press("l")
            find = page.get_by_role("combobox", name="Find or make a label")
            find.fill(label)
            find.press("Enter")
            page.locator("li.row", has_text=subject).locator(".label", has_text=label).wait_for()
            page.keyboard.press("Escape")
            page.keyboard.press("u")
        page.locator("li.row", has_text="Watering list").get_by_role("button", name="Select").click()
        page.keyboard.press("p")
        page.locator("li.row").first.get_by_role("img", name="pinned").wait_for()
        page.keyboard.press("u")
    page.get_by_label("Search mail").fill("garden f")
    page.get_by_role("option", name="from:").wait_for()
    shoot(page, f"search-{scheme}")
    page.get_by_label("Search mail").fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator("li.row", has_text="Lunch").get_by_role("button", name="Select").click()
    page.keyboard.press("b")
    page.get_by_role("button", name="Tomorrow").wait_for()
    shoot(page, f"snooze-{scheme}")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    visit(page, where, "settings/labels", ".label-settings")
    shoot(page, f"labels-{scheme}")


def rooms_of_a_phone(page: Page, where: str, scheme: str) -> None:
    """Writing, the folders, a contact, a note and who has access to what."""
    visit(page, where, "", "li.row a")
    page.get_by_role("button", name="Menu", exact=True).click()
    page.get_by_role("navigation", name="Folders").get_by_role("link", name="Inbox").wait_for()
    shoot(page, f"phone-folders-{scheme}")
    page.keyboard.press("Escape")
    visit(page, where, "", "li.row a")
    page.keyboard.press("c")
    page.locator(".composer .text-body").wait_for()
    shoot(page, f"phone-writing-{scheme}")
    visit(page, where, "settings/sharing", ".stage")
    page.get_by_role("button").filter(has_text="Garden").click()
    page.get_by_role("dialog").get_by_text("Carol Costa").wait_for()
    shoot(page, f"phone-sharing-{scheme}")
    visit(page, where, "contacts/all", ".stage")
    page.locator("li.person", has_text="Bob Brandt").get_by_role("link").click()
    page.get_by_role("article").get_by_text("Treasurer").wait_for()
    shoot(page, f"phone-contact-{scheme}")
    visit(page, where, "notes/all", ".stage")
    page.locator("li.note-line", has_text="Spring").get_by_role("link").click()
    page.get_by_label("Write here").wait_for()
    shoot(page, f"phone-note-{scheme}")
    visit(page, where, "settings/general", ".stage")
    shoot(page, f"phone-settings-{scheme}")


def beds() -> bytes:
    """A plan of four beds, as a PNG."""
    width, height = 360, 130
    earth, leaf = b"\xf3\xee\xe0", (b"\x7a\xa8\x6b", b"\xb5\x8a\x5a", b"\xd9\xb9\x5b", b"\x5d\x8f\x86")
    line = b"".join(leaf[x // 90] if 10 <= x % 90 < 80 else earth for x in range(width))
    rows = b"".join(b"\0" + (line if 12 <= y < height - 12 else earth * width) for y in range(height))

    def chunk(kind: bytes, octets: bytes) -> bytes:
        return struct.pack(">I", len(octets)) + kind + octets + struct.pack(">I", zlib.crc32(kind + octets))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def begin(browser: Browser, where: str) -> None:
    """Where one signs in."""
    for scheme in ("light", "dark"):
        for name, width, height in (("sign-in", 1280, 800), ("phone-sign-in", 390, 780)):
            size = {"width": width, "height": height}
            page = browser.new_context(viewport=size, color_scheme=scheme, locale="en-GB").new_page()  # type: ignore[arg-type]
            page.goto(where)
            page.get_by_label("Address").wait_for()
            shoot(page, f"{name}-{scheme}")


def main() -> None:
    """All of them."""
    TO.mkdir(exist_ok=True)
    with demo() as (where, passwords), sync_playwright() as playwright:
        password = passwords[WHO]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS.split())
        begin(browser, where)
        for dark in (False, True):
            scheme = "dark" if dark else "light"
            page = sit(browser, where, password, 1280, 800, dark=dark)
            put_in_order(page, where, scheme)
            page = sit(browser, where, password, 1280, 800, dark=dark)
            open_(page, "Seeds for early spring")
            shoot(page, f"mail-{scheme}")
            open_(page, "Watering list")
            page.keyboard.press("r")
            page.locator(".composer blockquote").wait_for()
            give(page, "paste", "beds.png", octets=beds())
            page.locator(".composer .text-body img:not(.ProseMirror-separator)").wait_for()
            page.locator(".composer").get_by_text("Saved").wait_for()
            shoot(page, f"writing-{scheme}")
            page.locator(".composer").get_by_role("button", name="Discard").click()
            phone = sit(browser, where, password, 390, 780, dark=dark)
            shoot(phone, f"phone-list-{scheme}")
            open_(phone, "Beds for next year")
            shoot(phone, f"phone-mail-{scheme}")
            rooms(page, where, scheme)
            rooms_of_a_phone(phone, where, scheme)
        organized(browser, where, password)
        asked(browser, where, passwords)
        browser.close()


if __name__ == "__main__":
    main()
