"""Emails that have a header field, by the index or the octets of what waits for it. RFC 8621 §4.4.1, `header`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from groupware.model.ids import EVERY, LAST_UID, FolderId, Uid, Uids, ranges
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

    def work(tx: ReadTx) -> Sequence[tuple[tuple[str, str], FolderId, Sequence[Uid], Sequence[Item]]]:
        searched = sought.narrowed(list(readable(tx, owner_in(tx, account))))
        looked = []
        for at, uids in places(tx, sought, searched).items():
            for name, text in asked if uids else ():
                known, rest = tx.in_headers(at, text, name)
                unread = [uid for uid in rest if inside(uid, uids)]
                looked.append(((name, text), at, known, tx.items(at, ranges(unread), summary=True) if unread else ()))
        return looked

    found: dict[tuple[str, str], set[tuple[FolderId, Uid]]] = {each: set() for each in asked}
    for field, at, known, unread in await turn.read(work):
        rest = await by_headers(turn.parts.blobs, unread, has_field(*field), all_parts=False)
        found[field].update((at, uid) for uid in (*known, *rest))
    return sought.with_headers(found)


def places(tx: ReadTx, sought: Filter, searched: Sequence[FolderId]) -> Mapping[FolderId, Uids]:
    """Where a look is worth while: where the index has found the words that every match has, or everywhere."""
    if sought.query is None:
        return dict.fromkeys(searched, EVERY)
    found: dict[FolderId, list[Uid]] = {at: [] for at in searched}
    for each in tx.find(searched, sought.query):
        found[each.folder].append(each.uid)
    return {at: ranges(uids) for at, uids in found.items()}


def inside(uid: Uid, uids: Uids) -> bool:
    """Whether it is in one of the ranges, which are in order."""
    at = bisect_right(uids, (uid, LAST_UID))
    return at > 0 and uid <= uids[at - 1][1]
