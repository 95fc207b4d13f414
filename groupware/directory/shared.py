"""Secrets that both sides have to know in the clear, for CRAM-MD5 and APOP.

They are made here and never chosen, so that nobody's password is among them, and stored sealed with the site's secret:
whoever gets hold of the database alone has nothing.
"""

from __future__ import annotations

import secrets
from typing import Final

from groupware.directory.sealed import seal, unseal

KIND: Final = "shared"
"""Of the stored secret."""
_USE: Final = b"postroom: secrets for CRAM-MD5 and APOP"


def new_shared_secret() -> str:
    """One to be shown once."""
    return secrets.token_urlsafe(24)


def seal_shared(secret: str, site: bytes) -> str:
    """The stored form."""
    return seal(secret, site, _USE)


def open_shared(sealed: str, site: bytes) -> str | None:
    """The secret; None when it was sealed at another site, or is damaged."""
    return unseal(sealed, site, _USE)
