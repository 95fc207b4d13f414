"""Devices and how far their copies have come: one's own, and those of accounts that one administers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from groupware.model.device import DONE, OUT, PENDING, TOLD, Access, Device, NewDevice, SyncState, Wipe
from groupware.model.errors import Conflict, NoRight, NotFound, OverQuota, Refused
from groupware.model.ids import AccountId
from groupware.model.times import moment, now_micros

from . import schema, standing
from .engine import Row
from .principals import administered, oneself_or
from .tx import Tx

MOST: Final = 100
"""Devices of one account."""
MOST_STATES: Final = 5_000
"""Collections of one device."""
LONGEST_FACTS: Final = 20_000
LONGEST_STATE: Final = 1 << 20
_d, _s = schema.device.c, schema.sync_state.c
_NAMES: Final = (
    _d.id, _d.account_id, _d.key, _d.kind, _d.protocol, _d.facts, _d.policy, _d.settled, _d.wipe, _d.access, _d.made,
    _d.seen,
)  # fmt: skip
_OWN: Final = _d.account_id == bindparam("account")
_THIS: Final = (_OWN, _d.id == bindparam("number"))
_BY_KEY: Final = select(*_NAMES).where(_OWN, _d.key == bindparam("name"))
_ALL: Final = select(*_NAMES).where(_OWN).order_by(_d.id)
_ONE: Final = select(*_NAMES).where(*_THIS)
_COUNT: Final = select(func.count()).where(_OWN)
_ADD: Final = (
    insert(schema.device)
    .values(
        account_id=bindparam("account"),
        key=bindparam("name"),
        kind=bindparam("what"),
        protocol=bindparam("speaks"),
        facts=bindparam("text"),
        policy=0,
        settled=False,
        wipe="",
        access="",
        made=bindparam("now"),
        seen=bindparam("now"),
    )
    .returning(_d.id)
)
_SAY: Final = (
    update(schema.device)
    .where(*_THIS)
    .values(kind=bindparam("what"), protocol=bindparam("speaks"), facts=bindparam("text"), seen=bindparam("now"))
)
_SETTLE: Final = update(schema.device).where(*_THIS).values(policy=bindparam("given"), settled=bindparam("kept"))
_ORDER: Final = update(schema.device).where(*_THIS).values(access=bindparam("may"), wipe=bindparam("forget"))
_DROP: Final = delete(schema.device).where(*_THIS)
_STATE_NAMES: Final = (_s.collection, _s.key, _s.facts, _s.before)
_STATES: Final = select(*_STATE_NAMES).where(_s.device_id == bindparam("number")).order_by(_s.collection)
_STATE: Final = select(*_STATE_NAMES).where(_s.device_id == bindparam("number"), _s.collection == bindparam("where"))
_STATE_COUNT: Final = select(func.count()).where(_s.device_id == bindparam("number"))
_PUT_STATE: Final = insert(schema.sync_state).values(
    device_id=bindparam("number"),
    collection=bindparam("where"),
    key=bindparam("now"),
    facts=bindparam("text"),
    before=bindparam("old"),
)
_SET_STATE: Final = (
    update(schema.sync_state)
    .where(_s.device_id == bindparam("number"), _s.collection == bindparam("where"), _s.key == bindparam("after"))
    .values(key=bindparam("now"), facts=bindparam("text"), before=bindparam("old"))
    .returning(_s.key)
)
_DROP_STATES: Final = delete(schema.sync_state).where(_s.device_id == bindparam("number"))
_DROP_STATE: Final = delete(schema.sync_state).where(
    _s.device_id == bindparam("number"), _s.collection == bindparam("where")
)


def _device(row: Row) -> Device:
    number, account, key, kind, protocol, facts, policy, settled, wipe, access, made, seen = row
    ways = Wipe(wipe), Access(access)
    said = (key, kind, protocol, facts, policy, bool(settled))
    return Device(number, AccountId(account), *said, *ways, moment(made), moment(seen))


def by_key(tx: Tx, key: str) -> Device | None:
    """See `ReadTx.device`."""
    row = tx.sql.row(_BY_KEY, {"account": tx.who.account, "name": key})
    return None if row is None else _device(row)


def every(tx: Tx, of: AccountId | str | None) -> Sequence[Device]:
    """See `ReadTx.devices`."""
    return [_device(row) for row in tx.sql.rows(_ALL, {"account": oneself_or(tx, of)})]


def state(tx: Tx, device: int, collection: int) -> SyncState | None:
    """See `ReadTx.sync_state`."""
    _one(tx, tx.who.account, device)
    row = tx.sql.row(_STATE, {"number": device, "where": collection})
    return None if row is None else SyncState(*row)


def states(tx: Tx, device: int, of: AccountId | str | None) -> Sequence[SyncState]:
    """See `ReadTx.sync_states`."""
    _one(tx, oneself_or(tx, of), device)
    return [SyncState(*row) for row in tx.sql.rows(_STATES, {"number": device})]


def put(tx: Tx, new: NewDevice) -> Device:
    """See `WriteTx.put_device`."""
    account, now = tx.who.account, now_micros()
    if not (0 < len(new.key) <= 64 and new.key.isascii() and new.key.isprintable()):
        raise Refused("a DeviceId has 1 to 64 letters and digits")
    if len(new.facts) > LONGEST_FACTS or max(len(new.kind), len(new.protocol)) > 64:
        raise Refused("a device says too much of itself")
    values = {"account": account, "what": new.kind, "speaks": new.protocol, "text": new.facts, "now": now}
    known = by_key(tx, new.key)
    if known is not None:
        tx.sql.change(_SAY, {**values, "number": known.number})
        return _one(tx, account, known.number)
    if int(tx.sql.value(_COUNT, {"account": account}) or 0) >= MOST:
        raise OverQuota(f"an account has {MOST} devices at most: forget some of them first")
    made = tx.sql.returning(_ADD, {**values, "name": new.key})
    assert made is not None
    return _one(tx, account, int(made[0]))


def settle(tx: Tx, number: int, policy: int, settled: bool) -> None:
    """See `WriteTx.settle_device`."""
    _one(tx, tx.who.account, number)
    tx.sql.change(_SETTLE, {"account": tx.who.account, "number": number, "given": policy, "kept": settled})


def wiping(tx: Tx, number: int, wipe: Wipe) -> None:
    """See `WriteTx.wiping_device`."""
    there = _one(tx, tx.who.account, number)
    if wipe not in (TOLD.get(there.wipe), DONE.get(there.wipe), there.wipe):
        raise Conflict(f"the device is at {there.wipe.value!r}, and does not come to {wipe.value!r} from there")
    _ordered(tx, there, there.access, wipe)


def order(tx: Tx, number: int, of: AccountId | str | None, access: Access | None, wipe: Wipe | None) -> Device:
    """See `WriteTx.order_device`."""
    there = _one(tx, oneself_or(tx, of), number)
    freed = access is not None and access not in OUT and there.access == Access.BLOCKED
    spared = wipe is not None and wipe != there.wipe and there.wipe in PENDING
    if (freed or spared) and not _administers(tx, there.account):
        raise NoRight("the device is blocked or to be wiped: that is for administrators to take back")
    if access == Access.BLOCKED and not _administers(tx, there.account):
        access = there.access if there.access == Access.BLOCKED else Access.LEFT_OUT
    _ordered(tx, there, there.access if access is None else access, there.wipe if wipe is None else wipe)
    standing.moved(tx, there.account, {"device": number})
    return _one(tx, there.account, number)


def _administers(tx: Tx, account: AccountId) -> bool:
    try:
        administered(tx, account)
    except (NoRight, NotFound):
        return False
    return True


def _ordered(tx: Tx, there: Device, access: Access, wipe: Wipe) -> None:
    values = {"account": there.account, "number": there.number, "may": access.value, "forget": wipe.value}
    tx.sql.change(_ORDER, values)


def put_state(tx: Tx, device: int, new: SyncState, after: int) -> bool:
    """See `WriteTx.put_sync_state`."""
    there = state(tx, device, new.collection)
    if (there.key if there is not None else 0) != after:
        return False
    if max(len(new.facts), len(new.before)) > LONGEST_STATE:
        raise OverQuota("that is more than is kept of one collection")
    if there is None and int(tx.sql.value(_STATE_COUNT, {"number": device}) or 0) >= MOST_STATES:
        raise OverQuota(f"a device keeps up to {MOST_STATES} collections")
    values = {"number": device, "where": new.collection, "now": new.key, "text": new.facts, "old": new.before}
    if there is not None:
        return tx.sql.returning(_SET_STATE, {**values, "after": after}) is not None
    tx.sql.change(_PUT_STATE, values)
    return True


def drop_states(tx: Tx, device: int, of: AccountId | str | None, collection: int | None) -> None:
    """See `WriteTx.drop_sync_states`."""
    _one(tx, oneself_or(tx, of), device)
    if collection is None:
        tx.sql.change(_DROP_STATES, {"number": device})
    else:
        tx.sql.change(_DROP_STATE, {"number": device, "where": collection})


def drop(tx: Tx, number: int, of: AccountId | str | None) -> None:
    """See `WriteTx.drop_device`."""
    there = _one(tx, oneself_or(tx, of), number)
    if (there.access == Access.BLOCKED or there.wipe in PENDING) and not _administers(tx, there.account):
        raise NoRight("the device is blocked or to be wiped: that is for administrators to take back")
    tx.sql.change(_DROP_STATES, {"number": number})
    tx.sql.change(_DROP, {"account": there.account, "number": number})


def _one(tx: Tx, account: AccountId, number: int) -> Device:
    row = tx.sql.row(_ONE, {"account": account, "number": number})
    if row is None:
        raise NotFound(f"there is no device of the number {number}")
    return _device(row)
