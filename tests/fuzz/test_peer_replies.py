"""Whatever another mail server answers, each recipient is settled once and nothing breaks."""

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.outbox import config, mx, outbox

REPLIES = st.one_of(
    st.sampled_from(
        [
            b"220 hi\r\n",
            b"250 ok\r\n",
            b"250-peer\r\n250-STARTTLS\r\n250-SIZE x\r\n250 DSN\r\n",
            b"354 go\r\n",
            b"421 bye\r\n",
            b"451 4.7.1 later\r\n",
            b"550 5.1.1 no\r\n",
            b"250-never ends\r\n",
            b"25",
            b"",
        ]
    ),
    st.binary(max_size=60),
    st.builds(lambda code, text: b"%03d " % code + text + b"\r\n", st.integers(0, 999), st.binary(max_size=40)),
    st.just(b"250-" + b"x" * 40_000),
)


@given(replies=st.lists(REPLIES, max_size=9))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_replies(replies: list[bytes]) -> None:
    ends, crashes = asyncio.run(_send_to(replies))
    assert ends == ["bob@there.test", "carl@there.test"]
    assert crashes == []


async def _send_to(replies: list[bytes]) -> tuple[list[object], list[object]]:
    """Who was settled, and what crashed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for reply in replies:
                writer.write(reply)
                if not await reader.readline():
                    break
        except (OSError, ValueError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, outbox(config(mx_port=port, send_timeout=0.1)) as box:
        mx(box.zone, "there.test", "127.0.0.1")
        await box.submit("bob@there.test", "carl@there.test")
        await box.scheduler.run_due()
        ends = [event.facts["to"] for name in ("sent", "failed", "deferred") for event in box.queue.named(name)]
        return sorted(ends), [*box.log.named("courier_crashed"), *box.log.named("attempt_crashed")]
