"""The stream service: reading in bounds, gathered writing, places to work in, idle time, and a gentle end."""

import asyncio
import gc
import socket
import tracemalloc

import pytest

from mailcore.server.listener import CannotListen, Listener, open_socket
from mailcore.server.reading import SCRATCH
from mailcore.server.service import Manner
from tests.support.talk import LINE_MAX, client, stand


async def test_a_command_is_answered() -> None:
    async with stand() as here, client(here.port) as caller:
        assert await caller.line() == "* hello"
        assert await caller.ask("ECHO one") == "one"


async def test_pipelined_commands_are_answered_in_order() -> None:
    async with stand() as here, client(here.port) as caller:
        caller.send(b"".join(b"ECHO %d\r\n" % number for number in range(500)))
        assert [await caller.line() for _ in range(501)] == ["* hello", *map(str, range(500))]


async def test_answers_to_a_pipeline_go_out_in_one_piece() -> None:
    async with stand() as here, client(here.port) as caller:
        await caller.line()
        caller.send(b"ECHO a\r\nECHO b\r\nECHO c\r\n")
        assert await asyncio.wait_for(caller.reader.read(100), 5) == b"a\r\nb\r\nc\r\n"


async def test_a_line_that_comes_octet_by_octet_is_one_line() -> None:
    async with stand() as here, client(here.port) as caller:
        await caller.line()
        for octet in b"ECHO drop by drop\r\n":
            caller.send(bytes((octet,)))
            await caller.writer.drain()
        assert await caller.line() == "drop by drop"


async def test_an_overlong_line_costs_no_memory_and_leaves_the_next_command_whole() -> None:
    async with stand() as here, client(here.port) as caller:
        await caller.line()
        tracemalloc.start()
        for _ in range(200):
            caller.send(b"y" * SCRATCH)
            await caller.writer.drain()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        caller.send(b"\r\nECHO after\r\n")
        assert await caller.line() == "too long"
        assert await caller.line() == "after"
        assert peak < 3_000_000  # both ends live in this process


async def test_a_line_at_the_limit_is_taken_and_one_octet_more_is_not() -> None:
    async with stand() as here, client(here.port) as caller:
        await caller.line()
        fits = "y" * (LINE_MAX - len("ECHO \r\n"))
        assert await caller.ask(f"ECHO {fits}") == fits
        assert await caller.ask(f"ECHO {fits}y") == "too long"


async def test_a_peer_that_sends_ahead_is_held_back() -> None:
    async with stand(manner=Manner(read_ahead=10_000)) as here, client(here.port) as caller:
        await caller.line()
        caller.send(b"SLOW\r\n" + b"ECHO x\r\n" * 500_000)
        await here.stage.until(lambda: here.stage.started == 1)
        connection = here.stage.connections[0]
        before = -1
        while connection.pending != before:  # until nothing more is taken in
            before = connection.pending
            for _ in range(50):
                await asyncio.sleep(0)
        assert 0 < before <= 10_000 + SCRATCH
        here.stage.release.set()
        assert await caller.line() == "slow done"
        assert [await caller.line() for _ in range(1000)] == ["x"] * 1000


async def test_octets_are_counted_exactly_across_many_reads() -> None:
    async with stand() as here, client(here.port) as caller:
        await caller.line()
        caller.send(b"DATA 1000000\r\n" + b"z" * 1_000_000 + b"ECHO next\r\n")
        assert await caller.line() == "1000000"
        assert await caller.line() == "next"


async def test_a_peer_that_does_not_read_holds_the_writer_back() -> None:
    async with stand() as here, client(here.port) as caller, client(here.port) as other:
        await caller.line()
        caller.send(b"FLOOD 400\r\nECHO end\r\n")
        transport = here.stage.connections[0]._transport
        assert transport is not None
        for _ in range(100):  # turns in which a writer that nobody holds would have written it all
            await other.ask("ECHO turn")
        assert transport.get_write_buffer_size() < 400 * 65_536 / 8
        assert [len(await caller.line()) for _ in range(400)] == [65_534] * 400
        assert await caller.line() == "end"


async def test_an_idle_connection_is_told_and_closed() -> None:
    async with stand(Listener("test", "echo", "127.0.0.1", 0, idle=0.2)) as here, client(here.port) as caller:
        assert [await caller.line(), await caller.line(), await caller.line()] == ["* hello", "* bye idle", ""]


