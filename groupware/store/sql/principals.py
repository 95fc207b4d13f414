"""Rows of principals: found by number, key or address; and who may administer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, exists, insert, or_, select, update
from sqlalchemy.sql import Select

from groupware.model.addresses import TAG, normal
from groupware.model.errors import NotFound
from groupware.model.ids import AccountId, FolderId, PrincipalId
from groupware.model.mailinglist import WORDS
from groupware.model.principal import Account, Principal, PrincipalKind
from groupware.model.rights import Right
from groupware.model.times import moment, now_micros

from . import schema
from .engine import Row, Sql
from .guard import SERVER, identifiers_of
from .tx import Tx

_p, _domain, _place = schema.principal, schema.principal.alias("dom"), schema.folder.alias("place")
_EPOCHS: Final = tuple(
    select(schema.meta.c.value).where(schema.meta.c.name == name).scalar_subquery()
    for name in ("settings", "memberships")
)
_COLUMNS: Final[tuple[Any, ...]] = (
    _p.c.id,
    _p.c.kind,
    _p.c.key,
    _p.c.name,
    _p.c.enabled,
    _p.c.root_id,
    _place.c.id,
    _place.c.owner_id,
    _p.c.class_id,
    _p.c.domain_id,
    _domain.c.key,
    _domain.c.enabled,
    _p.c.external,
    _p.c.node,
    _p.c.created,
    _p.c.bytes,
    _p.c["items"],
    _p.c.credential_version,
    or_(
        exists().where(
            schema.sieve_script.c.account_id.in_((_p.c.id, _p.c.domain_id, SERVER)), schema.sieve_script.c.active
        ),
        exists().where(schema.setting.c.principal_id == _p.c.id, schema.setting.c.name == "forwardTo"),
    ),
    *_EPOCHS,
)


def chosen(*more: Any) -> Select[Any]:
    """A SELECT of principals as `read` takes its rows, with further columns behind."""
    return select(*_COLUMNS, *more).select_from(
        _p.outerjoin(_domain, _domain.c.id == _p.c.domain_id).outerjoin(_place, _place.c.id == _p.c.folder_id)
    )


_BY_ID: Final = chosen().where(_p.c.id == bindparam("principal"))
_BY_KEY: Final = chosen().where(_p.c.key == bindparam("which"))
_BY_ADDRESS: Final = (
    chosen(schema.address.c.expires)
    .join(schema.address, schema.address.c.principal_id == _p.c.id)
    .where(schema.address.c.address == bindparam("which"))
)
_KEY: Final = select(_p.c.key).where(_p.c.id == bindparam("principal"))
_ALIASES: Final = (
    select(schema.address.c.address)
    .where(schema.address.c.principal_id == bindparam("principal"), ~schema.address.c.primary)
    .where(or_(schema.address.c.expires.is_(None), schema.address.c.expires > bindparam("now")))
    .order_by(schema.address.c.address)
)
_KEY_ID: Final = select(_p.c.id).where(_p.c.key == bindparam("which"))
_INSERT: Final = (
    insert(schema.principal)
    .values(
        {
            each: bindparam(each)
            for each in ("kind", "key", "name", "domain_id", "folder_id", "enabled", "external", "node", "created")
        }
    )
    .returning(_p.c.id)
)
_INSERT_ADDRESS: Final = insert(schema.address).values(
    {each: bindparam(each) for each in ("address", "principal_id", "primary", "expires")}
)
_SET_ROOT: Final = update(schema.principal).where(_p.c.id == bindparam("principal")).values(root_id=bindparam("root"))


_NO_ACCOUNTS: Final = frozenset(
    {
        PrincipalKind.SERVER,
        PrincipalKind.SPECIAL,
        PrincipalKind.DOMAIN,
        PrincipalKind.PUBLIC,
        PrincipalKind.REMOTE,
        PrincipalKind.LINK,
    }
)


@dataclass(frozen=True, slots=True)
class Known:
    """A principal as the database has it."""

    id: AccountId
    kind: PrincipalKind
    key: str
    name: str
    enabled: bool
    root: FolderId | None
    folder: FolderId | None
    """Of a folder recipient, while that folder is there."""
    folder_owner: AccountId | None
    class_id: int | None
    domain_id: int | None
    domain: str
    domain_enabled: bool
    external: str | None
    node: str | None
    created: int
    bytes: int
    items: int
    version: int
    ruled: bool
    """Whether it, its domain or the server has an active script, or it forwards its mail."""
    settings: int
    """The epoch of settings."""
    memberships: int
    """The epoch of memberships."""

    @property
    def address(self) -> str:
        """Its primary address; of a domain, its name."""
        return self.key.partition(":")[2] or self.key

    @property
    def usable(self) -> bool:
        """Whether neither it nor its domain is disabled."""
        return self.enabled and self.domain_enabled


def read(row: Row) -> Known:
    """The principal of a row of `chosen`."""
    domain = (row[10] or "").removeprefix("domain:")
    kind, enabled = PrincipalKind(row[1]), bool(row[4])
    home = (domain, row[10] is None or bool(row[11]))
    return Known(*(row[0], kind, *row[2:4], enabled, *row[5:10], *home, *row[12:18], bool(row[18]), *row[19:21]))


def by_id(sql: Sql, principal: int) -> Known | None:
    """The principal of that number."""
    row = sql.row(_BY_ID, {"principal": principal})
    return read(row) if row is not None else None


def by_key(sql: Sql, key: str) -> Known | None:
    """The principal that a grant would name so."""
    row = sql.row(_BY_KEY, {"which": key})
    return read(row) if row is not None else None


def by_address(sql: Sql, address: str) -> Known | None:
    """Whose address this is, letter for letter; an alias that has expired is nobody's."""
    row = sql.row(_BY_ADDRESS, {"which": address})
    if row is None or (row[21] is not None and row[21] <= now_micros()):
        return None
    return read(row)


