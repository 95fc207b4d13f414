"""kill -9 at random instants under load: what was answered with success is there, once, and the store is whole.

How often is POSTROOM_KILLS (SQLite) and POSTROOM_KILLS_POSTGRES; `make soak` takes 200 and 50.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from groupware.store.api import WriteTx
from mailcore.server.config import load
from tests.faults.writers import Ledger, Writers, events_in, tokens_in
from tests.support import postgres
from tests.support.patience import until
from tests.support.server import PASSWORD, RunningServer, command, opened, started, stop

ADDRESS = "alice@faults.test"


def checked(data: Path, environ: dict[str, str]) -> tuple[int, str]:
    """What `postroom check` says."""
    done = subprocess.run(
        command("--data", data, "check"), capture_output=True, text=True, env={**os.environ, **environ}, timeout=250
    )
    return done.returncode, done.stdout + done.stderr


def with_account(data: Path, environ: dict[str, str]) -> None:
    with opened(load(None, data=data, environ=environ)) as site:
        RunningServer(None, data, 0, site).account("alice", "faults.test")  # type: ignore[arg-type]  # no process yet


def await_load(ledger: Ledger, *kinds: str) -> None:
    """Waits, on a machine that is busy with other things, until anything was accepted at all by these protocols."""
    until(lambda: ledger.kinds.issuperset(kinds), lambda: f"no load but by {ledger.kinds}")


def killed_again_and_again(
    data: Path,
    environ: dict[str, str],
    kills: str = "POSTROOM_KILLS",
    *,
    senders: int = 3,
    appenders: int = 2,
    putters: int = 0,
    owner: str = "",
) -> Ledger:
    """What a server under load has accepted that is killed so often at random instants."""
    ledger, chance = Ledger(), random.Random(4)
    for _ in range(int(os.environ.get(kills, "5"))):
        process, base = started(data, environ)
        writers = Writers(base, ADDRESS, PASSWORD, ledger, owner)
        writers.start(senders, appenders, putters)
        loads = {"smtp": senders, "imap": appenders, "dav": putters}
        await_load(ledger, *[kind for kind, many in loads.items() if many])
        time.sleep(chance.uniform(0.05, 0.6))  # the instant of the kill is what is tried here
        process.kill()
        process.communicate()
        writers.stop()
    return ledger


def assert_nothing_lost(data: Path, environ: dict[str, str], ledger: Ledger) -> None:
    """What was accepted is there, once, with nothing else; and a check finds nothing wrong."""
    process, base = started(data, environ)
    found = Counter([*tokens_in(base + 143, ADDRESS, PASSWORD), *events_in(base + 80, ADDRESS, PASSWORD)])
    assert stop(process) == 0
    assert ledger.kinds == {"smtp", "imap", "dav"}
    assert ledger.accepted - found.keys() == set()
    assert found.keys() - ledger.accepted - ledger.doubtful == set()
    assert [token for token, times in found.items() if times > 1] == []
    assert checked(data, environ) == (0, "clean\n")


# smtplib and imaplib leave the socket of a server that dies under their first words to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("kind", "kills"), [("sqlite", "POSTROOM_KILLS"), ("postgres", "POSTROOM_KILLS_POSTGRES")])
def test_what_was_accepted_outlives_every_kill(tmp_path: Path, kind: str, kills: str) -> None:
    environ = {}
    if kind == "postgres":
        server = postgres.server()
        environ = {"DATABASE_URL": server.url(server.new())}
    with_account(tmp_path, environ)
    ledger = killed_again_and_again(tmp_path, environ, kills, putters=1)
    assert_nothing_lost(tmp_path, environ, ledger)


# as above
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.timeout(3600)
def test_what_scripts_do_outlives_every_kill(tmp_path: Path) -> None:
    """Alice's runs when mail comes in, and sends it on to Bob; Carol's runs when something is put into her INBOX."""
    delivery = b'require ["fileinto", "copy", "mailbox"]; fileinto :create "Sorted"; redirect :copy "bob@faults.test";'
    change = b'require ["fileinto", "mailbox", "imapsieve"]; fileinto :create "Sorted";'
    bob, carol = "bob@faults.test", "carol@faults.test"
    with opened(load(None, data=tmp_path, environ={})) as site:
        there = RunningServer(None, tmp_path, 0, site)  # type: ignore[arg-type]  # no process yet
        for name in ("alice", "bob", "carol"):
            there.account(name, "faults.test")

        def work(tx: WriteTx) -> None:
            tx.put_script("main", delivery, tx.account(ADDRESS).id)
            tx.activate_script("main", tx.account(ADDRESS).id)
            tx.put_script("main", change, tx.account(carol).id)
            tx.put_setting("scriptOnChange", "main", tx.account(carol).id)

        site.write(work)
    ledger = killed_again_and_again(tmp_path, {}, owner=carol)
    process, base = started(tmp_path, {})
    filed = Counter(tokens_in(base + 143, ADDRESS, PASSWORD, "Sorted"))
    until(lambda: set(tokens_in(base + 143, bob, PASSWORD)) >= filed.keys())
    sent_on = Counter(tokens_in(base + 143, bob, PASSWORD))
    until(lambda: not tokens_in(base + 143, carol, PASSWORD))
    moved = Counter(tokens_in(base + 143, carol, PASSWORD, "Sorted"))
    assert stop(process) == 0
    assert sent_on == filed
    for found, kind in ((filed, "smtp"), (moved, "imap")):
        promised = ledger.of(kind)
        assert promised.accepted - found.keys() == set()
        assert found.keys() - promised.accepted - promised.doubtful == set()
        assert set(found.values()) == {1}
    assert checked(tmp_path, {}) == (0, "clean\n")
