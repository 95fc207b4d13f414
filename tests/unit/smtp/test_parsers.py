"""What other servers say, whatever it is: it is read, or it is said that it cannot be; nothing else happens."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.smtp.dane import records
from mailcore.smtp.outwire import LONGEST_REPLY, Lost, OutWire
from mailcore.smtp.sts import Unreadable, identifier, parse
from mailcore.smtp.tlsrpt import addresses

POLICY = "version: STSv1\nmode: enforce\nmx: Mail.Example.com.\nmx: *.example.net\nmax_age: 604800\n"


async def replies(*pieces: bytes) -> list[tuple[int, str]]:
    """What is read from these pieces until the connection ends."""
    wire, found = OutWire(), list[tuple[int, str]]()
    for piece in pieces:
        wire.data_received(piece)
    wire.eof_received()
    try:
        while True:
            found.append(await wire.reply(5))
    except Lost:
        return found


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"250-a\r\n", b"250 ok\r\n", b"\r\n", b"5"]), max_size=12))
def test_any_answer_is_read_or_is_the_end(pieces: list[bytes]) -> None:
    for code, text in asyncio.run(replies(*pieces)):
        assert 0 <= code <= 999
        assert len(text) <= LONGEST_REPLY * 3


@given(
    st.lists(st.tuples(st.integers(200, 599), st.lists(st.text("abc -.", max_size=9), max_size=3)), max_size=5),
    st.data(),
)
def test_answers_are_the_same_however_they_arrive(said: list[tuple[int, list[str]]], data: st.DataObject) -> None:
    octets = b""
    for code, lines in said:
        texts = lines or [""]
        marks = ["-"] * (len(texts) - 1) + [" "]
        octets += "".join(f"{code}{mark}{text}\r\n" for mark, text in zip(marks, texts, strict=True)).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=4)))
    pieces = [octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    expected = [(code, "\n".join(text.strip() for text in lines or [""])) for code, lines in said]
    assert asyncio.run(replies(*pieces)) == expected


def test_a_policy_is_read_as_it_is_written() -> None:
    found = parse(POLICY.replace("\n", "\r\n"), "example.com", "7", 100)
    assert (found.mode, found.hosts, found.until) == ("enforce", ("mail.example.com", "*.example.net"), 604_900)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("STSv1", "STSv2", "version"),
        ("enforce", "maybe", "mode"),
        ("604800", "soon", "max_age"),
        ("604800", "-1", "max_age"),
        ("mx: Mail.Example.com.\nmx: *.example.net\n", "", "no mx"),
        ("mode: enforce", "<html>", "no line"),
    ],
)
def test_what_is_no_policy_is_none(old: str, new: str, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        parse(POLICY.replace(old, new), "example.com", "7", 100)


@given(st.text(max_size=200), st.lists(st.text(max_size=60), max_size=3))
def test_any_text_is_a_policy_or_none(text: str, texts: list[str]) -> None:
    with contextlib.suppress(Unreadable):
        assert parse(text, "x.test", "1", 0).mode in ("enforce", "testing", "none")
    assert identifier(tuple(texts)).isalnum() or identifier(tuple(texts)) == ""
    assert all(each.lower().startswith(("mailto:", "https://")) for each in addresses(texts))


FIELD = st.text("0123456789 -x", max_size=4)


@given(st.lists(st.tuples(FIELD, FIELD, FIELD, st.text("0123456789abcdefg ", max_size=12)), max_size=4))
def test_any_record_is_usable_or_not(texts: list[tuple[str, str, str, str]]) -> None:
    written = [f"{usage or 0} {selector or 0} {matching or 0} {data}" for usage, selector, matching, data in texts]
    assert len(records(written)) == len(written)
    assert all(each.usage in (2, 3) for each in records(written) if each.usable)


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("v=STSv1; id=20160831085700Z;",), "20160831085700Z"),
        (("v=STSv1;id=1", "something else"), "1"),
        (("v=STSv1; id=1;", "v=STSv1; id=2;"), ""),
        (("v=STSv1; id=with space;",), ""),
        (("v=STSv2; id=1;",), ""),
    ],
)
def test_the_id_of_a_policy(texts: tuple[str, ...], found: str) -> None:
    assert identifier(texts) == found
