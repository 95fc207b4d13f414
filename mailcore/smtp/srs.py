"""The Sender Rewriting Scheme: mail that is passed on has a sender of ours, through whom reports find their way back.

SPF of the first sender's domain would forbid us to send in its name. SRS0 carries the sender that a message came with,
SRS1 the one whom another server has rewritten already, without making it longer each time. By the paper of Meng Weng
Wong, "Sender Rewriting Scheme" (2003), as other servers have it.

1. What comes back is only led on where the hash says that we made it, not longer than `LASTS` ago: nobody can send mail
   through us that way to an address of their choice.
2. A sender that cannot be written so is left as it is.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from groupware.directory.api import Directory
from groupware.model.event import Attempt
from mailcore.server.parts import Parts

LASTS: Final = 21
"""Days for which a report may come back."""
_DAY: Final = 86_400
_SIGNS: Final = "abcdefghijklmnopqrstuvwxyz234567"
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+\Z")
_SRS0: Final = re.compile(r"SRS0[=+-]([a-z2-7]{8})=([a-z2-7]{2})=([^=@]+)=([^@]+)@(.+)\Z", re.IGNORECASE)
_SRS1: Final = re.compile(r"SRS1[=+-]([a-z2-7]{8})=([^=@]+)=([^@]+)@(.+)\Z", re.IGNORECASE)
_FOREIGN0: Final = re.compile(r"SRS0([=+-].+)@(.+)\Z", re.IGNORECASE)
_FOREIGN1: Final = re.compile(r"SRS1[=+-][^=@]+=([^=@]+)=(.+)@(.+)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Srs:
    """Rewrites, and back. `clock` gives seconds since 1970."""

    secret: bytes = field(repr=False)
    clock: Callable[[], float]

    def forward(self, sender: str, domain: str) -> str:
        """The sender under which mail is passed on by a domain of ours; as it was where that cannot be."""
        local, _, of = sender.rpartition("@")
        if not of or not _LOCAL.match(local) or not of.isascii():
            return sender
        again, first = _FOREIGN1.match(sender), _FOREIGN0.match(sender)
        if again is not None:
            rest = f"{again[1].lower()}={again[2]}"
        elif first is not None:
            rest = f"{first[2].lower()}={first[1]}"
        else:
            stamp = _stamp(int(self.clock()) // _DAY)
            rest = f"{stamp}={of.lower()}={local}"
            return f"SRS0={self._hash('0', rest, domain)}={rest}@{domain}"
        return f"SRS1={self._hash('1', rest, domain)}={rest}@{domain}"

    def back(self, address: str) -> str | None:
        """Whom mail to a sender of ours is for; None when it is none, or not any more."""
        found = _SRS0.match(address)
        if found is not None:
            hashed, stamp, of, local, domain = found.groups()
            rest = f"{stamp.lower()}={of.lower()}={local}"
            good = self._is_good(hashed, "0", rest, domain) and self._is_fresh(stamp.lower())
            return f"{local}@{of.lower()}" if good else None
        found = _SRS1.match(address)
        if found is not None:
            hashed, of, local, domain = found.groups()
            good = self._is_good(hashed, "1", f"{of.lower()}={local}", domain)
            return f"SRS0{local}@{of}" if good else None
        return None

    def _is_good(self, hashed: str, kind: str, rest: str, domain: str) -> bool:
        return hmac.compare_digest(hashed.lower(), self._hash(kind, rest, domain))

    def _is_fresh(self, stamp: str) -> bool:
        made = _SIGNS.index(stamp[0]) * 32 + _SIGNS.index(stamp[1])
        return (int(self.clock()) // _DAY - made) % 1024 <= LASTS

    def _hash(self, kind: str, rest: str, domain: str) -> str:
        """Letter case does not count: servers on the way may change it."""
        said = f"srs{kind} {rest} {domain}".lower().encode()
        return base64.b32encode(hmac.digest(self.secret, said, "sha256")[:5]).decode().lower()


def _stamp(day: int) -> str:
    return _SIGNS[day // 32 % 32] + _SIGNS[day % 32]


@dataclass(frozen=True, slots=True)
class Forwarding:
    """Which mail is passed on, and under whose name."""

    srs: Srs
    directory: Directory
    primary_domain: str

    async def sent(self, attempt: Attempt) -> Attempt:
        """The attempt with the sender that it goes out under: rewritten where others sent it, and we pass it on."""
        envelope = attempt.envelope
        if envelope.by is not None or not envelope.sender:
            return attempt
        ours = await self.directory.local_domains()
        if envelope.sender.rpartition("@")[2].lower() in ours:
            return attempt
        led = envelope.recipients[0].orcpt.rpartition("@")[2].lower() if envelope.recipients else ""
        domain = led if led in ours else self.primary_domain or min(ours, default="")
        if not domain:
            return attempt
        return replace(attempt, envelope=replace(envelope, sender=self.srs.forward(envelope.sender, domain)))


def srs_of(parts: Parts) -> Srs:
    """With the secret of this site."""
    return Srs(parts.secret, lambda: parts.clock.now().timestamp())
