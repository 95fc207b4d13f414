"""Folder names and ranges of UIDs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.errors import Refused
from groupware.model.folder import MAX_DEPTH, check_name, split
from groupware.model.ids import ranges


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "empty"),
        (" a", "space"),
        ("a\x00b", "not allowed"),
        ("100%", "not allowed"),
        ("a*", "not allowed"),
        ("a\x85b", "not allowed"),
        ("a\u2028b", "not allowed"),
        ("..", "not allowed"),
        ("x" * 251, "longer than 250"),
    ],
)
def test_a_bad_name_is_refused_with_what_is_wrong(name: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        check_name(name)


def test_what_nothing_new_is_called_can_be_named_where_it_is() -> None:
    assert split("a\u2028b/c\x85d") == ["a\u2028b", "c\x85d"]


def test_inbox_has_one_spelling_at_the_top_only() -> None:
    assert split("inBox/inbox") == ["INBOX", "inbox"]


def test_a_path_with_an_empty_level_is_refused() -> None:
    with pytest.raises(Refused, match="empty"):
        split("a//b")


def test_a_path_may_not_be_too_deep() -> None:
    with pytest.raises(Refused, match="levels deep"):
        split("/".join("a" * (MAX_DEPTH + 1)))


@given(st.sets(st.integers(1, 60)))
def test_ranges_hold_exactly_the_uids_and_stand_apart(uids: set[int]) -> None:
    found = ranges(uids)
    assert [uid for first, last in found for uid in range(first, last + 1)] == sorted(uids)
    assert all(found[i][1] + 1 < found[i + 1][0] for i in range(len(found) - 1))
