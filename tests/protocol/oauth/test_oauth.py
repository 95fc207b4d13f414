"""Tokens for programs: RFC 6749, 7591, 7636, 8252, 8414, 7009, 9207, and what is done against thieves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from groupware.store.sql import tokens as stored
from mailcore.server.tokens import CALENDARS, CONTACTS, MAIL
from tests.protocol.oauth.conftest import BACK, Program, all_of, back, register
from tests.support.jmapstand import Stand
from web.oauth import exchange


async def test_a_program_gets_tokens_once_its_owner_consents(program: Program) -> None:
    told = await program.tokens()
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 3600)
    assert set(told["scope"].split()) == {MAIL, CONTACTS, CALENDARS}
    assert await program.opens(told["access_token"]) == 200
    assert await program.opens(told["refresh_token"]) == 401
    assert await program.opens("postroom-access-x") == 401


async def test_the_browser_comes_back_with_what_proves_who_answers(program: Program) -> None:
    await program.stand.browse("alice")
    goes = (await program.decide()).json()["goes"]
    assert goes.startswith("http://127.0.0.1:40123/back?")
    assert (back(goes)["state"], back(goes)["iss"]) == ("s1", "https://mail.example.test")


async def test_who_refuses_lets_nobody_in(program: Program) -> None:
    await program.stand.browse("alice")
    goes = (await program.decide(consent=False)).json()["goes"]
    assert (back(goes)["error"], "code" in back(goes)) == ("access_denied", False)


async def test_consenting_takes_a_session_and_the_proof_of_our_page(program: Program) -> None:
    assert (await program.decide()).status_code == 401
    await program.stand.browse("alice")
    assert (await program.decide(headers={})).status_code == 403
    proof = (await program.stand.http.get("/signin/session")).json()["csrf"]
    evil = {"x-csrf-token": proof, "origin": "https://evil.test", "sec-fetch-site": "cross-site"}
    assert (await program.decide(headers=evil)).status_code == 403
    assert (await program.stand.http.get("/oauth/grants")).json() == []


async def test_what_a_program_asks_for_is_shown_in_words(program: Program) -> None:
    got = await program.stand.http.get(f"/oauth/wish?{program.query(scope=CALENDARS)}")
    assert got.json() == {
        "name": "A mailer",
        "returns": "http://127.0.0.1:40123/back",
        "scopes": [{"name": CALENDARS, "text": "Read and change your calendars, tasks and notes"}],
    }


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"state": "x" * 2000}, "invalid_request"),
    ],
)
async def test_what_is_asked_for_wrongly_is_told_to_the_program(
    program: Program, more: dict[str, str], error: str
) -> None:
    said = (await program.stand.http.get(f"/oauth/wish?{program.query(**more)}")).json()
    assert (said["error"], back(said["goes"])["error"]) == (error, error)
    assert said["returns"] == "http://127.0.0.1:40123/back"
    await program.stand.browse("alice")
    assert back((await program.decide(**more)).json()["goes"])["error"] == error


@pytest.mark.parametrize(
    "more",
    [
        {"client_id": "x"},
        {"client_id": ""},
        {"redirect_uri": "https://evil.test/"},
        {"redirect_uri": "http://127.0.0.1:40123/other"},
        {"redirect_uri": "http://127.0.0.1.evil.test/back"},
        {"redirect_uri": "http://127.0.0.1@evil.test/back"},
    ],
)
async def test_nothing_goes_to_where_a_program_may_not_be_answered(program: Program, more: dict[str, str]) -> None:
    got = await program.stand.http.get(f"/oauth/wish?{program.query(**more)}")
    assert (got.status_code, "goes" in got.text) == (400, False)


async def test_a_changed_identifier_is_none(program: Program) -> None:
    body, mark = program.ident.split(".")
    for ident in (f"{body}x.{mark}", f"{body}.{mark[:-2]}AA", body, f"{program.ident}.x", "é"):
        assert (await program.stand.http.get("/oauth/wish", params={"client_id": ident})).status_code == 400


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)", "data:text/html,x", "http://far.test/", "https://", "https://u:p@far.test/",
        "ftp://far.test/",
        "https://far.test/#x", "mail:/x", "https://far.test/ x", "https://far.test:x/", "\\\\far.test", "x" * 600, 7,
    ],
)  # fmt: skip
async def test_an_address_that_is_none_is_not_registered(stand: Stand, uri: Any) -> None:
    got = await stand.http.post("/oauth/register", json={"redirect_uris": [uri]})
    assert (got.status_code, got.json()["error"]) == (400, "invalid_redirect_uri")


async def test_programs_register_by_themselves(stand: Stand) -> None:
    got = await register(stand, "org.example.mail:/back", "https://web.test/back")
    assert got.status_code == 201
    assert (got.json()["token_endpoint_auth_method"], got.json()["client_name"]) == ("none", "A mailer")
    for more in (
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"grant_types": ["password"]},
        {"client_name": 7},
    ):
        assert (await register(stand, **more)).json()["error"] == "invalid_client_metadata"
    assert (await stand.http.post("/oauth/register", json={})).json()["error"] == "invalid_redirect_uri"
    assert (await stand.http.post("/oauth/register", content=b"x" * 10_000)).status_code in (413, 415)


async def test_a_code_is_good_once_and_its_second_use_ends_what_it_gave(program: Program) -> None:
    code = await program.code()
    told = (await program.redeem(code)).json()
    again = await program.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert await program.opens(told["access_token"]) == 401
    assert (await program.refresh(told["refresh_token"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "more",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": ""},
        {"redirect_uri": "http://127.0.0.1:1/back"},
        {"client_id": "somebody else"},
    ],
)
async def test_a_stolen_code_is_worth_nothing(program: Program, more: dict[str, str]) -> None:
    code = await program.code()
    assert (await program.redeem(code, **more)).json()["error"] == "invalid_grant"
    assert (await program.redeem(code)).json()["error"] == "invalid_grant"


async def test_refresh_tokens_change_with_each_use(program: Program) -> None:
    first = await program.tokens()
    second = (await program.refresh(first["refresh_token"])).json()
    assert await program.opens(second["access_token"]) == 200
    assert await program.opens(first["access_token"]) == 401
    assert second["refresh_token"] != first["refresh_token"]
    assert (await program.refresh(second["refresh_token"], client_id="other")).json()["error"] == "invalid_grant"
    assert (await program.refresh(second["refresh_token"])).status_code == 200


async def test_a_lost_answer_may_be_asked_for_again_at_once(program: Program) -> None:
    first = await program.tokens()
    await program.refresh(first["refresh_token"])
    again = await program.refresh(first["refresh_token"])
    assert await program.opens(again.json()["access_token"]) == 200


async def test_a_refresh_token_that_turns_up_again_ends_everything(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await program.tokens()
    second = (await program.refresh(first["refresh_token"])).json()
    monkeypatch.setattr(exchange, "AGAIN_SECONDS", timedelta(seconds=-1).total_seconds())
    assert (await program.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert await program.opens(second["access_token"]) == 401
    assert (await program.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"


async def test_an_access_token_ends_by_itself(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await program.tokens()
    now = stored.now_micros()
    monkeypatch.setattr(stored, "now_micros", lambda: now + 3601 * 1_000_000)
    assert await program.opens(told["access_token"]) == 401


async def test_a_token_opens_what_was_consented_to_and_nothing_else(program: Program) -> None:
    told = await program.tokens(scope=MAIL)
    assert told["scope"] == MAIL
    assert await program.opens(told["access_token"]) == 401  # JMAP gives contacts and calendars as well


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_a_program_gives_its_tokens_back(program: Program, which: str) -> None:
    told = await program.tokens()
    assert (await program.stand.http.post("/oauth/revoke", data={"token": told[which]})).status_code == 200
    assert await program.opens(told["access_token"]) == 401
    assert (await program.refresh(told["refresh_token"])).status_code == 400
    assert (await program.stand.http.post("/oauth/revoke", data={"token": "none"})).status_code == 200


async def test_one_sees_what_one_has_let_in_and_takes_it_back(program: Program) -> None:
    told = await program.tokens()
    await program.stand.browse("bob")
    assert (await program.stand.http.get("/oauth/grants")).json() == []
    await program.stand.browse("alice")
    (one,) = (await program.stand.http.get("/oauth/grants")).json()
    assert (one["name"], len(one["scopes"])) == ("A mailer", 3)
    assert (await program.stand.http.delete(f"/oauth/grants/{one['id']}")).status_code == 403
    sent = {"x-csrf-token": (await program.stand.http.get("/signin/session")).json()["csrf"]}
    assert (await program.stand.http.delete(f"/oauth/grants/{one['id']}", headers=sent)).status_code == 204
    assert (await program.stand.http.delete(f"/oauth/grants/{one['id']}", headers=sent)).status_code == 404
    program.stand.http.cookies.clear()
    assert await program.opens(told["access_token"]) == 401


async def test_an_account_that_is_switched_off_has_no_tokens(program: Program) -> None:
    told = await program.tokens()
    account = (await program.stand.house.read(lambda tx: tx.account("alice@example.test"))).id
    await program.stand.house.write(lambda tx: tx.put_setting("blockedLogin", True, account))
    assert await program.opens(told["access_token"]) == 401


async def test_what_there_is_can_be_found(program: Program) -> None:
    got = await program.stand.http.get("/.well-known/oauth-authorization-server")
    told = got.json()
    assert got.headers["access-control-allow-origin"] == "*"
    assert told["issuer"] == "https://mail.example.test"
    assert told["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization", "token", "revocation", "registration"):
        assert told[f"{name}_endpoint"].startswith("https://mail.example.test/oauth/")
    resource = (await program.stand.http.get("/.well-known/oauth-protected-resource")).json()
    assert resource["authorization_servers"] == [told["issuer"]]


async def test_the_page_runs_nothing_of_others_and_stands_in_no_frame(program: Program) -> None:
    got = await program.stand.http.get(f"/oauth/authorize?{program.query()}")
    policy = got.headers["content-security-policy"]
    assert "script-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "A mailer" not in got.text


async def test_wrong_requests_are_said_to_be(program: Program) -> None:
    http = program.stand.http
    assert (await program.ask(grant_type="password")).json()["error"] == "unsupported_grant_type"
    assert (await program.ask(grant_type="authorization_code", code="x")).json()["error"] == "invalid_grant"
    assert (await http.post("/oauth/token", json={})).status_code == 415
    large = {"content-type": "application/x-www-form-urlencoded"}
    assert (await http.post("/oauth/token", content=b"a" * 20_000, headers=large)).status_code == 413
    twice = await http.post("/oauth/token", content=b"grant_type=refresh_token&grant_type=x", headers=large)
    assert twice.json()["error"] == "unsupported_grant_type"
    bad = await http.post("/oauth/token", content=b"grant_type=%ff", headers=large)
    assert bad.json()["error"] == "invalid_request"
    assert (await http.request("OPTIONS", "/oauth/token")).status_code == 204


async def test_an_address_with_a_query_keeps_it(stand: Stand) -> None:
    uri = "https://web.test/back?x=1"
    program = Program(stand, (await register(stand, uri)).json()["client_id"], uri)
    await stand.browse("alice")
    told = all_of((await program.decide()).json()["goes"])
    assert told["x"] == ["1"] and len(told["code"]) == 1


async def test_where_one_address_is_registered_it_need_not_be_said(stand: Stand) -> None:
    program = Program(stand, (await register(stand, BACK)).json()["client_id"], "")
    assert (await program.tokens())["token_type"] == "Bearer"


@pytest.mark.parametrize(("scope", "status"), [(f"{CONTACTS} {CALENDARS}", 207), (CALENDARS, 401), (MAIL, 401)])
async def test_calendars_and_contacts_are_opened_by_what_names_both(program: Program, scope: str, status: int) -> None:
    told = await program.tokens(scope=scope)
    sent = {"authorization": f"Bearer {told['access_token']}", "depth": "0"}
    assert (await program.stand.http.request("PROPFIND", "/dav/", headers=sent)).status_code == status


async def test_a_token_ends_on_a_connection_that_lasts(program: Program) -> None:
    told = await program.tokens()
    assert await program.opens(told["access_token"]) == 200
    await program.stand.http.post("/oauth/revoke", data={"token": told["access_token"]})
    assert await program.opens(told["access_token"]) == 401


async def test_who_is_refused_learns_where_tokens_are(program: Program) -> None:
    got = await program.stand.http.get("/jmap/session")
    told = got.headers["www-authenticate"]
    assert (got.status_code, told.partition(" ")[0]) == (401, "Basic")
    where = told.partition('Bearer resource_metadata="')[2].rstrip('"')
    assert (await program.stand.http.get(where)).json()["authorization_servers"] == ["https://mail.example.test"]
