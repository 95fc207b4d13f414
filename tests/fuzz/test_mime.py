"""Any octets at all: the reader of messages never fails, keeps its invariants, and tells strict IMAP."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from groupware.mime import media
from groupware.mime.addresses import parse, shown
from groupware.mime.charsets import decode as decode_charset
from groupware.mime.headers import base_subject, date, decode_text, fields, message_ids, unfold
from groupware.mime.html import plain_text
from groupware.mime.lines import crlf
from groupware.mime.scan import DEEPEST
from groupware.mime.sections import children, decoded, header_fields, section
from groupware.mime.summary import decode, is_attachment, summarize
from groupware.mime.text import header_texts, text_of
from groupware.mime.transfer import unbase64, undo
from tests.support import imap_values

CHARSETS = ["utf-8", "utf-7", "utf-16", "gb18030", "iso-2022-jp", "hz", "x", "", "big5"]
END = st.sampled_from([b"\r\n", b"\n", b"\r", b"\r\r\n", b"", b" \r\n", b"\n\n"])
PIECES = st.sampled_from(
    [
        b"--a", b"--b", b"--a--", b"--b--", b"--ab", b"-- a", b"--", b"text", b" folded", b"\tfolded", b"", b"\x00",
        b"\xff\xfe", b"From ann@x Mon Jan 1 2024", b"Subject: =?utf-8?q?=C3?= =?utf-8?b?w6k=?=", b"Subject:",
        b"subject : x\x1ey", b"From: A <a@b>, \"C\\\" D\" <c@d>", b"To: g: a@b, c;, x", b"To: (a (b) c) <@r:d@e>",
        b"Cc: <", b"Bcc: \"", b"Sender: @", b"Date: Mon, 1 Jan 2024 08:00:00 +0100", b"Date: 99 Foo",
        b"Message-ID: <a@b>", b"References: <a@b> <c", b"In-Reply-To: x",
        b"Content-Type: multipart/mixed; boundary=a", b"Content-Type: multipart/alternative; boundary=\"b\"",
        b"Content-Type: multipart/digest; boundary=a", b"Content-Type: multipart/mixed",
        b"Content-Type: message/rfc822", b"Content-Type: message/global", b"Content-Type: text/html; charset=\"",
        b"Content-Type: text/plain; charset=utf-7; a*1=x", b"Content-Type: x/y; name*0*=utf-8''%C3; name*1=\xa9",
        b"Content-Type: ;;;", b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Transfer-Encoding: (", b"Content-Disposition: attachment; filename=a b", b"Content-Disposition: ;",
        b"Content-ID: <c@d>", b"Content-Language: en, de", b"Content-Location: \xe9", b"Content-MD5: x==",
        b"Content-Description: a\"b", b"SGFsbG8=", b"=C3=A9=", b"<style>", b"<p>a&amp;b</p>", b"> quoted",
    ]
)  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Lines that mean something to a MIME reader in any order, with any line ends."""
    lines = draw(st.lists(st.tuples(PIECES, END), max_size=40))
    octets = b"".join(line + end for line, end in lines)
    if draw(st.booleans()):
        at = draw(st.integers(0, len(octets)))
        octets = octets[:at] + draw(st.binary(max_size=8)) + octets[at + draw(st.integers(0, 8)) :]
    return octets


def check(octets: bytes) -> None:
    summary = summarize(octets)
    assert decode(summary.encode()) == summary
    assert summary.size == len(crlf(octets))
    imap_values.check_envelope(imap_values.parse(summary.envelope))
    imap_values.check_body(imap_values.parse(summary.body), extended=False)
    imap_values.check_body(imap_values.parse(summary.bodystructure), extended=True)
    parts = summary.parts
    assert (parts[0].header_start, parts[0].body_end) == (0, len(octets))
    for index, part in enumerate(parts):
        assert 0 <= part.header_start <= part.body_start <= part.body_end <= len(octets)
        assert part.depth <= DEEPEST
        assert part.size == len(crlf(octets[part.body_start : part.body_end]))
        at = part.body_start
        for child in children(parts, index):
            assert parts[child].header_start >= at
            at = parts[child].body_end
        assert at <= part.body_end
        assert decoded(octets, part) is not None
        assert is_attachment(parts, index) in (True, False)
    text_of(octets, parts).encode()
    for text in header_texts(octets, parts).values():
        text.encode()
    header = section(parts, "HEADER")
    assert header is not None
    assert header_fields(octets[slice(*header)], ["subject"]).endswith(b"\r\n")


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
@example(b"")
@example(b"\n")
@example(b"Content-Type: multipart/mixed; boundary=a\n\n--a")
@example(b"Content-Type: multipart/mixed; boundary=a\n\n\r\n--a\r\nA:b\r\n--a--")
def test_any_octets_are_read(octets: bytes) -> None:
    check(octets)


@settings(max_examples=700, deadline=None)
@given(messages())
def test_broken_messages_are_read(octets: bytes) -> None:
    check(octets)


@settings(max_examples=300, deadline=None)
@given(messages())
def test_line_ends_change_nothing_but_offsets(octets: bytes) -> None:
    octets = octets.replace(b"\r", b"")
    bare, whole = summarize(octets), summarize(crlf(octets))
    assert (bare.envelope, bare.bodystructure, bare.subject) == (whole.envelope, whole.bodystructure, whole.subject)
    for before, after in zip(bare.parts, whole.parts, strict=True):
        assert crlf(octets[before.header_start : before.body_end]) == crlf(octets)[after.header_start : after.body_end]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=6).map(b" ".join)))
def test_values_of_fields_are_read(value: bytes) -> None:
    line = unfold(value)
    assert b"\n" not in line and b"\r" not in line and b"\0" not in line
    assert all(mailbox.name.isprintable() or mailbox.name for mailbox in shown(parse(line)))
    moment = date(line)
    assert moment is None or moment.tzinfo is not None
    assert all(message_ids(line))
    decode_text(line).encode()
    kind = media.media(line)
    assert kind is None or (kind.main and kind.sub)
    shown_as = media.disposition(line)
    assert shown_as is None or shown_as[0]
    for name, _ in (kind.params if kind else ()) + (shown_as[1] if shown_as else ()):
        media.text_of_param(kind.params if kind else (), name).encode()
    assert media.token(line) == media.token(line).lower()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_base_subjects_are_their_own_base(subject: str) -> None:
    base = base_subject(subject)
    assert base_subject(base) == base
    assert len(base) <= len(subject)


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(["utf-8", "utf-7", "utf-16", "gb18030", "iso-2022-jp", "hz", "x", "", "big5"]),
)
def test_any_charset_gives_text_that_can_be_stored(octets: bytes, charset: str) -> None:
    text = decode_charset(octets, charset)
    assert text.encode().decode() == text


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="AZaz09+/= \n", max_size=40).map(str.encode)))
@example(b"=/")
def test_decoding_never_fails(octets: bytes) -> None:
    assert len(unbase64(octets)) <= len(octets)
    assert len(undo(octets, "quoted-printable")) <= len(octets)
    assert undo(octets, "x") == octets
    assert all(name for name, _ in fields(octets))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="<>/!-&;sptyle \n#x", max_size=120))
def test_words_before_any_markup_are_kept(html: str) -> None:
    assert plain_text("word" + html).startswith("word")
