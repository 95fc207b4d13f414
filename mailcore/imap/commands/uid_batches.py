"""UIDBATCHES: where a mailbox parts into batches of about as many messages each. RFC 10022."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailcore.imap.grammar import MOST, Cursor
from mailcore.imap.reply import Reply, no, ok, string
from mailcore.imap.session import Session
from mailcore.imap.table import SELECTED, command

LEAST: Final = 500
"""Messages that a batch has room for: for fewer nobody needs to be told where to part."""
MOST_SPANNED: Final = 100_000
"""Messages that a range of batches may have room for."""


@dataclass(frozen=True, slots=True)
class Batching:
    """UIDBATCHES's arguments: messages in a batch, and which batches, counted from 1 and from the newest."""

    size: int
    first: int = 1
    last: int = MOST
    ranged: bool = False


def parse_batching(cursor: Cursor) -> Batching:
    """A size, and perhaps a range of batches."""
    cursor.sp()
    size = cursor.number()
    if not cursor.take(b" "):
        return Batching(size)
    first = cursor.number()
    cursor.sign(b":")
    last = cursor.number()
    if not 0 < first <= last:
        cursor.fail("a range of batches from 1 on, the lower one first, before this; it")
    return Batching(size, first, last, ranged=True)


@command("UIDBATCHES", state=SELECTED, parse=parse_batching)
async def uid_batches(session: Session, given: Batching) -> Reply:
    """Tell the UIDs between which the batches lie, from the newest on. RFC 10022 §3.1."""
    if given.size < LEAST:
        return no(f"A batch has {LEAST} messages at least", b"TOOFEW")
    if given.ranged and (given.last - given.first + 1) * given.size > MOST_SPANNED:
        return no(f"At most {MOST_SPANNED} messages are parted at once; ask for fewer batches", b"TOOMANY")
    view = session.selected
    size = min(given.size, view.limit or given.size)  # no batch is more than one command works on
    parted = batches(view.uids[: view.told_count], size)[given.first - 1 : given.last]
    told = b",".join([b"%d:%d" % each for each in parted])
    line = b"* UIDBATCHES (TAG %b)%b\r\n" % (string(session.tag), b" " + told if told else b"")
    return ok("Those are the batches", lines=[line])


def batches(uids: Sequence[int], size: int) -> list[tuple[int, int]]:
    """The highest and the lowest UID of each batch, from the newest on: side by side, and down to 1."""
    tops = [uids[at] for at in range(len(uids) - 1, -1, -size)]
    return [(top, below + 1) for top, below in zip(tops, [*tops[1:], 0], strict=False)]
