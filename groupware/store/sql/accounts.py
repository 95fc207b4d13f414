"""Accounts, groups, lists, resources, folder recipients and classes: made, changed, shown and taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, or_, select, update

from groupware.model.addresses import checked_address, normal
from groupware.model.errors import AlreadyExists, NotFound, Refused
from groupware.model.ids import AccountId, FolderId
from groupware.model.principal import Account, NewAccount, PrincipalKind
from groupware.model.rights import Right
from groupware.model.times import now_micros

from . import credentials, folder_changes, groups, schema, standing, uploads
from .planting import OWNERS, plant
from .principals import (
    Known,
    account_of,
    administer,
    administered,
    by_key,
    chosen,
    insert_address,
    insert_principal,
    lead,
    named,
    read,
    shown,
)
from .tx import Tx

SHOWN: Final = ("account", "group", "list", "resource", "recipient")
"""The kinds that a listing of a domain shows unless it is asked for one."""
_PREFIXES: Final = {PrincipalKind.GROUP: "group:", PrincipalKind.CLASS: "class:"}

_p, _a = schema.principal.c, schema.address.c
_ALIASES_OF_DOMAIN: Final = (
    select(_a.principal_id, _a.address)
    .join(schema.principal, _p.id == _a.principal_id)
    .where(_p.domain_id == bindparam("domain"), ~_a.primary)
    .where(or_(_a.expires.is_(None), _a.expires > bindparam("now")))
    .order_by(_a.address)
)
_OF_DOMAIN: Final = chosen().where(_p.domain_id == bindparam("domain")).order_by(_p.key)
_CLASS_KEYS: Final = select(_p.id, _p.key).where(_p.kind == "class", _p.domain_id == bindparam("domain"))
_INHERITS: Final = select(_p.key).where(_p.class_id == bindparam("principal")).limit(1)
_SET: Final[Mapping[str, object]] = {
    column: update(schema.principal).where(_p.id == bindparam("principal")).values({column: bindparam("value")})
    for column in ("name", "enabled", "external", "class_id", "key")
}
_MOVE_VERSION: Final = (
    update(schema.principal).where(_p.id == bindparam("principal")).values(credential_version=_p.credential_version + 1)
)
_RENAME: Final = (
    update(schema.address)
    .where(_a.principal_id == bindparam("principal"), _a.primary)
    .values(address=bindparam("new_address"))
)
_FOREIGN_TREES: Final = (
    select(schema.folder.c.owner_id)
    .distinct()
    .join(schema.grant, schema.grant.c.folder_id == schema.folder.c.id)
    .where(schema.grant.c.grantee_id == bindparam("principal"))
    .order_by(schema.folder.c.owner_id)
)
_ADDRESS_THERE: Final = select(_a.principal_id, _a.primary, _a.expires).where(_a.address == bindparam("which"))
_DROP_ADDRESS: Final = delete(schema.address).where(_a.address == bindparam("which"))
_DROP_SEEN: Final = delete(schema.seen).where(schema.seen.c.account_id == bindparam("principal"))
_DROP: Final = delete(schema.principal).where(_p.id == bindparam("principal"))


# --- shown ----------------------------------------------------------------------------------------------------------


def account(tx: Tx, key: AccountId | str) -> Account:
    """An account, group, list or resource by id or any of its addresses. Oneself, or `a` on the domain."""
    found = named(tx, key)
    if found is None or found.id != tx.who.account or found.kind not in OWNERS:
        found = administered(tx, key)
    return shown(tx, found)


def accounts(tx: Tx, domain: str, kind: PrincipalKind | None) -> Sequence[Account]:
    """Those of a domain, by address. `a` on the domain."""
    name = normal(domain)
    found = lead(tx.sql, f"postmaster@{name}", tagged=False).home or by_key(tx.sql, "domain:" + name)
    administer(tx, found.address if found is not None else name)
    if found is None:
        raise NotFound(f"domain {domain[:80]}: there is no such domain")
    values = {"domain": found.id, "now": now_micros()}
    aliases: dict[int, list[str]] = {}
    for principal, address in tx.sql.rows(_ALIASES_OF_DOMAIN, values):
        aliases.setdefault(principal, []).append(address)
    classes: dict[int | None, str] = dict(tx.sql.rows(_CLASS_KEYS, values))
    wanted = SHOWN if kind is None else (kind.value,)
    rows = [read(row) for row in tx.sql.rows(_OF_DOMAIN, values)]
    rows = [each for each in rows if each.kind in wanted and each.kind is not PrincipalKind.PUBLIC]
    shown_rows = [account_of(each, aliases.get(each.id, ()), classes.get(each.class_id, "")) for each in rows]
    return sorted(shown_rows, key=lambda each: each.address)


# --- made -----------------------------------------------------------------------------------------------------------


def put(tx: Tx, new: NewAccount) -> Account:
    """Makes an account (with its folders), group, list, resource or folder recipient. `a` on the domain."""
    if new.kind not in OWNERS | {PrincipalKind.RECIPIENT, PrincipalKind.CLASS} or new.kind is PrincipalKind.PUBLIC:
        raise Refused(f"{new.address[:80]}: a {new.kind.value} is not made as an account")
    address = checked_address(new.address)
    home = enter(tx, address)
    _check_domain(address, home)
    if (new.folder is None) == (new.kind is PrincipalKind.RECIPIENT):
        raise Refused(f"{address}: a folder recipient, and nothing else, is bound to a folder")
    if new.folder is not None:
        tx.open(new.folder, Right.ADMIN)
    principal = make_account(
        tx, new.kind, address, home.id, name=new.name, enabled=new.enabled, external=new.external, folder=new.folder
    )
    for kind in sorted(new.credentials, key=lambda each: each != "password"):
        credentials.store(tx, principal, kind, new.credentials[kind], "")
    made = named(tx, principal)
    assert made is not None
    return shown(tx, made)


def enter(tx: Tx, address: str) -> Known:
    """The domain that an address is to be in, for who administers it; nobody else adds to it until the end.

    `NoRight`, and only then `NotFound`.
    """
    name = address.rpartition("@")[2]
    home = lead(tx.sql, f"postmaster@{name}", tagged=False)
    domain = by_key(tx.sql, "domain:" + (home.found.domain if home.found is not None else name))
    administer(tx, domain.address if domain is not None else name)
    if domain is None:
        raise NotFound(f"address {address}: the domain {name} is not of this server; add it first")
    tx.bump(domain.id)
    return domain


def _check_domain(address: str, home: Known) -> None:
    local, _, domain = address.rpartition("@")
    if domain != home.address:
        raise Refused(f"address {address}: {domain} is an alias of {home.address}; make it {local}@{home.address}")


def make_account(
    tx: Tx,
    kind: PrincipalKind,
    address: str,
    domain: AccountId,
    *,
    name: str = "",
    enabled: bool = True,
    external: str | None = None,
    folder: FolderId | None = None,
) -> AccountId:
    """The number of the new one, whoever asks. `AlreadyExists`."""
    key = _PREFIXES.get(kind, "") + address
    if kind is not PrincipalKind.CLASS:
        free(tx, address)
    elif by_key(tx.sql, key) is not None:
        raise AlreadyExists(f"class {address}: there is one of that name already")
    principal = insert_principal(
        tx, kind, key, name=name, domain=domain, folder=folder, enabled=enabled, external=external
    )
    if kind is not PrincipalKind.CLASS:
        insert_address(tx, address, principal, primary=True)
    if kind in OWNERS:
        plant(tx, principal, kind)
    tx.note_administration("account.put", principal, {"address": address, "kind": kind.value})
    return principal


def free(tx: Tx, address: str) -> None:
    """Makes sure that nobody has this address; an alias that has expired gives way. `AlreadyExists`."""
    row = tx.sql.row(_ADDRESS_THERE, {"which": address})
    if row is None:
        return
    if row[1] or row[2] is None or row[2] > now_micros():
        raise AlreadyExists(f"address {address}: somebody has it already")
    tx.sql.change(_DROP_ADDRESS, {"which": address})


# --- changed --------------------------------------------------------------------------------------------------------


def change(tx: Tx, key: str, values: Mapping[str, str | bool | None]) -> Account:
    """Changes `name`, `enabled`, `address`, `external` or `account_class`. `a` on the domain."""
    found = administered(tx, key)
    for name, value in values.items():
        if name == "address":
            _rename(tx, found, str(value))
        elif name == "enabled":
            _set(tx, found, "enabled", bool(value))
            tx.sql.change(_MOVE_VERSION, {"principal": found.id})
            tx.move_memberships()
            groups.mark(tx, found.id)
            standing.moved(tx, AccountId(found.id), {"enabled": bool(value)})
        elif name == "name":
            _set(tx, found, "name", str(value or "")[:320])
            tx.move_people()
        elif name == "external":
            _set(tx, found, "external", None if value is None else str(value))
        elif name == "account_class":
            _set(tx, found, "class_id", _class(tx, found, str(value)) if value else None)
            tx.move_settings()
            standing.moved(tx, AccountId(found.id), {"class": value})
        else:
            raise Refused(f"{found.address}: there is no {name!r} to change")
    if values:
        tx.note_administration("account.changed", found.id, dict(values))
    changed = named(tx, found.id)
    assert changed is not None
    return shown(tx, changed)


def _set(tx: Tx, found: Known, column: str, value: object) -> None:
    tx.sql.change(_SET[column], {"principal": found.id, "value": value})  # type: ignore[arg-type]


def _class(tx: Tx, found: Known, name: str) -> AccountId:
    address = name if "@" in name else f"{name}@{found.domain}"
    there = by_key(tx.sql, "class:" + normal(address))
    if there is None or there.domain_id != found.domain_id:
        raise NotFound(f"class {address[:80]}: there is no such class in {found.domain}")
    return there.id


def _rename(tx: Tx, found: Known, new: str) -> None:
    """Another primary address in the same domain. Grants and memberships stay: they go by number."""
    address = checked_address(new)
    if address == found.address:
        return
    home = enter(tx, address)
    _check_domain(address, home)
    if home.id != found.domain_id:
        raise Refused(f"{found.address}: an account stays in its domain; make a new one in the other")
    if found.address == f"postmaster@{found.domain}":
        raise Refused(f"{found.address}: every domain has its postmaster; give the mail an alias instead")
    if found.kind is PrincipalKind.CLASS:
        if by_key(tx.sql, "class:" + address) is not None:
            raise AlreadyExists(f"class {address}: there is one of that name already")
    else:
        _take_over(tx, found, address)
        tx.sql.change(_RENAME, {"principal": found.id, "new_address": address})
    _set(tx, found, "key", _PREFIXES.get(found.kind, "") + address)
    tx.move_memberships()
    for owner in [row[0] for row in tx.sql.rows(_FOREIGN_TREES, {"principal": found.id})]:
        tx.move_epoch(owner)
    if found.root is not None:
        tx.move_epoch(found.id)


def _take_over(tx: Tx, found: Known, address: str) -> None:
    """Make the new address free; one of its own aliases may become the primary one."""
    row = tx.sql.row(_ADDRESS_THERE, {"which": address})
    if row is not None and row[0] == found.id:
        tx.sql.change(_DROP_ADDRESS, {"which": address})
    else:
        free(tx, address)


# --- taken away -----------------------------------------------------------------------------------------------------


def drop(tx: Tx, key: str) -> None:
    """Takes it away with its tree, grants and memberships. `a` on the domain."""
    found = administered(tx, key)
    if found.address == f"postmaster@{found.domain}":
        raise Refused(f"{found.address}: a domain's postmaster goes with the domain")
    inherits = tx.sql.row(_INHERITS, {"principal": found.id})
    if inherits is not None:
        raise Refused(f"class {found.address}: {inherits[0]} inherits from it; change that first")
    erase(tx, found)
    tx.note_administration("account.dropped", found.id, {"address": found.address, "kind": found.kind.value})


def erase(tx: Tx, found: Known) -> None:
    """Take the rows of a principal and of its tree away, whoever asks."""
    tx.move_memberships()
    groups.mark(tx, found.id)
    standing.moved(tx, AccountId(found.id), {"dropped": True})
    for owner in [row[0] for row in tx.sql.rows(_FOREIGN_TREES, {"principal": found.id})]:
        if owner != found.id:
            tx.move_epoch(owner)
    if found.root is not None:
        modseq = tx.bump(found.id)
        tree = tx.tree(found.id)
        for at in reversed(tree.below(tree.root)):
            folder_changes.erase(tx, at)
            tx.marks[at] = modseq
        tx.move_epoch(found.id)
    uploads.erase(tx, AccountId(found.id))
    tx.sql.change(_DROP_SEEN, {"principal": found.id})
    tx.sql.change(_DROP, {"principal": found.id})
    tx.move_settings()
