"""Octets to a NewItem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from groupware.mime.item import Marks, index_texts, new_item, read_item
from groupware.mime.summary import decode, summarize
from groupware.model.flags import Flags
from groupware.model.ids import BlobId
from groupware.model.item import LONGEST_TEXT, Kind

MESSAGE = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <j@example.org>\r\nTo: a@example.org\r\nTo: b@example.org\r\n"
    b"Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n\r\nHello there\r\n"
)


@dataclass(frozen=True)
class Kept:
    blob: BlobId
    size: int
    body: bytes | None


class FakeBlobs:
    async def put(self, octets: bytes) -> Kept:
        return Kept(BlobId(sha256(octets).hexdigest()), len(octets), b"stored")

    async def read(self, blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        raise AssertionError("what is put is never read back here")

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        raise AssertionError("what is put is never read back here")


def test_index_has_decoded_fields_and_text() -> None:
    texts = index_texts(MESSAGE, summarize(MESSAGE))
    assert texts["subject"] == "Grüße"
    assert texts["from"] == "Jürgen <j@example.org>"
    assert texts["to"] == "a@example.org\nb@example.org"
    assert texts["body"].strip() == "Hello there"
    assert "cc" not in texts


def test_index_of_a_huge_body_is_bounded() -> None:
    octets = b"Subject: x\r\n\r\n" + b"word " * LONGEST_TEXT
    assert len(index_texts(octets, summarize(octets))["body"]) <= LONGEST_TEXT


def test_item_carries_what_was_stored_and_its_marks() -> None:
    when = datetime(2026, 1, 2, tzinfo=UTC)
    kept = Kept(BlobId("ab"), len(MESSAGE), None)
    item = new_item(MESSAGE, kept, summarize(MESSAGE), Marks(Flags.SEEN, frozenset({"$Junk"}), when))
    assert (item.kind, item.blob, item.size, item.body) == (Kind.MAIL, "ab", len(MESSAGE), None)
    assert (item.flags, item.keywords, item.saved) == (Flags.SEEN, frozenset({"$Junk"}), when)
    assert decode(item.summary).subject == "Grüße"


async def test_large_and_small_messages_are_read_alike() -> None:
    for octets in (MESSAGE, MESSAGE + b"x" * 100_000):
        item = await read_item(octets, FakeBlobs())
        assert item.blob == sha256(octets).hexdigest()
        assert item.index["subject"] == "Grüße"
