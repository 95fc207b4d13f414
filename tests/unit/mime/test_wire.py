"""ENVELOPE, BODY and BODYSTRUCTURE, checked by hand against RFC 9051 §7.5.2 and RFC 3501 §7.4.2."""

from __future__ import annotations

import pytest

from groupware.mime.summary import summarize
from groupware.mime.wire import nstring, string
from tests.support import imap_values


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def envelope(header: str) -> bytes:
    return summarize(crlf(header)).envelope


RFC_3501 = crlf(
    """\
Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
From: Terry Gray <gray@cac.washington.edu>
Subject: IMAP4rev1 WG mtg summary and minutes
To: imap@cac.washington.edu
cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>
Message-Id: <B27397-0100000@cac.washington.edu>
MIME-Version: 1.0
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII

Two lines
of text.
"""
)


def test_the_example_of_the_rfc() -> None:
    summary = summarize(RFC_3501)
    gray = b'(("Terry Gray" NIL "gray" "cac.washington.edu"))'
    assert summary.envelope == (
        b'("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" '
        + b" ".join([gray] * 3)
        + b' ((NIL NIL "imap" "cac.washington.edu"))'
        b' ((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU"))'
        b' NIL NIL "<B27397-0100000@cac.washington.edu>")'
    )
    assert summary.body == b'("text" "plain" ("charset" "US-ASCII") NIL NIL "7bit" 21 2)'
    assert summary.bodystructure == b'("text" "plain" ("charset" "US-ASCII") NIL NIL "7bit" 21 2 NIL NIL NIL NIL)'


def test_an_empty_message_has_an_envelope_of_nils_and_an_empty_text() -> None:
    summary = summarize(b"")
    assert summary.envelope == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    assert summary.bodystructure == b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL)'


def test_sender_and_reply_to_default_to_from_even_when_empty() -> None:
    ann = b'((NIL NIL "ann" "x"))'
    assert envelope("From: ann@x\nSender:\n\n") == b"(NIL NIL " + b" ".join([ann] * 3) + b" NIL NIL NIL NIL NIL)"
    bob = b'((NIL NIL "bob" "y"))'
    assert envelope("From: ann@x\nSender: bob@y\nReply-To: bob@y\n\n").startswith(
        b"(NIL NIL " + b" ".join([ann, bob, bob])
    )


def test_groups_have_start_and_end_marks() -> None:
    to = b'((NIL NIL "Friends" NIL)(NIL NIL "ann" "x")("Bob" NIL "bob" "y")(NIL NIL NIL NIL)(NIL NIL "eve" "z"))'
    assert to in envelope("To: Friends: ann@x, Bob <bob@y>;, eve@z\n\n")
    assert b'((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))' in envelope("To: undisclosed-recipients:;\n\n")


def test_a_source_route_is_the_second_field() -> None:
    assert b'(("Mary" "@a.test,@b.test" "mary" "c.test"))' in envelope("To: Mary <@a.test,@b.test:mary@c.test>\n\n")


def test_an_address_without_a_domain_is_no_group_mark() -> None:
    assert b'((NIL NIL "root" "MISSING_DOMAIN"))' in envelope("To: root\n\n")
    assert b'(("Nobody" NIL "MISSING_MAILBOX" "MISSING_DOMAIN"))' in envelope("To: Nobody <>\n\n")


def test_quotes_and_backslashes_are_escaped_and_encoded_words_stay() -> None:
    told = envelope('Subject: a "b" \\c\nFrom: "The \\"Boss\\"" <b@x>\nTo: =?utf-8?q?J=C3=BCrgen?= <j@x>\n\n')
    assert told.startswith(b'(NIL "a \\"b\\" \\\\c" (("The \\"Boss\\"" NIL "b" "x"))')
    assert b'(("=?utf-8?q?J=C3=BCrgen?=" NIL "j" "x"))' in told


def test_a_quoted_local_part_loses_its_quotes() -> None:
    assert b'((NIL NIL "a b" "x"))' in envelope('To: "a b"@x\n\n')


def test_eight_bit_values_are_literals() -> None:
    assert envelope("Subject: Grüß\n\n") == b"(NIL {6}\r\nGr\xc3\xbc\xc3\x9f" + b" NIL" * 8 + b")"


def test_folded_values_are_unfolded() -> None:
    assert envelope("Subject: one\n two\n\tthree\n\n").startswith(b'(NIL "one two\tthree" ')


def test_an_empty_field_is_an_empty_string_and_an_absent_one_nil() -> None:
    assert envelope("Subject:\n\n") == b'(NIL ""' + b" NIL" * 8 + b")"


def test_recipient_fields_are_joined_and_of_others_the_last_counts() -> None:
    told = envelope("To: a@x\nSubject: first\nTo: b@x\nSubject: last\n\n")
    assert told == b'(NIL "last" NIL NIL NIL ((NIL NIL "a" "x")(NIL NIL "b" "x")) NIL NIL NIL NIL)'


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (b"", b'""'),
        (b"plain", b'"plain"'),
        (b'a"b\\c', b'"a\\"b\\\\c"'),
        (b"tab\there", b'"tab\there"'),
        (b"\xff", b"{1}\r\n\xff"),
        (b"a\r\nb", b"{4}\r\na\r\nb"),
        (b"a\0b", b"{2}\r\nab"),
        (b"x" * 1000, b'"' + b"x" * 1000 + b'"'),
        (b"x" * 1001, b"{1001}\r\n" + b"x" * 1001),
    ],
)
def test_strings(value: bytes, told: bytes) -> None:
    assert string(value) == told
    assert imap_values.parse(told) == value.replace(b"\0", b"")


