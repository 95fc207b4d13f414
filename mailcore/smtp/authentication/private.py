"""Private keys for signing: made here, sealed with the site's secret, opened to sign. RFC 6376 §3.3, RFC 8463."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from groupware.model.signing import Algorithm, SigningKey

Private = RSAPrivateKey | Ed25519PrivateKey
_USE: Final = b"postroom: keys for DKIM"
_STRING_MAX: Final = 200
"""Octets of one string of a TXT record; DNS takes 255."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new key as it is stored."""

    sealed: str
    public: str


def make(algorithm: Algorithm, site: bytes) -> Made:
    """A new key."""
    private: Private = Ed25519PrivateKey.generate() if algorithm == "ed25519" else generate_private_key(65537, 2048)
    octets = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Made(_box(site).encrypt(octets).decode("ascii"), base64.b64encode(_public(private)).decode("ascii"))


def _public(private: Private) -> bytes:
    if isinstance(private, Ed25519PrivateKey):
        return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@lru_cache(maxsize=256)
def opened(sealed: str, site: bytes) -> Private | None:
    """The key; None when it was sealed at another site, or is damaged."""
    try:
        found = load_der_private_key(_box(site).decrypt(sealed.encode()), None)
    except (InvalidToken, ValueError):
        return None
    return found if isinstance(found, RSAPrivateKey | Ed25519PrivateKey) else None


def _box(site: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(HKDF(SHA256(), 32, None, _USE).derive(site)))


def record_name(key: SigningKey) -> str:
    """Where the key is published."""
    return f"{key.selector}._domainkey.{key.domain}"


def record(key: SigningKey) -> str:
    """What is published there."""
    return f"v=DKIM1; k={'ed25519' if key.algorithm == 'ed25519' else 'rsa'}; p={key.public}"


def zone_line(name: str, text: str) -> str:
    """A TXT record as a zone file has it: strings that are short enough, and the name absolute."""
    parts = [text[at : at + _STRING_MAX] for at in range(0, len(text), _STRING_MAX)]
    strings = " ".join('"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"' for part in parts)
    return f"{name}. IN TXT {f'( {strings} )' if len(parts) > 1 else strings}"
