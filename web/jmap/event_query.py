"""`CalendarEvent/query` and `queryChanges`. draft-ietf-jmap-calendars §5.

When something takes place is answered by the index of occurrences; words are looked for in the events that are left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Any, Final

from groupware.calendar.busy import FLOAT, settled
from groupware.calendar.index import occurrences
from groupware.calendar.itip.people import address
from groupware.calendar.jscalendar.values import moment
from groupware.calendar.object import read_object
from groupware.calendar.zones import local, utc_seconds
from groupware.model.errors import Malformed
from groupware.model.ids import BlobId, FolderId, Uid
from groupware.model.item import ALWAYS
from groupware.model.shape import LOCAL, Misshapen
from groupware.store.api import ReadTx
from web.jmap.arguments import QueryArguments, QueryChangesArguments, argument, check_filter, flag, text
from web.jmap.converted import words_in
from web.jmap.errors import MethodError
from web.jmap.event import EVENTS, LETTER, VEVENT, occurrence_id, start_of, zone_named
from web.jmap.families import CALENDAR
from web.jmap.ids import account_id, mailbox_id
from web.jmap.made import Made, made_in
from web.jmap.queries import conditions, passes, told_query, told_query_changes
from web.jmap.things import Place, all_in, bodies, readable_in
from web.jmap.turn import Turn, owner_in

Json = Mapping[str, Any]
MOST_FOUND: Final = 10_000
"""Occurrences that one query looks at."""
LONGEST: Final = 366 * 86_400 * 2
"""Seconds that occurrences are asked for at once."""


@dataclass(frozen=True, slots=True)
class Arguments(QueryArguments):
    """draft-ietf-jmap-calendars, CalendarEvent/query."""

    expand_recurrences: bool = argument(flag, False)
    time_zone: str = argument(text, "Etc/UTC")


@dataclass(frozen=True, slots=True)
class ChangedArguments(QueryChangesArguments):
    """draft-ietf-jmap-calendars, CalendarEvent/queryChanges."""

    expand_recurrences: bool = argument(flag, False)
    time_zone: str = argument(text, "Etc/UTC")


@dataclass(frozen=True, slots=True)
class Found:
    """An event, or one of its occurrences."""

    place: Place
    key: str = ""
    start: int = 0

    @property
    def id(self) -> str:
        """Its id."""
        base = self.place.id(LETTER)
        return occurrence_id(base, self.key) if self.key else base


async def query(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`CalendarEvent/query`."""
    owner, every = await found(turn, arguments)
    return told_query(turn.who.account, owner, every, arguments)


async def query_changes(turn: Turn, arguments: ChangedArguments) -> Mapping[str, Any]:
    """`CalendarEvent/queryChanges`, as long as it is remembered what was found."""
    owner, every = await found(turn, arguments)
    return told_query_changes(turn.who.account, owner, every, arguments)


async def found(turn: Turn, arguments: Arguments | ChangedArguments) -> tuple[str, list[str]]:
    """The account, and the ids of all that is found, in order. `MethodError`."""
    check_filter(arguments.filter, CONDITIONS)
    _check_values(arguments.filter)
    zone = zone_named(arguments.time_zone)
    sorts = [_sort(each) for each in arguments.sort or ()]
    low, high = _range(arguments.filter, zone)
    if arguments.expand_recurrences and (low == -ALWAYS or high == ALWAYS or high - low > LONGEST):
        raise MethodError(
            "invalidArguments", "occurrences are told of up to two years: the filter says after and before"
        )

    def work(tx: ReadTx) -> tuple[str, list[Place], Times]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable_in(tx, owner, CALENDAR)
        times = Times(low, high, zone)
        if low != -ALWAYS or high != ALWAYS:
            for at in folders:
                times.add(tx, at)
        places = all_in(tx, folders, VEVENT)
        return account_id(owner), places, times

    owner, places, times = await turn.read(work)
    places += times.with_made(await made_in(turn, arguments.account_id))
    places = [each for each in places if times.holds(each)]
    places = await EVENTS.holding(turn, places, words_in(arguments.filter, ("uid", *_TEXTS)))
    events = await EVENTS.all_of(turn, places)
    places = [each for each in places if passes(arguments.filter, partial(_condition, each, events[each.blob]))]
    unsure = [
        each for each in places if times.asks(each) or (arguments.expand_recurrences and _recurs(events[each.blob]))
    ]
    octets = await bodies(turn, unsure)
    placed = await asyncio.to_thread(_placed, unsure, octets, times)
    listed = _listed(places, events, placed, zone, expand=arguments.expand_recurrences)
    for key, descending in reversed(sorts or ([(_SORTS["start"], False)] if arguments.expand_recurrences else [])):
        listed.sort(key=partial(_value, key=key, events=events), reverse=descending)
    return owner, [each.id for each in listed]


