"""What filters have said of one message, counted for the server and for the domains of those whom it is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mailcore.queue.filters import Case, Decision, home_of
from mailcore.server.counters import Counters

SCANNERS: Final = "scanners"
"""The filter that asks programs from elsewhere; the others are built in."""


def count(counters: Counters, cases: Sequence[Case], decisions: Sequence[Decision], seconds: float) -> None:
    """Count one message that filters have looked at for so long."""
    if not cases:
        return
    homes = [home_of(each) for each in cases]
    _count(counters, "FILTER_Scanned", homes)
    _count(counters, "FILTER_Time", homes, seconds * 1000)
    said = list(zip(homes, decisions, strict=True))
    _count(counters, "FILTER_Spam", [home for home, each in said if each.spam])
    _count(counters, "FILTER_Virus", [home for home, each in said if each.infected])
    _count(counters, "FILTER_RejectedBuiltin", [home for home, each in said if each.refused_by not in ("", SCANNERS)])


def _count(counters: Counters, counter: str, homes: Sequence[str], by: float = 1) -> None:
    if homes:
        counters.add(counter, by)
        counters.share(counter, by, domains={each for each in homes if each})
