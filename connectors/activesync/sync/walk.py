"""What a device has to learn of a folder, a window at a time; cost follows what changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from connectors.activesync.sync.position import END, Position
from groupware.model.folder import Folder
from groupware.model.ids import LAST_UID, FolderId, ItemId, ModSeq, Uid, ranges
from groupware.model.item import ALWAYS, Turned
from groupware.store.api import ReadTx

AT_ONCE: Final = 500
"""Changes of a folder that are looked at in one go."""
_SECOND: Final = 1_000_000
"""Microseconds."""


class Lost(Exception):
    """The difference is not known any more: the device starts over."""


@dataclass(slots=True)
class Page:
    """What is told now. Items are UIDs of mail, and ids of everything else."""

    adds: list[int] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    deletes: list[int] = field(default_factory=list)
    soft: list[int] = field(default_factory=list)
    position: Position = field(default_factory=Position)
    more: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is told."""
        return not (self.adds or self.changes or self.deletes or self.soft)


def mail_page(tx: ReadTx, at: Folder, was: Position, low: int, window: int) -> Page:
    """Of a folder of mail; `low`: from when on mail is wanted. `Lost`."""
    if not was.top:
        whole = (int(at.modseq), END)
        was = Position(at.uidnext, at.uidnext if at.total else 0, whole, int(at.modseq), low, own=was.own)
    _check(at, was)
    page, left = Page(position=was), window
    if low != was.low:
        _refilter(tx, at, page, low)
    news = _came(tx, at.id, was, was.top, low, left)
    page.adds += news
    left -= len(news)
    more = len(news) == window and bool(_came(tx, at.id, was, news[-1] + 1, low, 1))
    top = news[-1] + 1 if more else max(int(at.uidnext), was.top)
    page.position = replace(page.position, top=top)
    left -= _older(tx, at, page, left, was.top)
    _went(tx, at, page, was)
    _changed(tx, at, page, was, left)
    page.more = page.more or more or bool(page.position.below)
    page.position = replace(page.position, own={}, taken=frozenset())
    return page


def _check(at: Folder, was: Position) -> None:
    """A folder that has gone back was restored from a backup."""
    if was.seen[0] > at.modseq or was.gone > at.modseq or was.top > at.uidnext:
        raise Lost


def _refilter(tx: ReadTx, at: Folder, page: Page, low: int) -> None:
    """Mail is wanted from another moment on: what is too old now goes, or what is not too old any more comes."""
    was = page.position
    if low > was.low:
        old = tx.within(at.id, "saved", was.low or None, low - 1)
        page.soft += [int(uid) for uid in old if was.below <= uid < was.top]
        page.position = replace(was, low=low)
    else:
        until = was.low if not was.below else max(was.until, 0)
        page.position = replace(was, low=low, below=was.top, until=until)


def _came(tx: ReadTx, at: FolderId, was: Position, top: int, low: int, most: int) -> list[int]:
    """UIDs of what came since, and is wanted, the oldest first."""
    found: list[int] = []
    while most > len(found) and top <= LAST_UID:
        rows = tx.columns(at, ("saved", "modseq"), ((Uid(top), LAST_UID),), most)
        found += [int(uid) for uid, saved, modseq in rows if saved >= low and was.own.get(uid) != modseq]
        if len(rows) < most:
            break
        top = rows[-1][0] + 1
    return found[:most]


def _older(tx: ReadTx, at: Folder, page: Page, left: int, top: int) -> int:
    """Puts in older mail that is still to be told, the newest first; how many these are."""
    was = page.position
    if not was.below or left <= 0:
        return 0
    top = min(was.below, top)
    if was.low or was.until:
        there = tx.within(at.id, "saved", was.low or None, was.until - 1 if was.until else None)
        wanted = [int(uid) for uid in there if uid < top]
    else:
        wanted = _last_below(tx, at.id, top, left + 1)
    now = wanted[-left:]
    page.adds += reversed(now)
    done = len(now) == len(wanted)
    page.position = replace(was, below=0 if done else now[0], until=0 if done else was.until)
    return len(now)


def _last_below(tx: ReadTx, at: FolderId, top: int, most: int) -> list[int]:
    """The UIDs below `top`, if there are fewer than `most`; else at least so many of them, the highest."""
    low, found = top, list[int]()
    while low > 1 and len(found) < most:
        low, high = max(1, low - 4 * max(most, top - low)), low
        rows = tx.columns(at, ("modseq",), ((Uid(low), Uid(high - 1)),))
        found = [int(row[0]) for row in rows] + found
    return found


def _went(tx: ReadTx, at: Folder, page: Page, was: Position) -> None:
    if was.gone == at.modseq:
        return
    gone = tx.vanished(at.id, ModSeq(was.gone))
    if gone is None:
        raise Lost
    page.deletes += [int(uid) for uid in gone if was.below <= uid < was.top and uid not in was.taken]
    page.position = replace(page.position, gone=int(at.modseq))


def _changed(tx: ReadTx, at: Folder, page: Page, was: Position, left: int) -> None:
    """Puts in what has changed among what the device knows."""
    modseq, uid = was.seen
    if modseq == at.modseq and uid == END:
        return
    late: list[tuple[int, int]] = []
    behind = was.seen
    while len(late) <= max(left, 0):
        rows = tx.turned(at.id, behind, AT_ONCE, ModSeq(was.seen[0]))
        if rows is None:
            raise Lost
        late += _known(tx, at, was, page.position.low, rows)
        if len(rows) < AT_ONCE:
            break
        behind = rows[-1].modseq, rows[-1].uid
    now = late[: max(left, 0)]
    page.changes += dict.fromkeys(each for _, each in now)
    page.more = len(now) < len(late)
    seen = (now[-1] if now else was.seen) if page.more else (int(at.modseq), END)
    page.position = replace(page.position, seen=seen)


