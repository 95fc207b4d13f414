"""SEARCH and SORT over any combination, held against plain values: what was put in is what is compared."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cmp_to_key
from threading import Thread
from typing import Any, TypeVar
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.mime.header_lines import index_headers
from groupware.store import upkeep
from groupware.store.sql import search
from tests.support.imapstand import Client, stand

T = TypeVar("T")
COUNT = 40
WORDS = ("apple", "Äpfel", "banana", "Cherry", "date", "_fig", "")
NAMES = ("anna", "Bob", "carl", "zoe")
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "Work")
START = datetime(2026, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Mail:
    number: int
    subject: str
    prefix: str
    sender: str
    shown: str
    to: str
    sent: datetime | None
    saved: datetime
    body: str
    flags: frozenset[str]

    def octets(self) -> bytes:
        lines = [
            f"From: {self.shown} <{self.sender}@example.org>" if self.shown else f"From: {self.sender}@example.org"
        ]
        lines += [f"To: {self.to}@example.net"] if self.to else []
        lines += [f"Date: {format_datetime(self.sent)}"] if self.sent else []
        lines += [f"Subject: {self.prefix}{self.subject}", "", self.body]
        return "\r\n".join(lines).encode()


def mails() -> list[Mail]:
    pick = random.Random(5256)
    return [
        Mail(
            number,
            pick.choice(WORDS),
            pick.choice(("", "Re: ", "[list] ")),
            pick.choice(NAMES),
            pick.choice(("", "Anna", "Äbel", "zed")),
            pick.choice(("", *NAMES)),
            START + timedelta(hours=pick.randrange(200)) if pick.random() < 0.8 else None,
            START + timedelta(hours=pick.randrange(200)),
            "x" * pick.randrange(5) + pick.choice(("needle", "Straw", "käse")),
            frozenset(each for each in FLAGS if pick.random() < 0.4),
        )
        for number in range(1, COUNT + 1)
    ]


MAILS = mails()


@dataclass
class Place:
    client: Client
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def numbers(self, command: str) -> list[int]:
        answer = self.run(self.client.ask(command.encode()))
        assert answer.ok, answer.tagged
        return [int(each) for each in answer.untagged[0].split()[2:]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    stack = AsyncExitStack()

    async def begin() -> Client:
        made = await stack.enter_async_context(stand(tmp_path_factory.mktemp("oracle")))
        client = await stack.enter_async_context(made.client("alice"))
        for mail in MAILS:
            saved = mail.saved.strftime("%d-%b-%Y %H:%M:%S +0000")
            await client.append("INBOX", mail.octets(), f' ({" ".join(sorted(mail.flags))}) "{saved}"')
            if mail.number == COUNT // 2:  # the others wait for their indexes
                while await upkeep.index_pending(made.store) + await index_headers(made.store, made.blobs):
                    pass
        assert (await client.ask("SELECT INBOX")).ok
        return client

    few = pytest.MonkeyPatch()
    few.setattr(search, "FEW_ITEMS", 0)
    try:
        yield Place(asyncio.run_coroutine_threadsafe(begin(), loop).result(60), loop)
    finally:
        few.undo()
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


# --- SORT


def low(text: str) -> str:
    return normalize("NFKD", text.upper())


VALUES: dict[str, Callable[[Mail], Any]] = {
    "ARRIVAL": lambda mail: mail.saved,
    "DATE": lambda mail: mail.sent or mail.saved,
    "SIZE": lambda mail: len(mail.octets()),
    "SUBJECT": lambda mail: low(mail.subject or mail.prefix.strip() * mail.prefix.startswith("[")),
    "FROM": lambda mail: low(mail.sender),
    "TO": lambda mail: low(mail.to),
    "CC": lambda mail: "",
    "DISPLAYFROM": lambda mail: low(mail.shown or f"{mail.sender}@example.org"),
    "DISPLAYTO": lambda mail: low(f"{mail.to}@example.net" if mail.to else ""),
}
CRITERIA = st.lists(st.tuples(st.sampled_from(sorted(VALUES)), st.booleans()), min_size=1, max_size=4)


def plainly(criteria: Sequence[tuple[str, bool]], some: Sequence[Mail]) -> list[int]:
    def compare(one: Mail, other: Mail) -> int:
        for name, reverse in criteria:
            first, second = VALUES[name](one), VALUES[name](other)
            if first != second:
                return 1 if (first > second) != reverse else -1
        return one.number - other.number

    return [mail.number for mail in sorted(some, key=cmp_to_key(compare))]


@given(criteria=CRITERIA)
@settings(max_examples=40, deadline=None)
def test_sort(place: Place, criteria: list[tuple[str, bool]]) -> None:
    said = " ".join(f"REVERSE {name}" if reverse else name for name, reverse in criteria)
    assert place.numbers(f"SORT ({said}) UTF-8 ALL") == plainly(criteria, MAILS)


# --- SEARCH

Test = Callable[[Mail], bool]
Pair = tuple[str, Test]


def caseless(text: str) -> str:
    return normalize("NFKD", text).casefold()


def has(text: str, *words: str) -> bool:
    return any(caseless(word) in caseless(text) for word in words)


def days(at: datetime | None) -> int:
    return -1 if at is None else (at - START).days


def date(day: int) -> str:
    return (START + timedelta(days=day)).strftime("%d-%b-%Y")


def leaves() -> st.SearchStrategy[Pair]:
    day, text = (
        st.integers(0, 8),
        st.sampled_from(["app", "LIST", "ann", "needle", "KÄSE", "xx", "a", "feb 2026", "t: re"]),
    )
    size, number = st.integers(60, 160), st.integers(1, COUNT + 5)
    return st.one_of(
        st.just(("ALL", lambda _: True)),
        st.just(("SEEN", lambda mail: "\\Seen" in mail.flags)),
        st.just(("UNFLAGGED", lambda mail: "\\Flagged" not in mail.flags)),
        st.just(("KEYWORD work", lambda mail: "Work" in mail.flags)),
        number.map(lambda n: (f"{n}:20", lambda mail: min(n, 20) <= mail.number <= max(n, 20))),
        number.map(lambda n: (f"UID {n}:*", lambda mail: mail.number >= n or mail.number == COUNT)),
        size.map(lambda n: (f"LARGER {n}", lambda mail: len(mail.octets()) > n)),
        size.map(lambda n: (f"SMALLER {n}", lambda mail: len(mail.octets()) < n)),
        day.map(lambda n: (f"BEFORE {date(n)}", lambda mail: days(mail.saved) < n)),
        day.map(lambda n: (f"ON {date(n)}", lambda mail: days(mail.saved) == n)),
        day.map(lambda n: (f"SINCE {date(n)}", lambda mail: days(mail.saved) >= n)),
        day.map(lambda n: (f"SENTBEFORE {date(n)}", lambda mail: mail.sent is not None and days(mail.sent) < n)),
        day.map(lambda n: (f"SENTON {date(n)}", lambda mail: days(mail.sent) == n)),
        day.map(lambda n: (f"SENTSINCE {date(n)}", lambda mail: days(mail.sent) >= n)),
        text.map(lambda word: (f'SUBJECT "{word}"', lambda mail: has(mail.prefix + mail.subject, word))),
        text.map(lambda word: (f'FROM "{word}"', lambda mail: has(f"{mail.shown} <{mail.sender}@example.org>", word))),
        text.map(lambda word: (f'BODY "{word}"', lambda mail: has(mail.body, word))),
        text.map(lambda word: (f'HEADER Date "{word}"', lambda mail: has(line(mail, "Date: "), word))),
        text.map(lambda word: (f'HEADER To "{word}"', lambda mail: has(line(mail, "To: "), word))),
        text.map(lambda word: (f'TEXT "{word}"', lambda mail: any(has(line, word) for line in told(mail)))),
    )


def line(mail: Mail, name: str) -> str:
    return "".join(each[len(name) :] for each in told(mail)[:-2] if each.startswith(name))


def told(mail: Mail) -> list[str]:
    return mail.octets().decode().split("\r\n")


def joined(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    return st.one_of(
        inner.map(lambda key: (f"NOT {key[0]}", lambda mail: not key[1](mail))),
        st.tuples(inner, inner).map(
            lambda two: (f"OR {two[0][0]} {two[1][0]}", lambda mail: two[0][1](mail) or two[1][1](mail))
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda keys: (f"({' '.join(key[0] for key in keys)})", lambda mail: all(key[1](mail) for key in keys))
        ),
    )


KEYS = st.recursive(leaves(), joined, max_leaves=6)


@given(key=KEYS)
@settings(max_examples=80, deadline=None)
def test_search(place: Place, key: Pair) -> None:
    expected = [mail.number for mail in MAILS if key[1](mail)]
    assert place.numbers(f"SEARCH CHARSET UTF-8 {key[0]}") == expected
    assert place.numbers(f"UID SEARCH CHARSET UTF-8 {key[0]}") == expected


@given(key=KEYS, criteria=CRITERIA)
@settings(max_examples=25, deadline=None)
def test_sort_of_what_is_searched(place: Place, key: Pair, criteria: list[tuple[str, bool]]) -> None:
    said = " ".join(f"REVERSE {name}" if reverse else name for name, reverse in criteria)
    some = [mail for mail in MAILS if key[1](mail)]
    assert place.numbers(f"UID SORT ({said}) UTF-8 {key[0]}") == plainly(criteria, some)
