"""The ARC chain of a message: what servers on its way say they found. RFC 8617 §5.2."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailcore.smtp.authentication import canonical
from mailcore.smtp.authentication.canonical import Field, Mail
from mailcore.smtp.authentication.dkim import ALGORITHMS, Bodies, Unverified, body_hashes, check, claim_of, fetched
from mailcore.smtp.authentication.keys import Dns
from mailcore.smtp.authentication.tags import Malformed, number, tags, unbase64
from mailcore.smtp.authentication.verdicts import Arc

MOST_INSTANCES: Final = 50
"""RFC 8617 §4.2.1."""
_RESULTS_INSTANCE: Final = re.compile(r"[ \t\r\n]*i[ \t\r\n]*=[ \t\r\n]*([0-9]{1,3})[ \t\r\n]*;")
_RESULTS, _MESSAGE, _SEAL = b"arc-authentication-results", b"arc-message-signature", b"arc-seal"


@dataclass(frozen=True, slots=True)
class Set:
    """The three fields of one instance."""

    results: Field
    message: Field
    seal: Field


async def verify(mail: Mail, dns: Dns, now: float, bodies: Bodies | None = None) -> Arc:
    """Whether the chain holds."""
    try:
        sets = chain(mail)
    except Malformed as error:
        return Arc("fail", why=str(error))
    if not sets:
        return Arc("none")
    sealers: list[str] = []
    try:
        seals = [tags(each.seal.value) for each in sets]
        sealers = [each.get("d", "").lower() for each in seals]
        _states(seals)
        claim = claim_of(sets[-1].message, tags(sets[-1].message.value), now, "arc")
        if _SEAL in claim.names:
            raise Malformed("a seal is signed as a field of the message")
        await check(mail, claim, dns, bodies or body_hashes(mail))
        await asyncio.gather(*(_sealed(sets[: at + 1], seals[at], dns) for at in range(len(sets))))
    except Malformed as error:
        return Arc("fail", tuple(sealers), why=str(error))
    except Unverified as error:
        return Arc("temperror" if error.result == "temperror" else "fail", tuple(sealers), why=str(error))
    return Arc("pass", tuple(sealers), tuple(_RESULTS_INSTANCE.sub("", each.results.value, 1) for each in sets))


def chain(mail: Mail) -> list[Set]:
    """The sets, the first instance first; none when there is no chain. Malformed when one is not whole."""
    found = {name: _by_instance(mail, name) for name in (_RESULTS, _MESSAGE, _SEAL)}
    count = max(map(len, found.values()))
    wanted = set(range(1, count + 1))
    if any(each.keys() != wanted for each in found.values()):
        raise Malformed("the chain has gaps")
    return [Set(found[_RESULTS][at], found[_MESSAGE][at], found[_SEAL][at]) for at in range(1, count + 1)]


def _by_instance(mail: Mail, name: bytes) -> Mapping[int, Field]:
    found: dict[int, Field] = {}
    fields = mail.named(name)
    if len(fields) > MOST_INSTANCES:
        raise Malformed("the chain is too long")
    for each in fields:
        instance = _instance(each)
        if instance in found:
            raise Malformed(f"instance {instance} is there twice")
        found[instance] = each
    return found


def _instance(one: Field) -> int:
    if one.name == _RESULTS:
        match = _RESULTS_INSTANCE.match(one.value)
        if match is None:
            raise Malformed("a field of the chain has no instance")
        return int(match[1])
    return number(tags(one.value).get("i", ""), "the instance")


def _states(seals: list[dict[str, str]]) -> None:
    """What the seals themselves say of the chain before them. RFC 8617 §5.2 step 3."""
    for at, seal in enumerate(seals, 1):
        said = seal.get("cv", "").lower()
        if said == "fail":
            raise Malformed(f"instance {at} found the chain broken")
        if said != ("none" if at == 1 else "pass"):
            raise Malformed(f"instance {at} says {said[:10]!r} of the chain before it")


async def _sealed(sets: list[Set], seal: dict[str, str], dns: Dns) -> None:
    """Passes when the seal of the last of the sets is good. Malformed, Unverified. RFC 8617 §5.1.1."""
    if "h" in seal or not all(seal.get(each) for each in ("a", "b", "d", "s")):
        raise Malformed("a seal has the wrong tags")
    algorithm = seal["a"].lower()
    if algorithm not in ALGORITHMS:
        raise Unverified("policy", f"{algorithm[:20]} is not believed")
    key = await fetched(seal["d"].lower(), seal["s"], algorithm, dns)
    if not key.signed(unbase64(seal["b"]), sealed_octets(sets[:-1], sets[-1])):
        raise Unverified("fail", f"the seal of instance {len(sets)} is not good")


def sealed_octets(before: list[Set], last: Set) -> bytes:
    """What a seal is made over: all sets up to its own, its own `b` empty."""
    fields = [one for each in before for one in (each.results.raw, each.message.raw, each.seal.raw)]
    fields += [last.results.raw, last.message.raw, canonical.unsigned(last.seal.raw)]
    return b"".join(canonical.header(each, "relaxed") for each in fields).removesuffix(b"\r\n")
