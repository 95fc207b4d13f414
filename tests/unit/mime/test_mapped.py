"""A message in a file is read as one in memory is."""

from __future__ import annotations

import tempfile
from mmap import ACCESS_READ

from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.mime.binary import without_nul, without_nul_pieces
from groupware.mime.item import index_texts
from groupware.mime.summary import summarize
from groupware.model.octets import Mapped
from groupware.store.frames import frames, packed
from tests.support.corpus import messages, path


def mapped(octets: bytes) -> Mapped:
    with tempfile.TemporaryFile() as file:
        file.write(octets)
        file.flush()
        return Mapped(file.fileno(), 0, access=ACCESS_READ)


def test_each_message_of_the_corpus() -> None:
    count = 0
    for name in messages():
        octets = path(name).read_bytes()
        if octets:
            here, there = summarize(octets), summarize(mapped(octets))
            assert there == here
            assert index_texts(mapped(octets), there) == index_texts(octets, here)
            count += 1
    assert count > 100


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([b"\r\n", b"\n", b"--b", b"--", b"Content-Type: multipart/mixed; boundary=b", b"x: y"]))
)
def test_any_octets(lines: list[bytes]) -> None:
    octets = b"".join(lines) + b"."
    assert summarize(mapped(octets)) == summarize(octets)


def test_nul_goes_into_base64_piece_by_piece() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    octets = head + bytes(range(256)) * 9000 + b"\r\n--b--\r\n"
    made = b"".join(without_nul_pieces(mapped(octets)))
    assert made == without_nul(octets)
    assert b"\0" not in made


def test_stored_form_is_that_of_octets_in_memory() -> None:
    octets = b"some words\r\n" * 300_000
    assert b"".join(frames(mapped(octets))) == packed(octets)
