"""Who sends: a signature that push services know this site by. RFC 8292."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailcore.push.encryption import encoded, point

HOLDS: Final = 12 * 3600
"""Seconds for which a signature holds; 24 hours are allowed."""
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@lru_cache(maxsize=4)
def _key(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The key of a site: made from its secret, so it is the same on all nodes and for good."""
    number = int.from_bytes(HKDF(SHA256(), 48, None, b"postroom vapid").derive(secret), "big")
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


@lru_cache(maxsize=4)
def public_key(secret: bytes) -> str:
    """The public key as clients hand it to their push service."""
    return encoded(point(_key(secret).public_key()))


def authorization(secret: bytes, url: str, contact: str, now: float) -> str:
    """The Authorization field of a message to that place; `contact`: whom the push service can write to."""
    from joserfc import jwt  # fifty modules, for who has clients that want to be told
    from joserfc.jwk import ECKey

    parts = urlsplit(url)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(now) + HOLDS, "sub": f"mailto:{contact}"}
    pem = _key(secret).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, ECKey.import_key(pem), algorithms=["ES256"])
    return f"vapid t={token}, k={public_key(secret)}"
