"""Our own tokens of OAuth: what they look like, what each opens, and whose a given one is. RFC 6750, RFC 6819.

1. A token is random and opaque; its digest alone is stored, and looked up at each sign-in: its end holds at once.
2. What a token may be used for are the scopes that its owner consented to. A service takes it only with all that the
   service gives: whoever lets a program read calendars has not let it read mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final, NamedTuple

from groupware.model.errors import NotFound
from groupware.model.principal import OPERATOR, Principal, Proof
from groupware.model.token import Grant
from groupware.store.api import ReadTx, Store
from mailcore.server.oauth import BadToken, NoScope

ACCESS: Final = "postroom-access-"
REFRESH: Final = "postroom-refresh-"
MAIL: Final = "urn:ietf:params:oauth:scope:mail"
CONTACTS: Final = "urn:ietf:params:oauth:scope:contacts"
CALENDARS: Final = "urn:ietf:params:oauth:scope:calendars"
SCOPES: Final[Mapping[str, str]] = {
    MAIL: "Read, send and change your mail",
    CONTACTS: "Read and change your contacts",
    CALENDARS: "Read and change your calendars, tasks and notes",
}
"""draft-ietf-mailmaint-oauth-public: what each lets a program do, in words."""
_ALL: Final = frozenset(SCOPES)
_MAIL: Final = frozenset({MAIL})
NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "imap": _MAIL,
    "pop3": _MAIL,
    "smtp": _MAIL,
    "sieve": _MAIL,
    "dav": frozenset({CONTACTS, CALENDARS}),
    "jmap": _ALL,
    "activesync": _ALL,
    "ews": _ALL,
}
"""By service; what is not here takes no token."""
NOTED: Final = timedelta(seconds=60)
"""When a grant was used, and from where, is written so often at most."""
_OCTETS: Final = 32


def new_token(kind: str) -> str:
    """A token that nobody guesses; `kind` is what it begins with."""
    return kind + token_urlsafe(_OCTETS)


def digest_of(secret: str) -> str:
    """What is stored of a code or token."""
    return sha256(secret.encode()).hexdigest()


def is_own(token: str) -> bool:
    """Whether it is one of ours, good or not."""
    return token.startswith(ACCESS)


class Opened(NamedTuple):
    """What a token opens."""

    name: str
    """Of the account."""
    proof: Proof
    """What the account goes by then."""
    services: frozenset[str]
    """All that take the token."""


async def account_of(store: Store, token: str, service: str, peer: str) -> Opened:
    """What a token opens that signs in to a service. `BadToken`, `TryAgain`."""
    needed = NEEDED.get(service)
    if needed is None:
        raise BadToken("this service takes no tokens")
    digest = digest_of(token)

    def look(tx: ReadTx) -> tuple[Grant, Principal]:
        found = tx.oauth_grant("access", digest)
        return found, tx.identity(found.account)

    try:
        found, who = await store.glance(OPERATOR, look)
    except NotFound:
        raise BadToken("it has ended, or was taken back") from None
    scopes = set(found.scope.split())
    if not needed <= scopes:
        raise NoScope(f"it is not for {service}: its owner has not consented to that")
    if datetime.now(UTC) - found.used >= NOTED:
        await store.write(OPERATOR, lambda tx: tx.use_oauth_grant(found.number, peer))
    services = frozenset(each for each, scope in NEEDED.items() if scope <= scopes)
    return Opened(who.name, Proof(found.account, "token", found.number), services)
