"""Ports for programs that must be told theirs before they start."""

from __future__ import annotations

import random
import socket
from typing import Final

_PORTS: Final = range(10_000, 32_768)
"""Below those that the system gives to clients, so that no connection made meanwhile takes one of them."""
_given: Final[set[int]] = set()


def free_port(above: int = 0) -> int:
    """A port that nobody listens on, and that is given out once."""
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        if port > above and port not in _given and is_free(port):
            _given.add(port)
            return port
    raise RuntimeError("no port is free")


def is_free(port: int) -> bool:
    """Whether one could listen there, by TCP and by UDP, at every address."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(type=kind) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return False
    return True
