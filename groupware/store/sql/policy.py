"""The rules for SMTP of the administrator and of domains: lists, each kept as a whole, with one epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from groupware.model.errors import NotFound, Refused
from groupware.model.ids import ModSeq
from groupware.model.policy import LONGEST_RULE, MOST_RULES, StoredRule

from ..api import POLICY
from . import domains, schema
from .guard import SERVER
from .principals import administer
from .tx import Tx

_r, _m = schema.policy_rule.c, schema.meta.c
_ALL: Final = select(_r.name, _r.event, _r.enabled, _r.rule).order_by(_r.position)
_LOCK: Final = select(_m.value).where(_m.name == "policy").with_for_update()
_MOVE: Final = update(schema.meta).where(_m.name == "policy").values(value=_m.value + 1).returning(_m.value)
_CLEAR: Final = delete(schema.policy_rule)
_INSERT: Final = insert(schema.policy_rule).values(
    {name: bindparam(name) for name in ("name", "position", "event", "enabled", "rule")}
)


_d, _p = schema.domain_rule.c, schema.principal.c
_OF_DOMAIN: Final = (
    select(_d.name, _d.event, _d.enabled, _d.rule).where(_d.principal_id == bindparam("of")).order_by(_d.position)
)
_OF_DOMAINS: Final = (
    select(_p.key, _d.name, _d.event, _d.enabled, _d.rule)
    .join(schema.principal, _p.id == _d.principal_id)
    .order_by(_d.principal_id, _d.position)
)
_CLEAR_DOMAIN: Final = delete(schema.domain_rule).where(_d.principal_id == bindparam("of"))
_INSERT_DOMAIN: Final = insert(schema.domain_rule).values(
    {name: bindparam(name) for name in ("principal_id", "name", "position", "event", "enabled", "rule")}
)


def rules(tx: Tx, domain: str) -> Sequence[StoredRule]:
    """See `ReadTx.policy`."""
    of = _administered(tx, domain)
    if tx.locks:
        tx.sql.row(_LOCK, {})
    rows = tx.sql.rows(_ALL, {}) if of is None else tx.sql.rows(_OF_DOMAIN, {"of": of})
    return [StoredRule(name, event, bool(on), text) for name, event, on, text in rows]


def of_domains(tx: Tx) -> Mapping[str, Sequence[StoredRule]]:
    """See `ReadTx.domain_policies`."""
    tx.administer(None)
    found: dict[str, list[StoredRule]] = {}
    for key, name, event, on, text in tx.sql.rows(_OF_DOMAINS, {}):
        found.setdefault(key.removeprefix("domain:"), []).append(StoredRule(name, event, bool(on), text))
    for each in domains.known(tx) if found else ():
        found |= {alias: found[each.name] for alias in each.aliases if each.name in found}
    return found


def put(tx: Tx, all_of_them: Sequence[StoredRule], domain: str) -> None:
    """See `WriteTx.put_policy`."""
    of = _administered(tx, domain)
    if len(all_of_them) > MOST_RULES:
        raise Refused(f"there are {len(all_of_them)} rules; there may be {MOST_RULES}")
    for each in all_of_them:
        if len(each.text.encode()) > LONGEST_RULE:
            raise Refused(f"rule {each.name!r} is too long; it may have {LONGEST_RULE // 1000} KB")
    moved = tx.sql.returning(_MOVE, {})  # its row is the lock of all lists
    assert moved is not None
    epoch = ModSeq(moved[0])
    rows: list[dict[str, object]] = [
        {"name": each.name, "position": number, "event": each.event, "enabled": each.enabled, "rule": each.text}
        for number, each in enumerate(all_of_them)
    ]
    if of is None:
        tx.sql.change(_CLEAR, {})
        tx.sql.many(_INSERT, rows)
    else:
        tx.sql.change(_CLEAR_DOMAIN, {"of": of})
        tx.sql.many(_INSERT_DOMAIN, [{**row, "principal_id": of} for row in rows])
    tx.note_change(
        "policy.put", SERVER, POLICY, epoch, {"rules": len(all_of_them), **({"domain": domain} if domain else {})}
    )
    tx.marks[POLICY] = epoch


def _administered(tx: Tx, domain: str) -> int | None:
    """The number of the domain, for who administers it; None stands for the server. `NoRight`, `NotFound`."""
    if not domain:
        tx.administer(None)
        return None
    found = domains.one(tx, domain)
    administer(tx, found.name if found is not None else "")
    if found is None or found.id is None:
        raise NotFound(f"domain {domain[:80]}: there is no such domain")
    return found.id
