"""Octets of messages on their way: encodings undone piece by piece, line ends, frames, URLs; whatever comes in."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from groupware.mime.binary import NoEncoding, without_nul
from groupware.mime.lines import Crlf, crlf
from groupware.mime.summary import summarize
from groupware.mime.transfer import KNOWN, Undoing, undo
from groupware.model.errors import NotFound
from groupware.model.ids import BlobId
from groupware.store import frames
from mailcore.imap.downgrade import downgraded
from mailcore.imap.reply import string
from mailcore.imap.urls import read_url
from mailcore.server import oauth
from mailcore.server.oauth import BadToken
from mailcore.server.sasl import Challenge, Refused
from mailcore.server.scram import Malformed
from tests.support import imap_values

SIGNS = st.sampled_from(
    [b"=", b"=3D", b"=\r\n", b"=\n", b"\r\n", b"\n", b"\r", b"QUJD", b"QUI=", b"Q", b"==", b" ", b"\xff"]
)
PIECES = st.lists(st.one_of(SIGNS, st.binary(max_size=9)), max_size=20)


def whole(feed: Sequence[bytes], made: Undoing | Crlf) -> bytes:
    return b"".join([*map(made.feed, feed), made.end()])


@pytest.mark.parametrize("encoding", sorted(KNOWN))
@given(pieces=PIECES)
@example(pieces=[b"QUJ", b"D", b"QUI", b"=", b"QQ=", b"="])
@example(pieces=[b"a=", b"3", b"D=", b"\r", b"\nb"])
@settings(max_examples=200, deadline=None)
def test_an_encoding_is_undone_alike_in_pieces(encoding: str, pieces: list[bytes]) -> None:
    assert whole(pieces, Undoing(encoding)) == undo(b"".join(pieces), encoding)


@given(octets=st.binary(max_size=300), at=st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_what_was_encoded_comes_back(octets: bytes, at: int) -> None:
    for encoding, encoded in (
        ("base64", base64.encodebytes(octets)),
        ("quoted-printable", quopri.encodestring(octets)),
    ):
        if encoding == "quoted-printable" and b"\r" in octets:
            continue  # Python's encoder takes CR for a line end
        assert whole([encoded[:at], encoded[at:]], Undoing(encoding)) == octets


@given(pieces=PIECES)
@settings(max_examples=300, deadline=None)
def test_line_ends_alike_in_pieces(pieces: list[bytes]) -> None:
    assert whole(pieces, Crlf()) == crlf(b"".join(pieces))


@given(body=st.binary(max_size=200), head=st.sampled_from([b"", b"Content-Transfer-Encoding: binary\r\n", b"X: y\n"]))
@settings(max_examples=300, deadline=None)
def test_parts_with_nul_come_back_as_they_were(body: bytes, head: bytes) -> None:
    octets = head + b"\r\n" + body
    try:
        made = without_nul(octets)
    except NoEncoding:
        return
    assert b"\0" not in made
    if b"\0" in body:
        (part,) = summarize(made).parts
        assert undo(made[part.body_start : part.body_end], part.encoding) == body


@given(octets=st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_octets_lose_their_nul_or_are_refused(octets: bytes) -> None:
    with suppress(NoEncoding):
        assert b"\0" not in without_nul(octets)


@given(body=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_stored_forms_of_anything(body: bytes) -> None:
    with suppress(NotFound):
        frames.unpacked(BlobId("x"), body)
    assert frames.unpacked(BlobId("x"), frames.packed(body)) == body


@given(tail=st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_tables_of_anything_add_up_or_are_none(tail: bytes) -> None:
    octets = tail + frames.packed(bytes(frames.FRAME + 1))[-20:] if tail else tail
    with suppress(NotFound):
        table = frames.table_of(BlobId("x"), octets)
        assert table is None or (
            table.starts == sorted(table.starts) and table.size <= (len(table.starts) - 1) * frames.FRAME
        )


URL_SIGNS = st.sampled_from(
    ["imap://", "host", "alice@", "/", ";UID=", "1", ";UIDVALIDITY=", ";SECTION=", ";PARTIAL=", "0.1", "%20", "%FF",
     "%", "INBOX", "HEADER", ";AUTH=*", ":143", "[::1]", ";URLAUTH=anonymous", "é", "?", "#"]
)  # fmt: skip


@given(url=st.one_of(st.text(max_size=60), st.lists(URL_SIGNS, max_size=12).map("".join)))
@example("/INBOX/;UID=1/;SECTION=1.HEADER/;PARTIAL=0.5")
@settings(max_examples=500, deadline=None)
def test_urls_of_anything(url: str) -> None:
    found = read_url(url, "host", "alice")
    assert found is None or (found.uid >= 0 and "urlauth" not in url.lower())


@given(texts=st.lists(st.one_of(st.text(max_size=90).map(str.encode), st.binary(max_size=30)), min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_structures_stay_structures(texts: list[bytes]) -> None:
    texts = [text.replace(b"\0", b"") for text in texts]
    structure = b"(%b)" % b" ".join(map(string, texts))
    made = imap_values.parse(downgraded(structure))
    assert isinstance(made, list)
    for text, told in zip(texts, made, strict=True):
        try:
            text.decode()
        except UnicodeDecodeError:
            assert told == text
        else:
            assert isinstance(told, bytes) and told.isascii()


@given(data=st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(
    [b"n,", b"y,", b"p=x,", b"a=", b"=2C", b",", b"\x01", b"auth=", b"Bearer ", b"token", b"user=", b"host=h", b"\xff"]
), max_size=12).map(b"".join)))  # fmt: skip
@settings(max_examples=500, deadline=None)
async def test_messages_with_tokens(data: bytes) -> None:
    async def check(token: str) -> str:
        raise BadToken(token)

    for name, first in oauth.mechanisms(check, "https://id.test", "").items():
        try:
            outcome, after = await first(data)
        except Malformed:
            continue
        assert isinstance(outcome, Challenge), name
        assert after is not None
        assert isinstance((await after(b""))[0], Refused)
