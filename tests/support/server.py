"""A real server process for tests: started once for each worker, with its own data folder and ports.

    def test_something(server: RunningServer) -> None:
        alice = server.account()                       # a new account in a domain of its own test
        with imaplib.IMAP4("127.0.0.1", server.port("imap")) as client:
            client.login(alice.address, alice.password)

Accounts are made straight in the store, with one password that was hashed once, so each costs a few milliseconds.
"""

from __future__ import annotations

import itertools
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

import pytest

from groupware.model.principal import Domain, NewAccount
from groupware.model.rights import parse_rights
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.folders import folder_at, owner_of
from mailcore.cli.site import Site, opened
from mailcore.server.config import load
from mailcore.server.defaults import LISTENERS
from tests.support.passwords import credentials
from tests.support.patience import PATIENCE

T = TypeVar("T")

PASSWORD = "correct horse 7"
MEASURE_TOKEN = "battery-staple-42"
MEASURED = f'[counters]\nmeasure_token = "{MEASURE_TOKEN}"\n'
"""The configuration of a server whose measures tests read."""
READY_SECONDS = 60.0
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can log in."""

    address: str
    password: str = PASSWORD


@dataclass
class RunningServer:
    """A server process, and its store, opened here too."""

    process: subprocess.Popen[str]
    data: Path
    port_base: int
    site: Site
    domain: str = "server.test"

    def port(self, listener: str) -> int:
        """The port of a default listener: smtp, submission, submissions, lmtp, imap, imaps, pop3, pop3s, http ..."""
        return self.port_base + next(each.port for each in LISTENERS if each.name == listener)

    def measures(self) -> str:
        """What is told at /metrics; the server was started with `MEASURED`."""
        shown = {"authorization": f"Bearer {MEASURE_TOKEN}"}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port('http')}/metrics", headers=shown)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def account(self, name: str = "", domain: str = "") -> Person:
        """A new account; without a name, one that nobody else has."""
        domain = domain or self.domain
        address = f"{name or f'person{next(_numbers)}'}@{domain}"

        def work(tx: WriteTx) -> None:
            if domain not in {each.name for each in tx.domains()}:
                tx.put_domain(Domain(domain))
            tx.put_account(NewAccount(address, credentials=credentials(PASSWORD)))

        self.write(work)
        return Person(address)

    def folder(self, owner: Person | str, path: str) -> None:
        """A new folder of somebody, or of a domain's public tree."""
        whose = owner if isinstance(owner, str) else owner.address
        self.write(lambda tx: tx.add_folder(owner_of(tx, whose), path))

    def grant(self, owner: Person, path: str, grantee: Person | str, rights: str, deny: str = "") -> None:
        """What somebody may do in a folder: letters or a level's name."""
        whom = grantee if isinstance(grantee, str) else grantee.address

        def work(tx: WriteTx) -> None:
            tx.grant(folder_at(tx, owner.address, path).id, whom, parse_rights(rights), parse_rights(deny))

        self.write(work)

    def read(self, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back, asked by the operator."""
        return self.site.read(work)

    def write(self, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back after COMMIT, asked by the operator."""
        return self.site.write(work)


def free_base() -> int:
    """A port base at which every default listener finds its port free, below those that the system gives to clients."""
    top = 32_768 - max(each.port for each in LISTENERS)
    for base in random.SystemRandom().sample(range(10_000, top), 200):
        if all(_free(base + each.port) for each in LISTENERS):
            return base
    raise RuntimeError("no free port base")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def command(*arguments: str | Path) -> list[str]:
    """The command line of `postroom`, in this environment."""
    return [sys.executable, "-m", "mailcore.cli", *map(str, arguments)]


def _has_more(stream: IO[str], within: float) -> bool:
    """Whether there is something to read, or its end, before so many seconds are over."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return bool(selector.select(max(0, within)))


def start(data: Path, port_base: int, *more: str, environ: dict[str, str] | None = None) -> subprocess.Popen[str]:
    """A server process that has said `ready`. RuntimeError with what it said instead."""
    process = subprocess.Popen(
        command("serve", "--data", data, "--port-base", str(port_base), *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environ or {})},
    )
    assert process.stdout is not None
    said, end = "", time.monotonic() + READY_SECONDS
    while "ready\n" not in said:
        if not _has_more(process.stdout, end - time.monotonic()):
            process.kill()
            raise RuntimeError(f"the server is not ready after {READY_SECONDS:.0f} seconds: {process.communicate()}")
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with {process.wait()}: {process.communicate()[1]}")
        said += line
    return process


def started(data: Path, environ: dict[str, str] | None = None) -> tuple[subprocess.Popen[str], int]:
    """A server process that has said `ready`, and its port base: another one when somebody was quicker at a port."""
    for _ in range(5):
        base = free_base()
        try:
            return start(data, base, environ=environ), base
        except RuntimeError as error:
            if "Address already in use" not in str(error):
                raise
    raise RuntimeError("no port base stays free")


def stop(process: subprocess.Popen[str]) -> int:
    """The exit status after SIGTERM."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode


@contextmanager
def running(data: Path, environ: dict[str, str] | None = None) -> Iterator[RunningServer]:
    """A server process on a data folder, inside the block."""
    process, base = started(data, environ)
    try:
        with opened(load(None, data=data, environ=environ or {})) as site:
            yield RunningServer(process, data, base, site)
    finally:
        status = stop(process)
    assert status == 0, f"the server ended with {status}"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """The worker's server. Import it into a conftest: `from tests.support.server import server`."""
    with running(tmp_path_factory.mktemp("server")) as found:
        yield found
