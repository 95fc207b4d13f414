"""Passwords of other servers: they have to be said again, so they are sealed with the site's secret (decision 303)."""

from __future__ import annotations

from typing import Final

from groupware.directory.sealed import seal, unseal
from groupware.model.errors import Refused
from groupware.model.remote import is_password

_USE: Final = b"remote POP passwords"


def sealed(password: str, site: bytes) -> str:
    """What is stored of it. `Refused` for what POP3 could not say."""
    if not is_password(password):
        raise Refused("password: 1 to 320 characters are wanted, and no control characters")
    return seal(password, site, _USE)


def opened(secret: str, site: bytes) -> str | None:
    """The password; None: it was sealed at another site."""
    return unseal(secret, site, _USE)
