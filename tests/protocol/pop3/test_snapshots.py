"""What is remembered of mailboxes from one session to the next."""

from __future__ import annotations

from array import array
from types import SimpleNamespace
from typing import cast

from groupware.model.folder import Folder
from mailcore.pop3.snapshots import Snapshots


def inbox(id: int, modseq: int, uidvalidity: int = 7) -> Folder:
    return cast(Folder, SimpleNamespace(id=id, modseq=modseq, uidvalidity=uidvalidity))


def test_a_snapshot_holds_until_the_mailbox_changes() -> None:
    snapshots = Snapshots()
    kept = snapshots.keep(inbox(1, 10), array("I", (3, 5)))

    assert snapshots.of(inbox(1, 10)) is kept
    assert kept.unique_lines() == b"1 7.3\r\n2 7.5\r\n"
    assert snapshots.of(inbox(1, 11)) is None
    assert snapshots.of(inbox(1, 10, uidvalidity=8)) is None
    assert snapshots.of(inbox(2, 10)) is None


def test_the_mailboxes_longest_unseen_are_forgotten() -> None:
    snapshots = Snapshots(limit=4)
    for folder in (1, 2):
        snapshots.keep(inbox(folder, 1), array("I", (1, 2)))
    snapshots.of(inbox(1, 1))
    snapshots.keep(inbox(3, 1), array("I", (1,)))

    assert snapshots.of(inbox(2, 1)) is None
    assert snapshots.of(inbox(1, 1)) is not None
    assert snapshots.of(inbox(3, 1)) is not None
