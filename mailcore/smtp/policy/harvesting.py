"""Peers that try out who is there: the answer takes longer with every unknown recipient, and then there is none."""

from __future__ import annotations

from typing import Final

from mailcore.server.rates import Rates
from mailcore.server.sections_mail import HarvestingSection

NAME_MAX: Final = 256
_OTHERS: Final = 4
"""So many different addresses make the answer as slow as one that is tried again."""


class Harvesting:
    """Counts the unknown recipients of peers, over all processes of the server."""

    __slots__ = ("_rates", "_section")

    def __init__(self, section: HarvestingSection, rates: Rates) -> None:
        self._section, self._rates = section, rates

    def failed(self, peer: str, address: str) -> float:
        """Notes one; the seconds to wait before the answer."""
        section, rates = self._section, self._rates
        same = rates.note(f"harvest {peer} {address[:NAME_MAX].casefold()}", section.interval)
        count = rates.note(f"harvest {peer}", section.interval)
        if count >= section.unknown_recipients:
            rates.note(f"harvester {peer}", section.block_time)
        doublings = min(max(same, count // _OTHERS) - 1, 30)
        return float(min(section.first_delay / 1000 * 2 ** max(doublings, 0), section.max_delay))

    def blocked(self, peer: str) -> float:
        """Seconds for which nothing of this peer is taken; 0: it is."""
        return self._rates.left(f"harvester {peer}", self._section.block_time)
