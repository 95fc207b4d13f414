"""A message that is held back comes out as it went in, and nothing else comes out of anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.event import Recipient
from groupware.model.ids import AccountId
from mailcore.queue.held import Held, opened, original, stored

SECRET = b"secret of the site"
HELD = Held(
    "clamav: virus Eicar",
    "a@far.test",
    (Recipient("alice@example.test"), Recipient("bob@example.test", "NEVER", "rfc822;team@example.test")),
    b"Received: here\r\nSubject: x\r\n\r\ntext\r\n",
    "ID1",
    AccountId(7),
    True,
    "BINARYMIME",
    True,
)
PLAIN = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs", "Cc")), max_size=40)


def test_it_comes_out_as_it_went_in() -> None:
    assert opened(stored(HELD, SECRET), SECRET) == HELD


@given(PLAIN, PLAIN, st.lists(st.tuples(PLAIN, PLAIN, PLAIN), min_size=1, max_size=5), st.binary(max_size=200))
def test_whatever_it_is(reason: str, sender: str, to: list[tuple[str, str, str]], octets: bytes) -> None:
    held = Held(reason, sender, tuple(Recipient(*each) for each in to), octets)
    found = opened(stored(held, SECRET), SECRET)
    assert found is not None
    assert (found.sender, found.recipients, found.octets) == (sender, held.recipients, octets)
    assert original(stored(held, SECRET)) == octets


def test_the_first_line_says_where_it_came_from_as_in_every_folder() -> None:
    assert stored(HELD, SECRET).startswith(b"Return-Path: <a@far.test>\r\nX-Quarantine-Reason: clamav: virus Eicar\r\n")


def test_a_message_that_begins_like_one_that_is_held_back_stays_whole() -> None:
    inner = b'X-Quarantine-Recipient: ["mallory@far.test","",""]\r\n' + HELD.octets
    held = Held("r", "a@b", HELD.recipients, inner)
    found = opened(stored(held, SECRET), SECRET)
    assert found is not None
    assert (found.recipients, found.octets) == (HELD.recipients, inner)


@pytest.mark.parametrize("change", [(b"alice", b"carol"), (b'"from":"a@far', b'"from":"b@far'), (b"virus", b"worse")])
def test_what_somebody_has_changed_does_not_come_out(change: tuple[bytes, bytes]) -> None:
    octets = stored(HELD, SECRET)
    at = octets.index(b"X-Quarantine-Envelope")
    assert opened(octets[:at] + octets[at:].replace(*change, 1), SECRET) is None


def test_what_another_site_has_held_back_does_not_come_out() -> None:
    assert opened(stored(HELD, b"other"), SECRET) is None


def test_any_other_message_stays_as_it_is() -> None:
    assert opened(HELD.octets, SECRET) is None
    assert original(HELD.octets) == HELD.octets


HEAD = b"Return-Path: <>\r\nX-Quarantine-Reason: x\r\nX-Quarantine-Envelope: "
LINE = b"\r\nX-Quarantine-Recipient: "


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_nonsense_is_nothing(envelope: bytes, to: bytes) -> None:
    assert opened(HEAD + envelope + LINE + to + b"\r\n", SECRET) is None


@pytest.mark.parametrize(
    "envelope", [b"{}", b"[]", b"1", b'{"to":"x","seal":""}', b'{"to":-1,"seal":1}', b'{"to":1,"seal":"\\u00e4"}']
)
def test_nor_is_what_only_looks_right(envelope: bytes) -> None:
    octets = HEAD + envelope + LINE + b"[]\r\n"
    assert opened(octets, SECRET) is None
    assert isinstance(original(octets), bytes)
