"""The administrator's rules for SMTP: a list, kept and given back as a whole, with an epoch of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from groupware.model.errors import Refused
from groupware.model.ids import ModSeq
from groupware.model.policy import LONGEST_RULE, MOST_RULES, StoredRule

from ..api import POLICY
from . import schema
from .guard import SERVER
from .tx import Tx

_r, _m = schema.policy_rule.c, schema.meta.c
_ALL: Final = select(_r.name, _r.event, _r.enabled, _r.rule).order_by(_r.position)
_LOCK: Final = select(_m.value).where(_m.name == "policy").with_for_update()
_MOVE: Final = update(schema.meta).where(_m.name == "policy").values(value=_m.value + 1).returning(_m.value)
_CLEAR: Final = delete(schema.policy_rule)
_INSERT: Final = insert(schema.policy_rule).values(
    {name: bindparam(name) for name in ("name", "position", "event", "enabled", "rule")}
)


def rules(tx: Tx) -> Sequence[StoredRule]:
    """See `ReadTx.policy`."""
    tx.administer(None)
    if tx.locks:
        tx.sql.row(_LOCK, {})
    return [StoredRule(name, event, bool(on), text) for name, event, on, text in tx.sql.rows(_ALL, {})]


def put(tx: Tx, all_of_them: Sequence[StoredRule]) -> None:
    """See `WriteTx.put_policy`."""
    tx.administer(None)
    if len(all_of_them) > MOST_RULES:
        raise Refused(f"there are {len(all_of_them)} rules; there may be {MOST_RULES}")
    for each in all_of_them:
        if len(each.text.encode()) > LONGEST_RULE:
            raise Refused(f"rule {each.name!r} is too long; it may have {LONGEST_RULE // 1000} KB")
    moved = tx.sql.returning(_MOVE, {})  # its row is the lock of the list
    assert moved is not None
    epoch = ModSeq(moved[0])
    tx.sql.change(_CLEAR, {})
    tx.sql.many(
        _INSERT,
        [
            {"name": each.name, "position": number, "event": each.event, "enabled": each.enabled, "rule": each.text}
            for number, each in enumerate(all_of_them)
        ],
    )
    tx.note_change("policy.put", SERVER, POLICY, epoch, {"rules": len(all_of_them)})
    tx.marks[POLICY] = epoch
