"""The summary of a message: what it holds, and how it is stored."""

from __future__ import annotations

import dataclasses

import pytest

from groupware.mime.summary import (
    Summary,
    bodies_of,
    body_of,
    bodystructure_of,
    bodystructures_of,
    decode,
    ends_of,
    envelope_of,
    envelopes_of,
    parts_of,
    size_of,
    span_of,
    summarize,
)

LETTER = (
    b"Message-ID: <1@x.test>\r\nIn-Reply-To: <0@x.test>\r\nReferences: <r@x.test> <0@x.test>\r\n"
    b"Date: Mon, 1 Jan 2024 08:00:00 +0100\r\nSubject: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b'From: "Ann" <ann@x.test>\r\nTo: bob@y.test, Eve <eve@z.test>\r\nCc: Team: dan@x.test;\r\nBcc: root\r\n'
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n> quoted\r\n\r\nHi  Bob,\r\n\tbye\r\n"
    b"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment;\r\n filename*=utf-8''%C3%A4.png\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
)


def test_everything_a_summary_says() -> None:
    summary = summarize(LETTER)
    assert summary.date == 1704092400
    assert (summary.subject, summary.base_subject) == ("Re: Grüße", "Grüße")
    assert (summary.message_id, summary.in_reply_to) == ("1@x.test", ("0@x.test",))
    assert summary.references == ("r@x.test", "0@x.test")
    assert [str(each) for each in (*summary.from_, *summary.to)] == [
        "Ann <ann@x.test>",
        "bob@y.test",
        "Eve <eve@z.test>",
    ]
    assert [str(each) for each in (*summary.cc, *summary.bcc)] == ["dan@x.test", "root"]
    assert summary.preview == "Hi Bob, bye"
    assert summary.has_attachment
    assert (summary.size, summary.header_size) == (len(LETTER), LETTER.index(b"--b\r\n"))
    assert summary.lines == LETTER[summary.header_size :].count(b"\n")
    assert (summary.eight_bit, summary.has_nul, summary.bare_lf) == (False, False, False)


def test_what_a_part_says() -> None:
    part = summarize(LETTER).parts[2]
    assert (part.media, part.encoding, part.disposition, part.name) == ("image/png", "base64", "attachment", "ä.png")
    assert LETTER[part.body_start : part.body_end] == b"AAAA"
    text = summarize(LETTER).parts[1]
    assert (text.media, text.charset, text.encoding, text.disposition, text.lines) == (
        "text/plain",
        "utf-8",
        "7bit",
        "",
        3,
    )


def test_what_is_stored_comes_back() -> None:
    summary = summarize(LETTER)
    stored = summary.encode()
    assert decode(stored) == summary
    assert (envelope_of(stored), body_of(stored), bodystructure_of(stored)) == (
        summary.envelope,
        summary.body,
        summary.bodystructure,
    )
    assert parts_of(stored) == summary.parts
    assert size_of(stored) == summary.size


def test_the_dates_before_1970_and_none_are_kept_apart() -> None:
    for header, seconds in (
        (b"Date: 31 Dec 1969 23:59:59 +0000", -1),
        (b"Date: 1 Jan 1970 00:00:00 +0000", 0),
        (b"", None),
    ):
        assert decode(summarize(header + b"\n\n").encode()).date == seconds


def test_a_summary_of_another_version_is_refused() -> None:
    stored = bytearray(summarize(LETTER).encode())
    stored[0] += 1
    with pytest.raises(ValueError, match="version 2, not 1: summarise the message again"):
        decode(bytes(stored))


def test_octets_are_classified() -> None:
    summary = summarize("Subject: x\n\nü\0".encode())
    assert (summary.eight_bit, summary.has_nul, summary.bare_lf) == (True, True, True)
    assert summary.size == len("Subject: x\r\n\r\nü\0".encode())
    assert summary.header_size == len(b"Subject: x\r\n\r\n")


def preview(octets: bytes) -> str:
    return summarize(octets).preview


