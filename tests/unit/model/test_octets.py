"""Octets in a file answer as those in memory do."""

from __future__ import annotations

import random
import tempfile
from mmap import ACCESS_READ

import pytest

from groupware.model.octets import PIECE, Mapped


def mapped(octets: bytes) -> Mapped:
    with tempfile.TemporaryFile() as file:
        file.write(octets)
        file.flush()
        return Mapped(file.fileno(), 0, access=ACCESS_READ)


OCTETS = b"x" * (PIECE - 1) + b"\r\n.\r\n" + random.Random(3).randbytes(PIECE) + b"\r\n"


def test_pieces_are_the_whole() -> None:
    assert b"".join(mapped(OCTETS).pieces()) == OCTETS


@pytest.mark.parametrize("sub", [b"\n", b"\r\n", b"x"])
@pytest.mark.parametrize(("start", "end"), [(0, len(OCTETS)), (PIECE - 1, PIECE + 1), (PIECE, len(OCTETS)), (5, 2)])
def test_count(sub: bytes, start: int, end: int) -> None:
    assert mapped(OCTETS).count(sub, start, end) == OCTETS.count(sub, start, end)


def test_what_it_holds_and_begins_with() -> None:
    found = mapped(OCTETS)
    assert b"\r\n.\r\n" in found
    assert b"no such thing" not in found
    assert found.startswith((b"y", b"xx"))
    assert found.startswith(b"\r\n.", PIECE - 1)
    assert not found.startswith(b"\r\n", PIECE)


def test_ascii() -> None:
    assert mapped(b"a" * (PIECE + 5)).isascii()
    assert not mapped(b"a" * (PIECE + 5) + b"\xff").isascii()
