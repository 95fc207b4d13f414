"""Domains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from groupware.model.errors import AlreadyExists, NotFound
from groupware.model.principal import Domain
from groupware.store.api import ReadTx, WriteTx
from web.admin.table import (
    AFTER,
    DOMAIN,
    FLAG,
    LIMIT,
    SEARCH,
    TEXT,
    Field,
    Given,
    Here,
    Operation,
    maybe,
    of,
    page,
    some,
)

_SHOWN: Final = of("name", enabled=FLAG, aliases=some(TEXT))
_ALIASES: Final = Field("aliases", "Other names of it, all of them.", "texts", longest=253)
_ENABLED: Final = Field("enabled", "Whether it takes mail and logins.", "flag")


def domain_of(tx: ReadTx, name: str) -> Domain:
    """A domain that who asks administers. `NotFound`."""
    for each in tx.administered():
        if each.name == name.lower():
            return each
    raise NotFound(f"{name[:80]}: there is no such domain that you administer.")


async def listed(here: Here, given: Given) -> object:
    """The domains that one administers."""
    wanted = given.get("search", "").lower()
    found = await here.read(lambda tx: [each for each in tx.administered() if wanted in each.name])
    shown, following = page(sorted(found, key=_name), _name, given)
    return {"domains": [_shown(each) for each in shown], "next": following, "total": len(found)}


async def show(here: Here, given: Given) -> object:
    """One of them."""
    return _shown(await here.read(lambda tx: domain_of(tx, given["domain"])))


async def add(here: Here, given: Given) -> object:
    """Makes one, with its postmaster and its public tree."""
    new = Domain(given["name"].lower(), aliases=_aliases(given))

    def work(tx: WriteTx) -> Domain:
        if any(new.name == each.name for each in tx.administered()):
            raise AlreadyExists(f"{new.name}: the domain is there already.")
        return tx.put_domain(new)

    return _shown(await here.write(work))


async def change(here: Here, given: Given) -> object:
    """Changes what is given."""

    def work(tx: WriteTx) -> Domain:
        found = domain_of(tx, given["domain"])
        aliases = _aliases(given) if "aliases" in given else found.aliases
        return tx.put_domain(replace(found, aliases=aliases, enabled=given.get("enabled", found.enabled)))

    return _shown(await here.write(work))


async def delete(here: Here, given: Given) -> object:
    """Takes one away that has no accounts any more but its postmaster."""

    def work(tx: WriteTx) -> None:
        tx.drop_domain(domain_of(tx, given["domain"]).name)

    await here.write(work)
    return None


def _aliases(given: Given) -> tuple[str, ...]:
    return tuple(each.lower() for each in given.get("aliases", ()))


def _name(each: Domain) -> str:
    return each.name


def _shown(each: Domain) -> Mapping[str, object]:
    return {"name": each.name, "enabled": each.enabled, "aliases": list(each.aliases)}


OPERATIONS: Final = (
    Operation(
        "GET", "/domains", "listDomains", "The domains that one administers.", listed, (SEARCH, AFTER, LIMIT),
        of(domains=some(_SHOWN), next=maybe(TEXT), total={"type": "integer"}),
    ),
    Operation(
        "POST", "/domains", "addDomain", "Make a domain, with its postmaster.", add,
        (Field("name", "As example.org.", required=True, longest=253), _ALIASES), _SHOWN,
    ),
    Operation("GET", "/domains/{domain}", "showDomain", "One domain.", show, (DOMAIN,), _SHOWN),
    Operation(
        "PATCH", "/domains/{domain}", "changeDomain", "Change what is given.", change, (DOMAIN, _ALIASES, _ENABLED),
        _SHOWN,
    ),
    Operation(
        "DELETE", "/domains/{domain}", "deleteDomain",
        "Take a domain away that has no accounts any more but its postmaster.", delete, (DOMAIN,),
    ),
)  # fmt: skip
