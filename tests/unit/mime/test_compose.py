"""Header lines of our own messages: what we write, every parser reads back, ours and Python's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.mime.addresses import parse, shown
from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.mime.headers import date, decode_text, fields, message_ids, unfold


def test_a_short_ascii_line_is_as_it_is() -> None:
    assert header_line("Subject", "Hello world") == b"Subject: Hello world\r\n"


def test_no_value_adds_a_line_of_its_own() -> None:
    assert header_line("Subject", "a\r\nBcc: eve@x\n") == b"Subject: a Bcc: eve@x\r\n"
    assert mailbox("a\r\nBcc: x", "ann@x\r\n") == '"a Bcc: x" <ann@x>'


@given(st.text(max_size=400))
def test_texts_come_back_and_lines_are_short(text: str) -> None:
    line = header_line("Subject", text)
    assert all(len(each) <= 998 for each in line.split(b"\r\n"))
    assert line.endswith(b"\r\n") and line.isascii()
    assert not any(each.startswith(b"\r\n") or each.isspace() for each in line.splitlines())
    ((name, value),) = fields(line)
    assert name == b"Subject"
    expected = " ".join(decode_text(text.encode("utf-8", "replace")).split()) if "=?" not in text else None
    if expected is not None and "\0" not in text:
        assert " ".join(decode_text(unfold(value)).split()) == expected


@pytest.mark.parametrize("text", ["Grüße aus Köln", "日本語" * 30, "a" * 2000, "=?utf-8?q?no?=", "x" * 70 + " é"])
def test_python_reads_the_same_text(text: str) -> None:
    found = message_from_bytes(header_line("Subject", text) + b"\r\n")["Subject"]
    assert str(make_header(decode_header(found))) == text


@pytest.mark.parametrize("name", ["", "Ann", "Smith, Ann", 'The "Boss"', "Jürgen", "back\\slash", "a@b"])
def test_mailboxes_come_back(name: str) -> None:
    line = address_line("To", [mailbox(name, "ann@x.test"), mailbox("Bob", "bob@y.test")])
    ((_, value),) = fields(line)
    assert [(each.name, each.address) for each in shown(parse(unfold(value)))] == [
        (name, "ann@x.test"),
        ("Bob", "bob@y.test"),
    ]


def test_many_addresses_are_folded() -> None:
    line = address_line("To", [mailbox(f"Person {number}", f"p{number}@x.test") for number in range(50)])
    assert max(map(len, line.split(b"\r\n"))) <= 76
    assert len(parse(unfold(line.partition(b":")[2]))) == 50


def test_dates_are_in_their_own_zone() -> None:
    moment = datetime(2024, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    assert format_date(moment) == "Sat, 3 Feb 2024 04:05:06 -0330"
    assert format_date(datetime(2024, 2, 3, 4, 5, 6)) == "Sat, 3 Feb 2024 04:05:06 +0000"
    assert date(format_date(moment).encode()) == moment
    assert date(format_date(moment.astimezone(UTC)).encode()) == moment


def test_message_ids_are_new_each_time() -> None:
    first, second = message_id("mail.test"), message_id("mail.test")
    assert first != second
    assert message_ids(first.encode()) == (first[1:-1],)
    assert first.endswith("@mail.test>")
