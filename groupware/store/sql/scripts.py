"""Sieve scripts of accounts, domains and the server. What is in them is none of the store's business."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, text, update

from groupware.model.errors import AlreadyExists, Conflict, NotFound, Refused
from groupware.model.ids import AccountId, PrincipalId
from groupware.model.principal import PrincipalKind
from groupware.model.rights import Right
from groupware.model.script import ActiveScript, ScriptTooLong, StoredScript, TooManyScripts, script_name
from groupware.model.times import now_micros

from . import schema
from .credentials import OWNERS
from .guard import SERVER
from .principals import by_id, permit
from .settings import effective, epoch
from .tx import Tx

_s, _p = schema.sieve_script.c, schema.principal.c
_ONE: Final = (_s.account_id == bindparam("account"), _s.name == bindparam("which"))
_OF: Final = select(_s.name, func.length(_s.octets), _s.active, _s.changed).where(_s.account_id == bindparam("account"))
_OCTETS: Final = select(_s.octets).where(*_ONE)
_ACTIVE: Final = select(_s.name, _s.octets).where(_s.account_id == bindparam("account"), _s.active)
_f: Final = schema.setting.c
_EACH_ACTIVE: Final = (
    select(_p.id, _p.key, _p.name, _s.name, _s.octets, _f.value)
    .select_from(
        schema.principal.outerjoin(schema.sieve_script, and_(_s.account_id == _p.id, _s.active)).outerjoin(
            schema.setting, and_(_f.principal_id == _p.id, _f.name == "forwardTo")
        )
    )
    .where(or_(_s.account_id.is_not(None), _f.value.is_not(None)))
)
_ACTIVES: Final = {
    True: _EACH_ACTIVE.where(_p.id == func.any(bindparam("all"))),
    False: _EACH_ACTIVE.where(_p.id.in_(text("SELECT value FROM json_each(:all)").bindparams(bindparam("all")))),
}
_home: Final = schema.principal.alias("home")
_ABOVE: Final = (
    select(_p.id, _p.key, _p.name, _home.c.id, _s.name, _s.octets)
    .select_from(schema.principal)
    .join(_home, or_(_home.c.id == _p.domain_id, _home.c.id == SERVER))
    .join(schema.sieve_script, and_(_s.account_id == _home.c.id, _s.active))
)
_ABOVES: Final = {
    True: _ABOVE.where(_p.id == func.any(bindparam("all"))),
    False: _ABOVE.where(_p.id.in_(text("SELECT value FROM json_each(:all)").bindparams(bindparam("all")))),
}
_LOCK: Final = select(schema.principal.c.id).where(schema.principal.c.id == bindparam("account")).with_for_update()
_CHANGE: Final = update(schema.sieve_script).where(*_ONE).values(octets=bindparam("text"), changed=bindparam("now"))
_INSERT: Final = insert(schema.sieve_script).values(
    account_id=bindparam("account"),
    name=bindparam("which"),
    octets=bindparam("text"),
    active=False,
    changed=bindparam("now"),
)
_NONE_ACTIVE: Final = (
    update(schema.sieve_script).where(_s.account_id == bindparam("account"), _s.active).values(active=False)
)
_ACTIVATE: Final = update(schema.sieve_script).where(*_ONE).values(active=True)
_RENAME: Final = update(schema.sieve_script).where(*_ONE).values(name=bindparam("new"), changed=bindparam("now"))
_DROP: Final = delete(schema.sieve_script).where(*_ONE)
_KEEPERS: Final = (*OWNERS, PrincipalKind.DOMAIN, PrincipalKind.SERVER)
Owner = AccountId | PrincipalId | None


# --- reading --------------------------------------------------------------------------------------------------------


def scripts(tx: Tx, of: Owner) -> Sequence[StoredScript]:
    """See `ReadTx.scripts`."""
    return _list(tx, _whose(tx, of)[0])


def script(tx: Tx, name: str, of: Owner) -> bytes:
    """What is in a script. Oneself, `a` on the domain, or who delivers; `NotFound`."""
    account = _to_run(tx, of)
    row = tx.sql.row(_OCTETS, {"account": account, "which": script_name(name)})
    if row is None:
        raise _no_such(name)
    return bytes(row[0])


def active(tx: Tx, of: Owner) -> tuple[str, bytes] | None:
    """Name and octets of the active script. Oneself, `a` on the domain, or who delivers (`p` everywhere)."""
    row = tx.sql.row(_ACTIVE, {"account": _to_run(tx, of)})
    return (row[0], bytes(row[1])) if row is not None else None


def actives(tx: Tx, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
    """See `ReadTx.active_scripts`. One statement, and look-ups by key where nobody has a script."""
    for each in of if Right.POST not in tx.who.floor else ():
        _whose(tx, each)
    rows = tx.sql.rows(_ACTIVES[tx.sql.postgres], {"all": list(of) if tx.sql.postgres else json.dumps(list(of))})
    found = []
    for number, address, owner, name, octets, value in rows:
        forward = tuple(json.loads(value).split()) if value is not None else ()
        keeps = not forward or bool(effective(tx, "forwardKeepCopy", number, epoch(tx)).value)
        if name is not None or forward:
            script = bytes(octets) if octets is not None else b""
            found.append(ActiveScript(AccountId(number), address, owner, name or "", script, forward, keeps))
    return found


def above(tx: Tx, of: Sequence[AccountId]) -> Sequence[ActiveScript]:
    """See `ReadTx.scripts_above`."""
    for each in of if Right.POST not in tx.who.floor else ():
        _whose(tx, each)
    rows = tx.sql.rows(_ABOVES[tx.sql.postgres], {"all": list(of) if tx.sql.postgres else json.dumps(list(of))})
    return [
        ActiveScript(
            AccountId(number), key.partition(":")[2] or key, owner, name, bytes(octets),
            level="server" if keeper == SERVER else "domain", kept_by=AccountId(keeper),
        )
        for number, key, owner, keeper, name, octets in rows
    ]  # fmt: skip


def room(tx: Tx, name: str, size: int, of: Owner) -> None:
    """Passes when a script of that name and size would be taken. `ScriptTooLong`, `TooManyScripts`, `Refused`."""
    account, epoch = _whose(tx, of)
    _fits(tx, account, epoch, script_name(name), size)


# --- writing --------------------------------------------------------------------------------------------------------


def put(tx: Tx, name: str, octets: bytes, of: Owner) -> None:
    """Keeps a script under a name, instead of the one that is there. See `room`."""
    account, epoch = _locked(tx, of)
    name = script_name(name)
    _fits(tx, account, epoch, name, len(octets))
    values = {"account": account, "which": name, "text": octets, "now": now_micros()}
    if not tx.sql.change(_CHANGE, values):
        tx.sql.change(_INSERT, values)
    _note(tx, "put", account, {"name": name, "size": len(octets)})


def activate(tx: Tx, name: str, of: Owner) -> None:
    """Makes one script the active one, or with "" none. `NotFound`."""
    account, _ = _locked(tx, of)
    tx.sql.change(_NONE_ACTIVE, {"account": account})
    if name and not tx.sql.change(_ACTIVATE, {"account": account, "which": script_name(name)}):
        raise _no_such(name)
    _note(tx, "active", account, {"name": name})


def drop(tx: Tx, name: str, of: Owner) -> None:
    """Takes a script away. `NotFound`; `Conflict` for the active one."""
    account, _ = _locked(tx, of)
    if _there(tx, account, name).active:
        raise Conflict(f"{name[:80]!r} is the active script; make another one active first, or none")
    tx.sql.change(_DROP, {"account": account, "which": script_name(name)})
    _note(tx, "dropped", account, {"name": name})


def rename(tx: Tx, old: str, new: str, of: Owner) -> None:
    """Gives a script another name; an active one stays active. `NotFound`, `AlreadyExists`, `Refused`."""
    account, _ = _locked(tx, of)
    there, new = _there(tx, account, old), script_name(new)
    if any(each.name == new for each in _list(tx, account)):
        raise AlreadyExists(f"there is a script {new[:80]!r} already; drop it first, or use another name")
    tx.sql.change(_RENAME, {"account": account, "which": there.name, "new": new, "now": now_micros()})
    _note(tx, "renamed", account, {"name": there.name, "new": new})


# --- what both need -------------------------------------------------------------------------------------------------


def _whose(tx: Tx, of: Owner) -> tuple[AccountId, int]:
    """Whose scripts are meant, and the epoch of settings. Oneself, or `a` on the domain, for the server's on it."""
    account = AccountId(tx.who.account if of is None else of)
    found = by_id(tx.sql, account)
    if account != tx.who.account or account == SERVER:
        found = permit(tx, found, "", f"number {account}")
    if found is None or found.kind not in (OWNERS if of is None else _KEEPERS):
        raise Refused("only accounts, domains and the server have scripts; say whose are meant")
    return account, found.settings


