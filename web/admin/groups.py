"""Groups of a domain, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from groupware.model.principal import Account, NewAccount, PrincipalKind
from groupware.store.api import ReadTx, WriteTx
from web.admin.accounts import listing, principal_of
from web.admin.domains import domain_of
from web.admin.table import (
    ADDRESS,
    AFTER,
    DOMAIN,
    LIMIT,
    NUMBER,
    SEARCH,
    TEXT,
    Field,
    Given,
    Here,
    Operation,
    in_path,
    maybe,
    of,
    some,
)

_ROW: Final = of("address", "name")
_SHOWN: Final = of("address", "name", members=some(TEXT))
_MEMBER: Final = in_path("member", "Address of an account or of another group.")


async def listed(here: Here, given: Given) -> object:
    """Those of a domain, by address."""
    return await listing(here, given, PrincipalKind.GROUP, "groups", lambda _, each: _row(each))


def _row(each: Account) -> Mapping[str, object]:
    return {"address": each.address, "name": each.name}


async def show(here: Here, given: Given) -> object:
    """One of them, with its direct members."""
    return await here.read(lambda tx: _shown(tx, given["address"]))


async def add(here: Here, given: Given) -> object:
    """Makes one."""
    address = f"{given['local']}@{given['domain'].lower()}"

    def work(tx: WriteTx) -> Mapping[str, object]:
        domain_of(tx, given["domain"])
        return _shown(tx, tx.put_account(NewAccount(address, PrincipalKind.GROUP, given.get("name", ""))).address)

    return await here.write(work)


async def delete(here: Here, given: Given) -> object:
    """Takes one away; its members stay."""

    def work(tx: WriteTx) -> None:
        tx.drop_account(principal_of(tx, given["address"], PrincipalKind.GROUP).address)

    await here.write(work)
    return None


async def put_member(here: Here, given: Given) -> object:
    """Puts an account or a group into it."""

    def work(tx: WriteTx) -> Mapping[str, object]:
        found = principal_of(tx, given["address"], PrincipalKind.GROUP)
        tx.put_member(found.address, given["member"])
        return _shown(tx, found.address)

    return await here.write(work)


async def remove_member(here: Here, given: Given) -> object:
    """Takes a member out."""

    def work(tx: WriteTx) -> None:
        tx.drop_member(principal_of(tx, given["address"], PrincipalKind.GROUP).address, given["member"])

    await here.write(work)
    return None


def _shown(tx: ReadTx, address: str) -> Mapping[str, object]:
    found = principal_of(tx, address, PrincipalKind.GROUP)
    return {"address": found.address, "name": found.name, "members": list(tx.members(found.address))}


OPERATIONS: Final = (
    Operation(
        "GET", "/domains/{domain}/groups", "listGroups", "The groups of a domain, by address.", listed,
        (DOMAIN, SEARCH, AFTER, LIMIT), of(groups=some(_ROW), next=maybe(TEXT), total=NUMBER),
    ),
    Operation(
        "POST", "/domains/{domain}/groups", "addGroup", "Make a group.", add,
        (
            DOMAIN, Field("local", "What is before the @.", required=True, longest=64),
            Field("name", "What people call it.", empty=True),
        ),
        _SHOWN,
    ),
    Operation("GET", "/groups/{address}", "showGroup", "A group and its direct members.", show, (ADDRESS,), _SHOWN),
    Operation("DELETE", "/groups/{address}", "deleteGroup", "Take a group away; its members stay.", delete, (ADDRESS,)),
    Operation(
        "PUT", "/groups/{address}/members/{member}", "putMember", "Put an account or a group into a group.",
        put_member, (ADDRESS, _MEMBER), _SHOWN,
    ),
    Operation(
        "DELETE", "/groups/{address}/members/{member}", "removeMember", "Take a member out of a group.",
        remove_member, (ADDRESS, _MEMBER),
    ),
)  # fmt: skip
