"""SieveScript: the scripts that ManageSieve edits as well. RFC 9661.

A script is called by its name everywhere, so its id is made of that, and it keeps its name here: who renames it by
ManageSieve has another script in JMAP. Its blob is named by what is in it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from groupware.model.errors import Conflict
from groupware.model.script import script_name
from groupware.store.api import ReadTx, WriteTx
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError
from web.jmap import few
from web.jmap.arguments import GetArguments, QueryArguments, argument, flag, ident
from web.jmap.blobs import octets_of, script_blob
from web.jmap.errors import MethodError, SetError
from web.jmap.ids import account_id
from web.jmap.kept import own
from web.jmap.queries import Few, told_query
from web.jmap.sets import Done, Given, SetArguments, Ways, check_size, invalid, mismatch, set_each, unknown_property
from web.jmap.turn import Turn

Json = dict[str, Any]
PROPERTIES: Final = ("id", "name", "blobId", "isActive")
_SETTABLE: Final = frozenset({"name", "blobId"})


@dataclass(frozen=True, slots=True)
class Arguments(SetArguments):
    """RFC 9661 §2.4."""

    on_success_activate_script: str | None = argument(ident, None)
    on_success_deactivate_script: bool = argument(flag, False)


@dataclass(frozen=True, slots=True)
class ValidateArguments:
    """RFC 9661 §2.6."""

    account_id: str = argument(ident)
    blob_id: str = argument(ident)


def id_of(name: str) -> str:
    """The id of a script."""
    return f"Y{blake2b(name.encode(), digest_size=12).hexdigest()}"


def every(tx: ReadTx) -> dict[str, Json]:
    """One's own scripts by id."""
    return {
        id_of(each.name): {
            "id": id_of(each.name),
            "name": each.name,
            "blobId": script_blob(each.name, tx.script(each.name)),
            "isActive": each.active,
        }
        for each in tx.scripts()
    }


