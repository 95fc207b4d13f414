"""VacationResponse: one object, which is a Sieve script of the account (`mailcore.sieve.vacation`). RFC 8621 §8."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final

from groupware.model.times import moment_of
from groupware.store.api import ReadTx, WriteTx
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError
from mailcore.sieve.vacation import FACTS, LONGEST, answers, keep, kept, script_of
from web.jmap.arguments import GetArguments, chosen
from web.jmap.ids import account_id
from web.jmap.kept import own
from web.jmap.sets import SINGLETON as ID
from web.jmap.sets import Given, SetArguments, invalid, set_one, unknown_property
from web.jmap.turn import Turn

PROPERTIES: Final = ("id", "isEnabled", *FACTS)


def told(tx: ReadTx) -> dict[str, Any]:
    """The VacationResponse object."""
    said = kept(tx)
    found = {name: said.get(name) for name in PROPERTIES}
    return {**found, "id": ID, "isEnabled": bool(said) and answers(tx)}


def state(tx: ReadTx) -> str:
    """Another one after each change."""
    return blake2b(json.dumps(told(tx), sort_keys=True).encode(), digest_size=8).hexdigest()


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`VacationResponse/get`."""
    wanted = chosen(arguments.properties, PROPERTIES)

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner, one = own(tx, arguments.account_id), told(tx)
        asked = arguments.ids if arguments.ids is not None else (ID,)
        return {
            "accountId": account_id(owner),
            "state": state(tx),
            "list": [{name: one[name] for name in wanted}] if ID in asked else [],
            "notFound": [each for each in asked if each != ID],
        }

    return await turn.read(work)


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`VacationResponse/set`: there is always one, and it can be changed."""

    def look(tx: ReadTx) -> tuple[str, str]:
        return account_id(own(tx, arguments.account_id)), state(tx)

    return await set_one(turn, arguments, look, "VacationResponse", lambda given: _update(turn, given))


async def _update(turn: Turn, given: Given) -> bool:
    unknown_property(given, PROPERTIES, frozenset(PROPERTIES[1:]))
    _check(given)

    def work(tx: WriteTx) -> bool:
        keep(tx, {name: value for name, value in given.items() if name in FACTS}, given.get("isEnabled"))
        return True

    return await turn.write(work)


def _check(given: Given) -> None:
    if not isinstance(given.get("isEnabled", True), bool):
        raise invalid("isEnabled", "true or false is wanted")
    for name in ("subject", "textBody", "htmlBody"):
        value = given.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST or "\0" in value):
            raise invalid(name, f"a string of up to {LONGEST} characters is wanted")
    for name in ("fromDate", "toDate"):
        if given.get(name) is not None:
            try:
                moment_of(given[name])
            except ValueError as error:
                raise invalid(name, str(error)) from None
    try:
        compiled(script_of({**given, "beside": "x"}))
    except SieveError as error:
        raise invalid("subject", str(error)) from None
