"""A port of loopback that leads to another one while it is open: a server behind it can be gone and come back."""

from __future__ import annotations

import selectors
import socket
import threading
from contextlib import suppress


class Door:
    """Passes on what comes in at a port of loopback to another one, while it is open."""

    def __init__(self, to: int, *, shut: bool = False) -> None:
        self._to = to
        self._ends: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.open()
        if shut:
            self.shut()

    def open(self) -> None:
        """From now on connections are taken again."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._take, args=(self._listener,), daemon=True).start()

    def shut(self) -> None:
        """Nobody gets in any more, and who is in is thrown out."""
        assert self._listener is not None
        for each in (self._listener, *self._ends):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._ends.clear()

    def _take(self, listener: socket.socket) -> None:
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to))
            self._ends += [client, server]
            threading.Thread(target=_carry, args=(client, server), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError, ValueError), one, other, selectors.DefaultSelector() as ready:
        ready.register(one, selectors.EVENT_READ, other)
        ready.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in ready.select():
                octets = key.fileobj.recv(1 << 16)  # type: ignore[union-attr]
                if not octets:
                    return
                key.data.sendall(octets)
