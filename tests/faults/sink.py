"""A mail server that takes whatever comes, and counts to whom it has said that it has it."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Sink:
    """`confirmed`: how often each token was confirmed, by the X-Token of its message."""

    port: int = 0
    confirmed: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, token: str) -> None:
        """It is about to say 250."""
        with self.lock:
            self.confirmed[token] += 1


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with suppress(OSError):
            self._talk(self.server.sink)  # type: ignore[attr-defined]

    def _talk(self, sink: Sink) -> None:
        self.wfile.write(b"220 sink.test ESMTP\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.wfile.write(b"250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                token = self._message()
                if token is None:
                    return
                sink.took(token)
                self.wfile.write(b"250 2.0.0 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 2.0.0 bye\r\n")
                return
            else:
                self.wfile.write(b"250 2.0.0 ok\r\n")

    def _message(self) -> str | None:
        """The token; None when the message was cut off."""
        token = ""
        while line := self.rfile.readline():
            if line == b".\r\n":
                return token
            if line.startswith(b"X-Token: ") and not token:
                token = line[9:].strip().decode()
        return None


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 100


@contextmanager
def sink() -> Iterator[Sink]:
    """A sink on a free port."""
    with _Server(("127.0.0.1", 0), _Session) as server:
        found = Sink(server.server_address[1])
        server.sink = found  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()
