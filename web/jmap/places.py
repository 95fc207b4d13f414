"""The addresses of JMAP that others have to know."""

from __future__ import annotations

from typing import Final

SESSION: Final = "/jmap/session"
SOCKET_PATH: Final = "/jmap/ws"
