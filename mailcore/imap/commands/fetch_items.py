"""What FETCH can ask for, and how it is read. RFC 3501 §6.4.5, RFC 7162 §3.1.4, RFC 9394 §3.3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mailcore.imap.commands.search_returns import Partial, read_partial
from mailcore.imap.grammar import MOST_MODSEQ, Cursor, Numbers
from mailcore.imap.reply import astring

_PATH: Final = re.compile(rb"(?:[1-9][0-9]{0,8}\.){0,100}(?:[1-9][0-9]{0,8}|HEADER|TEXT|MIME)\Z")
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
)
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


@dataclass(frozen=True, slots=True)
class Fetching:
    """FETCH's arguments."""

    numbers: Numbers
    uid: bool
    words: tuple[bytes, ...]
    sections: tuple[Section, ...] = ()
    since: int | None = None
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
    since, partial = _modifiers(cursor, uid=uid) if cursor.take(b" ") else (None, None)
    words = [each for each in found if isinstance(each, bytes)]
    if uid and b"UID" not in words:
        words.insert(0, b"UID")
    if since is not None and b"MODSEQ" not in words:
        words.append(b"MODSEQ")
    sections = [each for each in found if isinstance(each, Section)]
    return Fetching(numbers, uid, tuple(dict.fromkeys(words)), tuple(dict.fromkeys(sections)), since, partial)


def _modifiers(cursor: Cursor, *, uid: bool) -> tuple[int | None, Partial | None]:
    """CHANGEDSINCE, and with UIDs PARTIAL (RFC 9394 §3.3), in any order."""
    since: int | None = None
    partial: Partial | None = None

    def modifier() -> None:
        nonlocal since, partial
        word = cursor.word()
        cursor.sp()
        if word == b"CHANGEDSINCE" and since is None:
            since = cursor.number(MOST_MODSEQ)
        elif word == b"PARTIAL" and uid and partial is None:
            partial = read_partial(cursor)
        else:
            cursor.fail("CHANGEDSINCE, or with UIDs PARTIAL, before this; each once; it")

    if not cursor.listed(modifier):
        cursor.fail("a modifier such as CHANGEDSINCE")
    return since, partial


def _item(cursor: Cursor, word: bytes) -> bytes | Section:
    if cursor.take(b"["):
        name = word.removesuffix(b".PEEK")
        if name != b"BODY":
            cursor.fail("BODY or BODY.PEEK before [")
        return _section(cursor, peek=name != word)
    if word in _OLD:
        return _OLD[word]
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


def _partial(cursor: Cursor) -> tuple[int, int | None]:
    if not cursor.take(b"<"):
        return 0, None
    start = cursor.number()
    cursor.sign(b".")
    count = cursor.number()
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
