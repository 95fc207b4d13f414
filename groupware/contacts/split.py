"""A file of contacts taken apart: the cards in it, each as it is stored, and what cannot be stored with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from groupware.model.content import NO_PARAMS, Component, Line, parse, serialized
from groupware.model.errors import Malformed

from .card import Card, read_card


class Piece(NamedTuple):
    """One card of a file: read, or why it cannot be."""

    uid: str
    read: Card | None
    refused: str = ""


def split(octets: bytes) -> Iterator[Piece]:
    """The cards of a file. `Malformed` when it is no such file at all.

    A card without a UID gets one made of its own octets, so that the same file gives the same cards again.
    """
    for card in parse(octets):
        named = card if card.text("UID").strip() else _with_uid(card)
        uid = named.text("UID").strip()
        try:
            yield Piece(uid, read_card(serialized([named])))
        except Malformed as error:
            reason = str(error).partition(": ")[2] if str(error).startswith("line ") else str(error)
            yield Piece(uid, None, f"card from line {card.at + 1} on: {reason}")


def _with_uid(card: Component) -> Component:
    digest = hashlib.sha256(serialized([card])).hexdigest()[:32]
    lines = list(card.lines)
    at = next((number for number, line in enumerate(lines) if line.name == "VERSION"), -1) + 1
    lines.insert(at, Line("UID", NO_PARAMS, digest, card.at))
    return Component(card.name, card.at, lines, card.parts)
