r"""Which messages are \Recent, and to whom: to the first session that is told of them. RFC 3501 §2.3.2."""

from __future__ import annotations

from typing import Final

from groupware.model.folder import Folder
from groupware.model.ids import FolderId, Uid
from groupware.store.api import ReadTx
from mailcore.server.claims import Claims

FEW: Final = 50  # UIDs that are looked at first


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
    """The first UID of what came into the folder since; UIDNEXT when nothing did.

    UIDs go up with the moment at which they came: mostly a look at the last of them is enough, else halves are.
    """
    if not folder.total:
        return folder.uidnext
    low = max(folder.uidnext - FEW, 1)
    rows = tx.columns(folder.id, ("arrived",), [(Uid(low), Uid(folder.uidnext - 1))])
    young = [uid for uid, arrived in rows if arrived >= moment]
    first = young[0] if young else int(folder.uidnext)
    low, high = (1, low) if len(young) == len(rows) else (low, low)
    while low < high:
        middle = (low + high) // 2
        rows = tx.columns(folder.id, ("arrived",), [(Uid(middle), Uid(high - 1))], limit=1)
        if rows and rows[0][1] < moment:
            low = rows[0][0] + 1
        else:
            first, high = rows[0][0] if rows else first, middle
    return first
