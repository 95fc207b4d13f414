"""Where mail goes, who may write as whom, and aliases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.sql import ColumnElement, FromClause, Select

from groupware.model.addresses import checked_address, is_unguessable, normal
from groupware.model.errors import NotFound, OverQuota, Refused
from groupware.model.event import Target
from groupware.model.ids import AccountId, FolderId
from groupware.model.principal import PrincipalKind
from groupware.model.rights import ALL, Right
from groupware.model.times import micros, moment, now_micros

from . import schema
from .accounts import enter, free
from .engine import Sql
from .principals import (
    Known,
    administered,
    by_address,
    by_id,
    chosen,
    insert_address,
    lead,
    oneself_or,
    permit,
    read,
    shown,
)
from .room import room_left
from .screening import is_screened
from .settings import effective, limits
from .tx import Tx

SENDING: Final = (Right.SEND_AS, Right.SEND_ON_BEHALF)

_a = schema.address.c
_OF_DOMAIN: Final = select(_a.address).where(_a.principal_id == bindparam("principal")).order_by(_a.address)
_THERE: Final = select(_a.principal_id, _a.primary).where(_a.address == bindparam("which"))
_TEMPORARY: Final = (
    select(func.count())
    .select_from(schema.address)
    .where(_a.principal_id == bindparam("principal"), _a.expires > bindparam("now"))
)
_ENDING: Final = (
    select(_a.address, _a.expires)
    .where(_a.principal_id == bindparam("principal"), _a.expires > bindparam("now"))
    .order_by(_a.expires, _a.address)
)
_DROP: Final = delete(schema.address).where(_a.address == bindparam("which"))
_RENEW: Final = update(schema.address).where(_a.address == bindparam("which")).values(expires=bindparam("until"))


def _is_group(principal: FromClause) -> ColumnElement[bool]:
    return principal.c.kind == PrincipalKind.GROUP.value


def _members_below() -> Select[Any]:
    """Everybody in a group, directly or through enabled groups, each once; a list in it is one of them."""
    group, member = schema.principal.alias("grp"), schema.member.c
    members = select(member.member_id).join(group, group.c.id == member.group_id)
    members = members.where(group.c.enabled, _is_group(group))
    below = members.where(member.group_id == bindparam("group")).cte("below", recursive=True)
    below = below.union(members.join(below, member.group_id == below.c.member_id))
    everybody = chosen().join(below, below.c.member_id == schema.principal.c.id)
    return everybody.where(~_is_group(schema.principal)).order_by(schema.principal.c.id)


_BELOW: Final = _members_below()
_ACCOUNTS: Final = (
    chosen().where(schema.principal.c.kind == PrincipalKind.ACCOUNT.value).order_by(schema.principal.c.id)
)
_EVERYBODY: Final = {
    "domain": _ACCOUNTS.where(schema.principal.c.domain_id == bindparam("domain")),
    "server": _ACCOUNTS,
}


# --- where mail goes ------------------------------------------------------------------------------------------------


def resolve(tx: Tx, address: str) -> Sequence[Target]:
    """Where mail to an address goes. `NotFound`; `Refused` when incoming mail is switched off there."""
    way = lead(tx.sql, address, tagged=True)
    if way.found is not None:
        return _targets(tx, way.found, way.tag, address)
    local, _, _ = address.strip().rpartition("@")
    if not local or not address.strip().isprintable():
        raise _nobody(address)
    if way.home is None:
        return [Target("remote", address=address.strip())]
    caught = str(effective(tx, "catchAll", way.home.id, way.home.settings).value)
    if not caught or not way.home.enabled:
        raise _nobody(address)
    further = lead(tx.sql, caught, tagged=True)
    if further.found is not None:
        return _targets(tx, further.found, further.tag, address)
    if further.home is None and "@" in caught:
        return [Target("remote", address=normal(caught))]
    raise _nobody(address)


def _nobody(address: str) -> NotFound:
    return NotFound(f"{address[:320]}: there is nobody of that address here")


def _targets(tx: Tx, found: Known, tag: str, address: str) -> Sequence[Target]:
    if not found.usable:
        raise _nobody(address)
    if found.kind is not PrincipalKind.GROUP:
        target = _target(found, tag)
        if target is None:
            raise _nobody(address)
        if not _takes_mail(tx, found):
            raise Refused(f"{address[:320]}: this address takes no mail at present")
        return [_judged(tx, found, target)]
    if not _takes_mail(tx, found):
        raise Refused(f"{address[:320]}: this address takes no mail at present")
    reached = [
        (each, replace(target, group=found.id, screened=is_screened(tx, each)))
        for each in _meant(tx, found, address)
        if each.usable and (target := _target(each, "")) is not None and _takes_mail(tx, each)
    ]
    if not reached:
        raise NotFound(f"{address[:320]}: nobody is in this group, or nobody in it takes mail")
    if len(reached) == 1:
        return [_judged(tx, *reached[0])]
    return [target for _, target in reached]


def _meant(tx: Tx, group: Known, address: str) -> Sequence[Known]:
    """To whom mail to a group goes, as `distributeEmailTo` says."""
    wanted = str(effective(tx, "distributeEmailTo", group.id, group.settings).value)
    if wanted == "nobody":
        raise Refused(f"{address[:320]}: mail to this group goes to nobody")
    if wanted in _EVERYBODY:
        return [read(row) for row in tx.sql.rows(_EVERYBODY[wanted], {"domain": group.domain_id})]
    return [read(row) for row in tx.sql.rows(_BELOW, {"group": group.id})]


def _target(found: Known, tag: str) -> Target | None:
    """Where one principal's mail goes; None: a folder recipient without its folder, or who gets no mail."""
    if found.kind is PrincipalKind.REMOTE:
        return Target("remote", address=found.address)
    if found.kind is PrincipalKind.RECIPIENT:
        if found.folder is None:
            return None
        return Target("folder", found.folder_owner, FolderId(found.folder), found.address)
    if found.kind is PrincipalKind.LIST:
        return Target("list", found.id, None, found.address, tag, ruled=found.ruled)
    if found.kind in (PrincipalKind.ACCOUNT, PrincipalKind.RESOURCE):
        return Target("account", found.id, None, found.address, tag, ruled=found.ruled)
    return None


