"""What one session works with, and in whose name it works. All of it blocks: it runs in the session's own thread."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from groupware.model.errors import NoRight, NotFound
from groupware.model.ids import AccountId
from groupware.model.principal import Domain, Principal
from groupware.store.api import Blobs, ReadTx, Store
from mailcore.ftp.names import Spot


@dataclass(frozen=True, slots=True)
class Desk:
    """The server, for one who has signed in."""

    store: Store
    blobs: Blobs
    who: Principal
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    """Does it on the event loop, and gives back what comes of it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose tree a path is in, and who works there: the account itself, whose administrator has signed in."""

    who: Principal
    account: AccountId


def domain_at(tx: ReadTx, spot: Spot) -> Domain:
    """The domain of a path, for who administers it. `NotFound`."""
    for domain in tx.administered():
        if domain.name == spot.domain:
            return domain
    raise NotFound(f"{spot.domain}: there is no such domain, or you do not administer it")


def owner_at(desk: Desk, spot: Spot) -> Owner:
    """The owner of what is at a path. `NotFound`; `NoRight`, also for an account that is disabled.

    Who administers a domain may act as its accounts, as when signing in anywhere: as the account for its folders, as
    the postmaster for the public ones. The store says whether it may, and gives the principal.
    """
    with desk.store.snapshot(desk.who) as tx:
        domain = domain_at(tx, spot)
        account = tx.account(spot.owner or f"postmaster@{spot.domain}")
        try:
            who = tx.identity(account.id)
        except NotFound:
            raise NoRight(f"{account.address}: the account is disabled; enable it to reach these folders") from None
        tree = account.id if spot.owner else domain.account
        if tree is None:
            raise NotFound(f"{spot.domain}: it has no public folders")
        return Owner(replace(who, client=f"ftp_backup by {desk.who.name}"), tree)
