"""Whatever a peer does between two messages: what it confirmed is never sent again, and everything arrives."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.outbox import config, mx, outbox
from tests.support.smtppeer import DROP, Peer, serving

STAGES = ("EHLO", "MAIL", "RCPT", "DATA", ".", "RSET", "QUIT")
FATES = (DROP, "421 4.3.2 closing", "451 4.3.0 not now", "452 4.5.3 too many", "hello", "354 go on")
PATIENCE = 40


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(STAGES), st.sampled_from(FATES)), max_size=12),
    st.lists(st.integers(1, 3), min_size=1, max_size=5),
    st.booleans(),
    st.sampled_from((1, 3)),
)
def test_each_recipient_gets_each_message_once(
    faults: list[tuple[str, str]], messages: list[int], pipelining: bool, connections: int
) -> None:
    asyncio.run(_once(faults, messages, pipelining, connections))


async def _once(faults: list[tuple[str, str]], messages: list[int], pipelining: bool, connections: int) -> None:
    peer = Peer(extensions=("PIPELINING",) if pipelining else ())
    for stage, fate in faults:
        if (stage, fate) == ("DATA", "354 go on"):
            continue  # no fault
        answers = peer.answers.setdefault(stage, [])
        assert isinstance(answers, list)
        answers.append(fate)
    keys = {"connection_idle": 300, "sending_connections": connections}
    async with serving(peer), outbox(config(mx_port=peer.port, **keys)) as box:
        mx(box.zone, "there.test", "127.0.0.1")
        expected = []
        for number, count in enumerate(messages):
            to = [f"m{number}r{each}@there.test" for each in range(count)]
            expected += to
            await box.submit(*to)
        for _ in range(PATIENCE):
            await box.scheduler.run_due()
            box.clock.advance(28800)
            if not box.waiting():
                break
        assert box.waiting() == {}
        assert box.queue.named("failed") == []
        assert Counter(each for taken in peer.taken for each in taken.recipients) == Counter(expected)
