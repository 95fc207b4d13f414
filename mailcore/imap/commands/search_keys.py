"""The keys of SEARCH as values. RFC 3501 §6.4.4, 5032, 5182, 5466 §3.1, 6203, 7162 §3.1.5, 9738 §3.2."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from groupware.model.flags import Flags
from mailcore.imap.commands.search_returns import Returns, take_returns
from mailcore.imap.commands.sort_order import RELEVANCY, Criterion
from mailcore.imap.grammar import MOST, MOST_MODSEQ, BadSyntax, Cursor, Numbers
from mailcore.imap.wire import Raw

DEEPEST: Final = 50
MOST_KEYS: Final = 1000
CHARSETS: Final = (b"US-ASCII", b"UTF-8")

When = Literal["before", "on", "since"]


@dataclass(frozen=True, slots=True)
class Every:
    """ALL."""


@dataclass(frozen=True, slots=True)
class Flagged:
    """SEEN and its like."""

    flag: Flags


@dataclass(frozen=True, slots=True)
class Word:
    """KEYWORD."""

    word: str


@dataclass(frozen=True, slots=True)
class Recent:
    """RECENT."""


@dataclass(frozen=True, slots=True)
class Among:
    """A sequence set, or UID and a set."""

    numbers: Numbers
    uid: bool


@dataclass(frozen=True, slots=True)
class Modseq:
    """MODSEQ: at least so high."""

    least: int


@dataclass(frozen=True, slots=True)
class Size:
    """LARGER and SMALLER."""

    than: int
    larger: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """BEFORE, ON, SINCE: by INTERNALDATE."""

    when: When
    day: datetime.date


@dataclass(frozen=True, slots=True)
class Arrived:
    """SAVEDBEFORE, SAVEDON, SAVEDSINCE: by SAVEDATE. RFC 8514 §4.3."""

    when: When
    day: datetime.date


@dataclass(frozen=True, slots=True)
class Called:
    """EMAILID and THREADID. RFC 8474 §6."""

    id: bytes
    thread: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """SENTBEFORE, SENTON, SENTSINCE: by the Date field."""

    when: When
    day: datetime.date


@dataclass(frozen=True, slots=True)
class Within:
    """OLDER and YOUNGER: by INTERNALDATE, in seconds from now."""

    seconds: int
    younger: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A header field contains a text. `name` in lower case."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Body:
    """The body contains a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """Header or body contain a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """FILTER: the keys that are kept under this name. They take its place before the search begins. RFC 5466 §3.1."""

    name: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """The key, taken generously: RFC 6203."""

    key: Key


@dataclass(frozen=True, slots=True)
class Not:
    """What the key does not fit."""

    key: Key


@dataclass(frozen=True, slots=True)
class Either:
    """OR."""

    one: Key
    other: Key


@dataclass(frozen=True, slots=True)
class Both:
    """All of these."""

    keys: tuple[Key, ...]


Key = (
    Arrived | Called | Every | Flagged | Word | Recent | Among | Modseq | Size | Saved | Sent | Within | Field | Body
    | Text | Not | Either | Both | Fuzzy | Named
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Searching:
    """SEARCH's arguments."""

    key: Key
    uid: bool
    returns: Returns | None
    """None: the untagged SEARCH response; else ESEARCH with these."""
    known_charset: bool = True
    criteria: tuple[Criterion, ...] = ()
    """What to sort by; nothing: the order of the mailbox."""

    @property
    def by_modseq(self) -> bool:
        """Whether MODSEQ is among the keys: then the answer has one too."""
        return any(isinstance(each, Modseq) for each in parts(self.key))


def changed(key: Key, change: Callable[[Key], Key]) -> Key:
    """The key with each part of it that has no parts itself put through `change`."""
    match key:
        case Not(inner):
            return Not(changed(inner, change))
        case Fuzzy(inner):
            return Fuzzy(changed(inner, change))
        case Either(one, other):
            return Either(changed(one, change), changed(other, change))
        case Both(keys):
            return Both(tuple([changed(each, change) for each in keys]))
    return change(key)


