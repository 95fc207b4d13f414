"""What only the client can read: messages of Web Push encrypted for its keys. RFC 8291, RFC 8188."""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD: Final = 4096
MOST: Final = RECORD - 17 - 86
"""Octets of a message: a push service takes 4096 of the encrypted form (RFC 8030 §7.2)."""


class BadKeys(ValueError):
    """The keys are none that messages could be encrypted for."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Of a client: its public key and the secret that it shares with who sends. `BadKeys`."""

    p256dh: str
    auth: str

    def __post_init__(self) -> None:
        if len(decoded(self.auth)) != 16:
            raise BadKeys("the auth secret has 16 octets")
        self.public()

    def public(self) -> ec.EllipticCurvePublicKey:
        """The public key."""
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(self.p256dh))
        except ValueError:
            raise BadKeys("the public key is no point of P-256") from None


def decoded(text: str) -> bytes:
    """Octets of base64url, with or without its padding. `BadKeys`."""
    try:
        return base64.b64decode(text.strip().rstrip("=") + "=" * (-len(text.strip().rstrip("=")) % 4), b"-_", True)
    except (binascii.Error, ValueError):
        raise BadKeys("the keys are not base64url") from None


def encoded(octets: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key, uncompressed."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encrypted(
    octets: bytes, keys: Keys, own: ec.EllipticCurvePrivateKey | None = None, salt: bytes | None = None
) -> bytes:
    """The body of a message, in Content-Encoding aes128gcm; `own` and `salt` are new ones unless a test gives them."""
    if len(octets) > MOST:
        raise ValueError(f"a message has {MOST} octets at most")
    own = own or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    theirs, mine = point(keys.public()), point(own.public_key())
    shared = own.exchange(ec.ECDH(), keys.public())
    secret = _derived(decoded(keys.auth), shared, b"WebPush: info\0" + theirs + mine, 32)
    key = _derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD.to_bytes(4, "big") + bytes([len(mine)]) + mine
    return head + AESGCM(key).encrypt(nonce, octets + b"\x02", None)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