def _value(found: Found, key: Callable[[Found, Json], Any], events: Mapping[BlobId, Json]) -> Any:
    return key(found, events[found.place.blob])


def _listed(
    places: Sequence[Place],
    events: Mapping[BlobId, Json],
    placed: Mapping[Place, list[Found]],
    zone: tzinfo,
    *,
    expand: bool,
) -> list[Found]:
    """What is found: each event, or each occurrence of those that recur. `MethodError` `requestTooLarge`."""
    found: list[Found] = []
    for each in places:
        if each not in placed:
            found.append(Found(each, start=_start(events[each.blob], zone)))
        elif expand and _recurs(events[each.blob]):
            found += placed[each]
        elif placed[each]:
            found.append(Found(each, start=placed[each][0].start))
        if len(found) > MOST_FOUND:
            raise too_many()
    return found


def too_many() -> MethodError:
    """What is said when there is more than one answer may hold."""
    return MethodError("requestTooLarge", f"more than {MOST_FOUND} occurrences: ask for less time")


def _recurs(event: Json) -> bool:
    return bool(event.get("recurrenceRules") or event.get("recurrenceOverrides"))


def _start(event: Json, zone: tzinfo) -> int:
    return start_of(dict(event), zone) if event.get("start") else 0


class Times:
    """What takes place in some time, by the index."""

    def __init__(self, low: int, high: int, zone: tzinfo) -> None:
        self.low, self.high, self.zone = low, high, zone
        self.bounded = low != -ALWAYS or high != ALWAYS
        self.sure: set[tuple[FolderId, Uid]] = set()
        self.rest: set[tuple[FolderId, Uid]] = set()

    def add(self, tx: ReadTx, at: FolderId) -> None:
        """What the index has of a calendar."""
        found, rest = tx.spans(at, max(self.low - FLOAT, -ALWAYS), min(self.high + FLOAT, ALWAYS))
        self.rest |= {(at, uid) for uid, _ in rest}
        for uid, span in found:
            if self.meets(span.start, span.end, floating=span.floating):
                self.sure.add((at, uid))

    def with_made(self, some: Sequence[Made]) -> list[Place]:
        """Takes in events that are stored nowhere; gives them back."""
        for place, span in ((each.place, each.span) for each in some):
            if span is None:
                self.rest.add((place.folder.id, place.uid))
            elif self.meets(span.start, span.end, floating=False):
                self.sure.add((place.folder.id, place.uid))
        return [each.place for each in some]

    def meets(self, start: int, end: int, *, floating: bool) -> bool:
        """Whether some of that time is in the range."""
        begin, stop = settled(start, floating, self.zone), settled(end, floating, self.zone)
        return begin < self.high and (stop > self.low or (begin == stop and begin >= self.low))

    def holds(self, place: Place) -> bool:
        """Whether an event may take place then."""
        key = (place.folder.id, place.uid)
        return not self.bounded or key in self.sure or key in self.rest

    def asks(self, place: Place) -> bool:
        """Whether the event itself has to be asked."""
        return self.bounded and (place.folder.id, place.uid) in self.rest


def _placed(places: Sequence[Place], octets: Mapping[BlobId, bytes], times: Times) -> dict[Place, list[Found]]:
    """The occurrences of events in the range, straight from them."""
    found: dict[Place, list[Found]] = {}
    many = 0
    for place in places:
        try:
            read = read_object(octets[place.blob])
        except (Malformed, KeyError):
            continue
        begin = read.series.begin
        zone = begin.zone if begin is not None else None
        found[place] = [
            Found(
                place,
                local(each.key, zone).strftime("%Y-%m-%dT%H:%M:%S"),
                settled(each.start, each.floating, times.zone),
            )
            for each in occurrences(read, times.low - FLOAT, times.high + FLOAT)
            if times.meets(each.start, each.end, floating=each.floating)
        ]
        many += len(found[place])
        if many > MOST_FOUND:
            raise too_many()
    return found


