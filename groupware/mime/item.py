"""Octets of a message to the `NewItem` that the store takes: the one way in, for IMAP, SMTP and import alike."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from groupware.mime.headers import decode_text, fields, unfold
from groupware.mime.keys import keys_of
from groupware.mime.summary import Summary, summarize
from groupware.mime.text import text_of
from groupware.model.flags import Flags
from groupware.model.item import LONGEST_TEXT, Kind, NewItem
from groupware.model.octets import Octets
from groupware.store.api import Blobs, Stored

INDEXED: Final = ("subject", "from", "to", "cc", "bcc")
"""The header fields that have an index of their own; the text of the parts is under `body`."""
LONGEST_FIELD: Final = 64 * 1024
ON_THE_LOOP: Final = 64 * 1024
"""Octets up to which a message is read where it is; a larger one would keep everybody else waiting."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What comes with a message beside its octets. `saved` None: now."""

    flags: Flags = Flags.NONE
    keywords: frozenset[str] = frozenset()
    saved: datetime | None = None


UNMARKED: Final = Marks()


def new_item(octets: Octets, stored: Stored, summary: Summary, marks: Marks = UNMARKED) -> NewItem:
    """The message as a new item: `stored` is what the blobs made of the octets, `summary` what was read in them."""
    return NewItem(
        kind=Kind.MAIL,
        blob=stored.blob,
        size=stored.size,
        summary=summary.encode(),
        body=stored.body,
        index=index_texts(octets, summary),
        keys=keys_of(summary),
        flags=marks.flags,
        keywords=marks.keywords,
        saved=marks.saved,
        extra=summary.size - stored.size,
    )


def index_texts(octets: Octets, summary: Summary) -> dict[str, str]:
    """What search finds the message by: decoded header fields, and the words of its text parts; empty ones left out."""
    root = summary.parts[0]
    found: dict[str, list[str]] = {}
    for raw, value in fields(octets[root.header_start : root.body_start]):
        name = raw.lower().decode("ascii", "replace")
        if name in INDEXED:
            found.setdefault(name, []).append(decode_text(unfold(value[:LONGEST_FIELD])))
    texts = {name: "\n".join(values)[:LONGEST_FIELD] for name, values in found.items()}
    texts["body"] = text_of(octets, summary.parts, LONGEST_TEXT)
    return {name: text for name, text in texts.items() if text}


async def read_item(octets: Octets, blobs: Blobs, marks: Marks = UNMARKED) -> NewItem:
    """Reads the message (a large one off the event loop) and makes its octets storable; ready for the write."""
    stored = await blobs.put(octets)
    if len(octets) <= ON_THE_LOOP:
        return new_item(octets, stored, summarize(octets), marks)
    return await asyncio.to_thread(lambda: new_item(octets, stored, summarize(octets), marks))
