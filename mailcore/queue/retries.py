"""When a message is tried again, and when that is enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from mailcore.queue.courier import Result
from mailcore.server.sections_mail import QueueSection


@dataclass(frozen=True, slots=True)
class Retries:
    """The schedule: `first` seconds, then twice as long each time up to `longest`, until it was tried `tries` times."""

    first: int = 300
    longest: int = 28800
    tries: int = 20
    notice_after: int = 4
    """Failed tries after which the sender is told of the delay; 0: never."""

    def delay(self, tries: int) -> timedelta:
        """How long to wait after so many tries."""
        doublings = min(tries - 1, 32)  # beyond that every interval is the longest, whatever the first was
        return timedelta(seconds=min(self.first * 2**doublings, self.longest))

    def exhausted(self, tries: int) -> bool:
        """Whether so many tries are enough."""
        return tries >= self.tries

    def given_up_after(self, queued: datetime) -> datetime:
        """When a message that was queued then will have been tried for the last time."""
        return queued + sum((self.delay(tries) for tries in range(1, self.tries)), timedelta())

    def judge(self, result: Result, tries: int) -> Result:
        """The result after so many tries, this one included: one that waited long enough has failed."""
        if result.verdict != "later" or result.hold or not self.exhausted(tries):
            return result
        return replace(result, verdict="failed", code=_final(result.code))


def retries_of(section: QueueSection) -> Retries:
    """The schedule that the configuration says."""
    return Retries(
        section.sched_interval, section.max_sched_interval, section.max_retry_count, section.delay_notice_after
    )


def _final(code: str) -> str:
    """The permanent code for a trouble that did not pass; of the network's it is `delivery time expired`."""
    return "5.4.7" if code.startswith("4.4.") else f"5{code[1:]}"
