"""Signing in with a browser: the cookie, the proof that a page of ours asks, the end of sessions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount

from groupware.model.browser import NewBrowserSession
from groupware.model.principal import OPERATOR
from groupware.store import open_store
from groupware.store.api import WriteTx
from groupware.store.bus import LocalBus
from groupware.store.sql import browsers
from mailcore.server import signin as login
from mailcore.server.gate import RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from tests.support import talk
from tests.support.clock import FakeClock
from tests.support.jmapstand import USING, Stand, jmap_stand, letter
from tests.support.smtpstand import PASSWORD
from tests.support.webstand import asked, configured, setup_of, way_in
from web.signin import sessions
from web.signin.app import signin
from web.signin.tokens import digest_of, new_token

COOKIE, VISIT = "__Host-postroom", "__Host-postroom-visit"
ALICE = "alice@example.test"
OURS = {"origin": "https://mail.example.test", "sec-fetch-site": "same-origin"}
FOREIGN = {"origin": "https://evil.test", "sec-fetch-site": "cross-site"}


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with jmap_stand(tmp_path) as made:
        yield made


async def visited(stand: Stand) -> str:
    """What a browser that comes for the first time is told to prove itself with."""
    return str((await stand.http.get("/signin/session")).json()["csrf"])


async def attempt(stand: Stand, password: str = PASSWORD, proof: str | None = None, **more: Any) -> httpx.Response:
    body = {"name": ALICE, "password": password, **more}
    proof = await visited(stand) if proof is None else proof
    return await stand.http.post("/signin/session", json=body, headers={"x-csrf-token": proof, **OURS})


async def signed_in(stand: Stand) -> dict[str, str]:
    """The header fields that a page sends of which Alice has signed in."""
    stand.http.cookies.clear()
    got = await attempt(stand)
    assert got.status_code == 200, got.text
    return {"x-csrf-token": got.json()["csrf"], **OURS}


async def asks(stand: Stand, headers: dict[str, str]) -> int:
    """The status of a JMAP request."""
    body = {"using": USING, "methodCalls": [["Core/echo", {}, "0"]]}
    return (await stand.http.post("/jmap/api", json=body, headers=headers)).status_code


async def test_who_signs_in_has_a_session_that_jmap_takes(stand: Stand) -> None:
    headers = await signed_in(stand)
    assert await asks(stand, headers) == 200
    found = (await stand.http.get("/jmap/session")).json()
    assert found["username"] == ALICE
    assert (await stand.http.get("/signin/session")).json() == {
        "name": ALICE, "csrf": headers["x-csrf-token"], "mayStay": True
    }  # fmt: skip


async def test_the_cookie_is_for_this_host_over_tls_and_no_script(stand: Stand) -> None:
    got = await attempt(stand)
    (cookie,) = [each for each in got.headers.get_list("set-cookie") if each.startswith(f"{COOKIE}=")]
    words = {each.strip().lower() for each in cookie.split(";")[1:]}
    assert words == {"httponly", "secure", "path=/", "samesite=strict"}


async def test_who_stays_signed_in_has_a_cookie_that_lasts(stand: Stand) -> None:
    got = await attempt(stand, stay=True)
    assert any("Max-Age=2592000" in each for each in got.headers.get_list("set-cookie"))
    (session,) = (await stand.http.get("/signin/sessions")).json()
    assert session["ends"][:10] > session["made"][:10]


async def test_a_wrong_password_signs_nobody_in_and_is_noted(stand: Stand) -> None:
    got = await attempt(stand, "wrong")
    assert (got.status_code, got.json()) == (
        401,
        {"error": "The name or the password is wrong.", "code": "credentials"},
    )
    assert COOKIE not in stand.http.cookies
    assert [each["user"] for each in stand.house.log.named("login_failed")] == [ALICE]


async def test_who_guesses_too_often_is_told_for_how_long_and_is_let_in_then(
    stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "BLOCKED_PAUSE", 0)
    clock = FakeClock()
    guesses = Guesses(GuessLimits(first_delay=0, max_delay=0, peer_failures=3, block_time=600), clock)
    gate = RuleGate(Turnstile(talk.unlimited()), Turnstile(talk.unlimited()), guesses, clock)
    pages = Starlette(routes=[Mount("/signin", signin(stand.house.parts, setup_of(configured(tmp_path))))])
    async with asked(pages, replace(way_in(), gate=gate)) as http:
        here = Stand(stand.house, http)
        assert [(await attempt(here, "wrong")).status_code for _ in range(3)] == [401, 401, 429]
        got = await attempt(here)
        assert (got.status_code, got.headers["retry-after"]) == (429, "600")
        said = "Too many sign-ins have failed. Try again in 10 minutes."
        assert got.json() == {"error": said, "code": "closed", "facts": {"seconds": 600}}
        clock.advance(599)
        assert (await attempt(here)).json()["error"].endswith("in a minute.")
        clock.advance(2)
        assert (await attempt(here)).status_code == 200


@pytest.mark.parametrize("proof", ["", "0" * 64])
async def test_signing_in_takes_a_page_of_ours(stand: Stand, proof: str) -> None:
    await visited(stand)
    assert (await attempt(stand, proof=proof)).status_code == 403
    assert COOKIE not in stand.http.cookies


async def test_a_page_of_another_site_signs_nobody_in(stand: Stand) -> None:
    headers = {"x-csrf-token": await visited(stand), **FOREIGN}
    got = await stand.http.post("/signin/session", json={"name": ALICE, "password": PASSWORD}, headers=headers)
    assert got.status_code == 403


async def test_a_form_of_another_site_is_not_json(stand: Stand) -> None:
    headers = {"x-csrf-token": await visited(stand), **OURS}
    got = await stand.http.post("/signin/session", data={"name": ALICE, "password": PASSWORD}, headers=headers)
    assert got.status_code == 415


async def test_the_token_of_before_is_not_that_of_the_session(stand: Stand) -> None:
    """Session fixation: who has planted a cookie learns nothing of the session."""
    stand.http.cookies.set(COOKIE, "planted", domain="mail.example.test")
    await visited(stand)
    visit = stand.http.cookies[VISIT]
    assert (await attempt(stand)).status_code == 200
    assert stand.http.cookies[COOKIE] not in ("planted", visit)
    assert VISIT not in stand.http.cookies
    stand.http.cookies.clear()
    stand.http.cookies.set(COOKIE, "planted", domain="mail.example.test")
    assert (await stand.http.get("/jmap/session")).status_code == 401


@pytest.mark.parametrize("missing", ["x-csrf-token", "both"])
async def test_what_changes_something_takes_the_proof(stand: Stand, missing: str) -> None:
    headers = await signed_in(stand)
    del headers["x-csrf-token"]
    if missing == "both":
        headers = {}
    account = (await stand.http.get("/jmap/session")).json()["primaryAccounts"][USING[1]]
    assert await asks(stand, headers) == 403
    assert (await stand.http.post(f"/jmap/upload/{account}", content=b"x", headers=headers)).status_code == 403
    for path in ("/signin/sessions", "/signin/sessions/1", "/signin/session"):
        assert (await stand.http.delete(path, headers=headers)).status_code == 403
    assert (await stand.http.get("/jmap/session")).status_code == 200


async def test_who_is_signed_in_may_sign_in_again(stand: Stand) -> None:
    await signed_in(stand)
    before = stand.http.cookies[COOKIE]
    assert (await attempt(stand)).status_code == 200
    assert stand.http.cookies[COOKIE] != before


async def test_the_proof_of_one_session_is_none_for_another(stand: Stand) -> None:
    first = await signed_in(stand)
    await signed_in(stand)
    assert await asks(stand, first) == 403


async def test_a_page_of_another_site_reads_nothing(stand: Stand) -> None:
    await signed_in(stand)
    for path in ("/jmap/session", "/jmap/eventsource?types=*"):
        assert (await stand.http.get(path, headers=FOREIGN)).status_code == 403


async def test_basic_needs_no_proof_and_wins_over_a_cookie(stand: Stand) -> None:
    await signed_in(stand)
    assert (await stand.client("bob").get("/jmap/session")).json()["username"] == "bob@example.test"
    assert await asks(stand, stand.client("bob").headers) == 200


async def test_a_browser_whose_session_has_ended_is_not_asked_for_a_password_by_itself(stand: Stand) -> None:
    stand.http.cookies.set(COOKIE, "of long ago", domain="mail.example.test")
    got = await stand.http.get("/jmap/session")
    assert (got.status_code, "www-authenticate" in got.headers) == (401, False)


async def test_signing_out_ends_the_session(stand: Stand) -> None:
    headers = await signed_in(stand)
    kept = stand.http.cookies[COOKIE]
    assert (await stand.http.delete("/signin/session", headers=headers)).status_code == 204
    assert COOKIE not in stand.http.cookies
    stand.http.cookies.set(COOKIE, kept, domain="mail.example.test")
    assert (await stand.http.get("/jmap/session")).status_code == 401


async def test_sessions_are_listed_and_ended(stand: Stand) -> None:
    await signed_in(stand)
    first = stand.http.cookies[COOKIE]
    headers = await signed_in(stand)
    listed = (await stand.http.get("/signin/sessions")).json()
    assert [each["here"] for each in listed] == [True, False]
    got = await stand.http.delete(f"/signin/sessions/{listed[1]['id']}", headers=headers)
    assert got.status_code == 204
    assert (await stand.http.delete(f"/signin/sessions/{listed[1]['id']}", headers=headers)).status_code == 404
    second = stand.http.cookies[COOKIE]
    stand.http.cookies.set(COOKIE, first, domain="mail.example.test")
    assert (await stand.http.get("/jmap/session")).status_code == 401
    stand.http.cookies.clear()
    stand.http.cookies.set(COOKIE, second, domain="mail.example.test")
    assert (await stand.http.get("/jmap/session")).status_code == 200


async def test_all_others_are_ended_at_once(stand: Stand) -> None:
    for _ in range(3):
        headers = await signed_in(stand)
    assert (await stand.http.delete("/signin/sessions", headers=headers)).status_code == 204
    assert [each["here"] for each in (await stand.http.get("/signin/sessions")).json()] == [True]


async def test_nobody_ends_a_session_of_somebody_else(stand: Stand) -> None:
    headers = await signed_in(stand)
    bob = await stand.house.read(lambda tx: tx.identity(tx.account("bob@example.test").id))
    new = NewBrowserSession("ab" * 32, 60, 0, "::1", "")
    number = await stand.house.write(lambda tx: tx.put_browser_session(new), bob)
    assert (await stand.http.delete(f"/signin/sessions/{number}", headers=headers)).status_code == 404
    assert await stand.house.read(lambda tx: tx.browser_session(new.digest))


async def test_another_password_ends_the_sessions(stand: Stand) -> None:
    headers = await signed_in(stand)
    await stand.house.write(lambda tx: tx.put_credential(ALICE, "password", "x"))
    assert await asks(stand, headers) == 401


async def test_sessions_are_the_same_to_every_process(stand: Stand, tmp_path: Path) -> None:
    """Another store over the same database has nothing in memory of this one."""
    other, token = open_store(tmp_path / "house", bus=LocalBus()), new_token()
    try:
        who = await other.read(OPERATOR, lambda tx: tx.identity(tx.account(ALICE).id))
        new = NewBrowserSession(digest_of(token), 600, 0, "::1", "")
        number = await other.write(who, lambda tx: tx.put_browser_session(new))
        stand.http.cookies.set(COOKIE, token, domain="mail.example.test")
        assert (await stand.http.get("/jmap/session")).status_code == 200
        await other.write(who, lambda tx: tx.drop_browser_session(number))
        assert (await stand.http.get("/jmap/session")).status_code == 401
    finally:
        await other.close()


@pytest.mark.parametrize("name", ["webmail", "blockedLogin"])
async def test_a_session_ends_when_its_owner_may_not_sign_in(stand: Stand, name: str) -> None:
    headers = await signed_in(stand)
    await stand.house.write(lambda tx: tx.put_setting(name, name == "blockedLogin", tx.account(ALICE).id))
    assert await asks(stand, headers) == 401


async def test_a_session_ends_when_the_account_is_disabled(stand: Stand) -> None:
    headers = await signed_in(stand)
    await stand.house.write(lambda tx: tx.update_account(ALICE, enabled=False))
    assert await asks(stand, headers) == 401


async def test_a_session_ends_when_it_is_idle_for_too_long(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = await signed_in(stand)
    real = browsers.now_micros
    monkeypatch.setattr(browsers, "now_micros", lambda: real() + 901_000_000)
    assert await asks(stand, headers) == 401


async def test_use_is_written_down_once_in_a_while(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = await signed_in(stand)
    [before] = await stand.house.read(lambda tx: tx.browser_sessions(ALICE))
    assert await asks(stand, headers) == 200
    assert await stand.house.read(lambda tx: tx.browser_sessions(ALICE)) == [before]
    monkeypatch.setattr(sessions, "NOTED", timedelta(0))
    assert await asks(stand, headers) == 200
    [after] = await stand.house.read(lambda tx: tx.browser_sessions(ALICE))
    assert after.used > before.used


def end_all(tx: WriteTx) -> None:
    for each in tx.browser_sessions(ALICE):
        tx.drop_browser_session(each.number, ALICE)


async def test_a_stream_of_events_ends_with_its_session(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "LOOKED_AT_SECONDS", 3600.0)
    headers = await signed_in(stand)
    asked = asyncio.create_task(stand.http.get("/jmap/eventsource?types=*&closeafter=no&ping=0", headers=OURS))
    await stand.put("alice", letter("While it lasts"))
    await stand.house.write(end_all)
    got = await asyncio.wait_for(asked, 20)
    assert got.status_code in (200, 401)
    assert await asks(stand, headers) == 401


async def test_what_is_said_is_for_nobody_else(stand: Stand) -> None:
    first, second = await stand.http.get("/signin/session"), await attempt(stand)
    for got in (first, second, await stand.http.get("/signin/sessions")):
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in got.headers["content-security-policy"]
        assert "location" not in got.headers
        assert "access-control-allow-origin" not in got.headers


async def test_a_request_is_bounded_and_has_a_form(stand: Stand) -> None:
    headers = {"x-csrf-token": await visited(stand), "content-type": "application/json", **OURS}
    for octets, status in (
        (b"x" * 10_000, 413),
        (b"{", 400),
        (b"[]", 400),
        (b"[" * 8000, 400),
        (b'{"name": 1, "password": "x"}', 400),
        (b'{"name": "a\\u0000", "password": "x"}', 401),
        (b'{"name": "' + b"a" * 400 + b'", "password": "x"}', 401),
    ):
        got = await stand.http.post("/signin/session", content=octets, headers=headers)
        assert got.status_code == status, octets[:40]


async def test_who_is_not_signed_in_sees_no_sessions(stand: Stand) -> None:
    assert (await stand.http.get("/signin/sessions")).status_code == 401
