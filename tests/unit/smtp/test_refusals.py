"""Refusals in the trace: a row each, a count for who hammers, and never more than bounds."""

from __future__ import annotations

from typing import Any, cast

from groupware.model.errors import TryAgain
from groupware.model.times import now_micros
from mailcore.smtp import refusals
from mailcore.smtp.refusals import MOST_PEERS, MOST_ROWS, ROWS_OF_PEER, Refusals
from tests.support.clock import FakeClock
from tests.support.queuestore import MemoryQueue


class Bench:
    """Refusals over a store in memory, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.queue = MemoryQueue(FakeClock())
        self.refusals = Refusals(cast(Any, self.queue), lambda: self.now)

    def refuse(self, peer: str = "192.0.2.1", count: int = 1) -> None:
        for _ in range(count):
            self.refusals.add("rcpt", peer, "who?", code=550, sender="x@far.test", to=("nobody@here.test",))

    async def rows(self) -> list[dict[str, str | int]]:
        await self.refusals.write_down()
        return [dict(event.facts) for event in self.queue.state.events]


async def test_a_refusal_is_a_row_about_its_recipient() -> None:
    bench = Bench()
    bench.refuse()
    assert await bench.rows() == [
        {"stage": "rcpt", "peer": "192.0.2.1", "code": 550, "why": "who?", "from": "x@far.test"}
    ]
    assert dict(bench.queue.state.events[0].parties) == {"nobody@here.test": {"to": "nobody@here.test"}}


async def test_a_row_has_the_time_at_which_it_was_refused() -> None:
    bench, before = Bench(), now_micros()
    bench.refuse()
    after = now_micros()
    await bench.rows()
    assert before <= bench.queue.state.events[0].at <= after


async def test_a_peer_that_hammers_is_counted_and_the_others_are_not_hidden() -> None:
    bench = Bench()
    bench.refuse(count=5000)
    bench.refuse("192.0.2.2")
    assert len(await bench.rows()) == ROWS_OF_PEER + 1
    bench.now += refusals.SPAN
    assert (await bench.rows())[-1] == {
        "stage": "any",
        "peer": "192.0.2.1",
        "count": 5000 - ROWS_OF_PEER,
        "why": "who?",
    }
    bench.refuse()
    assert (await bench.rows())[-1]["stage"] == "rcpt"


async def test_what_many_peers_do_is_bounded_as_well() -> None:
    bench = Bench()
    for number in range(MOST_PEERS + 10):
        bench.refuse(f"peer{number}")
    assert len(bench.refusals._rows) <= MOST_ROWS + MOST_PEERS
    assert len(bench.refusals._peers) <= MOST_PEERS


async def test_a_database_that_is_away_harms_nobody() -> None:
    bench = Bench()

    async def write(who: Any, work: Any) -> Any:
        raise TryAgain("away")

    bench.queue.write = write  # type: ignore[method-assign]
    bench.refuse()
    assert await bench.rows() == []
