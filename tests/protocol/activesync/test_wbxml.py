"""WBXML: what others have recorded is read and written as it was, and the two codecs agree."""

from __future__ import annotations

import pytest

from connectors.activesync.element import Element, el
from connectors.activesync.wbxml.codec import HEADER, Unreadable, decode, encode, encode_fragment, fragment, number
from connectors.activesync.wbxml.pages import TOKENS
from tests.support.corpus import CORPUS
from tests.support.eas.tags import TOKEN
from tests.support.eas.wire import read, write


def test_the_tokens_are_those_that_are_published() -> None:
    assert dict(TOKENS) == TOKEN
    assert len({page for page, _ in TOKENS.values()}) == 25


def test_recorded_fragments_are_written_as_they_were() -> None:
    found = sorted((CORPUS / "eas/horde-activesync").glob("*.wbxml"))
    assert len(found) == 5
    for each in found:
        octets = each.read_bytes()
        assert encode_fragment(fragment(octets)) == octets, each.name


def test_what_the_server_writes_the_client_reads_and_the_other_way_round() -> None:
    made = el(
        "AirSync:Sync", el("AirSync:Status", 1), el("Email:Subject", "Über"), el("ComposeMail:Mime", b"\x00" * 300)
    )
    there = read(encode(made))
    assert (there.get("Status"), there.get("Subject")) == ("1", "Über")
    mime = there.find("Mime")
    assert mime is not None and mime.data == b"\x00" * 300
    tree = ("AirSync:Sync", ("AirSync:Status", "1"), ("Email:Subject", "Über"), ("ComposeMail:Mime", b"\x00" * 300))
    assert decode(write(tree)) == made


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x03\x01",
        HEADER,
        HEADER + b"\x45",
        HEADER + b"\x45\x03abc",
        HEADER + b"\x45\x03\xff\x00\x01",
        HEADER + b"\x45\xc3\x90\x80\x80\x80\x00\x01",
        HEADER + b"\x45\xc3\xff\xff\xff\xff\xff\xff\x01",
        HEADER + b"\xc5\x01",
        HEADER + b"\x05\x05",
        HEADER + b"\x01",
        HEADER + b"\x00\x63\x05",
        HEADER + b"\x45\x02\xff\xff\xff\x7f\x01",
        HEADER + b"\x45" * 100 + b"\x01" * 100,
        b"\x03\x01\x04\x00\x05",
        b"\x03\x01\x6a\x7f\x05",
        b"<?xml?>",
    ],
)
def test_what_cannot_be_read_is_said(octets: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(octets)


def test_long_numbers() -> None:
    assert [number(each) for each in (0, 127, 128, 16384)] == [b"\0", b"\x7f", b"\x81\0", b"\x81\x80\0"]


def test_an_element_tells_its_texts() -> None:
    one = Element("AirSync:Collection", [el("AirSync:WindowSize", 5), el("AirSync:GetChanges")])
    assert (one.number("AirSync:WindowSize"), one.flag("AirSync:GetChanges"), one.flag("AirSync:Wait")) == (
        5,
        True,
        False,
    )
