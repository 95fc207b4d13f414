"""A ManageSieve service for each test."""

from __future__ import annotations

from tests.protocol.sieve.desk import Desk, serving
from tests.support import onedoor
from tests.support.onedoor import opened_by_default, opening_of, planted

__all__ = ["planted"]
Opening = onedoor.Opening[Desk]
opening = opening_of("managesieve", serving)
desk = opened_by_default()
