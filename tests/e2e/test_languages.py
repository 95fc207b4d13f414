"""German: nothing is left in English, not even what the server calls folders that it makes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.calendars import WEDNESDAY, ZONE, at, program
from tests.e2e.conftest import Desk, Make, letter

WORDS = Path(__file__).parents[2] / "web/webmail/client/src/locales"
SAID = """() => [...document.querySelectorAll("body *")].flatMap((at) => [
  ...[...at.childNodes].filter((each) => each.nodeType === Node.TEXT_NODE).map((each) => each.textContent.trim()),
  ...["aria-label", "placeholder", "title", "alt"].map((name) => at.getAttribute(name)).filter(Boolean),
])"""
"""All that is to be read, and all that is only told."""
ROOMS = (
    *(f"calendar/{view}/{WEDNESDAY}" for view in ("day", "workweek", "week", "month", "year", "agenda")),
    *("contacts/all", "contacts/directory", "tasks/today", "tasks/upcoming", "tasks/all", "tasks/done", "notes/all"),
    *(
        f"settings/{section}"
        for section in (
            *("general", "identities", "labels", "filters", "forwarding", "senders", "others", "vacation"),
            *("scheduled", "sharing", "security", "devices", "programs", "storage"),
        )
    ),
)


def texts(found: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, str]]:
    for key, value in found.items():
        if isinstance(value, str):
            yield f"{at}{key}", value
        else:
            yield from texts(value, f"{at}{key}.")


def english() -> frozenset[str]:
    """What is said in English, and not in German."""
    words = {name: dict(texts(json.loads((WORDS / f"{name}.json").read_text()))) for name in ("en", "de")}
    german = {each.casefold() for each in words["de"].values()}
    return frozenset(
        each for each in words["en"].values() if len(each) > 2 and "{{" not in each and each.casefold() not in german
    )


def german(sit: Make) -> Desk:
    """Somebody who reads German, with something in each room."""
    desk = sit()
    desk.put(letter("Gießplan", "Montag Anna", name="Anna Berg"))
    mine = program(desk)
    mine.add("Umtopfen", at(WEDNESDAY, "09:00"), timeZone=ZONE)
    mine.task("Bohnen", due=f"{WEDNESDAY}T00:00:00", showWithoutTime=True)
    other = desk.server.account()
    for path in ("Calendar", "Contacts", "Tasks", "Notes", "Journal", "Archive"):
        desk.server.grant(other, path, desk.who, "viewer")
    desk.sign_in()
    desk.page.evaluate("localStorage.setItem('postroom.language', 'de')")
    desk.page.reload()
    expect(desk.page.get_by_role("heading", name="Posteingang")).to_be_visible()
    return desk


def left(page: Page, known: frozenset[str]) -> set[str]:
    return known & set(page.evaluate(SAID))


def test_every_room_is_german_with_the_names_of_folders(sit: Make) -> None:
    desk, known = german(sit), english()
    page = desk.page
    found = {"mail": left(page, known)}
    for path in ROOMS:
        page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/{path}")
        expect(page.locator(".side li").first).to_be_attached()
        page.wait_for_load_state("networkidle")
        found[path] = left(page, known)
    assert {path: each for path, each in found.items() if each} == {}
    page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/calendar/week/{WEDNESDAY}")
    for name in ("Kalender", "Geburtstage"):
        expect(page.get_by_role("checkbox", name=name, exact=True).first).to_be_visible()
    page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/tasks/all")
    expect(page.get_by_role("navigation").get_by_role("link", name="Aufgaben", exact=True).last).to_be_visible()


def test_every_dialog_is_german(sit: Make) -> None:
    desk, known = german(sit), english()
    page = desk.page
    dialog = page.get_by_role("dialog")

    def shown() -> set[str]:
        expect(dialog).to_be_visible()
        page.wait_for_load_state("networkidle")
        return left(page, known)

    found = {}
    page.keyboard.press("?")
    found["keys"] = shown()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator(".composer .text-body")).to_be_visible()
    found["composer"] = left(page, known)
    page.locator(".composer").get_by_role("button", name="Schließen").click()
    desk.open("Gießplan")
    for key in ("l", "b"):
        page.keyboard.press(key)
        found[key] = shown()
        page.keyboard.press("Escape")
    page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/calendar/week/{WEDNESDAY}")
    for name in ("Kalendereinstellungen", "Kalender abonnieren", "Neuer Kalender"):
        page.get_by_role("button", name=name).click()
        found[name] = shown()
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Aktionen für Kalender").first.click()
    found["menu"] = left(page, known)
    page.get_by_role("menuitem", name="Freigeben…").click()
    found["sharing"] = shown()
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    dialog.get_by_role("button", name="Mehr Optionen").click()
    found["event"] = shown()
    page.keyboard.press("Escape")
    page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/settings/filters")
    page.get_by_role("button", name="Neue Regel").click()
    found["rule"] = shown()
    assert {name: each for name, each in found.items() if each} == {}
