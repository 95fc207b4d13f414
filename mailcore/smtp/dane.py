"""DANE: whether a mail host's certificate is the one that DNSSEC vouches for. RFC 6698, RFC 7671, RFC 7672."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TRUST_ANCHOR: Final = 2
END_ENTITY: Final = 3
_DIGESTS: Final = {1: hashlib.sha256, 2: hashlib.sha512}
MOST_LINKS: Final = 10


@dataclass(frozen=True, slots=True)
class Tlsa:
    """One record: usage, selector (0 certificate, 1 key), matching type (0 whole, 1 SHA-256, 2 SHA-512), data."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @property
    def usable(self) -> bool:
        """Whether SMTP can do anything with it; PKIX usages (0, 1) are not for SMTP. RFC 7672 §3.1."""
        return self.usage in (TRUST_ANCHOR, END_ENTITY) and self.selector in (0, 1) and self.matching in (0, *_DIGESTS)

    def matches(self, certificate: x509.Certificate) -> bool:
        """Whether it means this certificate."""
        octets = certificate.public_bytes(Encoding.DER) if self.selector == 0 else _key(certificate)
        digest = _DIGESTS.get(self.matching)
        return self.data == (digest(octets).digest() if digest is not None else octets)

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.matching} {self.data.hex()}"


def records(texts: Iterable[str]) -> tuple[Tlsa, ...]:
    """The records of an answer; one that cannot be read is unusable."""
    return tuple(map(_record, texts))


def _record(text: str) -> Tlsa:
    try:
        usage, selector, matching, *data = text.split()
        return Tlsa(int(usage), int(selector), int(matching), bytes.fromhex("".join(data)))
    except ValueError:
        return Tlsa(-1, 0, 0, b"")


@dataclass(frozen=True, slots=True)
class DaneCheck:
    """The check of a handshake. `names`: those that a certificate below a trust anchor may be for."""

    records: tuple[Tlsa, ...]
    names: tuple[str, ...]

    def __call__(self, channel: ssl.SSLObject) -> str:
        """What is wrong with the peer's certificate; "" for nothing. Without a usable record nothing can be."""
        usable = [each for each in self.records if each.usable]
        if not usable:
            return ""
        try:
            chain = [x509.load_der_x509_certificate(octets) for octets in chain_of(channel)]
        except ValueError:
            return "the certificate cannot be read"
        if not chain:
            return "it shows no certificate"
        if any(each.usage == END_ENTITY and each.matches(chain[0]) for each in usable):
            return ""
        anchors = [each for each in usable if each.usage == TRUST_ANCHOR]
        if anchors and self._below_anchor(chain, anchors):
            return ""
        return "the certificate is none of those that DNS (TLSA) names"

    def _below_anchor(self, chain: Sequence[x509.Certificate], anchors: Sequence[Tlsa]) -> bool:
        if not _is_current(chain[0]) or not any(_is_for(chain[0], name) for name in self.names):
            return False
        known = [*chain[1:], *_whole(anchors)]
        at, steps = chain[0], 0
        while steps < MOST_LINKS:
            if steps and any(each.matches(at) for each in anchors):
                return True
            above = next((each for each in known if each is not at and _has_signed(each, at)), None)
            if above is None:
                return False
            at, steps = above, steps + 1
        return False


def chain_of(channel: ssl.SSLObject) -> Sequence[bytes]:
    """The certificates that the peer has sent, its own first, in DER."""
    inner: Any = channel
    if hasattr(inner, "get_unverified_chain"):  # Python 3.13
        return list(inner.get_unverified_chain())
    found = inner._sslobj.get_unverified_chain() or ()
    return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in found]


def _key(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _whole(anchors: Iterable[Tlsa]) -> Sequence[x509.Certificate]:
    """The certificates that stand in records as they are."""
    found = []
    for each in anchors:
        if each.selector == 0 and each.matching == 0:
            try:
                found.append(x509.load_der_x509_certificate(each.data))
            except ValueError:
                continue
    return found


def _has_signed(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    """Whether `issuer` may sign certificates, is current, and has signed this one."""
    try:
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca or not _is_current(issuer):
            return False
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return True


def _is_current(certificate: x509.Certificate) -> bool:
    return certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc


def _is_for(certificate: x509.Certificate, name: str) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return False
    return any(is_named(name, pattern) for pattern in names.get_values_for_type(x509.DNSName))


def is_named(name: str, pattern: str) -> bool:
    """Whether a host has the name, or is one level below `*.`. RFC 6125 §6.4.3, RFC 8461 §4.1."""
    name, pattern = name.lower().rstrip("."), pattern.lower().rstrip(".")
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return name == pattern
