"""How long the webmail and its server take over a large folder: `python -m tests.e2e.figures [MESSAGES]`.

A server in a process of its own, SQLite, an inbox of 100,000 messages where nothing else is said. Requests over HTTP on
one connection, to the last octet of the answer, medians of 21 in milliseconds, and the processor's time of the server
for one; what the page takes, in Chromium on loopback.
"""

from __future__ import annotations

import gzip
import os
import re
import smtplib
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from groupware.mime.item import Marks, read_item
from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import Uid
from groupware.model.item import NewItem
from groupware.model.rights import Right
from groupware.store.api import Blobs, WriteTx
from tests.e2e.calls import USING, Program
from tests.e2e.conftest import CHROMIUM, FLAGS
from tests.support.server import Person, RunningServer, running

BUILT: Final = Path(__file__).parents[2] / "web/webmail/dist"
WORDS: Final = (
    "rake",
    "spade",
    "bean",
    "seed",
    "frost",
    "compost",
    "glass",
    "path",
    "shed",
    "water",
    "apple",
    "leaf",
    "stone",
)
PROPERTIES: Final = (
    *("id", "blobId", "threadId", "mailboxIds", "keywords", "from", "to", "subject", "receivedAt", "size", "preview"),
    *("hasAttachment", "snoozed"),
)
ORDER: Final = [
    {"property": "hasKeyword", "keyword": "$pinned", "isAscending": False},
    {"property": "hasKeyword", "keyword": "$new", "isAscending": False},
    {"property": "receivedAt", "isAscending": False},
]
TIMES: Final = 21
APART: Final = 1300
"""Milliseconds between two messages: sooner, the page waits for more of them."""


