"""What emails are found by: a tree of conditions, each a test of a row. RFC 8621 §4.4.1."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from groupware.mime.summary import has_attachment_of
from groupware.model.flags import Flags
from groupware.model.ids import FolderId, Uid
from groupware.model.item import Query
from groupware.store.api import ReadTx
from web.jmap.email_get import FLAG_WORDS, keywords
from web.jmap.email_sort import Row
from web.jmap.errors import MethodError
from web.jmap.headers_of import FIELD_NAME
from web.jmap.ids import folder_of
from web.jmap.limits import DEEPEST_FILTER, FILTERS, HEADERS

Test = Callable[[Row], bool]
UNREAD: Final = (Flags.SEEN, Flags(0))
"""What `Filter.marks` says of what looks for unread emails alone."""
_WORDS: Final = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|(\S+)")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z\Z")
_FLAGS: Final = ("bits", "words")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition: what it reads, and how its test is made once the rows are there."""

    columns: tuple[str, ...]
    test: Callable[[ReadTx, Sequence[Row], Sequence[FolderId]], Test]
    mailbox: FolderId | None = None
    threads: bool = False
    query: Query | None = None
    """For one that the index of words decides."""
    marks: tuple[Flags, Flags] | None = None
    """For one that flags decide: which it looks at, and which of them an email has that matches."""
    header: tuple[str, str] | None = None
    """For one that looks at header fields: name in lower case, and what is in it ("": anything)."""


