"""A session's view: numbers hold until EXPUNGE is told, and nothing is told twice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from groupware.model.flags import Flags
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId, ModSeq, Uid
from groupware.model.item import Changes, Entry, Kind
from groupware.model.rights import ALL
from mailcore.imap.modes import Modes
from mailcore.imap.snapshot import FEW, snapshot
from mailcore.imap.view import NoSuchMessage, View


def folder(modseq: int) -> Folder:
    return Folder(
        FolderId(3), AccountId(1), None, "INBOX", Kind.MAIL, None, 1, Uid(99), ModSeq(modseq), 0, 0, 0, 0, ALL
    )  # fmt: skip


def entry(uid: int, modseq: int = 1, flags: Flags = Flags.NONE, *words: str) -> Entry:
    return Entry(Uid(uid), ModSeq(modseq), flags.value, " ".join(words))


def view(*uids: int) -> View:
    there = Changes([entry(uid) for uid in uids], (), ModSeq(1), reset=True)
    return View(folder(1), snapshot(1, there), Modes(), read_only=False)


def delta(modseq: int, changed: Sequence[Entry] = (), vanished: Sequence[int] = ()) -> Changes:
    return Changes(sorted(changed), [Uid(uid) for uid in vanished], ModSeq(modseq))


def test_what_is_new_is_told_once() -> None:
    made = view(1, 2)
    made.learn(delta(2, [entry(5, 2), entry(4, 2)]))
    assert list(made.uids) == [1, 2, 4, 5]
    assert made.announce(expunges=False) == [b"* 4 EXISTS\r\n* 0 RECENT\r\n"]
    assert made.announce(expunges=True) == []


def test_numbers_hold_until_expunge_is_told() -> None:
    made = view(10, 20, 30, 40)
    made.learn(delta(2, [entry(50, 2)], [20, 40]))
    assert made.announce(expunges=False) == [b"* 5 EXISTS\r\n* 0 RECENT\r\n"]
    assert made.uid_ranges(((3, 3),), uid=False) == [(30, 30)]
    assert made.announce(expunges=True) == [b"* 2 EXPUNGE\r\n", b"* 3 EXPUNGE\r\n"]
    assert list(made.uids) == [10, 30, 50]
    assert made.uid_ranges(((2, 3),), uid=False) == [(30, 50)]


@pytest.mark.parametrize("gone", [range(2, 4), range(1, 2 * FEW, 2), range(1, 1001)])
def test_many_or_few_may_vanish(gone: range) -> None:
    made = view(*range(1, 1001))
    made.lost(gone)
    numbers = list(range(1, 1001))
    for line in made.announce(expunges=True):
        del numbers[int(line.split()[1]) - 1]
    assert numbers == list(made.uids) == [uid for uid in range(1, 1001) if uid not in gone]


def test_new_and_gone_before_it_was_told_is_never_told() -> None:
    made = view(1)
    made.learn(delta(2, [entry(2, 2)]))
    made.learn(delta(3, [], [2]))
    assert made.announce(expunges=True) == []
    assert list(made.uids) == [1]


def test_change_of_flags_is_told_once() -> None:
    made = view(7)
    made.learn(delta(2, [entry(7, 2, Flags.SEEN, "$Junk")]))
    assert made.announce(expunges=False) == [b"* 1 FETCH (FLAGS (\\Seen $Junk))\r\n"]
    made.learn(delta(3, [entry(7, 3, Flags.SEEN, "$Junk")]))
    assert made.announce(expunges=False) == []


def test_with_condstore_every_new_modseq_is_told() -> None:
    made = view(7)
    made.modes.condstore = True
    made.learn(delta(2, [entry(7, 2)]))
    assert made.announce(expunges=False) == [b"* 1 FETCH (FLAGS () MODSEQ (2))\r\n"]


def test_own_change_is_not_told_again() -> None:
    made = view(7)
    assert made.saw([entry(7, 2, Flags.SEEN)]) == [0]
    made.learn(delta(2, [entry(7, 2, Flags.SEEN)]))
    assert made.announce(expunges=True) == []


def test_flags_of_what_is_gone_are_not_told() -> None:
    made = view(7, 8)
    made.learn(delta(2, [entry(7, 2, Flags.SEEN)], [8]))
    made.learn(delta(3, [], [7]))
    assert made.announce(expunges=False) == []
    assert made.announce(expunges=True) == [b"* 1 EXPUNGE\r\n", b"* 1 EXPUNGE\r\n"]


def test_renewal_finds_every_difference() -> None:
    made = view(1, 2, 3)
    made.learn(Changes([entry(2, 9, Flags.FLAGGED), entry(3), entry(4, 9)], (), ModSeq(9), reset=True))
    assert made.announce(expunges=True) == [
        b"* 1 EXPUNGE\r\n",
        b"* 3 EXISTS\r\n* 0 RECENT\r\n",
        b"* 1 FETCH (FLAGS (\\Flagged))\r\n",
    ]
    assert made.modseq == 9


def test_sets_of_uids_end_at_the_last_message() -> None:
    made = view(10, 20, 30)
    assert made.uid_ranges(((5, 0), (7, 8)), uid=True) == [(5, 30)]
    assert made.uid_ranges(((0, 50),), uid=True) == [(30, 30)]
    assert made.uid_ranges(((40, 50),), uid=True) == []
    assert made.uid_ranges(((40, 0),), uid=True) == [(30, 30)]


def test_sets_of_numbers_are_the_views_own() -> None:
    made = view(10, 20, 30)
    assert made.uid_ranges(((3, 3), (1, 1), (2, 1)), uid=False) == [(10, 20), (30, 30)]
    assert made.uid_ranges(((2, 0),), uid=False) == [(20, 30)]
    with pytest.raises(NoSuchMessage):
        made.uid_ranges(((1, 4),), uid=False)
    assert view().uid_ranges(((1, 0),), uid=False) == []


def test_recent_counts_from_what_nobody_has_claimed() -> None:
    made = view(1, 2, 3)
    made.claim(3)
    assert made.recent() == 1
    assert made.flags_at(2) == b"\\Recent"
    made.learn(delta(2, [entry(4, 2)]))
    made.claim(5)
    assert made.recent() == 1
