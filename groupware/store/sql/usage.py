"""What each owner of folders uses of the server, in one look at the rows that every write keeps up to date."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, func, or_, select

from groupware.model.principal import PrincipalKind
from groupware.model.settings import SETTINGS
from groupware.model.times import now_micros
from groupware.model.usage import Usage

from . import schema
from .guard import SERVER
from .tx import Tx

_p, _s, _t = schema.principal.c, schema.browser_session.c, schema.setting.c
_home = schema.principal.alias("home").c
_OWNERS: Final = (
    select(_p.id, _p.key, _p.kind, _p.class_id, _p.domain_id, _home.key, _p.bytes, _p["items"])
    .select_from(schema.principal.join(_home.id.table, _home.id == _p.domain_id))
    .where(_p.root_id.is_not(None))
    .order_by(_p.id)
)
_SESSIONS: Final = select(_s.account_id, func.count()).where(_s.until > bindparam("now")).group_by(_s.account_id)
_SIZE, _COUNT = "mailboxSize", "mailboxMessageCount"
_LIMITS: Final = select(_t.principal_id, _t.name, _t.value).where(or_(_t.name == _SIZE, _t.name == _COUNT))
Limits = Mapping[tuple[int, str], int]


def usage(tx: Tx) -> Sequence[Usage]:
    """See `ReadTx.usage`. `a` on the server."""
    tx.administer(None)
    sessions: dict[int, int] = dict(tx.sql.rows(_SESSIONS, {"now": now_micros()}))
    limits = {(principal, name): int(json.loads(value)) for principal, name, value in tx.sql.rows(_LIMITS)}
    found = []
    for principal, key, kind, above, domain, home, octets, items in tx.sql.rows(_OWNERS):
        chain = [principal] if kind == PrincipalKind.PUBLIC else [principal, above, domain, SERVER]
        most = [_limit(limits, name, chain) for name in (_SIZE, _COUNT)]
        name, where = key.removeprefix("public:"), home.removeprefix("domain:")
        use = Usage(
            name, PrincipalKind(kind), where, octets, items, most[0] * 1024, most[1], sessions.get(principal, 0)
        )
        found.append(use)
    return found


def _limit(limits: Limits, name: str, chain: Sequence[int | None]) -> int:
    """What the nearest says that says anything; a public tree has only quotas of its own."""
    said = (limits.get((each, name)) for each in chain if each is not None)
    return next((each for each in said if each is not None), int(SETTINGS[name].default))
