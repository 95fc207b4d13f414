"""Keys for signatures in tests: the private half in PEM, the public half as its record."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@dataclass(frozen=True)
class Pair:
    """A key."""

    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def traditional(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())

    @property
    def record(self) -> str:
        public = self.private.public_key()
        if isinstance(self.private, Ed25519PrivateKey):
            return f"v=DKIM1; k=ed25519; p={b64encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()}"
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={b64encode(der).decode()}"

    @property
    def seed(self) -> bytes:
        """Of an Ed25519 key, in base64: the form of dkimpy."""
        return b64encode(self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))


@cache
def rsa(bits: int = 2048) -> Pair:
    """One RSA key of that length, the same each time."""
    return Pair(generate_private_key(65537, bits))


@cache
def ed25519() -> Pair:
    """One Ed25519 key, the same each time."""
    return Pair(Ed25519PrivateKey.generate())