async def test_a_line_sent_in_drops_does_not_outlast_the_idle_time() -> None:
    async with stand(Listener("test", "echo", "127.0.0.1", 0, idle=0.4)) as here, client(here.port) as caller:
        await caller.line()

        async def trickle() -> None:
            while True:
                caller.send(b"x")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(trickle())
        assert await asyncio.wait_for(caller.line(), 30) == "* bye idle"
        dripping.cancel()


async def test_a_session_that_crashes_is_logged_and_harms_nobody_else() -> None:
    async with stand() as here, client(here.port) as victim, client(here.port) as other:
        await victim.line()
        await other.line()
        assert await victim.ask("CRASH") == "* bye failed"
        assert "ZeroDivisionError" in str(here.log.named("session_crashed")[0]["traceback"])
        assert await other.ask("ECHO fine") == "fine"


async def test_the_third_of_three_slow_commands_waits_and_none_is_lost() -> None:
    async with (
        stand(manner=Manner(places=2)) as here,
        client(here.port) as one,
        client(here.port) as two,
        client(here.port) as three,
        client(here.port) as quick,
    ):
        callers = (one, two, three)
        for caller in (*callers, quick):
            await caller.line()
        one.send(b"SLOW\r\n")
        two.send(b"SLOW\r\n")
        await here.stage.until(lambda: here.stage.started == 2)
        three.send(b"SLOW\r\n")
        assert await quick.ask("ECHO three's command has come by now") == "three's command has come by now"
        assert here.stage.started == 2
        here.stage.release.set()
        assert [await caller.line() for caller in callers] == ["slow done"] * 3
        assert here.stage.finished == 3


async def test_drain_lets_a_slow_command_finish_and_says_goodbye_to_all() -> None:
    async with stand() as here, client(here.port) as busy, client(here.port) as idle:
        await busy.line()
        await idle.line()
        busy.send(b"SLOW\r\nECHO never\r\n")
        await here.stage.until(lambda: here.stage.started == 1)
        await here.close_door()
        draining = asyncio.create_task(here.service.drain(10))
        assert [await idle.line(), await idle.line()] == ["* bye stopping", ""]
        assert not draining.done()
        here.stage.release.set()
        assert [await busy.line() for _ in range(3)] == ["slow done", "* bye stopping", ""]
        await draining
        assert here.service.connections == 0


async def test_a_session_that_has_said_its_last_words_says_no_others() -> None:
    async with stand() as here, client(here.port) as caller:
        await caller.line()
        caller.send(b"RETIRED\r\n")
        assert [await caller.line(), await caller.line()] == ["over", ""]


async def test_drain_ends_by_force_what_does_not_end_within_the_grace() -> None:
    async with stand() as here, client(here.port) as busy:
        await busy.line()
        busy.send(b"SLOW\r\n")
        await here.stage.until(lambda: here.stage.started == 1)
        await here.close_door()
        await here.service.drain(0.05)
        assert here.service.connections == 0
        assert here.stage.finished == 0
        assert [await busy.line(), await busy.line()] == ["* bye stopping", ""]


async def test_a_closed_door_refuses_while_those_inside_go_on() -> None:
    async with stand() as here, client(here.port) as inside:
        await inside.line()
        port = here.port
        await here.close_door()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        assert await inside.ask("ECHO still here") == "still here"


async def test_connections_answer_without_delay() -> None:
    async with stand() as here, client(here.port) as caller:
        await caller.line()
        transport = here.stage.connections[0]._transport
        assert transport is not None
        accepted = transport.get_extra_info("socket")
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


async def test_an_idle_connection_costs_little_memory() -> None:
    count = 200
    async with stand(Listener("test", "echo", "127.0.0.1", 0, idle=1800)) as here:
        sockets = []
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(count):
            caller = socket.create_connection(("127.0.0.1", here.port), source_address=(f"127.0.1.{number + 1}", 0))
            sockets.append(caller)
            await here.stage.until(lambda wanted=number + 1: len(here.stage.connections) == wanted)  # type: ignore[misc]  # bound now
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        for caller in sockets:
            caller.close()
        assert (after - before) / count < 12_000


def test_an_address_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = Listener("imap", "imap", "127.0.0.1", taken.getsockname()[1])
        with pytest.raises(CannotListen, match=rf"listener imap: {wanted.where}: .*another program listens there"):
            open_socket(wanted)
