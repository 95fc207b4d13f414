"""Text for search, charsets, line ends."""

from __future__ import annotations

import codecs
import encodings

import pytest

from groupware.mime.charsets import codec_of, decode, guess
from groupware.mime.html import plain_text
from groupware.mime.lines import bare_line_feeds, crlf
from groupware.mime.summary import summarize
from groupware.mime.text import header_texts, text_of


def text(octets: bytes, limit: int = 256 * 1024) -> str:
    return text_of(octets, summarize(octets).parts, limit)


def test_all_text_parts_are_searched_those_of_attached_messages_too() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: text/html\n\n<p>t<i>w</i>o</p>\n"
        b"--b\nContent-Type: message/rfc822\n\nSubject: x\n\nthree\n--b\nContent-Type: image/png\n\nno\n--b--"
    )
    assert text(octets).split() == ["one", "two", "three"]


def test_a_message_that_was_encoded_is_searched_decoded() -> None:
    inner = codecs.encode(b"Subject: x\n\nneedle in base64\n", "base64")
    octets = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + inner
    assert text(octets).strip() == "needle in base64"


def test_text_is_bounded() -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" + b"a" * 500 + b"\n"
    assert len(text(octets * 4, 700)) <= 700
    assert text(b"\n" + b"a" * 500, 100) == "a" * 100


def test_html_names_its_own_charset_when_its_header_does_not() -> None:
    meta = b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">'
    html = b"Content-Type: text/html\n\n" + meta + b"<p>\xcf\xf0"
    assert text(html).strip() == "Пр"
    assert text(html.replace(b"text/html\n", b"text/html; charset=koi8-r\n", 1)).strip() == "оП"


def test_header_texts_are_decoded_by_name() -> None:
    octets = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nReceived: a\n b\nRECEIVED: c\n\nbody: no\n"
    assert header_texts(octets, summarize(octets).parts) == {"subject": "Grüße", "received": "a b\nc"}


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>a</p><p>b</p>", "a b"),
        ("a<br>b", "a b"),
        ("a<b>b</b>c", "abc"),
        ("<script>x < y</script>a<!-- <b> -->b", "ab"),
        ("<STYLE>x</STYLE >a", "a"),
        ("a<script>never closed", "a"),
        ("1 < 2 &amp; 3 &gt; 2 &#233;", "1 < 2 & 3 > 2 é"),
        ("<a href='x", ""),
        ("İ<script>x</script>a", "İa"),
    ],
)
def test_html_to_words(html: str, words: str) -> None:
    assert " ".join(plain_text(html).split()) == words


@pytest.mark.parametrize(
    ("octets", "charset", "expected"),
    [
        (b"\xe9", "iso-8859-1", "é"),
        (b"\x80", "ISO-8859-1", "€"),
        (b"\xd0\xbf", '"utf-8"', "п"),
        (b"\xb5\xe7\xbb\xb0", "gb2312", "电话"),
        (b"\x82\xa0", "Shift_JIS", "あ"),
        (b"+AOk-", "unicode-1-1-utf-7", "é"),
        (b'\x1b$B$"\x1b(B', "iso-2022-jp", "あ"),
        (b"\xc1", "koi8-u", "а"),
        (b"\xff", "utf-8", "\N{REPLACEMENT CHARACTER}"),
        (b"\xe9t\xe9", "us-ascii", "été"),
        (b"abc", "rot13", "abc"),
        (b"\xe9", "zlib", "é"),
        (b"+2AA-", "utf-7", "?"),
    ],
)
def test_charsets(octets: bytes, charset: str, expected: str) -> None:
    assert decode(octets, charset) == expected


def test_names_of_no_charset_are_not_looked_up() -> None:
    known = len(encodings._cache)  # type: ignore[attr-defined]  # Python keeps every name it was ever asked for
    for number in range(50):
        assert codec_of(f"x-{number}") is None
    assert len(encodings._cache) == known  # type: ignore[attr-defined]  # as above


def test_a_character_cut_off_at_the_end_is_dropped() -> None:
    assert guess("für €".encode()[:-1]) == "für "
    assert guess(b"voil\xe0") == "voilà"


@pytest.mark.parametrize(
    ("octets", "sent"),
    [
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\r\nb\n", b"a\r\nb\r\n"),
        (b"\n\n", b"\r\n\r\n"),
        (b"a\rb\r\r\n", b"a\rb\r\r\n"),
        (b"", b""),
    ],
)
def test_bare_line_feeds_are_sent_as_crlf(octets: bytes, sent: bytes) -> None:
    assert crlf(octets) == sent
    assert bare_line_feeds(octets, 0, len(octets)) == len(sent) - len(octets)


def test_what_needs_no_change_is_the_same_object() -> None:
    octets = b"a\r\nb\r\n" * 10
    assert crlf(octets) is octets
