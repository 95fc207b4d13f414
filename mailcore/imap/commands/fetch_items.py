"""What FETCH can ask for, and how it is read. RFC 3501 §6.4.5, RFC 3516 §4, RFC 7162 §3.1.4, RFC 9394 §3.3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from mailcore.imap.commands.fetch_data import DATA_WORDS, skip_modifiers
from mailcore.imap.commands.partial import Partial, read_partial
from mailcore.imap.grammar import MOST_MODSEQ, Cursor, Numbers
from mailcore.imap.reply import astring

_PATH: Final = re.compile(rb"(?:[1-9][0-9]{0,8}\.){0,100}(?:[1-9][0-9]{0,8}|HEADER|TEXT|MIME)\Z")
_PART: Final = re.compile(rb"(?:[1-9][0-9]{0,8}\.){0,100}[1-9][0-9]{0,8}\Z")
_MACROS: Final = {
    b"FAST": (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE"),
    b"ALL": (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE"),
    b"FULL": (b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE", b"BODY"),
}
WORDS: Final = (
    b"UID",
    b"FLAGS",
    b"INTERNALDATE",
    b"RFC822.SIZE",
    b"ENVELOPE",
    b"BODY",
    b"BODYSTRUCTURE",
    b"MODSEQ",
    *DATA_WORDS,
)
_BINARY: Final = frozenset({b"BINARY", b"BINARY.PEEK", b"BINARY.SIZE"})
MOST_ITEMS: Final = 1000


@dataclass(frozen=True, slots=True)
class Section:
    """`BODY[...]` and its old names: which octets, and under which name they are sent."""

    label: bytes
    path: str = ""
    peek: bool = False
    names: tuple[str, ...] = ()
    """Of HEADER.FIELDS; `wanted` False for HEADER.FIELDS.NOT."""
    wanted: bool = True
    start: int = 0
    count: int | None = None
    """Of a <partial>."""
    form: Literal["stored", "decoded", "size"] = "stored"
    """BINARY and BINARY.SIZE take the transfer encoding off."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """FETCH's arguments."""

    numbers: Numbers
    uid: bool
    words: tuple[bytes, ...]
    sections: tuple[Section, ...] = ()
    since: int | None = None
    vanished: bool = False
    """Whether what was taken away since is told too. RFC 7162 §3.2.6."""
    partial: Partial | None = None

    @property
    def marks_seen(self) -> bool:
        """Whether it sets \\Seen."""
        return any(not section.peek for section in self.sections)


_OLD: Final = {
    b"RFC822": Section(b"RFC822"),
    b"RFC822.HEADER": Section(b"RFC822.HEADER", "HEADER", peek=True),
    b"RFC822.TEXT": Section(b"RFC822.TEXT", "TEXT"),
}


def parse_fetch(cursor: Cursor, *, uid: bool) -> Fetching:
    """A sequence set, items or a macro, and perhaps modifiers."""
    cursor.sp()
    numbers = cursor.numbers()
    cursor.sp()
    found: list[bytes | Section] = []
    if cursor.peek(b"("):
        found += cursor.listed(lambda: _item(cursor, cursor.name()))
    else:
        word = cursor.name()
        found += _MACROS[word] if word in _MACROS else [_item(cursor, word)]
    if not 0 < len(found) <= MOST_ITEMS:
        cursor.fail(f"1 to {MOST_ITEMS} items")
    since, vanished, partial = _modifiers(cursor, uid=uid) if cursor.take(b" ") else (None, False, None)
    words = [each for each in found if isinstance(each, bytes)]
    if uid and b"UID" not in words:
        words.insert(0, b"UID")
    if since is not None and b"MODSEQ" not in words:
        words.append(b"MODSEQ")
    sections = [each for each in found if isinstance(each, Section)]
    once = (tuple(dict.fromkeys(words)), tuple(dict.fromkeys(sections)))
    return Fetching(numbers, uid, *once, since, vanished, partial)


def read_items(cursor: Cursor) -> Fetching:
    """Items up to the closing parenthesis, to be told of messages that are yet to come. RFC 5465 §5.2, §7."""
    found = cursor.listed(lambda: _item(cursor, cursor.name()), opened=True)
    if not 0 < len(found) <= MOST_ITEMS:
        cursor.fail(f"1 to {MOST_ITEMS} items")
    words = [each for each in found if isinstance(each, bytes)]
    sections = [each for each in found if isinstance(each, Section)]
    return Fetching((), False, tuple(dict.fromkeys(words)), tuple(dict.fromkeys(sections)))


