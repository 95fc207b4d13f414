"""kill -9 while messages wait: each comes back after the next start, once, though several workers are at it."""

from __future__ import annotations

from pathlib import Path

from groupware.mime.item import read_item
from groupware.model.folder import Role
from groupware.model.ids import EVERY, FolderId, Uid
from groupware.model.times import now_micros
from groupware.store.api import WriteTx
from mailcore.cli.site import Site
from mailcore.server.config import load
from tests.support.patience import until
from tests.support.server import RunningServer, opened, started, stop

MANY = 20
HOUR = 3_600_000_000


def snoozed(site: Site, until: int) -> FolderId:
    """Messages that wait in Alice's account."""
    site.write(lambda tx: tx.add_folder(tx.account("alice@faults.test").id, "Snoozed", role=Role.SNOOZED))
    letters = [site.run(read_item(f"Subject: {each}\r\n\r\nx\r\n".encode(), site.blobs)) for each in range(MANY)]
    who = site.read(lambda tx: tx.identity(tx.account("alice@faults.test").id))

    def work(tx: WriteTx) -> FolderId:
        at = tx.role(who.account, Role.SNOOZED).id
        for each in tx.append(at, letters):
            tx.snooze(at, each.uid, until)
        return at

    return site.run(site.store.write(who, work))


def test_what_waits_outlives_a_kill_and_comes_back_once(tmp_path: Path) -> None:
    (tmp_path / "postroom.toml").write_text("[server]\nworkers = 2\n")
    with opened(load(None, data=tmp_path)) as site:
        RunningServer(None, tmp_path, 0, site).account("alice", "faults.test")  # type: ignore[arg-type]  # no process yet
        process, _ = started(tmp_path)
        at = snoozed(site, now_micros() + HOUR)
        process.kill()
        process.communicate()
        who = site.read(lambda tx: tx.identity(tx.account("alice@faults.test").id))

        def due(tx: WriteTx) -> None:
            for uid in range(1, MANY + 1):
                tx.snooze(at, Uid(uid), 1)

        site.run(site.store.write(who, due))
        process, _ = started(tmp_path)
        inbox = site.read(lambda tx: tx.role(who.account, Role.INBOX).id)
        until(lambda: not site.read(lambda tx: len(tx.uids(at))))
        assert stop(process) == 0
        subjects = [each.summary for each in site.read(lambda tx: tx.items(inbox, EVERY, summary=True))]
        assert len(subjects) == len(set(subjects)) == MANY
