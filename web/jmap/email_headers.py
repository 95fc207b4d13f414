"""Emails that have a header field: looked for in octets, before the rows are read. RFC 8621 §4.4.1, `header`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from groupware.model.ids import EVERY, FolderId, Uid, Uids, ranges
from groupware.model.item import Item
from groupware.store.api import ReadTx
from mailcore.imap.commands.search_octets import by_headers, has_field
from web.jmap.email_filter import Filter
from web.jmap.turn import Turn, owner_in, readable


async def with_headers(turn: Turn, account: str, sought: Filter) -> Filter:
    """The filter, whose conditions on header fields are decided. What comes in meanwhile does not match them."""
    asked = sought.headers
    if not asked:
        return sought

    def work(tx: ReadTx) -> Mapping[FolderId, Sequence[Item]]:
        searched = sought.narrowed(list(readable(tx, owner_in(tx, account))))
        return {at: tx.items(at, uids, summary=True) for at, uids in places(tx, sought, searched).items() if uids}

    items = await turn.read(work)
    blobs = turn.parts.blobs
    return sought.with_headers(
        {
            (name, text): {
                (at, uid)
                for at, some in items.items()
                for uid in await by_headers(blobs, some, has_field(name, text), all_parts=False)
            }
            for name, text in asked
        }
    )


def places(tx: ReadTx, sought: Filter, searched: Sequence[FolderId]) -> Mapping[FolderId, Uids]:
    """Where a look is worth while: where the index has found the words that every match has, or everywhere."""
    if sought.query is None:
        return dict.fromkeys(searched, EVERY)
    found: dict[FolderId, list[Uid]] = {at: [] for at in searched}
    for each in tx.find(searched, sought.query):
        found[each.folder].append(each.uid)
    return {at: ranges(uids) for at, uids in found.items()}
