"""DKIM signatures of a message that came in. RFC 6376 §6, RFC 8301, RFC 8463.

1. Work is bounded: so many signatures, so many names in `h`, one key for each signature.
2. What a signature leaves unsigned (`l`) anybody may have added: it is `policy`, never `pass` (RFC 6376 §8.2).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from mailcore.server.dns import TryAgain
from mailcore.smtp.authentication import canonical
from mailcore.smtp.authentication.canonical import Field, Form, Mail
from mailcore.smtp.authentication.keys import Dns, Key, NoKey, key_of
from mailcore.smtp.authentication.tags import Malformed, number, tags, unbase64, words
from mailcore.smtp.authentication.verdicts import Result, Signature

MOST_SIGNATURES: Final = 10
MOST_NAMES: Final = 500
SKEW: Final = 3600
"""Seconds that a signer's clock may be ahead."""
ALGORITHMS: Final = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
INLINE: Final = 65_536
"""Octets of a body up to which its hash is not worth another thread."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signature field says."""

    raw: bytes = field(repr=False)
    domain: str
    selector: str
    algorithm: str
    names: tuple[bytes, ...]
    header_form: Form
    body_form: Form
    body_hash: bytes
    signature: bytes
    length: int | None = None
    identity: str = ""
    instance: int = 0
    """Of an ARC-Message-Signature."""


Bodies = Callable[[Form, int | None], tuple[bytes, bool]]
"""The hash of the body in a form, as far as a length, and whether there is more behind it."""


class Unverified(Exception):
    """A signature that is not good; `result` is what it counts as."""

    def __init__(self, result: Result, why: str) -> None:
        super().__init__(why)
        self.result = result


async def verify(mail: Mail, dns: Dns, now: float, bodies: Bodies | None = None) -> tuple[Signature, ...]:
    """What each of the message's signatures is worth, from the top; of too many the lower ones are left out."""
    fields = mail.named(b"dkim-signature")[:MOST_SIGNATURES]
    if not fields:
        return ()
    hashes = bodies or body_hashes(mail)
    return tuple(await asyncio.gather(*(_verified(mail, each, dns, now, hashes) for each in fields)))


async def _verified(mail: Mail, one: Field, dns: Dns, now: float, hashes: Bodies) -> Signature:
    found = Signature("neutral")
    try:
        given = tags(one.value)
        found = _shown(given)
        claim = claim_of(one, given, now)
        await check(mail, claim, dns, hashes)
    except Malformed as error:
        return replace(found, result="permerror", why=str(error))
    except Unverified as error:
        return replace(found, result=error.result, why=str(error))
    return replace(found, result="pass")


def _shown(given: dict[str, str]) -> Signature:
    domain = given.get("d", "").lower()
    start = "".join(given.get("b", "").split())[:8]
    return Signature(
        "neutral", domain, given.get("s", ""), given.get("a", "").lower(), given.get("i", "") or f"@{domain}", start
    )


def body_hashes(mail: Mail) -> Bodies:
    """Hashes of the body, each made once however many signatures want it."""
    canonicals: dict[Form, bytes] = {}
    digests: dict[tuple[Form, int | None], bytes] = {}

    def digest(form: Form, length: int | None) -> tuple[bytes, bool]:
        if form not in canonicals:
            canonicals[form] = canonical.body(mail.body, form)
        octets = canonicals[form]
        if length is not None and length > len(octets):
            raise Unverified("fail", "the body is shorter than what was signed")
        if (form, length) not in digests:
            digests[form, length] = hashlib.sha256(octets if length is None else octets[:length]).digest()
        return digests[form, length], length is not None and length < len(octets)

    return digest


