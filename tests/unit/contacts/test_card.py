"""Contacts: the corpus is read or refused with a reason, and what is found by which words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.contacts.card import keys_of, read_card, texts_of
from groupware.model.errors import Malformed
from tests.support import corpus
from tests.support.davstand import card


def files() -> list[str]:
    root = corpus.path("vcard")
    return sorted(str(each.relative_to(root)) for each in root.rglob("*.vcf"))


def test_the_corpus_is_read_or_refused_with_a_reason() -> None:
    read, refused = [], []
    for name in files():
        try:
            read.append(read_card(corpus.read(f"vcard/{name}")))
        except Malformed as error:
            refused.append(str(error))
    assert len(read) > 15
    assert all(
        "VERSION" in said or "UID" in said or "FN" in said or "VCARD" in said or "line" in said for said in refused
    )


def test_it_is_found_by_its_names_addresses_and_numbers() -> None:
    found = read_card(card("1", "Zoë Maier", "N:Maier;Zoë;;;", "EMAIL:z@x.test", "TEL:+49 1", "ORG:Firm;Dept").encode())
    assert texts_of(found) == {"subject": "Zoë Maier\nMaier Zoë", "from": "z@x.test", "body": "+49 1\nFirm Dept"}


def test_a_private_contact_says_so() -> None:
    assert keys_of(read_card(card("1", "A", "CLASS:PRIVATE").encode())).private is True


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("VERSION:3.0", "VERSION:2.1", "2.1"),
        ("FN:A\r\n", "", "no FN"),
        ("UID:1\r\n", "", "UID"),
        ("UID:1\r\n", "UID:1\r\nUID:2\r\n", "twice"),
        ("END:VCARD", "END:VCARD\r\nBEGIN:VCARD\r\nEND:VCARD", "one VCARD"),
    ],
)
def test_what_is_no_contact_is_refused_with_its_reason(old: str, new: str, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        read_card(card("1", "A").replace(old, new).encode())


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 60))
def test_nothing_but_malformed_is_raised(junk: bytes, at: int) -> None:
    octets = card("1", "A").encode()
    try:
        read = read_card(octets[:at] + junk + octets[at:])
    except Malformed as error:
        assert str(error)
        return
    assert read.uid
