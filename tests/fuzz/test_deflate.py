"""Any octets: the inflater gives what was packed, never more at once than there is room for, or its own error."""

from __future__ import annotations

import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.server.deflate import BadStream, Deflate


@given(octets=st.lists(st.binary(max_size=400), max_size=10), room=st.integers(0, 300))
@settings(max_examples=300, deadline=None)
def test_anything(octets: list[bytes], room: int) -> None:
    deflate = Deflate()
    try:
        for piece in octets:
            assert len(deflate.inflate(piece, room)) <= room
    except BadStream:
        assert not deflate.waiting


@given(
    pieces=st.lists(st.tuples(st.binary(max_size=200), st.integers(1, 50)), max_size=10),
    room=st.integers(1, 3000),
    step=st.integers(1, 700),
)
@settings(max_examples=300, deadline=None)
def test_what_was_packed_comes_out_whole(pieces: list[tuple[bytes, int]], room: int, step: int) -> None:
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    clear = b"".join([octets * times for octets, times in pieces])
    packed = deflater.compress(clear) + deflater.flush(zlib.Z_SYNC_FLUSH)
    deflate, found = Deflate(), b""
    for start in range(0, len(packed), step):
        found += deflate.inflate(packed[start : start + step], room)
        while deflate.waiting:
            found += deflate.inflate(b"", room)
    assert found == clear


@given(pieces=st.lists(st.binary(max_size=500), max_size=10))
@settings(max_examples=200, deadline=None)
def test_what_is_sent_can_be_read_at_once(pieces: list[bytes]) -> None:
    deflate, peer = Deflate(), zlib.decompressobj(-15)
    for piece in pieces:
        assert peer.decompress(deflate.deflate(piece)) == piece


@given(clear=st.binary(max_size=500), behind=st.binary(max_size=100), more=st.binary(max_size=100))
@settings(max_examples=200, deadline=None)
def test_what_comes_behind_the_end_of_the_stream_is_kept_as_it_is(clear: bytes, behind: bytes, more: bytes) -> None:
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    deflate = Deflate()
    packed = deflater.compress(clear) + deflater.flush(zlib.Z_FINISH)
    assert (deflate.inflate(packed + behind, 1000), deflate.ended, deflate.waiting) == (clear, True, False)
    assert deflate.inflate(more, 1000) == b""
    assert deflate.rest == behind + more
