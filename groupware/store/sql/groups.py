"""Members of groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import CTE, bindparam, delete, exists, insert, or_, select

from groupware.model.addresses import normal
from groupware.model.errors import AlreadyExists, NotFound, Refused
from groupware.model.ids import AccountId, FolderId
from groupware.model.principal import PrincipalKind

from . import schema
from .principals import Known, administered, by_key, insert_principal, lead
from .settings import effective
from .tx import Tx

_m, _p = schema.member.c, schema.principal.c
_DIRECT: Final = (
    select(_p.key).join(schema.member, _m.member_id == _p.id).where(_m.group_id == bindparam("group")).order_by(_p.key)
)
_THERE: Final = select(_m.member_id).where(_m.group_id == bindparam("group"), _m.member_id == bindparam("member"))
_INSERT: Final = insert(schema.member).values(group_id=bindparam("group"), member_id=bindparam("member"))
_DROP: Final = delete(schema.member).where(_m.group_id == bindparam("group"), _m.member_id == bindparam("member"))
_DROP_IDLE: Final = delete(schema.principal).where(
    _p.id == bindparam("member"), _p.kind == "remote", ~exists().where(_m.member_id == _p.id)
)


def _below() -> CTE:
    below = select(_m.member_id).where(_m.group_id == bindparam("member")).cte("below", recursive=True)
    return below.union(select(_m.member_id).join(below, _m.group_id == below.c.member_id))


_BELOW: Final = _below()
_IS_BELOW: Final = select(_BELOW.c.member_id).where(_BELOW.c.member_id == bindparam("group"))
_ROOTS: Final = select(_p.id, _p.root_id).where(
    _p.root_id.is_not(None), or_(_p.id == bindparam("member"), _p.id.in_(select(_BELOW.c.member_id)))
)


def members(tx: Tx, group: str) -> Sequence[str]:
    """The direct members of a group, by address. `a` on the domain."""
    found = _group(tx, group)
    keys = [key for (key,) in tx.sql.rows(_DIRECT, {"group": found.id})]
    return sorted(key.partition(":")[2] or key for key in keys)


def takes(tx: Tx, address: str, sender: str, *, proven: bool) -> bool:
    """See `ReadTx.group_takes`."""
    group = lead(tx.sql, address, tagged=True).found
    if group is None or group.kind is not PrincipalKind.GROUP:
        return True
    wanted = str(effective(tx, "receiveEmailFrom", group.id, group.settings).value)
    if wanted == "anybody":
        return True
    who = lead(tx.sql, sender, tagged=True).found if proven else None
    if who is None or wanted == "nobody":
        return False
    if wanted == "server":
        return True
    if wanted == "domain":
        return who.domain_id == group.domain_id
    if wanted == "directMembers":
        return tx.sql.row(_THERE, {"group": group.id, "member": who.id}) is not None
    return tx.sql.row(_IS_BELOW, {"group": who.id, "member": group.id}) is not None


def put(tx: Tx, group: str, member: str) -> None:
    """Adds a member to a group. `a` on the group's domain. `Refused` when it would go round in a circle."""
    found = _group(tx, group)
    tx.move_memberships()  # also the lock: two that would close a circle between them come one after the other
    added = _member(tx, member)
    values = {"group": found.id, "member": added}
    if added == found.id or tx.sql.row(_IS_BELOW, values) is not None:
        raise Refused(f"{member[:80]}: {found.address} is in it, so it cannot be in {found.address} as well")
    if tx.sql.row(_THERE, values) is not None:
        raise AlreadyExists(f"{member[:80]}: it is in {found.address} already")
    tx.sql.change(_INSERT, values)
    mark(tx, added)
    tx.note_administration("member.put", found.id, {"member": normal(member)})


def drop(tx: Tx, group: str, member: str) -> None:
    """Takes a member out of a group. `a` on the group's domain."""
    found = _group(tx, group)
    there = lead(tx.sql, member, tagged=False).found or by_key(tx.sql, "remote:" + normal(member))
    if there is None or not tx.sql.change(_DROP, {"group": found.id, "member": there.id}):
        raise NotFound(f"{member[:80]}: it is not in {found.address}")
    tx.move_memberships()
    mark(tx, there.id)
    tx.sql.change(_DROP_IDLE, {"member": there.id})
    tx.note_administration("member.dropped", found.id, {"member": normal(member)})


def mark(tx: Tx, principal: int) -> None:
    """Marks the root of the principal, and of everybody in it: who watches it looks at what it may do now."""
    for owner, root in tx.sql.rows(_ROOTS, {"member": principal}):
        modseq = tx.bump(AccountId(owner))  # a mark that says nothing new is not heard
        tx.marks[root] = modseq
        tx.note_change("groups.changed", AccountId(owner), FolderId(root), modseq, {})


def _group(tx: Tx, group: str) -> Known:
    found = administered(tx, group)
    if found.kind is PrincipalKind.LIST:
        raise Refused(f"{found.address}: this is a mail list; it has subscribers (postroom list member)")
    if found.kind is not PrincipalKind.GROUP:
        raise Refused(f"{found.address}: this is no group, it has no members")
    return found


def _member(tx: Tx, member: str) -> AccountId:
    """The number of who is meant; an address elsewhere gets one."""
    way = lead(tx.sql, member, tagged=False)
    if way.found is not None:
        return way.found.id
    address = normal(member)
    local, at, domain = address.rpartition("@")
    sendable = at and local and domain and len(address) <= 254 and address.isprintable() and " " not in address
    if way.home is not None or not sendable:
        raise NotFound(f"{member[:80]}: there is nobody of that address to be a member")
    there = by_key(tx.sql, "remote:" + address)
    return there.id if there is not None else insert_principal(tx, PrincipalKind.REMOTE, "remote:" + address)
