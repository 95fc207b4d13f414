"""Lines that are too long for mail: found, and made fit without changing what is said."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.mime.long_lines import LONGEST, has_long_lines, shortened

HEAD = b"From: a@here.test\r\nSubject: x\r\n"
LONG = b"word " * 300


def parsed(octets: bytes) -> EmailMessage:
    found = message_from_bytes(octets, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_a_plain_message_says_the_same_in_short_lines() -> None:
    made = shortened(HEAD + b"\r\nfirst\r\n" + LONG + b"\r\nlast = it\r\n")
    assert not has_long_lines(made)
    message = parsed(made)
    assert (message["MIME-Version"], message["Content-Transfer-Encoding"]) == ("1.0", "quoted-printable")
    assert message.get_content().splitlines() == ["first", LONG.decode(), "last = it"]


def test_only_the_part_with_long_lines_changes() -> None:
    octets = (
        HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
        b"--m\r\nContent-Type: text/plain\r\n\r\nshort = here\r\n"
        b"--m\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<p>"
        + "größe ".encode() * 300
        + b"</p>\r\n--m\r\nContent-Type: application/json\r\n\r\n{"
        + b"7," * 800
        + b"}\r\n--m--\r\n"
    )
    made = shortened(octets)
    assert not has_long_lines(made)
    plain, html, json = parsed(made).iter_parts()
    assert plain["Content-Transfer-Encoding"] is None
    assert html["Content-Transfer-Encoding"] == "quoted-printable"
    assert html.get_content().strip() == "<p>" + "größe " * 300 + "</p>"
    assert json["Content-Transfer-Encoding"] == "base64"
    assert json.get_content().strip() == b"{" + b"7," * 800 + b"}"


@pytest.mark.parametrize(
    "octets",
    [
        HEAD + b"\r\n" + b"x" * LONGEST + b"\r\n",
        HEAD + b"\r\n",
        HEAD + b"DKIM-Signature: v=1\r\n\r\n" + LONG + b"\r\n",
        HEAD + b"MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=m\r\n\r\n--m\r\n\r\n" + LONG
        + b"\r\n--m\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--m--\r\n",
        HEAD + b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUFB" * 300 + b"\r\n",
        b"Subject: " + LONG + b"\r\n\r\nshort\r\n",
    ],
)  # fmt: skip
def test_what_is_short_signed_or_encoded_stays_as_it_is(octets: bytes) -> None:
    assert shortened(octets) == octets


@given(st.lists(st.integers(0, 2500), max_size=6), st.integers(0, 3))
def test_it_is_known_whether_a_line_is_too_long(lengths: list[int], start: int) -> None:
    octets = b"".join(b"x" * each + b"\r\n" for each in lengths)
    assert has_long_lines(octets) == any(each > LONGEST for each in lengths)


@given(st.text(st.sampled_from("ab= .ä\t"), max_size=3000))
def test_any_text_is_the_same_afterwards(text: str) -> None:
    octets = HEAD + b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    octets += b"Content-Transfer-Encoding: 8bit\r\n\r\n" + text.encode() + b"\r\n"
    made = parsed(shortened(octets))
    assert made.get_payload(decode=True).removesuffix(b"\r\n") == text.encode()  # type: ignore[union-attr]
