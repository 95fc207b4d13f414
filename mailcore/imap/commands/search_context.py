"""UPDATE: what a search found is kept up to date for the client, and CANCELUPDATE. RFC 5267 §4.3.

A context knows its members by UID. What changed since it last looked is searched again, and nothing else. The client
is told of what leaves before EXPUNGE takes its number away, and of what comes after EXISTS has given it one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import Any, Final

from groupware.model.errors import GroupwareError
from groupware.model.ids import Uid, ranges
from mailcore.imap.commands import fetch
from mailcore.imap.commands.search_keys import Among, Every, Key, Not, Searching, Within, changed, parts
from mailcore.imap.commands.search_progress import Progress
from mailcore.imap.commands.search_run import Search, among
from mailcore.imap.commands.sort_order import RELEVANCY, key_rows, names_of, place_in_order
from mailcore.imap.grammar import STAR, Cursor
from mailcore.imap.reply import Reply, bad, no, number_set, ok, status_line, string
from mailcore.imap.session import Session
from mailcore.imap.table import SELECTED, command
from mailcore.imap.view import View

MOST_CONTEXTS: Final = 16
MOST_SORTED: Final = 20_000
"""Messages in a sorted context; what is unsorted may have any number."""
MOST_TAGS: Final = 100

Pairs = Sequence[tuple[int, int]]
"""(position in the results or 0, UID), in the order in which they apply."""


class Context:
    """One search that is followed."""

    __slots__ = (
        "_given",
        "_key",
        "_last",
        "_members",
        "_names",
        "_order",
        "_reached",
        "_session",
        "_stirred",
        "_tag",
        "_view",
    )

    def __init__(self, session: Session, view: View, given: Searching) -> None:
        self._session, self._view, self._given, self._tag = session, view, given, session.tag
        self._key = fixed(given.key, view)
        self._names = names_of(given.criteria)
        self._members: set[int] = set()
        self._order: list[tuple[Any, ...]] = []  # of a sorted one; the last value of each is the UID
        self._reached, self._stirred, self._last = view.modseq, view.stirred, view.last_told

    async def begin(self, places: Sequence[int]) -> None:
        """Takes what the search found."""
        self._members = {self._view.uids[at] for at in places}
        if self._given.criteria:
            self._order = sorted(await self._standing(places))

    async def _standing(self, places: Sequence[int]) -> list[tuple[Any, ...]]:
        rows = await key_rows(self._session, self._view, self._names, places)
        return [place_in_order(self._given.criteria, self._names, row) for row in rows]

    def parting(self) -> list[bytes]:
        """What is to be told before the view lets go of what vanished."""
        return self._without(uid for uid in self._view.leaving() if uid in self._members)

    async def news(self) -> list[bytes]:
        """What is to be told of what changed, when the client knows of it; of new messages first what it asked for."""
        view = self._view
        if view.stirred == self._stirred:
            return []
        stirred, reached = view.stirred, view.modseq
        some = [at for at in range(view.told_count) if view.modseqs[at] > self._reached and view.there(at)]
        try:
            now = self._session.shared.parts.clock.now()
            search = Search(self._session, view, now, Progress(self._session))
            fits = set(await search.run(self._key, some))
            new = [at for at in some if at in fits and view.uids[at] not in self._members]
            standing = await self._standing(new) if self._given.criteria else []
            await self._tell_items([view.uids[at] for at in new])
        except GroupwareError:  # it is looked at again with the next command
            return []
        self._stirred, self._reached, self._last = stirred, reached, view.last_told
        gone = [view.uids[at] for at in some if at not in fits and view.uids[at] in self._members]
        return self._without(gone) + self._with([view.uids[at] for at in new], standing)

    async def _tell_items(self, uids: Sequence[int]) -> None:
        """RFC 5465 §7: of what is new in the mailbox, not of what a change of flags has brought in."""
        items = self._given.returns.items if self._given.returns is not None else None
        new = ranges([Uid(uid) for uid in uids if uid > self._last])
        if items is not None and new:
            await fetch.tell(self._session, self._view, items, new)

    def _without(self, uids: Iterable[int]) -> list[bytes]:
        gone = set(uids)
        self._members -= gone
        if not self._given.criteria:
            return self._told(b"REMOVEFROM", [(0, uid) for uid in sorted(gone)])
        places = [at for at, each in enumerate(self._order) if each[-1] in gone] if gone else []
        pairs = [(at + 1 - before, self._order[at][-1]) for before, at in enumerate(places)]
        self._order = [each for each in self._order if each[-1] not in gone] if gone else self._order
        return self._told(b"REMOVEFROM", pairs)

    def _with(self, uids: Sequence[int], standing: Sequence[tuple[Any, ...]]) -> list[bytes]:
        if not self._given.criteria:
            self._members.update(uids)
            return self._told(b"ADDTO", [(0, uid) for uid in uids])
        for each in standing:
            insort(self._order, each)
            self._members.add(each[-1])
        pairs = [(bisect_left(self._order, each) + 1, each[-1]) for each in sorted(standing)]
        return self._told(b"ADDTO", pairs)

    def _told(self, word: bytes, pairs: Pairs) -> list[bytes]:
        """The ESEARCH response, neighbours in one set."""
        if not pairs:
            return []
        runs: list[tuple[int, list[int]]] = []
        for position, uid in pairs:
            number = uid if self._given.uid else self._view.place(uid) + 1
            step = len(runs[-1][1]) if runs and position and word == b"ADDTO" else 0
            if runs and position == runs[-1][0] + step:
                runs[-1][1].append(number)
            else:
                runs.append((position, [number]))
        list_ = b" ".join([b"%d %b" % (position, number_set(numbers)) for position, numbers in runs])
        uid_word = b" UID" if self._given.uid else b""
        return [b"* ESEARCH (TAG %b)%b %b (%b)\r\n" % (string(self._tag), uid_word, word, list_)]


def fixed(key: Key, view: View) -> Key:
    """The key with its message numbers, * and $ as they are now: later ones do not count. RFC 5267 §4.3."""

    def by_uid(each: Key) -> Key:
        if not isinstance(each, Among):
            return each
        if each.uid and all(first > STAR and last > STAR for first, last in each.numbers):
            return each  # UIDs mean the same at any time, those that are yet to come included
        ranges = tuple(among(view, each))
        return Among(ranges, uid=True) if ranges else Not(Every())

    return changed(key, by_uid)


async def follow(session: Session, view: View, given: Searching, places: Sequence[int]) -> list[bytes]:
    """Follows the search from here on; or says why not, and that is not an error. RFC 5267 §4.3.1."""
    why = _refusal(view, given, places)
    if why:
        return [status_line(b"*", no(why, b"NOUPDATE " + string(session.tag)))]
    context = Context(session, view, given)
    await context.begin(places)
    view.contexts[session.tag] = context
    return []


def _refusal(view: View, given: Searching, places: Sequence[int]) -> str:
    if len(view.contexts) >= MOST_CONTEXTS:
        return f"At most {MOST_CONTEXTS} searches are followed; CANCELUPDATE ends one"
    if any(isinstance(each, Within) for each in parts(given.key)):
        return "What OLDER and YOUNGER find changes with time alone, which is not followed"
    if any(each.name == RELEVANCY for each in given.criteria):
        return "The order of RELEVANCY is not followed"
    if given.criteria and len(places) > MOST_SORTED:
        return f"At most {MOST_SORTED} sorted messages are followed"
    return ""


def parse_cancel(cursor: Cursor) -> tuple[bytes, ...]:
    """Tags, quoted."""
    tags = []
    while cursor.take(b" "):
        tags.append(cursor.string())
    if not 0 < len(tags) <= MOST_TAGS:
        cursor.fail(f"1 to {MOST_TAGS} tags in quotes")
    return tuple(tags)


@command("CANCELUPDATE", state=SELECTED, parse=parse_cancel)
async def cancel_update(session: Session, tags: tuple[bytes, ...]) -> Reply:
    """Follow these searches no longer. RFC 5267 §4.3.5."""
    contexts = session.selected.contexts
    unknown = [tag for tag in tags if tag not in contexts]
    for tag in tags:
        contexts.pop(tag, None)
    if unknown:
        return bad("No search of that tag is followed: " + unknown[0][:40].decode("ascii", "replace"))
    return ok("They are followed no longer")
