"""Makes the pictures in docs/screenshots: `python -m tests.e2e.screenshots`, with what `postroom demo` begins with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from groupware.calendar.item import read_item as read_note
from groupware.contacts.card import read_item as read_card
from groupware.contacts.split import split
from groupware.mime.item import Marks, read_item
from groupware.store.api import WriteTx
from mailcore.cli.demo import NOTES, furnish
from mailcore.cli.place import Place
from mailcore.cli.site import Site, configuration, opened
from tests.e2e.calls import Program, guest
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.support.server import started, stop

TO = Path(__file__).parents[2] / "docs/screenshots"
WHO = "alice@demo.test"
BOB = "bob@demo.test"
CAROL = "carol@demo.test"
NEWSLETTER = b"""From: The Seed Shop <news@seeds.example>\r
To: alice@demo.test\r
Subject: Seeds for early spring\r
Message-ID: <spring@seeds.example>\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/html; charset=utf-8\r
\r
<div style="max-width: 560px; margin: 0 auto; font-family: Georgia, serif">\r
<h1 style="color: #2f5d3a">Sow early, eat early</h1>\r
<p>Broad beans and peas stand a light frost. Four weeks under glass, then out into the bed.</p>\r
<table width="100%" cellpadding="10" style="border-collapse: collapse">\r
<tr bgcolor="#e8f0e4"><th align="left">Seed</th><th align="left">Under glass</th><th align="left">Outside</th></tr>\r
<tr><td>Broad beans</td><td>from 1 February</td><td>from 1 March</td></tr>\r
<tr><td>Peas</td><td>from 15 February</td><td>from 15 March</td></tr>\r
<tr><td>Spinach</td><td>-</td><td>from 10 March</td></tr></table>\r
<img src="https://seeds.example/open.gif" alt="">\r
<p><a href="https://seeds.example/">All seeds in the shop</a></p></div>\r
--b\r
Content-Type: application/pdf; name="calendar.pdf"\r
Content-Disposition: attachment; filename="calendar.pdf"\r
\r
%PDF-1.4\r
--b--\r
"""


CARDS = "".join(
    f"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{name}\r\nFN:{name}\r\nN:{name.split()[1]};{name.split()[0]};;;\r\n{more}END:VCARD\r\n"
    for name, more in (
        (
            "Bob Brandt",
            "EMAIL;TYPE=work:bob@demo.test\r\nTEL;TYPE=cell:+49 30 1234567\r\nORG:Allotment Society;Board\r\n"
            "TITLE:Treasurer\r\nADR;TYPE=home:;;Gartenweg 7;Bonn;;53111;Germany\r\nBDAY:19800214\r\n"
            "CATEGORIES:garden,friends\r\nNOTE:Knows everything about beans.\r\n",
        ),
        ("Carol Costa", "EMAIL:carol@demo.test\r\n"),
        ("Dora Delgado", "EMAIL:dora@seeds.example\r\nORG:The Seed Shop\r\n"),
        ("Emil Ende", "TEL:+49 228 555\r\n"),
    )
)
NOTES_OF = (
    ("Spring", "Broad beans: under glass from 1 February.\\nPeas from the 15th.\\n\\nOrder seeds before Easter."),
    ("Tools to mend", "The long rake.\\nBoth watering cans."),
)


def put(site: Site, octets: bytes) -> None:
    """One more message in the inbox."""
    new = site.run(read_item(octets, site.blobs, Marks(saved=datetime.now(UTC) - timedelta(minutes=12))))

    def work(tx: WriteTx) -> None:
        tx.append(tx.locate(tx.account(WHO).id, "INBOX").id, [new])

    site.write(work)


def fill(site: Site) -> None:
    """Contacts and notes of Alice's."""
    cards = [
        read_card(each.read.octets, site.blobs, f"{at}.vcf")
        for at, each in enumerate(split(CARDS.encode()))
        if each.read
    ]
    notes = [
        read_note(
            f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VJOURNAL\r\nUID:{at}\r\nDTSTAMP:20260201T080000Z\r\n"
            f"SUMMARY:{title}\r\nDESCRIPTION:{text}\r\nEND:VJOURNAL\r\nEND:VCALENDAR\r\n".encode(),
            site.blobs,
            f"{at}.ics",
        )
        for at, (title, text) in enumerate(NOTES_OF)
    ]
    new = {"Contacts": [site.run(each)[1] for each in cards], "Notes": [site.run(each)[1] for each in notes]}

    def work(tx: WriteTx) -> None:
        for path, items in new.items():
            tx.append(tx.locate(tx.account(WHO).id, path).id, items)

    site.write(work)