def text(number: int) -> bytes:
    """One message of some lines; every thousandth has a word of its own."""
    word, other = WORDS[number % len(WORDS)], WORDS[number // len(WORDS) % len(WORDS)]
    rare = "quince" if number % 1000 == 0 else "plum"
    lines = (
        f"From: Sender {number % 300} <s{number % 300}@far.test>",
        f"To: me@server.test\r\nSubject: The {word} and the {other}\r\nMessage-ID: <{number}@far.test>\r\n",
        f"About {word}, {other} and {rare}, in the year {1900 + number % 120}.\r\n",
    )
    return "\r\n".join(lines).encode()


async def read(blobs: Blobs, numbers: range, last: int) -> list[NewItem]:
    """Some of the messages, a minute from each other, the last one now; every tenth is unread."""
    now = datetime.now(UTC)
    return [
        await read_item(text(each), blobs, Marks(_flags(each), saved=now - timedelta(minutes=last - each)))
        for each in numbers
    ]


def _flags(number: int) -> Flags:
    return Flags.SEEN if number % 10 else Flags(0)


def fill(server: RunningServer, who: Person, many: int) -> None:
    """Puts the messages into the inbox."""
    site = server.site
    for start in range(0, many, 2000):
        new = site.run(read(site.blobs, range(start, min(start + 2000, many)), many))

        def work(tx: WriteTx, new: list[NewItem] = new) -> None:
            tx.append(tx.locate(tx.account(who.address).id, "INBOX", Right.INSERT).id, new)

        site.write(work)


def say(what: str, ms: float) -> None:
    """A line of what was found."""
    sys.stdout.write(f"{what}: {ms:.1f} ms\n")
    sys.stdout.flush()


class Requests:
    """JMAP on one connection."""

    def __init__(self, where: str, who: Person, server: int) -> None:
        """`server`: its process."""
        self._stat = Path(f"/proc/{server}/stat")
        self._http = httpx.Client(base_url=where, auth=(who.address, who.password), timeout=120)
        self.account = Program(where, who.address, who.password).account

    def ask(self, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
        """The answers."""
        asked = [[name, {"accountId": self.account, **given}, f"{at}"] for at, (name, given) in enumerate(calls)]
        told = self._http.post("jmap/api", json={"using": [*USING, "urn:postroom:jmap:snooze"], "methodCalls": asked})
        answers = told.raise_for_status().json()["methodResponses"]
        assert all(each[0] != "error" for each in answers), answers
        return [each[1] for each in answers]

    def timed(self, what: str, *calls: tuple[str, dict[str, Any]]) -> None:
        """The first one, and the median of the others."""
        took, before = [], 0.0
        for each in range(TIMES + 1):
            if each == 1:
                before = self._processor()
            begin = time.perf_counter()
            self.ask(*calls)
            took.append((time.perf_counter() - begin) * 1000)
        used = (self._processor() - before) / TIMES
        sys.stdout.write(
            f"{what}: {statistics.median(took[1:]):.1f} ms (first {took[0]:.1f}), {used:.1f} of the processor\n"
        )
        sys.stdout.flush()

    def _processor(self) -> float:
        """Milliseconds that the server has used."""
        fields = self._stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def of_server(server: RunningServer, who: Person, where: str) -> None:
    """What requests take."""
    jmap = Requests(where, who, server.process.pid)
    inbox = next(each["id"] for each in jmap.ask(("Mailbox/get", {"ids": None}))[0]["list"] if each["role"] == "inbox")
    jmap.timed("nothing but HTTP (Core/echo)", ("Core/echo", {}))

    def page(filters: dict[str, Any], position: int = 0, **more: Any) -> tuple[tuple[str, dict[str, Any]], ...]:
        sort = ORDER if "inMailbox" in filters else ORDER[-1:]
        query = {"filter": filters, "sort": sort, "position": position, "limit": 50, "calculateTotal": True, **more}
        ids = {"resultOf": "0", "name": "Email/query", "path": "/ids"}
        return (("Email/query", query), ("Email/get", {"#ids": ids, "properties": PROPERTIES}))

    jmap.timed("the folder opened, first 50", *page({"inMailbox": inbox}))
    jmap.timed("the same by conversations", *page({"inMailbox": inbox}, collapseThreads=True))
    jmap.timed("the folder in its middle, 50", *page({"inMailbox": inbox}, 50_000))
    for what, word in (("that many have", "rake"), ("that few have", "quince")):
        jmap.timed(f"a word {what} sought, first 50", *page({"text": word}))
    jmap.timed(
        "two words sought, first 50", *page({"operator": "AND", "conditions": [{"text": "rake"}, {"text": "frost"}]})
    )
    jmap.timed("a sender sought, first 50", *page({"from": "s7@far.test"}))
    jmap.timed("what is unread, in all folders", *page({"notKeyword": "$seen"}))
    jmap.timed("what is flagged, in all folders", *page({"hasKeyword": "$flagged"}))
    jmap.timed("a word and unread", *page({"text": "rake", "notKeyword": "$seen"}))
    since = jmap.ask(("Email/get", {"ids": []}))[0]["state"]

    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account(who.address).id, "INBOX")
        tx.update_flags(at.id, [(Uid(100), Uid(109))], FlagChange(add=Flags.FLAGGED))

    server.write(work)
    [changes] = jmap.ask(("Email/changes", {"sinceState": since}))
    assert len(changes["updated"]) == 10
    jmap.timed("Email/changes after 10 changes", ("Email/changes", {"sinceState": since}))


def enter(browser: Browser, where: str, who: Person) -> Page:
    """Signed in, with the inbox before one."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB").new_page()
    page.goto(where)
    page.get_by_label("Address").fill(who.address)
    page.get_by_label("Password").fill(who.password)
    page.get_by_role("button", name="Sign in").click()
    page.locator("li.row a").first.wait_for()
    return page


def until_rows(page: Page, where: str) -> float:
    """Milliseconds from the beginning of a load to lines that are seen, by the browser's own clock."""
    page.goto(f"{where}mail/", wait_until="commit")
    page.wait_for_selector("li.row a")
    return float(page.evaluate("performance.now()"))


def of_page(server: RunningServer, who: Person, where: str) -> None:
    """What the page takes."""
    names = re.findall(r'(?:src|href)="/mail/(assets/[^"]+)"', (BUILT / "index.html").read_text())
    octets = sum(len(gzip.compress((BUILT / each).read_bytes(), 6)) for each in ("index.html", *names))
    sys.stdout.write(f"first load: {octets / 1024:.0f} KB gzip\n")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS.split())
        page = enter(browser, where, who)
        tools = page.context.new_cdp_session(page)
        for what, cached in (("nothing kept by the browser", False), ("the program kept by the browser", True)):
            tools.send("Network.setCacheDisabled", {"cacheDisabled": not cached})
            tools.send("Network.setBypassServiceWorker", {"bypass": not cached})
            say(f"until lines are seen, {what}", statistics.median(until_rows(page, where) for _ in range(5)))
        say(
            "from the end of DATA to the line in the page",
            statistics.median(pushed(server, who, page) for _ in range(TIMES)),
        )
        browser.close()


def pushed(server: RunningServer, who: Person, page: Page) -> float:
    """Milliseconds from the answer to DATA until a message is in the list of an open page, a while after the last."""
    page.wait_for_timeout(APART)
    subject = f"Just now {time.monotonic_ns()}"
    page.evaluate(
        """(subject) => {
            window.seenAt = new Promise((done) => {
                const look = () => document.body.innerText.includes(subject) && done(Date.now());
                const all = { childList: true, subtree: true, characterData: true };
                new MutationObserver(look).observe(document.body, all);
            });
        }""",
        subject,
    )
    with smtplib.SMTP("127.0.0.1", server.port("smtp")) as client:
        client.sendmail("bob@far.test", [who.address], f"Subject: {subject}\r\nFrom: bob@far.test\r\n\r\nHello\r\n")
        sent = time.time() * 1000
    return float(page.evaluate("window.seenAt")) - sent


def main(many: int) -> None:
    """Measures, and says what was found."""
    with TemporaryDirectory() as folder, running(Path(folder)) as server:
        who, where = server.account(), f"http://127.0.0.1:{server.port('http')}/"
        begun = time.perf_counter()
        fill(server, who, many)
        sys.stdout.write(f"{many:,} messages, {time.perf_counter() - begun:.0f} s to make\n")
        measures: tuple[Callable[[RunningServer, Person, str], None], ...] = (of_server, of_page)
        for each in measures:
            each(server, who, where)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