def test_nil_is_for_none_alone() -> None:
    assert nstring(None) == b"NIL"
    assert nstring(b"NIL") == b'"NIL"'


ALTERNATIVE = crlf(
    """\
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

preamble
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: 8bit

Hi
--inner
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: QUOTED-PRINTABLE
Content-Language: en, de-AT

<p>Hi</p>
--inner--
--outer
Content-Type: image/png; name="a b.png"
Content-Transfer-Encoding: base64
Content-ID: <pic@x>
Content-Description: A picture
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==
Content-Disposition: attachment; filename="a b.png"; size=3
Content-Location: http://x/a.png

AAAA
--outer--
epilogue
"""
)


def test_nested_multiparts_with_every_extension_field() -> None:
    summary = summarize(ALTERNATIVE)
    assert summary.bodystructure == (
        b'((("text" "plain" ("charset" "utf-8" "format" "flowed") NIL NIL "8bit" 2 0 NIL NIL NIL NIL)'
        b'("text" "html" ("charset" "utf-8") NIL NIL "quoted-printable" 9 0 NIL NIL ("en" "de-AT") NIL)'
        b' "alternative" ("boundary" "inner") NIL NIL NIL)'
        b'("image" "png" ("name" "a b.png") "<pic@x>" "A picture" "base64" 4 "Q2hlY2sgSW50ZWdyaXR5IQ=="'
        b' ("attachment" ("filename" "a b.png" "size" "3")) NIL "http://x/a.png")'
        b' "mixed" ("boundary" "outer") NIL NIL NIL)'
    )
    assert summary.body == (
        b'((("text" "plain" ("charset" "utf-8" "format" "flowed") NIL NIL "8bit" 2 0)'
        b'("text" "html" ("charset" "utf-8") NIL NIL "quoted-printable" 9 0) "alternative")'
        b'("image" "png" ("name" "a b.png") "<pic@x>" "A picture" "base64" 4) "mixed")'
    )


FORWARDED = crlf(
    """\
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: message/rfc822

From: ann@x
Subject: inner
Content-Type: text/plain; charset=x

one
two

--b--
"""
)


def test_an_attached_message_has_its_envelope_structure_and_lines() -> None:
    ann = b'((NIL NIL "ann" "x"))'
    assert summarize(FORWARDED).bodystructure == (
        b'(("message" "rfc822" NIL NIL NIL "7bit" 78 (NIL "inner" ' + b" ".join([ann] * 3) + b" NIL NIL NIL NIL NIL)"
        b' ("text" "plain" ("charset" "x") NIL NIL "7bit" 10 2 NIL NIL NIL NIL) 6 NIL NIL NIL NIL)'
        b' "mixed" ("boundary" "b") NIL NIL NIL)'
    )


def test_a_digest_holds_messages_without_saying_so() -> None:
    octets = crlf("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\ntext\n--b--\n")
    assert b'(("message" "rfc822" NIL NIL NIL "7bit" 20 (NIL "one" ' in summarize(octets).body


def test_message_global_is_told_like_message_rfc822() -> None:
    octets = crlf("Content-Type: message/global\n\nSubject: x\n\ntext\n")
    assert summarize(octets).body.startswith(b'("message" "global" NIL NIL NIL "7bit" 20 (NIL "x" ')


def test_a_multipart_in_which_no_part_begins_is_text() -> None:
    text = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 6 1)'
    assert summarize(crlf("Content-Type: multipart/mixed; boundary=b\n\nHello\n")).body[:-6] == text[:-6]
    assert summarize(crlf("Content-Type: multipart/mixed\n\ntext\n")).body == text


def test_a_type_that_is_none_is_plain_text_and_a_missing_charset_us_ascii() -> None:
    told = b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0)'
    assert summarize(b"Content-Type: text\r\n\r\n").body == told
    assert summarize(b"Content-Type: TEXT/Plain\r\n\r\n").body == told
    assert summarize(b"Content-Type: text/html\r\n\r\n").body == b'("text" "html" NIL NIL NIL "7bit" 0 0)'


def test_parameter_continuations_are_joined_and_charsets_kept() -> None:
    octets = crlf(
        "Content-Type: application/x-stuff; name*0=one; name*1=two;\n"
        " title*0*=us-ascii'en'This%20is; title*1*=%2A; title*2=\" it\"\n\n"
    )
    told = b'("name" "onetwo" "title*" "us-ascii\'en\'This%20is%2A%20it")'
    assert summarize(octets).body == b'("application" "x-stuff" ' + told + b' NIL NIL "7bit" 0)'


def test_sizes_are_those_of_crlf_line_ends() -> None:
    assert summarize(b"Subject: x\n\none\ntwo\r\n").body.endswith(b'"7bit" 10 2)')
