"""SenderSettings and TemporaryAddress: who may write to one's own account, and addresses that end. Decision 304."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from groupware.model.addresses import unguessable
from groupware.model.settings import SETTINGS
from groupware.model.times import micros
from groupware.store.api import ReadTx, WriteTx
from web.jmap import few
from web.jmap.arguments import GetArguments
from web.jmap.errors import SetError
from web.jmap.headers_of import utc
from web.jmap.ids import account_id
from web.jmap.kept import own
from web.jmap.sets import SINGLETON as ID
from web.jmap.sets import Given, SetArguments, Ways, invalid, never, set_few, set_one, unknown_property
from web.jmap.turn import Turn

_LISTS: Final = {"allowed": "whitelist", "blocked": "blacklist"}
_CHOICES: Final = {"blockedAction": "blacklistAction", "strangers": "filteringOption"}
_CONTACTS: Final = "contactsAllowed"
PROPERTIES: Final = ("id", *_LISTS, *_CHOICES, _CONTACTS)
ADDRESS_PROPERTIES: Final = ("id", "address", "expires")
MOST: Final = 2000
"""Senders on one list."""


def _told(tx: ReadTx) -> dict[str, Any]:
    words = {name: str(tx.setting(setting).value).split() for name, setting in _LISTS.items()}
    choices = {name: tx.setting(setting).value for name, setting in _CHOICES.items()}
    return {"id": ID, **words, **choices, _CONTACTS: bool(tx.setting("whitelistContacts").value)}


def _digest(told: object) -> str:
    return few.state_of(told)


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`SenderSettings/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Mapping[str, Any]]]:
        told = _told(tx)
        return account_id(own(tx, arguments.account_id)), _digest(told), {ID: told}

    return await few.get(turn, arguments, PROPERTIES, look)


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`SenderSettings/set`: there is always one, and it can be changed."""

    def look(tx: ReadTx) -> tuple[str, str]:
        return account_id(own(tx, arguments.account_id)), _digest(_told(tx))

    return await set_one(turn, arguments, look, "SenderSettings", lambda given: _update(turn, given))


async def _update(turn: Turn, given: Given) -> bool:
    unknown_property(given, PROPERTIES, frozenset(PROPERTIES[1:]))
    values: dict[str, str | bool] = {}
    for name, setting in _LISTS.items():
        if name in given:
            values[setting] = _words(name, given[name])
    for name, setting in _CHOICES.items():
        if name in given:
            if given[name] not in SETTINGS[setting].choices:
                raise invalid(name, f"one of {', '.join(SETTINGS[setting].choices)} is wanted")
            values[setting] = given[name]
    if _CONTACTS in given:
        if not isinstance(given[_CONTACTS], bool):
            raise invalid(_CONTACTS, "true or false is wanted")
        values["whitelistContacts"] = given[_CONTACTS]

    def work(tx: WriteTx) -> bool:
        for setting, value in values.items():
            tx.put_setting(setting, value, tx.who.account)
        return True

    return await turn.write(work)


def _words(name: str, given: object) -> str:
    """A list of senders as the setting has it: apart by spaces, each once."""
    if not isinstance(given, list) or len(given) > MOST:
        raise invalid(name, f"a list of up to {MOST} senders is wanted")
    for each in given:
        if not isinstance(each, str) or len(each.split()) != 1 or not each.isprintable() or len(each) > 320:
            raise invalid(name, "a sender is an address, a domain, or a pattern such as *@news.example, without spaces")
    return " ".join(dict.fromkeys(each.strip().lower() for each in given))


# --- addresses that end ---------------------------------------------------------------------------------------------


def _id(address: str) -> str:
    return f"T{blake2b(address.encode(), digest_size=10).hexdigest()}"


def _addresses(tx: ReadTx) -> Mapping[str, Mapping[str, Any]]:
    found = tx.temporary_aliases()
    return {_id(each): {"id": _id(each), "address": each, "expires": utc(micros(until))} for each, until in found}


async def addresses(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`TemporaryAddress/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Mapping[str, Any]]]:
        there = _addresses(tx)
        return account_id(own(tx, arguments.account_id)), _digest(there), there

    return await few.get(turn, arguments, ADDRESS_PROPERTIES, look)


async def addresses_set(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`TemporaryAddress/set`: one is made for some `days`, or taken away."""

    def look(tx: ReadTx) -> tuple[str, str]:
        return account_id(own(tx, arguments.account_id)), _digest(_addresses(tx))

    stays = never("a temporary address stays as it is: make another one")
    return await set_few(turn, arguments, look, Ways(partial(_make, turn), stays, partial(_take_away, turn)))


async def _make(turn: Turn, given: Given) -> Mapping[str, Any]:
    unknown_property(given, ADDRESS_PROPERTIES, frozenset({"days"}))
    days = given.get("days")
    if not isinstance(days, int) or isinstance(days, bool):
        raise invalid("days", "a whole number is wanted")
    alias = unguessable(turn.who.name.rpartition("@")[2])
    until = await turn.write(lambda tx: tx.put_temporary_alias(tx.who.name, alias, days))
    return {"id": _id(alias), "address": alias, "expires": utc(micros(until))}


async def _take_away(turn: Turn, name: str) -> bool:
    def work(tx: WriteTx) -> bool:
        found = _addresses(tx).get(name)
        if found is None:
            raise SetError("notFound", "there is no such address, or its time is over")
        tx.drop_alias(str(found["address"]))
        return True

    return await turn.write(work)


def value(tx: ReadTx) -> Mapping[str, Any]:
    """What the capability of temporary addresses promises."""
    names = ("temporaryAliasCount", "temporaryAliasLifetime")
    most, days = (int(tx.setting(name).value) for name in names)
    return {"maxTemporaryAddresses": most, "maxDays": days}
