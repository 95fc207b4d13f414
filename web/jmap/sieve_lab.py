"""SieveScript/try: what a script would do with the messages of a folder; it does nothing. Decision 275."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import LAST_UID, Uid
from groupware.model.rights import Right
from groupware.model.script import ActiveScript
from groupware.store.api import ReadTx
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError
from mailcore.sieve.lab import PAGE, Lab, page
from web.jmap.arguments import argument, at_least_one, ident
from web.jmap.blobs import octets_of
from web.jmap.errors import MethodError
from web.jmap.ids import account_id, email_id, folder_of
from web.jmap.kept import own
from web.jmap.turn import Turn

NAME: Final = "try"


@dataclass(frozen=True, slots=True)
class Arguments:
    """`SieveScript/try`: a script, a mailbox of one's own, and how many of its newest messages (100 at most)."""

    account_id: str = argument(ident)
    blob_id: str = argument(ident)
    mailbox_id: str = argument(ident)
    limit: int = argument(at_least_one, 50)


async def try_(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """The newest messages, the newest first, each with what would be done with it in words. `MethodError`."""
    await turn.read(lambda tx: own(tx, arguments.account_id))
    name, most = turn.real(arguments.mailbox_id), min(arguments.limit, PAGE)
    blob = (await octets_of(turn, arguments.account_id, [arguments.blob_id])).get(arguments.blob_id)
    if blob is None:
        raise MethodError("blobNotFound", "there is no such blob, or it is not shared with you")
    try:
        script = await asyncio.to_thread(compiled, blob.octets)
    except SieveError as error:
        raise MethodError("invalidArguments", f"the script: {error}") from None

    def look(tx: ReadTx) -> tuple[str, Folder, Mapping[int, str]]:
        owner = own(tx, arguments.account_id)
        at = next((each for each in tx.folders(of=owner) if each.id == folder_of(name) and each.exists), None)
        if at is None or Right.READ not in at.rights:
            raise MethodError("notFound", "there is no such mailbox")
        return account_id(owner), at, {uid: email_id(item) for uid, item in _newest(tx, at, most)}

    account, at, ids = await turn.read(look)
    active = ActiveScript(turn.who.account, turn.who.name, "", NAME, blob.octets)
    now = turn.parts.clock.now()
    lab = Lab(turn.parts.store, turn.parts.blobs, turn.who, active, script, at.id, turn.host, now)
    try:
        tried = await page(lab, Uid(min(ids) - 1)) if ids else ()
    except (NotFound, NoRight) as error:
        raise MethodError("notFound", str(error)) from None
    return {
        "accountId": account,
        "list": [
            {
                "emailId": ids[each.uid],
                "from": each.sender,
                "subject": each.subject,
                "would": list(each.would),
                "error": None if each.error is None else str(each.error),
            }
            for each in reversed(tried)
            if each.uid in ids
        ],
    }


def _newest(tx: ReadTx, at: Folder, most: int) -> Sequence[tuple[Any, ...]]:
    """(UID, email) of the newest of a folder: further back each time, for UIDs have gaps."""
    span = most
    while True:
        low = max(1, at.uidnext - span)
        rows = tx.columns(at.id, ("email",), [(Uid(low), LAST_UID)])
        if low == 1 or len(rows) >= most:
            return rows[-most:]
        span *= 8
