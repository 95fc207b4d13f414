"""However a peer cuts its octets, a session reads the same lines, and never holds more than it may."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from mailcore.server.connection import Connection
from mailcore.server.dialogue import ConnectionClosed, LineTooLong, Peer
from mailcore.server.gate import RuleGate, Turnstile
from mailcore.server.guesses import Guesses, GuessLimits
from mailcore.server.listener import Listener
from mailcore.server.reading import Reading
from tests.support.clock import FakeClock
from tests.support.talk import unlimited

LIMIT, AHEAD, SCRATCH = 12, 40, 16


class Pipe(asyncio.Transport):
    """A transport that only notes whether it is read from."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True
        self.said = b""

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said += bytes(data)


def opened(transport: Pipe) -> Connection:
    clock = FakeClock()
    gate = RuleGate(Turnstile(unlimited()), Turnstile(unlimited()), Guesses(GuessLimits(), clock), clock)
    reading = Reading(memoryview(bytearray(SCRATCH)), AHEAD)
    made = Connection(Listener("t", "t", "::1", 1, idle=0), gate, lambda: None, reading, Peer("::1", 1), Peer("::1", 2))
    made.connection_made(transport)
    return made


async def feed(connection: Connection, transport: Pipe, octets: bytes, cuts: list[int]) -> None:
    """What an event loop does: reads while reading is on, in pieces of any size."""
    sizes = iter(cuts)
    while octets:
        if transport.reading:
            size = min(next(sizes, SCRATCH), SCRATCH, len(octets))
            connection.get_buffer(-1)[:size] = octets[:size]
            connection.buffer_updated(size)
            octets = octets[size:]
        assert connection.pending <= AHEAD + SCRATCH
        await asyncio.sleep(0)
    connection.eof_received()


async def read_all(connection: Connection) -> list[bytes]:
    found = []
    try:
        while True:
            try:
                found.append(await connection.readline(LIMIT))
            except LineTooLong:
                found.append(b"!")
                await connection.skip_line()
    except ConnectionClosed:
        return found


@given(
    st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"_") + b"\n"), max_size=12),
    st.lists(st.integers(1, SCRATCH), max_size=60),
)
def test_lines_do_not_depend_on_how_they_were_cut(lines: list[bytes], cuts: list[int]) -> None:
    async def talk() -> list[bytes]:
        transport = Pipe()
        connection = opened(transport)
        _, found = await asyncio.gather(feed(connection, transport, b"".join(lines), cuts), read_all(connection))
        return found

    assert asyncio.run(talk()) == [line if len(line) <= LIMIT else b"!" for line in lines]


@given(
    st.binary(max_size=200), st.lists(st.integers(1, 50), max_size=8), st.lists(st.integers(1, SCRATCH), max_size=30)
)
def test_counted_octets_do_not_depend_on_how_they_were_cut(octets: bytes, counts: list[int], cuts: list[int]) -> None:
    async def talk() -> bytes:
        transport, found = Pipe(), b""
        connection = opened(transport)
        feeding = asyncio.create_task(feed(connection, transport, octets, cuts))
        for count in counts:
            if len(found) + count > len(octets):
                break
            found += await connection.readexactly(count)
        while len(found) < len(octets):
            found += await connection.read(7)
        await feeding
        return found

    assert asyncio.run(talk()) == octets


@given(st.integers(0, 3))
def test_a_read_that_is_cancelled_has_taken_nothing(given: int) -> None:
    async def talk() -> bytes:
        transport = Pipe()
        connection = opened(transport)
        reading = asyncio.create_task(connection.readline(LIMIT))
        for octet in b"abc"[:given]:
            connection.get_buffer(-1)[0] = octet
            connection.buffer_updated(1)
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait({reading})
        await feed(connection, transport, b"xyz\n", [])
        return await connection.readline(LIMIT)

    assert asyncio.run(talk()) == b"abc"[:given] + b"xyz\n"


def test_answers_wait_until_input_runs_dry() -> None:
    async def talk() -> list[bytes]:
        transport, said = Pipe(), []
        connection = opened(transport)
        connection.get_buffer(-1)[:4] = b"a\nb\n"
        connection.buffer_updated(4)
        for _ in range(2):
            connection.write(await connection.readline(LIMIT))
            said.append(transport.said)
        reading = asyncio.create_task(connection.readline(LIMIT))
        await asyncio.sleep(0)
        said.append(transport.said)
        reading.cancel()
        return said

    assert asyncio.run(talk()) == [b"", b"", b"a\nb\n"]
