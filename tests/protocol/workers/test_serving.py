"""Two processes serve as one: at the same ports, over the same folders, under the same limits."""

from __future__ import annotations

import imaplib
import poplib
import re
import smtplib
import socket
import time
from pathlib import Path

import pytest

from tests.protocol.workers.conftest import TOML
from tests.support.patience import PATIENCE, until
from tests.support.processes import one_each, processes, served_by
from tests.support.server import Person, RunningServer, running

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \d\d \S+ [A-Z0-9_-]+:\S+: \w+.*")


def imap(server: RunningServer, who: Person | None = None) -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", server.port("imap"), timeout=PATIENCE)
    if who is not None:
        try:
            client.login(who.address, who.password)
        except imaplib.IMAP4.error:
            client.shutdown()
            raise
    return client


def imaps(server: RunningServer, who: Person) -> list[imaplib.IMAP4]:
    """A session of somebody in each process; only these log in, for an account has few sessions."""
    clients = one_each(server, lambda: imap(server), lambda client: client.sock)
    for client in clients:
        client.login(who.address, who.password)
    return clients


def pops(server: RunningServer) -> list[poplib.POP3]:
    return one_each(
        server, lambda: poplib.POP3("127.0.0.1", server.port("pop3"), timeout=PATIENCE), lambda client: client.sock
    )


def smtps(server: RunningServer) -> list[smtplib.SMTP]:
    def socket_of(client: smtplib.SMTP) -> socket.socket:
        assert client.sock is not None
        return client.sock

    return one_each(server, lambda: smtplib.SMTP("127.0.0.1", server.port("smtp"), timeout=PATIENCE), socket_of)


def message(words: str) -> bytes:
    return f"From: a@elsewhere.example\r\nSubject: {words}\r\n\r\n{words}\r\n".encode()


def test_connections_are_spread_evenly(crew: RunningServer) -> None:
    clients = [imap(crew) for _ in range(12)]
    by_process = [served_by(crew, client.sock) for client in clients]
    for client in clients:
        client.logout()
    assert [by_process.count(process) for process in processes(crew)] == [6, 6]


def test_each_service_of_the_front_is_served_by_both(crew: RunningServer) -> None:
    for services in (pops(crew), smtps(crew)):
        assert len(services) == 2
        for client in services:
            client.quit()


def test_a_folder_made_through_one_is_there_through_the_other(crew: RunningServer) -> None:
    one, other = imaps(crew, crew.account())
    one.create("Plans")
    one.append("Plans", "", "", message("for the summer"))
    assert other.select("Plans") == ("OK", [b"1"])
    for client in (one, other):
        client.logout()


def test_who_idles_in_one_hears_at_once_of_mail_that_comes_through_the_other(crew: RunningServer) -> None:
    person = crew.account()
    for idler, sender in zip(imaps(crew, person), reversed(smtps(crew)), strict=True):
        idler.select()
        idler.send(b"x IDLE\r\n")
        assert idler.readline().startswith(b"+")
        sender.sendmail("a@elsewhere.example", [person.address], message("hello"))
        began = time.monotonic()
        assert re.fullmatch(rb"\* \d+ EXISTS\r\n", idler.readline())
        assert time.monotonic() - began < PATIENCE / 2
        sender.quit()
        idler.send(b"DONE\r\n")
        while not idler.readline().startswith(b"x OK"):
            pass
        idler.logout()


def recent_in(client: imaplib.IMAP4) -> set[int]:
    """The UIDs that the session is told of as recent, now that it looks."""
    client.noop()
    _, found = client.uid("FETCH", "1:*", "(FLAGS)")
    lines = [line for line in found if isinstance(line, bytes) and b"\\Recent" in line]
    return {int(line.split(b"UID ")[1].split(b")")[0].split()[0]) for line in lines}


