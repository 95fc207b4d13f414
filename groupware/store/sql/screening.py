"""What is set about senders, for who delivers."""

from __future__ import annotations

from typing import Final

from groupware.model.errors import NoRight, NotFound
from groupware.model.ids import AccountId
from groupware.model.principal import PrincipalKind
from groupware.model.rights import Right
from groupware.model.screening import Screening

from .principals import Known, by_id
from .settings import effective
from .tx import Tx

_LISTS: Final = ("whitelist", "blacklist", "serverWhitelist", "serverBlacklist")


def screening(tx: Tx, of: AccountId) -> Screening:
    """See `ReadTx.screening`."""
    if Right.POST not in tx.who.floor and of != tx.who.account:
        raise NoRight("what is set about senders is an account's own affair")
    found = by_id(tx.sql, of)
    if found is None:
        raise NotFound(f"there is nobody with the number {of}")

    def text(name: str) -> str:
        return str(effective(tx, name, of, found.settings).value)

    return Screening(
        of,
        found.address,
        text("whitelist"),
        text("blacklist"),
        bool(effective(tx, "whitelistContacts", of, found.settings).value),
        text("blacklistAction"),
        text("filteringOption") if found.kind is PrincipalKind.ACCOUNT else "pass",
        text("serverWhitelist"),
        text("serverBlacklist"),
        text("language"),
    )


def is_screened(tx: Tx, found: Known) -> bool:
    """Whether senders have to be looked at whatever scanners say: somebody is on a list, or strangers do not pass."""
    if found.kind not in (PrincipalKind.ACCOUNT, PrincipalKind.LIST, PrincipalKind.RESOURCE):
        return False
    strangers = effective(tx, "filteringOption", found.id, found.settings).value
    if strangers != "pass" and found.kind is PrincipalKind.ACCOUNT:
        return True
    return any(effective(tx, name, found.id, found.settings).value for name in _LISTS)
