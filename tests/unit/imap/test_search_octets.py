"""What is looked for in headers is found as if every field were decoded."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from groupware.mime.headers import decode_text, fields, unfold
from groupware.mime.summary import header_spans_of, summarize
from groupware.model.collation import caseless
from mailcore.imap.commands.search_octets import has_field, says
from tests.support.corpus import messages, path

NAMES = st.sampled_from([b"Subject", b"X-Long", b"x-long", b"To"])
VALUES = st.lists(
    st.sampled_from(
        [b"Hello", b" ", b"\t", b"\r\n ", b"=?utf-8?q?gr=C3=BC=C3=9Fe?=", b":", b"W", b"\xe4", b"\0", b"\x1b$B", b"a:b"]
    ),
    max_size=8,
).map(b"".join)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=5).map(
    lambda found: b"".join(name + b": " + value + b"\r\n" for name, value in found)
)
TEXTS = st.sampled_from(
    ["hello", "HELLO", "subject: hello", "lo w", "Grüße", "x-long:", ":", " ", "a:b", "ä", "w", "hello hello", "loh"]
)


def lines(header: bytes) -> list[str]:
    return [f"{name.decode('ascii')}: {decode_text(unfold(value))}" for name, value in fields(header)]


@given(st.lists(HEADERS, min_size=1, max_size=3), TEXTS)
@example([b"Subject: Hello\r\n World\r\n"], "hello world")
@example([b"Subject:  a\r\n"], "subject: a")
def test_words_of_headers(headers: list[bytes], text: str) -> None:
    wanted = any(caseless(text) in caseless(line) for header in headers for line in lines(header))
    assert says(text)(headers) == wanted


@given(HEADERS, NAMES.map(bytes.decode), TEXTS)
def test_words_of_one_field(header: bytes, name: str, text: str) -> None:
    values = [decode_text(unfold(value)) for field, value in fields(header) if field.decode().lower() == name.lower()]
    assert has_field(name, text)([header]) == any(caseless(text) in caseless(value) for value in values)


def test_headers_of_each_message_of_the_corpus_are_where_the_part_table_says() -> None:
    count = 0
    for name in messages():
        summary = summarize(path(name).read_bytes())
        assert header_spans_of(summary.encode()) == [(part.header_start, part.body_start) for part in summary.parts]
        count += len(summary.parts) > 1
    assert count > 50