@dataclass(frozen=True, slots=True)
class Lead:
    """Where an address leads: to `found`, by way of the sub-address `tag`; else only to the domain `home`, or away."""

    found: Known | None
    tag: str = ""
    home: Known | None = None


def lead(sql: Sql, address: str, *, tagged: bool) -> Lead:
    """Whose address this is: itself, by an alias of its domain; `tagged`: also a sub-address, or a list's word."""
    plain = normal(address)
    local, at, domain = plain.rpartition("@")
    if not at or not local or not plain.isprintable():
        return Lead(None)
    found = by_address(sql, plain)
    if found is not None:
        return Lead(found)
    home = by_address(sql, domain)
    if home is None:
        return Lead(None)
    base, _, _ = local.partition(TAG)
    tag = address.strip().rpartition("@")[0].partition(TAG)[2]
    ways = [(local, "")] if home.address != domain else []
    if tagged and base and base != local:
        ways.append((base, tag))
    for name, via in ways:
        found = by_address(sql, f"{name}@{home.address}")
        if found is not None:
            return Lead(found, via, home)
    return _lead_to_list(sql, base or local, tag, home) if tagged else Lead(None, "", home)


def _lead_to_list(sql: Sql, local: str, tag: str, home: Known) -> Lead:
    """The list whose address this is with a word behind its name, as `news-request@x` or `news-confirm+TOKEN@x`."""
    name, _, word = local.rpartition("-")
    found = by_address(sql, f"{name}@{home.address}") if name and word in WORDS else None
    if found is None or found.kind is not PrincipalKind.LIST:
        return Lead(None, "", home)
    return Lead(found, f"{word}{TAG}{tag}" if tag else word, home)


# --- shown ----------------------------------------------------------------------------------------------------------


def shown(tx: Tx, found: Known) -> Account:
    """A principal as the rest of the house sees it."""
    values = {"principal": found.id, "now": now_micros()}
    aliases = [address for (address,) in tx.sql.rows(_ALIASES, values)]
    above = tx.sql.value(_KEY, {"principal": found.class_id}) if found.class_id is not None else ""
    return account_of(found, aliases, above)


def account_of(found: Known, aliases: Sequence[str], class_key: str) -> Account:
    """The same, with its aliases and its class at hand."""
    return Account(
        id=found.id,
        address=found.address,
        aliases=tuple(aliases),
        kind=found.kind,
        root=found.root,
        domain=found.domain,
        name=found.name,
        enabled=found.enabled,
        external=found.external,
        created=moment(found.created),
        bytes=found.bytes,
        items=found.items,
        version=found.version,
        account_class=class_key.removeprefix("class:"),
        folder=found.folder,
    )


