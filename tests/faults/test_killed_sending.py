"""kill -9 while mail leaves: nothing is lost, and no peer gets again what it has confirmed and this server has heard.

What a peer has said just when the process ends may be unread: that alone may come twice. How often is POSTROOM_KILLS.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from groupware.model.event import Envelope, Recipient
from groupware.store import DATABASE
from mailcore.queue.confirmed import FOLDER, read
from mailcore.server.config import load
from tests.faults.sink import Sink, sink
from tests.faults.writers import message
from tests.support.patience import until
from tests.support.server import RunningServer, opened, started, stop

EACH = 150
"""Messages for each kill: more than can be sent until then."""


def queued(data: Path, tokens: list[str]) -> None:
    """Messages for elsewhere in the queue, as somebody has submitted them."""
    with opened(load(data / "postroom.toml", data=data, environ={})) as site:
        for token in tokens:
            stored = site.run(site.blobs.put(message(token)))
            envelope = Envelope(
                "alice@faults.test", (Recipient("bob@sink.test"),), stored.blob, stored.size, body=stored.body,
                message=token, own=True,
            )  # fmt: skip
            site.write(lambda tx, envelope=envelope: tx.enqueue(envelope))  # type: ignore[misc]


def waiting(data: Path) -> set[str]:
    """The messages that wait in the queue, by their token."""
    with opened(load(data / "postroom.toml", data=data, environ={})) as site:
        return {each.envelope.message for each in site.read(lambda tx: tx.queued())}


def journalled(data: Path) -> set[str]:
    """The tokens in the files of processes that were killed."""
    folder = data / FOLDER
    files = folder.iterdir() if folder.is_dir() else ()
    return {each.message for path in files for each in read(path.read_bytes())}


def let_go(data: Path) -> None:
    """The leases of who was killed run out at once, and all that waits is due."""
    with closing(sqlite3.connect(data / DATABASE)) as database, database:
        database.execute("UPDATE queue_recipient SET leased_until = NULL, due = 1")


def killed_while_sending(data: Path, there: Sink, kills: int) -> tuple[set[str], dict[str, int]]:
    """All tokens; and of those that were known to be confirmed when the process was killed, by the file or the queue,
    how often they had been confirmed by then.
    """
    chance, every = random.Random(11), set[str]()
    known = dict[str, int]()
    for kill in range(kills):
        tokens = [f"out-{kill}-{number}" for number in range(EACH)]
        every |= set(tokens)
        queued(data, tokens)
        before = sum(there.confirmed.values())
        process, _ = started(data, {})
        until(lambda: sum(there.confirmed.values()) >= before + 5)  # noqa: B023
        time.sleep(chance.uniform(0.0, 0.15))  # the instant of the kill is what is tried here
        process.kill()
        process.communicate()
        for token in journalled(data) | (every - waiting(data)):
            known.setdefault(token, there.confirmed[token])
        let_go(data)
    return every, known


@pytest.mark.timeout(3600)
def test_what_a_peer_has_confirmed_is_sent_once_and_nothing_is_lost(tmp_path: Path) -> None:
    kills = int(os.environ.get("POSTROOM_KILLS", "5"))
    with sink() as there:
        (tmp_path / "postroom.toml").write_text(
            f'[smtp]\nsmart_host = "127.0.0.1:{there.port}"\nsmart_host_tls = "none"\nconnection_idle = 2\n'
        )
        with opened(load(tmp_path / "postroom.toml", data=tmp_path, environ={})) as site:
            RunningServer(None, tmp_path, 0, site).account("alice", "faults.test")  # type: ignore[arg-type]
        every, known = killed_while_sending(tmp_path, there, kills)
        process, _ = started(tmp_path, {})
        until(lambda: not waiting(tmp_path), lambda: f"{len(waiting(tmp_path))} messages still wait")
        assert stop(process) == 0
        assert there.confirmed.keys() == every
        assert {token: there.confirmed[token] for token in known} == known
        assert journalled(tmp_path) == set()
