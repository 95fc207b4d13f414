"""Postfix's own test programs: smtp-sink takes, refuses or breaks off what is sent; smtp-source sends a burst."""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from groupware.model.event import QueueFilter
from tests.clients.account import Account
from tests.clients.programs import Programs
from tests.support.patience import until, until_listens
from tests.support.ports import free_port
from tests.support.server import Person, RunningServer, running

SECONDS = 30
CASES = ("takes", "later", "never", "hangs-up", "hangs-up-late", "421")
WAYS = {
    "takes": (),
    "later": ("-r", "RCPT"),
    "never": ("-f", "RCPT"),
    "hangs-up": ("-q", "RCPT"),
    "hangs-up-late": ("-q", "."),
    "421": ("-Q", "DATA"),
}


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    assert found, f"{name} is not here: sh tests/support/install.sh $(cat tests/support/packages.txt)"
    return found


@contextmanager
def sink(folder: Path, port: int, *how: str) -> Iterator[Path]:
    """smtp-sink at a port; what it takes is in the folder that this gives, a file each."""
    folder.mkdir()
    folder.chmod(0o777)
    command = [program("smtp-sink"), "-d", f"{folder}/%M.", "-h", "sink.test", *how, f"127.0.0.1:{port}", "100"]
    if os.geteuid() == 0:
        command[1:1] = ["-u", "nobody"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        until_listens(port, process)
        yield folder
    finally:
        process.terminate()
        process.communicate(timeout=SECONDS)


@pytest.fixture(scope="module")
def sinks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningServer, dict[str, Path]]]:
    """A server with a route to each kind of sink, and where the sinks keep what they take."""
    data, open_ = tmp_path_factory.mktemp("sender"), []
    ports = {case: free_port() for case in CASES}
    routes = "".join(
        f'[[smtp.route]]\nto = ["{case}.test"]\nhosts = ["127.0.0.1:{port}"]\n' for case, port in ports.items()
    )
    (data / "postroom.toml").write_text(f'[server]\nprimary_domain = "here.test"\n{routes}')
    base = Path(mkdtemp(prefix="postroom-sinks-"))  # pytest's folders are closed to the user that a sink becomes
    base.chmod(0o755)
    kept: dict[str, Path] = {}
    try:
        for case in CASES:
            each = sink(base / case, ports[case], *WAYS[case])
            kept[case] = each.__enter__()
            open_.append(each)
        with running(data) as server:
            server.domain = "here.test"
            yield server, kept
    finally:
        for each in open_:
            each.__exit__(None, None, None)
        shutil.rmtree(base)


def submit(server: RunningServer, who: Person, to: str, *texts: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.port("submission"), timeout=SECONDS) as smtp:
        smtp.login(who.address, who.password)
        for text in texts:
            smtp.sendmail(who.address, [to], f"From: {who.address}\r\nTo: {to}\r\n\r\n{text}\r\n")


def last(server: RunningServer, domain: str) -> list[tuple[int, str]]:
    """Tries and code of what waits for a domain."""
    found = server.read(lambda tx: tx.find_queued(QueueFilter(domain=domain)))
    return [(each.tries, each.code) for entry in found for each in entry.recipients]


def test_a_burst_arrives_as_it_was_written(sinks: tuple[RunningServer, dict[str, Path]]) -> None:
    server, kept = sinks
    texts = [f".{number} begins with a dot\r\n.\r\nlast {number}" for number in range(40)]
    submit(server, server.account(), "x@takes.test", *texts)
    until(lambda: len(list(kept["takes"].iterdir())) == 40 and not last(server, "takes.test"))
    found = [path.read_bytes().replace(b"\r\n", b"\n") for path in kept["takes"].iterdir()]
    for text in texts:
        wanted = text.replace("\r\n", "\n").encode() + b"\n"
        assert sum(octets.rstrip(b"\n").endswith(b"\n\n" + wanted.rstrip(b"\n")) for octets in found) == 1


@pytest.mark.parametrize(
    ("case", "code"), [("later", "4.3.0"), ("hangs-up", "4.4.2"), ("hangs-up-late", "4.4.2"), ("421", "4.3.2")]
)
def test_what_a_sink_does_not_take_waits(sinks: tuple[RunningServer, dict[str, Path]], case: str, code: str) -> None:
    server, _ = sinks
    submit(server, server.account(), f"x@{case}.test", "one", "two")
    until(lambda: last(server, f"{case}.test") == [(1, code)] * 2)


def test_what_a_sink_refuses_comes_back(sinks: tuple[RunningServer, dict[str, Path]]) -> None:
    server, _ = sinks
    with Account(server, server.account()) as who:
        submit(server, Person(who.address, who.password), "x@never.test", "one")
        [report] = who.until(1)
    assert b"Final-Recipient: rfc822; x@never.test" in report.octets


def test_smtp_source_delivers_a_burst_over_several_sessions(
    server: RunningServer, programs: Programs, alice: Account
) -> None:
    where = f"127.0.0.1:{server.port('smtp')}"
    words = ("-s", "5", "-m", "60", "-l", "4000", "-f", "x@far.test", "-t", alice.address)
    programs.run(program("smtp-source"), *words, where)
    assert len(alice.until(60)) == 60
