"""Signing in to WebAdmin, its pages, and what its interface does with what is asked."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pyotp
import pytest

from groupware.model.mailinglist import Subscriber
from groupware.model.principal import NewAccount
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.protocol.admin.stand import ALICE, ANNA, COOKIE, NEWS, OURS, ROOT, Stand
from tests.support.smtpstand import PASSWORD
from web.admin.service import PAGES

OTHERS = "/domains/other.test/accounts"


async def enter(stand: Stand, name: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
    """The answer to somebody who signs in."""
    stand.http.cookies.clear()
    proof = (await stand.http.get("/signin/session")).json()["csrf"]
    body = {"name": name, "password": password, **more}
    return await stand.http.post("/signin/session", json=body, headers={"x-csrf-token": proof, **OURS})


# --- signing in


async def test_who_administers_something_signs_in_and_is_counted(stand: Stand) -> None:
    got = await enter(stand, ANNA)
    assert got.status_code == 200
    told = (await stand.http.get("/api/v1/overview")).json()
    assert (told["name"], told["administersServer"], told["domains"]) == (ANNA, False, 1)
    assert stand.house.parts.counters.total("WEBADMIN_AuthenticatedSuccess") == 1


async def test_who_administers_nothing_is_told_so_and_gets_no_session(stand: Stand) -> None:
    got = await enter(stand, ALICE)
    assert (got.status_code, got.json()) == (403, {"error": f"{ALICE} administers nothing here.", "code": "noRight"})
    assert COOKIE not in stand.http.cookies
    assert stand.house.parts.counters.total("WEBADMIN_AuthenticatedSuccess") == 0


async def test_a_wrong_password_is_not_told_whether_one_administers(stand: Stand) -> None:
    for name in (ROOT, ALICE, "nobody@example.test"):
        got = await enter(stand, name, "wrong")
        said = {"error": "The name or the password is wrong.", "code": "credentials"}
        assert (got.status_code, got.json()) == (401, said)


async def test_a_second_factor_is_asked_for(stand: Stand) -> None:
    headers = {"x-csrf-token": (await enter(stand, ROOT)).json()["csrf"], **OURS}
    asked = await stand.http.post("/signin/factors/totp", json={"password": PASSWORD}, headers=headers)
    new = asked.json()
    code = pyotp.TOTP(new["secret"])
    body = {"label": "phone", "state": new["state"], "code": code.now()}
    paper = (await stand.http.post("/signin/factors", json=body, headers=headers)).json()["paper"]
    got = await enter(stand, ROOT)
    assert (got.status_code, got.json()["codes"]) == (401, True)
    assert (await stand.http.get("/api/v1/overview")).status_code == 401
    assert (await enter(stand, ROOT, code=paper[0])).status_code == 200
    assert (await stand.http.get("/api/v1/overview")).json()["administersServer"] is True


async def test_a_right_that_is_taken_away_is_gone_at_once(stand: Stand) -> None:
    headers = await stand.session(ANNA)

    def work(tx: WriteTx) -> None:
        owner = next(each.account for each in tx.domains() if each.name == "other.test")
        assert owner is not None
        tx.grant(tx.locate(owner, "").id, ANNA, Right.NONE)

    assert (await stand.ask(headers, "GET", OTHERS)).status_code == 200
    await stand.house.write(work)
    assert (await stand.ask(headers, "GET", OTHERS)).status_code == 403


# --- the pages


@pytest.mark.parametrize("path", list(PAGES))
async def test_pages_run_no_script_but_their_own_and_in_no_frame(stand: Stand, path: str) -> None:
    got = await stand.http.get(path)
    policy = got.headers["content-security-policy"]
    assert got.status_code == 200
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    again = await stand.http.get(path, headers={"if-none-match": got.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_pages_name_nothing_that_is_not_there(stand: Stand) -> None:
    page = (await stand.http.get("/")).text
    named = re.findall(r'(?:src|href)="(/[^"]*)"', page)
    assert named
    assert set(named) <= set(PAGES)
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|<style", page)


# --- what a request brings


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", "/domains/%ff", None, 404),
        ("GET", "/overview/", None, 404),
        ("DELETE", "/overview", None, 405),
        ("GET", f"{OTHERS}?limit=0", None, 400),
        ("GET", f"{OTHERS}?limit=201", None, 400),
        ("GET", f"{OTHERS}?limit=x", None, 400),
        ("GET", f"{OTHERS}?limit=%C2%B2", None, 400),
        ("GET", f"{OTHERS}?search={'x' * 321}", None, 400),
        ("GET", f"{OTHERS}?serch=x", None, 400),
        ("GET", "/queue?state=lost", None, 400),
        ("POST", "/queue/0/retry", None, 400),
        ("POST", "/queue/99999999999999999999/retry", None, 400),
        ("POST", "/queue/4711/retry", None, 404),
        ("DELETE", "/queue/4711", None, 404),
        ("POST", "/domains", {}, 400),
        ("POST", "/domains", [], 400),
        ("POST", "/domains", {"name": "new.test", "more": 1}, 400),
        ("POST", "/domains", {"name": 1}, 400),
        ("POST", "/domains", {"name": "a\0b"}, 400),
        ("POST", "/domains", {"name": "a\ud800b"}, 400),
        ("POST", "/domains", {"name": "no domain"}, 422),
        ("POST", "/domains", {"name": "other.test"}, 409),
        ("PATCH", "/domains/other.test", {"enabled": "yes"}, 400),
        ("PATCH", "/domains/other.test", {"aliases": ["x"] * 101}, 400),
        ("PATCH", "/domains/nowhere.test", {"enabled": True}, 404),
        ("POST", "/domains", {"name": "x" * 70_000}, 413),
        ("POST", OTHERS, {"local": "anna"}, 409),
        ("POST", OTHERS, {"local": "a@evil.test"}, 422),
        ("PATCH", f"/accounts/{ANNA}", {}, 422),
        ("GET", "/accounts/nobody@other.test", None, 404),
        ("GET", "/accounts/crew@example.test", None, 404),
        ("DELETE", "/accounts/crew@example.test", None, 404),
        ("GET", f"/groups/{ANNA}", None, 404),
        ("DELETE", f"/groups/{ANNA}", None, 404),
        ("DELETE", "/accounts/postmaster@other.test", None, 422),
        ("DELETE", f"/accounts/{ROOT}", None, 422),
        ("PATCH", f"/accounts/{ROOT}", {"enabled": False}, 422),
        ("DELETE", f"/accounts/{ANNA}/aliases/al@example.test", None, 404),
        ("GET", "/domains/other.test/settings/nothing", None, 404),
        ("PUT", "/domains/other.test/settings/imap", {"value": "yes"}, 422),
        ("PUT", "/domains/other.test/settings/imap", {"value": None}, 400),
        ("PUT", "/domains/other.test/settings/imap", {"value": 1.5}, 400),
        ("POST", "/services/nothing/start", None, 404),
        ("POST", "/services/webadmin/stop", None, 422),
        ("POST", "/services/pop3/start", None, 422),
    ],
)
async def test_what_cannot_be_done_is_told_and_changes_nothing(
    stand: Stand, method: str, path: str, body: Any, status: int
) -> None:
    headers, was = await stand.session(ROOT), await stand.state()
    got = await stand.ask(headers, method, path, body)
    assert got.status_code == status, got.text
    assert got.json()["error"]
    assert await stand.state() == was


async def test_a_method_that_is_not_there_is_told_which_are(stand: Stand) -> None:
    got = await stand.ask(await stand.session(ROOT), "PUT", "/domains/other.test")
    assert (got.status_code, got.headers["allow"]) == (405, "DELETE, GET, PATCH")


async def test_a_form_is_not_json(stand: Stand) -> None:
    headers = await stand.session(ROOT)
    got = await stand.http.post("/api/v1/domains", data={"name": "new.test"}, headers=headers)
    assert got.status_code == 415


async def test_a_server_that_does_not_answer_is_for_later(stand: Stand) -> None:
    (stand.config.data / "run" / "control.sock").unlink()
    assert (await stand.ask(await stand.session(ROOT), "GET", "/services")).status_code == 503


async def test_orders_reach_the_server(stand: Stand) -> None:
    headers = await stand.session(ROOT)
    for verb in ("stop", "start", "restart"):
        assert (await stand.ask(headers, "POST", f"/services/imap/{verb}")).json()["name"] == "imap"
    assert stand.orders == [("stop", "imap"), ("start", "imap"), ("restart", "imap")]


# --- accounts


async def test_accounts_are_searched_for_and_come_in_pages(stand: Stand) -> None:
    def work(tx: WriteTx) -> None:
        for number in range(5):
            tx.put_account(NewAccount(f"n{number}@other.test", name=f"Number {number % 2}"))

    await stand.house.write(work)
    headers, seen, after = await stand.session(ANNA), list[str](), ""
    for _ in range(3):
        told = (await stand.ask(headers, "GET", f"{OTHERS}?search=NUMBER&limit=2&after={after}")).json()
        seen += [each["address"] for each in told["accounts"]]
        assert told["total"] == 5
        after = told["next"]
    assert seen == [f"n{number}@other.test" for number in range(5)]
    assert after is None


async def test_a_domains_administrator_makes_an_account_that_can_sign_in(stand: Stand) -> None:
    headers = await stand.session(ANNA)
    body = {"local": "new.one", "name": "New", "password": "a horse of mine"}
    assert (await stand.ask(headers, "POST", OTHERS, body)).json()["address"] == "new.one@other.test"
    # its password is right, and it administers nothing
    assert (await enter(stand, "new.one@other.test", "a horse of mine")).status_code == 403
    assert (await enter(stand, "new.one@other.test", "another")).status_code == 401


async def test_a_new_password_ends_the_sessions_and_is_the_one_that_counts(stand: Stand) -> None:
    theirs, mine = await stand.session(ANNA), await stand.session(ROOT)
    got = await stand.ask(mine, "PUT", f"/accounts/{ANNA}/password", {"password": "short"})
    assert got.status_code == 200
    assert got.json()["weak"]
    assert (await stand.ask(theirs, "GET", "/overview")).status_code == 401
    assert (await enter(stand, ANNA)).status_code == 401
    assert (await enter(stand, ANNA, "short")).status_code == 200


async def test_another_address_is_not_taken_in_somebody_elses_domain(stand: Stand) -> None:
    headers, was = await stand.session(ANNA), await stand.state()
    got = await stand.ask(headers, "POST", f"/accounts/{ANNA}/aliases", {"alias": "info@example.test"})
    assert got.status_code in (403, 404)
    assert await stand.state() == was


async def test_settings_say_where_they_come_from(stand: Stand) -> None:
    headers, at = await stand.session(ANNA), f"/accounts/{ANNA}/settings/imap"
    put = (await stand.ask(headers, "PUT", "/domains/other.test/settings/imap", {"value": False})).json()
    assert (put["value"], put["origin"], put["explicit"]) == (False, "domain", True)
    got = (await stand.ask(headers, "GET", at)).json()
    assert (got["value"], got["explicit"]) == (False, False)
    unset = (await stand.ask(headers, "DELETE", "/domains/other.test/settings/imap")).json()
    assert (unset["value"], unset["explicit"]) == (True, False)


async def test_the_queue_comes_in_pages_and_by_state(stand: Stand) -> None:
    headers = await stand.session(ROOT)
    told = (await stand.ask(headers, "GET", "/queue?limit=1")).json()
    assert [each["number"] for each in told["messages"]] == [stand.message]
    assert told["next"] is None
    assert (await stand.ask(headers, "GET", f"/queue?after={stand.message}")).json()["messages"] == []
    assert (await stand.ask(headers, "GET", "/queue?state=held")).json()["messages"] == []


async def test_the_log_says_what_a_command_was_about_and_no_value(stand: Stand) -> None:
    root = await stand.session(ROOT)
    await stand.ask(root, "PUT", f"/accounts/{ALICE}/settings/pop3", {"value": False})
    await stand.ask(root, "PUT", f"/accounts/{ALICE}/password", {"password": "battery staple"})
    told = [each["about"] for each in stand.house.log.named("command")]
    assert told == [f"address={ALICE} setting=pop3", f"address={ALICE}"]
    assert "battery" not in str(stand.house.log.events)


# --- mail lists and rules


async def test_what_waits_on_a_list_is_shown_and_sent_on_by_its_number(stand: Stand) -> None:
    headers, at = await stand.session(ROOT), f"/lists/{NEWS}/waiting"
    [told] = (await stand.ask(headers, "GET", at)).json()["messages"]
    assert (told["from"], told["subject"]) == ("ann@far.test", "may I?")
    got = await stand.ask(headers, "POST", at, {"verdict": "approve", "uids": ["4711"]})
    assert (got.status_code, got.json()) == (404, {"error": "4711: no such message waits"})
    done = await stand.ask(headers, "POST", at, {"verdict": "approve", "uids": [str(told["uid"])]})
    assert done.json() == {"messages": 1}
    assert (await stand.ask(headers, "GET", at)).json()["messages"] == []


async def test_what_waits_is_for_moderators_whom_who_administers_the_domain_names(stand: Stand) -> None:
    headers = await stand.session(ANNA)
    made = (await stand.ask(headers, "POST", "/domains/other.test/lists", {"local": "talk"})).json()
    assert (made["address"], made["moderators"], made["waiting"]) == ("talk@other.test", [], 0)
    assert (await stand.ask(headers, "GET", "/lists/talk@other.test/waiting")).status_code == 403
    told = (await stand.ask(headers, "PUT", f"/lists/talk@other.test/moderators/{ANNA}")).json()
    assert told["moderators"] == [ANNA]
    assert (await stand.ask(headers, "GET", "/lists/talk@other.test/waiting")).json()["messages"] == []


async def test_who_was_suspended_gets_mail_again(stand: Stand) -> None:
    headers = await stand.session(ROOT)
    at = f"/lists/{NEWS}/members/{ALICE}"
    await stand.house.write(lambda tx: tx.put_subscriber(NEWS, Subscriber(ALICE, "Alice", "suspended")))
    told = (await stand.ask(headers, "PUT", at, {})).json()
    assert (told["state"], told["name"], told["delivery"]) == ("active", "Alice", "mail")


async def test_rules_stand_in_their_order_and_what_is_wrong_is_said(stand: Stand) -> None:
    headers = await stand.session(ROOT)
    rule = {"at": "rcpt", "then": ["reject"]}

    async def names() -> list[str]:
        return [each["name"] for each in (await stand.ask(headers, "GET", "/rules")).json()["rules"]]

    await stand.ask(headers, "PUT", "/rules/last", rule)
    await stand.ask(headers, "PUT", "/rules/middle", {**rule, "before": "last"})
    await stand.ask(headers, "PUT", "/rules/first", {**rule, "place": "first"})
    assert await names() == ["first", "big-mail", "middle", "last"]
    await stand.ask(headers, "PUT", "/rules/middle", {**rule, "note": "it stays where it is"})
    await stand.ask(headers, "PUT", "/rules/big-mail", {**rule, "place": "last"})
    assert await names() == ["first", "middle", "last", "big-mail"]
    for body, fault in (
        ({**rule, "then": ["shout"]}, "then 1"),
        ({**rule, "all": ["odd is 1"]}, "all 1"),
        ({**rule, "then": []}, "then"),
        ({**rule, "before": "nobody"}, "nobody"),
    ):
        got = await stand.ask(headers, "PUT", "/rules/first", body)
        assert got.status_code in (404, 422)
        assert fault in got.json()["error"]
    assert await names() == ["first", "middle", "last", "big-mail"]


async def test_a_domains_administrator_has_the_rules_of_that_domain(stand: Stand) -> None:
    headers, of = await stand.session(ANNA), "?domain=other.test"
    rule = {"at": "rcpt", "all": ["rcpt is anna@other.test"], "then": ['reject 550 5.7.1 "Not today."']}
    assert (await stand.ask(headers, "PUT", f"/rules/closed{of}", rule)).status_code == 200
    body = {"from": "ann@far.test", "to": [ANNA]}
    steps = (await stand.ask(headers, "POST", f"/rules/try{of}", body)).json()["steps"]
    assert [each["does"] for each in steps if each["rules"] == ["closed"]] == [['reject 550 5.7.1 "Not today."']]
    got = await stand.ask(headers, "PUT", f"/rules/route{of}", {"at": "relay", "then": ["route mx.test"]})
    assert got.status_code == 422
    assert (await stand.ask(headers, "GET", "/rules")).status_code == 403
    assert (await stand.ask(headers, "GET", "/rules?domain=example.test")).status_code in (403, 404)


async def test_rules_are_tried_on_a_stored_message(stand: Stand) -> None:
    headers = await stand.session(ROOT)
    rule = {"at": "headers", "all": ['header.subject is "may I?"'], "then": ["add-header X-Asks yes"]}
    assert (await stand.ask(headers, "PUT", "/rules/asks", rule)).status_code == 200
    body = {"to": [ALICE], "owner": NEWS, "folder": "Moderation", "uid": 1}
    steps = (await stand.ask(headers, "POST", "/rules/try", body)).json()["steps"]
    assert [each["event"] for each in steps if "asks" in each["rules"]] == ["headers"]
    assert (await stand.ask(headers, "POST", "/rules/try", {**body, "uid": 99})).status_code == 404
    assert (await stand.ask(headers, "POST", "/rules/try", {"owner": NEWS})).status_code == 422
    assert (await stand.ask(headers, "POST", "/rules/try", {"ip": "nowhere"})).status_code == 422
