"""The one rule: any deny, denied; else any allow, allowed; else denied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.errors import Refused
from groupware.model.ids import FolderId
from groupware.model.rights import ALL, LETTERS, LEVELS, Grant, Right, decide, letters, level_of, parse_rights, reasons

NOW = datetime(2026, 1, 1, tzinfo=UTC)

rights = st.integers(0, ALL.value).map(Right)
grants = st.lists(
    st.builds(
        Grant,
        folder=st.integers(1, 4).map(FolderId),
        grantee=st.sampled_from(["alice@x.test", "group:sales@x.test", "everyone"]),
        allow=rights,
        deny=rights,
        expires=st.none() | st.sampled_from([NOW - timedelta(1), NOW, NOW + timedelta(1)]),
    )
)


def oracle(rows: list[Grant], right: Right) -> bool:
    live = [row for row in rows if row.expires is None or row.expires > NOW]
    if any(right in row.deny for row in live):
        return False
    return any(right in row.allow for row in live)


@given(grants)
def test_every_right_is_decided_as_the_rule_in_words_says(rows: list[Grant]) -> None:
    decided = decide(rows, NOW)
    assert {right for right in Right if right in decided} == {right for right in Right if oracle(rows, right)}


@given(grants)
def test_the_order_of_the_rows_does_not_matter(rows: list[Grant]) -> None:
    assert decide(rows, NOW) == decide(list(reversed(rows)), NOW)


@given(
    grants,
    st.builds(Grant, folder=st.just(FolderId(9)), grantee=st.just("anyone"), allow=st.just(Right(0)), deny=rights),
)
def test_a_deny_more_never_gives_a_right(rows: list[Grant], deny: Grant) -> None:
    assert decide([*rows, deny], NOW) == decide(rows, NOW) & ~deny.deny


@given(rights)
def test_letters_read_back_as_the_same_rights(value: Right) -> None:
    assert parse_rights(letters(value)) == value


def test_the_levels_are_those_of_the_consoles() -> None:
    shown = {name: letters(value) for name, value in LEVELS.items()}
    assert shown == {
        "none": "",
        "freebusy": "9",
        "titles": "l98",
        "viewer": "lrs",
        "contributor": "lrsip",
        "author": "lrsip64",
        "editor": "lrswipte",
        "master": "lrswipkxtea9654",
    }


@pytest.mark.parametrize("name", list(LEVELS))
def test_a_level_is_known_by_its_rights(name: str) -> None:
    assert parse_rights(name.upper()) == LEVELS[name]
    assert level_of(LEVELS[name]) == name


def test_rights_that_are_no_level_are_custom() -> None:
    assert level_of(parse_rights("lk")) == "custom"


def test_old_letters_stand_for_their_successors() -> None:
    assert parse_rights("lrcd") == parse_rights("lrkxte")


def test_a_letter_that_means_nothing_is_named() -> None:
    with pytest.raises(Refused, match="no right 'Z'"):
        parse_rights("lrZ")


def test_every_right_has_a_letter_of_its_own() -> None:
    assert set(LETTERS.values()) == set(Right)
    assert len(LETTERS) == len(Right)


def test_reasons_say_what_each_row_does() -> None:
    rows = [
        ("Work", Grant(FolderId(1), "alice@x.test", parse_rights("lr"), parse_rights("e")), True),
        ("", Grant(FolderId(2), "everyone", parse_rights("a"), Right(0), NOW), True),
        ("", Grant(FolderId(2), "anyone", Right(0), parse_rights("p")), False),
    ]
    said = [(reason.path, reason.grantee, reason.text) for reason in reasons(rows, NOW)]
    assert said == [
        ("Work", "alice@x.test", "allows lr and denies e"),
        ("", "everyone", "expired 2026-01-01 00:00, says nothing"),
        ("", "anyone", "opens nothing here, for this folder is shared by itself alone and denies p"),
    ]