def test_the_preview_is_of_the_first_text_that_says_anything() -> None:
    octets = (
        b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n \n--b\nContent-Type: text/html\n\n"
        b"<head><style>p { color: red }</style></head><p>Hello &amp; <b>good</b>bye</p><p>x</p>\n--b--"
    )
    assert preview(octets) == "Hello & goodbye x"


def test_the_preview_prefers_the_own_text_to_that_of_an_attached_message() -> None:
    header = b"Content-Type: multipart/mixed; boundary=b\n\n"
    octets = header + b"--b\nContent-Type: message/rfc822\n\n\ninner\n--b\n\nouter\n--b--"
    assert preview(octets) == "outer"
    assert preview(octets.replace(b"outer", b"")) == "inner"


def test_the_preview_is_decoded_cut_and_on_one_line() -> None:
    assert preview(b"Content-Transfer-Encoding: base64\n\nSGFsbG8gV2VsdA==") == "Hallo Welt"
    assert preview(b"Content-Type: text/plain; charset=iso-8859-2\n\n\xb1\t\x00\n-----------\nx") == "ą x"
    assert preview(b"\n" + b"word " * 1000) == ("word " * 40).strip()
    assert len(preview(b"\n" + "ä".encode() * 5000)) == 200
    assert preview(b"\n> all\n> quoted") == "> all > quoted"
    assert preview(b"Content-Disposition: attachment\n\nfile") == ""


@pytest.mark.parametrize(
    ("header", "attached"),
    [
        (b"Content-Type: image/png", True),
        (b"Content-Type: image/png\nContent-ID: <a@b>\nContent-Disposition: inline", False),
        (b"Content-Type: image/png\nContent-ID: <a@b>", False),
        (b"Content-Type: image/png; name=a.png\nContent-Disposition: inline; filename=a.png", True),
        (b"Content-Type: text/plain", False),
        (b"Content-Type: text/plain\nContent-Disposition: attachment", True),
        (b"Content-Type: text/csv; name=a.csv", True),
        (b"Content-Type: application/pgp-signature; name=signature.asc", False),
        (b"Content-Type: application/pdf", True),
        (b"Content-Type: message/rfc822", False),
        (b"Content-Type: message/rfc822\nContent-Disposition: attachment", True),
        (b"Content-Type: message/delivery-status", False),
    ],
)
def test_what_counts_as_an_attachment(header: bytes, attached: bool) -> None:
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n" + header + b"\n\ncontent\n--b--"
    assert summarize(octets).has_attachment == attached


def test_texts_never_hold_the_marks_they_are_stored_with() -> None:
    octets = b'Subject: a\x1eb\x1fc\x1dd\nFrom: "a\x1eb\x1f\x1d" <a\x1e@b\x1f>\nMessage-ID: <a\x1eb>\n\n\x1e\x1f'
    summary = summarize(octets)
    assert decode(summary.encode()) == summary
    assert summary.subject == "a b c d"


def test_a_summary_is_a_value() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        summarize(b"").subject = "x"  # type: ignore[misc]  # that it cannot be set is what is tested
    assert isinstance(summarize(b""), Summary)


def test_slices_at_once_are_the_slices_one_by_one() -> None:
    octets = (b"Subject: x\r\n\r\nbody\r\n", b"From: a@b.test\r\nContent-Type: text/html\r\n\r\n<p>longer</p>\r\n")
    encoded = [summarize(each).encode() for each in octets]
    ends = ends_of(encoded)
    assert envelopes_of(encoded, ends) == [envelope_of(each) for each in encoded]
    assert bodies_of(encoded, ends) == [body_of(each) for each in encoded]
    assert bodystructures_of(encoded, ends) == [bodystructure_of(each) for each in encoded]


def test_the_span_of_a_message_is_its_header_and_its_body() -> None:
    octets = b"Subject: x\r\n\r\nbody\r\n"
    assert span_of(summarize(octets).encode()) == (0, 14, len(octets))
