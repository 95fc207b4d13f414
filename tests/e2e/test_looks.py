"""Widths, colours, languages, sessions, and what a screen reader meets."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pyotp import TOTP

from groupware.directory import factors
from mailcore.server.storage import site_secret
from tests.e2e.conftest import AXE, Desk, Make, letter
from web.webmail.files import BUILT

FIRST_LOAD = 250 * 1024
KEPT = """async () => {
  const done = (asked) => new Promise((act) => { asked.onsuccess = () => act(asked.result); });
  const both = async () => {
    if (!(await indexedDB.databases()).length) return false;
    const open = await done(indexedDB.open("postroom"));
    const state = await done(open.transaction("kept").objectStore("kept").get("state"));
    open.close();
    return Boolean(state) && Object.keys(state.full).length >= 2;
  };
  while (!(await both())) await new Promise((act) => setTimeout(act, 50));
}"""
"""Until both messages are kept on the device."""
SERIOUS = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """What axe finds that is serious, but for what is within letters of others."""
    page.evaluate(AXE.read_text())
    page.evaluate("() => Promise.all(document.getAnimations().map((each) => each.finished.catch(() => 0)))")
    found: dict[str, Any] = page.evaluate("axe.run({ exclude: [['iframe.html']] }, { iframes: false })")
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"]
    ]


def furnished(desk: Desk) -> Desk:
    desk.put(letter("Watering list", "Mon Alice"))
    desk.put(letter("Lunch", "On Thursday"), days=1, seen=True)
    desk.sign_in()
    expect(desk.row("Lunch")).to_be_visible()
    return desk


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1360, 390])
def test_nothing_serious_stands_in_the_way_of_a_screen_reader(sit: Make, dark: bool, width: int) -> None:
    desk = sit(width=width, dark=dark)
    desk.page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/")
    expect(desk.page.get_by_label("Address")).to_be_visible()
    assert faults(desk.page) == []
    furnished(desk)
    assert faults(desk.page) == []
    desk.open("Watering list")
    expect(desk.page.locator(".plain")).to_be_visible()
    assert faults(desk.page) == []
    desk.page.keyboard.press("r")
    expect(desk.page.locator(".composer .text-body")).to_contain_text("Mon Alice")
    assert faults(desk.page) == []


def test_a_phone_shows_one_thing_at_a_time(sit: Make) -> None:
    desk = furnished(sit(width=390))
    expect(desk.page.locator(".reader")).to_be_hidden()
    desk.open("Lunch")
    expect(desk.page.locator(".list")).to_be_hidden()
    desk.page.go_back()
    expect(desk.row("Lunch")).to_be_visible()
    desk.page.get_by_role("button", name="Menu", exact=True).click()
    desk.folder("Archive").click()
    expect(desk.page.get_by_role("heading", name="Archive")).to_be_visible()
    expect(desk.page.locator(".side")).to_be_hidden()
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_dark_is_as_the_system_has_it_or_as_one_chooses(sit: Make) -> None:
    desk = furnished(sit(dark=True))
    paper = desk.page.locator(".list")
    expect(paper).to_have_css("background-color", "rgb(27, 32, 35)")
    desk.page.get_by_role("button", name="Account menu").click()
    desk.page.get_by_role("menuitemradio", name="Light").click()
    expect(paper).to_have_css("background-color", "rgb(255, 255, 255)")
    desk.page.reload()
    expect(desk.row("Lunch")).to_be_visible()
    expect(paper).to_have_css("background-color", "rgb(255, 255, 255)")


def test_a_name_of_the_server_has_its_own_brand(sit: Make) -> None:
    desk = sit()
    desk.page.goto(f"http://acme.localhost:{desk.server.port('http')}/")
    expect(desk.page).to_have_title("Acme Post")
    expect(desk.page.get_by_text("Acme Post").first).to_be_visible()
    desk.sign_in(host="acme.localhost")
    expect(desk.page.get_by_role("banner").get_by_text("Acme Post")).to_be_visible()
    expect(desk.page.locator("button.main").first).to_have_css("background-color", "rgb(170, 0, 51)")


def test_german(sit: Make) -> None:
    desk = furnished(sit())
    desk.page.get_by_role("button", name="Account menu").click()
    desk.page.get_by_role("menuitemradio", name="Deutsch").click()
    expect(desk.page.get_by_role("button", name="Neue Nachricht").first).to_be_visible()
    desk.page.reload()
    expect(desk.page.get_by_role("heading", name="Posteingang")).to_be_visible()
    expect(desk.page.locator("html")).to_have_attribute("lang", "de")


def test_a_session_that_ends_asks_again_and_loses_nothing(sit: Make) -> None:
    desk = furnished(sit())
    desk.page.keyboard.press("c")
    desk.page.get_by_label("Subject").fill("Not lost")
    (session,) = desk.server.site.read(lambda tx: tx.browser_sessions(desk.who.address))
    desk.server.site.write(lambda tx: tx.drop_browser_session(session.number, desk.who.address))
    expect(desk.page.get_by_text("Your session has ended.")).to_be_visible()
    desk.page.get_by_label("Password").fill(desk.who.password)
    desk.page.get_by_role("button", name="Sign in").click()
    expect(desk.page.get_by_label("Password")).to_have_count(0)
    expect(desk.page.get_by_label("Subject")).to_have_value("Not lost")
    desk.wrong.clear()  # the 401 that was meant


def test_a_session_whose_cookies_are_gone_asks_again_over_a_dialog(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    desk.page.get_by_role("button", name="New folder").click()
    desk.page.get_by_label("Name of the folder").fill("Not lost")
    desk.page.context.clear_cookies()
    desk.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    desk.page.get_by_label("Password").fill(desk.who.password)
    desk.page.get_by_role("button", name="Sign in").click()
    expect(desk.page.get_by_label("Password")).to_have_count(0)
    desk.page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(desk.folder("Not lost")).to_be_visible()
    desk.wrong.clear()  # the 401 that was meant


def test_another_browser_is_signed_out_from_the_list(sit: Make) -> None:
    desk = furnished(sit())
    other = sit(desk.who)
    other.sign_in()
    desk.page.get_by_role("button", name="Account menu").click()
    desk.page.get_by_role("menuitem", name="Settings").click()
    desk.page.get_by_role("link", name="Signed-in devices").click()
    browsers = desk.page.get_by_role("region", name="Signed-in browsers")
    browsers.get_by_role("button", name="Sign out").click()
    expect(browsers.get_by_role("listitem")).to_have_count(1)
    other.page.reload()
    expect(other.page.get_by_label("Password")).to_be_visible()
    other.wrong.clear()


def test_signing_out_leaves_nothing_behind(sit: Make) -> None:
    desk = furnished(sit())
    desk.page.get_by_role("button", name="Account menu").click()
    desk.page.get_by_role("menuitem", name="Sign out").click()
    expect(desk.page.get_by_label("Password")).to_be_visible()
    assert desk.server.site.read(lambda tx: tx.browser_sessions(desk.who.address)) == []


def test_what_is_loaded_at_first_is_small() -> None:
    index = (BUILT / "index.html").read_text()
    names = re.findall(r'(?:src|href)="/mail/(assets/[^"]+)"', index)
    assert any(each.endswith(".js") for each in names) and any(each.endswith(".css") for each in names)
    assert sum(len(gzip.compress((BUILT / each).read_bytes())) for each in names) < FIRST_LOAD
    assert "<script>" not in index and "onload" not in index


def test_what_was_read_is_there_without_a_connection(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Watering list", "Mon Alice"))
    desk.put(letter("Newsletter", "<h1>Spring</h1><script>x</script>", "Content-Type: text/html"), days=1)
    desk.sign_in(stay=True)
    for subject in ("Watering list", "Newsletter"):
        desk.open(subject)
    expect(desk.page.frame_locator("iframe.html").get_by_text("Spring")).to_be_visible()
    desk.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    desk.page.evaluate(KEPT)
    desk.page.context.set_offline(True)
    desk.page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/")
    expect(desk.page.get_by_text("Offline: showing what was read before")).to_be_visible()
    desk.open("Watering list")
    expect(desk.page.locator(".plain")).to_have_text("Mon Alice")
    desk.open("Newsletter")
    expect(desk.page.locator(".plain")).to_have_text("Spring")
    desk.page.keyboard.press("e")
    expect(desk.toast("There is no connection to the server")).to_be_visible()
    expect(desk.row("Newsletter")).to_be_visible()
    desk.page.context.set_offline(False)
    desk.put(letter("Back again"))
    expect(desk.row("Back again")).to_be_visible()
    desk.page.get_by_role("button", name="Account menu").click()
    desk.page.get_by_role("menuitem", name="Sign out").click()
    expect(desk.page.get_by_label("Password")).to_be_visible()
    assert desk.page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    assert desk.page.evaluate("caches.keys().then((all) => all.length)") == 0
    desk.wrong.clear()  # requests that failed, as they were meant to


def test_where_nobody_stays_signed_in_nothing_is_kept(sit: Make) -> None:
    desk = furnished(sit())
    assert desk.page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    assert desk.page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0


def test_a_second_factor_is_asked_for(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Watering list"))
    secret = factors.new_secret()
    sealed = factors.seal_secret(secret, site_secret(desk.server.site.config))
    desk.server.site.write(lambda tx: tx.put_credential(desk.who.address, factors.TOTP, sealed, "phone"))
    desk.page.goto(f"http://127.0.0.1:{desk.server.port('http')}/")
    desk.page.get_by_label("Address").fill(desk.who.address)
    desk.page.get_by_label("Password").fill(desk.who.password)
    desk.page.get_by_role("button", name="Sign in").click()
    code = desk.page.get_by_label("Code of your authenticator")
    expect(code).to_be_visible()
    assert faults(desk.page) == []
    code.fill("000000x")
    desk.page.get_by_role("button", name="Sign in").click()
    expect(desk.page.get_by_role("alert").first).not_to_be_empty()
    code.fill(TOTP(secret).now())
    desk.page.get_by_role("button", name="Sign in").click()
    expect(desk.row("Watering list")).to_be_visible()
    desk.wrong.clear()  # the 401s that were meant


REGISTER = """async (password) => {
  const { csrf } = await (await fetch("/signin/session")).json();
  const post = async (path, body) =>
    (await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": csrf },
      body: JSON.stringify(body),
    })).json();
  const asked = await post("/signin/factors/key", { password });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.options);
  const made = await navigator.credentials.create({ publicKey });
  return post("/signin/factors", { label: "key", state: asked.state, response: made.toJSON() });
}"""


def test_a_security_key_signs_in(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Watering list"))
    tools = desk.page.context.new_cdp_session(desk.page)
    tools.send("WebAuthn.enable")
    able = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": able})
    desk.sign_in(host="localhost")
    assert len(desk.page.evaluate(REGISTER, desk.who.password)["paper"]) > 0
    desk.page.get_by_role("button", name="Account menu").click()
    desk.page.get_by_role("menuitem", name="Sign out").click()
    desk.page.get_by_label("Address").fill(desk.who.address)
    desk.page.get_by_label("Password").fill(desk.who.password)
    desk.page.get_by_role("button", name="Sign in").click()
    desk.page.get_by_role("button", name="Use a security key").click()
    expect(desk.row("Watering list")).to_be_visible()
    desk.wrong.clear()  # the 401 that was meant