_HOLD_RIGHTS: Final = (PrincipalKind.ACCOUNT, PrincipalKind.GROUP)

# --- who may --------------------------------------------------------------------------------------------------------


def named(tx: Tx, key: AccountId | str) -> Known | None:
    """The principal of that number, that address (also by an alias of its domain), or that key (`group:sales@x`)."""
    if isinstance(key, int):
        return by_id(tx.sql, key)
    if ":" in key:
        return by_key(tx.sql, normal(key)) if key.isprintable() else None
    return lead(tx.sql, key, tagged=False).found


def permit(tx: Tx, found: Known | None, domain: str, said: str) -> Known:
    """The principal, when the asking one administers its domain. `NoRight`, and only then `NotFound`.

    `domain` is the one that the address `said` names, for when nothing was found. What administers the server is for
    those alone who do so too: else who sets its password would be one of them.
    """
    if found is not None:
        domain = found.address if found.kind is PrincipalKind.DOMAIN else found.domain
    administer(tx, domain)
    if found is None:
        raise NotFound(f"{said[:80]}: there is no such account, group, list or resource")
    _check_not_above(tx, found)
    return found


def _check_not_above(tx: Tx, found: Known) -> None:
    if Right.ADMIN in tx.who.floor or found.kind not in _HOLD_RIGHTS:
        return
    tree = tx.tree(SERVER)
    if not any(Right.ADMIN in each.allow for each in tree.grants.get(tree.root, ())):
        return
    domain = f"domain:{found.domain}" if found.domain else None
    names = identifiers_of(tx.sql, found.id, found.key, domain)
    if Right.ADMIN in tree.rights(Principal(found.id, found.key, names), tree.root):
        tx.administer(None)


def administer(tx: Tx, domain: str) -> None:
    """Passes for who administers that domain, or the server. `NoRight`."""
    if Right.ADMIN in tx.who.floor:
        return
    row = tx.sql.row(_KEY_ID, {"which": "public:" + domain}) if domain else None
    tx.administer(PrincipalId(row[0]) if row is not None else None)


def administered(tx: Tx, key: AccountId | str) -> Known:
    """The principal of that number or address, for who administers its domain. `NoRight`, `NotFound`."""
    text = str(key)
    found = named(tx, key)
    kind = found.kind if found is not None else None
    if kind in _NO_ACCOUNTS:
        found = None
    return permit(tx, found, normal(text).rpartition("@")[2], text)


def oneself_or(tx: Tx, of: AccountId | str | None) -> AccountId:
    """Whose belongings are meant. Oneself, or `a` on the domain."""
    return tx.who.account if of is None or of == tx.who.account else administered(tx, of).id


# --- rows that others share -----------------------------------------------------------------------------------------


def insert_principal(
    tx: Tx,
    kind: PrincipalKind,
    key: str,
    *,
    name: str = "",
    domain: int | None = None,
    folder: FolderId | None = None,
    enabled: bool = True,
    external: str | None = None,
    node: str | None = None,
) -> AccountId:
    """The number of a new principal."""
    values: Mapping[str, object] = {
        "kind": kind.value,
        "key": key,
        "name": name,
        "domain_id": domain,
        "folder_id": folder,
        "enabled": enabled,
        "external": external,
        "node": node,
        "created": now_micros(),
    }
    row = tx.sql.returning(_INSERT, values)
    assert row is not None
    return AccountId(row[0])


def insert_address(tx: Tx, address: str, principal: int, *, primary: bool = False, expires: int | None = None) -> None:
    """One more address of a principal."""
    tx.sql.change(
        _INSERT_ADDRESS, {"address": address, "principal_id": principal, "primary": primary, "expires": expires}
    )
    tx.move_people()


def set_root(tx: Tx, principal: AccountId, root: FolderId) -> None:
    """Its tree begins here."""
    tx.sql.change(_SET_ROOT, {"principal": principal, "root": root})
