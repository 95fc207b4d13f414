"""What a message is sorted and threaded by."""

from __future__ import annotations

from datetime import date

import pytest

from groupware.mime.headers import is_reply
from groupware.mime.keys import keys_of
from groupware.mime.summary import summarize
from groupware.model.collation import caseless, collated
from groupware.model.item import Keys


def keys(header: bytes) -> Keys:
    octets = header.replace(b"\n", b"\r\n") + b"\r\n\r\nbody\r\n"
    return keys_of(summarize(octets))


def test_a_letter() -> None:
    found = keys(
        b"From: =?utf-8?q?=C3=84nne?= <anne@example.org>\nTo: Bob <bob@example.net>, eve@example.net\n"
        b"Cc: carl@example.org\nSubject: Re: [list] Lunch\nDate: Tue, 10 Feb 2026 23:30:00 -0500\n"
        b"Message-ID: <3@x>\nReferences: <1@x> <2@x>\nIn-Reply-To: <2@x>"
    )
    assert (found.from_box, found.to_box, found.cc_box) == ("ANNE", "BOB", "CARL")
    assert (found.from_name, found.to_name) == ("A\u0308NNE", "BOB")
    assert (found.subject, found.reply) == ("LUNCH", True)
    assert (found.message_id, found.references) == ("3@x", ("1@x", "2@x"))
    assert found.day == date(2026, 2, 10).toordinal()
    assert found.sent == 1770784200


def test_nothing_to_go_by() -> None:
    found = keys(b"X-Nothing: x")
    assert (found.sent, found.day, found.subject, found.reply, found.from_name) == (None, None, "", False, "")
    assert found.references == ()


def test_in_reply_to_stands_for_references() -> None:
    assert keys(b"In-Reply-To: <1@x> <2@x>").references == ("1@x",)


def test_address_without_a_name_is_shown_itself() -> None:
    assert keys(b"From: bob@example.org").from_name == "BOB@EXAMPLE.ORG"


def test_group_goes_by_its_name() -> None:
    found = keys(b"To: Friends: a@example.org, b@example.org;")
    assert (found.to_box, found.to_name) == ("FRIENDS", "FRIENDS")


def test_of_several_fields_the_one_in_the_envelope_counts() -> None:
    found = keys(b"From: a@x\nFrom: b@x\nTo: c@x\nTo: d@x")
    assert (found.from_box, found.to_box) == ("B", "C")


@pytest.mark.parametrize(
    ("subject", "answers"),
    [
        ("Lunch", False),
        ("Re: Lunch", True),
        ("RE[2]: Lunch", True),
        ("Lunch (fwd)", True),
        ("[Fwd: Lunch]", True),
        ("[list] Lunch", False),
        ("[list] Fw: Lunch", True),
        ("  Lunch ", False),
        ("", False),
    ],
)
def test_answer(subject: str, answers: bool) -> None:
    assert is_reply(subject) is answers


@pytest.mark.parametrize(("one", "other"), [("Straße", "STRASSE"), ("é", "E\u0301"), ("ﬁn", "FIN"), ("Ⅷ", "viii")])
def test_search_takes_these_for_the_same(one: str, other: str) -> None:
    assert caseless(one) == caseless(other)


def test_order() -> None:
    words = ["zebra", "Äpfel", "apple", "_x", "Banana", "ābc"]
    assert sorted(words, key=collated) == ["apple", "ābc", "Äpfel", "Banana", "zebra", "_x"]
