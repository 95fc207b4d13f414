"""The policy of SMTP as it is kept: rules, in which nothing is the store's business, and what people have sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .screening import fits

MOST_RULES: Final = 1000
LONGEST_RULE: Final = 200_000
"""Octets of one rule's text."""


@dataclass(frozen=True, slots=True)
class StoredRule:
    """One rule; their order is that in which they are asked."""

    name: str
    event: str
    enabled: bool
    text: str
    """The rest of it, in JSON."""


@dataclass(frozen=True, slots=True)
class SendUse:
    """What somebody has sent in this interval, and what may be sent in one; 0: no limit."""

    messages: int = 0
    recipients: int = 0
    octets: int = 0
    most_messages: int = 0
    most_recipients: int = 0
    most_octets: int = 0
    until: datetime | None = None
    """When the interval ends; None: none has begun."""
    exempt: str = ""
    """Patterns of recipients that do not count, apart by spaces."""

    def counts(self, address: str) -> bool:
        """Whether a message to this recipient counts."""
        return not (self.exempt and fits(self.exempt, address))

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return bool(self.most_messages or self.most_recipients or self.most_octets)

    def lacks(self, messages: int, recipients: int, octets: int) -> str:
        """Which limit so much more would pass; "" for none."""
        if self.most_messages and self.messages + messages > self.most_messages:
            return f"{self.most_messages} message{'s' * (self.most_messages > 1)}"
        if self.most_recipients and self.recipients + recipients > self.most_recipients:
            return f"{self.most_recipients} recipient{'s' * (self.most_recipients > 1)}"
        if self.most_octets and self.octets + octets > self.most_octets:
            return f"{self.most_octets // 1024} KB"
        return ""
