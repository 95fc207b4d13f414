"""Lines that are kept: what is known, and what goes when there is no more room."""

from __future__ import annotations

from groupware.model.ids import FolderId
from mailcore.imap.lines import OF_A_LINE, Key, Lines


def key(folder: int) -> Key:
    return FolderId(folder), (b"ENVELOPE",), False


def room_for(lines: int) -> int:
    return lines * (OF_A_LINE + 4)


def test_what_was_kept_is_known() -> None:
    lines = Lines()
    lines.of(key(1))
    lines.keep(key(1), [1, 2], [b"one.", b"two."])
    lines.keep(key(1), [2, 3], [b"two.", b"thre"])
    assert lines.of(key(1)) == {1: b"one.", 2: b"two.", 3: b"thre"}


def test_folders_words_and_utf8_are_told_apart() -> None:
    lines = Lines()
    lines.of(key(1))
    lines.keep(key(1), [1], [b"one."])
    others: list[Key] = [key(2), (FolderId(1), (b"BODY",), False), (FolderId(1), (b"ENVELOPE",), True)]
    assert [lines.of(each) for each in others] == [{}, {}, {}]


def test_the_folder_that_was_listed_longest_ago_goes_first() -> None:
    lines = Lines(room_for(3))
    for folder in (1, 2, 3):
        lines.of(key(folder))
        lines.keep(key(folder), [1], [b"line"])
    lines.of(key(1))
    lines.of(key(4))
    lines.keep(key(4), [1], [b"line"])
    assert [len(lines.of(key(folder))) for folder in (1, 3, 4, 2)] == [1, 1, 1, 0]


def test_what_does_not_fit_by_itself_drives_out_nothing_of_its_own() -> None:
    lines = Lines(room_for(3))
    lines.of(key(1))
    lines.keep(key(1), [1, 2], [b"line", b"line"])
    lines.keep(key(1), [3, 4], [b"line", b"line"])
    assert set(lines.of(key(1))) == {1, 2}


def test_what_is_known_already_takes_no_room_again() -> None:
    lines = Lines(room_for(2))
    lines.of(key(1))
    for _ in range(5):
        lines.keep(key(1), [1], [b"line"])
    lines.keep(key(1), [2], [b"line"])
    assert set(lines.of(key(1))) == {1, 2}
