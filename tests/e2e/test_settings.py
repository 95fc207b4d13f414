"""Settings: what is chosen there holds."""

from __future__ import annotations

import json
import re
from base64 import b64encode

import pyotp
from playwright.sync_api import Locator, expect

from groupware.model.principal import OPERATOR
from groupware.model.token import NewGrant, NewTokens
from groupware.store.api import WriteTx
from tests.e2e.conftest import Desk, Make, letter
from tests.e2e.test_looks import faults
from tests.support.server import PASSWORD

NEW = "another horse 9"


def section(desk: Desk, name: str) -> Locator:
    """Opens a section; its stage."""
    if not desk.page.get_by_role("navigation", name="Settings").is_visible():
        desk.page.get_by_role("button", name="Account menu").click()
        desk.page.get_by_role("menuitem", name="Settings").click()
    desk.page.get_by_role("link", name=name).click()
    stage = desk.page.get_by_role("main")
    expect(stage.get_by_role("heading", name=name, level=1)).to_be_visible()
    return stage


def script(desk: Desk) -> tuple[str, str]:
    """The active script: its name, and what it says behind the line of the wizard."""
    site = desk.server.site
    found = site.read(lambda tx: tx.active_script(tx.account(desk.who.address).id))
    assert found is not None
    return found[0], found[1].decode().partition("\r\n")[2]


