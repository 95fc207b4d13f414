"""kill -9 of a worker, of the lead, or of both under load: what was answered with success is there, once.

How often is POSTROOM_KILLS_WORKERS; `make soak` takes 50 for each database.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.faults.test_killed import ADDRESS, assert_nothing_lost, await_load, with_account
from tests.faults.writers import Ledger, Writers
from tests.support import postgres
from tests.support.patience import until
from tests.support.processes import processes_of
from tests.support.server import PASSWORD, started


# smtplib and imaplib leave the socket of a server that dies under their first words to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_what_any_process_accepted_outlives_every_kill(tmp_path: Path, kind: str) -> None:
    environ = {}
    if kind == "postgres":
        server = postgres.server()
        environ = {"DATABASE_URL": server.url(server.new())}
    (tmp_path / "postroom.toml").write_text("[server]\nworkers = 2\n")
    with_account(tmp_path, environ)
    ledger, chance = Ledger(), random.Random(5)
    for number in range(int(os.environ.get("POSTROOM_KILLS_WORKERS", "3"))):
        process, base = started(tmp_path, environ)
        writers = Writers(base, ADDRESS, PASSWORD, ledger)
        writers.start(senders=4, appenders=4, putters=2)
        await_load(ledger, "smtp", "imap", "dav")
        time.sleep(chance.uniform(0.05, 0.6))  # the instant of the kill is what is tried here
        if number % 3 != 2:
            worker = processes_of(tmp_path)[1]
            os.kill(worker, signal.SIGKILL)
            if number % 3 == 0:
                until(lambda gone=worker: processes_of(tmp_path)[1:] not in ((), (gone,)))  # type: ignore[misc]
        process.kill()
        process.communicate()
        writers.stop()
    assert_nothing_lost(tmp_path, environ, ledger)
