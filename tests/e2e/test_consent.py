"""A program opens the browser to be let in: signing in, consenting, and what comes back."""

from __future__ import annotations

import base64
import imaplib
import secrets
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import AXE, Make
from tests.support.server import RunningServer


@pytest.fixture(scope="module")
def returned() -> Iterator[tuple[str, Queue[str]]]:
    """Where a program waits for the browser, and what it brings."""
    came: Queue[str] = Queue()

    class Waiting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            came.put(self.path)
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>Back</title>You can close this.")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Waiting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/back", came
    server.shutdown()
    server.server_close()


def test_a_program_is_let_in_and_reads_mail(sit: Make, server: RunningServer, returned: tuple[str, Queue[str]]) -> None:
    desk, (redirect, came) = sit(), returned
    base = f"http://127.0.0.1:{server.port('http')}"
    ends = httpx.get(f"{base}/.well-known/oauth-authorization-server").json()
    made = {"client_name": "My <b>mailer</b>", "redirect_uris": ["http://127.0.0.1/back"]}
    ident = httpx.post(ends["registration_endpoint"], json=made).json()["client_id"]
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": ident,
        "redirect_uri": redirect,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "state": "one",
        "scope": "urn:ietf:params:oauth:scope:mail",
    }
    page = desk.page
    page.goto(f"{ends['authorization_endpoint']}?{urlencode(asked)}")
    page.get_by_label("Address").fill(desk.who.address)
    page.get_by_label("Password").fill(desk.who.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="My <b>mailer</b> wants to")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_text(["Read, send and change your mail"])
    if AXE.is_file():
        page.evaluate(AXE.read_text())
        assert page.evaluate("axe.run().then((found) => found.violations.map((each) => each.id))") == []
    page.get_by_role("button", name="Let it in").click()
    expect(page).to_have_title("Back")
    told = {name: value for name, [value] in parse_qs(urlsplit(came.get(timeout=10)).query).items()}
    assert (told["state"], told["iss"]) == ("one", ends["issuer"])
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": verifier}
    got = httpx.post(ends["token_endpoint"], data={**form, "client_id": ident, "redirect_uri": redirect}).json()
    with imaplib.IMAP4("127.0.0.1", server.port("imap")) as client:
        client.authenticate(
            "XOAUTH2", lambda _: f"user={desk.who.address}\1auth=Bearer {got['access_token']}\1\1".encode()
        )
        assert client.select("INBOX")[0] == "OK"


def test_who_says_no_sends_the_program_away(sit: Make, server: RunningServer, returned: tuple[str, Queue[str]]) -> None:
    desk, (redirect, came) = sit(), returned
    desk.sign_in()
    base = f"http://127.0.0.1:{server.port('http')}"
    made = {"client_name": "Other", "redirect_uris": ["http://127.0.0.1/back"]}
    ident = httpx.post(f"{base}/oauth/register", json=made).json()["client_id"]
    asked = {"client_id": ident, "redirect_uri": redirect, "response_type": "code"}
    asked |= {"code_challenge": "x" * 43, "code_challenge_method": "S256"}
    desk.page.goto(f"{base}/oauth/authorize?{urlencode(asked)}")
    desk.page.get_by_role("button", name="No", exact=True).click()
    expect(desk.page).to_have_title("Back")
    assert parse_qs(urlsplit(came.get(timeout=10)).query)["error"] == ["access_denied"]


def test_a_program_that_asks_wrongly_is_told_so_when_its_owner_wants_that(
    sit: Make, server: RunningServer, returned: tuple[str, Queue[str]]
) -> None:
    page, (redirect, came) = sit().page, returned
    base = f"http://127.0.0.1:{server.port('http')}"
    made = {"client_name": "Odd", "redirect_uris": ["http://127.0.0.1/back"]}
    ident = httpx.post(f"{base}/oauth/register", json=made).json()["client_id"]
    asked = {"client_id": ident, "redirect_uri": redirect, "response_type": "token", "state": "two"}
    page.goto(f"{base}/oauth/authorize?{urlencode(asked)}")
    expect(page.get_by_role("heading", name="This program cannot be let in")).to_be_visible()
    expect(page.get_by_text(redirect)).to_be_visible()
    assert came.empty()
    page.get_by_role("button", name="Go there").click()
    expect(page).to_have_title("Back")
    told = parse_qs(urlsplit(came.get(timeout=10)).query)
    assert (told["error"], told["state"]) == (["unsupported_response_type"], ["two"])