def test_a_rule_is_made_tried_shown_and_switched_off(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Bill of March"))
    desk.put(letter("Lunch"))
    desk.sign_in()
    stage = section(desk, "Filters")
    stage.get_by_role("button", name="New rule").click()
    shown = desk.page.get_by_role("dialog")
    shown.get_by_label("Name", exact=True).fill("Bills")
    shown.get_by_label("What is looked at").select_option("subject")
    shown.get_by_label("What is looked for").fill('Bill "of')
    shown.get_by_role("button", name="Save").click()
    expect(shown.get_by_role("alert")).to_have_text("Say what is to be done")
    shown.get_by_label("What is looked for").fill("Bill")
    shown.get_by_label("Add an action…").select_option("move")
    shown.get_by_label("Folder").select_option(label="Archive")
    shown.get_by_label("Add an action…").select_option("read")
    assert faults(desk.page) == []
    shown.get_by_role("button", name="Save").click()
    expect(stage.get_by_role("listitem").filter(has_text="Bills")).to_contain_text("Subject contains “Bill” → Move to")
    expect(desk.toast("Saved")).to_be_visible()
    name, text = script(desk)
    assert name == "webmail"
    assert re.search(
        r'if header :contains "subject" "Bill" \{\s+addflag "\\\\Seen";\s+fileinto :mailboxid "F\d+"', text
    )
    stage.get_by_role("button", name="Try on a folder").click()
    shown.get_by_role("button", name="Try").click()
    expect(shown.get_by_role("listitem").filter(has_text="Bill of March")).to_contain_text("file into")
    expect(shown.get_by_role("listitem").filter(has_text="Lunch")).to_contain_text("keep")
    shown.get_by_role("button", name="Close").click()
    stage.get_by_role("checkbox", name="Bills is on").uncheck()
    stage.get_by_role("button", name="Show as Sieve").click()
    expect(shown.locator("pre")).to_have_text("keep;")
    shown.get_by_role("button", name="Close").click()
    expect(stage.get_by_role("checkbox", name="Bills is on")).to_be_enabled()


def test_who_was_blocked_by_a_rule_of_former_times_is_among_the_senders(sit: Make) -> None:
    desk = sit()
    kept = {"rules": [], "forward": {"on": False, "to": [], "keep": True}, "blocked": ["nasty@far.test"]}
    lines = [
        "# postroom rules 1 " + b64encode(json.dumps(kept, separators=(",", ":")).encode()).decode(),
        'require ["fileinto", "special-use"];',
        "# blocked",
        'if address :is "from" ["nasty@far.test"] {',
        '    fileinto :specialuse "\\\\Junk" "Junk";',
        "    stop;",
        "}",
        "",
    ]

    def work(tx: WriteTx) -> None:
        who = tx.account(desk.who.address).id
        tx.put_script("webmail", "\r\n".join(lines).encode(), who)
        tx.activate_script("webmail", who)

    desk.server.write(work)
    desk.sign_in()
    stage = section(desk, "Filters")
    expect(stage.get_by_text("nasty@far.test")).to_be_visible()
    assert script(desk)[1].strip() == ""
    stage.get_by_role("button", name="Change the senders").click()
    expect(stage.get_by_role("button", name="Take nasty@far.test off")).to_be_visible()


def test_a_script_that_others_changed_is_not_taken_for_rules(sit: Make) -> None:
    desk = sit()
    desk.server.write(lambda tx: tx.put_script("webmail", b"discard;\r\n", tx.account(desk.who.address).id))
    desk.sign_in()
    stage = section(desk, "Filters")
    expect(stage.get_by_text("This script was changed elsewhere")).to_be_visible()


def test_automatic_answers_stay_on_when_rules_are_saved(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    stage = section(desk, "Automatic answer")
    stage.get_by_label("Answer automatically while I am away").check()
    stage.get_by_label("From").fill("2026-12-24")
    stage.get_by_label("To, this day included").fill("2026-12-31")
    stage.get_by_label("Text of the answer").fill("Gone fishing")
    stage.get_by_role("button", name="Save").click()
    expect(desk.toast("Automatic answers are on")).to_be_visible()
    assert "Gone fishing" in script(desk)[1]
    stage = section(desk, "Forwarding")
    stage.get_by_label("Send on everything that comes in").check()
    stage.get_by_label("To these addresses").fill("me@elsewhere.test")
    stage.get_by_role("button", name="Save").click()
    expect(desk.toast("Saved")).to_be_visible()
    name, text = script(desk)
    assert name == "vacation-response"
    assert 'include :personal :optional "webmail"' in text or '"webmail"' in text
    desk.page.reload()
    expect(stage.get_by_label("To these addresses")).to_have_value("me@elsewhere.test")


def test_answers_go_where_an_identity_says(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    stage = section(desk, "Signatures")
    stage.get_by_label("Your name").fill("Ada")
    stage.get_by_label("Answers go to").fill("no address")
    assert faults(desk.page) == []
    stage.get_by_role("button", name="Save").click()
    expect(stage.get_by_role("alert")).to_contain_text("no address")
    stage.get_by_label("Answers go to").fill("desk@server.test")
    stage.get_by_role("button", name="Save").click()
    expect(desk.toast("Saved")).to_be_visible()
    desk.page.reload()
    expect(stage.get_by_label("Answers go to")).to_have_value("desk@server.test")
    expect(stage.get_by_label("Your name")).to_have_value("Ada")


def test_the_password_is_changed_and_a_program_gets_its_own(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    stage = section(desk, "Sign-in and security")
    stage.get_by_label("Password now").fill(PASSWORD)
    stage.get_by_label("New password", exact=True).fill(NEW)
    stage.get_by_label("New password once more").fill(NEW)
    stage.get_by_role("button", name="Change password").click()
    expect(desk.toast("The password is another now")).to_be_visible()
    stage.get_by_role("button", name="New password for a program").click()
    shown = desk.page.get_by_role("dialog")
    shown.get_by_label("What it is for").fill("phone")
    shown.get_by_label("Your password").fill(PASSWORD)
    shown.get_by_role("button", name="Next").click()
    expect(shown.get_by_role("alert")).to_contain_text("wrong")
    desk.wrong.clear()  # the 401 that was meant
    shown.get_by_label("Your password").fill(NEW)
    shown.get_by_role("button", name="Next").click()
    expect(shown.locator("code")).to_have_text(re.compile(r"^(\w{4}-){3}\w{4}$"))
    shown.get_by_role("button", name="Done").click()
    expect(stage.get_by_role("listitem").filter(has_text="phone")).to_contain_text("not used yet")


def test_an_authenticator_is_set_up_with_codes_on_paper(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    stage = section(desk, "Sign-in and security")
    stage.get_by_role("button", name="Add an authenticator").click()
    shown = desk.page.get_by_role("dialog")
    shown.get_by_label("Your password").fill(PASSWORD)
    shown.get_by_role("button", name="Next").click()
    expect(shown.get_by_role("img", name="QR code for the authenticator")).to_be_visible()
    secret = shown.locator("code").inner_text()
    shown.get_by_label("Code that it shows").fill(pyotp.TOTP(secret).now())
    assert faults(desk.page) == []
    shown.get_by_role("button", name="Turn on").click()
    expect(shown.get_by_role("listitem")).to_have_count(10)
    shown.get_by_role("button", name="Done").click()
    expect(stage.get_by_text("10 codes on paper are left")).to_be_visible()
    kinds = desk.server.site.run(
        desk.server.site.store.read(OPERATOR, lambda tx: [each.kind for each in tx.credentials(desk.who.address)[1]])
    )
    assert "totp" in kinds


def test_a_passkey_is_set_up(sit: Make) -> None:
    desk = sit()
    keys = desk.page.context.new_cdp_session(desk.page)
    keys.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "isUserVerified": True}})
    desk.sign_in(host="localhost")
    stage = section(desk, "Sign-in and security")
    stage.get_by_role("button", name="Add a security key or passkey").click()
    shown = desk.page.get_by_role("dialog")
    shown.get_by_label("Name").fill("laptop")
    shown.get_by_label("Your password").fill(PASSWORD)
    shown.get_by_role("button", name="Next").click()
    expect(shown.get_by_role("listitem")).to_have_count(10)
    shown.get_by_role("button", name="Done").click()
    expect(stage.get_by_role("listitem").filter(has_text="laptop")).to_be_visible()


def test_other_programs_are_told_where_the_server_is(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    stage = section(desk, "Other programs")
    ports = [desk.server.port(each) for each in ("imap", "imaps")]
    mail = stage.locator("section").filter(has_text="Incoming mail (IMAP)")
    expect(mail.get_by_text(re.compile("|".join(map(str, ports))))).to_be_visible()
    stage.get_by_role("button", name="Show as QR code").first.click()
    expect(stage.get_by_role("img")).to_be_visible()
    assert faults(desk.page) == []


def test_how_it_looks_is_chosen_and_kept(sit: Make) -> None:
    desk = sit()
    desk.put(letter("Lunch"))
    desk.sign_in()
    stage = section(desk, "General")
    stage.get_by_label("Density of lists").select_option("compact")
    stage.get_by_label("Time zone").select_option("Asia/Tokyo")
    stage.get_by_role("combobox").first.select_option("de")
    expect(stage.get_by_role("heading", level=1)).to_have_text("Allgemein")
    assert faults(desk.page) == []
    desk.page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/")
    expect(desk.row("Lunch")).to_be_visible()
    box = desk.row("Lunch").bounding_box()
    assert box is not None
    assert round(box["height"]) == 54
    kept = desk.page.evaluate("localStorage.getItem('postroom.zone')")
    assert json.loads(kept) == "Asia/Tokyo"


def test_room_that_is_taken_is_shown(sit: Make) -> None:
    desk = sit(width=390)
    desk.server.write(lambda tx: tx.put_setting("mailboxSize", 1000, tx.account(desk.who.address).id))
    desk.sign_in()
    desk.page.goto(f"http://127.0.0.1:{desk.server.port('http')}/mail/settings/storage")
    expect(desk.page.get_by_role("meter")).to_be_visible()
    assert desk.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_mailbox_elsewhere_is_fetched_and_its_trouble_told(sit: Make) -> None:
    desk = sit()
    desk.sign_in()
    stage = section(desk, "Other mailboxes")
    stage.get_by_role("button", name="Another mailbox").click()
    shown = desk.page.get_by_role("dialog")
    shown.get_by_label("Server").fill("127.0.0.1")
    shown.get_by_label("User name").fill("me@far.test")
    shown.get_by_label("Password there").fill("s3cret")
    shown.get_by_label("Its mail goes to").select_option(label="Archive")
    shown.get_by_label("Minutes").fill("1")
    shown.get_by_role("button", name="Save").click()
    expect(shown.get_by_role("alert")).to_contain_text("rpopRetrievalInterval")
    shown.get_by_label("Minutes").fill("30")
    shown.get_by_label("Encryption").select_option("start")
    expect(shown.get_by_label("Port")).to_have_value("110")
    shown.get_by_role("checkbox", name="Remove there").check()
    assert faults(desk.page) == []
    shown.get_by_role("button", name="Save").click()
    row = stage.get_by_role("listitem").filter(has_text="me@far.test")
    expect(row).to_be_visible()
    expect(row.get_by_role("status")).to_contain_text("127.0.0.1 is no server of the Internet")
    [box] = desk.server.site.read(lambda tx: tx.remote_boxes(desk.who.address))
    assert (box.port, box.tls, box.minutes, box.keep) == (110, "start", 30, False) and box.folder is not None
    row.get_by_role("button", name="Fetch me@far.test now").click()
    expect(desk.toast("It is fetched as soon as may be")).to_be_visible()
    row.get_by_role("checkbox").uncheck()
    expect(row.get_by_role("button", name="Fetch me@far.test now")).to_be_disabled()
    row.get_by_role("button", name="Fetch me@far.test no more").click()
    expect(row).to_have_count(0)


def test_senders_temporary_addresses_programs_and_a_profile(sit: Make) -> None:
    desk = sit()
    site, who = desk.server.site, desk.who.address
    me = site.read(lambda tx: tx.identity(tx.account(who).id))
    given = NewGrant("c" * 64, "Mailer", "mail", "d" * 64, "p", "http://127.0.0.1/", 600, "192.0.2.7")

    def granted() -> None:
        site.run(site.store.write(me, lambda tx: tx.put_oauth_grant(given)))
        known = site.read(lambda tx: tx.oauth_grant("code", "d" * 64))
        site.write(lambda tx: tx.turn_oauth_grant(known, NewTokens("e" * 64, "f" * 64, 600, 600), "192.0.2.7"))

    granted()
    desk.sign_in()
    stage = section(desk, "Senders")
    allowed = stage.get_by_role("region", name="Always welcome")
    allowed.get_by_label("Sender").fill("Ann@Far.test, partner.test")
    allowed.get_by_role("button", name="Add").click()
    expect(allowed.get_by_role("listitem")).to_have_text(["ann@far.test", "partner.test"])
    allowed.get_by_role("button", name="Take partner.test off").click()
    expect(allowed.get_by_role("listitem")).to_have_count(1)
    strangers = stage.get_by_label("Mail from who is on no list")
    strangers.select_option("moveToFilteredEmailWithIC")
    expect(strangers).to_have_value("moveToFilteredEmailWithIC")
    assert faults(desk.page) == []
    stage = section(desk, "Signatures")
    once = stage.get_by_role("region", name="Temporary addresses")
    once.get_by_label("Days").fill("400")
    once.get_by_role("button", name="New address").click()
    expect(once.get_by_role("alert")).to_contain_text("temporaryAliasLifetime")
    once.get_by_label("Days").fill("3")
    once.get_by_role("button", name="New address").click()
    expect(once.get_by_role("listitem")).to_contain_text(f"@{desk.server.domain}")
    [(address, _)] = site.read(lambda tx: tx.temporary_aliases(who))
    once.get_by_role("button", name=f"Take {address} away").click()
    expect(once.get_by_role("listitem")).to_have_count(0)
    found = site.read(lambda tx: tx.screening(tx.account(who).id))
    assert (found.whitelist, found.strangers) == ("ann@far.test", "moveToFilteredEmailWithIC")
    stage = section(desk, "Signed-in devices")
    programs = stage.get_by_role("region", name="Programs without a password")
    expect(programs.get_by_role("listitem")).to_contain_text("Mailer mail · 192.0.2.7")
    programs.get_by_role("button", name="Take back Mailer").click()
    expect(programs.get_by_role("listitem")).to_have_count(0)
    assert site.read(lambda tx: tx.oauth_grants(who)) == []
    stage = section(desk, "Other programs")
    link = stage.get_by_role("link", name="Load the profile")
    got = desk.page.request.get(str(link.get_attribute("href")))
    assert got.ok and who.encode() in got.body()
