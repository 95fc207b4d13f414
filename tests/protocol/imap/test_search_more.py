"""What a search says while it works, how texts compare, and what it does not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from groupware.model.ids import BlobId
from groupware.model.item import LONGEST_TEXT
from mailcore.imap.commands import search_progress, search_run
from tests.support.imapstand import Client, Stand


async def test_long_search_says_how_far_it_is(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_progress, "EVERY_SECONDS", 0.0)
    for number in range(3):
        await alice.append("INBOX", b"Subject: %d\r\nX-Colour: red\r\n\r\nx" % number)
    await alice.ask("SELECT INBOX")
    answer = await alice.ask("SEARCH OR HEADER X-Colour blue HEADER X-Colour red")
    told = [line for line in answer.untagged if b"INPROGRESS" in line]
    assert told[0].startswith(b'* OK [INPROGRESS ("a6" 0 3)] ')
    assert told[1].startswith(b'* OK [INPROGRESS ("a6" NIL NIL)] ')
    assert answer.of(b"SEARCH") == [b"* SEARCH 1 2 3"]


async def test_so_does_one_through_few_messages_that_are_long(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_progress, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(search_run, "LARGE", 1)
    for number in range(2):
        await alice.append("INBOX", b"Subject: %d\r\n\r\n%b the end\r\n" % (number, b"word \r\n" * (LONGEST_TEXT // 6)))
    await alice.ask("SELECT INBOX")
    answer = await alice.ask('SEARCH BODY "the end"')
    told = [line.split(b"]")[0] for line in answer.untagged if b"INPROGRESS" in line]
    assert told == [b'* OK [INPROGRESS ("a5" 0 2)', b'* OK [INPROGRESS ("a5" 1 2)']
    assert answer.of(b"SEARCH") == [b"* SEARCH 1 2"]


async def test_short_search_says_nothing(alice: Client) -> None:
    await alice.append("INBOX", b"X-Colour: red\r\n\r\nx")
    await alice.ask("SELECT INBOX")
    assert (await alice.ask("SEARCH HEADER X-Colour red")).untagged == [b"* SEARCH 1"]


@pytest.mark.parametrize(
    ("put", "asked"),
    [("Grüße", "GRU\u0308SSE"), ("Ｆｕｌｌ width", "full"), ("Ⅷ Henry", "VIII"), ("Ærø", "ÆRØ")],
)
async def test_signs_that_are_the_same_are_found(alice: Client, put: str, asked: str) -> None:
    await alice.append("INBOX", f"Subject: {put}\r\nX-Note: {put}\r\n\r\n{put}".encode())
    await alice.ask("SELECT INBOX")
    for key in ("SUBJECT", "BODY", "TEXT", "HEADER X-Note"):
        assert (await alice.ask(f"SEARCH CHARSET UTF-8 {key}", asked.encode())).untagged == [b"* SEARCH 1"], key


async def test_sorting_and_comparing_reads_no_summary_and_no_octets(
    alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await alice.append("INBOX", b"Subject: %d\r\nDate: Tue, 10 Feb 2026 12:00:00 +0000\r\n\r\nx" % number)
    await alice.ask("SELECT INBOX")

    def refuse(*_: object, **__: object) -> object:
        raise AssertionError("items are read")

    monkeypatch.setattr("groupware.store.sql.items.items", refuse)
    keys = "LARGER 1 SMALLER 999 SINCE 1-Jan-2020 SENTON 10-Feb-2026 YOUNGER 99999 UNSEEN 1:3 NOT OLDER 99999"
    assert (await alice.ask(f"SEARCH {keys}")).untagged == [b"* SEARCH 1 2 3"]
    assert (await alice.ask(f"SORT (REVERSE SUBJECT) UTF-8 {keys}")).untagged == [b"* SORT 3 2 1"]
    assert (await alice.ask("THREAD REFERENCES UTF-8 SUBJECT 1")).untagged == [b"* THREAD (2)"]


async def test_message_that_grows_by_its_line_ends_has_its_size_as_sent(alice: Client) -> None:
    await alice.append("INBOX", b"Subject: x\n\na\nb\n")
    await alice.ask("SELECT INBOX")
    assert (await alice.ask("FETCH 1 RFC822.SIZE")).untagged == [b"* 1 FETCH (RFC822.SIZE 20)"]
    assert (await alice.ask("SEARCH LARGER 19 SMALLER 21")).untagged == [b"* SEARCH 1"]


async def test_fuzzy_in_fuzzy_does_not_multiply_the_work(alice: Client) -> None:
    await alice.append("INBOX", b"Subject: two words\r\n\r\nx")
    await alice.ask("SELECT INBOX")
    assert (await alice.ask("SEARCH " + "FUZZY " * 45 + 'SUBJECT "words two"')).untagged == [b"* SEARCH 1"]
    many = " ".join(f'SUBJECT "words {number}"' for number in range(300))
    assert (await alice.ask(f"SEARCH FUZZY ({many})")).untagged == [b"* SEARCH"]


async def test_announced(alice: Client) -> None:
    words = (await alice.ask("CAPABILITY")).untagged[0].split()
    assert {b"SORT", b"SORT=DISPLAY", b"THREAD=ORDEREDSUBJECT", b"THREAD=REFERENCES", b"ESORT", b"ESEARCH"} < set(words)
    assert {b"SEARCHRES", b"SEARCH=FUZZY", b"WITHIN", b"PARTIAL", b"MULTISEARCH", b"I18NLEVEL=1"} < set(words)
    assert {b"CONTEXT=SEARCH", b"CONTEXT=SORT", b"INPROGRESS"} < set(words)


async def test_headers_of_a_large_message_are_read_alone(
    place: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = b"X-Rare: needle one\r\nContent-Type: application/octet-stream\r\n\r\n" + b"AAAA needle two\r\n" * 20_000
    await alice.append("INBOX", letter)
    await alice.ask("SELECT INBOX")
    whole: list[object] = []

    async def read_many(blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        whole.extend(blobs)
        return {}

    monkeypatch.setattr(place.blobs, "read_many", read_many)
    for key in ("TEXT needle", 'HEADER X-Rare "needle one"'):
        assert (await alice.ask(f"SEARCH {key}")).untagged == [b"* SEARCH 1"]
    assert (await alice.ask("SEARCH TEXT AAAA")).untagged == [b"* SEARCH"]
    assert whole == []
