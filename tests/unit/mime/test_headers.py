"""Texts, dates, ids and base subjects of header fields."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from groupware.mime.headers import base_subject, date, decode_text, fields, message_ids, unfold


def test_fields_keep_their_order_and_folds_and_skip_what_is_none() -> None:
    header = b"From junk\nA: one\r\nrubbish\nB : two\n three\nc:\n\n"
    assert fields(header) == [(b"A", b" one\r"), (b"B", b" two\n three"), (b"c", b"")]


def test_unfolding_keeps_the_space_of_the_fold() -> None:
    assert unfold(b" one\r\n\ttwo\n three \r") == b"one\ttwo three"
    assert unfold(b"a\rb\0c") == b"a b c"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?q?a_b=C3=A9?=", "a bé"),
        (b"=?UTF-8?B?w6k=?= =?utf-8?b?w6g=?=", "éè"),
        (b"=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        (b"a=?utf-8?q?b?=c", "abc"),
        (b"=?utf-8?b?w4M=?= =?utf-8?b??= =?iso-8859-1?q?=e9?=", "Ãé"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        (b"=?utf-8*en?q?x?=", "x"),
        (b"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
        (b"=?no-such-charset?q?=e9?=", "é"),
        (b"=?utf-8?b?AAA?=", ""),
        (b"=?utf-8?q?line=0D=0Abreak?=", "line break"),
        ("Grüße".encode(), "Grüße"),
        (b"voil\xe0", "voilà"),
        (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
        (b"=?utf-8?q?open", "=?utf-8?q?open"),
    ],
)
def test_texts(value: bytes, text: str) -> None:
    assert decode_text(value) == text


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        (b"Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06"),
        (b"21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06"),
        (b"Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", None),
        (b"Fri, 21 Nov 1997 09:55 -0600 (nested (comment))", "1997-11-21T15:55:00"),
        (b"1 Jan 49 00:00:00 EST", "2049-01-01T05:00:00"),
        (b"1 Jan 50 00:00:00 PDT", "1950-01-01T07:00:00"),
        (b"1 Jan 100 00:00:00 Z", "2000-01-01T00:00:00"),
        (b"Mon, 1 Jan 2024 08:00:00 +0100", "2024-01-01T07:00:00"),
        (b"Mon,  1 Jan 2024 08:00:60 +0000", "2024-01-01T08:00:59"),
        (b"1-Jan-2024 8:00:00 A", "2024-01-01T08:00:00"),
        (b"Mon Jan  1 08:00:00 2024", "2024-01-01T08:00:00"),
        (b"Mon Jan  1 08:00:00 CET 2024", "2024-01-01T07:00:00"),
        (b"Mon, 1 Jan 2024 08:00:00 +9999", "2024-01-01T08:00:00"),
        (b"Mon, 1 January 2024 08.00.00 UT", "2024-01-01T08:00:00"),
        (b"31 Feb 2024 08:00:00 +0000", None),
        (b"1 Jan 0000 08:00:00 +0000", None),
        (b"1 Xyz 2024 08:00:00 +0000", None),
        (b"", None),
        (b"yesterday", None),
    ],
)
def test_dates(value: bytes, moment: str | None) -> None:
    found = date(value)
    assert (found and found.astimezone(UTC)) == (moment and datetime.fromisoformat(moment).replace(tzinfo=UTC))


def test_ids_lose_their_brackets_and_doubles_and_are_bounded() -> None:
    assert message_ids(b"<a@b> <c@d>\t<a@b> junk") == ("a@b", "c@d")
    assert message_ids(b"a@b c@d") == ("a@b", "c@d")
    assert message_ids(b"no id here") == ("no",)
    assert message_ids(b"") == ()
    many = message_ids(b"".join(b"<%d@x>" % number for number in range(1000)))
    assert (len(many), many[0], many[-1]) == (100, "0@x", "999@x")


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Hello", "Hello"),
        ("Re: Hello", "Hello"),
        ("RE[2]: re :  Fwd: Hello (fwd) (FWD) ", "Hello"),
        ("[list] Re: [list] Hello", "Hello"),
        ("[Fwd: Re: Hello]", "Hello"),
        ("[Fwd: [Fwd: Hello] (fwd)]", "Hello"),
        ("[only a blob]", "[only a blob]"),
        ("Re: [only a blob]", "[only a blob]"),
        ("Re:", ""),
        ("", ""),
        ("a \t b", "a b"),
        ("Reality: check", "Reality: check"),
        ("Fw: x", "x"),
        ("[a] [b] c", "c"),
        ("Re: [broken", "[broken"),
    ],
)
def test_base_subjects(subject: str, base: str) -> None:
    assert base_subject(subject) == base
