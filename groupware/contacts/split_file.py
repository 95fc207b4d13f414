"""A file of contacts of any size taken apart, card by card."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from groupware.model.errors import Malformed
from groupware.model.stretches import octets_of, stretches

from .split import Piece, split

MOST_OCTETS: Final = 20 * 1024 * 1024
"""Of one card."""


def split_file(file: BinaryIO) -> Iterator[Piece]:
    """The same as `split`, but what is broken costs itself alone. `Malformed` for text outside of cards."""
    for place in list(stretches(file, 1)):
        uid, where = place.key.decode(errors="replace"), f"card from line {place.line} on"
        size = place.end - place.start
        if not place.whole or size > MOST_OCTETS:
            why = f"it has {size} octets, and {MOST_OCTETS} are taken at most" if place.whole else "it has no END"
            yield Piece(uid, None, f"{where}: {why}")
            continue
        try:
            for piece in split(octets_of(file, place)):
                why = piece.refused.partition(": ")[2]
                yield piece if piece.read is not None else Piece(piece.uid, None, f"{where}: {why}")
        except Malformed as error:
            why = str(error)
            yield Piece(uid, None, f"{where}: {why.partition(': ')[2] if why.startswith('line ') else why}")