@dataclass(frozen=True, slots=True)
class Branch:
    """AND, OR or NOT of others."""

    operator: str
    inner: tuple[Branch | Leaf, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that has been read."""

    root: Branch
    columns: frozenset[str]
    threads: bool

    @property
    def headers(self) -> frozenset[tuple[str, str]]:
        """What has to be looked for in headers, before the filter can be used."""
        return frozenset(each.header for each in _leaves(self.root) if each.header is not None)

    def with_headers(self, found: Mapping[tuple[str, str], Collection[tuple[FolderId, Uid]]]) -> Filter:
        """The filter, once it is known where the fields are."""
        return replace(self, root=_settled(self.root, found))

    def narrowed(self, folders: Sequence[FolderId]) -> list[FolderId]:
        """The folders that can hold what is sought."""
        asked = {each.mailbox for each in self.root.inner if isinstance(each, Leaf) and each.mailbox is not None}
        if self.root.operator != "AND":
            return list(folders)
        return [at for at in folders if all(at == each for each in asked)]

    @property
    def query(self) -> Query | None:
        """What the index of words has to find of every email that matches; None when that is nothing."""
        asked = [each.query for each in self.root.inner if isinstance(each, Leaf) and each.query is not None]
        if not asked or self.root.operator != "AND":
            return None
        return Query(tuple(w for each in asked for w in each.text), tuple(f for each in asked for f in each.fields))

    @property
    def marks(self) -> tuple[Flags, Flags] | None:
        """Flags that are looked at, and those of them that every email has which matches; None: no matter which."""
        asked, had = Flags(0), Flags(0)
        for each in self.root.inner if self.root.operator == "AND" else ():
            if isinstance(each, Leaf) and each.marks is not None and not each.marks[0] & asked:
                asked, had = asked | each.marks[0], had | each.marks[1]
        return (asked, had) if asked else None

    @property
    def decided(self) -> bool:
        """Whether the index of words, asked in `narrowed` folders, has the last word."""
        plain = all(isinstance(each, Leaf) and (each.query or each.mailbox) is not None for each in self.root.inner)
        return plain and self.query is not None

    def kept(self, tx: ReadTx, rows: Sequence[Row], folders: Sequence[FolderId], *, decided: bool) -> list[Row]:
        """Those of the rows that match. `decided`: the rows are those that `query` has found."""
        root = self.root
        if decided:
            root = Branch("AND", tuple(each for each in root.inner if not (isinstance(each, Leaf) and each.query)))
        test = _made(root, tx, rows, folders)
        return [row for row in rows if test(row)]


def _made(node: Branch | Leaf, tx: ReadTx, rows: Sequence[Row], folders: Sequence[FolderId]) -> Test:
    if isinstance(node, Leaf):
        return node.test(tx, rows, folders)
    inner = [_made(each, tx, rows, folders) for each in node.inner]
    if node.operator == "AND":
        return lambda row: all(test(row) for test in inner)
    if node.operator == "OR":
        return lambda row: any(test(row) for test in inner)
    return lambda row: not any(test(row) for test in inner)


def _leaves(node: Branch | Leaf) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
        return
    for each in node.inner:
        yield from _leaves(each)


def _settled(node: Branch, found: Mapping[tuple[str, str], Collection[tuple[FolderId, Uid]]]) -> Branch:
    def one(each: Branch | Leaf) -> Branch | Leaf:
        if isinstance(each, Branch):
            return _settled(each, found)
        if each.header is None:
            return each
        there = found[each.header]
        return _plain((), lambda row: (row["at"], row["uid"]) in there)

    return Branch(node.operator, tuple([one(each) for each in node.inner]))


def read_filter(given: Mapping[str, Any]) -> Filter:
    """The filter. `MethodError` `unsupportedFilter`."""
    leaves: list[Leaf] = []
    root = _read(given, leaves, 0)
    if len({each.header for each in leaves if each.header is not None}) > HEADERS:
        raise _unsupported(f"up to {HEADERS} conditions look at header fields")
    columns = frozenset(name for each in leaves for name in each.columns)
    return Filter(root, columns, any(each.threads for each in leaves))


def _read(given: Mapping[str, Any], leaves: list[Leaf], depth: int) -> Branch:
    if depth > DEEPEST_FILTER or len(leaves) > FILTERS:
        raise _unsupported("the filter is nested too deep, or has too many conditions")
    if "operator" not in given:
        found = [_condition(name, value) for name, value in given.items()]
        leaves.extend(found)
        return Branch("AND", tuple(found))
    operator, inner = given["operator"], given.get("conditions")
    if operator not in ("AND", "OR", "NOT") or not isinstance(inner, list) or given.keys() - {"operator", "conditions"}:
        raise MethodError("invalidArguments", "a filter has an `operator` AND, OR or NOT and its `conditions`")
    if not all(isinstance(each, dict) for each in inner):
        raise MethodError("invalidArguments", "conditions are objects")
    read = [_read(each, leaves, depth + 1) for each in inner]
    if (
        operator == "AND"
    ):  # what has to hold together stands together, so the index of words is asked for all of it at once
        return Branch(
            operator, tuple([each for one in read for each in (one.inner if one.operator == "AND" else (one,))])
        )
    return Branch(operator, tuple(read))


def _unsupported(text: str) -> MethodError:
    return MethodError("unsupportedFilter", text)


def _condition(name: str, value: Any) -> Leaf:
    maker = _CONDITIONS.get(name)
    if maker is None:
        raise _unsupported(f"emails are not found by {name[:60]!r}")
    try:
        return maker(value)
    except (TypeError, ValueError):
        raise MethodError("invalidArguments", f"the value of {name!r} in the filter is none that it can have") from None


def _plain(columns: tuple[str, ...], test: Test, mailbox: FolderId | None = None) -> Leaf:
    return Leaf(columns, lambda tx, rows, folders: test, mailbox)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError
    return value


def _micros(value: Any) -> int:
    if not _MOMENT.match(_text(value)):
        raise ValueError
    moment = datetime.fromisoformat(value[:19]).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000


def _in_mailbox(value: Any) -> Leaf:
    at = folder_of(_text(value))
    if at is None:
        raise ValueError
    return _plain((), lambda row: row["at"] == at or at in row.get("mailboxes", ()), at)


def _other_than(value: Any) -> Leaf:
    if not isinstance(value, list):
        raise TypeError
    others = {folder_of(_text(each)) for each in value}
    return _plain((), lambda row: row["at"] not in others or not others.issuperset(row.get("mailboxes", ())))


def _keyword(value: Any, *, has: bool) -> Leaf:
    word = _text(value).lower()
    flag = next((each for each, known in FLAG_WORDS.items() if known == word), None)
    if flag is not None:
        mask = flag.value
        leaf = _plain(("bits",), lambda row: bool(row["bits"] & mask) == has)
        return replace(leaf, marks=(flag, flag if has else Flags(0)))
    return _plain(("words",), lambda row: (word in row["words"].lower() and word in keywords(0, row["words"])) == has)


def _in_thread(value: Any, which: str) -> Leaf:
    word = _text(value).lower()

    def made(tx: ReadTx, rows: Sequence[Row], folders: Sequence[FolderId]) -> Test:
        having, without = set[str](), set[str]()
        for row in rows:
            (having if word in keywords(row["bits"], row["words"]) else without).add(row["thread"])
        if which == "all":
            return lambda row: row["thread"] not in without
        return lambda row: (row["thread"] in having) == (which == "some")

    return Leaf(_FLAGS, made, threads=True)


def _attachment(value: Any) -> Leaf:
    if not isinstance(value, bool):
        raise TypeError
    return _plain(("summary",), lambda row: has_attachment_of(row["summary"]) == value)


def words_of(value: str) -> list[str]:
    """The words, and the texts in quotes, of what is sought."""
    words = [next(filter(None, each.groups()), "") for each in _WORDS.finditer(value)]
    return [re.sub(r"\\(.)", r"\1", each) for each in words if each]


def _words(value: Any, field: str) -> Leaf:
    """Every word, and every text in quotes, has to be there."""
    words = words_of(_text(value))
    query = Query(fields=tuple((field, each) for each in words)) if field else Query(text=tuple(words))

    def made(tx: ReadTx, rows: Sequence[Row], folders: Sequence[FolderId]) -> Test:
        if not words:
            return lambda row: True
        found = {(each.folder, each.uid) for each in tx.find(folders, query)}
        return lambda row: (row["at"], row["uid"]) in found

    return Leaf((), made, query=query if words else None)


def _header(value: Any) -> Leaf:
    """[name] or [name, text]. RFC 8621 §4.4.1."""
    if not isinstance(value, list) or len(value) not in (1, 2) or not all(isinstance(each, str) for each in value):
        raise TypeError
    if not FIELD_NAME.match(value[0]):
        raise ValueError
    wanted = (value[0].lower(), value[1] if len(value) == 2 else "")

    def made(tx: ReadTx, rows: Sequence[Row], folders: Sequence[FolderId]) -> Test:
        raise AssertionError("where header fields are is looked up first")

    return Leaf((), made, header=wanted)


def _since(value: Any) -> Leaf:
    moment = _micros(value)
    return _plain(("saved",), lambda row: row["saved"] >= moment)


def _before(value: Any) -> Leaf:
    moment = _micros(value)
    return _plain(("saved",), lambda row: row["saved"] < moment)


def _at_least(value: Any) -> Leaf:
    size = _number(value)
    return _plain(("octets",), lambda row: row["octets"] >= size)


def _less_than(value: Any) -> Leaf:
    size = _number(value)
    return _plain(("octets",), lambda row: row["octets"] < size)


_CONDITIONS: Final[Mapping[str, Callable[[Any], Leaf]]] = {
    "inMailbox": _in_mailbox,
    "inMailboxOtherThan": _other_than,
    "before": _before,
    "after": _since,
    "minSize": _at_least,
    "maxSize": _less_than,
    "allInThreadHaveKeyword": lambda value: _in_thread(value, "all"),
    "someInThreadHaveKeyword": lambda value: _in_thread(value, "some"),
    "noneInThreadHaveKeyword": lambda value: _in_thread(value, "none"),
    "hasKeyword": lambda value: _keyword(value, has=True),
    "notKeyword": lambda value: _keyword(value, has=False),
    "hasAttachment": _attachment,
    "header": _header,
    "text": lambda value: _words(value, ""),
    "from": lambda value: _words(value, "from"),
    "to": lambda value: _words(value, "to"),
    "cc": lambda value: _words(value, "cc"),
    "bcc": lambda value: _words(value, "bcc"),
    "subject": lambda value: _words(value, "subject"),
    "body": lambda value: _words(value, "body"),
}
