"""The webmail in a real browser: one server and one browser for all tests, a new account and a new window for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from groupware.mime.item import Marks, read_item
from groupware.model.flags import Flags
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from tests.support.server import Person, RunningServer, running

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
CONFIG = """
[service.rpop]
enabled = true
[subscriptions]
private = true
ports = []
[[webmail.brand]]
hosts = ["acme.localhost"]
name = "Acme Post"
colour = "#aa0033"
"""
AXE = Path(__file__).parents[2] / "web/webmail/client/node_modules/axe-core/axe.min.js"
_numbers = count(1)
expect.set_options(timeout=30_000)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server, whose store is asked from a thread: in this one Playwright's event loop is running."""
    data = tmp_path_factory.mktemp("browsed")
    (data / "postroom.toml").write_text(CONFIG)
    with running(data) as found, ThreadPoolExecutor(1) as pool:
        site = found.site
        yield replace(found, site=replace(site, run=lambda work: pool.submit(site.run, work).result()))


@pytest.fixture(scope="package")
def browser(server: RunningServer) -> Iterator[Browser]:
    """Ends with the tests of this folder: others have event loops of their own."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS.split())
        yield found
        found.close()


@dataclass
class Desk:
    """Somebody in front of the webmail."""

    server: RunningServer
    who: Person
    page: Page
    wrong: list[str] = field(default_factory=list)
    """What the browser has complained about."""

    def put(self, octets: bytes, path: str = "INBOX", *, seen: bool = False, days: float = 0) -> None:
        """A message in a folder of one's own."""
        site = self.server.site
        saved = datetime.now(UTC) - timedelta(days=days)
        marks = Marks(Flags.SEEN if seen else Flags.NONE, saved=saved)
        new = site.run(read_item(octets, site.blobs, marks))

        def work(tx: WriteTx) -> None:
            at = tx.locate(tx.account(self.who.address).id, path, Right.INSERT)
            tx.append(at.id, [new])

        site.write(work)

    def sign_in(self, *, stay: bool = False, host: str = "127.0.0.1") -> None:
        self.page.goto(f"http://{host}:{self.server.port('http')}/")
        self.page.get_by_label("Address").fill(self.who.address)
        self.page.get_by_label("Password").fill(self.who.password)
        self.page.get_by_label("Stay signed in on this device").set_checked(stay)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Account menu")).to_be_visible()
        expect(self.page.locator(".list h1 small")).to_be_visible()

    def folder(self, name: str) -> Locator:
        return self.page.get_by_role("navigation", name="Folders").get_by_role("link", name=name)

    def row(self, subject: str) -> Locator:
        return self.page.locator("li.row").filter(has_text=subject)

    def open(self, subject: str) -> None:
        self.row(subject).get_by_role("link").click()
        expect(self.page.get_by_role("main").get_by_role("heading", name=subject)).to_be_visible()

    def toast(self, text: str) -> Locator:
        return self.page.locator(".toast").filter(has_text=text)

    def undo(self, text: str) -> None:
        self.toast(text).get_by_role("button", name="Undo").click()


Make = Callable[..., Desk]


@pytest.fixture
def sit(server: RunningServer, browser: Browser) -> Iterator[Make]:
    """Makes a desk of somebody who has an account; after the test, that the browser had nothing to complain about."""
    made: list[tuple[BrowserContext, Desk]] = []

    def make(who: Person | None = None, *, width: int = 1360, dark: bool = False) -> Desk:
        context = browser.new_context(
            viewport={"width": width, "height": 860},
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            has_touch=width < 700,
        )
        desk = Desk(server, who or server.account(), context.new_page())
        desk.page.on("pageerror", lambda error: desk.wrong.append(str(error)))
        desk.page.on("console", lambda said: desk.wrong.append(said.text) if said.type == "error" else None)
        made.append((context, desk))
        return desk

    yield make
    for context, desk in made:
        context.close()
        assert desk.wrong == []


def letter(subject: str, body: str = "Hello there", *lines: str, name: str = "Bob Brandt") -> bytes:
    """A message from somebody."""
    head = [
        f"Subject: {subject}",
        f"From: {name} <bob@far.test>",
        "To: me@server.test",
        f"Message-ID: <m{next(_numbers)}@far.test>",
        *(lines or ("Content-Type: text/plain; charset=utf-8",)),
    ]
    return "\r\n".join([*head, "", body, ""]).encode()
