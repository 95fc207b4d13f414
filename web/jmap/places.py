"""The addresses of JMAP that others have to know."""

from __future__ import annotations

from typing import Final

from mailcore.server.offers import JMAP_SESSION

SESSION: Final = JMAP_SESSION
SOCKET_PATH: Final = "/jmap/ws"
