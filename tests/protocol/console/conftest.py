"""A console for each test."""

from __future__ import annotations

from tests.protocol.console.stand import serving
from tests.support import onedoor
from tests.support.onedoor import OneDoor, opened_by_default, opening_of, planted

__all__ = ["planted"]
Opening = onedoor.Opening[OneDoor]
opening = opening_of("cli", serving)
door = opened_by_default()
