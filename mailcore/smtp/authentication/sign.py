"""Signatures on what leaves: DKIM for what is ours, ARC for what only passes through. RFC 6376 §5, RFC 8617 §5.1.

Fields that decide who and what a reader sees are named once more than they are there: nobody can add another one.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from mailcore.smtp.authentication import canonical
from mailcore.smtp.authentication.arc import Set, sealed_octets
from mailcore.smtp.authentication.canonical import Mail, field_of
from mailcore.smtp.authentication.private import Private

OVERSIGNED: Final = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to", b"in-reply-to", b"references",
    b"mime-version", b"content-type", b"content-transfer-encoding",
)  # fmt: skip
SIGNED: Final = (
    b"sender", b"resent-from", b"resent-to", b"resent-date", b"resent-message-id", b"list-id", b"list-unsubscribe",
    b"list-unsubscribe-post", b"list-post", b"list-help", b"auto-submitted", b"content-disposition",
)  # fmt: skip
_WIDTH: Final = 72


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs for a domain."""

    domain: str
    selector: str
    private: Private = field(repr=False)

    @property
    def algorithm(self) -> str:
        """As in the tag `a`."""
        return "ed25519-sha256" if isinstance(self.private, Ed25519PrivateKey) else "rsa-sha256"

    def sign(self, octets: bytes) -> bytes:
        """The signature over the octets."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(hashlib.sha256(octets).digest())
        return self.private.sign(octets, PKCS1v15(), SHA256())


def dkim_fields(mail: Mail, signers: Iterable[Signer], now: int) -> bytes:
    """One DKIM-Signature for each key."""
    digest = body_hash(mail)
    names = _named(mail)
    return b"".join(_message_signature("DKIM-Signature", "v=1", mail, each, names, digest, now) for each in signers)


def arc_fields(mail: Mail, before: Sequence[Set], results: str, signer: Signer, now: int) -> bytes:
    """The set of one more instance; `results` is what was found here, with our authserv-id. The chain before holds."""
    instance = len(before) + 1
    found = f"ARC-Authentication-Results: i={instance}; {results}".encode("ascii", "replace") + b"\r\n"
    names = [*_named(mail), *(each.name for each in mail.named(b"dkim-signature"))]
    message = _message_signature("ARC-Message-Signature", f"i={instance}", mail, signer, names, body_hash(mail), now)
    said = f"cv={'pass' if before else 'none'}"
    start = f"i={instance}; a={signer.algorithm}; t={now}; {said};\r\n\td={signer.domain}; s={signer.selector};\r\n\tb="
    seal = f"ARC-Seal: {start}".encode() + b"\r\n"
    own = Set(field_of(found), field_of(message), field_of(seal))
    return _with(seal, signer.sign(sealed_octets([*before], own))) + message + found


def body_hash(mail: Mail) -> str:
    """The tag `bh`."""
    return b64encode(hashlib.sha256(canonical.body(mail.body, "relaxed")).digest()).decode()


def _named(mail: Mail) -> list[bytes]:
    count: dict[bytes, int] = {}
    for each in mail.fields:
        count[each.name] = count.get(each.name, 0) + 1
    found = [name for name in OVERSIGNED for _ in range(count.get(name, 0) + 1)]
    return found + [name for name in SIGNED for _ in range(count.get(name, 0))]


def _message_signature(
    title: str, first: str, mail: Mail, signer: Signer, names: Sequence[bytes], digest: str, now: int
) -> bytes:
    lines = [
        f"{title}: {first}; a={signer.algorithm}; c=relaxed/relaxed;",
        f"d={signer.domain}; s={signer.selector}; t={now};",
        *_folded("h=" + ":".join(name.decode() for name in names) + ";", ":"),
        f"bh={digest};",
        "b=",
    ]
    unsigned = "\r\n\t".join(lines).encode() + b"\r\n"
    return _with(unsigned, signer.sign(canonical.signed_octets(mail, names, unsigned, "relaxed")))


def _with(unsigned: bytes, signature: bytes) -> bytes:
    """The field, which ends with `b=`, with its signature."""
    text = b64encode(signature)
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return unsigned.removesuffix(b"\r\n") + b"\r\n\t ".join(lines) + b"\r\n"


def _folded(text: str, at: str) -> list[str]:
    """The text in lines that are short enough, broken behind `at`."""
    lines = [""]
    for piece in text.replace(at, at + "\0").split("\0"):
        if len(lines[-1]) + len(piece) > _WIDTH:
            lines.append("")
        lines[-1] += piece
    return lines
