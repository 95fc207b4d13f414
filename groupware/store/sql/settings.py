"""Settings: account > class > domain > server > default, kept in memory under the epoch of settings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from groupware.model.errors import NotFound, Refused
from groupware.model.ids import AccountId, PrincipalId
from groupware.model.principal import PrincipalKind, Setting
from groupware.model.setting import Declared, Value, checked
from groupware.model.settings import SETTINGS, declared

from . import schema, standing
from .guard import SERVER
from .kept import Level
from .principals import by_id, lead, permit
from .tx import Tx

_s, _p = schema.setting.c, schema.principal.c
_EPOCH: Final = select(schema.meta.c.value).where(schema.meta.c.name == "settings")
_LEVEL: Final = (
    select(_p.kind, _p.class_id, _p.domain_id, _s.name, _s.value)
    .select_from(schema.principal.outerjoin(schema.setting, _s.principal_id == _p.id))
    .where(_p.id == bindparam("principal"))
)
_UPDATE: Final = (
    update(schema.setting)
    .where(_s.principal_id == bindparam("principal"), _s.name == bindparam("which"))
    .values(value=bindparam("text"))
)
_INSERT: Final = insert(schema.setting).values(
    principal_id=bindparam("principal"), name=bindparam("which"), value=bindparam("text")
)
_DELETE: Final = delete(schema.setting).where(_s.principal_id == bindparam("principal"), _s.name == bindparam("which"))

_DEFAULTS: Final = {each.name: Setting(each.name, each.default, "default", False) for each in SETTINGS.values()}
_ORIGINS: Final = {PrincipalKind.DOMAIN: "domain", PrincipalKind.SERVER: "server", PrincipalKind.CLASS: "class"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What an owner's tree may hold; 0: no limit."""

    bytes: int
    items: int
    folders: int
    warned_at: int = 100
    """Percent of the first two from which on the owner is told."""


# --- what holds -----------------------------------------------------------------------------------------------------


def effective(tx: Tx, name: str, principal: int, epoch: int) -> Setting:
    """The effective value for a principal; no right is looked at. `epoch` is that of settings."""
    return _effective(SETTINGS[name], list(_chain(tx, principal, epoch)))


def limits(tx: Tx, owner: AccountId, epoch: int) -> Limits:
    """What the owner's tree may hold. `epoch` is that of settings; a public tree has only quotas of its own."""
    chain = list(_chain(tx, owner, epoch))
    if chain[0].own_quota:
        chain = chain[:1]
    size, items, folders, warned_at = (
        int(_effective(SETTINGS[name], chain).value)
        for name in ("mailboxSize", "mailboxMessageCount", "mailboxFolderCount", "quotaLimitThreshold")
    )
    return Limits(size * 1024, items, folders, warned_at)


def _effective(setting: Declared, chain: Sequence[Level]) -> Setting:
    set_on = [level for level in chain if setting.name in level.values]
    if not set_on:
        return _DEFAULTS[setting.name]
    explicit = set_on[0] is chain[0]
    if setting.every:
        off = next((level for level in reversed(_decisive(set_on)) if not level.values[setting.name]), None)
        set_on = [off] if off is not None else set_on
    return Setting(setting.name, set_on[0].values[setting.name], set_on[0].origin, explicit)


def _decisive(set_on: Sequence[Level]) -> Sequence[Level]:
    """The levels that each may turn a switch off: of the account and its class, only the nearer."""
    own = [level for level in set_on if level.origin in ("account", "class")][:1]
    return [*own, *(level for level in set_on if level.origin not in ("account", "class"))]


def _chain(tx: Tx, principal: int, epoch: int) -> Iterator[Level]:
    first = _level(tx, principal, epoch)
    yield first
    for each in first.above:
        yield _level(tx, each, epoch)


def _level(tx: Tx, principal: int, epoch: int) -> Level:
    found = tx.memory.levels.get(principal, epoch)
    if found is None:
        found = _load(tx, principal)
        tx.memory.levels.keep(principal, epoch, found)
    return found


def _load(tx: Tx, principal: int) -> Level:
    rows = tx.sql.rows(_LEVEL, {"principal": principal})
    if not rows:
        raise NotFound(f"there is nobody with the number {principal}")
    kind, above_class, domain, _, _ = rows[0]
    values = {name: json.loads(text) for _, _, _, name, text in rows if name in SETTINGS}
    above = () if principal == SERVER else tuple(each for each in (above_class, domain, SERVER) if each is not None)
    return Level(_ORIGINS.get(PrincipalKind(kind), "account"), above, values, kind == PrincipalKind.PUBLIC)


# --- through the door -----------------------------------------------------------------------------------------------


def epoch(tx: Tx) -> int:
    """The epoch of settings."""
    return int(tx.sql.value(_EPOCH))


def setting(tx: Tx, name: str, of: PrincipalId | AccountId | None) -> Setting:
    """The effective value. Oneself, or `a`."""
    found = declared(name)
    return _effective(found, list(_chain(tx, *_whose(tx, of, own=True))))


def settings(tx: Tx, of: PrincipalId | AccountId | None, names: Sequence[str] | None = None) -> Sequence[Setting]:
    """Every setting, or those of these names, with its effective value and origin. Oneself, or `a`."""
    chain = list(_chain(tx, *_whose(tx, of, own=True)))
    return [_effective(each, chain) for each in (SETTINGS.values() if names is None else map(declared, names))]


def put(tx: Tx, name: str, value: Value | None, of: PrincipalId | AccountId | None) -> None:
    """Sets it explicitly, or with None makes it inherited again. `a` on the domain (or server), or oneself."""
    found = declared(name)
    principal, _ = _whose(tx, of, own=found.personal)
    origin = _load(tx, principal).origin
    if origin not in found.scopes:
        raise Refused(f"{found.name} is set on {' or '.join(found.scopes)}, not on {origin}")
    values: Mapping[str, object] = {"principal": principal, "which": found.name}
    if value is None:
        changed = tx.sql.change(_DELETE, values)
    else:
        kept = checked(found, value)
        if found.addresses:
            _check_circle(tx, found.name, str(kept), principal)
        values = {**values, "text": json.dumps(kept)}
        changed = tx.sql.change(_UPDATE, values) or tx.sql.change(_INSERT, values)
    if changed:
        tx.move_settings()
        if found.name in standing.DECIDING:
            standing.moved(tx, AccountId(principal) if origin == "account" else None, {"name": found.name})
        tx.note_administration("setting.put", AccountId(principal), {"name": found.name, "value": value})


def check_may_set(tx: Tx, of: AccountId) -> None:
    """`NoRight` for who does not administer an account's settings: `a` on its domain, or the server."""
    _whose(tx, of, own=False)


def _check_circle(tx: Tx, name: str, addresses: str, principal: int) -> None:
    for each in addresses.split():
        found = lead(tx.sql, each, tagged=True).found
        if found is not None and found.id == principal:
            raise Refused(f"{name}: {each} is an address of the account itself; mail would come back")


def _whose(tx: Tx, of: PrincipalId | AccountId | None, *, own: bool) -> tuple[int, int]:
    """Whose settings are meant, and the epoch of settings; None: the asking principal's own (the operator's: the
    server's)."""
    principal = tx.who.account if of is None else of
    if own and principal == tx.who.account:
        return principal, int(tx.sql.value(_EPOCH))
    if principal == SERVER:
        tx.administer(None)
        return principal, int(tx.sql.value(_EPOCH))
    return principal, permit(tx, by_id(tx.sql, principal), "", f"number {principal}").settings
