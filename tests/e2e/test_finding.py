"""Finding mail: over all accounts that one may read, with operators that are proposed while one types."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import Make, letter
from tests.e2e.test_looks import faults


def test_a_search_goes_over_what_others_share_and_proposes_while_one_types(sit: Make) -> None:
    desk, owner = sit(), sit()
    desk.server.folder(owner.who, "Beds")
    desk.server.grant(owner.who, "Beds", desk.who, "viewer")
    desk.put(letter("Compost in May", "all about compost"), "Archive", days=2)
    desk.put(letter("Compost in June", "all about compost", name="Carla Costa"))
    owner.put(letter("Compost of all", "all about compost"), "Beds", days=1)
    desk.sign_in()
    rows, search = desk.page.locator("li.row"), desk.page.get_by_label("Search mail")
    search.fill("compost")
    search.press("Enter")
    expect(rows.locator(".subject")).to_have_text(["Compost in June", "Compost of all", "Compost in May"])
    expect(desk.row("Compost of all").locator(".where")).to_have_text(f"{owner.who.address} · Beds")
    desk.open("Compost of all")
    expect(desk.page.locator(".message .plain")).to_contain_text("all about compost")
    desk.page.reload()
    expect(desk.page.locator(".message .plain")).to_contain_text("all about compost")
    search.fill("compost -in:")
    assert faults(desk.page) == []
    desk.page.get_by_role("option", name="in:Beds").click()
    search.press("Enter")
    expect(rows).to_have_count(2)
    search.fill('"in may" bef')
    search.press("ArrowDown")
    search.press("Enter")
    desk.page.get_by_role("option", name="today").click()
    search.press("Enter")
    expect(desk.page.locator("li.row .subject")).to_have_text(["Compost in May"])
    search.fill("fro")
    desk.page.get_by_role("option", name="from:").click()
    search.press_sequentially("cos")
    desk.page.get_by_role("option", name="bob@far.test").click()
    expect(search).to_have_value("from:bob@far.test ")
    search.fill("")
    desk.page.get_by_role("option", name="compost -in:Beds").click()
    expect(rows).to_have_count(2)
