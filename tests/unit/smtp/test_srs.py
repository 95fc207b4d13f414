"""The Sender Rewriting Scheme: there and back, and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.directory.api import Directory
from groupware.model.event import Attempt, Envelope, Recipient
from groupware.model.ids import AccountId, BlobId, QueueId
from mailcore.smtp.srs import Forwarding, Srs

DAY = 86_400.0
NOW = 20_000 * DAY
MOMENT = datetime(2026, 11, 26, tzinfo=UTC)


def srs(days: float = 0, secret: bytes = b"ours") -> Srs:
    return Srs(secret, lambda: NOW + days * DAY)


def test_a_sender_is_written_as_other_servers_do() -> None:
    found = srs().forward("Ann.Lee+x=1@Far.test", "here.test")
    assert found.startswith("SRS0=")
    assert found.endswith("=far.test=Ann.Lee+x=1@here.test")
    assert srs().back(found) == "Ann.Lee+x=1@far.test"


def test_letter_case_does_not_count_on_the_way() -> None:
    found = srs().forward("ann@far.test", "here.test")
    assert srs().back(found.lower()) == srs().back(found.upper().replace("ANN", "ann")) == "ann@far.test"


@pytest.mark.parametrize(("days", "back"), [(21, "ann@far.test"), (22, None), (1024, "ann@far.test"), (-1, None)])
def test_a_report_comes_back_for_three_weeks(days: int, back: str | None) -> None:
    assert srs(days).back(srs().forward("ann@far.test", "here.test")) == back


def test_what_another_server_has_rewritten_grows_once() -> None:
    there = srs(secret=b"theirs").forward("ann@far.test", "one.test")
    here = srs().forward(there, "two.test")
    assert here.startswith("SRS1=")
    assert srs().back(here) == there
    further = srs(secret=b"third").forward(here, "three.test")
    assert further.count("SRS") == 1
    assert srs(secret=b"third").back(further) == there


@pytest.mark.parametrize("sender", ['"a b"@far.test', "grüße@far.test", "nobody", "a@fär.test"])
def test_what_cannot_be_written_so_is_left(sender: str) -> None:
    assert srs().forward(sender, "here.test") == sender


@given(st.text("SRSsrs01=+-@.abyz27", max_size=60))
def test_nobody_else_makes_one(text: str) -> None:
    assert srs().back(text) is None


@given(
    st.from_regex(r"[A-Za-z0-9._%+=-]{1,40}", fullmatch=True), st.from_regex(r"[a-z0-9-]{1,20}\.test", fullmatch=True)
)
def test_there_and_back(local: str, domain: str) -> None:
    there = srs().forward(f"{local}@{domain}", "here.test")
    back = srs().back(there)
    assert back is not None
    assert back.lower() == f"{local}@{domain}".lower()


# --- which mail -------------------------------------------------------------------------------------------------------


class Ours:
    """A directory with two domains."""

    async def local_domains(self) -> frozenset[str]:
        return frozenset({"here.test", "alias.test"})


@pytest.mark.parametrize(
    ("sender", "by", "orcpt", "domain"),
    [
        ("ann@far.test", None, "", "here.test"),
        ("ann@far.test", None, "rfc822;bob@alias.test", "alias.test"),
        ("ann@far.test", None, "rfc822;bob@elsewhere.test", "here.test"),
        ("bob@alias.test", None, "", ""),
        ("ann@far.test", AccountId(7), "", ""),
        ("", None, "", ""),
    ],
)
async def test_mail_of_others_is_passed_on_under_our_name(
    sender: str, by: AccountId | None, orcpt: str, domain: str
) -> None:
    to = (Recipient("carol@there.test", orcpt=orcpt),)
    envelope = Envelope(sender, to, BlobId("x"), 1, by=by)
    attempt = Attempt(QueueId(1), envelope, "there.test", 0, MOMENT, MOMENT)
    sent = await Forwarding(srs(), cast(Directory, Ours()), "here.test").sent(attempt)
    assert sent.envelope.sender == (srs().forward(sender, domain) if domain else sender)
    assert sent.envelope.recipients == to
