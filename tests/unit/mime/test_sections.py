"""IMAP sections by path (RFC 9051 §6.4.5), header field filters, decoded contents."""

from __future__ import annotations

import pytest

from groupware.mime.sections import decoded, header_fields, section
from groupware.mime.summary import summarize

# The example of RFC 9051 §6.4.5.1: 1 text/plain, 2 application, 3 message/rfc822, 4 multipart/mixed with a message.
EXAMPLE = b"""\
Subject: outer
Content-Type: multipart/mixed; boundary=a

--a
Content-Type: text/plain

one
--a
Content-Type: application/octet-stream

two
--a
Content-Type: message/rfc822
X-Part: three

Subject: inner
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

three one
--b
Content-Type: application/octet-stream

three two
--b--
--a
Content-Type: multipart/mixed; boundary=c

--c
Content-Type: image/gif

four one
--c
Content-Type: message/rfc822

Subject: deepest

four two
--c--
--a--
"""
INNER = b"Subject: inner\nContent-Type: multipart/mixed; boundary=b\n\n"


def at(path: str, octets: bytes = EXAMPLE) -> bytes | None:
    found = section(summarize(octets).encode(), path)
    return None if found is None else octets[slice(*found)]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("", EXAMPLE),
        ("HEADER", b"Subject: outer\nContent-Type: multipart/mixed; boundary=a\n\n"),
        ("TEXT", EXAMPLE[EXAMPLE.index(b"--a") :]),
        ("1", b"one"),
        ("1.MIME", b"Content-Type: text/plain\n\n"),
        ("2", b"two"),
        ("3.MIME", b"Content-Type: message/rfc822\nX-Part: three\n\n"),
        ("3.HEADER", INNER),
        ("3.header", INNER),
        ("3.1", b"three one"),
        ("3.1.MIME", b"Content-Type: text/plain\n\n"),
        ("3.2", b"three two"),
        ("4.1", b"four one"),
        ("4.1.MIME", b"Content-Type: image/gif\n\n"),
        ("4.2", b"Subject: deepest\n\nfour two"),
        ("4.2.HEADER", b"Subject: deepest\n\n"),
        ("4.2.TEXT", b"four two"),
        ("4.2.1", b"four two"),
        ("4.2.1.MIME", b"Subject: deepest\n\n"),
        ("MIME", None),
        ("5", None),
        ("0", None),
        ("1.1", None),
        ("1.HEADER", None),
        ("1.TEXT", None),
        ("4.HEADER", None),
        ("3.3", None),
        ("4.2.2", None),
        ("4.2.1.1", None),
        ("1.", None),
        ("HEADER.1", None),
        ("x", None),
        ("99999999999999999999", None),
        ("²", None),
    ],
)
def test_sections(path: str, content: bytes | None) -> None:
    assert at(path) == content


def test_a_part_that_is_a_message_is_header_and_text() -> None:
    text = at("3.TEXT")
    assert text is not None and at("3") == INNER + text
    assert text.startswith(b"--b\n") and text.endswith(b"--b--")


def test_part_one_of_a_message_that_is_no_multipart_is_its_body() -> None:
    octets = b"Subject: x\n\nbody\n"
    assert (at("1", octets), at("TEXT", octets), at("1.MIME", octets)) == (b"body\n", b"body\n", b"Subject: x\n\n")
    assert at("2", octets) is None


def test_a_message_whose_only_part_is_a_message() -> None:
    octets = b"Content-Type: message/rfc822\n\nSubject: in\n\ntext"
    assert at("1", octets) == b"Subject: in\n\ntext"
    assert (at("1.HEADER", octets), at("1.TEXT", octets), at("1.1", octets)) == (b"Subject: in\n\n", b"text", b"text")


HEADER = b"Subject: one\r\nTo: a@x,\r\n b@x\r\nnot a field\r\nX-Y: z\r\nsubject : two\r\n\r\n"


@pytest.mark.parametrize(
    ("names", "wanted", "content"),
    [
        (["SUBJECT"], True, b"Subject: one\r\nsubject : two\r\n\r\n"),
        (["to", "x-y"], True, b"To: a@x,\r\n b@x\r\nX-Y: z\r\n\r\n"),
        (["to", "x-y"], False, b"Subject: one\r\nsubject : two\r\n\r\n"),
        (["absent"], True, b"\r\n"),
        ([], False, b"Subject: one\r\nTo: a@x,\r\n b@x\r\nX-Y: z\r\nsubject : two\r\n\r\n"),
        (["ümlaut"], True, b"\r\n"),
    ],
)
def test_header_fields(names: list[str], wanted: bool, content: bytes) -> None:
    assert header_fields(HEADER, names, wanted=wanted) == content


def test_a_header_without_its_last_line_end_gets_one() -> None:
    assert header_fields(b"Subject: x", ["subject"]) == b"Subject: x\r\n\r\n"
    assert header_fields(b"", ["subject"]) == b"\r\n"


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        (b"base64", b"SGFs\r\nbG8=\r\n", b"Hallo"),
        (b"BASE64", b"SGFsbG8", b"Hallo"),
        (b"base64", b"SGFs!bG8==SGFsbG8=", b"HalloHallo"),
        (b"base64", b"S", b""),
        (b"base64", b"====", b""),
        (b"quoted-printable", b"a=3D=C3=\r\n=BC=\r\nb =ZZ", b"a=\xc3\xbcb =ZZ"),
        (b"7bit (comment)", b"a=3D", b"a=3D"),
        (b"x-unknown", b"a=3D", b"a=3D"),
        (b"", b"a=3D", b"a=3D"),
    ],
)
def test_decoded_contents(encoding: bytes, body: bytes, content: bytes) -> None:
    octets = b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body
    assert decoded(octets, summarize(octets).parts[0]) == content