def _judged(tx: Tx, found: Known, target: Target) -> Target:
    """The target with the restrictions that hold for it."""
    if target.kind not in ("account", "list"):
        return target
    names = ("receiveRestriction", "receiveExceptions")
    policy, exceptions = (str(effective(tx, name, found.id, found.settings).value) for name in names)
    room = room_left(limits(tx, found.id, found.settings), found.bytes, found.items) if not found.ruled else None
    return replace(target, takes_from=(policy, exceptions), screened=is_screened(tx, found), room=room)


def _takes_mail(tx: Tx, found: Known) -> bool:
    if found.kind is PrincipalKind.REMOTE:
        return True
    return bool(effective(tx, "smtpIncoming", found.id, found.settings).value)


def of_account(tx: Tx, of: AccountId) -> Sequence[str]:
    """See `ReadTx.addresses`. One's own; `a` on the domain; who delivers."""
    found = by_id(tx.sql, of)
    if of != tx.who.account and Right.POST not in tx.who.floor:
        found = permit(tx, found, "", f"number {of}")
    if found is None:
        raise NotFound(f"there is nobody with the number {of}")
    own = [found.address, *shown(tx, found).aliases]
    names = [each for (each,) in tx.sql.rows(_OF_DOMAIN, {"principal": found.domain_id})] if found.domain_id else []
    local = [each.partition("@")[0] for each in own if each.endswith(f"@{found.domain}")]
    return list(dict.fromkeys([*own, *(f"{each}@{name}" for each in local for name in names)]))


# --- who may write as whom ------------------------------------------------------------------------------------------


def may_send_as(tx: Tx, address: str) -> bool:
    """Whether the asking principal may write `address` as the sender: its own, or a send-as right covers it.

    The right counts on the root folder of whose address it is; on the folder itself for a folder recipient.
    """
    if tx.who.floor == ALL:
        return True
    found = lead(tx.sql, address, tagged=True).found
    if found is None:
        return False
    if found.id == tx.who.account:
        return True
    owner, at = (found.folder_owner, found.folder) if found.kind is PrincipalKind.RECIPIENT else (found.id, found.root)
    if owner is None or at is None:
        return False
    rights = tx.tree(owner).rights(tx.who, at)
    return any(right in rights for right in SENDING)


