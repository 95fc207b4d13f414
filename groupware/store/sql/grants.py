"""Grants: who may do what in a folder, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from groupware.model.errors import BadCredentials, NotFound, Refused
from groupware.model.ids import AccountId, PrincipalId
from groupware.model.principal import ANYONE, EVERYONE, PrincipalKind
from groupware.model.rights import ALL, WRITING, Explanation, Grant, Reason, Right, decide, letters, reasons
from groupware.model.times import micros, moment, now_micros
from groupware.store.api import Where

from . import pushes, schema
from .guard import Opened, identify, office
from .tree import Tree, with_grants
from .tx import Tx

_p = schema.principal.c
_BY_KEY: Final = select(_p.id, _p.kind, _p.key).where(_p.key == bindparam("key"))
_BY_ADDRESS: Final = (
    select(_p.id, _p.kind, _p.key)
    .join(schema.address, schema.address.c.principal_id == _p.id)
    .where(schema.address.c.address == bindparam("key"))
)
_DROP: Final = (
    delete(schema.grant)
    .where(schema.grant.c.folder_id == bindparam("at"))
    .where(schema.grant.c.grantee_id == bindparam("grantee"))
)
_INSERT: Final = insert(schema.grant).values(
    folder_id=bindparam("at"),
    grantee_id=bindparam("grantee"),
    allow=bindparam("allow"),
    deny=bindparam("deny"),
    expires=bindparam("expires"),
    given_by=bindparam("by"),
    reason=bindparam("reason"),
    created=bindparam("created"),
    state=bindparam("state"),
)
_DROP_NOTICES: Final = delete(schema.notice).where(
    schema.notice.c.folder_id == bindparam("at"), schema.notice.c.account_id == bindparam("grantee")
)
_KINDS: Final = frozenset({"account", "group", "list", "resource", "domain", "special", "link"})


def grants(tx: Tx, at: Where) -> Sequence[Grant]:
    """The rows on this very folder. Takes `a`."""
    here = tx.open(at, Right.ADMIN)
    return here.tree.grants.get(here.id, ())


def grantee_named(tx: Tx, name: str) -> tuple[int, str]:
    """Number and key of the principal that a grantee's name means. `NotFound` says what names are."""
    return known_grantee(tx, name)[:2]


def known_grantee(tx: Tx, name: str) -> tuple[int, str, PrincipalKind]:
    """The same, with what kind of principal it is."""
    key = name.strip().lower()
    row = tx.sql.row(_BY_KEY, {"key": key}) or tx.sql.row(_BY_ADDRESS, {"key": key.removeprefix("group:")})
    if row is None or row[1] not in _KINDS:
        known = f"an address here, group:NAME@DOMAIN, domain:DOMAIN, {EVERYONE} or {ANYONE}"
        raise NotFound(f"grantee {name!r}: there is nobody of that name; use {known}")
    return int(row[0]), str(row[2]), PrincipalKind(row[1])


def grant(
    tx: Tx,
    at: Where,
    grantee: str,
    allow: Right,
    deny: Right,
    expires: datetime | None,
    reason: str,
    *,
    keep: Right,
) -> None:
    """Sets what one grantee is allowed and denied here; nothing of both removes the row. `a`.

    `keep` are rights that the writer cannot express: what the row says of them stays.
    """
    here = tx.open(at, Right.ADMIN)
    number, key = grantee_named(tx, grantee)
    old = next((row for row in here.tree.grants.get(here.id, ()) if row.grantee == key), None)
    if old is not None:
        allow, deny = (allow & ~keep) | (old.allow & keep), (deny & ~keep) | (old.deny & keep)
    _check(here, key, allow, deny, expires)
    if old is not None and (old.allow, old.deny, old.expires, old.reason) == (allow, deny, expires, reason):
        return
    if old is None and not allow and not deny:
        return
    tx.sql.change(_DROP, {"at": here.id, "grantee": number})
    if allow or deny:
        tx.sql.change(
            _INSERT,
            {
                "at": here.id,
                "grantee": number,
                "allow": allow.value,
                "deny": deny.value,
                "expires": None if expires is None else micros(expires),
                "by": tx.who.name,
                "reason": reason,
                "created": now_micros(),
                "state": old.state if old is not None else "",
            },
        )
    if not allow:
        tx.sql.change(_DROP_NOTICES, {"at": here.id, "grantee": number})
    modseq = tx.bump(here.owner)
    state, ends = old.state if old is not None else "", None if expires is None else moment(micros(expires))
    new = Grant(here.id, key, allow, deny, ends, tx.who.name, reason, PrincipalId(number), state)
    tx.move_epoch(here.owner, lambda tree, epoch: with_grants(tree, here.id, _with(tree, new), epoch))
    tx.journal_row("grant", here, modseq, {"grantee": key, "allow": letters(allow), "deny": letters(deny)})
    pushes.shared(tx, number)
    tx.marks[here.tree.root] = modseq
    for below in here.tree.below(here.id):
        tx.marks[below] = modseq


