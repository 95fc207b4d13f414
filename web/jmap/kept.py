"""Records of one's own account as JMAP has them: states, changes, and numbers in ids (decision 204)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from groupware.model.ids import AccountId, ModSeq
from groupware.model.record import Record, RecordKind
from groupware.store.api import ReadTx
from web.jmap.errors import MethodError
from web.jmap.states import unknown
from web.jmap.turn import owner_in

_STATE: Final = re.compile(r"([0-9]{1,18})-([0-9a-f]{0,16})\Z")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}\Z")


def own(tx: ReadTx, account: str) -> AccountId:
    """One's own account. `MethodError` for that of somebody else: there is nothing of that kind."""
    owner = owner_in(tx, account)
    if owner != tx.who.account:
        raise MethodError("accountNotSupportedByMethod", "this is there in one's own account alone")
    return owner


def facts_of(record: Record) -> dict[str, Any]:
    """What is kept."""
    found: dict[str, Any] = json.loads(record.facts)
    return found


def number_of(name: str, letter: str) -> int | None:
    """The number in an id."""
    return int(name[1:]) if name.startswith(letter) and _NUMBER.match(name, 1) else None


def state_of(tx: ReadTx, kind: RecordKind, around: Iterable[str] = ()) -> str:
    """When the records last changed, and a digest of what else they depend on."""
    lines = sorted(around)
    digest = blake2b("\n".join(lines).encode(), digest_size=8).hexdigest() if lines else ""
    return f"{tx.records_at(kind)}-{digest}"


@dataclass(frozen=True, slots=True)
class Turned:
    """What became of records."""

    created: list[int]
    updated: list[int]
    destroyed: list[int]


def turned(tx: ReadTx, kind: RecordKind, since: str, most: int | None, around: Iterable[str] = ()) -> Turned:
    """What became of records since a state. `MethodError` `cannotCalculateChanges`."""
    found = _STATE.match(since)
    if found is None or state_of(tx, kind, around).partition("-")[2] != found[2]:
        raise unknown()
    at = ModSeq(int(found[1]))
    changes = tx.records_since(kind, at)
    if changes is None:
        raise unknown()
    told = Turned(
        [each.number for each in changes.changed if each.came > at],
        [each.number for each in changes.changed if each.came <= at],
        [number for number, came in changes.gone if came <= at],
    )
    if most is not None and len(told.created) + len(told.updated) + len(told.destroyed) > most:
        raise unknown()
    return told


def named(found: Turned, letter: str, derived: Mapping[int | None, str]) -> dict[str, list[str]]:
    """The ids of those that changed; `derived`: of what is there by itself, and only has a record of what was said."""
    said = [number for number in found.created if number in derived]
    return {
        "created": [f"{letter}{number}" for number in found.created if number not in derived],
        "updated": [derived.get(number, f"{letter}{number}") for number in (*found.updated, *said)],
        "destroyed": [f"{letter}{number}" for number in found.destroyed],
    }


def told_changes(account: str, since: str, now: str, names: Mapping[str, list[str]]) -> dict[str, Any]:
    """The arguments of a `Foo/changes` response."""
    return {"accountId": account, "oldState": since, "newState": now, "hasMoreChanges": False, **names}
