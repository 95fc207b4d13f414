"""Who else there is: the people, groups and resources of one's own domain, by name and address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, func, or_, select, text

from groupware.model.principal import Person, PrincipalKind

from . import schema
from .paths import domain_of
from .tx import Tx

KINDS: Final = ("account", "group", "list", "resource", "recipient")
_p, _a = schema.principal.c, schema.address.c
_domain = schema.principal.alias("dom")
_PEOPLE: Final = (
    select(_a.address, _p.name, _p.kind)
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


def people(tx: Tx, match: str, limit: int) -> Sequence[Person]:
    """See `ReadTx.people`."""
    domain = domain_of(tx.who)
    if not domain:
        return []
    plain = match.lower().replace("/", "//").replace("%", "/%").replace("_", "/_")
    values = {"domain": f"domain:{domain}", "pattern": f"%{plain}%", "most": limit}
    return [Person(address, name, PrincipalKind(kind)) for address, name, kind in tx.sql.rows(_PEOPLE, values)]
