"""What was seen of the organizer is there without a connection, where somebody stays signed in."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.calendars import WEDNESDAY, ZONE, at, event, program
from tests.e2e.conftest import Make, letter

KEPT = """async (parts) => {
  const done = (asked) => new Promise((act) => { asked.onsuccess = () => act(asked.result); });
  for (;;) {
    if ((await indexedDB.databases()).length) {
      const open = await done(indexedDB.open("postroom"));
      const kept = open.transaction("kept").objectStore("kept");
      const there = await Promise.all(Object.keys(parts).map((name) => done(kept.get(name))));
      open.close();
      if (Object.values(parts).every((text, at) => JSON.stringify(there[at] ?? "").includes(text))) return;
    }
    await new Promise((act) => setTimeout(act, 50));
  }
}"""
"""Until this of what these rooms have shown is kept on the device."""


def test_every_room_shows_what_was_seen_in_it(sit: Make) -> None:
    desk = sit()
    page, mine = desk.page, program(desk)
    desk.put(letter("Lunch"))
    mine.add("Potting", at(WEDNESDAY, "09:00"), timeZone=ZONE)
    mine.task("Buy seeds", due=f"{WEDNESDAY}T00:00:00", showWithoutTime=True)
    book = mine.call("AddressBook/get")["list"][0]["id"]
    card = {"addressBookIds": {book: True}, "name": {"full": "Ann Other"}, "emails": {"e": {"address": "ann@far.test"}}}
    mine.call("ContactCard/set", create={"k": card})
    desk.sign_in(stay=True)
    where = f"http://127.0.0.1:{desk.server.port('http')}/mail"
    rooms = {
        f"calendar/week/{WEDNESDAY}": event(page, "Potting"),
        "tasks/all": page.locator("li.task").filter(has_text="Buy seeds"),
        "contacts/all": page.locator("li.person").filter(has_text="Ann Other"),
    }
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    for (path, there), text in zip(rooms.items(), ("Potting", "Buy seeds", "Ann Other"), strict=True):
        page.goto(f"{where}/{path}")
        expect(there).to_be_visible()
        page.evaluate(KEPT, {path.partition("/")[0]: text})
    page.goto(f"{where}/notes/all")
    page.get_by_role("button", name="New note", exact=True).click()
    page.get_by_label("Title").fill("Beds")
    page.evaluate(KEPT, {"notes": "Beds", "state": desk.who.address})
    page.context.set_offline(True)
    rooms["notes/all"] = page.locator("li.note-line").filter(has_text="Beds")
    for path, there in rooms.items():
        page.goto(f"{where}/{path}")
        expect(page.get_by_text("Offline: showing what was read before")).to_be_visible()
        expect(there).to_be_visible()
    page.goto(f"{where}/calendar/week/{WEDNESDAY}")
    expect(event(page, "Potting")).to_be_visible()
    mine.add("Weeding", at(WEDNESDAY, "11:00"), timeZone=ZONE)
    page.context.set_offline(False)
    expect(event(page, "Weeding")).to_be_visible()
    expect(page.get_by_text("Offline: showing what was read before")).to_have_count(0)
    desk.wrong.clear()  # requests that failed, as they were meant to
