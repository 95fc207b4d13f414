"""Principal: whom something can be shared with. RFC 9670 §2; `availability` says when they are busy.

Everybody of one's own domain that `people` finds, and the two sets of people that a grant can name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from groupware.model.principal import EVERYONE, Person, PrincipalKind
from groupware.store.api import ReadTx
from web.jmap import few
from web.jmap.arguments import (
    ChangesArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
)
from web.jmap.ids import account_id, grantee_of, principal_id
from web.jmap.kept import own
from web.jmap.limits import CALENDARS
from web.jmap.queries import Few, query_changes_of, query_of
from web.jmap.refusing import refused
from web.jmap.session import accounts
from web.jmap.sets import SetArguments
from web.jmap.turn import Turn

Json = dict[str, Any]
PROPERTIES: Final = ("id", "type", "name", "description", "email", "timeZone", "capabilities", "accounts")
MOST: Final = 10_000
"""People of a domain that are looked through."""
FEW: Final = 20
TYPES: Final = {
    PrincipalKind.ACCOUNT: "individual",
    PrincipalKind.GROUP: "group",
    PrincipalKind.LIST: "group",
    PrincipalKind.RESOURCE: "resource",
}


def _of(person: Person) -> Json:
    """A person, group or resource as a principal."""
    grantee = f"group:{person.address}" if person.kind == PrincipalKind.GROUP else person.address
    asked = person.kind in (PrincipalKind.ACCOUNT, PrincipalKind.RESOURCE)
    address = {"calendarAddress": f"mailto:{person.address}", "mayGetAvailability": asked, "mayShareWith": True}
    return {
        "id": principal_id(grantee),
        "type": TYPES.get(person.kind, "other"),
        "name": person.name or person.address,
        "description": None,
        "email": person.address,
        "timeZone": None,
        "capabilities": {CALENDARS: {"accountId": None, "account": None, **address}},
    }


def _sets(tx: ReadTx) -> list[Json]:
    """Everybody, and everybody of one's own domain."""
    domain = tx.who.name.rpartition("@")[2]
    named = [(EVERYONE, "Everybody with an account"), (f"domain:{domain}", f"Everybody of {domain}")]
    plain: Json = {"type": "other", "description": None, "email": None, "timeZone": None, "capabilities": {}}
    return [{"id": principal_id(grantee), "name": name, **plain} for grantee, name in named]


def every(tx: ReadTx, names: Sequence[str] | None = None) -> dict[str, Json]:
    """All principals, or those of a few ids, each with its accounts that one may see."""
    if names is not None and len(names) <= FEW:
        told = [grantee.removeprefix("group:") for each in names if (grantee := grantee_of(each)) and "@" in grantee]
        found = [person for address in told for person in tx.people(address, MOST) if person.address == address]
    else:
        found = list(tx.people("", MOST))
    there = {each["name"]: (name, each) for name, each in accounts(tx).items()}
    principals = {}
    for each in [*map(_of, found), *_sets(tx)]:
        name, account = there.get(each["email"] or "", ("", None))
        if account is not None and CALENDARS in each["capabilities"]:
            each["capabilities"][CALENDARS]["accountId"] = name
        each["capabilities"].get(CALENDARS, {}).pop("account", None)
        principals[each["id"]] = {**each, "accounts": {name: account} if account is not None else None}
    return principals


def state(tx: ReadTx) -> str:
    """Another one after each change of who there is."""
    return f"{tx.people_at()}-{len(accounts(tx))}"


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Principal/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Json]]:
        return account_id(own(tx, arguments.account_id)), state(tx), every(tx, arguments.ids)

    return await few.get(turn, arguments, PROPERTIES, look)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Principal/changes`: when somebody came, went or is called otherwise, a client starts over."""
    return await few.changes(turn, arguments, lambda tx: (account_id(own(tx, arguments.account_id)), state(tx)))


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`Principal/set`: an administrator says who there is."""
    why = "who there is, an administrator says"
    return await refused(turn, arguments, lambda tx: (account_id(own(tx, arguments.account_id)), state(tx)), why)


async def query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    """`Principal/query`."""
    return await query_of(turn, arguments, partial(_found, arguments))


async def query_changes(turn: Turn, arguments: QueryChangesArguments) -> Mapping[str, Any]:
    """`Principal/queryChanges`."""
    return await query_changes_of(turn, arguments, partial(_found, arguments))


def _found(arguments: QueryArguments | QueryChangesArguments, tx: ReadTx) -> tuple[str, list[str]]:
    account = account_id(own(tx, arguments.account_id))
    return account, _FEW.ids(every(tx).values(), arguments)


def _has(*names: str) -> Callable[[Json, str], bool]:
    return lambda each, value: any(value.casefold() in str(each[name] or "").casefold() for name in names)


_CONDITIONS: Final[Mapping[str, Callable[[Json, Any], bool]]] = {
    "accountIds": lambda each, value: any(name in value for name in each["accounts"] or ()),
    "email": _has("email"),
    "name": _has("name"),
    "text": _has("name", "email"),
    "type": lambda each, value: bool(each["type"] == value),
    "timeZone": lambda each, value: bool(each["timeZone"] == value),
}
_SORTS: Final[Mapping[str, Callable[[Json], str]]] = {
    "name": lambda each: str(each["name"] or "").casefold(),
    "email": lambda each: str(each["email"] or "").casefold(),
}
_FEW: Final = Few("principals", _CONDITIONS, _SORTS, {"accountIds": list})
