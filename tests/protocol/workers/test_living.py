"""Two processes under orders, and after a kill: what one does both do, and nothing is left of one that died."""

from __future__ import annotations

import imaplib
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from mailcore.server.config import load
from mailcore.server.control import client as control
from tests.protocol.workers.conftest import TOML
from tests.protocol.workers.test_serving import imap, imaps, message, refused, smtps
from tests.support.patience import PATIENCE, listens, until
from tests.support.ports import free_port
from tests.support.processes import alive, one_each, processes, served_by
from tests.support.server import RunningServer, command, opened, running, started, stop


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of this test alone."""
    (tmp_path / "postroom.toml").write_text(f"{TOML}[imap]\nmax_connections_per_account = 2\n")
    with running(tmp_path) as found:
        yield found


def ask(server: RunningServer, do: str, **about: str) -> None:
    with control(server.data) as running:
        running.ask(do, **about)


def test_a_service_stops_and_starts_in_both(own: RunningServer) -> None:
    sessions = imaps(own, own.account())
    ask(own, "service.stop", name="imap")
    assert [client.readline()[:5] for client in sessions] == [b"* BYE", b"* BYE"]
    assert not listens(own.port("imap"))
    ask(own, "service.start", name="imap")
    for client in imaps(own, own.account()):
        client.logout()
    for client in sessions:
        client.shutdown()


def test_a_service_restarts_in_both(own: RunningServer) -> None:
    for _ in range(3):
        ask(own, "service.restart", name="imap")
    clients = imaps(own, own.account())
    assert [client.select()[0] for client in clients] == ["OK", "OK"]
    for client in clients:
        client.logout()


def test_a_new_listener_and_a_changed_service_reach_both(own: RunningServer) -> None:
    port = free_port(own.port_base)
    with (own.data / "postroom.toml").open("a") as file:
        file.write("[service.imap]\ngreetings_text = 'A new greeting'\n")
        file.write(f"[[listener]]\nname = 'more'\nservice = 'imap'\naddress = '127.0.0.1:{port - own.port_base}'\n")
    ask(own, "server.reload")
    clients = one_each(own, lambda: imaplib.IMAP4("127.0.0.1", port, timeout=PATIENCE), lambda client: client.sock)
    assert [b"A new greeting" in client.welcome for client in clients] == [True, True]
    for client in clients:
        client.logout()


def test_a_worker_that_is_killed_leaves_nothing_behind_and_is_made_again(own: RunningServer) -> None:
    person = own.account()
    lead, worker = processes(own)
    unused, sender = smtps(own)
    unused.quit()
    kept, lost = imaps(own, person)
    sender.sendmail("a@elsewhere.example", [person.address], message("accepted"))
    with pytest.raises(imaplib.IMAP4.error):
        imap(own, person)  # two sessions, and no more
    subprocess.run(["/bin/kill", "-KILL", str(worker)], check=True)
    assert lost.readline() == b""
    until(lambda: processes(own)[1:] not in ((), (worker,)))
    assert processes(own)[0] == lead
    again = imap(own, person)
    assert again.select() == ("OK", [b"1"])
    assert kept.select() == ("OK", [b"1"])
    for client in imaps(own, own.account()):
        client.logout()
    again.logout()
    kept.logout()
    lost.shutdown()
    sender.close()
    assert f"worker_died worker=1 process={worker}" in (own.data / "log" / "default.txt").read_text()


def test_a_worker_that_is_made_again_knows_who_is_blocked(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(f"{TOML}[guessing]\npeer_failures = 3\nfirst_delay = 0\n")
    with running(tmp_path) as server:
        _, worker = processes(server)
        client = imap(server)
        for _ in range(3):
            with suppress(imaplib.IMAP4.error):
                client.login("nobody@server.test", "wrong")
        client.logout()
        subprocess.run(["/bin/kill", "-KILL", str(worker)], check=True)
        until(lambda: processes(server)[1:] not in ((), (worker,)))
        assert [refused(server) for _ in range(6)] == [True] * 6


def test_nothing_outlives_a_lead_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(TOML)
    process, base = started(tmp_path)
    with opened(load(None, data=tmp_path, environ={})) as site:
        server = RunningServer(process, tmp_path, base, site)
        all_of_them = processes(server)
        sessions = imaps(server, server.account())
    process.kill()
    process.communicate(timeout=PATIENCE)  # the last one closes what they all say their last words to
    assert [client.readline() for client in sessions] == [b"", b""]
    for client in sessions:
        client.shutdown()
    until(lambda: not any(map(alive, all_of_them)))
    until(lambda: not listens(base + 143))
    process, base = started(tmp_path)
    assert stop(process) == 0


def test_sigterm_ends_the_sessions_of_both_and_then_all_processes(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text(TOML)
    process, base = started(tmp_path)
    with opened(load(None, data=tmp_path, environ={})) as site:
        server = RunningServer(process, tmp_path, base, site)
        all_of_them = processes(server)
        sessions = imaps(server, server.account())
    process.send_signal(signal.SIGTERM)
    assert [client.readline()[:5] for client in sessions] == [b"* BYE", b"* BYE"]
    for client in sessions:
        client.shutdown()
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert not any(map(alive, all_of_them))
    done = subprocess.run(command("--data", tmp_path, "check"), capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout == "clean\n"


def test_a_signal_to_a_worker_alone_changes_nothing(own: RunningServer) -> None:
    other, client = imaps(own, own.account())
    other.logout()
    worker = served_by(own, client.sock)
    for name in ("TERM", "INT", "HUP"):
        subprocess.run(["/bin/kill", f"-{name}", str(worker)], check=True)
    assert client.noop()[0] == "OK"
    client.logout()
