"""Any octets: the grammar answers with a value or its own error, the reader keeps to its bounds, patterns end."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mailcore.imap.commands  # noqa: F401 - fills the table
from mailcore.imap import names
from mailcore.imap.grammar import BadSyntax, Cursor, begin
from mailcore.imap.reply import astring, mailbox, string
from mailcore.imap.table import COMMANDS
from mailcore.imap.wire import MARK, Raw

SIGNS = st.sampled_from(
    [b" ", b"(", b")", b'"', b"\\", b"[", b"]", b"<", b">", b".", b",", b":", b"*", b"%", b"{", b"}", b"+", b"&", b"-",
     b"NIL", b"BODY", b"BODY.PEEK", b"HEADER.FIELDS", b"RETURN", b"CHARSET", b"UTF-8", b"NOT", b"OR", b"UID", b"INBOX",
     b"FLAGS", b"+FLAGS", b"\\Seen", b"1", b"4294967295", b"18446744073709551616", b"1:*", b"STATUS", b"MESSAGES",
     b'" 1-Feb-2026 10:00:00 +0000"', b"1-Feb-2026", b"CHANGEDSINCE", b"USE", b"\xff", b"\x00", b"\r", b"caf\xc3\xa9",
     b"$", b"RETURN (SAVE)", b"PARTIAL", b"-1:-5", b"UPDATE", b"RELEVANCY", b"FUZZY", b"SUBJECT", b"REVERSE",
     b"(REVERSE DATE SUBJECT)", b"REFERENCES", b"ORDEREDSUBJECT", b"ALL", b"IN", b"SUBTREE", b"PERSONAL", b"MAILBOXES",
     b"OLDER", b"ARRIVAL", b"MODSEQ", b"(PARTIAL 1:2)", b'"a1"', b"US-ASCII", b"X-NONE",
     b"{3}" + MARK, b"{3+}" + MARK]
)  # fmt: skip
TEXTS = st.lists(st.one_of(SIGNS, st.binary(max_size=6)), max_size=30).map(b"".join).map(lambda text: text[:2000])


def raw(text: bytes) -> Raw:
    """A command as the reader would give it: a literal for each mark, and no other line feed."""
    literals = tuple([b"abc"] * text.count(MARK))
    return Raw(text, literals)


@pytest.mark.parametrize("name", sorted(COMMANDS))
@given(text=TEXTS)
@settings(max_examples=40, deadline=None)
def test_arguments(name: bytes, text: bytes) -> None:
    clean = b"".join([piece.replace(b"\n", b"") if not piece.endswith(b"}") else piece for piece in text.split(MARK)])
    cursor = Cursor(raw(clean))
    try:
        COMMANDS[name].parse(cursor)
        cursor.end()
    except BadSyntax:
        pass


@given(text=st.binary(max_size=300))
@settings(max_examples=500, deadline=None)
def test_beginning(text: bytes) -> None:
    try:
        tag, name, _ = begin(Raw(text.replace(b"\n", b"")))
    except BadSyntax:
        return
    assert tag
    assert name == name.upper()


@given(text=st.text(max_size=60).filter(lambda text: not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text)))
@example("&")
@example("日本&語")
@settings(max_examples=500, deadline=None)
def test_names_come_back(text: str) -> None:
    encoded = names.encode(text)
    assert encoded.isascii()
    assert names.decode(encoded) == text


@given(octets=st.binary(max_size=100))
@settings(max_examples=500, deadline=None)
def test_names_out_of_anything(octets: bytes) -> None:
    with suppress(names.BadName):
        assert isinstance(names.decode(octets), str)


@given(octets=st.binary(max_size=200).map(lambda octets: octets.replace(b"\x00", b"")))
@settings(max_examples=500, deadline=None)
def test_strings_are_read_as_they_were_written(octets: bytes) -> None:
    for written in (string(octets), astring(octets)):
        announced, mark, literal = written.partition(b"}\r\n")
        text = announced + b"}" + MARK if mark and written.startswith(b"{") else written
        assert Cursor(Raw(text, (literal,) if mark else ())).astring() == octets


@given(pattern=st.text("ab/*%", max_size=20), path=st.text("ab/", max_size=20))
@settings(max_examples=1000, deadline=None)
def test_patterns_mean_what_they_mean(pattern: str, path: str) -> None:
    assert names.matcher(pattern)(path) == _slowly(pattern, path)


def _slowly(pattern: str, path: str) -> bool:
    """The definition itself: every way of matching, remembered."""
    seen: dict[tuple[int, int], bool] = {}

    def fits(at: int, here: int) -> bool:
        if (at, here) not in seen:
            if at == len(pattern):
                seen[at, here] = here == len(path)
            elif pattern[at] in "*%":
                more = here < len(path) and (pattern[at] == "*" or path[here] != "/") and fits(at, here + 1)
                seen[at, here] = fits(at + 1, here) or more
            else:
                seen[at, here] = here < len(path) and path[here] == pattern[at] and fits(at + 1, here + 1)
        return seen[at, here]

    return fits(0, 0)


def test_hostile_pattern_ends_soon() -> None:
    began = time.perf_counter()
    assert not names.matcher("*a" * 900 + "b")("a" * 5000)
    assert time.perf_counter() - began < 2


def test_mailbox_names_with_anything() -> None:
    assert mailbox("a b") == b'"a b"'
    assert mailbox("NIL") == b'"NIL"'


WHOLE = st.recursive(
    st.sampled_from(
        [b"ALL", b"SEEN", b"$", b"1:*", b"UID 3,5", b"LARGER 5", b"ON 1-Feb-2026", b'SUBJECT "x"', b"MODSEQ 3"]
    ),
    lambda key: st.one_of(
        key.map(lambda one: b"NOT " + one),
        key.map(lambda one: b"FUZZY " + one),
        st.lists(key, min_size=1, max_size=3).map(lambda some: b"(%b)" % b" ".join(some)),
        st.tuples(key, key).map(lambda two: b"OR %b %b" % two),
    ),
    max_leaves=8,
)
RETURNS = st.lists(
    st.sampled_from([b"MIN", b"MAX", b"COUNT", b"SAVE", b"CONTEXT", b"UPDATE", b"PARTIAL 1:9", b"PARTIAL -3:-1"]),
    unique_by=lambda option: option.split()[0],
).map(lambda options: b" RETURN (%b)" % b" ".join(options))
CRITERIA = st.lists(
    st.sampled_from([b"ARRIVAL", b"REVERSE CC", b"DATE", b"DISPLAYFROM", b"reverse displayto", b"SIZE", b"SUBJECT"]),
    min_size=1,
).map(lambda some: b" (%b)" % b" ".join(some))
SOURCES = st.lists(
    st.sampled_from([b"selected", b"inboxes", b"personal", b"subtree Work", b"mailboxes (a b)", b"subtree-one INBOX"]),
    min_size=1,
).map(lambda some: b" IN (%b)" % b" ".join(some))
NONE = st.just(b"")
PROGRAMS = st.one_of(
    st.tuples(st.just(b"SEARCH"), st.one_of(NONE, RETURNS), st.sampled_from([b" ", b" CHARSET UTF-8 "]), WHOLE),
    st.tuples(st.just(b"SORT"), st.one_of(NONE, RETURNS), CRITERIA, st.sampled_from([b" UTF-8 ", b" x-y "]), WHOLE),
    st.tuples(st.just(b"THREAD"), st.sampled_from([b" REFERENCES", b" orderedsubject"]), st.just(b" US-ASCII "), WHOLE),
    st.tuples(st.just(b"ESEARCH"), st.one_of(NONE, SOURCES), st.just(b" RETURN (ALL) "), WHOLE),
)


@given(pieces=PROGRAMS)
@settings(max_examples=300, deadline=None)
def test_what_is_right_is_read(pieces: tuple[bytes, ...]) -> None:
    _, name, cursor = begin(Raw(b"a " + b"".join(pieces)))
    COMMANDS[name].parse(cursor)
    cursor.end()
    assert cursor.at_end