def claim_of(one: Field, given: dict[str, str], now: float, kind: str = "dkim") -> Claim:
    """What the field says, as far as it can be believed without a key. Malformed, Unverified. RFC 6376 §6.1.1."""
    required = ("v", "a", "b", "bh", "d", "h", "s") if kind == "dkim" else ("a", "b", "bh", "d", "h", "s", "i")
    missing = [each for each in required if not given.get(each)]
    if missing:
        raise Malformed(f"the tag {missing[0]} is missing")
    if kind == "dkim" and given["v"] != "1":
        raise Malformed("the signature is of another version")
    algorithm = given["a"].lower()
    if algorithm not in ALGORITHMS:
        raise Unverified("policy" if algorithm == "rsa-sha1" else "neutral", f"{algorithm[:20]} is not believed")
    names = tuple(each.encode("ascii", "replace") for each in words(given["h"]))
    if len(names) > MOST_NAMES:
        raise Malformed("the signature names too many fields")
    if b"from" not in names:
        raise Malformed("From is not signed")
    domain = given["d"].lower()
    forms = _forms(given.get("c", "simple/simple"))
    length = number(given["l"], "the length") if "l" in given else None
    claim = Claim(
        one.raw, domain, given["s"], algorithm, names, *forms, unbase64(given["bh"]), unbase64(given["b"]), length
    )
    _times(given, now)
    if kind != "dkim":
        return replace(claim, instance=number(given["i"], "the instance"))
    identity = given.get("i", f"@{domain}").rpartition("@")[2].lower()
    if identity != domain and not identity.endswith(f".{domain}"):
        raise Malformed("the identity is not of the signer's domain")
    if "dns/txt" not in words(given.get("q", "dns/txt")):
        raise Malformed("the key is not in DNS")
    return replace(claim, identity=identity)


def _forms(text: str) -> tuple[Form, Form]:
    header, slash, body = text.lower().partition("/")
    forms = (header, body if slash else "simple")
    if not {*forms} <= {"simple", "relaxed"}:
        raise Malformed("the canonical form is unknown")
    return cast(tuple[Form, Form], forms)


def _times(given: dict[str, str], now: float) -> None:
    made = number(given["t"], "the time of signing") if "t" in given else None
    ends = number(given["x"], "the time of expiry") if "x" in given else None
    if made is not None and ends is not None and ends < made:
        raise Malformed("the signature ends before it began")
    if ends is not None and ends < now:
        raise Unverified("fail", "the signature has expired")
    if made is not None and made > now + SKEW:
        raise Unverified("fail", "the signature is of the future")


async def check(mail: Mail, claim: Claim, dns: Dns, hashes: Bodies) -> None:
    """Passes when the signature is good. Unverified. RFC 6376 §6.1.2, §6.1.3."""
    key = await fetched(claim.domain, claim.selector, claim.algorithm, dns)
    if "s" in key.flags and claim.identity and claim.identity != claim.domain:
        raise Unverified("permerror", "the key is for no subdomain")
    if len(mail.body) > INLINE:
        digest, more = await asyncio.to_thread(hashes, claim.body_form, claim.length)
    else:
        digest, more = hashes(claim.body_form, claim.length)
    if not hmac.compare_digest(digest, claim.body_hash):
        raise Unverified("fail", "the body has been changed")
    octets = canonical.signed_octets(mail, claim.names, claim.raw, claim.header_form)
    if not key.signed(claim.signature, octets):
        raise Unverified("fail", "the signature is not good")
    if more:
        raise Unverified("policy", "the end of the body is not signed")


async def fetched(domain: str, selector: str, algorithm: str, dns: Dns) -> Key:
    """The key for a signature, if it may be used for it. Unverified."""
    try:
        key = await key_of(dns, selector, domain)
    except TryAgain as error:
        raise Unverified("temperror", "the key could not be looked up") from error
    except (NoKey, Malformed) as error:
        raise Unverified("permerror", str(error)) from error
    if key.algorithm != ALGORITHMS[algorithm]:
        raise Unverified("permerror", "the key is of another kind")
    if key.hashes and "sha256" not in key.hashes:
        raise Unverified("permerror", "the key is not for this hash")
    if key.trouble:
        raise Unverified("policy", key.trouble)
    return key


def passing(signatures: Sequence[Signature]) -> list[str]:
    """The domains whose signatures are good."""
    return [each.domain for each in signatures if each.result == "pass"]