@contextmanager
def demo() -> Iterator[tuple[str, Mapping[str, str]]]:
    """A demo server, with something planned: its address, and the passwords."""
    with TemporaryDirectory() as folder:
        data = Path(folder)
        with opened(configuration(Place(data=data))) as site:
            furnish(site)
            put(site, NEWSLETTER)
            fill(site)
        process, base = started(data)
        try:
            where, passwords = f"http://127.0.0.1:{base + 80}/", json.loads((data / NOTES).read_text())
            plan(where, passwords)
            yield where, passwords
        finally:
            stop(process)


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


def plan(where: str, passwords: Mapping[str, str]) -> None:
    """A week of Alice's, with what Bob asks her, and what she has to do."""
    alice, bob, carol = (Program(where, each, passwords[each]) for each in (WHO, BOB, CAROL))
    principals = alice.call("Principal/get", ids=None)["list"]
    she = next(each["id"] for each in principals if each["email"] == WHO)
    for other in (bob, carol):
        other.call("Calendar/set", update={other.calendar(): {f"shareWith/{she}": {"mayReadFreeBusy": True}}})
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday())

    def at(day: int, time: str) -> str:
        return f"{monday + timedelta(days=day)}T{time}:00"

    club = str(
        alice.call("Calendar/set", create={"c": {"name": "Garden club", "color": "#b0573d"}})["created"]["c"]["id"]
    )
    days = [{"@type": "NDay", "day": each} for each in ("mo", "tu", "we", "th", "fr")]
    daily = [{"@type": "RecurrenceRule", "frequency": "weekly", "byDay": days}]
    utc, whole = {"timeZone": "Etc/UTC"}, {"timeZone": None, "showWithoutTime": True}
    guests = {"b": guest(BOB, "Bob Brandt"), "c": guest(CAROL, "Carol Costa")}
    alice.add("Stand-up", at(-14, "09:00"), duration="PT30M", recurrenceRules=daily, **utc)
    alice.add("Dentist", at(1, "11:00"), locations={"1": {"name": "Main Street 4"}}, **utc)
    alice.add("Planning", at(2, "13:00"), duration="PT2H", participants=guests, tell=True, **utc)
    alice.add("Beds and paths", at(3, "14:00"), duration="PT1H30M", calendarIds={club: True}, **utc)
    alice.add("Review", at(3, "14:30"), **utc)
    alice.add("Seed swap", at(4, "16:00"), duration="PT2H", calendarIds={club: True}, **utc)
    alice.add("Carol away", at(1, "00:00"), duration="P3D", freeBusyStatus="free", **whole)
    alice.add("Harvest festival", at(5, "00:00"), duration="P2D", calendarIds={club: True}, **whole)
    carol.add("Class", at(2, "15:00"), duration="PT2H", **utc)
    for title, start in (("Lunch?", at(2, "12:00")), ("Budget", at(4, "10:00"))):
        bob.add(title, start, participants={"a": guest(WHO, "Alice Adams")}, tell=True, **utc)

    def due(days: int, time: str = "00:00") -> dict[str, object]:
        return {"due": f"{today + timedelta(days=days)}T{time}:00", "showWithoutTime": time == "00:00"}

    alice.task("Order seeds", priority=1, **due(-1))
    alice.task("Call the plumber", priority=5, **due(0, "16:00"), **utc)
    alice.task("Plan the beds for next year", percentComplete=40, **due(0))
    uid = next(each["uid"] for each in alice.tasks() if each["title"].startswith("Plan the beds"))
    for title in ("Measure", "Draw", "Ask Bob"):
        alice.task(title, relatedTo={uid: {"@type": "Relation", "relation": {"parent": True}}}, **due(0))
    alice.task("Mend the shed", **due(4))


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
        page.locator(".event", has_text="Planning").first.click()
        page.get_by_role("button", name="Edit").click()
        page.locator(".fb-line i").first.wait_for()
        shoot(page, f"calendar-event-{scheme}")
        visit(page, where, f"calendar/month/{today}", ".event")
        shoot(page, f"calendar-month-{scheme}")
        visit(page, where, "tasks/today", ".task")
        shoot(page, f"tasks-{scheme}")
        phone = sit(browser, where, password, 390, 780, dark=dark)
        visit(phone, where, f"calendar/day/{today}", ".calendar-bar")
        shoot(phone, f"phone-calendar-{scheme}")
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
    visit(page, where, "settings/security", ".stage")
    page.get_by_role("region", name="Signed-in browsers").get_by_role("listitem").first.wait_for()
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
    """A contact and a note."""
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


def main() -> None:
    """All of them."""
    TO.mkdir(exist_ok=True)
    with demo() as (where, passwords), sync_playwright() as playwright:
        password = passwords[WHO]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS.split())
        page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
        page.goto(where)
        page.get_by_label("Address").wait_for()
        shoot(page, "sign-in")
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
