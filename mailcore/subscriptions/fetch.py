"""Fetches one calendar: what is new or changed there is written here, what is not there any more is taken away.

1. Nothing is written before all of it has come and has been read; only what differs is (`BATCH` objects a write).
2. What cannot be read stays as it was here, where it was here.
3. That it is the same as the last time is told by the other server, or else seen by its octets: then nothing is read.
4. A failure makes the pause longer each time, up to a day, and what is here stays; what is gone for good is not asked
   for any more until somebody wants that.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from groupware.calendar.feed import Feed, Wanted, read_feed
from groupware.calendar.item import read_item
from groupware.model.errors import GroupwareError, Malformed
from groupware.model.fetched import coded
from groupware.model.ids import EVERY
from groupware.model.item import NewItem
from groupware.model.principal import OPERATOR
from groupware.model.source import CalendarSource, wait
from groupware.store.api import Blobs, Bus, ReadTx, Store
from mailcore.server import log as server_log
from mailcore.server.errands import LONGEST_PAUSE, later, pause_after
from mailcore.server.events import EventLog
from mailcore.subscriptions.ask import Answer, Asking, NotThere, ask, host_of, known

WHO: Final = replace(OPERATOR, client="subscriptions")
BATCH: Final = 100
_TOLD: Final = 5
"""Reasons that are told, of those why objects were left out."""


@dataclass(slots=True)
class Desk:
    """What fetching works with."""

    store: Store
    blobs: Blobs
    bus: Bus
    log: EventLog
    asking: Asking
    at_once: int = 20


class _Off(Exception):
    """Nothing is fetched for this account."""


async def fetch(desk: Desk, source: CalendarSource) -> None:
    """Fetches a calendar that was claimed, and writes down how that went."""
    host = host_of(source.url)
    with server_log.session(peer=host):
        least = 1
        try:
            least = await _least(desk, source)
            answer = await ask(desk.asking, source)
            changed = await _taken(desk, source, answer, least)
        except asyncio.CancelledError:
            await desk.store.write(WHO, lambda tx: tx.settle_calendar_source(replace(source, due=later(0))))
            raise
        except NotThere as error:
            await _failed(desk, source, coded(str(error), error.code), least, gone=error.gone, pause=error.pause)
        except Malformed as error:
            await _failed(desk, source, coded(str(error), "noCalendar"), least)
        except (GroupwareError, _Off) as error:
            code = "switchedOff" if isinstance(error, _Off) else error.code
            await _failed(desk, source, coded(str(error) or type(error).__name__, code), least)
        else:
            desk.log.info("subscription_done", folder=int(source.folder), host=host, changed=changed)


async def _least(desk: Desk, source: CalendarSource) -> int:
    """Minutes that the administrator wants between two fetches. `_Off`, GroupwareError."""

    def look(tx: ReadTx) -> tuple[bool, int]:
        on = tx.setting("subscribedCalendars", source.account).value
        return bool(on), int(tx.setting("subscribedCalendarInterval", source.account).value)

    on, least = await desk.store.read(WHO, look)
    if not on:
        raise _Off("subscribing to calendars is switched off for this account (subscribedCalendars)")
    return least


async def _taken(desk: Desk, source: CalendarSource, answer: Answer, least: int) -> int:
    """Writes what has changed; how many events that were. `Malformed`, `GroupwareError`."""
    now = replace(source, etag=answer.etag, changed=answer.changed, tries=0, done=later(0))
    digest = source.digest if answer.octets is None else _digest(source, answer.octets)
    if answer.octets is None or (digest == source.digest and known(source)):  # what was left out is so again
        await _settled(desk, replace(now, due=later(60.0 * wait(source, least))))
        return 0
    wanted = Wanted(_stamp(source.born), source.alarms, source.attachments, desk.asking.section.max_objects)
    feed = await asyncio.to_thread(read_feed, answer.octets, wanted, answer.charset)
    if feed.unread and not feed.objects:
        raise Malformed(f"none of its events can be read: {_said(feed)}")
    changed = await _written(desk, source, feed)
    now = replace(now, digest=digest, ttl=feed.minutes, said=_said(feed))
    now = replace(now, due=later(60.0 * wait(now, least)))
    await _settled(desk, now, feed.title, feed.colour)
    return changed


def _digest(source: CalendarSource, octets: bytes) -> str:
    """Of what is here then: the octets, and what is kept of them."""
    kept = f"{source.alarms:d}{source.attachments:d}\n".encode()
    return hashlib.sha256(kept + octets).hexdigest()


async def _written(desk: Desk, source: CalendarSource, feed: Feed) -> int:
    """Writes what differs from what is here, batch by batch; how many objects that were."""
    here = await desk.store.read(WHO, lambda tx: {each.name: each.blob for each in tx.items(source.folder, EVERY)})
    there = {_name(uid): octets for uid, octets in feed.objects.items()}
    stays = there.keys() | {_name(uid) for uid in feed.unread}
    gone = [name for name in here if name not in stays]
    new = [name for name, octets in there.items() if here.get(name) != hashlib.sha256(octets).hexdigest()]
    for first in range(0, len(gone), BATCH):
        going = gone[first : first + BATCH]
        await desk.store.write(WHO, lambda tx, going=going: tx.feed_calendar(source, [], going))  # type: ignore[misc]
    for first in range(0, len(new), BATCH):
        items = [await _item(desk, name, there[name]) for name in new[first : first + BATCH]]
        await desk.store.write(WHO, lambda tx, items=items: tx.feed_calendar(source, items, []))  # type: ignore[misc]
    return len(gone) + len(new)


async def _item(desk: Desk, name: str, octets: bytes) -> NewItem:
    return (await read_item(octets, desk.blobs, name))[1]


def _name(uid: str) -> str:
    return hashlib.sha256(uid.encode()).hexdigest()[:32] + ".ics"


def _stamp(born: int) -> str:
    return datetime.fromtimestamp(born // 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")


def _said(feed: Feed) -> str:
    """What was left out, in words; "": nothing."""
    reasons = sorted(feed.left.items(), key=lambda each: -each[1])
    told = [f"{count} × {why}" for why, count in reasons[:_TOLD]]
    more = sum(count for _, count in reasons[_TOLD:])
    return "; ".join([*told, *([f"{more} for other reasons"] if more else [])])


# --- how it went ----------------------------------------------------------------------------------------------------


async def _failed(
    desk: Desk, source: CalendarSource, why: str, least: int, *, gone: bool = False, pause: float = 0.0
) -> None:
    tries = source.tries + 1
    usual = pause_after(tries, 60.0 * wait(source, least))
    due = later(min(max(usual, pause), LONGEST_PAUSE))
    await _settled(desk, replace(source, tries=tries, due=due, said=why, enabled=not gone))
    desk.log.warning("subscription_failed", folder=int(source.folder), host=host_of(source.url), tries=tries, why=why)


async def _settled(desk: Desk, now: CalendarSource, title: str = "", colour: str = "") -> None:
    await desk.store.write(WHO, lambda tx: tx.settle_calendar_source(now, title, colour))