def test_a_message_is_recent_in_one_session_and_never_in_two(crew: RunningServer) -> None:
    person = crew.account()
    clients = imaps(crew, person)
    assert [client.select()[0] for client in clients] == ["OK", "OK"]
    for number in range(6):
        clients[number % 2].append("INBOX", "", "", message(f"number {number}"))
        if number == 2:
            for client in clients:
                client.noop()
    for client in clients:  # both are told of the later ones in the same moment, as nearly as can be
        client.send(b"n NOOP\r\n")
    for client in clients:
        while not client.readline().startswith(b"n OK"):
            pass
    one, other = map(recent_in, clients)
    assert not one & other
    assert one | other == {1, 2, 3, 4, 5, 6}
    assert clients[0].status("INBOX", "(RECENT)")[1] == [b"INBOX (RECENT 0)"]
    for client in clients:
        client.logout()


def test_who_is_switched_off_is_told_so_in_both(crew: RunningServer) -> None:
    person = crew.account()
    clients = imaps(crew, person)
    for client in clients:
        client.send(b"x IDLE\r\n")
        assert client.readline().startswith(b"+")
    crew.write(lambda tx: tx.put_setting("imap", False, tx.account(person.address).id))
    for client in clients:
        assert client.readline().startswith(b"* BYE [AUTHORIZATIONFAILED]")
        client.shutdown()


def test_an_exclusive_mailbox_is_taken_in_both(crew: RunningServer, tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(f"{TOML}[pop3]\nexclusive_lock = true\n")
    with running(tmp_path) as server:
        person = server.account()
        one, other = pops(server)
        one.user(person.address)
        one.pass_(person.password)
        other.user(person.address)
        with pytest.raises(poplib.error_proto, match="IN-USE"):
            other.pass_(person.password)
        one.quit()
        other.user(person.address)
        assert other.pass_(person.password).startswith(b"+OK")
        other.quit()


def test_limits_hold_over_both(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(f"{TOML}[service.imap]\nmax_connections = 3\n")
    with running(tmp_path) as server:
        clients = [imap(server) for _ in range(3)]
        assert {served_by(server, client.sock) for client in clients} == set(processes(server))
        for _ in range(4):
            with pytest.raises(imaplib.IMAP4.error, match="Too many connections"):
                imap(server)
        clients.pop().logout()
        until(lambda: not refused(server))
        for client in clients:
            client.logout()


def refused(server: RunningServer) -> bool:
    try:
        imap(server).logout()
    except imaplib.IMAP4.error:
        return True
    return False


def test_who_guesses_at_one_is_blocked_at_both(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(f"{TOML}[guessing]\npeer_failures = 3\nfirst_delay = 0\n")
    with running(tmp_path) as server:
        person = server.account()
        one, other = one_each(server, lambda: imap(server), lambda client: client.sock)
        for _ in range(3):
            with pytest.raises(imaplib.IMAP4.error):
                one.login(person.address, "wrong")
        with pytest.raises(imaplib.IMAP4.error):
            other.login(person.address, person.password)
        for client in (one, other):
            client.logout()


def test_counters_are_those_of_both(crew: RunningServer) -> None:
    def logins() -> float:
        found = re.search(r"^postroom_POP3_InboundConnection_total (\S+)", crew.measures(), re.MULTILINE)
        return float(found[1])  # type: ignore[index]

    before = logins()
    for client in pops(crew):
        client.quit()
    until(lambda: logins() >= before + 2)
    assert logins() >= before + 2


def test_one_log_has_the_whole_lines_of_both(crew: RunningServer) -> None:
    person = crew.account()
    for client in imaps(crew, person):
        for number in range(20):
            client.create(f"Folder-{number}")
        client.logout()

    def text() -> str:
        return (crew.data / "log" / "default.txt").read_text()

    until(lambda: len(re.findall(rf"IMAP:(\S+): logout user={person.address}", text())) >= 2)
    assert [line for line in text().splitlines() if not LINE.fullmatch(line)] == []


def test_who_tries_out_recipients_does_so_at_all_processes_together(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(f"{TOML}[smtp.harvesting]\nunknown_recipients = 6\nfirst_delay = 0\n")
    with running(tmp_path) as server:
        server.account()
        clients = smtps(server)
        for client in clients:
            client.ehlo()
            client.mail("x@far.example")
        codes = [clients[number % 2].rcpt(f"nobody{number}@{server.domain}")[0] for number in range(6)]
        assert codes == [550, 550, 550, 550, 550, 421]
        assert clients[0].rcpt(f"somebody@{server.domain}")[0] == 421
        for client in clients:
            client.close()
