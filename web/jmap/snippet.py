"""`SearchSnippet/get`: where in an email the words of a search are. RFC 8621 §5."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from groupware.mime.summary import decode
from groupware.mime.text import text_of
from groupware.store.api import ReadTx
from web.jmap.arguments import argument, ident, ids, thing
from web.jmap.email_filter import read_filter, words_of
from web.jmap.email_get import Row, rows_of
from web.jmap.errors import MethodError
from web.jmap.ids import account_id
from web.jmap.turn import Turn, owner_in, readable

MOST: Final = 50
"""Emails whose texts one call reads."""
_LONGEST: Final = 255
"""Octets of a preview, marks included."""
_BEFORE: Final = 60
_TEXT: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Arguments:
    """RFC 8621 §5.1."""

    account_id: str = argument(ident)
    email_ids: tuple[str, ...] = argument(ids)
    filter: Mapping[str, Any] | None = argument(thing, None)


async def get(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`SearchSnippet/get`."""
    if len(arguments.email_ids) > MOST:
        raise MethodError("requestTooLarge", f"more than {MOST} emails")
    read_filter(arguments.filter or {})
    subject = _pattern(_words(arguments.filter or {}, ("text", "subject")))
    body = _pattern(_words(arguments.filter or {}, ("text", "body")))
    names = [turn.real(each) for each in arguments.email_ids]

    def work(tx: ReadTx) -> tuple[str, Mapping[str, Row]]:
        owner = owner_in(tx, arguments.account_id)
        return account_id(owner), rows_of(tx, readable(tx, owner), names)

    account, rows = await turn.read(work)
    told = []
    for name in names:
        if name in rows:
            preview = await _preview(turn, rows[name], body)
            told.append({"emailId": name, "subject": _subject(rows[name], subject), "preview": preview})
    absent = [name for name in names if name not in rows]
    return {"accountId": account, "list": told, "notFound": absent or None}


def _words(given: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """The words that make an email match; those of a NOT do not."""
    if "operator" in given:
        for each in given["conditions"] if given["operator"] != "NOT" else ():
            yield from _words(each, names)
        return
    for name in names:
        if isinstance(given.get(name), str):
            yield from words_of(given[name])


def _pattern(words: Iterator[str]) -> re.Pattern[str] | None:
    found = sorted(set(words), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, found)), re.IGNORECASE) if found else None


def _subject(row: Row, pattern: re.Pattern[str] | None) -> str | None:
    subject = decode(row.summary).subject
    return _marked(subject, pattern) if pattern is not None and pattern.search(subject) else None


async def _preview(turn: Turn, row: Row, pattern: re.Pattern[str] | None) -> str | None:
    if pattern is None:
        return None
    octets = await turn.parts.blobs.read(row.blob)

    def work() -> str | None:
        text = " ".join(text_of(octets, decode(row.summary).parts, _TEXT).split())
        first = pattern.search(text)
        if first is None:
            return None
        start = max(0, first.start() - _BEFORE)
        length = _LONGEST
        while True:  # marks and entities take room as well
            found = _marked(text[start : start + length], pattern)
            if len(found.encode("utf-8", "replace")) <= _LONGEST or length < 16:
                return found
            length = length * 3 // 4

    return await asyncio.to_thread(work)


def _marked(text: str, pattern: re.Pattern[str] | None) -> str:
    """The text as HTML, what was sought between <mark> and </mark>."""
    if pattern is None:
        return html.escape(text)
    pieces, at = [], 0
    for each in pattern.finditer(text):
        pieces.append(f"{html.escape(text[at : each.start()])}<mark>{html.escape(each[0])}</mark>")
        at = each.end()
    return "".join(pieces) + html.escape(text[at:])
