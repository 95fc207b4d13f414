"""Quick resynchronisation: what a client missed since it was last in a mailbox. RFC 7162 §3.2.5, §3.2.6."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.ids import ModSeq, Uid, Uids, ranges
from groupware.model.item import Changes
from mailcore.imap.grammar import MOST_MODSEQ, STAR, Cursor, Numbers
from mailcore.imap.view import View

MOST_PAIRS: Final = 100_000  # of matched numbers and UIDs that are looked at


@dataclass(frozen=True, slots=True)
class Resync:
    """What the client knows: the mailbox as it was then, and perhaps which messages it had under which numbers."""

    uidvalidity: int
    since: ModSeq
    known: Numbers = ()
    """Empty: everything up to then."""
    matched: tuple[Numbers, Numbers] = ((), ())
    """Sequence numbers, and the UIDs that belonged to them."""


def parse_resync(cursor: Cursor) -> Resync:
    """(uidvalidity modseq [known-uids] [(known-sequence-set known-uid-set)])"""
    cursor.sign(b"(")
    validity = cursor.number()
    cursor.sp()
    since = ModSeq(cursor.number(MOST_MODSEQ))
    if not validity or not since:
        cursor.fail("a UIDVALIDITY and a MODSEQ above 0 before this; it")
    known: Numbers = ()
    matched: tuple[Numbers, Numbers] = ((), ())
    if cursor.peek(b" ") and not cursor.peek(b" ("):
        cursor.sp()
        known = _set(cursor)
    if cursor.take(b" ("):
        numbers = _set(cursor)
        cursor.sp()
        matched = numbers, _set(cursor)
        cursor.sign(b")")
    cursor.sign(b")")
    return Resync(validity, since, known, matched)


def _set(cursor: Cursor) -> Numbers:
    """A set without *: what a client knows has numbers. RFC 7162 §7."""
    found = cursor.numbers()
    if any(STAR in pair for pair in found):
        cursor.fail("numbers without * before this; it")
    return found


def missed(view: View, given: Resync, since: Changes, uidnext: int) -> list[bytes]:
    r"""VANISHED (EARLIER) and the FETCH responses that bring the client up to date.

    `since`: what changed since; when that is no longer remembered, or \Seen has become another for everybody, all that
    is there is told, and of what the client may know all that is not.
    """
    known = merged(given.known, uidnext - 1) if given.known else [(Uid(1), Uid(uidnext - 1))] if uidnext > 1 else []
    gone = None if since.reset else since.vanished
    lines = earlier(view, known, gone, begin=_agreed(view, given.matched))
    changed = [entry.uid for entry in since.changed]
    return lines + [
        view.fetch(view.place(uid), uid=True) for uid in (inside(changed, known) if given.known else changed)
    ]


def earlier(view: View, known: Uids, gone: Sequence[Uid] | None, *, begin: int = 0) -> list[bytes]:
    """VANISHED (EARLIER) for those among the known UIDs that are gone; one that the view still has is not earlier.

    `begin`: up to this UID nothing is missing, where the store does not remember.
    """
    if gone is not None:
        told = ranges([uid for uid in inside(gone, known) if view.place(uid) < 0])
    else:
        told = _absent(view, [(Uid(max(low, begin + 1)), high) for low, high in known if high > begin])
    if not told:
        return []
    return [b"* VANISHED (EARLIER) %b\r\n" % _set_of(told)]


def _set_of(uids: Uids) -> bytes:
    return b",".join([b"%d" % low if low == high else b"%d:%d" % (low, high) for low, high in uids])


def merged(numbers: Numbers, top: int) -> list[tuple[Uid, Uid]]:
    """A set of UIDs as sorted ranges that do not touch, none beyond `top`."""
    found: list[tuple[Uid, Uid]] = []
    for low, high in sorted((min(pair), min(max(pair), top)) for pair in numbers):
        if low > high:
            continue
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], Uid(max(found[-1][1], high)))
        else:
            found.append((Uid(low), Uid(high)))
    return found


def inside(uids: Iterable[Uid], known: Uids) -> list[Uid]:
    """Those of the sorted UIDs that the sorted ranges hold."""
    found: list[Uid] = []
    at = 0
    for uid in uids:
        while at < len(known) and known[at][1] < uid:
            at += 1
        if at == len(known):
            break
        if known[at][0] <= uid:
            found.append(uid)
    return found


def _absent(view: View, known: Uids) -> list[tuple[Uid, Uid]]:
    """What the ranges hold and the view does not, as ranges."""
    found: list[tuple[Uid, Uid]] = []
    for low, high in known:
        start = low
        for at in view.places([(low, high)]):
            uid = view.uids[at]
            if uid > start:
                found.append((start, Uid(uid - 1)))
            start = Uid(uid + 1)
        if start <= high:
            found.append((start, high))
    return found


def _agreed(view: View, matched: tuple[Numbers, Numbers]) -> int:
    """The highest UID that still has the number that the client knows it by: below it nothing is gone."""
    best = 0
    for number, uid in zip(_each(matched[0]), _each(matched[1]), strict=False):
        if number <= len(view.uids) and view.uids[number - 1] == uid:
            best = max(best, uid)
    return best


def _each(numbers: Numbers) -> Iterable[int]:
    left = MOST_PAIRS
    for pair in numbers:
        low, high = min(pair), max(pair)
        yield from range(low, min(high, low + left - 1) + 1)
        left -= high - low + 1
        if left <= 0:
            return
