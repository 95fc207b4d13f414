"""Stored secrets of accounts, and who an account is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, delete, insert, or_, select, update

from groupware.model.errors import AlreadyExists, BadCredentials, NotFound, Refused
from groupware.model.ids import AccountId
from groupware.model.principal import Account, Credential, Gone, Principal, PrincipalKind
from groupware.model.settings import SWITCHES
from groupware.model.times import micros, moment, now_micros

from . import browsers, schema, settings, standing, tokens
from .guard import identify
from .principals import administered, named, permit, shown
from .tx import Tx

MAIN: Final = ("password", "scram-sha-1", "scram-sha-256")
"""One of each kind: another password takes the keys of the former with it."""
APP: Final = ("app", "app-scram-sha-1", "app-scram-sha-256")
"""One of each kind for each label: the device."""
SHARED: Final = ("shared",)
"""For mechanisms that both sides need the secret itself for; one, and no password's."""
FACTORS: Final = ("totp", "key", "recovery")
"""What is asked for beside the password; as many as there are, told apart by their labels but for codes on paper."""
KINDS: Final = MAIN + APP + SHARED + FACTORS
OWNERS: Final = (PrincipalKind.ACCOUNT, PrincipalKind.LIST, PrincipalKind.RESOURCE)
"""Who can sign in."""

_c = schema.credential.c
_OF: Final = (
    select(_c.id, _c.kind, _c.value, _c.label, _c.created, _c.used)
    .where(_c.account_id == bindparam("account"))
    .order_by(_c.id)
)
_INSERT: Final = (
    insert(schema.credential)
    .values({each: bindparam(each) for each in ("account_id", "kind", "value", "label", "created")})
    .returning(_c.id)
)
_DROP: Final = delete(schema.credential).where(_c.id == bindparam("number"))
_USED: Final = (
    update(schema.credential)
    .where(_c.id == bindparam("number"), _c.account_id == bindparam("account"))
    .values(used=bindparam("now"))
)
_THERE: Final = select(_c.id).where(
    _c.account_id == bindparam("account"), _c.kind == bindparam("kind"), _c.created == bindparam("made")
)
_SPEND: Final = _USED.where(or_(_c.used.is_(None), _c.used < bindparam("now"))).returning(_c.id)
_MOVE_VERSION: Final = (
    update(schema.principal)
    .where(schema.principal.c.id == bindparam("account"))
    .values(credential_version=schema.principal.c.credential_version + 1)
)


def credentials(tx: Tx, key: AccountId | str) -> tuple[Account, Sequence[Credential]]:
    """An account and its stored secrets. `a` on the domain, which an account has not on its own."""
    found = administered(tx, key)
    return shown(tx, found), _of(tx, found.id)


def _of(tx: Tx, account: AccountId) -> list[Credential]:
    return [
        Credential(number, kind, value, label, moment(created), None if used is None else moment(used))
        for number, kind, value, label, created, used in tx.sql.rows(_OF, {"account": account})
    ]


def identity(tx: Tx, account: AccountId) -> Principal:
    """The account as a principal: its identifiers now. `a` on the domain. `NotFound` when disabled."""
    found = permit(tx, named(tx, account), "", f"number {account}")
    if found.kind not in OWNERS:
        raise NotFound(f"{found.address}: this is no account that anybody acts as")
    known = tx.memory.who(account, found.memberships)
    if known is None:
        try:
            known = identify(tx.sql, account, found.memberships)
        except BadCredentials as error:
            raise NotFound(str(error)) from None
        tx.memory.keep_who(known)
    return known


def gone(tx: Tx, service: str) -> Gone | None:
    """See `ReadTx.gone`."""
    switch = SWITCHES.get(service)
    if switch is not None and not settings.setting(tx, switch, None).value:
        return "switched off"
    if settings.setting(tx, standing.BLOCKED, None).value:
        return "switched off"
    proof = tx.who.proof
    if proof is None:
        return None
    if proof.kind == "token":
        return None if tokens.stands(tx, proof.account, proof.made) else "access ended"
    there = tx.sql.row(_THERE, {"account": proof.account, "kind": proof.kind, "made": proof.made})
    return None if there is not None else "password changed"


def put(
    tx: Tx, key: AccountId | str, kind: str, value: str, label: str, *, same: bool = False, staying: int | None = None
) -> int:
    """See `WriteTx.put_credential`. `a` on the domain."""
    found = administered(tx, key)
    if found.kind not in OWNERS:
        raise Refused(f"{found.address}: a {found.kind.value} has no secrets; nobody signs in to it")
    if kind == "password" and not same:
        browsers.end_all(tx, found.id, staying)
        tokens.end_all(tx, found.id)
    return store(tx, found.id, kind, value, label, same=same)


def store(tx: Tx, account: AccountId, kind: str, value: str, label: str, *, same: bool = False) -> int:
    """The number of the secret that is stored, whoever asks; `same`: in another form. `Refused`, `AlreadyExists`."""
    created = now_micros()
    if kind not in KINDS:
        raise Refused(f"{kind[:32]!r} is no kind of secret; there are {', '.join(KINDS)}")
    for there in _of(tx, account):
        same_device = there.kind == kind and there.label == label and kind != "recovery"
        if kind in ("app", "totp", "key") and same_device:
            raise AlreadyExists(f"there is one of the name {label!r} already; drop it, or use another name")
        if (there.kind == kind and kind in MAIN) or same_device or (kind == "password" and there.kind in MAIN):
            created = micros(there.created) if same and there.kind == kind and there.created is not None else created
            tx.sql.change(_DROP, {"number": there.id})
    values = {"account_id": account, "kind": kind, "value": value, "label": label, "created": created}
    row = tx.sql.returning(_INSERT, values)
    assert row is not None
    _changed(tx, account, "credential.put", kind, label)
    return int(row[0])


def drop(tx: Tx, key: AccountId | str, number: int) -> None:
    """Takes a secret away, with the keys derived from it. `a` on the domain."""
    found = administered(tx, key)
    secrets = _of(tx, found.id)
    gone = next((each for each in secrets if each.id == number), None)
    if gone is None:
        raise NotFound(f"{found.address}: there is no secret number {number}")
    for each in secrets:
        derived = (gone.kind == "password" and each.kind in MAIN) or (
            gone.kind == "app" and each.kind in APP and each.label == gone.label
        )
        if derived or each.id == number:
            tx.sql.change(_DROP, {"number": each.id})
    if gone.kind == "password":
        browsers.end_all(tx, found.id)
        tokens.end_all(tx, found.id)
    _changed(tx, found.id, "credential.dropped", gone.kind, gone.label)


def use(tx: Tx, key: AccountId | str, number: int) -> None:
    """Notes that a secret was used just now. `a` on the domain."""
    tx.sql.change(_USED, {"account": administered(tx, key).id, "number": number, "now": now_micros()})


def spend(tx: Tx, key: AccountId | str, number: int, moment: datetime) -> bool:
    """See `WriteTx.spend_credential`. `a` on the domain."""
    values = {"account": administered(tx, key).id, "number": number, "now": micros(moment)}
    return tx.sql.returning(_SPEND, values) is not None


def _changed(tx: Tx, account: AccountId, what: str, kind: str, label: str) -> None:
    tx.sql.change(_MOVE_VERSION, {"account": account})
    standing.moved(tx, account, {"kind": kind})
    tx.note_administration(what, account, {"kind": kind, "label": label})
