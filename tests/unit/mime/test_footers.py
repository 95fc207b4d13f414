"""Footers: where they go in a message, and all that they leave alone."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.mime.appending import decoded
from groupware.mime.footers import Footer, footed, footer
from groupware.mime.html import plain_text
from groupware.mime.lines import crlf
from groupware.mime.scan import scan
from tests.support import corpus

VALUES = {"name": "Ann Lee", "address": "ann@example.test", "domain": "example.test", "date": "2026-11-26"}
WORDS = "--\nExample Ltd, Registered in England 123456\nSent by $name <$address>"


def made(text: str = WORDS, html: str = "") -> Footer:
    found = footer(text, html, VALUES)
    assert found is not None
    return found


PLAIN, GERMAN = made(), made("Mit freundlichen Grüßen aus Köln, Amtsgericht Köln HRB 4711 €")


def parsed(octets: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(octets, policy=policy.default))


def letter(head: str, body: bytes) -> bytes:
    return crlf(f"From: ann@example.test\nSubject: x\n{head}\n".encode() + body)


def squeezed(text: str) -> str:
    return "".join(text.split())


# --- forms ----------------------------------------------------------------------------------------------------------


def test_it_is_below_the_text_and_variables_are_filled_in() -> None:
    octets = letter("", b"Hello\n")
    assert footed(octets, PLAIN) == octets + crlf(
        b"\n--\nExample Ltd, Registered in England 123456\nSent by Ann Lee <ann@example.test>\n"
    )


CASES = [
    ("", b"Hello\n"),
    ("MIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii\n", b"Hello"),
    (
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n",
        "Grüße\n".encode(),
    ),
    ("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n", b"Hello\n"),
    (
        'MIME-Version: 1.0\nContent-Type: text/plain;\n charset="iso-8859-1"\nContent-Transfer-Encoding: 8bit\n',
        b"Gr\xfc\xdfe\n",
    ),
    (
        "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n",
        b"Gr=FC=DFe und ein langer Satz, der weiter=\n geht\n",
    ),
    (
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n",
        b"R3LDvMOfZQo=\n",
    ),
    ("MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-2022-jp\n", b"\x1b$B$3$s\x1b(B\n"),
    (
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n",
        b"soft=\n",
    ),
]


@pytest.mark.parametrize("below", [PLAIN, GERMAN])
@pytest.mark.parametrize(("head", "body"), CASES)
def test_it_is_readable_in_every_charset_and_encoding(head: str, body: bytes, below: Footer) -> None:
    octets = letter(head, body)
    found = footed(octets, below)
    before, after = parsed(octets).get_content(), parsed(found).get_content()
    assert squeezed(after) == squeezed(before) + squeezed(below.text)
    assert all(len(line) <= 998 for line in found.split(b"\r\n"))
    assert footed(found, below) == found


@pytest.mark.parametrize("encoding", ["7bit", "quoted-printable", "base64"])
def test_in_html_it_is_before_the_end_of_the_document(encoding: str) -> None:
    message = EmailMessage()
    message["From"] = "ann@example.test"
    message.set_content("<html><body><p>Hello </body></html>", subtype="html", cte=encoding)
    found = parsed(footed(message.as_bytes(policy=policy.SMTP), GERMAN))
    said = found.get_content().replace("\r\n", "\n")
    assert "K&#246;ln" in said
    assert said.rstrip().endswith("</p>\n</body></html>")
    assert "<p>Hello \n<p>Mit" in said


def test_values_are_no_html() -> None:
    below = footer("", "<b>$name</b>", {"name": "<script>"})
    assert below is not None
    assert (below.html, below.text) == ("<b>&lt;script&gt;</b>", "<script>")


def test_alternatives_each_get_it_in_their_own_form_and_all_else_stays() -> None:
    message = EmailMessage()
    message["From"] = "ann@example.test"
    message.set_content("Hello\n")
    message.add_alternative("<p>Hello</p>\n", subtype="html")
    message.get_payload(1).add_related(b"\x89PNG", "image", "png", cid="<1>")  # type: ignore[union-attr]
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment("some text", filename="a.txt")
    octets = message.as_bytes(policy=policy.SMTP)
    html = made(html="<p>Example Ltd of <i>$domain</i>, registered</p>")
    before, after = list(parsed(octets).walk()), list(parsed(footed(octets, html)).walk())
    assert [each.get_content_type() for each in before] == [each.get_content_type() for each in after]
    changed = [
        each.get_content_type()
        for old, each in zip(before, after, strict=True)
        if not each.is_multipart() and old.get_payload() != each.get_payload()
    ]
    assert changed == ["text/plain", "text/html"]
    assert any("<i>example.test</i>" in str(each.get_payload()) for each in after)


def test_of_several_texts_the_last_has_it() -> None:
    parts = "".join(
        f"--b\n{head}\n{body}\n" for head, body in (("", "first"), ("Content-Type: image/png\n", "x"), ("", "last"))
    )
    octets = letter("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n", f"{parts}--b--\n".encode())
    found = parsed(footed(octets, PLAIN))
    assert [("Example" in str(each.get_payload())) for each in found.iter_parts()] == [False, False, True]


# --- what stays as it is --------------------------------------------------------------------------------------------

MULTI = "MIME-Version: 1.0\nContent-Type: multipart/{}; boundary=b\n"
TEXT = b"--b\n\nHello\n--b--\n"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (MULTI.format("signed"), TEXT),
        (MULTI.format("encrypted"), TEXT),
        (MULTI.format("report"), TEXT),
        (
            MULTI.format("mixed"),
            b"--b\nContent-Type: multipart/signed; boundary=c\n\n--c\n\nx\n--c--\n--b\n\nbelow\n--b--\n",
        ),
        ("MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; smime-type=signed-data\n", b"xxxx\n"),
        (MULTI.format("mixed"), b"--b\n\nx\n--b\nContent-Type: application/x-pkcs7-mime\n\ny\n--b--\n"),
        ("", b"-----BEGIN PGP MESSAGE-----\n\nxxxx\n-----END PGP MESSAGE-----\n"),
        ("", b"-----BEGIN PGP SIGNED MESSAGE-----\n\nxxxx\n"),
        ("DKIM-Signature: v=1; d=x\n", b"Hello\n"),
        ("MIME-Version: 1.0\nContent-Type: image/png\n", b"x\n"),
        ("MIME-Version: 1.0\nContent-Type: text/calendar; method=REQUEST\n", b"BEGIN:VCALENDAR\n"),
        ("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-16\n", b"x\n"),
        ("MIME-Version: 1.0\nContent-Type: text/plain; charset=x-nobody-knows\n", b"x\n"),
        ("MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n", b"x\n"),
        ("MIME-Version: 1.0\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n", b"x\n"),
    ],
)
def test_what_is_signed_or_encrypted_or_has_no_text_stays_as_it_is(head: str, body: bytes) -> None:
    octets = letter(head, body)
    assert footed(octets, PLAIN) is octets


def test_a_message_that_has_a_signed_one_attached_is_not_signed_itself() -> None:
    inner = "--b\nContent-Type: message/rfc822\n\n" + MULTI.format("signed").replace("=b", "=c") + "\n--c\n\nx\n--c--\n"
    octets = letter(MULTI.format("mixed"), f"--b\n\nsee below\n{inner}--b--\n".encode())
    assert footed(octets, PLAIN) != octets


@pytest.mark.parametrize("quote", ["", "> ", ">> "])
def test_an_answer_that_quotes_it_does_not_get_it_again_whoever_it_is_from(quote: str) -> None:
    first = footed(letter("", b"Hello\n"), PLAIN).partition(b"\r\n\r\n")[2].decode()
    body = "Yes.\n\n" + "".join(f"{quote}{line}\n" for line in first.splitlines())
    other = footer(WORDS, "", {**VALUES, "name": "Bob", "address": "bob@example.test"})
    assert other is not None
    octets = letter("", body.encode())
    assert footed(octets, other) is octets


def test_nor_one_whose_html_has_it() -> None:
    octets = letter("MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n", b"<body><p>Hello</p></body>\n")
    once = footed(octets, PLAIN)
    assert once != octets
    assert footed(once.replace(b"<p>Hello", b"<blockquote>Hello"), PLAIN).count(b"123456") == 1


def test_without_words_there_is_none() -> None:
    assert footer(" \n", "", VALUES) is None


def test_lines_of_flowed_text_do_not_flow_into_others() -> None:
    octets = letter("MIME-Version: 1.0\nContent-Type: text/plain; format=flowed\n", b"Hello \n")
    assert b"\r\n From the desk of Ann Lee\r\n" in footed(octets, made("From the desk of $name"))


# --- anything -------------------------------------------------------------------------------------------------------


def check(octets: bytes, below: Footer) -> None:
    """It is as it was; or its parts are what they were, but that one text or its alternatives have the footer too."""
    found = footed(octets, below)
    if found == octets:
        return
    before, after = scan(octets), scan(found)
    assert [(each.depth, each.media.name) for each in before] == [(each.depth, each.media.name) for each in after]
    changed = 0
    for old, new in zip(before, after, strict=True):
        if new.kind != "leaf":
            continue
        if found[new.header_start : new.body_end] == octets[old.header_start : old.body_end]:
            continue
        changed += 1
        was, is_ = decoded(octets, old), decoded(found, new)
        if new.media.sub == b"html":
            assert squeezed(plain_text(below.html)) in squeezed(plain_text(is_)) or "<!--" in was or "<" in was
        else:
            assert squeezed(is_) == squeezed(was) + squeezed(below.text)
    assert changed
    assert footed(found, below) == found or b"html" in [each.media.sub for each in after]


@pytest.mark.parametrize("name", corpus.messages())
def test_every_message_of_the_corpus_stays_whole(name: str) -> None:
    octets = corpus.read(name)
    for form in (octets, crlf(octets)):
        check(form, PLAIN)
        check(form, GERMAN)


@given(
    st.binary(max_size=300),
    st.sampled_from(["7bit", "8bit", "base64", "quoted-printable"]),
    st.sampled_from(["utf-8", "us-ascii", "iso-8859-1"]),
)
def test_any_text_keeps_what_it_says(body: bytes, encoding: str, charset: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    check(head.encode() + body, GERMAN)


@given(st.binary(max_size=400))
def test_any_octets_at_all(octets: bytes) -> None:
    check(octets, GERMAN)
