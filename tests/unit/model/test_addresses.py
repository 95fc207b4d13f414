"""The one form of an address, and what may be one here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.model.addresses import checked_address, checked_domain, mail_addresses, normal
from groupware.model.errors import Refused


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        (" Alice@Example.TEST ", "alice@example.test"),
        ("Jo\u0308rg@x.test", "j\u00f6rg@x.test"),
        ("J\u030can@x.test", "\u01f0an@x.test"),
        ("a@B\u00fccher.test", "a@xn--bcher-kva.test"),
        ("a@xn--bcher-kva.test", "a@xn--bcher-kva.test"),
        ("Example.TEST", "example.test"),
    ],
)
def test_every_spelling_has_one_form(address: str, kept: str) -> None:
    assert normal(address) == kept


@given(st.text(max_size=80))
def test_any_text_has_a_form_and_the_form_is_its_own(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@given(st.text(max_size=80))
def test_what_is_accepted_is_kept_as_it_is(text: str) -> None:
    for check in (checked_address, checked_domain):
        try:
            kept = check(text)
        except Refused:
            continue
        assert check(kept) == kept == normal(kept)


@given(st.from_regex(r"[A-Za-z0-9]{1,20}(\.[A-Za-z0-9+_-]{1,10})?@[A-Za-z0-9]{1,20}\.test", fullmatch=True))
def test_a_plain_address_is_accepted(text: str) -> None:
    assert checked_address(text) == text.lower()


@pytest.mark.parametrize(
    "local", ["", ".a", "a.", "a b", 'a"b', "a/b", "a%b", "a\u00a0b", "a\u200bb", "x" * 65, "\u00e4" * 33]
)
def test_a_name_before_the_at_that_cannot_be(local: str) -> None:
    with pytest.raises(Refused, match="address"):
        checked_address(f"{local}@x.test")


def test_several_addresses_of_one_text_are_each_there_once() -> None:
    found = mail_addresses(" Ann@Far.TEST, b@x.test\tann@far.test ", 2)
    assert found == ("Ann@far.test", "b@x.test")
    assert mail_addresses("", 2) == ()


@pytest.mark.parametrize(
    "text", ["ann", "@x.test", "ann@", "ann@x y", "<ann@x.test>", "a@b@x.test", "a@x_.test.", "a" * 65 + "@x.test"]
)
def test_what_is_no_address_is_named(text: str) -> None:
    with pytest.raises(Refused, match=r"write it as|domain"):
        mail_addresses(text, 5)


def test_there_are_so_many_at_most() -> None:
    with pytest.raises(Refused, match="there may be 2"):
        mail_addresses("a@x.test b@x.test c@x.test", 2)


@given(st.text(max_size=60))
def test_what_is_taken_is_taken_again_as_it_is(text: str) -> None:
    try:
        found = mail_addresses(text, 50)
    except Refused:
        return
    assert mail_addresses(" ".join(found), 50) == found
