"""The If header of WebDAV: whatever comes is read or refused, and what is read says what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.dav.conditions import State, States, conditions, submitted
from connectors.dav.errors import DavError

WORDS = st.sampled_from(["(", ")", "<", ">", "[", "]", '"', "Not", " ", "W/", "urn:x", "\t", "not", "é", "\0"])
TOKENS = st.from_regex(r"[a-z]+:[!-;=?-~]+", fullmatch=True)
TAGS = st.from_regex(r'(W/)?"[^"\]\r\n]*"', fullmatch=True)
STATES = st.builds(State, st.booleans(), TOKENS) | st.builds(State, st.booleans(), st.just(""), TAGS)
LISTS = st.lists(st.builds(States, TOKENS, st.lists(STATES, min_size=1, max_size=4).map(tuple)), min_size=1, max_size=4)


def written(one: State) -> str:
    return ("" if one.holds else "Not ") + (f"<{one.token}>" if one.token else f"[{one.tag}]")


@given(st.lists(WORDS, max_size=60).map("".join) | st.text(max_size=200))
def test_any_text_is_read_or_refused_as_a_bad_request(header: str) -> None:
    try:
        found = conditions(header)
    except DavError as error:
        assert error.status == 400
    else:
        assert found
        assert all(each.all for each in found)


@given(LISTS)
def test_what_is_written_is_read(lists: list[States]) -> None:
    header = " ".join(f"<{each.path}> ({' '.join(map(written, each.all))})" for each in lists)
    assert conditions(header) == lists
    assert submitted(lists) == {state.token for each in lists for state in each.all if state.token}


@pytest.mark.parametrize("header", ["(" + " " * 7990, "(<a:b> " + "Not " * 1900, "(" + "<a:b>" * 1500, "<" * 7990])
def test_a_long_header_that_never_ends_is_refused(header: str) -> None:
    with pytest.raises(DavError):
        conditions(header)
