"""SEARCH, by number and by UID, with ESEARCH's answers. RFC 3501 §6.4.4, RFC 4731."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from mailcore.imap.commands.search_keys import CHARSETS, Searching, parse_search
from mailcore.imap.commands.search_run import Search
from mailcore.imap.reply import Reply, no, number_set, ok, string
from mailcore.imap.session import Session
from mailcore.imap.table import SELECTED, command
from mailcore.imap.view import View


@command("SEARCH", state=SELECTED, parse=partial(parse_search, uid=False), numbers=True)
@command("UID SEARCH", state=SELECTED, parse=partial(parse_search, uid=True))
async def search(session: Session, given: Searching) -> Reply:
    """The messages that the keys fit."""
    if not given.known_charset:
        return no("Strings are understood in these charsets", b"BADCHARSET (%b)" % b" ".join(CHARSETS))
    if given.returns is None and session.modes.rev2:
        given = replace(given, returns=frozenset((b"ALL",)))  # RFC 9051 §6.4.4
    view = session.selected
    if given.by_modseq:
        session.use_condstore()
    if not await session.look(view):
        return no("The mailbox is gone", b"NONEXISTENT")
    told = view.newest([at for at in range(view.told_count) if view.there(at)])
    now = session.shared.parts.clock.now()
    places = await Search(session, view, now).run(given.key, told)
    line = _plain(view, given, places) if given.returns is None else _extended(session, view, given, places)
    return ok("That is all", lines=[line])


def _numbers(view: View, places: Sequence[int], *, uid: bool) -> Sequence[int]:
    return [view.uids[at] for at in places] if uid else [at + 1 for at in places]


def _plain(view: View, given: Searching, places: Sequence[int]) -> bytes:
    words = [b"* SEARCH", *[b"%d" % number for number in _numbers(view, places, uid=given.uid)]]
    if given.by_modseq and places:
        words.append(b"(MODSEQ %d)" % max([view.modseqs[at] for at in places]))
    return b" ".join(words) + b"\r\n"


def _extended(session: Session, view: View, given: Searching, places: Sequence[int]) -> bytes:
    returns = given.returns or frozenset()
    numbers = _numbers(view, places, uid=given.uid)
    words = [b"* ESEARCH (TAG %b)" % string(session.tag)]
    if given.uid:
        words.append(b"UID")
    if b"MIN" in returns and numbers:
        words.append(b"MIN %d" % numbers[0])
    if b"MAX" in returns and numbers:
        words.append(b"MAX %d" % numbers[-1])
    if b"ALL" in returns and numbers:
        words.append(b"ALL " + number_set(numbers))
    if b"COUNT" in returns:
        words.append(b"COUNT %d" % len(numbers))
    if given.by_modseq and places:
        words.append(b"MODSEQ %d" % _modseq(view, returns, places))
    return b" ".join(words) + b"\r\n"


def _modseq(view: View, returns: frozenset[bytes], places: Sequence[int]) -> int:
    """Of the messages that are told: with MIN or MAX alone only theirs. RFC 7162 §3.1.10."""
    ends = {b"MIN": places[0], b"MAX": places[-1]}
    told = [ends[each] for each in returns] if returns <= ends.keys() else places
    return max([view.modseqs[at] for at in told])
