"""From a worker's log to the lead's: lines as JSON, many in a packet, over a socket pair of the server's own.

The worker's queue is bounded as ever: when the lead falls behind, the worker's writing thread waits, its queue fills
up, and what is dropped is counted and said.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from typing import Final

from mailcore.server.log_line import Level, Line

PACKET_MAX: Final = 1 << 17
PACKETS_AT_ONCE: Final = 8  # then the event loop has other things to do
_FULL: Final = 1 << 15
_FACT_MAX: Final = 8192  # of a line that is too long otherwise


class ToLead:
    """The outlet of a worker."""

    __slots__ = ("_lead",)

    def __init__(self, lead: socket.socket) -> None:
        self._lead = lead

    def write(self, lines: Sequence[Line]) -> None:
        """Send them all. OSError when nobody takes them."""
        waiting, size = list[str](), 0
        for line in lines:
            text = _packed(line)
            if size + len(text) > _FULL:
                self._send(waiting)
                waiting, size = [], 0
            waiting.append(text)
            size += len(text) + 1
        self._send(waiting)

    def close(self) -> None:
        """Nothing: the socket is the process's."""

    def _send(self, texts: Sequence[str]) -> None:
        if texts:
            self._lead.send("\n".join(texts).encode())


def _packed(line: Line) -> str:
    text = _json(line, line.facts)
    if len(text) > _FULL:
        text = _json(line, tuple((key, value[: _FACT_MAX // max(len(line.facts), 1)]) for key, value in line.facts))
    return text


def _json(line: Line, facts: tuple[tuple[str, str], ...]) -> str:
    return json.dumps((line.time, line.level, line.host, line.module, line.session, line.message, line.event, facts))


def unpacked(octets: bytes) -> Iterator[Line]:
    """The lines of a packet."""
    for text in octets.split(b"\n"):
        time, level, host, module, session, message, event, facts = json.loads(text)
        yield Line(time, Level(level), host, module, session, message, event, tuple((key, said) for key, said in facts))
