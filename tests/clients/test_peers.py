"""Postfix and Exim before the server, handing mail on by LMTP and SMTP; and behind it, taking what it sends."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message

import httpx
import pytest

from groupware.model.principal import Domain
from groupware.store.api import WriteTx
from tests.clients.account import Account
from tests.support.davstand import event
from tests.support.exim import exim
from tests.support.ports import free_port
from tests.support.postfix import postfix
from tests.support.relay import Relay
from tests.support.server import RunningServer, running

PEOPLE = ("zed", "zoe")
PEERS = {"postfix": postfix, "exim": exim}
Pair = tuple[RunningServer, Relay]


@pytest.fixture(scope="module", params=list(PEERS))
def pair(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """A server whose mail for far.test goes to the peer, which hands on what is for here.test by LMTP."""
    data, port = tmp_path_factory.mktemp("server"), free_port()
    route = f'[[smtp.route]]\nto = ["far.test"]\nhosts = ["127.0.0.1:{port}"]\n'
    (data / "postroom.toml").write_text(f'[server]\nprimary_domain = "here.test"\n{route}')
    with running(data) as server:
        server.domain = "here.test"
        ways = {"here.test": ("lmtp", server.port("lmtp")), "mx.here.test": ("smtp", server.port("smtp"))}
        with PEERS[request.param](port, "far.test", PEOPLE, ways) as peer:
            yield server, peer


def send(peer: Relay, sender: str, to: list[str], octets: bytes, options: tuple[str, ...] = ()) -> None:
    with smtplib.SMTP("127.0.0.1", peer.port, timeout=30) as smtp:
        smtp.sendmail(sender, to, octets, mail_options=options)


def submit(server: RunningServer, who: Account, to: list[str], octets: bytes, rcpt: tuple[str, ...] = ()) -> None:
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=30) as smtp:
        smtp.login(who.address, who.password)
        smtp.sendmail(who.address, to, octets, rcpt_options=rcpt)


def limit(server: RunningServer, who: Account, kilobytes: int) -> None:
    def work(tx: WriteTx) -> None:
        tx.put_setting("mailboxSize", kilobytes, tx.account(who.address).id)

    server.write(work)


def body(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n").partition(b"\n\n")[2]


def test_what_a_peer_hands_on_by_lmtp_is_there_and_who_is_unknown_comes_back(pair: Pair) -> None:
    server, peer = pair
    with Account(server, server.account()) as alice, Account(server, server.account()) as bob:
        text = "Grüße\r\n.\r\n.. two dots\r\n" + "x" * 900 + "\r\n"
        send(peer, bob.address, [alice.address, "nobody@here.test"], f"Subject: a\r\n\r\n{text}".encode())
        [got], [report] = alice.until(1), bob.until(1)
        assert body(got.octets) == text.replace("\r\n", "\n").encode()
        assert got.octets.startswith(f"Return-Path: <{bob.address}>".encode())
        assert b"nobody@here.test" in report.octets
        assert b"550 5.1.1" in report.octets
        assert report.octets.startswith(b"Return-Path: <>")


def test_each_of_many_recipients_of_one_transaction_has_it_once(pair: Pair) -> None:
    server, peer = pair
    people = [Account(server, server.account()) for _ in range(12)]
    send(peer, "x@far.test", [each.address for each in people], b"Subject: to all\r\n\r\nhello\r\n")
    for each in people:
        with each:
            assert len(each.until(1)) == 1


def test_a_full_mailbox_keeps_its_mail_at_the_peer_until_there_is_room(pair: Pair) -> None:
    server, peer = pair
    with Account(server, server.account()) as alice:
        limit(server, alice, 4)
        send(peer, "x@far.test", [alice.address], b"Subject: large\r\n\r\n" + (b"x" * 70 + b"\r\n") * 100)
        assert peer.until_said(alice.address, "452 4.2.2")
        assert alice.messages() == []
        limit(server, alice, 0)
        assert len(alice.until(1)) == 1


def test_a_burst_by_smtp_arrives_whole_and_once(pair: Pair) -> None:
    server, peer = pair
    server.write(lambda tx: tx.put_domain(Domain("here.test", aliases=("mx.here.test",))))
    with Account(server, server.account()) as alice:
        to = alice.address.replace("@", "@mx.")
        for number in range(40):
            send(peer, "x@far.test", [to], f"Subject: {number}\r\n\r\nbody {number}\r\n".encode())
        found = alice.until(40)
        assert sorted(body(each.octets) for each in found) == sorted(f"body {n}\n".encode() for n in range(40))


def test_what_the_server_sends_is_what_the_peer_has(pair: Pair) -> None:
    server, peer = pair
    with Account(server, server.account()) as alice:
        text = ".dot\r\n.\r\nGrüße\r\n" + "y" * 990 + "\r\nend\r\n"
        submit(server, alice, ["zed@far.test", "zoe@far.test"], f"Subject: out\r\n\r\n{text}".encode())
        for name in PEOPLE:
            [got] = peer.until(1, f"{name}@far.test")
            assert body(got) == text.replace("\r\n", "\n").encode()


def test_who_the_peer_does_not_know_is_reported_to_the_sender(pair: Pair) -> None:
    server, peer = pair
    code, words = {"postfix.test": ("5.1.1", "User unknown"), "exim.test": ("5.0.0", "Unrouteable")}[peer.name]
    with Account(server, server.account()) as alice:
        submit(server, alice, ["ghost@far.test"], b"Subject: out\r\n\r\nx\r\n")
        [report] = alice.until(1)
        [status] = _statuses(report.octets)
        assert status["Action"] == "failed"
        assert status["Status"] == code
        assert words in status["Diagnostic-Code"]


def test_a_guest_whom_the_peer_does_not_know_is_marked_in_the_meeting(pair: Pair) -> None:
    server, _ = pair
    with Account(server, server.account()) as alice:
        at = f"http://127.0.0.1:{server.port('http')}/dav/calendars/{alice.address}/Calendar/m.ics"
        people = (f"ORGANIZER:mailto:{alice.address}", "ATTENDEE;RSVP=TRUE:mailto:ghost@far.test")
        text = event("m", "20261201T100000Z", *people)
        who = (alice.address, alice.password)
        assert httpx.put(at, content=text, auth=who, headers={"content-type": "text/calendar"}).status_code == 201
        alice.until(1)
        assert "SCHEDULE-STATUS=5.1" in httpx.get(at, auth=who).text.replace("\r\n ", "")


def test_a_report_of_success_comes_from_the_peer(pair: Pair) -> None:
    server, peer = pair
    with Account(server, server.account()) as alice:
        before = len(peer.mailbox("zoe@far.test"))
        submit(server, alice, ["zoe@far.test"], b"Subject: tell me\r\n\r\nx\r\n", ("NOTIFY=SUCCESS",))
        peer.until(before + 1, "zoe@far.test")
        [report] = alice.until(1)
        [status] = _statuses(report.octets)
        assert (status["Action"], status["Status"]) == ("delivered", "2.0.0")
        assert peer.name.encode() in report.octets


def _statuses(octets: bytes) -> list[Message]:
    """The groups of a report that are about a recipient."""
    return [part for part in message_from_bytes(octets).walk() if part["Final-Recipient"]]
