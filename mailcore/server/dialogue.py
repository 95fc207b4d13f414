"""What a session and the server under it agree on: how a dialogue runs, and how it can end."""

from dataclasses import dataclass
from typing import Literal, Protocol

Farewell = Literal["stopping", "idle", "failed", "gone"]
"""`gone`: who has signed in may not stay; `Connection.parting` says why."""


class ConnectionClosed(Exception):
    """There is no more to read: the peer has gone, or the server has said goodbye."""


class HandshakeFailed(ConnectionClosed):
    """TLS could not be agreed on; the text says why."""


class IdleTimeout(Exception):
    """The peer has sent or taken nothing for the listener's idle time."""


class LineTooLong(Exception):
    """A line passed its limit. Its first part is gone but for `head`; `skip_line` passes over the rest."""

    def __init__(self, text: str, head: bytes = b"") -> None:
        super().__init__(text)
        self.head = head


class Session(Protocol):
    """The dialogue on one connection."""

    over: bool
    """The session has said its last words by itself, so the server says none behind them."""

    async def run(self) -> None:
        """Speak until the end; the connection is closed behind it."""
        ...

    def goodbye(self, why: Farewell) -> bytes:
        """The last words of the server when it is the one to hang up."""
        ...


@dataclass(frozen=True, slots=True)
class TlsInfo:
    """What was agreed on in a TLS handshake."""

    version: str
    cipher: str
    subject: str = ""  # whom the client's verified certificate names
    end_point: bytes | None = None  # the channel binding tls-server-end-point


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end: the client itself, also when a proxy stands between."""

    ip: str
    port: int
