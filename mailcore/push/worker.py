"""Tells clients of changes: watches what their registrations are about, and posts a message when that has changed.

1. What a client has been told stands in its registration, so whatever happens to this process, nothing is forgotten:
   what is there is compared with what was told, and marks of the bus only say when to look.
2. Who sends claims the registration first: several nodes may be at it.
3. What a message says is read as the client's own account, at that moment; what that may not read, it is not told of.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from groupware.model.errors import BadCredentials, GroupwareError, NoRight, NotFound, TryAgain
from groupware.model.ids import FolderId
from groupware.model.principal import OPERATOR, Principal
from groupware.model.push import PushTarget
from groupware.model.times import now_micros
from groupware.store.api import PUSH, Bus, Store
from mailcore.push.encryption import Keys
from mailcore.push.sender import Post, Receiver, Result, Sender
from mailcore.server.events import EventLog

AGAIN: Final = 300.0
"""Seconds after which all registrations are read anew."""
SETTLES: Final = 0.5
"""Seconds that are waited for more of the same."""
INTERVAL: Final = 2.0
"""Seconds between two messages to one registration."""
LEASE: Final = 60.0
FIRST_PAUSE: Final = 30.0
LONGEST_PAUSE: Final = 6 * 3600.0
MOST_TRIES: Final = 20
"""In a row; that is some days. Then the registration goes."""
AT_ONCE: Final = 20
PAGE: Final = 1000
_SECOND: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class News:
    """What there is to tell a client."""

    payload: bytes
    media: str
    told: str
    """What it has been told then."""
    keys: Keys | None
    topic: str = ""
    urgency: str = "normal"
    receiver: Receiver | None = None


class Teller(Protocol):
    """What a protocol says to its clients."""

    async def watched(self, who: Principal, target: PushTarget) -> Collection[FolderId]:
        """The folders whose marks say that something may have changed."""
        ...

    async def news(self, who: Principal, target: PushTarget) -> News | None:
        """What has changed since it was told; None: nothing. `NotFound`, `NoRight`: it is none of its business now."""
        ...

    def again(self, target: PushTarget) -> int:
        """Microseconds since 1970: looked at then, though nothing has changed; 0: never."""
        ...


@dataclass(slots=True)
class Desk:
    """What the worker works with."""

    store: Store
    bus: Bus
    sender: Sender
    tellers: Mapping[str, Teller]
    log: EventLog
    settles: float = SETTLES
    interval: float = INTERVAL
    first_pause: float = FIRST_PAUSE


@dataclass(slots=True)
class _Round:
    """The registrations as they are now, and who is watched for which."""

    targets: dict[int, PushTarget] = field(default_factory=dict)
    who: dict[int, Principal] = field(default_factory=dict)
    places: dict[FolderId, set[int]] = field(default_factory=dict)


async def keep(desk: Desk) -> None:
    """Tells, until cancelled."""
    while True:
        try:
            await _watch(desk)
        except GroupwareError as error:  # the database is away
            desk.log.warning("push_unreadable", why=str(error))
            await asyncio.sleep(1)


async def _watch(desk: Desk) -> None:
    """Until the registrations are to be read anew."""
    with closing(desk.bus.watch([PUSH])) as news:  # before they are read
        round_ = await _read(desk)
        with closing(desk.bus.watch(list(round_.places))) as watch:
            ends = asyncio.get_running_loop().time() + AGAIN
            wanted: Collection[int] = list(round_.targets)
            while True:
                await _tell(desk, round_, wanted)
                left = ends - asyncio.get_running_loop().time()
                if left <= 0:
                    return
                within = min([left, *_waiting(desk, round_)])
                marks = await _first(news.changed(within), watch.changed(within))
                if PUSH in marks:
                    return
                if marks:
                    await asyncio.sleep(desk.settles)
                    marks = {**marks, **await watch.changed(0.001)}
                now = now_micros()
                due = {number for number, at in _times(desk, round_) if at <= now}
                wanted = due.union(*(round_.places.get(at, ()) for at in marks))


async def _first(*waiting: object) -> Mapping[FolderId, object]:
    """What the first of several watches has; the others wait no longer."""
    tasks = [asyncio.ensure_future(each) for each in waiting]  # type: ignore[call-overload]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return {at: mark for each in done for at, mark in each.result().items()}
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _times(desk: Desk, round_: _Round) -> Iterator[tuple[int, int]]:
    """When each of those that wait, or that have something to hear in any case, is looked at."""
    for each in round_.targets.values():
        at = each.due or desk.tellers[each.kind].again(each)
        if at:
            yield each.number, at


def _waiting(desk: Desk, round_: _Round) -> Sequence[float]:
    """Seconds until each of them is."""
    now = now_micros()
    return [max(0.05, (at - now) / _SECOND) for _, at in _times(desk, round_)]


async def _read(desk: Desk) -> _Round:
    round_ = _Round()
    after = 0
    while True:
        page = await desk.store.read(OPERATOR, lambda tx, after=after: tx.all_push_targets(after, PAGE))  # type: ignore[misc]
        for each in page:
            await _add(desk, round_, each)
        if len(page) < PAGE:
            return round_
        after = page[-1].number


async def _add(desk: Desk, round_: _Round, target: PushTarget) -> None:
    teller = desk.tellers.get(target.kind)
    if teller is None:
        return
    try:
        if target.account not in round_.who:
            round_.who[target.account] = await desk.store.read(OPERATOR, lambda tx: tx.identity(target.account))
        watched = await teller.watched(round_.who[target.account], target)
    except (NotFound, NoRight):
        watched = ()  # it goes when it is looked at
    except BadCredentials:
        return  # who may not sign in is told nothing
    round_.targets[target.number] = target
    for at in watched:
        round_.places.setdefault(at, set()).add(target.number)


# --- telling ----------------------------------------------------------------------------------------------------------


async def _tell(desk: Desk, round_: _Round, wanted: Collection[int]) -> None:
    seats = asyncio.Semaphore(AT_ONCE)

    async def one(target: PushTarget) -> None:
        async with seats:
            now = await told(desk, round_.who[target.account], target)
            if now is None:
                round_.targets.pop(target.number, None)
            else:
                round_.targets[target.number] = now

    now = now_micros()
    due = [each for number in wanted if (each := round_.targets.get(number)) is not None and each.expires > now]
    await asyncio.gather(*(one(each) for each in due if each.due <= now))


async def told(desk: Desk, who: Principal, target: PushTarget) -> PushTarget | None:
    """Tells one client what is new; the registration as it is then, None: it is gone."""
    try:
        news = await desk.tellers[target.kind].news(who, target)
        if news is None:
            return replace(target, due=0)
        until = now_micros() + int(LEASE * _SECOND)
        if not await desk.store.write(OPERATOR, lambda tx: tx.claim_push_target(target.number, target.told, until)):
            return replace(target, due=until)  # somebody else is at it
        post = Post(target.url, news.payload, news.media, news.keys, news.topic, news.urgency, news.receiver)
        result = await desk.sender.send(post)
        return await _settled(desk, target, news, result)
    except (NotFound, NoRight, BadCredentials) as error:
        await _dropped(desk, target, str(error))
        return None
    except TryAgain:
        return replace(target, due=now_micros() + _SECOND)
    except Exception:
        desk.log.error("push_failed", number=target.number, trace=traceback.format_exc())
        return replace(target, due=now_micros() + int(LEASE * _SECOND))


async def _settled(desk: Desk, target: PushTarget, news: News, result: Result) -> PushTarget | None:
    now = now_micros()
    if result.verdict == "gone" or (result.verdict == "later" and target.tries + 1 >= MOST_TRIES):
        await _dropped(desk, target, result.text)
        return None
    if result.verdict == "sent":
        after = replace(target, told=news.told, tries=0, due=now + int(desk.interval * _SECOND))
        desk.log.info("push_sent", number=target.number, kind=target.kind, account=target.account)
    else:
        pause = max(result.pause, min(desk.first_pause * 2**target.tries, LONGEST_PAUSE))
        after = replace(target, tries=target.tries + 1, due=now + int(pause * _SECOND))
        desk.log.warning("push_delayed", number=target.number, tries=after.tries, why=result.text)
    await desk.store.write(OPERATOR, lambda tx: tx.settle_push_target(after.number, after.told, after.due, after.tries))
    return after


async def _dropped(desk: Desk, target: PushTarget, why: str) -> None:
    try:
        await desk.store.write(OPERATOR, lambda tx: tx.drop_push_target(target.number))
    except NotFound:
        return
    desk.log.info("push_dropped", number=target.number, kind=target.kind, account=target.account, why=why)
