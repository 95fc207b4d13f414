"""Public keys of signers: their records in DNS, and what a key says of a signature. RFC 6376 §3.6, 8301, 8463."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailcore.server.dns import Answer, NoData, NoSuchDomain, QueryType
from mailcore.smtp.authentication.tags import Malformed, tags, unbase64, words

RSA_LEAST: Final = 1024
"""Bits. RFC 8301 §3.2 believes no shorter key."""
RSA_MOST: Final = 8192
"""Bits. Longer keys only cost time."""
MOST_RECORDS: Final = 5


class Dns(Protocol):
    """The resolver, as far as it is asked here."""

    async def query(self, name: str, type: QueryType) -> Answer:
        """The records of a name. NoSuchDomain, NoData or TryAgain."""
        ...


class NoKey(Exception):
    """There is no key to check with, and there will be none."""


@dataclass(frozen=True, slots=True)
class Key:
    """A published key."""

    public: RSAPublicKey | Ed25519PublicKey
    hashes: tuple[str, ...] = ()
    """Those it may be used with; none: all."""
    flags: tuple[str, ...] = ()

    @property
    def algorithm(self) -> str:
        """As in the tag `k`."""
        return "rsa" if isinstance(self.public, RSAPublicKey) else "ed25519"

    @property
    def trouble(self) -> str:
        """Why the key itself is not believed; "" when it is."""
        if isinstance(self.public, RSAPublicKey) and not RSA_LEAST <= self.public.key_size <= RSA_MOST:
            return f"the key has {self.public.key_size} bits"
        return ""

    def signed(self, signature: bytes, octets: bytes) -> bool:
        """Whether the signature over the octets was made with the private half."""
        try:
            if isinstance(self.public, RSAPublicKey):
                self.public.verify(signature, octets, PKCS1v15(), SHA256())
            else:
                self.public.verify(signature, hashlib.sha256(octets).digest())
        except InvalidSignature:
            return False
        return True


def parse_key(text: str) -> Key:
    """The key in a record. Malformed; NoKey when it was revoked, or is for something else than mail."""
    found = tags(text)
    if found.get("v", "DKIM1") != "DKIM1" or ("v" in found and next(iter(found)) != "v"):
        raise Malformed("the record is of another version")
    if "p" not in found:
        raise Malformed("the record has no key")
    if not found["p"]:
        raise NoKey("the key was revoked")
    if not {"*", "email"} & set(words(found.get("s", "*"))):
        raise NoKey("the key is not for mail")
    hashes = tuple(words(found["h"])) if found.get("h") else ()
    return Key(_public(found.get("k", "rsa").lower(), unbase64(found["p"])), hashes, tuple(words(found.get("t", ""))))


def _public(algorithm: str, octets: bytes) -> RSAPublicKey | Ed25519PublicKey:
    try:
        if algorithm == "ed25519":
            return Ed25519PublicKey.from_public_bytes(octets)
        if algorithm != "rsa":
            raise Malformed(f"the key is of an unknown kind {algorithm[:20]!r}")
        found = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise error if isinstance(error, Malformed) else Malformed("the key is damaged") from error
    if not isinstance(found, RSAPublicKey):
        raise Malformed("the key is no RSA key")
    return found


async def key_of(dns: Dns, selector: str, domain: str) -> Key:
    """The key that a domain publishes under a selector. NoKey, Malformed, TryAgain. RFC 6376 §3.6.2."""
    name = f"{selector}._domainkey.{domain}"
    try:
        answer = await dns.query(name, "TXT")
    except (NoSuchDomain, NoData) as error:
        raise NoKey("no key is published") from error
    trouble: NoKey | Malformed = NoKey("no key is published")
    for text in answer.values[:MOST_RECORDS]:
        try:
            return parse_key(text)
        except (Malformed, NoKey) as error:
            trouble = error
    raise trouble