def _range(wanted: Json | None, zone: tzinfo) -> tuple[int, int]:
    """From when to when what passes a filter takes place at most."""
    if not wanted:
        return -ALWAYS, ALWAYS
    if "operator" in wanted:
        inner = [_range(each, zone) for each in wanted["conditions"]]
        if wanted["operator"] != "AND" or not inner:
            if any(each != (-ALWAYS, ALWAYS) for each in inner):
                raise MethodError("unsupportedFilter", "after and before stand alone, or under AND")
            return -ALWAYS, ALWAYS
        return max(low for low, _ in inner), min(high for _, high in inner)
    low = utc_seconds(moment(wanted["after"]), zone) if "after" in wanted else -ALWAYS
    high = utc_seconds(moment(wanted["before"]), zone) if "before" in wanted else ALWAYS
    return low, high


def _check_values(wanted: Json | None) -> None:
    """`MethodError` for a condition whose value cannot be."""
    for name, value in conditions(wanted):
        try:
            if name in ("after", "before"):
                LOCAL(value)
                moment(value)
            elif not isinstance(value, str):
                raise Misshapen("a string is wanted")
        except ValueError as error:
            raise MethodError("invalidArguments", f"{name}: {error}") from None


def _condition(place: Place, event: Json, name: str, value: str) -> bool:
    """Whether an event meets a condition; when it takes place, `Times` knows."""
    if name in ("after", "before"):
        return True
    if name == "inCalendar":
        return mailbox_id(place.folder.id) == value
    if name == "uid":
        return event.get("uid") == value
    texts = [each.casefold() for one in _every(event) for each in _TEXTS[name](one)]
    return all(any(word in text for text in texts) for word in value.casefold().split())


def _every(event: Json) -> Iterator[Json]:
    """The event, and what its overrides say."""
    yield event
    yield from (event.get("recurrenceOverrides") or {}).values()


def _places(event: Json) -> Iterator[str]:
    for each in (event.get("locations") or {}).values():
        yield str(each.get("name") or "")
    for way, value in event.items():
        if way.startswith("locations/") and way.endswith("/name"):
            yield str(value)


def _people(*roles: str) -> Callable[[Json], Iterator[str]]:
    def texts(event: Json) -> Iterator[str]:
        for each in (event.get("participants") or {}).values():
            if any((each.get("roles") or {}).get(role) for role in roles):
                yield str(each.get("name") or "")
                yield from (address(str(way)) for way in (each.get("sendTo") or {}).values())

    return texts


def _text(member: str) -> Callable[[Json], Iterator[str]]:
    return lambda event: iter([str(event.get(member) or "")])


_TEXTS: Final[Mapping[str, Callable[[Json], Iterator[str]]]] = {
    "title": _text("title"),
    "description": _text("description"),
    "location": _places,
    "owner": _people("owner"),
    "attendee": _people("attendee", "chair", "optional", "informational"),
    "text": lambda event: (each for name, texts in _TEXTS.items() if name != "text" for each in texts(event)),
}
CONDITIONS: Final = ("inCalendar", "after", "before", "uid", *_TEXTS)
_SORTS: Final[Mapping[str, Callable[[Found, Json], Any]]] = {
    "start": lambda found, event: found.start,
    "uid": lambda found, event: str(event.get("uid") or ""),
    "recurrenceId": lambda found, event: found.key,
    "created": lambda found, event: str(event.get("created") or ""),
    "updated": lambda found, event: str(event.get("updated") or ""),
}


def _sort(criterion: Json) -> tuple[Callable[[Found, Json], Any], bool]:
    key = _SORTS.get(str(criterion.get("property", "")))
    if key is None:
        raise MethodError("unsupportedSort", f"events are sorted by {', '.join(_SORTS)}")
    return key, criterion.get("isAscending", True) is False
