"""SEARCH, by number and by UID, with ESEARCH's answers. RFC 3501 §6.4.4, RFC 4731, RFC 5182, RFC 5267."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from groupware.model.errors import GroupwareError
from mailcore.imap.commands.search_context import follow
from mailcore.imap.commands.search_filters import with_filters
from mailcore.imap.commands.search_keys import CHARSETS, Searching, parse_search
from mailcore.imap.commands.search_progress import Progress
from mailcore.imap.commands.search_returns import Returns, extended, kept, of_interest
from mailcore.imap.commands.search_run import Search, looked_at
from mailcore.imap.commands.sort_order import in_order
from mailcore.imap.reply import Reply, bad, no, ok
from mailcore.imap.selected import look
from mailcore.imap.session import Session
from mailcore.imap.table import SELECTED, command
from mailcore.imap.view import View


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, in the order that was asked for."""

    places: Sequence[int]
    scores: Mapping[int, int]
    """How relevant the message in a place is, where the search is fuzzy."""


@command("SEARCH", state=SELECTED, parse=partial(parse_search, uid=False), numbers=True)
@command("UID SEARCH", state=SELECTED, parse=partial(parse_search, uid=True))
@with_filters
async def search(session: Session, given: Searching) -> Reply:
    """The messages that the keys fit."""
    if given.returns is None and session.modes.rev2:
        given = replace(given, returns=Returns())  # RFC 9051 §6.4.4
    return await answered(session, given)


def bad_charset() -> Reply:
    """The answer to a charset that nobody knows. RFC 5256 §3, RFC 3501 §6.4.4."""
    return no("Strings are understood in these charsets", b"BADCHARSET (%b)" % b" ".join(CHARSETS))


async def answered(session: Session, given: Searching, *, place: bytes = b"") -> Reply:
    """The whole answer of SEARCH and SORT, and of ESEARCH (with `place`) in the selected mailbox."""
    view, returns = session.selected, given.returns
    saves = returns is not None and b"SAVE" in returns.words
    if returns is not None and b"UPDATE" in returns.words and session.tag in view.contexts:
        return bad("A search that is followed has that tag already")
    if not given.known_charset:
        view.saved = array("I") if saves else view.saved  # RFC 5182 §2.1
        return bad_charset()
    if given.by_modseq:
        session.use_condstore()
    if not await look(session, view):
        return no("The mailbox is gone", b"NONEXISTENT")
    try:
        found = await find(session, view, given)
    except GroupwareError:
        view.saved = array("I") if saves else view.saved
        raise
    if returns is None:
        return ok("That is all", lines=[_plain(view, given, found.places)])
    if saves:
        view.saved = array("I", sorted([view.uids[at] for at in kept(returns, found.places)]))
    lines = []
    if not returns.silent and (found.places or not place):
        lines.append(extended_line(session, view, given, found, place=place))
    if b"UPDATE" in returns.words:
        lines += await follow(session, view, given, found.places)
    return ok("That is all", lines=lines)


async def find(session: Session, view: View, given: Searching) -> Found:
    """The messages in that view that the keys fit, as far as the client knows of them."""
    told: Sequence[int] = range(view.told_count)
    if view.leaving():
        told = [at for at in told if view.there(at)]
    if view.limit:
        told = view.newest(looked_at(view, given.key, told))
    run = Search(session, view, session.shared.parts.clock.now(), Progress(session))
    places = await run.run(given.key, told)
    if given.criteria:
        places = await in_order(session, view, given.criteria, places, run.scores)
    return Found(places, run.scores)


def too_many(view: View, given: Searching) -> bool:
    """Whether the search looks at more messages than one command may put into an order. RFC 9738 §3.3."""
    return 0 < view.limit < len(looked_at(view, given.key, range(view.told_count)))


def refused_order(view: View) -> Reply:
    """The answer to what would put too many into an order: one of the newest alone would be no order."""
    return no(f"At most {view.limit} messages are put into an order at once", b"MESSAGELIMIT %d" % view.limit)


def _numbers(view: View, places: Sequence[int], *, uid: bool) -> Sequence[int]:
    return [view.uids[at] for at in places] if uid else [at + 1 for at in places]


def _plain(view: View, given: Searching, places: Sequence[int]) -> bytes:
    name = b"* SORT" if given.criteria else b"* SEARCH"
    words = [name, *[b"%d" % number for number in _numbers(view, places, uid=given.uid)]]
    if given.by_modseq and places:
        words.append(b"(MODSEQ %d)" % max([view.modseqs[at] for at in places]))
    return b" ".join(words) + b"\r\n"


def extended_line(session: Session, view: View, given: Searching, found: Found, *, place: bytes = b"") -> bytes:
    """The ESEARCH response for what was found in that view."""
    returns, places = given.returns or Returns(), found.places
    modseq = None
    if given.by_modseq and places:
        modseq = max([view.modseqs[at] for at in of_interest(returns, places)])
    return extended(
        session.tag,
        returns,
        _numbers(view, places, uid=given.uid),
        uid=given.uid,
        modseq=modseq,
        scores=[found.scores.get(at, 100) for at in places],
        place=place,
    )