def _with(tree: Tree, new: Grant) -> tuple[Grant, ...]:
    """The grants on its folder with this one in its place; one of nothing is none."""
    others = [each for each in tree.grants.get(new.folder, ()) if each.grantee != new.grantee]
    return tuple(sorted([*others, *([new] if new.allow or new.deny else [])], key=lambda each: each.grantee))


def _check(here: Opened, key: str, allow: Right, deny: Right, expires: datetime | None) -> None:
    if key == here.tree.key:
        raise Refused(f"{key} owns this folder and has every right here; that cannot be changed")
    if allow & deny:
        raise Refused(f"{letters(allow & deny)!r} cannot be both allowed and denied to {key}")
    if expires is not None and micros(expires) <= now_micros():
        raise Refused(f"a grant to {key} that ends {expires:%Y-%m-%d %H:%M} has ended already; choose a later time")


def explain(tx: Tx, at: Where, actor: str) -> Explanation:
    """Which rows decide what `actor` may do here, in words. Takes `a`."""
    here = tx.open(at, Right.ADMIN)
    number, key = grantee_named(tx, actor)
    path = here.path
    try:
        who = identify(tx.sql, AccountId(number), -1)
    except BadCredentials:
        gone = Reason(path, key, Right.NONE, Right.NONE, "is disabled, or its domain is, and may do nothing")
        return Explanation(key, path, Right.NONE, (gone,))
    rights = here.tree.rights(who, here.id)
    told: list[Reason] = []
    if number == here.owner:
        told.append(Reason(path, key, ALL, Right.NONE, "owns the tree and has every right in it"))
    elif here.tree.is_postmaster(who):
        told.append(Reason(path, key, ALL, Right.NONE, "is the postmaster of the domain whose public tree this is"))
    else:
        implied = here.tree.implied(who, here.id)
        if implied:
            text = f"is of the domain whose public tree this is: allows {letters(implied)}"
            told.append(Reason("", key, implied, Right.NONE, text))
        told.extend(reasons(here.tree.naming(who.identifiers, here.id), moment(now_micros())))
        if Right.ADMIN not in rights and (by := office(tx.sql, tx.memory, who, here.tree)):
            rights |= by
            text = f"administers the domain of this mail list: allows {letters(by)}"
            told.append(Reason("", key, by, Right.NONE, text))
    if here.tree.nodes[here.id].fed:
        text = f"is filled from elsewhere: nobody has {letters(WRITING)} here"
        told.append(Reason(path, key, Right.NONE, WRITING, text))
    return Explanation(key, path, rights, tuple(told))


def inherited(tx: Tx, at: Where, actor: str) -> Right:
    """What `actor` may do here whatever the rows of this very folder allow. Takes `a`."""
    here = tx.open(at, Right.ADMIN)
    number, key = grantee_named(tx, actor)
    if number == here.owner:
        return ALL
    try:
        who = identify(tx.sql, AccountId(number), -1)
    except BadCredentials:
        return Right.NONE
    if here.tree.is_postmaster(who):
        return ALL
    rows = [row for node, row in here.tree.counting(here.id) if node.id != here.id]
    above = [row for row in rows if row.grantee in who.identifiers]
    implied = Grant(here.id, key, here.tree.implied(who, here.id), Right.NONE)
    return decide([implied, *above], moment(now_micros()))
