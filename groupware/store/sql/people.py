"""Who else there is: the people, groups and resources of one's own domain, by name and address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, func, or_, select, text

from groupware.model.ids import ModSeq
from groupware.model.principal import Person, PrincipalKind
from groupware.model.record import RecordKind

from . import schema, settings
from .tree import domain_of
from .tx import Tx

PUBLISHED: Final = "publishContactInfo"
"""The setting that says whether others find somebody."""
KINDS: Final = ("account", "group", "list", "resource", "recipient")
_p, _a = schema.principal.c, schema.address.c
_domain = schema.principal.alias("dom")
_PEOPLE: Final = (
    select(_a.address, _p.name, _p.kind, _p.id)
    .select_from(
        schema.principal.join(schema.address, _a.principal_id == _p.id).join(_domain, _domain.c.id == _p.domain_id)
    )
    .where(_domain.c.key == bindparam("domain"))
    .where(_a.primary, text("principal.enabled"), or_(*[_p.kind == each for each in KINDS]))
    .where(
        or_(
            func.lower(_p.name).like(bindparam("pattern"), escape="/"),
            func.lower(_a.address).like(bindparam("pattern"), escape="/"),
        )
    )
    .order_by(_a.address)
    .limit(bindparam("most"))
)


_ALIASES: Final = (
    select(_a.principal_id, _a.address)
    .select_from(
        schema.address.join(schema.principal, _p.id == _a.principal_id).join(_domain, _domain.c.id == _p.domain_id)
    )
    .where(_domain.c.key == bindparam("domain"), _a.expires.is_(None))
    .where(~_a.primary)
    .order_by(_a.address)
)
_r = schema.record.c
_PHOTO: Final = (
    select(_p.id, _r.facts)
    .select_from(
        schema.record.join(schema.principal, _p.id == _r.account_id)
        .join(schema.address, _a.principal_id == _p.id)
        .join(_domain, _domain.c.id == _p.domain_id)
    )
    .where(_r.kind == RecordKind.PHOTO.value, _r.gone.is_(False))
    .where(_domain.c.key == bindparam("domain"), _a.address == bindparam("address"), text("principal.enabled"))
    .order_by(_r.id.desc())
    .limit(1)
)
_PHOTOS: Final = (
    select(_p.id, _r.id, _r.changed)
    .select_from(
        schema.record.join(schema.principal, _p.id == _r.account_id).join(_domain, _domain.c.id == _p.domain_id)
    )
    .where(_domain.c.key == bindparam("domain"), _r.kind == RecordKind.PHOTO.value, _r.gone.is_(False))
    .order_by(_r.id)
)
_ANY_HIDDEN: Final = select(func.count()).where(schema.setting.c.name == PUBLISHED)
_EPOCHS: Final = select(func.sum(schema.meta.c.value)).where(
    or_(*[schema.meta.c.name == each for each in ("memberships", "settings", "people")])
)


def people(tx: Tx, match: str, limit: int) -> Sequence[Person]:
    """See `ReadTx.people`."""
    domain = domain_of(tx.who)
    if not domain:
        return []
    plain = match.lower().replace("/", "//").replace("%", "/%").replace("_", "/_")
    hiding = bool(tx.sql.value(_ANY_HIDDEN))
    values = {"domain": f"domain:{domain}", "pattern": f"%{plain}%", "most": 1 << 31 if hiding else limit}
    rows = tx.sql.rows(_PEOPLE, values)
    if hiding:
        epoch = settings.epoch(tx)
        rows = [row for row in rows if settings.effective(tx, PUBLISHED, row[3], epoch).value][:limit]
    whole = {"domain": f"domain:{domain}"}
    aliases: dict[int, list[str]] = {}
    for number, address in tx.sql.rows(_ALIASES, whole) if rows else ():
        aliases.setdefault(number, []).append(address)
    there = {each[0]: f"{each[1]}-{each[2]}" for each in (tx.sql.rows(_PHOTOS, whole) if rows else ())}
    return [
        Person(row[0], row[1], PrincipalKind(row[2]), tuple(aliases.get(row[3], ())), there.get(row[3], ""))
        for row in rows
    ]


def photos(tx: Tx, addresses: Sequence[str]) -> Mapping[str, str]:
    """See `ReadTx.photos`."""
    domain, found = domain_of(tx.who), {}
    for each in addresses if domain else ():
        row = tx.sql.row(_PHOTO, {"domain": f"domain:{domain}", "address": each.lower()})
        if row is not None and (row[0] == tx.who.account or _shown(tx, row[0])):
            found[each.lower()] = str(row[1])
    return found


def _shown(tx: Tx, number: int) -> bool:
    """Whether others find that account."""
    if not tx.sql.value(_ANY_HIDDEN):
        return True
    return bool(settings.effective(tx, PUBLISHED, number, settings.epoch(tx)).value)


def people_at(tx: Tx) -> ModSeq:
    """See `ReadTx.people_at`."""
    return ModSeq(int(tx.sql.value(_EPOCHS)))
