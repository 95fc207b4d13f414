"""`postroom queue` beside a running server whose way out is shut, and opens."""

from __future__ import annotations

import imaplib
import io
import smtplib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailcore.cli.main import run
from tests.cli.conftest import Said
from tests.support.door import Door
from tests.support.patience import until
from tests.support.server import Person, RunningServer, running

LETTER = "From: {0}\r\nTo: someone\r\nSubject: {1}\r\n\r\nHello\r\n"


@pytest.fixture(scope="module")
def way_out(server: RunningServer) -> Iterator[Door]:
    """Where the sending server hands its mail over: the worker's other server, once it is open."""
    door = Door(server.port("smtp"), shut=True)
    yield door


@pytest.fixture(scope="module")
def sender(way_out: Door, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    data = tmp_path_factory.mktemp("sender")
    lines = f'[server]\nprimary_domain = "here.test"\n[smtp]\nsmart_host = "127.0.0.1:{way_out.port}"\n'
    (data / "postroom.toml").write_text(lines + 'smart_host_tls = "none"\n')
    with running(data) as found:
        found.domain = "here.test"
        yield found


def queue(server: RunningServer, *words: str) -> Said:
    """A command of this process, on the running server's data."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(["--data", str(server.data), "queue", *words])
    return Said(status, out.getvalue(), err.getvalue())


def submit(server: RunningServer, who: Person, *to: str) -> int:
    """Send a message; its number in the queue once the first try has failed."""
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=30) as smtp:
        smtp.login(who.address, who.password)
        smtp.sendmail(who.address, to, LETTER.format(who.address, to[0]))

    def tried() -> int:
        for each in server.read(lambda tx: tx.queued()):
            if each.envelope.sender == who.address and all(row.tries for row in each.recipients):
                return each.id
        return 0

    return int(until(tried))


def subjects(server: RunningServer, who: Person) -> list[str]:
    """What is in the INBOX."""
    with imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=30) as imap:
        imap.login(who.address, who.password)
        imap.select("INBOX", readonly=True)
        found = imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    return [each[1].decode().strip() for each in found if isinstance(each, tuple)]


@pytest.fixture
def waiting(sender: RunningServer) -> tuple[int, Person]:
    """A message that waits, with two recipients at two domains."""
    who = sender.account()
    return submit(sender, who, "one@there.test", "two@elsewhere.test"), who


def test_the_list(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    number, who = waiting
    [row] = queue(sender, "list", "--sender", who.address.upper(), "--json").json
    assert (row["id"], row["sender"], row["waiting"], row["tries"]) == (number, who.address, 2, 1)
    assert row["recipients"] == ["one@there.test", "two@elsewhere.test"]
    next_try = datetime.fromisoformat(row["next_try"])
    assert timedelta(seconds=200) < next_try - datetime.now(UTC) <= timedelta(seconds=300)
    head, line = queue(sender, "list", "--sender", who.address).out.splitlines()
    assert head.split()[:3] == ["id", "sender", "recipients"]
    assert line.split()[:2] == [str(number), who.address]


def test_the_list_of_one_domain(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    number, who = waiting
    assert number in {each["id"] for each in queue(sender, "list", "--to", "THERE.test", "--json").json}
    said = queue(sender, "list", "--to", "nowhere.test", "--sender", who.address)
    assert (said.status, said.out, said.err) == (0, "", "postroom: nothing in the queue fits\n")
    assert queue(sender, "list", "--to", "nowhere.test", "--json").json == []


def test_one_message_recipient_by_recipient(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    number, who = waiting
    found = queue(sender, "show", str(number), "--json").json
    assert (found["id"], found["sender"]) == (number, who.address)
    assert found["message"]
    assert [(each["recipient"], each["state"], each["tries"]) for each in found["recipients"]] == [
        ("one@there.test", "waiting", 1),
        ("two@elsewhere.test", "waiting", 1),
    ]
    assert {each["code"] for each in found["recipients"]} == {"4.4.1"}
    text = queue(sender, "show", str(number)).out
    assert f"sender      {who.address}\n" in text
    assert "two@elsewhere.test  waiting" in text


def test_a_retry_sends_what_can_be_sent(sender: RunningServer, server: RunningServer, way_out: Door) -> None:
    who, other = sender.account(), server.account()
    number = submit(sender, who, other.address)
    assert queue(sender, "retry", str(number)).out == "1 due now\n"
    until(lambda: [row.tries for each in entries(sender, number) for row in each.recipients] == [2])
    way_out.open()
    try:
        assert queue(sender, "retry", "--domain", "server.test").status == 0
        until(lambda: not entries(sender, number))
    finally:
        way_out.shut()
    assert subjects(server, other) == [f"Subject: {other.address}"]


def entries(server: RunningServer, number: int) -> Any:
    return [each for each in server.read(lambda tx: tx.queued()) if each.id == number]


def test_a_flush_tries_everything(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    number, _ = waiting
    assert queue(sender, "flush").out.endswith(" due now\n")
    until(lambda: [row.tries for each in entries(sender, number) for row in each.recipients] == [2, 2])


def test_a_bounce_goes_to_the_sender(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    number, who = waiting
    assert queue(sender, "bounce", str(number)).out == f"message {number}: given up for 2 recipients\n"
    assert entries(sender, number) == []
    [subject] = until(lambda: subjects(sender, who))
    assert subject.startswith("Subject: ")


def test_what_is_deleted_is_gone_and_nobody_hears_of_it(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    number, who = waiting
    assert queue(sender, "delete", str(number)).out == f"message {number} is gone\n"
    assert entries(sender, number) == []
    assert subjects(sender, who) == []


def test_what_is_held_is_not_tried_until_it_is_released(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    number, who = waiting
    assert queue(sender, "hold", "--sender", who.address, "--domain", "there.test").out == "1 held\n"
    assert queue(sender, "retry", str(number)).out == "1 due now\n"
    [row] = queue(sender, "list", "--state", "held", "--sender", who.address, "--json").json
    assert (row["id"], row["held"], row["waiting"]) == (number, 1, 2)
    until(lambda: [row.tries for each in entries(sender, number) for row in each.recipients] == [1, 2])
    assert queue(sender, "flush", "there.test").status == 0
    assert {row.state for each in entries(sender, number) for row in each.recipients} >= {"held"}
    assert queue(sender, "release", str(number)).out == "1 due now\n"
    until(lambda: [row.tries for each in entries(sender, number) for row in each.recipients] == [2, 2])


def test_what_is_held_can_be_returned(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    number, who = waiting
    queue(sender, "hold", str(number))
    assert queue(sender, "bounce", "--sender", who.address).out == f"message {number}: given up for 2 recipients\n"
    assert entries(sender, number) == []


def test_what_is_said_of_a_message_has_its_header(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    number, who = waiting
    assert f"From: {who.address}" in queue(sender, "show", str(number), "--json").json["header"]
    assert "\nSubject: one@there.test\n" in queue(sender, "show", str(number)).out


def test_the_queue_by_destination(sender: RunningServer, waiting: tuple[int, Person]) -> None:
    found = {each["domain"]: each for each in queue(sender, "stats", "--json").json}
    assert found["there.test"]["messages"] >= 1
    assert found["there.test"]["deferred"] >= 1
    assert found["there.test"]["code"] == "4.4.1"


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("show", "987654"), 1, "no message 987654 in the queue"),
        (("retry", "987654"), 1, "no message 987654 in the queue"),
        (("bounce", "987654"), 1, "no message 987654 in the queue"),
        (("delete", "987654"), 1, "no message 987654 in the queue"),
        (("show", "99999999999999999999"), 2, "less than or equal to"),
        (("show", "-1"), 2, "1"),
        (("retry", "0"), 2, "greater than or equal to 1"),
        (("show", "seven"), 2, "integer"),
        (("show",), 2, "number"),
        (("retry",), 2, "say which messages"),
        (("delete", "--state", "lost"), 2, "'lost' is no state"),
        (("list", "--older-than", "soon"), 2, "is no moment"),
        (("hold", "987654"), 1, "no message 987654 in the queue"),
        (("release", "987654"), 1, "no message 987654 in the queue"),
        (("list", "--of", "me"), 2, "--of"),
        (("drop", "1"), 2, "drop"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    sender: RunningServer, words: tuple[str, ...], status: int, told: str
) -> None:
    said = queue(sender, *words)
    assert (said.status, said.out, said.err.count("\n")) == (status, "", 1)
    assert said.err.startswith("postroom: ") and told in said.err
    assert "internal error" not in said.err
