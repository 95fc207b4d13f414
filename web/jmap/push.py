"""PushSubscription: clients that are told of changed states by Web Push. RFC 8620 §7.2.

A subscription is the signed-in user's own, whatever account it is asked in. Nothing but a PushVerification goes there
until the client has given the code in it back.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from groupware.model.errors import NotFound
from groupware.model.ids import FolderId
from groupware.model.principal import Principal
from groupware.model.push import PushTarget
from groupware.model.times import micros, moment, moment_of
from groupware.store.api import ReadTx, WriteTx
from mailcore.push.encryption import MOST, BadKeys, Keys
from mailcore.push.sender import BadUrl, checked
from mailcore.push.worker import News
from mailcore.server.parts import Parts
from web.jmap.arguments import argument, by_id, chosen, ids, texts
from web.jmap.errors import MethodError, SetError
from web.jmap.events import TYPES, changed_since, states, watched_by
from web.jmap.sets import Given, SetArguments, Ways, check_size, invalid, set_each, unknown_property
from web.jmap.turn import Turn

KIND: Final = "jmap"
LONGEST: Final = timedelta(days=30)
"""A subscription ends then, whatever the client has asked for; it renews it before."""
PROPERTIES: Final = ("id", "deviceClientId", "verificationCode", "expires", "types")
_GIVEN: Final = ("deviceClientId", "url", "keys", "expires", "types")
_CHANGED: Final = ("verificationCode", "expires", "types")
_ASKED_FOR_CODE: Final = "verification"


@dataclass(frozen=True, slots=True)
class Fetched:
    """`PushSubscription/get`: there is no account, and no state."""

    ids: tuple[str, ...] | None = argument(ids, None)
    properties: tuple[str, ...] | None = argument(texts, None)


@dataclass(frozen=True, slots=True)
class Changes:
    """`PushSubscription/set`: the same."""

    create: Mapping[str, Given] | None = argument(by_id, None)
    update: Mapping[str, Given] | None = argument(by_id, None)
    destroy: tuple[str, ...] = argument(ids, ())


def _id(target: PushTarget) -> str:
    return f"P{target.number}"


def _told(target: PushTarget) -> Mapping[str, Any]:
    facts = json.loads(target.facts)
    return {
        "id": _id(target),
        "deviceClientId": facts["device"],
        "verificationCode": facts["code"] if facts["verified"] else None,
        "expires": moment(target.expires).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "types": facts["types"],
    }


async def get(turn: Turn, arguments: Fetched) -> Mapping[str, Any]:
    """`PushSubscription/get`. Where messages go, and the keys, are told to nobody."""
    if arguments.properties is not None and {"url", "keys"} & set(arguments.properties):
        raise MethodError("forbidden", "url and keys of a subscription are told to nobody")
    wanted = chosen(arguments.properties, PROPERTIES)
    there = {_id(each): _told(each) for each in await turn.read(lambda tx: tx.push_targets(KIND))}
    asked = list(there) if arguments.ids is None else arguments.ids
    return {
        "list": [{name: there[each][name] for name in wanted} for each in asked if each in there],
        "notFound": [each for each in asked if each not in there],
    }


async def set_(turn: Turn, arguments: Changes) -> Mapping[str, Any]:
    """`PushSubscription/set`."""
    asked = SetArguments("", None, arguments.create, arguments.update, arguments.destroy)
    check_size(asked)
    done = await set_each(turn, asked, Ways(partial(_create, turn), partial(_update, turn), partial(_destroy, turn)))
    answer = done.answer("", "", "")
    return {name: value for name, value in answer.items() if name not in ("accountId", "oldState", "newState")}


async def _create(turn: Turn, given: Given) -> Mapping[str, Any]:
    if not turn.pushes:
        raise SetError("forbidden", "this server tells no push services of changes: ask for the event source instead")
    unknown_property(given, (*PROPERTIES, "url", "keys"), _GIVEN)
    device = given.get("deviceClientId")
    if not isinstance(device, str) or not device or len(device) > 255:
        raise invalid("deviceClientId", "a string of up to 255 characters that names the client and its device")
    keys = _keys(given.get("keys"))
    try:
        url = checked(str(given.get("url", "")))
    except BadUrl as error:
        raise invalid("url", str(error)) from None
    facts = {"device": device, "code": secrets.token_urlsafe(18), "verified": False, "types": _types(given)}
    expires = _expires(given.get("expires"))
    new = PushTarget(
        0, turn.who.account, KIND, None, url, json.dumps({**facts, "keys": keys}), micros(expires)
    )  # fmt: skip
    made = await turn.write(lambda tx: tx.put_push_target(new))
    told: dict[str, Any] = {"id": _id(made), "keys": keys}
    if given.get("expires") is None or _expires(given["expires"], most=None) != expires:
        told["expires"] = expires.strftime("%Y-%m-%dT%H:%M:%SZ")
    return told


def _keys(given: object) -> Mapping[str, str] | None:
    """The keys, which have to be good ones. `SetError`."""
    if given is None:
        return None
    if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in ("p256dh", "auth")):
        raise invalid("keys", "an object with p256dh and auth is wanted")
    try:
        Keys(given["p256dh"], given["auth"])
    except BadKeys as error:
        raise invalid("keys", str(error)) from None
    return {"p256dh": given["p256dh"], "auth": given["auth"]}


def _types(given: Given) -> list[str] | None:
    said = given.get("types")
    if said is None:
        return None
    if not isinstance(said, list) or len(said) > 100 or not all(isinstance(each, str) for each in said):
        raise invalid("types", "a list of names of types is wanted, or null for all")
    return [each[:60] for each in said]


def _expires(said: object, most: timedelta | None = LONGEST) -> datetime:
    """When it ends. `SetError`."""
    now = datetime.now(UTC).replace(microsecond=0)
    if said is None:
        return now + LONGEST
    try:
        wanted = moment_of(said).astimezone(UTC)
    except ValueError as error:
        raise invalid("expires", str(error)) from None
    return wanted if most is None else min(wanted, now + most)


async def _update(turn: Turn, name: str, given: Given) -> Mapping[str, Any]:
    unknown_property(given, PROPERTIES, _CHANGED)

    def work(tx: WriteTx) -> Mapping[str, Any]:
        known = _one(tx, name)
        facts, told = json.loads(known.facts), known.told
        if given.get("verificationCode") is not None:
            if not secrets.compare_digest(str(given["verificationCode"]).encode(), facts["code"].encode()):
                raise invalid("verificationCode", "that is not the code that was sent")
            if not facts["verified"]:
                facts["verified"] = True
                told = json.dumps(states(tx, _names(facts["types"])))
        if "types" in given:
            facts["types"] = _types(given)
            told = json.dumps(states(tx, _names(facts["types"]))) if facts["verified"] else told
        expires = micros(_expires(given["expires"])) if "expires" in given else known.expires
        tx.put_push_target(
            PushTarget(known.number, known.account, KIND, None, known.url, json.dumps(facts), expires, told)
        )
        as_asked = given.get("expires") and expires == micros(_expires(given["expires"], most=None))
        if "expires" not in given or as_asked:
            return {}
        return {"expires": moment(expires).strftime("%Y-%m-%dT%H:%M:%SZ")}

    return await turn.write(work)


def _one(tx: ReadTx, name: str) -> PushTarget:
    found = next((each for each in tx.push_targets(KIND) if _id(each) == name), None)
    if found is None:
        raise NotFound(f"{name[:60]!r}: there is no such subscription; it may have expired")
    return found


async def _destroy(turn: Turn, name: str) -> bool:
    def work(tx: WriteTx) -> bool:
        tx.drop_push_target(_one(tx, name).number)
        return True

    return await turn.write(work)


# --- telling ----------------------------------------------------------------------------------------------------------


def _names(types: Collection[str] | None) -> frozenset[str]:
    return frozenset(TYPES) if types is None else frozenset(types)


@dataclass(frozen=True, slots=True)
class JmapTeller:
    """What is said to subscriptions."""

    parts: Parts

    async def watched(self, who: Principal, target: PushTarget) -> Collection[FolderId]:
        """All folders whose changes change a state."""
        return await self.parts.store.read(who, watched_by)

    def again(self, target: PushTarget) -> int:
        """There is nothing to say while nothing changes."""
        return 0

    async def news(self, who: Principal, target: PushTarget) -> News | None:
        """At first the code, then states that are others."""
        facts = json.loads(target.facts)
        keys = Keys(**facts["keys"]) if facts["keys"] else None
        if not facts["verified"]:
            if target.told:
                return None
            said = {"@type": "PushVerification", "pushSubscriptionId": _id(target), "verificationCode": facts["code"]}
            return News(json.dumps(said).encode(), _JSON, _ASKED_FOR_CODE, keys)
        now = await self.parts.store.read(who, lambda tx: states(tx, _names(facts["types"])))
        known = json.loads(target.told)
        changed = dict(changed_since(known, now, ""))
        if not changed:
            return None
        message = _message(changed)
        while len(message) > MOST and len(changed) > 1:
            changed.popitem()  # it is told of in the next one
            message = _message(changed)
        told = json.dumps({**known, **{account: now[account] for account in changed}})
        return News(message, _JSON, told, keys, topic=f"jmap{target.number}")


def _message(changed: Mapping[str, Any]) -> bytes:
    return json.dumps({"@type": "StateChange", "changed": changed}, separators=(",", ":")).encode()


_JSON: Final = "application/json"
