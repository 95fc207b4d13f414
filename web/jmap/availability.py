"""`Principal/getAvailability`: when somebody is busy, and with what, as far as one may read it.

draft-ietf-jmap-calendars §2. What takes a time and may be read is told as a time of its own; all else is times alone.
"""

from __future__ import annotations

import bisect
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from groupware.calendar.busy import FLOAT, Range, placed_of, together
from groupware.calendar.zones import utc_seconds
from groupware.model.item import Placed, Span
from groupware.store.api import ReadTx
from web.jmap import event, event_query
from web.jmap.arguments import argument, flag, ident, texts
from web.jmap.errors import MethodError
from web.jmap.event import utc_of, utc_text
from web.jmap.ids import account_id, grantee_of
from web.jmap.kept import own
from web.jmap.limits import IN_GET
from web.jmap.things import MADE
from web.jmap.turn import Turn

Json = Mapping[str, Any]
LONGEST: Final = 3 * 366 * 86_400
"""Seconds that one may ask about at once; two years with details."""
_BUSY: Final = {"B": "confirmed", "T": "tentative", "U": "unavailable"}


@dataclass(frozen=True, slots=True)
class Arguments:
    """draft-ietf-jmap-calendars, Principal/getAvailability."""

    account_id: str = argument(ident)
    id: str = argument(ident)
    utc_start: str = argument(utc_of)
    utc_end: str = argument(utc_of)
    show_details: bool = argument(flag, False)
    event_properties: tuple[str, ...] | None = argument(texts, None)


async def availability(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`Principal/getAvailability`."""
    range_ = Range(_seconds(arguments.utc_start), _seconds(arguments.utc_end))
    if not 0 < range_.end - range_.start <= LONGEST:
        raise MethodError("invalidArguments", "utcEnd is after utcStart, by three years at most")
    grantee = grantee_of(arguments.id)

    def work(tx: ReadTx) -> tuple[Sequence[Placed], bytes, str | None]:
        own(tx, arguments.account_id)
        if grantee is None or "@" not in grantee or ":" in grantee:
            raise MethodError("notFound", "there is nobody of that id who could be busy")
        placed, said = placed_of(tx, grantee, range_.start - FLOAT, range_.end + FLOAT)
        [target] = tx.resolve(grantee)
        return placed, said, account_id(target.account) if target.account is not None else None

    placed, said, account = await turn.read(work)
    times = await together(turn.parts.blobs, placed, range_, said)
    with_events: list[tuple[Span, Json]] = []
    if arguments.show_details and account is not None:
        with_events = await _events(turn, account, range_, times, arguments.event_properties)
    told = [(each, None) for each in _without(times, [each for each, _ in with_events])]
    return {
        "accountId": account_id(turn.who.account),
        "list": [
            {
                "utcStart": utc_text(each.start),
                "utcEnd": utc_text(each.end),
                "busyStatus": _BUSY[each.busy],
                "event": found,
            }
            for each, found in sorted([*told, *with_events], key=lambda one: one[0])
        ],
    }


async def _events(
    turn: Turn, account: str, range_: Range, times: Sequence[Span], properties: tuple[str, ...] | None
) -> list[tuple[Span, Json]]:
    """The events that take some of these times and may be read, each with the time that it takes of them."""
    taken = _Taken(times)
    wanted = {"after": utc_text(range_.start).rstrip("Z"), "before": utc_text(range_.end).rstrip("Z")}
    try:
        _, every = await event_query.found(turn, event_query.Arguments(account, wanted, expand_recurrences=True))
    except MethodError as error:
        if error.kind == "accountNotFound":  # nothing there may be looked up
            return []
        raise
    stored = [name for name in every if not name.startswith(f"{event.LETTER}{MADE}")]
    found = []
    for at in range(0, len(stored), IN_GET):
        some = tuple(stored[at : at + IN_GET])
        when = await event.get(turn, event.Arguments(account, some, event.COMPUTED))
        said = await event.get(turn, event.Arguments(account, some, properties))
        what = {each["id"]: each for each in said["list"]}
        for each in when["list"]:
            span = taken.by(each, range_)
            if span is not None and each["id"] in what:  # else it went in between
                found.append((span, what[each["id"]]))
    return found


class _Taken:
    """The times that are taken, in order, by kind."""

    def __init__(self, times: Sequence[Span]) -> None:
        self._kinds = {kind: [each for each in times if each.busy == kind] for kind in ("B", "T")}

    def by(self, each: Json, range_: Range) -> Span | None:
        """The time that an event takes; None: it takes none, for it is free, cancelled, or counts not."""
        if each.get("utcStart") is None:
            return None
        start = max(_seconds(each["utcStart"]), range_.start)
        end = min(_seconds(each["utcEnd"]), range_.end)
        for kind, times in self._kinds.items():
            at = bisect.bisect_right(times, start, key=lambda span: span.start) - 1
            if at >= 0 and start < end <= times[at].end:
                return Span(start, end, False, kind)
        return None


def _without(times: Sequence[Span], told: Sequence[Span]) -> Iterator[Span]:
    """What is left of times without those that are told with their events, each of which is in one of them."""
    waiting = {kind: deque(sorted(each for each in told if each.busy == kind)) for kind in _BUSY}
    for span in times:
        at, others = span.start, waiting[span.busy]
        while others and others[0].start < span.end:
            each = others.popleft()
            if each.start > at:
                yield Span(at, each.start, False, span.busy)
            at = max(at, each.end)
        if at < span.end:
            yield Span(at, span.end, False, span.busy)


def _seconds(utc: str) -> int:
    try:
        return utc_seconds(datetime.fromisoformat(utc.rstrip("Z").partition(".")[0]), None)
    except ValueError as error:
        raise MethodError("invalidArguments", str(error)) from None
