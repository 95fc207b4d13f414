"""WebAdmin in a real browser: signing in, domains, accounts, groups, settings, the queue, and what is not allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from groupware.model.principal import OPERATOR
from groupware.model.rights import Right
from tests.e2e.conftest import AXE, Desk, Make
from tests.support.server import Person, RunningServer


@pytest.fixture
def root(server: RunningServer) -> Person:
    """Who administers the server."""
    made = server.account()
    server.write(lambda tx: tx.grant(tx.locate(OPERATOR.account, "").id, made.address, Right.ADMIN))
    return made


def enter(desk: Desk, who: Person) -> Page:
    page = desk.page
    page.goto(f"http://127.0.0.1:{desk.server.port('webadmin')}/")
    page.get_by_label("Address").fill(who.address)
    page.get_by_label("Password").fill(who.password)
    page.get_by_role("button", name="Sign in").click()
    return page


def confirm(page: Page, name: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=name).click()


def sound(page: Page) -> None:
    """Nothing that keeps somebody out who does not see the page."""
    if AXE.is_file():
        page.evaluate(AXE.read_text())
        found = page.evaluate("axe.run().then((told) => told.violations.map((each) => `${each.id}: ${each.help}`))")
        assert found == []


def said(page: Page) -> Callable[[str], None]:
    return lambda text: expect(page.get_by_role("status")).to_have_text(text)


def test_a_domain_and_an_account_are_made_and_go(sit: Make, root: Person) -> None:
    page = enter(sit(), root)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("row", name="imap running")).to_be_visible()
    sound(page)
    page.get_by_role("navigation").get_by_role("link", name="Domains").click()
    page.get_by_label("New domain").fill("made.test")
    page.get_by_role("button", name="Add").click()
    said(page)("made.test is there, with its postmaster.")
    page.get_by_role("link", name="made.test").click()
    page.get_by_label("New account").fill("ann")
    page.get_by_label("Name", exact=True).fill("Ann <b>Other</b>")
    page.get_by_label("Password").fill("correct horse 7")
    page.get_by_role("button", name="Add").click()
    said(page)("ann@made.test is there.")
    sound(page)
    page.get_by_role("link", name="ann@made.test").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ann <b>Other</b>")
    page.get_by_label("Another address").fill("a@made.test")
    page.get_by_role("button", name="Add").click()
    said(page)("The address is there.")
    page.get_by_role("button", name="Delete").click()
    confirm(page, "Delete")
    said(page)("ann@made.test is gone.")


def test_groups_and_their_members(sit: Make, root: Person, server: RunningServer) -> None:
    member = server.account("grouped", "crew.test")
    page = enter(sit(), root)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto(f"{page.url.partition('#')[0]}#/domains/crew.test")
    page.get_by_role("link", name="Groups").click()
    page.get_by_label("New group").fill("sales")
    page.get_by_label("Name", exact=True).fill("Sales")
    page.get_by_role("button", name="Add").click()
    said(page)("sales@crew.test is there.")
    page.get_by_role("link", name="sales@crew.test").click()
    page.get_by_label("Address of an account or a group").fill(member.address)
    page.get_by_role("button", name="Add").click()
    said(page)(f"{member.address} is in it.")
    assert server.read(lambda tx: list(tx.members("sales@crew.test"))) == [member.address]
    sound(page)
    page.get_by_role("button", name=f"Remove {member.address}").click()
    said(page)(f"{member.address} is not in it any more.")
    page.get_by_role("link", name="Groups of crew.test").click()
    page.get_by_role("button", name="Delete sales@crew.test").click()
    confirm(page, "Delete")
    said(page)("sales@crew.test is gone.")


def test_settings_are_set_and_inherited_again(sit: Make, root: Person, server: RunningServer) -> None:
    who = server.account("settled", "crew2.test")
    account = server.read(lambda tx: tx.account(who.address).id)
    page = enter(sit(), root)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto(f"{page.url.partition('#')[0]}#/accounts/{who.address}")
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Name or words").fill("pop3")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("row").filter(has=page.get_by_text("imap", exact=True))).to_have_count(0)
    row = page.get_by_role("row").filter(has=page.get_by_text("pop3", exact=True))
    row.get_by_role("combobox").select_option("no")
    row.get_by_role("button", name="Set pop3").click()
    said(page)("pop3 is set.")
    expect(row).to_contain_text("set here")
    expect(row.get_by_role("combobox")).to_have_value("false")
    assert server.read(lambda tx: tx.setting("pop3", account).value) is False
    sound(page)
    row.get_by_role("button", name="Inherit pop3").click()
    said(page)("pop3 is inherited again.")
    assert server.read(lambda tx: tx.setting("pop3", account).value) is True


def test_who_administers_a_domain_sees_that_alone(sit: Make, server: RunningServer) -> None:
    who = server.account("boss", "theirs.test")
    domain = next(each for each in server.read(lambda tx: tx.domains()) if each.name == "theirs.test")
    assert domain.account is not None
    tree = domain.account
    server.write(lambda tx: tx.grant(tx.locate(tree, "").id, who.address, Right.ADMIN))
    page = enter(sit(), who)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("heading", name="Services")).to_have_count(0)
    page.get_by_role("navigation").get_by_role("link", name="Domains").click()
    expect(page.get_by_role("link", name="theirs.test")).to_be_visible()
    expect(page.get_by_label("New domain")).to_have_count(0)
    expect(page.get_by_role("navigation").get_by_role("link", name="Queue")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_security_key_signs_in(sit: Make, root: Person) -> None:
    desk = sit()
    tools = desk.page.context.new_cdp_session(desk.page)
    tools.send("WebAuthn.enable")
    able = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True, "isUserVerified": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": able})
    page = desk.page
    # the key is for a name: a browser takes none for an address
    page.goto(f"http://localhost:{desk.server.port('webadmin')}/")
    page.get_by_label("Address").fill(root.address)
    page.get_by_label("Password").fill(root.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert page.evaluate(ADD_KEY, root.password) == 201
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Address").fill(root.address)
    page.get_by_label("Password").fill(root.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    desk.wrong[:] = [each for each in desk.wrong if "401" not in each]  # the question for the key


ADD_KEY = """async (password) => {
  const proof = (await (await fetch("/signin/session")).json()).csrf;
  const headers = { "content-type": "application/json", "x-csrf-token": proof };
  const post = (path, body) => fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const asked = await (await post("/signin/factors/key", { password })).json();
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.options);
  const made = await navigator.credentials.create({ publicKey });
  return (await post("/signin/factors", { label: "key", state: asked.state, response: made.toJSON() })).status;
}"""


def test_a_mail_list_and_a_rule_are_made_and_the_rule_is_tried(sit: Make, root: Person) -> None:
    page = enter(sit(), root)
    page.get_by_role("navigation").get_by_role("link", name="Domains").click()
    page.get_by_role("link", name=root.address.partition("@")[2], exact=True).click()
    page.get_by_role("link", name="Mail lists").click()
    page.get_by_label("New mail list").fill("talk")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("link", name="talk@").click()
    page.get_by_label("New member").fill("carl@far.test")
    page.get_by_label("Gets").select_option("digest")
    page.get_by_role("button", name="Add").first.click()
    said(page)("carl@far.test is on it.")
    expect(page.get_by_role("row", name="carl@far.test")).to_contain_text("active, digest")
    sound(page)
    page.get_by_role("navigation").get_by_role("link", name="Rules").click()
    page.get_by_label("Name of the rule").fill("no-shouting")
    page.get_by_label("Asked at").select_option("data")
    page.get_by_label("All of these hold, one a line").fill("header.subject is LOUD")
    page.get_by_label("Then", exact=True).fill('reject 554 5.7.1 "Not so loud."')
    page.get_by_role("button", name="Add").click()
    said(page)("no-shouting is saved.")
    page.get_by_label("To, several").fill(root.address)
    page.get_by_label("The message").fill("Subject: LOUD\n\nhello\n")
    page.get_by_role("button", name="Try").click()
    expect(page.get_by_role("row", name="no-shouting").last).to_contain_text("Not so loud.")
    sound(page)