def _known(tx: ReadTx, at: Folder, was: Position, low: int, rows: Sequence[Turned]) -> list[tuple[int, int]]:
    """(modseq, UID) of what the device has, and has not changed itself."""
    found = [
        (int(each.modseq), int(each.uid))
        for each in rows
        if was.below <= each.uid < was.top and was.own.get(each.uid) != each.modseq
    ]
    if not was.low or not found:
        return found
    saved = dict(tx.columns(at.id, ("saved",), ranges(sorted({uid for _, uid in found}))))
    return [each for each in found if saved.get(Uid(each[1]), 0) >= low]


def object_page(tx: ReadTx, at: Folder, was: Position, window: int, low: int = 0) -> Page:
    """Of a folder of events, contacts, tasks or notes; `low`: events are wanted that go on after that. `Lost`.

    Another content has another UID under the same name: it is known where the name went with a UID that is known.
    """
    if not was.top:
        was = replace(was, top=1)
    _check(at, was)
    page, looked = Page(position=was), was.low
    if low != was.low:
        _reached(tx, at, page, low, window)
        window -= len(page.adds)
        was = page.position
        if page.more or window <= 0:
            page.more = True
            return page
    if was.gone == at.modseq and was.top >= at.uidnext:
        page.position = replace(was, own={}, taken=frozenset())
        return page
    page.position = was
    return _news(tx, at, page, window, low, looked)


def _news(tx: ReadTx, at: Folder, page: Page, window: int, low: int, looked: int) -> Page:
    """What has come, changed and gone; `looked`: from when on events were wanted before. `Lost`."""
    was, since = page.position, ModSeq(page.position.gone)
    found = tx.delta(at.id, since) if since else None
    if found is not None and found.reset:
        raise Lost
    unknown = dict(tx.lapsed(at.id, since, looked // _SECOND)) if found is not None and looked else {}
    vanished = found.vanished if found is not None else ()
    known = {name for uid, name in vanished if uid < was.top and uid not in unknown}
    over = _over(tx, at, low, was.top)
    rows = _wanted(tx, at, was.top, window + 1, over, known)
    for uid, item, name, modseq in rows[:window]:
        if uid in over:
            page.soft.append(int(item))
        elif was.own.get(item) != modseq:
            (page.changes if name in known else page.adds).append(int(item))
    if len(rows) > window:
        page.position, page.more = replace(was, top=int(rows[window - 1][0]) + 1), True
        return page
    if found is not None:
        late = [each for each in found.changed if each.uid < was.top and was.own.get(each.id) != each.modseq]
        over = _over(tx, at, low, 1) if late else frozenset()
        page.changes += [int(each.id) for each in late if each.uid not in over]
        names = dict(vanished)
        never = {*was.taken, *(item for uid, item in unknown.items() if uid < was.top and names[uid] not in known)}
        page.deletes += [each for each in _left(tx, at, since) if each not in never]
    page.position = Position(int(at.uidnext), 0, (int(at.modseq), END), int(at.modseq), low)
    return page


def _wanted(
    tx: ReadTx, at: Folder, top: int, most: int, over: Collection[int], known: Collection[str]
) -> list[tuple[Any, ...]]:
    """The next objects, but for those that are over and that the device does not know: UID, id, name, modseq."""
    found: list[tuple[Any, ...]] = []
    while most > len(found) and top <= LAST_UID:
        rows = tx.columns(at.id, ("id", "name", "modseq"), ((Uid(top), LAST_UID),), most)
        found += [row for row in rows if row[0] not in over or row[2] in known]
        if len(rows) < most:
            break
        top = rows[-1][0] + 1
    return found[:most]


def _over(tx: ReadTx, at: Folder, low: int, since: int) -> frozenset[int]:
    """The UIDs of events, from one on, that are over before they are wanted."""
    return frozenset(uid for uid, _ in tx.ended(at.id, -ALWAYS, low // _SECOND, Uid(since))) if low else frozenset()


def _reached(tx: ReadTx, at: Folder, page: Page, low: int, window: int) -> None:
    """Events are wanted from another moment on: those that are over by then go, or older ones come, the last first."""
    was = page.position
    if low and low > was.low:
        found = tx.ended(at.id, was.low // _SECOND if was.low else -ALWAYS, low // _SECOND)
        page.soft += _ids(tx, at, [uid for uid, _ in found if uid < was.top])
        page.position = replace(was, low=low)
        return
    ended = tx.ended(at.id, low // _SECOND if low else -ALWAYS, was.low // _SECOND)
    found = [each for each in ended if each[0] < was.top]
    now = found[:window] if len(found) <= window else [each for each in found if each[1] >= found[window - 1][1]]
    page.adds += _ids(tx, at, [uid for uid, _ in now])
    page.more = len(now) < len(found)
    page.position = replace(was, low=(now[-1][1] - 1) * _SECOND if page.more else low)


def _ids(tx: ReadTx, at: Folder, uids: Sequence[Uid]) -> list[int]:
    found = {uid: int(item) for uid, item in tx.columns(at.id, ("id",), ranges(sorted(uids)))} if uids else {}
    return [found[uid] for uid in uids if uid in found]


def _left(tx: ReadTx, at: Folder, since: ModSeq) -> Sequence[int]:
    """The ids of what left the folder."""
    turned = tx.turnover(at.id, since)
    if turned is None:
        raise Lost
    gone = list(dict.fromkeys(item for item, _ in turned.gone))
    still = {item for item, (where, _) in tx.placed(gone).items() if where == at.id} if gone else set[ItemId]()
    return [int(item) for item in gone if item not in still]