# --- aliases --------------------------------------------------------------------------------------------------------


def put_alias(tx: Tx, key: str, alias: str, expires: datetime | None) -> None:
    """Another address for it, until `expires`; one that it has gets the new end. `a` on the domain. `AlreadyExists`."""
    found = administered(tx, key)
    if found.kind in (PrincipalKind.DOMAIN, PrincipalKind.CLASS):
        raise Refused(f"{found.address}: a {found.kind.value} has no such aliases")
    address = checked_address(alias)
    enter(tx, address)
    _give(tx, found, address, expires)


def _give(tx: Tx, found: Known, address: str, expires: datetime | None) -> None:
    until = None if expires is None else micros(expires)
    mine = _own(tx.sql, found, address)
    if mine == "primary":
        raise Refused(f"{address}: this is its address already")
    if mine == "alias":
        tx.sql.change(_RENEW, {"which": address, "until": until})
        tx.move_people()
    else:
        free(tx, address)
        insert_address(tx, address, found.id, expires=until)
    facts = {"alias": address, "expires": None if expires is None else expires.isoformat()}
    tx.note_administration("alias.put", found.id, facts)


def put_temporary(tx: Tx, key: str, alias: str, days: int) -> datetime:
    """See `WriteTx.put_temporary_alias`."""
    address = checked_address(alias)
    own = _oneself(tx, key, address)
    found = own or administered(tx, key)
    longest = int(effective(tx, "temporaryAliasLifetime", found.id, found.settings).value)
    if not 0 < days <= longest:
        raise Refused(f"{found.address}: a temporary alias lasts 1 to {longest} days (temporaryAliasLifetime)")
    most = int(effective(tx, "temporaryAliasCount", found.id, found.settings).value)
    if own is None:
        enter(tx, address)
    else:
        tx.bump(AccountId(own.domain_id or 0))
    now = now_micros()
    if tx.sql.value(_TEMPORARY, {"principal": found.id, "now": now}) >= most:
        said = f"{found.address}: it may have {most} temporary aliases, and has them (temporaryAliasCount)"
        raise OverQuota(said, "tooMany", most=most)
    until = moment(now) + timedelta(days=days)
    _give(tx, found, address, until)
    return until


def _oneself(tx: Tx, key: str, address: str) -> Known | None:
    """Oneself, who may have an address that nobody can guess without anybody's leave; None: it takes `a`."""
    own = by_id(tx.sql, tx.who.account)
    if own is None or own.kind is not PrincipalKind.ACCOUNT or own.address != normal(key):
        return None
    return own if is_unguessable(address, own.domain) else None


def temporary(tx: Tx, of: AccountId | str | None) -> Sequence[tuple[str, datetime]]:
    """See `ReadTx.temporary_aliases`."""
    rows = tx.sql.rows(_ENDING, {"principal": oneself_or(tx, of), "now": now_micros()})
    return [(address, moment(expires)) for address, expires in rows]


def _own(sql: Sql, found: Known, address: str) -> str:
    row = sql.row(_THERE, {"which": address})
    if row is None or row[0] != found.id:
        return ""
    return "primary" if row[1] else "alias"


def _is_own_temporary(tx: Tx, address: str) -> bool:
    own = tx.sql.rows(_ENDING, {"principal": tx.who.account, "now": now_micros()})
    return any(address == each for each, _ in own)


def drop_alias(tx: Tx, alias: str) -> None:
    """Takes the other address away. `a` on the domain, or oneself for a temporary one."""
    address = normal(alias)
    if not _is_own_temporary(tx, address):
        enter(tx, address)
    found = by_address(tx.sql, address)
    row = tx.sql.row(_THERE, {"which": address})
    if row is None:
        raise NotFound(f"{alias[:80]}: there is no such alias")
    if row[1]:
        raise Refused(f"{address}: this is no alias but the address itself; change or drop the account")
    tx.sql.change(_DROP, {"which": address})
    tx.move_people()
    if found is not None:
        tx.note_administration("alias.dropped", found.id, {"alias": address})
