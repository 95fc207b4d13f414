"""The supervisor: a crash is said, and the job goes on."""

import asyncio

import pytest

from mailcore.server.tasks import PAUSE_FIRST, PAUSE_MAX, Supervisor, cancelled
from tests.support.clock import FakeClock
from tests.support.eventlog import RecordingLog


class Pauses:
    """A sleep that takes no time and is remembered."""

    def __init__(self, clock: FakeClock) -> None:
        self.taken: list[float] = []
        self._clock = clock

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        self._clock.advance(seconds)
        await asyncio.sleep(0)


async def test_a_job_that_crashes_is_logged_and_started_again_after_a_growing_pause() -> None:
    log, clock = RecordingLog(), FakeClock()
    pauses, runs = Pauses(clock), iter(range(14))

    async def job() -> None:
        if next(runs) < 13:
            raise LookupError("lost")

    async with Supervisor(log, clock, pauses) as tasks:
        await tasks.start("sweep", job)
    assert pauses.taken[:3] == [PAUSE_FIRST, PAUSE_FIRST * 2, PAUSE_FIRST * 4]
    assert pauses.taken[-1] == PAUSE_MAX
    crashed = log.named("task_crashed")
    assert len(crashed) == 13
    assert crashed[0]["task"] == "sweep"
    assert "LookupError: lost" in str(crashed[0]["traceback"])


async def test_a_job_that_ran_well_for_long_starts_from_the_first_pause() -> None:
    log, clock = RecordingLog(), FakeClock()
    pauses, runs = Pauses(clock), iter([0, 0, 0, 3600, -1])

    async def job() -> None:
        lasted = next(runs)
        clock.advance(max(lasted, 0))
        if lasted >= 0:
            raise LookupError("lost")

    async with Supervisor(log, clock, pauses) as tasks:
        await tasks.start("sweep", job)
    assert pauses.taken == [PAUSE_FIRST, PAUSE_FIRST * 2, PAUSE_FIRST * 4, PAUSE_FIRST]


async def test_leaving_the_block_ends_every_job() -> None:
    ended = []

    async def job() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append("one")

    async with Supervisor(RecordingLog()) as tasks:
        tasks.start("a", job)
        tasks.start("b", job)
        await asyncio.sleep(0)
        assert tasks.running() == ("a", "b")
    assert ended == ["one", "one"]


async def test_an_error_in_the_block_comes_out_of_it() -> None:
    async def job() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(LookupError):
        async with Supervisor(RecordingLog()) as tasks:
            tasks.start("a", job)
            raise LookupError


async def test_one_job_can_be_ended_alone() -> None:
    async def job() -> None:
        await asyncio.get_running_loop().create_future()

    async with Supervisor(RecordingLog()) as tasks:
        one = tasks.start("a", job)
        tasks.start("b", job)
        await cancelled(one)
        await asyncio.sleep(0)
        assert tasks.running() == ("b",)


async def test_nothing_is_started_outside_the_block() -> None:
    async def job() -> None:
        return

    with pytest.raises(RuntimeError, match="outside"):
        Supervisor(RecordingLog()).start("a", job)
