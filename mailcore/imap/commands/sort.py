"""SORT, by number and by UID, in both forms of answer. RFC 5256, RFC 5267 §3."""

from __future__ import annotations

from functools import partial
from typing import Final

from mailcore.imap.commands.search import answered, refused_order, too_many
from mailcore.imap.commands.search_filters import with_filters
from mailcore.imap.commands.search_keys import Searching, read_program
from mailcore.imap.commands.search_returns import take_returns
from mailcore.imap.commands.sort_order import COLUMNS, Criterion
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply
from mailcore.imap.session import Session
from mailcore.imap.table import SELECTED, command

MOST_CRITERIA: Final = 50


def parse_sort(cursor: Cursor, *, uid: bool) -> Searching:
    """Perhaps RETURN (...), the criteria, the charset, and keys."""
    cursor.sp()
    returns = take_returns(cursor)
    criteria = tuple(cursor.listed(lambda: _criterion(cursor)))
    if not 0 < len(criteria) <= MOST_CRITERIA:
        cursor.fail(f"1 to {MOST_CRITERIA} criteria to sort by")
    cursor.sp()
    charset = cursor.astring()
    cursor.sp()
    return read_program(cursor, charset, uid=uid, returns=returns, criteria=criteria)


def _criterion(cursor: Cursor) -> Criterion:
    word = cursor.word()
    reverse = word == b"REVERSE"
    if reverse:
        cursor.sp()
        word = cursor.word()
    if word not in COLUMNS:
        cursor.fail("criteria among " + b" ".join(COLUMNS).decode())
    return Criterion(word, reverse)


@command("SORT", state=SELECTED, parse=partial(parse_sort, uid=False), numbers=True)
@command("UID SORT", state=SELECTED, parse=partial(parse_sort, uid=True))
@with_filters
async def sort(session: Session, given: Searching) -> Reply:
    """The messages that the keys fit, in the order of the criteria."""
    if too_many(session.selected, given):
        return refused_order(session.selected)
    return await answered(session, given)
