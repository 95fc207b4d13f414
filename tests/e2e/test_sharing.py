"""Sharing: given, explained, taken back, and seen from both sides."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import letters
from tests.e2e.calendars import program, until, visit
from tests.e2e.conftest import Desk, Make
from tests.e2e.test_looks import faults
from web.jmap.ids import principal_id


def rights(desk: Desk, path: str) -> dict[str, str]:
    """Letters by whom they are granted to."""
    site = desk.server.site
    rows = site.read(lambda tx: tx.grants(tx.locate(tx.account(desk.who.address).id, path).id))
    return {each.grantee: letters(each.allow) for each in rows}


def dialog(desk: Desk, folder: str) -> Locator:
    """The dialog that shares a folder."""
    desk.folder(folder).hover()
    desk.page.get_by_role("button", name=f"Actions for {folder}").click()
    desk.page.get_by_role("menuitem", name="Share…").click()
    return desk.page.get_by_role("dialog")


def test_a_folder_is_shared_changed_explained_and_taken_back(sit: Make) -> None:
    desk = sit()
    other = desk.server.account("zoe.shared")
    desk.sign_in()
    shown = dialog(desk, "Archive")
    shown.get_by_role("combobox", name="Add people or groups").fill("zoe.sh")
    shown.get_by_role("option", name=other.address).click()
    shown.get_by_label(f"Access of {other.address}").select_option("editor")
    shown.get_by_label(f"Last day of {other.address}").fill("2099-01-31")
    shown.get_by_role("button", name="Share", exact=True).click()
    expect(desk.toast("Shared with")).to_be_visible()
    row = shown.get_by_role("listitem").filter(has_text=other.address)
    expect(row).to_contain_text("invited")
    assert rights(desk, "Archive") == {other.address: "lrswipte"}
    row.get_by_role("button", name=f"Why does {other.address} have this access?").click()
    expect(row.get_by_role("status")).to_contain_text("Can edit all")
    expect(row.get_by_role("status")).to_contain_text(f"{other.address}, in Archive: may see the folder")
    row.get_by_label(f"Access of {other.address}").select_option("viewer")
    expect(desk.toast("Can read")).to_be_visible()
    assert rights(desk, "Archive") == {other.address: "lrs"}
    assert faults(desk.page) == []
    row.get_by_role("button", name=f"Take access from {other.address}").click()
    expect(row).to_have_count(0)
    assert rights(desk, "Archive") == {}
    desk.undo("has no access here any more")
    expect(row).to_be_visible()
    assert rights(desk, "Archive") == {other.address: "lrs"}


def test_rights_are_put_together_for_a_group(sit: Make) -> None:
    desk = sit()
    team = "team.shared@server.test"
    desk.server.write(lambda tx: tx.put_account(NewAccount(team, PrincipalKind.GROUP)))
    desk.sign_in()
    shown = dialog(desk, "Archive")
    shown.get_by_role("combobox", name="Add people or groups").fill("team.sh")
    shown.get_by_role("option", name=team).click()
    shown.get_by_label(f"Access of {team}").select_option("custom")
    shown.get_by_role("checkbox", name="add").check()
    shown.get_by_role("button", name="Share", exact=True).click()
    expect(shown.get_by_role("listitem").filter(has_text=team)).to_be_visible()
    assert rights(desk, "Archive") == {f"group:{team}": "lrsi"}


def test_what_others_have_of_mine_and_i_of_theirs_is_listed(sit: Make) -> None:
    desk = sit()
    other = desk.server.account()
    desk.server.folder(other, "Plans")
    desk.server.grant(other, "Plans", desk.who, "author")
    desk.server.grant(desk.who, "Sent", other, "viewer")
    desk.sign_in()
    desk.page.get_by_role("button", name="Account menu").click()
    desk.page.get_by_role("menuitem", name="Settings").click()
    desk.page.get_by_role("link", name="Sharing").click()
    stage = desk.page.get_by_role("main")
    expect(stage.get_by_role("button").filter(has_text="Sent")).to_contain_text(f"{other.address}: Can read")
    expect(stage.get_by_role("listitem").filter(has_text="Plans")).to_contain_text("Can add and change own")
    assert faults(desk.page) == []
    stage.get_by_role("button", name="Share the whole mailbox…").click()
    shown = desk.page.get_by_role("dialog")
    shown.get_by_role("combobox", name="Add people or groups").fill(other.address)
    shown.get_by_role("option", name=other.address).click()
    shown.get_by_role("button", name="Share", exact=True).click()
    expect(shown.get_by_role("listitem").filter(has_text=other.address)).to_be_visible()
    assert rights(desk, "") == {other.address: "lrs"}


def test_access_is_asked_for_and_granted_with_one_click_and_delegation_beside_it(sit: Make) -> None:
    asks, owns = sit(width=390), sit()
    owns.sign_in()
    asks.page.goto(f"http://127.0.0.1:{asks.server.port('http')}/mail/settings/sharing")
    asks.page.get_by_label("Address").fill(asks.who.address)
    asks.page.get_by_label("Password").fill(asks.who.password)
    asks.page.get_by_role("button", name="Sign in").click()
    asks.page.get_by_role("button", name="Ask for access…").click()
    form = asks.page.get_by_role("dialog")
    form.get_by_role("combobox", name="Whom to ask").fill(owns.who.address)
    form.get_by_role("option", name=owns.who.address).click()
    form.locator("select").first.select_option("whole")
    form.get_by_label("A few words with it").fill("while you are away")
    assert faults(asks.page) == []
    form.get_by_role("button", name="Ask", exact=True).click()
    expect(asks.page.get_by_role("listitem").filter(has_text="waits for an answer")).to_be_visible()
    owns.toast("asks for access: Whole mailbox").get_by_role("button", name="Look").click()
    line = owns.page.get_by_role("listitem").filter(has_text="while you are away")
    line.get_by_role("button", name="Grant").click()
    expect(owns.toast("has access now")).to_be_visible()
    expect(line).to_have_count(0)
    assert rights(owns, "") == {asks.who.address: "lrs"}
    expect(asks.page.get_by_role("listitem").filter(has_text="granted")).to_be_visible()
    owns.page.get_by_role("button", name="Share the whole mailbox…").click()
    row = owns.page.get_by_role("dialog").get_by_role("listitem").filter(has_text=asks.who.address)
    row.get_by_role("checkbox", name="sends on my behalf").check()
    expect(owns.toast("Can read")).to_be_visible()
    assert rights(owns, "") == {asks.who.address: "lrs2"}
    row.get_by_label(f"Access of {asks.who.address}").select_option("editor")
    expect(row.get_by_role("checkbox", name="sends on my behalf")).to_be_checked()
    expect(owns.toast("Can edit all")).to_be_visible()
    assert rights(owns, "") == {asks.who.address: "lrswipte2"}
    assert faults(owns.page) == []


def test_a_request_is_answered_above_its_letter(sit: Make) -> None:
    asks, owns = sit(), sit()
    owns.server.write(lambda tx: tx.put_setting("language", "de", tx.account(owns.who.address).id))
    owns.sign_in()
    mine = program(asks)
    wanted = {
        "principalId": principal_id(owns.who.address),
        "path": "Archive",
        "level": "viewer",
        "text": "For the club",
    }
    mine.call("AccessRequest/set", create={"k": wanted})
    owns.open(f"{asks.who.address} bittet um Zugriff auf Archive")
    expect(owns.page.get_by_text("> For the club")).to_be_visible()
    line = owns.page.locator(".requests.here li")
    assert faults(owns.page) == []
    line.get_by_role("button", name="Grant").click()
    expect(owns.page.get_by_text("Nothing waits for an answer of yours any more.")).to_be_visible()
    assert rights(owns, "Archive") == {asks.who.address: "lrs"}


def test_a_calendar_is_shared_with_a_lens_and_what_is_below_comes_along(sit: Make) -> None:
    desk = sit()
    other = desk.server.account("lena.lens")
    desk.server.folder(desk.who, "Archive/Old")
    desk.server.grant(desk.who, "Archive", other, "viewer")

    def granted() -> set[str]:
        return set(rights(desk, "Calendar").get(other.address, ""))

    page = visit(desk)
    page.get_by_role("button", name="Actions for Calendar").click()
    page.get_by_role("menuitem", name="Share…").click()
    shown = page.get_by_role("dialog")
    shown.get_by_role("combobox", name="Add people or groups").fill("lena.le")
    shown.get_by_role("option", name=other.address).click()
    shown.get_by_label(f"Access of {other.address}").select_option("titles")
    shown.get_by_role("button", name="Share", exact=True).click()
    row = shown.get_by_role("listitem").filter(has_text=other.address)
    expect(row).to_be_visible()
    assert granted() == set("l98")
    row.get_by_label(f"Access of {other.address}").select_option("freebusy")
    until(page, lambda: granted() == set("9"))
    row.get_by_label(f"Access of {other.address}").select_option("viewer")
    until(page, lambda: granted() == set("lrs"))
    row.get_by_role("checkbox", name="sees what is private").check()
    until(page, lambda: granted() == set("lrs5"))
    page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/")
    shown = dialog(desk, "Old")
    expect(shown.get_by_role("listitem").filter(has_text=other.address)).to_contain_text("from Archive")
