"""A listener: one address and port of one service, with everything that applies to connections there."""

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from mailcore.server.gate import Policy
from mailcore.server.proxy import ProxyPolicy
from mailcore.server.rules import address

BACKLOG: Final = 1024

TlsMode = Literal["none", "start", "implicit"]


@dataclass(frozen=True, slots=True)
class Listener:
    """A point of entry. Unique by name, and by address and port among those that are enabled."""

    name: str
    service: str
    address: str  # an IP address, without brackets
    port: int
    tls: TlsMode = "start"
    role: str = ""  # what a service with several dialogues speaks here: mx, submission, lmtp
    idle: float = 300.0  # seconds; 0: never
    policy: Policy = Policy()  # noqa: RUF009 - frozen
    domain: str = ""  # completes a login name without @; "": the server's primary domain
    plain_login: bool = False  # passwords may come over a connection without TLS
    proxy: ProxyPolicy | None = None
    handshake: float = 30.0  # seconds a TLS handshake may take

    @property
    def where(self) -> str:
        """Address and port as people write them."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


class CannotListen(Exception):
    """The address cannot be listened on; the text says which and why."""


def open_socket(listener: Listener) -> socket.socket:
    """A socket that listens at the listener's address, and there alone. CannotListen."""
    family = socket.AF_INET6 if address(listener.address).version == 6 else socket.AF_INET
    with contextlib.ExitStack() as undo:
        try:
            opened = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # accepted sockets inherit both
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            opened.bind((listener.address, listener.port))
            opened.listen(BACKLOG)
        except OSError as error:
            raise CannotListen(f"listener {listener.name}: {listener.where}: {_advice(error, listener)}") from None
        opened.setblocking(False)
        undo.pop_all()
        return opened


def _advice(error: OSError, listener: Listener) -> str:
    said = os.strerror(error.errno) if error.errno else str(error)
    if isinstance(error, PermissionError) and listener.port < 1024:
        return f"{said}; ports below 1024 need root or the capability CAP_NET_BIND_SERVICE"
    if error.errno == errno.EADDRINUSE:
        return f"{said}; another program listens there"
    return said


def not_handed_over(listener: Listener) -> socket.socket:
    """A worker opens no sockets itself. CannotListen."""
    raise CannotListen(f"listener {listener.name}: {listener.where}: it was not handed over to this process")


class Sockets:
    """The sockets that listen, by address. They outlive what serves at them, so that a reload refuses nobody."""

    __slots__ = ("_make", "_open")

    def __init__(self, make: Callable[[Listener], socket.socket] = open_socket) -> None:
        self._make = make
        self._open: dict[tuple[str, int], socket.socket] = {}

    def ensure(self, listeners: Iterable[Listener]) -> None:
        """Open what is not open yet. CannotListen: all is as it was."""
        with contextlib.ExitStack() as undo:
            for listener in listeners:
                if (listener.address, listener.port) not in self._open:
                    self._open[listener.address, listener.port] = self._make(listener)
                    undo.callback(self.close, listener)
            undo.pop_all()

    def of(self, listener: Listener) -> socket.socket:
        """The socket of a listener that is open."""
        return self._open[listener.address, listener.port]

    def among(self, listeners: Iterable[Listener]) -> list[tuple[str, int, socket.socket]]:
        """Those of these listeners that are open, with address and port."""
        wanted = {(each.address, each.port) for each in listeners}
        return [(*where, opened) for where, opened in self._open.items() if where in wanted]

    def take(self, address: str, port: int, fd: int) -> None:
        """Own a socket that another process has opened; one that is here already stays."""
        given = socket.socket(fileno=fd)
        if self._open.setdefault((address, port), given) is not given:
            given.close()

    def close(self, listener: Listener) -> None:
        """Close a listener's socket if it is open: the port refuses from now on."""
        found = self._open.pop((listener.address, listener.port), None)
        if found is not None:
            found.close()

    def close_all(self) -> None:
        """Close every socket."""
        while self._open:
            self._open.popitem()[1].close()