def parts(key: Key) -> Iterator[Key]:
    """The key and everything it is made of."""
    yield key
    match key:
        case Not(inner) | Fuzzy(inner):
            yield from parts(inner)
        case Either(one, other):
            yield from parts(one)
            yield from parts(other)
        case Both(keys):
            for each in keys:
                yield from parts(each)


_SIMPLE: Final[Mapping[bytes, Key]] = {
    b"ALL": Every(),
    b"SAVEDATESUPPORTED": Every(),
    b"RECENT": Recent(),
    b"OLD": Not(Recent()),
    b"NEW": Both((Recent(), Not(Flagged(Flags.SEEN)))),
    **{name: Flagged(flag) for name, flag in zip(
        (b"SEEN", b"ANSWERED", b"FLAGGED", b"DELETED", b"DRAFT"), Flags, strict=True)},
    **{b"UN" + name: Not(Flagged(flag)) for name, flag in zip(
        (b"SEEN", b"ANSWERED", b"FLAGGED", b"DELETED", b"DRAFT"), Flags, strict=True)},
}  # fmt: skip


class _Keys:
    """Reads keys, and counts them."""

    __slots__ = ("_count", "_cursor", "_fuzzy")

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._count = 0
        self._fuzzy = False

    def all(self, deep: int = 0) -> Key:
        """Keys with spaces between them, up to what ends them."""
        keys = [self.one(deep)]
        while self._cursor.take(b" "):
            keys.append(self.one(deep))
        return keys[0] if len(keys) == 1 else Both(tuple(keys))

    def one(self, deep: int) -> Key:
        cursor = self._cursor
        self._count += 1
        if deep > DEEPEST or self._count > MOST_KEYS:
            cursor.fail(f"at most {MOST_KEYS} keys, {DEEPEST} deep")
        if cursor.take(b"("):
            inner = self.all(deep + 1)
            cursor.sign(b")")
            return inner
        if cursor.at_set:
            return Among(cursor.numbers(), uid=False)
        word = cursor.word()
        if word in _SIMPLE:
            return _SIMPLE[word]
        if word not in _READ and word not in (b"NOT", b"OR", b"FUZZY"):
            cursor.fail("a search key before this: there is no such one; it")
        cursor.sp()
        if word == b"NOT":
            return Not(self.one(deep + 1))
        if word == b"OR":
            one = self.one(deep + 1)
            cursor.sp()
            return Either(one, self.one(deep + 1))
        if word == b"FUZZY":
            return self._generously(deep + 1)
        return _READ[word](cursor)

    def _generously(self, deep: int) -> Key:
        """What FUZZY applies to. Within it another one says nothing new, and would only multiply the work."""
        if self._fuzzy:
            return self.one(deep)
        self._fuzzy = True
        inner = self.one(deep)
        self._fuzzy = False
        return Fuzzy(inner)


def _header(cursor: Cursor) -> Key:
    name = cursor.text().lower()
    cursor.sp()
    return Field(name, cursor.text())


def _beside(cursor: Cursor, *, after: bool) -> Key:
    """UIDAFTER and UIDBEFORE: what stands on one side of a UID, be it there or not. RFC 9738 §3.2."""
    uid = cursor.number()
    if not uid:
        cursor.fail("a UID")
    first, last = (uid + 1, MOST + 1) if after else (1, uid - 1)
    return Among(((first, last),) if last else (), uid=True)


def _named(cursor: Cursor) -> Key:
    name = cursor.atom()
    if b"/" in name:
        cursor.fail("the name of a filter, without a slash, before this; it")
    return Named(name.decode("ascii"))


def _modseq(cursor: Cursor) -> Key:
    if cursor.peek(b'"'):  # an entry's name and type: all flags share one MODSEQ here
        cursor.string()
        cursor.sp()
        cursor.atom()
        cursor.sp()
    return Modseq(cursor.number(MOST_MODSEQ))


