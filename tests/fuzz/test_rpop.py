"""Whatever another server's POP3 answers, there is a message or one error that can be told."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailcore.rpop.pop import Pop, PopError, Where
from mailcore.smtp.outwire import OutWire

MOST = 1000
ANSWERS = st.one_of(
    st.sampled_from(
        [
            b"+OK\r\n",
            b"+OK\r\n1 u1\r\n.\r\n",
            b"+OK\r\n.\r\n",
            b"+OK\n1 10\n.\n",
            b"+OK\r\nSubject: x\r\n\r\n..\r\n.\r\n",
            b"-ERR no\r\n",
            b"+OK\r\n99999999999999999999 u\r\n.\r\n",
            b"+OK no end\r\n",
            b"",
        ]
    ),
    st.binary(max_size=80),
    st.binary(max_size=40).map(lambda text: b"+OK\r\n" + text + b"\r\n.\r\n"),
)


@example(answers=["+OK\n\u05f5\u202e\n".encode()])
@given(answers=st.lists(ANSWERS, max_size=7))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_answers(answers: list[bytes]) -> None:
    found = asyncio.run(_asked(answers))
    assert found is None or len(found) <= MOST


def test_a_message_comes_without_what_was_put_before_its_dots() -> None:
    listed, message = b"+OK\r\n1 u1\r\n.\r\n", b"+OK\r\n..x\r\n...\r\n\r\n.\r\n"
    answers = [b"+OK\r\n", b"+OK\r\n", listed, b"+OK\r\n1 9\r\n.\r\n", message, b"+OK\r\n", b"+OK\r\n"]
    assert asyncio.run(_asked(answers)) == b".x\r\n..\r\n\r\n"


async def _asked(answers: list[bytes]) -> bytes | None:
    """The first message; None: an error was told."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for each in answers:
                if not await reader.readline():
                    break
                writer.write(each)
        except (OSError, ValueError):
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            over.set()

    over = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        _, wire = await asyncio.get_running_loop().create_connection(OutWire, "127.0.0.1", port)
        pop = Pop(Where("far.test", "127.0.0.1", port, "implicit"), wire, 0.1)
        found = None
        try:
            await pop.login("me", "s3cret")
            uids = await pop.uids()
            await pop.sizes()
            for number in list(uids)[:1]:
                found = await pop.retrieve(number, MOST)
                await pop.delete(number)
            await pop.quit()
        except PopError as error:
            assert str(error).isprintable()
        finally:
            pop.close()
        await over.wait()
        return found
