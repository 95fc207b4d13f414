"""From a worker's log to the lead's."""

from __future__ import annotations

import socket
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from mailcore.server import log
from mailcore.server.log_line import Level, Line
from mailcore.server.log_relay import PACKET_MAX, ToLead, unpacked

TEXT = st.text(max_size=200)
LINES = st.builds(
    Line,
    st.floats(0, 2**33),
    st.sampled_from(Level),
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    TEXT,
    st.lists(st.tuples(TEXT, TEXT), max_size=5).map(tuple),
)


def through(lines: list[Line]) -> list[Line]:
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with closing(here), closing(there):
        there.setblocking(False)
        ToLead(here).write(lines)
        came = list[Line]()
        while True:
            try:
                came += unpacked(there.recv(PACKET_MAX))
            except BlockingIOError:
                return came


@given(st.lists(LINES, max_size=20))
def test_every_line_comes_as_it_was(lines: list[Line]) -> None:
    assert through(lines) == lines


def test_a_line_that_is_too_long_comes_cut() -> None:
    long = Line(1.0, Level.ERROR, "h", "IMAP", "", "", "failed", tuple((f"k{n}", "\u20ac" * 2000) for n in range(40)))
    (came,) = through([long])
    assert [key for key, _ in came.facts] == [key for key, _ in long.facts]
    assert all(value.startswith("\u20ac" * 100) for _, value in came.facts)


class Kept:
    """An outlet that keeps what it gets."""

    def __init__(self) -> None:
        self.lines = list[Line]()

    def write(self, lines: object) -> None:
        self.lines += lines  # type: ignore[operator]

    def close(self) -> None:
        """Nothing."""


def test_a_worker_hands_on_what_a_service_sends_to_another_host_too() -> None:
    kept = Kept()
    settings = log.Settings(services={"IMAP": log.Sending("remote", 15, "192.0.2.1:2000")}, console=1)
    relay = log.Log(settings, kept, relayed=True)
    for level in (Level.CRITICAL, Level.INFO, Level.PROTOCOL):
        relay.take(Line(1.0, level, "h", "IMAP", "", "", level.name or ""))
    relay.stop()
    assert [line.event for line in kept.lines] == ["CRITICAL", "INFO"]