def _to_run(tx: Tx, of: Owner) -> AccountId:
    """Whose script is meant, by who may read it to run it: who delivers, besides those who may edit it."""
    return AccountId(of) if of is not None and Right.POST in tx.who.floor else _whose(tx, of)[0]


def _locked(tx: Tx, of: Owner) -> tuple[AccountId, int]:
    """The same, and nobody else changes these scripts meanwhile."""
    found = _whose(tx, of)
    tx.sql.row(_LOCK, {"account": found[0]})
    return found


def _note(tx: Tx, what: str, account: AccountId, facts: Mapping[str, object]) -> None:
    """One journal row; whoever watches an account hears of it, and nobody watches domains."""
    found = by_id(tx.sql, account)
    if found is not None and found.kind in OWNERS:
        tx.note_own(f"script.{what}", account, facts)
    else:
        tx.note_administration(f"script.{what}", account, facts)


def _list(tx: Tx, account: AccountId) -> list[StoredScript]:
    rows = tx.sql.rows(_OF, {"account": account})
    found = [StoredScript(name, size, bool(on), changed) for name, size, on, changed in rows]
    return sorted(found, key=lambda each: each.name)


def _there(tx: Tx, account: AccountId, name: str) -> StoredScript:
    kept = script_name(name)
    found = next((each for each in _list(tx, account) if each.name == kept), None)
    if found is None:
        raise _no_such(name)
    return found


def _fits(tx: Tx, account: AccountId, epoch: int, name: str, size: int) -> None:
    most = int(effective(tx, "sieveScriptSize", account, epoch).value)
    if size > most * 1024:
        raise ScriptTooLong(f"a script may have {most} KB; this one has {size} octets")
    many = int(effective(tx, "sieveScripts", account, epoch).value)
    others = sum(each.name != name for each in _list(tx, account))
    if others >= many:
        raise TooManyScripts(f"there may be {many} scripts; delete one that is not used any more")


def _no_such(name: str) -> NotFound:
    return NotFound(f"there is no script {name[:80]!r}")
