"""Footers of domains: found out of the settings of who sends, and put below on the way in or out.

On the way out they are put below what goes to others, before it is signed. Where people here are to have them as well,
that happens when the message is submitted; on the way out it then has them already.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from groupware.mime.footers import Footer, footed, footer
from groupware.model.errors import NotFound
from groupware.model.ids import AccountId
from groupware.model.principal import OPERATOR
from groupware.store.api import ReadTx, Store

EVERYBODY: Final = "everybody"
LARGE: Final = 65_536
MOST: Final = 256 * 1024 * 1024


def is_for_everybody(tx: ReadTx, account: AccountId) -> bool:
    """Whether people here have the footer of an account, too."""
    return tx.setting("footerTo", account).value == EVERYBODY


async def below(store: Store, account: AccountId, octets: bytes, now: datetime) -> bytes:
    """The message that an account has submitted with its footer, or as it is. `TryAgain`."""
    return await put(await store.glance(OPERATOR, lambda tx: of(tx, account, now)), octets)


async def put(found: Footer | None, octets: bytes) -> bytes:
    """The message with a footer below it, or as it is."""
    if found is None or len(octets) > MOST:
        return octets
    return await asyncio.to_thread(footed, octets, found) if len(octets) > LARGE else footed(octets, found)


def of(tx: ReadTx, account: AccountId, now: datetime) -> Footer | None:
    """The footer of an account; None when it has none, or is gone meanwhile."""
    try:
        return _footer(tx, account, now)
    except NotFound:
        return None


def _footer(tx: ReadTx, account: AccountId, now: datetime) -> Footer | None:
    if tx.setting("footerTo", account).value == "nobody":
        return None
    text, html = (str(tx.setting(name, account).value) for name in ("footerText", "footerHtml"))
    if not text and not html:
        return None
    who = tx.account(account)
    values = {"name": who.name or who.address, "address": who.address, "domain": who.domain, "date": f"{now:%Y-%m-%d}"}
    return footer(text, html, values)