def _modifiers(cursor: Cursor, *, uid: bool) -> tuple[int | None, bool, Partial | None]:
    """CHANGEDSINCE, and with UIDs VANISHED (RFC 7162 §3.2.6) and PARTIAL (RFC 9394 §3.3), in any order."""
    since: int | None = None
    vanished = False
    partial: Partial | None = None

    def modifier() -> None:
        nonlocal since, vanished, partial
        word = cursor.word()
        if word == b"VANISHED" and uid and not vanished:
            vanished = True
            return
        cursor.sp()
        if word == b"CHANGEDSINCE" and since is None:
            since = cursor.number(MOST_MODSEQ)
        elif word == b"PARTIAL" and uid and partial is None:
            partial = read_partial(cursor)
        else:
            cursor.fail("CHANGEDSINCE, or with UIDs VANISHED or PARTIAL, before this; each once; it")

    if not cursor.listed(modifier):
        cursor.fail("a modifier such as CHANGEDSINCE")
    if vanished and since is None:
        cursor.fail("CHANGEDSINCE with VANISHED")
    return since, vanished, partial


def _item(cursor: Cursor, word: bytes) -> bytes | Section:
    if cursor.take(b"["):
        if word in _BINARY:
            return _binary(cursor, word)
        name = word.removesuffix(b".PEEK")
        if name != b"BODY":
            cursor.fail("BODY, BODY.PEEK or BINARY before [")
        return _section(cursor, peek=name != word)
    if word in _OLD:
        return _OLD[word]
    skip_modifiers(cursor, word)
    if word not in WORDS:
        cursor.fail("something to fetch: there is no " + word[:40].decode("ascii"))
    return word


def _section(cursor: Cursor, *, peek: bool) -> Section:
    """What stands in the brackets, and the partial behind them."""
    path, wanted = b"", True
    names: tuple[bytes, ...] = ()
    if not cursor.peek(b"]"):
        path = cursor.word()
        for ending in (b"HEADER.FIELDS", b"HEADER.FIELDS.NOT"):
            if path == ending or path.endswith(b"." + ending):
                wanted = ending == b"HEADER.FIELDS"
                path = path.removesuffix(ending) + b"HEADER"
                cursor.sp()
                names = tuple(cursor.listed(cursor.astring))
                if not names:
                    cursor.fail("names of header fields")
                break
        if not _PATH.match(path) or path == b"MIME":
            cursor.fail("a section such as TEXT, 1.2 or 1.MIME")
    cursor.sign(b"]")
    start, count = _partial(cursor)
    label = _label(path, names, wanted=wanted) + (b"<%d>" % start if count is not None else b"")
    texts = tuple([name.decode("utf-8", "replace") for name in names])
    return Section(label, path.decode("ascii"), peek, texts, wanted, start, count)


def _binary(cursor: Cursor, word: bytes) -> Section:
    """BINARY, BINARY.PEEK or BINARY.SIZE: a part's number or nothing, and a partial unless it is the size."""
    path = b"" if cursor.peek(b"]") else cursor.atom()
    if path and not _PART.match(path):
        cursor.fail("the number of a part, such as 1.2")
    cursor.sign(b"]")
    name = word.removesuffix(b".PEEK")
    if name == b"BINARY.SIZE":
        return Section(b"BINARY.SIZE[%b]" % path, path.decode("ascii"), peek=True, form="size")
    start, count = _partial(cursor)
    label = b"BINARY[%b]" % path + (b"<%d>" % start if count is not None else b"")
    peek = name != word
    return Section(label, path.decode("ascii"), peek, start=start, count=count, form="decoded")


def _partial(cursor: Cursor) -> tuple[int, int | None]:
    if not cursor.take(b"<"):
        return 0, None
    start = cursor.number(MOST_MODSEQ)
    cursor.sign(b".")
    count = cursor.number(MOST_MODSEQ)
    cursor.sign(b">")
    if not count:
        cursor.fail("at least one octet")
    return start, count


def _label(path: bytes, names: tuple[bytes, ...], *, wanted: bool) -> bytes:
    """The section as the response names it."""
    if not names:
        return b"BODY[%b]" % path
    fields = b"FIELDS" if wanted else b"FIELDS.NOT"
    return b"BODY[%b.%b (%b)]" % (path, fields, b" ".join([astring(name) for name in names]))
