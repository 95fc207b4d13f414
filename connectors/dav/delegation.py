"""Whose delegate somebody is, as a principal says it (caldav-proxy)."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.dav.paths import PRINCIPALS, PROXY_READ, PROXY_WRITE, Place, principal
from connectors.dav.resources import ABOUT_DELEGATES
from connectors.dav.xml import href
from groupware.model.errors import GroupwareError
from groupware.model.folder import Role
from groupware.model.rights import Right
from groupware.store.api import ReadTx


def role_of(root: Right) -> str:
    """Which of the two groups somebody is in, by what is allowed to them on a root; "" for neither."""
    if Right.SCHEDULE_AS in root:
        return PROXY_WRITE
    return PROXY_READ if root & (Right.FREEBUSY | Right.READ) else ""


def delegated(tx: ReadTx) -> Mapping[str, str]:
    """`ABOUT_DELEGATES`: the groups that the asking principal is in, and whose calendars it may read or change so."""
    found: dict[str, list[str]] = {PROXY_READ: [], PROXY_WRITE: []}
    for owner, address, rights in tx.delegations():
        role = role_of(rights)
        try:
            tx.role(owner, Role.CALENDAR, Right.READ)
        except GroupwareError:
            continue
        if role:
            found[role].append(address)
    groups = [href(Place(PRINCIPALS, each, role).href) for role, all_ in found.items() for each in all_]
    people = ["".join(href(principal(each)) for each in found[role]) for role in (PROXY_READ, PROXY_WRITE)]
    return dict(zip(ABOUT_DELEGATES, ("".join(groups), *people), strict=True))
