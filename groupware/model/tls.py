"""What is known of TLS to other domains' mail hosts: their policies, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

SUCCESS = "success"


@dataclass(frozen=True, slots=True)
class StsPolicy:
    """An MTA-STS policy (RFC 8461). `mode` is `enforce`, `testing` or `none`."""

    domain: str
    id: str
    mode: str
    hosts: tuple[str, ...]
    """Names of mail hosts, or `*.` with what is behind."""
    until: int
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class TlsResult:
    """So many connections with the same end (RFC 8460): on a day, to a host of a domain, under a policy."""

    domain: str
    day: str
    """In UTC, as `2027-01-31`."""
    policy: str
    """`tlsa`, `sts` or `no-policy-found`."""
    host: str
    result: str
    """`success`, or the failure by its name in RFC 8460 §4.3."""
    said: tuple[str, ...] = ()
    """The policy as it was found, line by line."""
    count: int = 1
    reported: datetime | None = None
