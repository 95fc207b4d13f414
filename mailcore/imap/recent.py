r"""Which messages are \Recent, and to whom: to the first session that is told of them. RFC 3501 §2.3.2."""

from __future__ import annotations

from typing import Final

from groupware.model.folder import Folder
from groupware.model.ids import FolderId, Uid
from groupware.store.api import ReadTx
from mailcore.server.claims import Claims

PAGE: Final = 50  # UIDs that are looked at first


def unclaimed(claims: Claims, tx: ReadTx, folder: Folder) -> int:
    """From which UID on no session has been told of the messages. Takes `r`.

    Where nobody has looked since the server started, that is what has come since (decision 366).
    """
    reached = claims.reached(_name(folder.id))
    return _came_since(tx, folder, claims.since) if reached is None else reached


def claim(claims: Claims, folder: FolderId, uidnext: int, start: int, *, read_only: bool) -> int:
    """From which UID on messages are recent to whoever asks now; unless it only reads, to nobody after it.

    `start` is what `unclaimed` said.
    """
    if read_only:
        reached = claims.reached(_name(folder))
        return start if reached is None else reached
    return claims.claim(_name(folder), uidnext, start)


def count(claims: Claims, tx: ReadTx, folder: Folder) -> int:
    """How many messages would be recent to a session that looked now. Takes `r`."""
    first, last = unclaimed(claims, tx, folder), folder.uidnext - 1
    return len(tx.columns(folder.id, (), [(Uid(first), Uid(last))])) if first <= last else 0


def _name(folder: FolderId) -> str:
    return f"recent {folder}"


def _came_since(tx: ReadTx, folder: Folder, moment: int) -> int:
    """The first UID of what came into the folder since; UIDNEXT when nothing did. It costs what came."""
    first, last, many = int(folder.uidnext), folder.uidnext - 1, PAGE
    while last > 0 and folder.total:
        low = max(last - many + 1, 1)
        rows = tx.columns(folder.id, ("arrived",), [(Uid(low), Uid(last))])
        young = [uid for uid, arrived in rows if arrived >= moment]
        first = young[0] if young else first
        if len(young) < len(rows):
            break
        last, many = low - 1, many * 2
    return first
