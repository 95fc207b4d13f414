"""What happened to messages of folders that have a script for it, until the script has looked at each. RFC 6785.

1. A row is written with the change itself, so what was answered with success is never forgotten; a message leaves its
   row with what its script does, so that it is done once.
2. Whether a folder has a script is known from its owner's tree and the settings, both in memory: one without costs
   nothing.
3. What a script does is no occasion for another, nor is what delivers mail or administers the server.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from groupware.model.flags import Flags
from groupware.model.ids import AccountId, FolderId, ModSeq, Uid, Uids, ranges
from groupware.model.item import Kind
from groupware.model.occasion import Cause, Occasion
from groupware.model.principal import PrincipalKind
from groupware.model.rights import Right
from groupware.model.times import now_micros

from ..api import OCCASIONS
from . import schema
from .engine import Row
from .guard import SERVER, Opened
from .settings import effective
from .tx import Tx

_o, _f = schema.occasion.c, schema.folder.c
_ADD: Final = insert(schema.occasion).values(
    {name: bindparam(name) for name in ("folder_id", "cause", "script", "actor", "changed", "uids")}
)
_NEXT: Final = (
    select(_o.id, _f.owner_id, _o.folder_id, _o.uids, _o.cause, _o.script, _o.actor, _o.changed)
    .join(schema.folder, _f.id == _o.folder_id)
    .where(_o.id > bindparam("after"))
    .order_by(_o.id)
    .limit(bindparam("most"))
)
_HERE: Final = (_o.id == bindparam("number"), _o.folder_id == bindparam("at"), _o.uids == bindparam("old"))
_LEFT: Final = update(schema.occasion).where(*_HERE).values(uids=bindparam("new"))
_DONE: Final = delete(schema.occasion).where(*_HERE)
_FLAG_NAMES: Final = {
    Flags.SEEN: "\\Seen",
    Flags.ANSWERED: "\\Answered",
    Flags.FLAGGED: "\\Flagged",
    Flags.DELETED: "\\Deleted",
    Flags.DRAFT: "\\Draft",
}


def put_in(tx: Tx, here: Opened, uids: Iterable[Uid], cause: Cause) -> None:
    """Notes messages that have just come into a folder."""
    script = _script(tx, here)
    if script:
        _add(tx, here, script, cause, ranges(uids), "")


def flagged(tx: Tx, here: Opened, changed: Sequence[tuple[Row, int, str]]) -> None:
    """Notes messages whose flags have just changed: each row as it was, and its flags and keywords now."""
    script = _script(tx, here)
    if not script:
        return
    together: dict[str, list[Uid]] = {}
    for row, flags, words in changed:
        together.setdefault(_difference(row, flags, words), []).append(Uid(row[0]))
    for what, uids in together.items():
        _add(tx, here, script, "FLAG", ranges(uids), what)


def occasions(tx: Tx, after: int, limit: int) -> Sequence[Occasion]:
    """See `ReadTx.occasions`."""
    tx.administer(None)
    return [
        Occasion(number, AccountId(owner), FolderId(at), _read(uids), cause, script, by, tuple(changed.split()))
        for number, owner, at, uids, cause, script, by, changed in tx.sql.rows(_NEXT, {"after": after, "most": limit})
    ]


def settle(tx: Tx, which: Occasion, uid: Uid) -> bool:
    """See `WriteTx.settle_occasion`."""
    here = tx.open(which.folder, Right.ADMIN)
    left = rest(which.uids, uid)
    values = {"number": which.number, "at": here.id, "old": _written(which.uids)}
    return bool(tx.sql.change(_LEFT, {**values, "new": _written(left)}) if left else tx.sql.change(_DONE, values))


def drop(tx: Tx, number: int) -> None:
    """See `WriteTx.drop_occasion`."""
    tx.administer(None)
    tx.sql.change(_DROP, {"number": number})


_DROP: Final = delete(schema.occasion).where(_o.id == bindparam("number"))


def rest(uids: Uids, uid: Uid) -> Uids:
    """The ranges without everything up to this UID."""
    return [(Uid(max(low, uid + 1)), high) for low, high in uids if high > uid]


def _script(tx: Tx, here: Opened) -> str:
    """The name of the script that waits for changes here; "" when none does."""
    if tx.who.by_script or tx.who.account == SERVER or here.kind != Kind.MAIL.value:
        return ""
    if here.tree.kind not in (PrincipalKind.ACCOUNT, PrincipalKind.PUBLIC):
        return ""  # nobody has scripts there
    own = here.tree.nodes[here.id].script
    return own if own is not None else str(effective(tx, "scriptOnChange", here.owner, here.settings).value)


def _add(tx: Tx, here: Opened, script: str, cause: Cause, uids: Uids, changed: str) -> None:
    values = {"folder_id": here.id, "cause": cause, "script": script, "actor": tx.who.name}
    tx.sql.change(_ADD, {**values, "changed": changed, "uids": _written(uids)})
    tx.marks[OCCASIONS] = ModSeq(now_micros())
    tx.note_change("item.occasion", here.owner, OCCASIONS, tx.marks[OCCASIONS], {})


def _difference(row: Row, flags: int, words: str) -> str:
    turned = Flags(row[2] ^ flags)
    return " ".join(
        [*(name for flag, name in _FLAG_NAMES.items() if flag in turned), *sorted({*row[3].split()} ^ {*words.split()})]
    )


def _written(uids: Uids) -> str:
    return ",".join(f"{low}:{high}" for low, high in uids)


def _read(text: str) -> Uids:
    pairs = (each.split(":") for each in text.split(","))
    return [(Uid(int(low)), Uid(int(high))) for low, high in pairs]
