"""Links to folders: each is a principal of its own, that a grant names like any other (decision 211).

1. Only the digest of a link's secret is stored; the first of it is the name by which grants know the link.
2. A link is of no domain and no group: it holds what names it, and what `anyone` has.
3. It goes with its folder.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, or_, select

from groupware.model.errors import NotFound, OverQuota, Refused
from groupware.model.ids import AccountId, FolderId
from groupware.model.link import PREFIX, Bearer, Link
from groupware.model.principal import ANYONE, Principal, PrincipalKind
from groupware.model.rights import Right
from groupware.model.times import moment, now_micros
from groupware.store.api import Where

from . import grants, schema
from .principals import insert_principal
from .tx import Tx

MOST: Final = 200
"""Links that a folder may have."""
_NAMED_BY: Final = 12
"""Hexadecimal digits of the digest that name a link."""
_KIND: Final = "link"
_p, _c, _f = schema.principal.c, schema.credential.c, schema.folder.c
_owner, _domain = schema.principal.alias("owner"), schema.principal.alias("dom")
_OF: Final = (
    select(_p.id, _p.key, _p.name, _p.created)
    .where(_p.kind == _KIND, _p.folder_id == bindparam("at"))
    .order_by(_p.created, _p.id)
)
_COUNT: Final = select(func.count()).where(_p.kind == _KIND, _p.folder_id == bindparam("at"))
_KEEP: Final = insert(schema.credential).values(
    account_id=bindparam("link"), kind=_KIND, value=bindparam("digest"), created=bindparam("now")
)
_BEARER: Final = (
    select(_p.id, _p.key, _c.value, _f.id)
    .select_from(
        schema.principal.join(schema.credential, _c.account_id == _p.id)
        .join(schema.folder, _f.id == _p.folder_id)
        .join(_owner, _owner.c.id == _f.owner_id)
        .outerjoin(_domain, _domain.c.id == _owner.c.domain_id)
    )
    .where(_p.kind == _KIND, _p.key == bindparam("key"), _c.kind == _KIND)
    .where(_owner.c.enabled, or_(_domain.c.id.is_(None), _domain.c.enabled))
)
_ANYONE: Final = select(_p.id).where(_p.key == ANYONE)
_DROP: Final = delete(schema.principal).where(_p.id == bindparam("link"), _p.kind == _KIND)


def links(tx: Tx, at: Where) -> Sequence[Link]:
    """See `ReadTx.links`. Takes `a`."""
    here = tx.open(at, Right.ADMIN)
    rows = {row.grantee: row for row in here.tree.grants.get(here.id, ())}
    found = []
    for _, key, label, created in tx.sql.rows(_OF, {"at": here.id}):
        row = rows.get(key)
        if row is None:
            found.append(Link(key, label, Right.NONE, moment(created)))
        else:
            found.append(Link(key, label, row.allow, moment(created), row.expires, row.by))
    return found


def put(tx: Tx, at: Where, digest: str, rights: Right, expires: datetime | None, label: str) -> Link:
    """See `WriteTx.put_link`. `a`."""
    here = tx.open(at, Right.ADMIN)
    if not rights or Right.ADMIN in rights:
        raise Refused("a link grants something, and never the right 'a': use a level, as viewer, or letters")
    if tx.sql.value(_COUNT, {"at": here.id}) >= MOST:
        path = here.path
        raise OverQuota(f"folder {path} has {MOST} links already: withdraw some that are not used any more")
    key = PREFIX + digest[:_NAMED_BY]
    link = insert_principal(tx, PrincipalKind.LINK, key, name=label, folder=here.id)
    tx.sql.change(_KEEP, {"link": link, "digest": digest, "now": now_micros()})
    grants.grant(tx, here.id, key, rights, Right.NONE, expires, label, keep=Right.NONE)
    return Link(key, label, rights, moment(now_micros()), expires, tx.who.name)


def drop(tx: Tx, at: Where, ident: str) -> None:
    """See `WriteTx.drop_link`. `a`."""
    here = tx.open(at, Right.ADMIN)
    key = ident.strip().lower()
    link = next((row[0] for row in tx.sql.rows(_OF, {"at": here.id}) if row[1] == key), None)
    if link is None:
        raise NotFound(f"{ident[:60]!r}: folder {here.path} has no such link")
    grants.grant(tx, here.id, key, Right.NONE, Right.NONE, None, "", keep=Right.NONE)
    tx.sql.change(_DROP, {"link": link})


def bearer(tx: Tx, digest: str) -> Bearer:
    """See `ReadTx.bearer`. Takes `a` on the server."""
    tx.administer(None)
    row = tx.sql.row(_BEARER, {"key": PREFIX + digest[:_NAMED_BY]})
    if row is None or not hmac.compare_digest(row[2], digest):
        raise NotFound("there is no such link")
    return Bearer(Principal(AccountId(row[0]), row[1], frozenset({row[1], ANYONE})), FolderId(row[3]))


def anyone(tx: Tx) -> Principal:
    """See `ReadTx.anyone`."""
    return Principal(AccountId(tx.sql.value(_ANYONE)), ANYONE, frozenset({ANYONE}))
