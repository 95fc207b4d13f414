"""Reports that come back suspend who cannot be reached; nobody else makes them up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from groupware.model.mailinglist import Subscriber
from mailcore.lists.bounces import after
from tests.support.liststand import OWNER, Stand

R = "rita@elsewhere.test"
DAY = 86_400


def report(action: str = "failed", status: str = "5.1.1", recipient: str = R) -> bytes:
    return (
        "From: MAILER-DAEMON@elsewhere.test\r\nTo: x\r\nSubject: Undelivered mail\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nNo.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.elsewhere.test\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: {action}\r\n"
        f"Status: {status}\r\nDiagnostic-Code: smtp; 550 no such user\r\n\r\n--b--\r\n"
    ).encode()


async def sender(news: Stand) -> str:
    """The sender of what the list sends to Rita."""
    await news.put(R)
    await news.post("bob@example.test")
    await news.run()
    [(found, to, _)] = await news.clear()
    assert to == R
    return found


async def returned(news: Stand, to: str, octets: bytes) -> Subscriber:
    await news.post("x", to, octets=octets, sender="", signed_in=False)
    await news.run()
    return (await news.subscribers())[R]


async def test_mail_that_comes_back_on_several_days_suspends_and_the_owner_is_told(news: Stand) -> None:
    await news.set(listMaxBounces=3)
    back = await sender(news)
    for count in (1, 2):
        assert (await returned(news, back, report())).bounces == count
        assert (await returned(news, back, report())).bounces == count
        news.clock.advance(DAY)
    assert await news.queued() == []
    found = await returned(news, back, report())
    assert (found.state, found.bounces) == ("suspended", 3)
    [(empty, to, message)] = await news.clear()
    assert (empty, to) == ("", OWNER)
    assert message["Subject"] == f"{R} gets no mail of News any more"
    assert "550 no such user" in message.get_content()
    await news.post("bob@example.test", subject="more")
    await news.run()
    assert await news.queued() == []


async def test_what_came_back_long_ago_counts_no_more(news: Stand) -> None:
    back = await sender(news)
    await returned(news, back, report())
    news.clock.advance(31 * DAY)
    assert (await returned(news, back, report())).bounces == 1


@pytest.mark.parametrize(
    "octets",
    [
        report("delayed", "4.2.2"),
        report("delivered", "2.0.0"),
        report("relayed", "2.0.0"),
        b"From: x@y\r\nSubject: away\r\nAuto-Submitted: auto-replied (vacation)\r\n\r\nI am away.\r\n",
    ],
)
async def test_what_is_no_failure_counts_nothing(news: Stand, octets: bytes) -> None:
    back = await sender(news)
    assert (await returned(news, back, octets)).bounces == 0


async def test_a_report_of_no_known_form_counts_for_whom_it_comes_back_to(news: Stand) -> None:
    back = await sender(news)
    assert (
        await returned(news, back, b"From: x@y\r\nSubject: failure notice\r\n\r\nHi. This is qmail.\r\n")
    ).bounces == 1


async def test_nobody_makes_reports_up(news: Stand) -> None:
    back = await sender(news)
    local, _, domain = back.partition("@")
    forged = local[:-1] + ("a" if local[-1] != "a" else "b")
    for to in (
        f"{forged}@{domain}",
        "news-bounces@example.test",
        "news-bounces+1@example.test",
        "news-bounces+x-y@example.test",
    ):
        assert (await returned(news, to, report())).bounces == 0
    assert await news.queued() == []


async def test_without_personal_senders_a_report_says_whom_it_is_about(news: Stand) -> None:
    await news.set(listPersonalSender=False)
    back = await sender(news)
    assert back == "news-bounces@example.test"
    assert (await returned(news, back, report())).bounces == 1


async def test_our_own_queue_s_report_is_counted(news: Stand) -> None:
    """A subscriber here whose mailbox is gone."""
    await news.put("gone@example.test")
    await news.post("bob@example.test")
    await news.run()
    news.office.start("processing")
    await news.office.log.until("list_bounced")
    assert (await news.subscribers())["gone@example.test"].bounces == 1


def test_counting() -> None:
    now = datetime(2026, 1, 1, 23, tzinfo=UTC)
    once = after(Subscriber(R), now, 2)
    assert (once.bounces, once.state) == (1, "active")
    assert after(once, now + timedelta(minutes=59), 2) == once
    assert after(once, now + timedelta(hours=1), 2).state == "suspended"
    assert after(once, now + timedelta(hours=1), 0).state == "active"
    assert after(once, now + timedelta(days=31), 2).bounces == 1
