"""Thread: the emails of one conversation, the oldest first. RFC 8621 §3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from groupware.model.ids import ItemId, ranges
from groupware.store.api import ReadTx
from web.jmap.arguments import GetArguments, chosen
from web.jmap.errors import MethodError
from web.jmap.ids import account_id, email_id
from web.jmap.states import emails_at
from web.jmap.turn import Turn, owner_in, readable


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Thread/get`."""
    wanted = chosen(arguments.properties, ("id", "emailIds"))
    if arguments.ids is None:
        raise MethodError("requestTooLarge", "name the threads that are wanted")
    asked, threads = frozenset(arguments.ids), turn.threads

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable(tx, owner)
        found: dict[str, set[tuple[int, int]]] = {}
        for at in folders if asked else ():
            emails = [(uid, each) for uid, each in threads.placed_in(tx, at).items() if each.thread in asked]
            there = {uid for (uid,) in tx.columns(at, (), ranges([uid for uid, _ in emails]))} if emails else set()
            for uid, each in emails:
                if uid in there:
                    found.setdefault(each.thread, set()).add((each.saved, each.email))
        told = [
            {"id": each, "emailIds": [email_id(ItemId(number)) for _, number in sorted(found[each])]}
            for each in arguments.ids or ()
            if each in found
        ]
        return {
            "accountId": account_id(owner),
            "state": str(emails_at(tx.reached(owner), folders.values())),
            "list": [{name: each[name] for name in wanted} for each in told],
            "notFound": [each for each in arguments.ids or () if each not in found],
        }

    return await turn.read(work)
