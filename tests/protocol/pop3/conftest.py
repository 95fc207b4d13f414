"""A POP3 service for each test."""

from __future__ import annotations

from tests.protocol.pop3.box import Box, serving
from tests.support import onedoor
from tests.support.onedoor import opened_by_default, opening_of, planted

__all__ = ["planted"]
Opening = onedoor.Opening[Box]
opening = opening_of("pop3", serving)
box = opened_by_default()