def state(tx: ReadTx) -> str:
    """Another one after each change."""
    text = "\n".join(f"{each.name} {each.changed} {each.active}" for each in tx.scripts())
    return blake2b(text.encode(), digest_size=8).hexdigest()


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`SieveScript/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Json]]:
        return account_id(own(tx, arguments.account_id)), state(tx), every(tx)

    return await few.get(turn, arguments, PROPERTIES, look)


async def query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    """`SieveScript/query`."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = own(tx, arguments.account_id)
        ids = _FEW.ids(every(tx).values(), arguments)
        return told_query(tx.who.account, account_id(owner), ids, arguments, changes=False)

    return await turn.read(work)


_CONDITIONS: Final[Mapping[str, Callable[[Json, Any], bool]]] = {
    "name": lambda each, value: value.casefold() in each["name"].casefold(),
    "isActive": lambda each, value: each["isActive"] is value,
}
_SORTS: Final[Mapping[str, Callable[[Json], Any]]] = {
    "name": lambda each: each["name"],
    "isActive": lambda each: each["isActive"],
}
_FEW: Final = Few("scripts", _CONDITIONS, _SORTS, {"isActive": bool})


async def validate(turn: Turn, arguments: ValidateArguments) -> Mapping[str, Any]:
    """`SieveScript/validate`."""
    owner = await turn.read(lambda tx: own(tx, arguments.account_id))
    found = (await octets_of(turn, arguments.account_id, [arguments.blob_id])).get(arguments.blob_id)
    if found is None:
        raise MethodError("blobNotFound", "there is no such blob, or it is not shared with you")
    try:
        await asyncio.to_thread(compiled, found.octets)
    except SieveError as error:
        return {"accountId": account_id(owner), "error": SetError("invalidSieve", str(error)).value}
    return {"accountId": account_id(owner), "error": None}


async def set_(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`SieveScript/set`."""
    check_size(arguments)
    account = arguments.account_id
    owner, before = await turn.read(lambda tx: (own(tx, account), state(tx)))
    if arguments.if_in_state not in (None, before):
        raise mismatch()
    ways = Ways(partial(_create, turn, account), partial(_update, turn, account), partial(_destroy, turn))
    done = await set_each(turn, arguments, ways)
    if not (done.not_created or done.not_updated or done.not_destroyed):
        _tell(done, await _activate(turn, arguments))
    after = await turn.read(state)
    return done.answer(account_id(owner), before, after)


async def _activate(turn: Turn, arguments: Arguments) -> Mapping[str, bool]:
    """Makes the one that is named active, or none; which have become active, or are no more. RFC 9661 §2.4."""
    wanted = arguments.on_success_activate_script
    if wanted is None and not arguments.on_success_deactivate_script:
        return {}

    def work(tx: WriteTx) -> Mapping[str, bool]:
        before = {id_of(each.name): each.active for each in tx.scripts()}
        found = every(tx).get(turn.real(wanted)) if wanted is not None else None
        if wanted is None or found is not None:
            tx.activate_script(found["name"] if found is not None else "")
        now = {id_of(each.name): each.active for each in tx.scripts()}
        return {name: active for name, active in now.items() if active != before[name]}

    return await turn.write(work)


def _tell(done: Done, turned: Mapping[str, bool]) -> None:
    """Puts into the answer which scripts have become active, or are no more."""
    made = {each["id"]: each for each in done.created.values()}
    for name, active in turned.items():
        if name in made:
            made[name]["isActive"] = active
        else:
            done.updated[name] = {**(done.updated.get(name) or {}), "isActive": active}


async def _octets(turn: Turn, account: str, given: Given) -> bytes:
    """The script of a blob, compiled once to see that it can be. `SetError`."""
    blob = given.get("blobId")
    if not isinstance(blob, str):
        raise invalid("blobId", "an id is wanted")
    found = (await octets_of(turn, account, [blob])).get(blob)
    if found is None:
        raise SetError("blobNotFound", "there is no such blob, or it is not shared with you", notFound=[blob[:255]])
    try:
        await asyncio.to_thread(compiled, found.octets)
    except SieveError as error:
        raise SetError("invalidSieve", str(error)) from None
    return found.octets


async def _create(turn: Turn, account: str, given: Given) -> Mapping[str, Any]:
    unknown_property(given, PROPERTIES, _SETTABLE)
    name = given.get("name")
    if name is not None and not isinstance(name, str):
        raise invalid("name", "a string is wanted")
    octets = await _octets(turn, account, given)
    wanted = script_name(name if name is not None else f"script-{secrets.token_hex(6)}")

    def work(tx: WriteTx) -> Mapping[str, Any]:
        if id_of(wanted) in every(tx):
            raise SetError("alreadyExists", f"there is a script {wanted[:60]!r} already", existingId=id_of(wanted))
        tx.put_script(wanted, octets)
        made = every(tx)[id_of(wanted)]
        return {key: value for key, value in made.items() if given.get(key) != value}

    return {"id": id_of(wanted), **await turn.write(work)}


async def _update(turn: Turn, account: str, name: str, given: Given) -> Mapping[str, Any]:
    unknown_property(given, PROPERTIES, _SETTABLE)
    octets = await _octets(turn, account, given) if "blobId" in given else None

    def work(tx: WriteTx) -> Mapping[str, Any]:
        found = _there(tx, name)
        if given.get("name", found["name"]) != found["name"]:
            raise invalid("name", "a script keeps its name here; make another one, or rename it by ManageSieve")
        if octets is not None:
            tx.put_script(found["name"], octets)
        told: str = every(tx)[name]["blobId"]
        return {"blobId": told} if "blobId" in given and told != given["blobId"] else {}

    return await turn.write(work)


def _there(tx: ReadTx, name: str) -> Json:
    found = every(tx).get(name)
    if found is None:
        raise SetError("notFound", "there is no such script")
    return found


async def _destroy(turn: Turn, name: str) -> bool:
    def work(tx: WriteTx) -> bool:
        found = _there(tx, name)
        try:
            tx.drop_script(found["name"])
        except Conflict:
            raise SetError("sieveIsActive", "it is the active one: make another one active first, or none") from None
        return True

    return await turn.write(work)
