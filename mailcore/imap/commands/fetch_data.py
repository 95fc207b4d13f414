"""What FETCH tells of a message out of its row: which columns a word takes, and what it makes of a page of them.

EMAILID and THREADID (RFC 8474 §5), SAVEDATE (RFC 8514 §4.2), PREVIEW (RFC 8970 §3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from groupware.mime.summary import Ends, bodies_of, bodystructures_of, ends_of, envelopes_of, preview_in
from groupware.model.flags import words_in
from groupware.model.item import Item
from mailcore.imap.downgrade import downgraded
from mailcore.imap.grammar import Cursor
from mailcore.imap.objectids import thread_id
from mailcore.imap.reply import SYSTEM_FLAGS, flag_words, internal_date, string

Page = Mapping[str, Sequence[Any]]
"""Columns of some messages by the names that `ReadTx.columns` gives them, with `uid`; `ends` with `summary`."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told for one word."""

    piece: bytes
    """Of the template."""
    names: tuple[str, ...]
    """The columns that it takes."""
    fill: Callable[[Page], Sequence[Any]]
    """What fills the piece, for each message of the page."""
    moves: bool = False
    """Whether another thing may be told of the same message later."""


def page_of(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Page:
    """The columns of some rows, of which there is one at least."""
    return _with_ends(dict(zip(("uid", *names), zip(*rows, strict=True), strict=True)))


def page_of_items(names: Sequence[str], items: Sequence[Item]) -> Page:
    """The same columns of some items, of which there is one at least."""
    return _with_ends({name: list(map(_OF_ITEM[name], items)) for name in ("uid", *names)})


_OF_ITEM: Final[Mapping[str, Callable[[Item], Any]]] = {
    **{name: attrgetter(name) for name in Item._fields},
    "saved": attrgetter("saved_at"),
    "octets": lambda item: item.size + item.extra,
}


def _with_ends(page: dict[str, Sequence[Any]]) -> Page:
    if "summary" in page:
        page["ends"] = ends_of(page["summary"])
    return page


Keep = Callable[[Sequence[int], Sequence[bytes]], None]


def dear(told: Sequence[Told]) -> tuple[int, int]:
    """From where to where what is told never changes and is dear to make; nothing, unless that stands side by side.

    A UID costs nothing at either end.
    """
    fixed = [at for at, each in enumerate(told) if each.names and not each.moves]
    if not any("summary" in told[at].names for at in fixed):
        return 0, 0
    first, end = fixed[0], fixed[-1] + 1
    return (first, end) if not any(each.moves for each in told[first:end]) else (0, 0)


def remembered(told: Sequence[Told], pieces: Mapping[int, bytes], keep: Keep) -> Told:
    """All of these as one: out of `pieces` where the page has no columns for it, else made, and kept."""
    template = b" ".join([each.piece for each in told])
    names = tuple({name for each in told for name in each.names})

    def fill(page: Page) -> Sequence[bytes]:
        if names[0] not in page:
            return [pieces[uid] for uid in page["uid"]]
        made = [template % row for row in zip(*[each.fill(page) for each in told], strict=True)]
        keep(page["uid"], made)
        return made

    return Told(b"%b", names, fill)


def told(words: Iterable[bytes], recents: set[int], *, utf8: bool) -> Sequence[Told]:
    """What is told for these words. `recents`: UIDs of what is recent; `utf8`: whether the client knows UTF-8."""
    return [_told(word, recents, utf8=utf8) for word in words]


def _told(word: bytes, recents: set[int], *, utf8: bool) -> Told:
    if word == b"FLAGS":
        return Told(b"FLAGS (%b)", ("bits", "words"), lambda page: _flags(page, recents), moves=True)
    if word in _STRUCTURES:
        column = _STRUCTURES[word]
        return Told(word + b" %b", ("summary",), lambda page: _structure(page, column, utf8=utf8))
    return _PLAIN[word]


def _flags(page: Page, recents: set[int]) -> Sequence[bytes]:
    if not recents and not any(page["words"]):
        return [SYSTEM_FLAGS[bits] for bits in page["bits"]]
    marks = zip(page["uid"], page["bits"], page["words"], strict=True)
    return [flag_words(bits, words_in(words), recent=uid in recents) for uid, bits, words in marks]


_Structure = Callable[[Sequence[bytes], Sequence[Ends]], list[bytes]]
_STRUCTURES: Final[Mapping[bytes, _Structure]] = {
    b"ENVELOPE": envelopes_of,
    b"BODY": bodies_of,
    b"BODYSTRUCTURE": bodystructures_of,
}


def _structure(page: Page, column: _Structure, *, utf8: bool) -> Sequence[bytes]:
    found = column(page["summary"], page["ends"])
    return found if utf8 or all(map(bytes.isascii, found)) else [downgraded(each) for each in found]


def _thread(summary: bytes) -> bytes:
    found = thread_id(summary)
    return b"(%b)" % found if found is not None else b"NIL"


_PLAIN: Final[Mapping[bytes, Told]] = {
    b"UID": Told(b"UID %d", (), lambda page: page["uid"]),
    b"MODSEQ": Told(b"MODSEQ (%d)", ("modseq",), lambda page: page["modseq"], moves=True),
    b"RFC822.SIZE": Told(b"RFC822.SIZE %d", ("octets",), lambda page: page["octets"]),
    b"INTERNALDATE": Told(b"INTERNALDATE %b", ("saved",), lambda page: list(map(internal_date, page["saved"]))),
    b"SAVEDATE": Told(b"SAVEDATE %b", ("arrived",), lambda page: list(map(internal_date, page["arrived"]))),
    b"EMAILID": Told(b"EMAILID (M%d)", ("email",), lambda page: page["email"]),
    b"THREADID": Told(b"THREADID %b", ("summary",), lambda page: list(map(_thread, page["summary"]))),
    b"PREVIEW": Told(b"PREVIEW %b", ("summary",), lambda page: [string(preview_in(each)) for each in page["summary"]]),
}
DATA_WORDS: Final = (b"EMAILID", b"THREADID", b"SAVEDATE", b"PREVIEW")


def skip_modifiers(cursor: Cursor, word: bytes) -> None:
    """What may stand behind PREVIEW: (LAZY), which changes nothing, for every preview is there. RFC 8970 §4.1."""
    if word == b"PREVIEW" and (cursor.peek(b" (LAZY") or cursor.peek(b" (lazy")):
        cursor.sp()
        if any(each != b"LAZY" for each in cursor.listed(cursor.word)):
            cursor.fail("LAZY")
