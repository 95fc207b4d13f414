"""What others were seen to send in the name of a domain, as it is kept for DMARC's reports (RFC 7489 §7.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DmarcSeen:
    """Messages of one day that fared alike."""

    day: int
    """Days since 1970, UTC."""
    domain: str
    """Whose record asks for reports."""
    facts: str
    """What is reported of them, as JSON of the service that saw them."""
    count: int = 1
