"""RETURN (...): what SEARCH, SORT and ESEARCH tell. RFC 4731, 5182, 5267 §4.4, 5465 §7, 6203 §4, 9394."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from mailcore.imap.commands.fetch_items import Fetching, read_items
from mailcore.imap.commands.partial import Partial, part, read_partial
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import number_set, string

T = TypeVar("T")

WORDS: Final = (b"MIN", b"MAX", b"ALL", b"COUNT", b"SAVE", b"RELEVANCY", b"CONTEXT", b"UPDATE", b"PARTIAL")
_ENDS: Final = frozenset({b"MIN", b"MAX"})
_WHOLE: Final = frozenset({b"ALL", b"COUNT"})


@dataclass(frozen=True, slots=True)
class Returns:
    """The options as given; none at all means ALL."""

    words: frozenset[bytes] = frozenset({b"ALL"})
    partial: Partial | None = None
    items: Fetching | None = None
    """What UPDATE tells of new messages besides. RFC 5465 §7."""

    @property
    def silent(self) -> bool:
        """Whether nothing is told, only kept. RFC 5182 §2.1."""
        return self.words == {b"SAVE"}


def take_returns(cursor: Cursor) -> Returns | None:
    """RETURN and its options, with the space behind; None when the command has none."""
    if not cursor.take_word(b"RETURN"):
        return None
    cursor.sp()
    partial: Partial | None = None
    items: Fetching | None = None

    def option() -> bytes:
        nonlocal partial, items
        word = cursor.word()
        if word not in WORDS:
            cursor.fail("return options among " + b" ".join(WORDS).decode())
        if word == b"PARTIAL":
            if partial is not None:
                cursor.fail("one PARTIAL")
            cursor.sp()
            partial = read_partial(cursor)
        if word == b"UPDATE" and (cursor.take(b" (") or cursor.take(b"(")):
            items = read_items(cursor)
        return word

    words = frozenset(cursor.listed(option))
    if {b"PARTIAL", b"ALL"} <= words:
        cursor.fail("either ALL or PARTIAL")
    cursor.sp()
    return Returns(words or frozenset({b"ALL"}), partial, items)


def kept(returns: Returns, found: Sequence[T]) -> Sequence[T]:
    """What SAVE keeps of it. RFC 5182 §2.1, RFC 9394 §3.2."""
    if _WHOLE & returns.words or not (_ENDS & returns.words or returns.partial):
        return found
    some = list(part(found, returns.partial)) if returns.partial else []
    ends = [found[0]] if b"MIN" in returns.words and found else []
    ends += [found[-1]] if b"MAX" in returns.words and found else []
    return some + [each for each in ends if each not in some]


def of_interest(returns: Returns, found: Sequence[T]) -> Sequence[T]:
    """Those whose MODSEQ counts for the answer's: with MIN or MAX alone only theirs. RFC 7162 §3.1.10."""
    told = returns.words & (_ENDS | _WHOLE | {b"PARTIAL"})
    if told and told <= _ENDS and found:
        return [found[0]] * (b"MIN" in told) + [found[-1]] * (b"MAX" in told)
    return found


def extended(
    tag: bytes,
    returns: Returns,
    numbers: Sequence[int],
    *,
    uid: bool,
    modseq: int | None = None,
    scores: Sequence[int] = (),
    place: bytes = b"",
) -> bytes:
    """The ESEARCH response. `scores` are those of the numbers; `place` says which mailbox it is about."""
    words = [b"* ESEARCH (TAG %b%b)" % (string(tag), place)]
    if uid:
        words.append(b"UID")
    if b"MIN" in returns.words and numbers:
        words.append(b"MIN %d" % numbers[0])
    if b"MAX" in returns.words and numbers:
        words.append(b"MAX %d" % numbers[-1])
    if b"ALL" in returns.words and numbers:
        words.append(b"ALL " + number_set(numbers))
    if returns.partial:
        some = number_set(part(numbers, returns.partial)) or b"NIL"
        words.append(b"PARTIAL (%d:%d %b)" % (*returns.partial, some))
    if b"COUNT" in returns.words:
        words.append(b"COUNT %d" % len(numbers))
    if b"RELEVANCY" in returns.words:
        told = part(scores, returns.partial) if returns.partial else scores
        words.append(b"RELEVANCY (%b)" % b" ".join([b"%d" % score for score in told]))
    if modseq is not None:
        words.append(b"MODSEQ %d" % modseq)
    return b" ".join(words) + b"\r\n"
