"""Rules of the policy of SMTP as they are kept. What is in them is none of the store's business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
