"""`postroom trace`, over what a running server did."""

from __future__ import annotations

import imaplib
import io
import smtplib
import socket
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from mailcore.cli.main import run
from tests.cli.conftest import Said
from tests.support.patience import until
from tests.support.server import Person, RunningServer, running


def trace(server: RunningServer, *words: str) -> Said:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = run(["--data", str(server.data), "trace", *words])
    return Said(status, out.getvalue(), err.getvalue())


def send(server: RunningServer, sender: str, *to: str, mark: str) -> None:
    text = f"From: {sender}\r\nTo: {to[0]}\r\nMessage-ID: <{mark}@far.test>\r\nSubject: {mark}\r\n\r\nHello\r\n"
    with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=30) as smtp:
        smtp.sendmail(sender, to, text)


@pytest.fixture
def pair(server: RunningServer) -> tuple[Person, Person]:
    return server.account(), server.account()


def test_a_message_is_followed_from_connect_to_its_last_folder(
    server: RunningServer, pair: tuple[Person, Person]
) -> None:
    one, other = pair
    mark = one.address.partition("@")[0]
    send(server, "x@far.test", one.address, other.address, mark=mark)
    with imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=30) as imap:
        imap.login(one.address, one.password)
        imap.select("INBOX")
        assert imap.uid("MOVE", "1:*", "Trash")[0] == "OK"
    found = trace(server, f"<{mark}@far.test>", "--json").json
    assert [(each["what"], each["address"]) for each in found] == [
        ("accepted", "x@far.test"),
        ("delivered", one.address),
        ("moved", one.address),
        ("delivered", other.address),
    ]
    assert "peer=127.0.0.1" in found[0]["facts"] and f"letter={mark}@far.test" in found[0]["facts"]
    assert "Trash" in found[2]["facts"] and f"by {one.address}" in found[2]["facts"]
    mine = trace(server, found[0]["message"].lower(), "--as", one.address, "--json").json
    assert [(each["what"], each["address"]) for each in mine] == [
        ("accepted", "x@far.test"),
        ("delivered", one.address),
        ("moved", one.address),
    ]
    assert "INBOX" in mine[1]["facts"] and "recipients" not in mine[0]["facts"]


def test_messages_are_listed_by_who_and_what(server: RunningServer, pair: tuple[Person, Person]) -> None:
    one, other = pair
    sender = f"from-{one.address.partition('@')[0]}@far.test"
    send(server, sender, one.address, mark="a")
    send(server, sender, other.address, mark="b")
    assert [each["what"] for each in trace(server, "--sender", sender, "--json").json] == ["accepted", "accepted"]
    [row] = trace(server, "--recipient", one.address.upper(), "--since", "1h", "--json").json
    assert (row["what"], row["address"]) == ("delivered", one.address)
    assert trace(server, "--recipient", one.address, "--verdict", "failed").err == (
        "postroom: nothing was traced that fits\n"
    )


def test_what_was_refused_is_there_with_the_reason(server: RunningServer) -> None:
    domain = server.account().address.partition("@")[2]
    with smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=30) as smtp:
        smtp.ehlo("client.far.test")
        smtp.mail("x@far.test")
        assert smtp.rcpt(f"nobody-here@{domain}")[0] == 550
    [row] = until(lambda: trace(server, "--recipient", f"nobody-here@{domain}", "--json").json)
    assert row["what"] == "refused"
    assert "stage=rcpt" in row["facts"] and "helo=client.far.test" in row["facts"] and "code=550" in row["facts"]


def test_who_may_not_connect_is_there_as_well(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(
        '[[listener]]\nname = "smtp"\ndeny_rules = [{ ip_set = ["127.0.0.0/8"], priority = 1 }]\n'
    )
    with running(tmp_path) as server:
        with socket.create_connection(("127.0.0.1", server.port("smtp")), timeout=30) as refused:
            assert refused.recv(200).startswith(b"554 ")
        [row] = until(lambda: trace(server, "--verdict", "refused", "--peer", "127.0.0.1", "--json").json)
    assert (row["what"], row["address"], row["message"]) == ("refused", "", "")
    assert "stage=connect" in row["facts"]


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("0000000000000000AA",), 1, "there is no trace of such a message"),
        (("<nothing@far.test>",), 1, "there is no trace of such a message"),
        (("--verdict", "lost"), 2, "'lost' is no verdict"),
        (("--since", "once"), 2, "is no moment"),
        (("--sender", "a@x.test", "--recipient", "b@x.test"), 2, "give either"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    server: RunningServer, words: tuple[str, ...], status: int, told: str
) -> None:
    said = trace(server, *words)
    assert (said.status, said.out, said.err.count("\n")) == (status, "", 1)
    assert told in said.err
