"""Secrets that have to be had in the clear again, sealed with the site's secret: the database alone has nothing."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def seal(secret: str, site: bytes, use: bytes) -> str:
    """The stored form. `use` says what for: what is sealed for one use opens for no other."""
    return _box(site, use).encrypt(secret.encode()).decode("ascii")


def unseal(sealed: str, site: bytes, use: bytes, most_seconds: int | None = None) -> str | None:
    """The secret; None when it was sealed at another site or for another use, longer ago than that, or is damaged."""
    try:
        return _box(site, use).decrypt(sealed.encode(), most_seconds).decode()
    except (InvalidToken, ValueError):
        return None


def _box(site: bytes, use: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(HKDF(SHA256(), 32, None, use).derive(site)))