_READ: Final[Mapping[bytes, Callable[[Cursor], Key]]] = {
    b"UID": lambda c: Among(c.numbers(), uid=True),
    b"UIDAFTER": lambda c: _beside(c, after=True),
    b"UIDBEFORE": lambda c: _beside(c, after=False),
    b"KEYWORD": lambda c: Word(c.atom().decode("ascii")),
    b"UNKEYWORD": lambda c: Not(Word(c.atom().decode("ascii"))),
    b"LARGER": lambda c: Size(c.number(MOST_MODSEQ), larger=True),
    b"SMALLER": lambda c: Size(c.number(MOST_MODSEQ), larger=False),
    b"BEFORE": lambda c: Saved("before", c.date()),
    b"ON": lambda c: Saved("on", c.date()),
    b"SINCE": lambda c: Saved("since", c.date()),
    b"SAVEDBEFORE": lambda c: Arrived("before", c.date()),
    b"SAVEDON": lambda c: Arrived("on", c.date()),
    b"SAVEDSINCE": lambda c: Arrived("since", c.date()),
    b"EMAILID": lambda c: Called(c.atom(), thread=False),
    b"THREADID": lambda c: Called(c.atom(), thread=True),
    b"SENTBEFORE": lambda c: Sent("before", c.date()),
    b"SENTON": lambda c: Sent("on", c.date()),
    b"SENTSINCE": lambda c: Sent("since", c.date()),
    b"OLDER": lambda c: Within(c.number(), younger=False),
    b"YOUNGER": lambda c: Within(c.number(), younger=True),
    b"SUBJECT": lambda c: Field("subject", c.text()),
    b"FROM": lambda c: Field("from", c.text()),
    b"TO": lambda c: Field("to", c.text()),
    b"CC": lambda c: Field("cc", c.text()),
    b"BCC": lambda c: Field("bcc", c.text()),
    b"HEADER": _header,
    b"BODY": lambda c: Body(c.text()),
    b"TEXT": lambda c: Text(c.text()),
    b"MODSEQ": _modseq,
    b"FILTER": _named,
}


def read_stored(octets: bytes) -> Key:
    """The keys that are kept as text, on one line and so without literals. `BadSyntax`. RFC 5466 §3.2."""
    if b"\r" in octets or b"\n" in octets:
        raise BadSyntax("a stored search is one line")
    cursor = Cursor(Raw(octets))
    if cursor.take_word(b"CHARSET"):
        cursor.sp()
        if cursor.astring().upper() not in CHARSETS:
            cursor.fail("a charset that is known before this; it")
        cursor.sp()
    key = _Keys(cursor).all()
    cursor.end()
    return key


def parse_search(cursor: Cursor, *, uid: bool) -> Searching:
    """Perhaps RETURN (...), perhaps CHARSET, and keys."""
    cursor.sp()
    returns = take_returns(cursor)
    charset = CHARSETS[0]
    if cursor.take_word(b"CHARSET"):
        cursor.sp()
        charset = cursor.astring()
        cursor.sp()
    return read_program(cursor, charset, uid=uid, returns=returns)


def read_program(
    cursor: Cursor,
    charset: bytes,
    *,
    uid: bool,
    returns: Returns | None = None,
    criteria: tuple[Criterion, ...] = (),
) -> Searching:
    """The keys up to the end; with a charset that nobody knows they are passed over."""
    if charset.upper() not in CHARSETS:
        cursor.skip_to_end()
        return Searching(Every(), uid, returns, known_charset=False)
    key = _Keys(cursor).all()
    relevant = RELEVANCY in (returns.words if returns else ()) or any(each.name == RELEVANCY for each in criteria)
    if relevant and not any(isinstance(each, Fuzzy) for each in parts(key)):
        cursor.fail("a FUZZY key where RELEVANCY is asked for")
    return Searching(key, uid, returns, criteria=criteria)
