"""What the checks of one message found, as values. RFC 8601 §2.7 has the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Result = Literal["none", "pass", "fail", "softfail", "neutral", "policy", "temperror", "permerror"]
Disposition = Literal["none", "quarantine", "reject"]
Action = Literal["accept", "junk", "quarantine", "reject", "defer"]


@dataclass(frozen=True, slots=True)
class Spf:
    """SPF of one identity. RFC 7208 §2.6."""

    result: Result
    domain: str
    why: str = ""
    explanation: str = ""
    """What the domain's owner says of a fail (`exp=`)."""


@dataclass(frozen=True, slots=True)
class Iprev:
    """Whether the peer's address has a name that leads back to it. RFC 8601 §3."""

    result: Result
    name: str = ""


@dataclass(frozen=True, slots=True)
class SenderDomain:
    """Whether mail to the sender's domain could be delivered. `fail`: it has neither MX nor address, or a null MX."""

    result: Result
    domain: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM signature. RFC 6376."""

    result: Result
    domain: str = ""
    selector: str = ""
    algorithm: str = ""
    identity: str = ""
    start: str = ""
    """The first characters of the signature, by which RFC 6008 tells several apart."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Arc:
    """The ARC chain. RFC 8617."""

    result: Result
    sealers: tuple[str, ...] = ()
    """The domains that sealed, the first instance first."""
    results: tuple[str, ...] = ()
    """What each of them found, as in its ARC-Authentication-Results."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Dmarc:
    """DMARC of the author's domain. RFC 7489."""

    result: Result
    domain: str = ""
    """The domain in From."""
    policy: Disposition = "none"
    """What the record asks for, `sp=` looked at."""
    disposition: Disposition = "none"
    """What of it concerns this message: pct= and trusted sealers looked at."""
    override: str = ""
    """Why the disposition is not the policy: `sampled_out`, `trusted_forwarder` (RFC 7489 §7.2, appendix C)."""
    published: str = ""
    """The domain whose record it is."""
    record: str = ""
    spf_aligned: bool = False
    dkim_aligned: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All of it; None is a check that was not made."""

    peer: str = ""
    helo: str = ""
    sender: str = ""
    user: str = ""
    """The account that signed in."""
    iprev: Iprev | None = None
    spf: Spf | None = None
    """Of MAIL FROM; of the HELO name when the sender is <>."""
    spf_helo: Spf | None = None
    sender_domain: SenderDomain | None = None
    dkim: tuple[Signature, ...] | None = None
    arc: Arc | None = None
    dmarc: Dmarc | None = None

    @property
    def null_sender(self) -> bool:
        """Whether the sender is <>, so that SPF was asked of the HELO name."""
        return not self.sender


UNCHECKED: Final = Verdicts()
