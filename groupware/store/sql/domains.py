"""Domains: made with a public tree and a postmaster, changed, and taken away."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, func, select, text, update

from groupware.model.addresses import checked_domain, normal
from groupware.model.errors import AlreadyExists, NoRight, NotFound, Refused
from groupware.model.ids import AccountId, PrincipalId
from groupware.model.principal import Domain, PrincipalKind

from . import schema, standing
from .accounts import erase, make_account
from .planting import plant
from .principals import Known, administer, by_address, by_key, insert_address, insert_principal
from .tx import Tx

POSTMASTER: Final = "postmaster"

_p, _public, _a = schema.principal.c, schema.principal.alias("public"), schema.address.c
_MEMBERSHIPS: Final = select(schema.meta.c.value).where(schema.meta.c.name == "memberships")
_ALL: Final = (
    select(_p.id, _p.key, _p.enabled, _p.node, _a.address, _public.c.id)
    .join(schema.address, _a.principal_id == _p.id)
    .outerjoin(_public, (_public.c.domain_id == _p.id) & (_public.c.kind == "public"))
    .where(_p.kind == "domain")
    .order_by(_p.key, _a.address)
)
_UPDATE: Final = (
    update(schema.principal)
    .where(_p.id == bindparam("principal"))
    .values(enabled=bindparam("on"), node=bindparam("where"))
)
_DROP_ALIAS: Final = delete(schema.address).where(_a.address == bindparam("which"))
_OTHERS: Final = select(_p.key).where(
    _p.domain_id == bindparam("domain"), _p.kind != "public", _p.key != bindparam("postmaster")
)
_IN_DOMAIN: Final = select(_a.address).where(_a.address.endswith(bindparam("behind"))).order_by(_a.address).limit(1)
_OF_OTHERS: Final = (
    select(_a.address)
    .join(schema.principal, _p.id == _a.principal_id)
    .where(_a.address.endswith(bindparam("behind")), _p.domain_id != bindparam("domain"))
    .order_by(_a.address)
    .limit(1)
)

_grantee: Final = schema.principal.alias("grantee")
_naming: Final = (
    select(_public.c.id)
    .distinct()
    .join(schema.folder, schema.folder.c.id == _public.c.root_id)
    .join(schema.grant, schema.grant.c.folder_id == schema.folder.c.id)
    .join(_grantee, _grantee.c.id == schema.grant.c.grantee_id)
    .where(_public.c.kind == "public")
)
_NAMING: Final = {
    True: _naming.where(_grantee.c.key == func.any(bindparam("keys"))),
    False: _naming.where(_grantee.c.key.in_(text("SELECT value FROM json_each(:keys)").bindparams(bindparam("keys")))),
}
"""Owners of public trees whose root has a grant that names one of these."""


def domains(tx: Tx) -> Sequence[Domain]:
    """Every domain. `a` on the server."""
    tx.administer(None)
    return known(tx)


def administered(tx: Tx) -> Sequence[Domain]:
    """The domains that the asking principal administers, in the order of their names."""
    if administers(tx, ""):
        return known(tx)
    who = sorted(tx.who.identifiers)
    rows = tx.sql.rows(_NAMING[tx.sql.postgres], {"keys": who if tx.sql.postgres else json.dumps(who)})
    owners = {owner for (owner,) in rows}
    # Its own domain, too: a postmaster's right needs no grant.
    likely = [each for each in known(tx) if each.account in owners or f"domain:{each.name}" in who]
    return tuple(each for each in likely if administers(tx, each.name))


def administers(tx: Tx, domain: str) -> bool:
    """Whether the asking principal administers that domain, or the server; "" asks about the server alone."""
    try:
        administer(tx, domain)
    except NoRight:
        return False
    return True


def known(tx: Tx) -> tuple[Domain, ...]:
    """Every domain, whoever asks; kept under the epoch of memberships."""
    epoch = int(tx.sql.value(_MEMBERSHIPS))
    found = tx.memory.domains.get("", epoch)
    if found is None:
        found = _load(tx)
        tx.memory.domains.keep("", epoch, found)
    return found


def _load(tx: Tx) -> tuple[Domain, ...]:
    grouped: dict[int, list[tuple[str, bool, str | None, str, int | None]]] = {}
    for principal, key, enabled, node, address, public in tx.sql.rows(_ALL):
        grouped.setdefault(principal, []).append((key.removeprefix("domain:"), bool(enabled), node, address, public))
    return tuple(
        Domain(
            name=rows[0][0],
            account=AccountId(rows[0][4]) if rows[0][4] is not None else None,
            id=PrincipalId(principal),
            aliases=tuple(row[3] for row in rows if row[3] != rows[0][0]),
            node=rows[0][2],
            enabled=rows[0][1],
        )
        for principal, rows in grouped.items()
    )


def one(tx: Tx, name: str) -> Domain | None:
    """The domain of that name or alias, whoever asks."""
    wanted = normal(name)
    return next((each for each in known(tx) if wanted == each.name or wanted in each.aliases), None)


def put(tx: Tx, domain: Domain) -> Domain:
    """Makes or changes a domain; a new one gets its public tree and a postmaster. `a` on the server."""
    tx.administer(None)
    name = checked_domain(domain.name)
    aliases = [checked_domain(each) for each in domain.aliases]
    if name in aliases:
        raise Refused(f"domain {name}: it cannot be an alias of itself")
    tx.move_memberships()  # also the lock: on PostgreSQL two that make the same domain come one after the other
    found = by_key(tx.sql, "domain:" + name)
    if found is None:
        principal = _make(tx, name, domain)
    else:
        principal = found.id
        standing.moved(tx, None, {"domain": name, "enabled": domain.enabled})
        tx.sql.change(_UPDATE, {"principal": principal, "on": domain.enabled, "where": domain.node})
    _put_aliases(tx, name, principal, aliases)
    facts = {"domain": name, "aliases": aliases, "enabled": domain.enabled}
    tx.note_administration("domain.put", AccountId(principal), facts)
    made = one(tx, name)
    assert made is not None
    return made


def _make(tx: Tx, name: str, domain: Domain) -> AccountId:
    taken = by_address(tx.sql, name)
    if taken is not None:
        raise AlreadyExists(f"domain {name}: it is an alias of {taken.address}; take it off there first")
    principal = insert_principal(tx, PrincipalKind.DOMAIN, "domain:" + name, enabled=domain.enabled, node=domain.node)
    insert_address(tx, name, principal, primary=True)
    public = insert_principal(tx, PrincipalKind.PUBLIC, "public:" + name, domain=principal)
    plant(tx, public, PrincipalKind.PUBLIC)
    make_account(tx, PrincipalKind.ACCOUNT, f"{POSTMASTER}@{name}", principal, name="Postmaster")
    return principal


def _put_aliases(tx: Tx, name: str, principal: AccountId, aliases: Sequence[str]) -> None:
    domain = one(tx, name)
    there = set(domain.aliases) if domain is not None else set()
    for gone in there - set(aliases):
        used = tx.sql.row(_IN_DOMAIN, {"behind": "@" + gone})
        if used is not None:
            raise Refused(f"domain alias {gone}: the address {used[0]} is in it; drop that first")
        tx.sql.change(_DROP_ALIAS, {"which": gone})
    for new in sorted(set(aliases) - there):
        taken = by_address(tx.sql, new)
        if taken is not None:
            raise AlreadyExists(f"domain alias {new}: it belongs to {taken.address}")
        insert_address(tx, new, principal)
    if there != set(aliases):
        tx.move_memberships()


def drop(tx: Tx, name: str) -> None:
    """Takes a domain away that has no accounts any more but its postmaster. `a` on the server."""
    tx.administer(None)
    tx.move_memberships()
    found = by_key(tx.sql, "domain:" + normal(name))
    if found is None:
        raise NotFound(f"domain {name[:80]}: there is no such domain")
    _check_empty(tx, found)
    for key in (f"{POSTMASTER}@{found.address}", "public:" + found.address):
        owned = by_key(tx.sql, key)
        if owned is not None:
            erase(tx, owned)
    erase(tx, found)
    tx.move_settings()
    tx.note_administration("domain.dropped", found.id, {"domain": found.address})


def _check_empty(tx: Tx, found: Known) -> None:
    values: Mapping[str, object] = {"domain": found.id, "postmaster": f"{POSTMASTER}@{found.address}"}
    others = [key.partition(":")[2] or key for (key,) in tx.sql.rows(_OTHERS, values)]
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise Refused(f"domain {found.address}: there is still {', '.join(others[:3])}{more}; drop that first")
    for each in known(tx):
        for domain in (each.name, *each.aliases) if each.name == found.address else ():
            used = tx.sql.row(_OF_OTHERS, {"behind": "@" + domain, "domain": found.id})
            if used is not None:
                raise Refused(f"domain {found.address}: {used[0]} is an alias in it; drop that first")
