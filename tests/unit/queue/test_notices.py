"""Who is told what. RFC 3461."""

import pytest

from groupware.model.event import Envelope, Recipient
from groupware.model.ids import BlobId
from mailcore.queue.courier import Result, Verdict
from mailcore.queue.notices import notice_of, notices_due


def envelope(sender: str = "alice@here.test") -> Envelope:
    return Envelope(sender, (), BlobId(""), 0)


def told(verdict: Verdict, notify: str, *, tries: int = 1, remote: str = "mx", handed_on: bool = False) -> str | None:
    result = Result(Recipient("b@x.test", notify), verdict, "", "", remote, handed_on=handed_on)
    return notice_of(envelope(), result, tries, 4)


@pytest.mark.parametrize(
    ("notify", "expected"),
    [("", "failed"), ("FAILURE", "failed"), ("SUCCESS,FAILURE", "failed"), ("NEVER", None), ("SUCCESS,DELAY", None)],
)
def test_failures(notify: str, expected: str | None) -> None:
    assert told("failed", notify) == expected


@pytest.mark.parametrize(
    ("notify", "tries", "expected"),
    [
        ("", 3, None),
        ("", 4, "delayed"),
        ("", 5, None),
        ("DELAY", 4, "delayed"),
        ("FAILURE", 4, None),
        ("NEVER", 4, None),
    ],
)
def test_delays_are_told_once_after_the_fourth_try(notify: str, tries: int, expected: str | None) -> None:
    assert told("later", notify, tries=tries) == expected


@pytest.mark.parametrize(
    ("notify", "remote", "handed_on", "expected"),
    [
        ("", "mx", False, None),
        ("FAILURE", "mx", False, None),
        ("SUCCESS", "mx", False, "relayed"),
        ("SUCCESS", "mx", True, None),
        ("SUCCESS", "", False, "delivered"),
        ("NEVER", "", False, None),
    ],
)
def test_successes(notify: str, remote: str, handed_on: bool, expected: str | None) -> None:
    assert told("sent", notify, remote=remote, handed_on=handed_on) == expected


def test_nobody_is_told_about_a_report() -> None:
    result = Result(Recipient("b@x.test"), "failed", "5.1.1", "no")
    assert notices_due(envelope(""), [result], 1, 4) == []


def test_recipients_with_one_fate_share_a_report() -> None:
    results = [
        Result(Recipient("a@x.test"), "failed", "5.1.1", "no"),
        Result(Recipient("b@x.test"), "failed", "5.1.1", "no"),
        Result(Recipient("c@x.test", "SUCCESS"), "sent", "2.0.0", "ok", "mx"),
        Result(Recipient("d@x.test"), "later", "4.1.1", "wait"),
    ]
    due = notices_due(envelope(), results, 1, 4)
    assert [(each.action, [r.recipient.address[0] for r in each.results]) for each in due] == [
        ("failed", ["a", "b"]),
        ("relayed", ["c"]),
    ]
