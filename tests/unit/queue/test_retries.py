"""When a message is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from groupware.model.event import Recipient
from mailcore.queue.courier import Result
from mailcore.queue.retries import Retries, retries_of
from mailcore.server.sections_mail import QueueSection

DELAYS = [300, 600, 1200, 2400, 4800, 9600, 19200, *[28800] * 12]


def test_delays_double_from_the_first_to_the_longest() -> None:
    assert [Retries().delay(tries).total_seconds() for tries in range(1, 20)] == DELAYS


def test_the_delay_after_very_many_tries_is_the_longest() -> None:
    assert Retries(first=1).delay(1000) == timedelta(seconds=28800)


def test_a_message_is_given_up_after_four_days_and_a_half() -> None:
    queued = datetime(2026, 1, 1, tzinfo=UTC)
    assert Retries().given_up_after(queued) - queued == timedelta(seconds=sum(DELAYS))


@pytest.mark.parametrize(("tries", "verdict"), [(19, "later"), (20, "failed"), (21, "failed")])
def test_a_temporary_trouble_is_permanent_after_twenty_tries(tries: int, verdict: str) -> None:
    result = Result(Recipient("a@x.test"), "later", "4.2.2", "full")
    assert Retries().judge(result, tries).verdict == verdict


@pytest.mark.parametrize(("code", "final"), [("4.2.2", "5.2.2"), ("4.4.1", "5.4.7"), ("4.0.0", "5.0.0")])
def test_the_code_of_a_trouble_that_did_not_pass(code: str, final: str) -> None:
    assert Retries().judge(Result(Recipient("a@x.test"), "later", code, ""), 20).code == final


def test_the_schedule_is_the_configuration_s() -> None:
    section = QueueSection(sched_interval=10, max_sched_interval=40, max_retry_count=3, delay_notice_after=2)
    assert retries_of(section) == Retries(10, 40, 3, 2)
