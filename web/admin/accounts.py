"""Accounts of a domain, their passwords and their other addresses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from groupware.directory.factors import GUARDS
from groupware.directory.password import NO_SALTS, BadPassword, Digest, problems, salts_of, seal
from groupware.model.errors import NotFound, Refused
from groupware.model.principal import Account, NewAccount, PrincipalKind
from groupware.store.api import ReadTx, WriteTx
from web.admin.domains import domain_of
from web.admin.table import (
    ADDRESS,
    AFTER,
    DOMAIN,
    FLAG,
    LIMIT,
    MOMENT,
    NUMBER,
    SEARCH,
    TEXT,
    Field,
    Given,
    Here,
    Operation,
    Schema,
    in_path,
    maybe,
    of,
    page,
    some,
)

_MEMBERS: Final[Mapping[str, Schema]] = {
    "address": TEXT,
    "name": TEXT,
    "enabled": FLAG,
    "aliases": some(TEXT),
    "octets": NUMBER,
    "items": NUMBER,
}
_ROW: Final = of(**_MEMBERS)
_SHOWN: Final = of(
    **_MEMBERS, domain=TEXT, created=MOMENT, password=FLAG, factors=NUMBER, appPasswords=NUMBER
)  # fmt: skip
_WEAK: Final = of(weak=some(TEXT))
_NAME: Final = Field("name", 'What people call it, as "Alice Adams".', empty=True)
_PASSWORD: Final = Field("password", "The new password.", required=True, longest=1024)


def principal_of(tx: ReadTx, address: str, kind: PrincipalKind) -> Account:
    """Who has this address, for who administers the domain. `NotFound` when it is of another kind."""
    found, _ = tx.credentials(address)
    if found.kind is not kind:
        raise NotFound(f"{address[:80]}: there is no such {kind.value}.")
    return found


async def listing(
    here: Here, given: Given, kind: PrincipalKind, name: str, row: Callable[[ReadTx, Account], Mapping[str, object]]
) -> object:
    """A page of those of a kind in a domain, by address: those in whose address or name there is what is sought."""
    wanted = given.get("search", "").lower()

    def work(tx: ReadTx) -> object:
        there = tx.accounts(domain_of(tx, given["domain"]).name, kind)
        found = [each for each in there if wanted in each.address or wanted in each.name.lower()]
        shown, following = page(found, lambda each: each.address, given)
        return {name: [row(tx, each) for each in shown], "next": following, "total": len(found)}

    return await here.read(work)


async def listed(here: Here, given: Given) -> object:
    """Those of a domain, by address."""
    return await listing(here, given, PrincipalKind.ACCOUNT, "accounts", lambda _, each: _row(each))


async def show(here: Here, given: Given) -> object:
    """One of them."""
    return await here.read(lambda tx: _shown(tx, given["address"]))


async def add(here: Here, given: Given) -> object:
    """Makes one, with its folders; without a password nobody can sign in to it."""
    address = f"{given['local']}@{given['domain'].lower()}"
    await here.read(lambda tx: domain_of(tx, given["domain"]))  # before the work for the password
    secrets = await _sealed(given["password"], NO_SALTS) if "password" in given else {}
    new = NewAccount(address, name=given.get("name", ""), credentials=secrets)
    return await here.write(lambda tx: _shown(tx, tx.put_account(new).address))


async def change(here: Here, given: Given) -> object:
    """Changes what is given."""
    values = {name: given[name] for name in ("name", "enabled") if name in given}
    if not values:
        raise Refused("Nothing to change: give `name` or `enabled`.")

    def work(tx: WriteTx) -> Mapping[str, object]:
        found = principal_of(tx, given["address"], PrincipalKind.ACCOUNT)
        if found.id == tx.who.account and not given.get("enabled", True):
            raise Refused("You are signed in with this account: somebody else has to disable it.")
        return _shown(tx, tx.update_account(found.address, **values).address)

    return await here.write(work)


async def set_password(here: Here, given: Given) -> object:
    """Sets it, and ends the sessions of browsers; app passwords stay. Says what speaks against it."""

    def salts(tx: ReadTx) -> tuple[Account, Mapping[Digest, bytes]]:
        found = principal_of(tx, given["address"], PrincipalKind.ACCOUNT)
        return found, salts_of([(each.kind, each.value) for each in tx.credentials(found.address)[1]])

    found, there = await here.read(salts)
    secrets = await _sealed(given["password"], there)

    def work(tx: WriteTx) -> None:
        for kind, value in secrets.items():
            tx.put_credential(found.address, kind, value)

    await here.write(work)
    return {"weak": list(problems(given["password"], found.address))}


async def delete(here: Here, given: Given) -> object:
    """Takes one away with everything in it."""

    def work(tx: WriteTx) -> None:
        found = principal_of(tx, given["address"], PrincipalKind.ACCOUNT)
        if found.id == tx.who.account:
            raise Refused("You are signed in with this account: somebody else has to delete it.")
        tx.drop_account(found.address)

    await here.write(work)
    return None


async def add_alias(here: Here, given: Given) -> object:
    """Gives it another address."""

    def work(tx: WriteTx) -> Mapping[str, object]:
        found = principal_of(tx, given["address"], PrincipalKind.ACCOUNT)
        tx.put_alias(found.address, given["alias"])
        return _shown(tx, found.address)

    return await here.write(work)


async def remove_alias(here: Here, given: Given) -> object:
    """Takes another address of it away."""

    def work(tx: WriteTx) -> None:
        found = principal_of(tx, given["address"], PrincipalKind.ACCOUNT)
        alias = given["alias"].lower()
        if alias not in found.aliases:
            raise NotFound(f"{alias[:80]}: {found.address} has no such alias.")
        tx.drop_alias(alias)

    await here.write(work)
    return None


async def _sealed(password: str, salts: Mapping[Digest, bytes]) -> Mapping[str, str]:
    """What is stored of a password, by kind of secret. `Refused`."""
    try:
        found = await asyncio.to_thread(seal, password, salts)
    except BadPassword as error:
        raise Refused(str(error)) from None
    return {"password": found.hash, "scram-sha-1": found.scram_sha1, "scram-sha-256": found.scram_sha256}


def _shown(tx: ReadTx, address: str) -> Mapping[str, object]:
    found = principal_of(tx, address, PrincipalKind.ACCOUNT)
    kinds = [each.kind for each in tx.credentials(found.address)[1]]
    return {
        **_row(found),
        "domain": found.domain,
        "created": found.created.isoformat() if found.created is not None else None,
        "password": "password" in kinds,
        "factors": sum(each in GUARDS for each in kinds),
        "appPasswords": kinds.count("app"),
    }


def _row(each: Account) -> Mapping[str, object]:
    about = {"address": each.address, "name": each.name, "enabled": each.enabled, "aliases": list(each.aliases)}
    return {**about, "octets": each.bytes, "items": each.items}


OPERATIONS: Final = (
    Operation(
        "GET", "/domains/{domain}/accounts", "listAccounts", "The accounts of a domain, by address.", listed,
        (DOMAIN, SEARCH, AFTER, LIMIT), of(accounts=some(_ROW), next=maybe(TEXT), total=NUMBER),
    ),
    Operation(
        "POST", "/domains/{domain}/accounts", "addAccount", "Make an account, with its folders.", add,
        (
            DOMAIN, Field("local", "What is before the @.", required=True, longest=64), _NAME,
            Field("password", "Without one nobody can sign in until it is set.", longest=1024),
        ),
        _SHOWN,
    ),
    Operation("GET", "/accounts/{address}", "showAccount", "One account.", show, (ADDRESS,), _SHOWN),
    Operation(
        "PATCH", "/accounts/{address}", "changeAccount", "Change what is given.", change,
        (ADDRESS, _NAME, Field("enabled", "Whether it may log in.", "flag")), _SHOWN,
    ),
    Operation(
        "PUT", "/accounts/{address}/password", "setPassword",
        "Set the password; sessions of browsers end, app passwords stay. Gives what speaks against the new one.",
        set_password, (ADDRESS, _PASSWORD), _WEAK,
    ),
    Operation(
        "DELETE", "/accounts/{address}", "deleteAccount", "Take an account away with everything in it.", delete,
        (ADDRESS,),
    ),
    Operation(
        "POST", "/accounts/{address}/aliases", "addAlias", "Give an account another address.", add_alias,
        (ADDRESS, Field("alias", "The other address.", required=True)), _SHOWN,
    ),
    Operation(
        "DELETE", "/accounts/{address}/aliases/{alias}", "removeAlias", "Take the other address away.", remove_alias,
        (ADDRESS, in_path("alias", "The other address.")),
    ),
)  # fmt: skip
