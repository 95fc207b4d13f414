"""Any octets: the grammar answers with a value or its own error, the reader keeps to its bounds, patterns end."""

from __future__ import annotations

import time
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mailcore.imap.commands  # noqa: F401 - fills the table
from groupware.model.annotation import check_entry
from groupware.model.errors import Refused
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId, ModSeq, Uid
from groupware.model.item import Changes, Entry, Kind
from groupware.model.rights import ALL
from mailcore.imap import names
from mailcore.imap.commands.resync import earlier, merged
from mailcore.imap.entries import read_entries
from mailcore.imap.grammar import BadSyntax, Cursor, begin
from mailcore.imap.modes import Modes
from mailcore.imap.notice import OF_MESSAGES, Happening
from mailcore.imap.reply import astring, mailbox, string
from mailcore.imap.snapshot import snapshot
from mailcore.imap.table import COMMANDS
from mailcore.imap.view import View
from mailcore.imap.wire import MARK, Raw

SIGNS = st.sampled_from(
    [b" ", b"(", b")", b'"', b"\\", b"[", b"]", b"<", b">", b".", b",", b":", b"*", b"%", b"{", b"}", b"+", b"&", b"-",
     b"NIL", b"BODY", b"BODY.PEEK", b"HEADER.FIELDS", b"RETURN", b"CHARSET", b"UTF-8", b"NOT", b"OR", b"UID", b"INBOX",
     b"FLAGS", b"+FLAGS", b"\\Seen", b"1", b"4294967295", b"18446744073709551616", b"1:*", b"STATUS", b"MESSAGES",
     b'" 1-Feb-2026 10:00:00 +0000"', b"1-Feb-2026", b"CHANGEDSINCE", b"USE", b"\xff", b"\x00", b"\r", b"caf\xc3\xa9",
     b"{3}" + MARK, b"{3+}" + MARK, b"~", b"~{3}" + MARK, b"BINARY", b"BINARY.PEEK", b"BINARY.SIZE", b"CATENATE",
     b"TEXT", b"URL", b'"/INBOX/;UID=1"', b"UTF8", b"OAUTHBEARER", b"UTF8=ACCEPT",
     b"METADATA", b"MAXSIZE", b"DEPTH",
     b"infinity", b"/shared/comment", b"/private/vendor/x", b"~{3}" + MARK, b"PREVIEW", b"(LAZY)", b"EMAILID",
     b"THREADID", b"SAVEDATE", b"SAVEDON", b"SAVEDATESUPPORTED", b"SIZE", b"MAILBOXID", b"DELETED-STORAGE", b"STORAGE",
     b"\xff", b"\x00", b"\r", b"caf\xc3\xa9",
     b"QRESYNC", b"(QRESYNC (1 2 3:4 (1:2 3:4)))", b"(1 2", b" VANISHED)", b"SET", b"SET STATUS", b"NONE", b"DEFLATE",
     b"(PERSONAL (MessageNew MessageExpunge FlagChange))", b"(SELECTED (MessageNew (UID BODY[]) MessageExpunge))",
     b"(MAILBOXES (INBOX a) NONE)", b"(SUBTREE a (MailboxName))", b"IMAP4rev2", b"en-GB", b"default",
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
def test_arguments_are_read_to_their_end_or_refused(name: bytes, text: bytes) -> None:
    clean = b"".join([piece.replace(b"\n", b"") if not piece.endswith(b"}") else piece for piece in text.split(MARK)])
    cursor = Cursor(raw(clean))
    try:
        COMMANDS[name].parse(cursor)
        cursor.end()
    except BadSyntax as error:
        assert str(error)  # what was expected is said to the client
    else:
        assert cursor.at_end


_EVENTS = st.sampled_from(
    ["MessageNew", "MessageExpunge", "FlagChange", "MailboxName", "SubscriptionChange", "AnnotationChange", "Nonsense",
     "MailboxMetadataChange", "serverMetadataChange"]
)  # fmt: skip
_GROUPS = st.tuples(
    st.sampled_from(
        ["SELECTED", "selected-delayed", "INBOXES", "PERSONAL", "SUBSCRIBED", "SUBTREE a", "MAILBOXES (a b)"]
    ),
    st.lists(_EVENTS, min_size=1, max_size=5),
).map(lambda group: f"({group[0]} ({' '.join(group[1])}))")


@given(groups=st.lists(_GROUPS, min_size=1, max_size=5))
@settings(max_examples=300, deadline=None)
def test_what_notify_takes_is_what_it_can_tell(groups: list[str]) -> None:
    try:
        found = COMMANDS[b"NOTIFY"].parse(Cursor(Raw(f" SET {' '.join(groups)}".encode())))
    except BadSyntax:
        return
    both = Happening.NEW | Happening.EXPUNGE
    for group in (*found.wish.groups, *([found.wish.selected] if found.wish.selected else [])):
        assert not group.events & OF_MESSAGES or both in group.events
    assert found.wish.selected is None or not found.wish.selected.events & ~OF_MESSAGES
    assert found.wish.of_server == ("serverMetadataChange" in " ".join(groups))
    assert "Nonsense" not in " ".join(groups)


_SETS = st.lists(st.integers(1, 60), min_size=1, max_size=6).map(lambda numbers: ",".join(map(str, numbers)))


@given(known=_SETS, gone=st.sets(st.integers(1, 60)), there=st.sets(st.integers(1, 60)))
@settings(max_examples=300, deadline=None)
def test_earlier_is_what_is_known_and_no_longer_there(known: str, gone: set[int], there: set[int]) -> None:
    view = View(
        _folder(),
        snapshot(1, Changes([Entry(Uid(uid), ModSeq(1), 0) for uid in sorted(there)], (), ModSeq(1), reset=True)),
        Modes(),
        read_only=True,
    )
    ranges = merged(Cursor(Raw(known.encode())).numbers(), 60)
    sought = set(map(int, known.split(",")))
    assert _uids(earlier(view, ranges, sorted(map(Uid, gone)))) == sought & gone - there
    assert _uids(earlier(view, ranges, None)) == sought - there


def _uids(lines: list[bytes]) -> set[int]:
    found: set[int] = set()
    for line in lines:
        for piece in line.split()[-1].split(b","):
            low, _, high = piece.partition(b":")
            found |= set(range(int(low), int(high or low) + 1))
    return found


def _folder() -> Folder:
    return Folder(FolderId(1), AccountId(1), None, "a", Kind.MAIL, None, 1, Uid(61), ModSeq(1), 0, 0, 0, 0, ALL)


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
@example("\u0340".encode())
@settings(max_examples=500, deadline=None)
def test_names_out_of_anything(octets: bytes) -> None:
    with suppress(names.BadName):
        assert isinstance(names.decode(octets), str)
    utf8 = names.UTF8.set(True)
    try:
        with suppress(names.BadName):
            assert names.written(names.read(octets)).decode() == unicodedata.normalize("NFC", octets.decode())
    finally:
        names.UTF8.reset(utf8)


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


NUMBERS = st.sampled_from([b"1", b"*", b"1:*", b"2,4:7", b"4294967295"])
PLACES = st.sampled_from([b"", b"1", b"1.2", b"HEADER", b"1.MIME", b"0", b"1.", b"TEXT"])
PARTIALS = st.sampled_from([b"", b"<0.5>", b"<5.0>", b"<7>", b"<4294967296.1>"])
SECTIONS = st.tuples(
    st.sampled_from([b"BINARY", b"BINARY.PEEK", b"BINARY.SIZE", b"BODY", b"BODY.PEEK"]), PLACES, PARTIALS
).map(lambda parts: b"%b[%b]%b" % parts)
DATA = st.recursive(
    st.sampled_from([b"{3}" + MARK, b"~{3+}" + MARK, b"UTF8 (~{3}" + MARK + b")", b'(\\Seen) {3}' + MARK]),
    lambda inner: st.lists(
        st.one_of(inner.map(lambda text: b"TEXT " + text), st.just(b'URL "/INBOX/;UID=1"')), min_size=0, max_size=4
    ).map(lambda pieces: b"CATENATE (%b)" % b" ".join(pieces)),
    max_leaves=4,
)  # fmt: skip


@given(numbers=NUMBERS, sections=st.lists(SECTIONS, min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_parts_to_fetch(numbers: bytes, sections: list[bytes]) -> None:
    """Nearly right: what is read names each section as it was asked for."""
    cursor = Cursor(raw(b" %b (%b)" % (numbers, b" ".join(sections))))
    try:
        found = COMMANDS[b"FETCH"].parse(cursor)
    except BadSyntax:
        return
    assert {section.label.partition(b"[")[0] for section in found.sections} <= {b"BODY", b"BINARY", b"BINARY.SIZE"}
    assert all(section.peek or section.form != "size" for section in found.sections)


@pytest.mark.parametrize("name", [b"APPEND", b"REPLACE", b"UID REPLACE"])
@given(numbers=NUMBERS, messages=st.lists(DATA, min_size=1, max_size=3))
@settings(max_examples=200, deadline=None)
def test_messages_to_put_in(name: bytes, numbers: bytes, messages: list[bytes]) -> None:
    text = b" INBOX " if name == b"APPEND" else b" %b INBOX " % numbers
    cursor = Cursor(raw(text + b" ".join(messages)))
    try:
        COMMANDS[name].parse(cursor)
        cursor.end()
    except BadSyntax:
        return
    assert cursor.at_end


ENTRIES = st.one_of(
    st.sampled_from(["/shared/comment", "/private/comment", "/SHARED/x/y", "/private", "/shared/*", "comment", ""]),
    st.text(max_size=40),
)
VALUES = st.one_of(st.none(), st.binary(max_size=40))


@given(pairs=st.lists(st.tuples(ENTRIES, VALUES), max_size=5), binary=st.booleans())
@settings(max_examples=300, deadline=None)
def test_metadata_that_is_set(pairs: list[tuple[str, bytes | None]], binary: bool) -> None:
    """Whatever entries and values: they are read as they were meant, or refused."""
    literals: list[bytes] = []
    words = []
    for name, value in pairs:
        literals.append(name.encode("utf-8", "replace"))
        words.append(b"{%d}" % len(literals[-1]) + MARK)
        if value is not None:
            literals.append(value)
        words.append(b"NIL" if value is None else b"%b{%d}" % (b"~" if binary else b"", len(value)) + MARK)
    cursor = Cursor(Raw(b" INBOX (%b)" % b" ".join(words), tuple(literals)))
    try:
        given_values = COMMANDS[b"SETMETADATA"].parse(cursor).values
    except BadSyntax:
        assert not pairs or any(
            not name.lower().startswith(("/shared", "/private"))
            or "*" in name
            or (not binary and b"\0" in (value or b""))
            for name, value in pairs
        )
        return
    assert given_values == {name.lower(): value for name, value in pairs}


@given(text=st.text(max_size=80))
@settings(max_examples=500, deadline=None)
def test_an_entry_that_is_kept_is_read_again(text: str) -> None:
    for name in (text, f"/shared/{text}", f"/private/{text}"):
        try:
            kept = check_entry(name)
        except Refused:
            continue
        written = astring(kept.encode("ascii"))
        assert read_entries(Cursor(Raw(b"(%b)" % written))) == (kept,)


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
