"""Address lists as they come."""

from __future__ import annotations

import pytest

from groupware.mime.addresses import MOST_ADDRESSES, Mailbox, parse, shown
from tests.support import corpus


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ann@x.test", [("", "ann@x.test")]),
        ("Ann <ann@x.test>", [("Ann", "ann@x.test")]),
        ("<ann@x.test>", [("", "ann@x.test")]),
        ('"Ann, the first" <ann@x.test>, bob@y.test', [("Ann, the first", "ann@x.test"), ("", "bob@y.test")]),
        ("ann@x.test (Ann)", [("Ann", "ann@x.test")]),
        ("Ann B. Smith <ann@x.test>", [("Ann B. Smith", "ann@x.test")]),
        ("Ann   Smith <ann@x.test>", [("Ann Smith", "ann@x.test")]),
        ("ann@x.test <ann@x.test>", [("ann@x.test", "ann@x.test")]),
        ("ann@x.test; bob@y.test", [("", "ann@x.test"), ("", "bob@y.test")]),
        ("Ann ann@x.test", [("Ann", "ann@x.test")]),
        ("<ann@x.test", [("", "ann@x.test")]),
        ("<ann@x.test, <bob@y.test>", [("", "ann@x.test"), ("", "bob@y.test")]),
        ("Ann <ann@x.test> Bob <bob@y.test>", [("Ann", "ann@x.test"), ("Bob", "bob@y.test")]),
        (",, ann@x.test,,", [("", "ann@x.test")]),
        ('"Ann <ann@x.test>, bob@y.test', [('"Ann', "ann@x.test"), ("", "bob@y.test")]),
        ("Ann ( <ann@x.test>", [("Ann (", "ann@x.test")]),
        ("ann . smith @ x . test", [("", "ann.smith@x.test")]),
        ('"ann smith"@x.test', [("", "ann smith@x.test")]),
        ("ann@[192.0.2.1]", [("", "ann@[192.0.2.1]")]),
        ("ann@[IPv6:2001:db8::1]", [("", "ann@[IPv6:2001:db8::1]")]),
        ("a@b@x.test", [("", "a@b@x.test")]),
        ("Friends: ann@x.test, Bob <bob@y.test>;", [("", "ann@x.test"), ("Bob", "bob@y.test")]),
        ("undisclosed-recipients:;", []),
        ("=?utf-8?q?J=C3=BCrgen?= <j@x.test>", [("Jürgen", "j@x.test")]),
        ("=?utf-8?q?Smith,_Ann?= <ann@x.test>", [("Smith, Ann", "ann@x.test")]),
        ('"=?utf-8?b?SsO8cmdlbg==?=" <j@x.test>', [("Jürgen", "j@x.test")]),
        ("Jürgen <jürgen@bücher.test>", [("Jürgen", "jürgen@bücher.test")]),
        ("root", [("", "root")]),
        ("[list] Ann <ann@x.test>", [("[list] Ann", "ann@x.test")]),
        ("<@a.test,@b.test:ann@x.test>", [("", "ann@x.test")]),
    ],
)
def test_addresses_are_shown(value: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.name, each.address) for each in shown(parse(value.encode()))] == expected


def test_a_mailbox_reads_as_people_write_it() -> None:
    assert str(Mailbox("Ann", "ann@x")) == "Ann <ann@x>"
    assert str(Mailbox("", "ann@x")) == "ann@x"


def test_a_group_that_nobody_closes_is_closed() -> None:
    assert [each[2:] for each in parse(b"A: b@c, B: d@e")] == [
        (b"A", None), (b"b", b"c"), (None, None), (b"B", None), (b"d", b"e"), (None, None)
    ]  # fmt: skip


def test_a_list_is_bounded() -> None:
    assert len(parse(b"a@b," * (MOST_ADDRESSES + 10))) == MOST_ADDRESSES
    assert len(parse(b"a @b," * (MOST_ADDRESSES + 10))) == MOST_ADDRESSES


def entries(name: str) -> list[str]:
    lines = corpus.read(f"mail/flanker/{name}").decode().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("text", entries("mailbox_valid.txt"))
def test_every_valid_mailbox_is_one_address_of_its_domain(text: str) -> None:
    (address,) = parse(text.encode())
    domain = text.rpartition("@")[2].partition("(")[0].rstrip("> ")
    assert address.host == domain.encode()
    assert address.mailbox


@pytest.mark.parametrize("text", [*entries("mailbox_invalid.txt"), *entries("abridged_localpart_invalid.txt")])
def test_what_is_no_mailbox_is_still_shown(text: str) -> None:
    assert parse(text.encode())
