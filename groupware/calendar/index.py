"""What a calendar object is found by: its occurrences, its UID, the words in it. Made once, when it is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from groupware.model.content import Component
from groupware.model.item import ALWAYS, LONGEST_TEXT, ObjectKeys, Span

from .facts import facts_of
from .object import CalendarObject
from .series import Occurrence, Series, When, period, when
from .values import duration

MOST_SPANS: Final = 500
"""Occurrences of an object that are kept; others are made from its rule when somebody asks for them."""
BEFORE: Final = 366 * 86_400
AFTER: Final = 2 * 366 * 86_400
"""Around the moment of writing: the time for which an object with more occurrences keeps them."""
_TEXTS: Final = ("DESCRIPTION", "LOCATION", "COMMENT", "CATEGORIES", "URL", "CONTACT")


def keys_of(read: CalendarObject, now: int) -> ObjectKeys:
    """What the object is found by; `now` is in seconds."""
    return replace(_placed(read, now), facts=facts_of(read))


def _placed(read: CalendarObject, now: int) -> ObjectKeys:
    private = any(part.text("CLASS").strip().upper() not in ("", "PUBLIC") for part in read.parts)
    if read.kind == "VAVAILABILITY":  # what it says depends on others beside it: looked at when somebody asks
        spans = tuple(_stated(read))
        return ObjectKeys(read.uid, read.kind, private, spans, *_ends(spans), ALWAYS, -ALWAYS)
    if read.kind not in ("VEVENT", "VTODO", "VJOURNAL"):
        spans = tuple(_stated(read))
        return ObjectKeys(read.uid, read.kind, private, spans, *_ends(spans))
    if not read.series.recurs and not read.overrides:
        spans = tuple(span(read, each) for each in _single(read))
        return ObjectKeys(read.uid, read.kind, private, spans, *_ends(spans))
    found = read.series.between(-ALWAYS, now + AFTER, MOST_SPANS + 1)
    if found.complete is None:
        spans = tuple(span(read, each) for each in found.found)
        return ObjectKeys(read.uid, read.kind, private, spans, *_ends(spans))
    return _windowed(read, private, now)


def _windowed(read: CalendarObject, private: bool, now: int) -> ObjectKeys:
    """Of an object with many occurrences or without an end: those around now, or the first if they are all later."""
    begins = read.series.begin.seconds if read.series.begin is not None else now
    low = max(begins, now - BEFORE) - 86_400
    high = max(begins, now) + AFTER
    found, complete = read.series.between(low, high)
    spans = [span(read, each) for each in found]
    exact_to = high if complete is None else min(high, complete)
    if len(spans) > MOST_SPANS:
        exact_to = min(exact_to, spans[MOST_SPANS].start)
        spans = [each for each in spans if each.start < exact_to]
    first = min([begins - 86_400, *(each.start for each in spans)])
    return ObjectKeys(read.uid, read.kind, private, tuple(spans), first, _last(read.series), low, exact_to)


def _last(series: Series) -> int:
    """When the set ends for certain."""
    if series.endless():
        return ALWAYS
    found = series.between(-ALWAYS, ALWAYS)
    return ALWAYS if found.complete is not None else max(each.end for each in found.found) + 1


def _ends(spans: tuple[Span, ...]) -> tuple[int, int]:
    if not spans:
        return 0, 0
    return min(each.start for each in spans), max(each.end for each in spans)


def span(read: CalendarObject, each: Occurrence) -> Span:
    """An occurrence as it is kept."""
    return Span(each.start, max(each.end, each.start + 1), each.floating, busy(each.part))


def busy(part: Component) -> str:
    """Whether an event takes its time: see `Span`."""
    if part.name != "VEVENT" or part.text("TRANSP").upper() == "TRANSPARENT":
        return ""
    status = part.text("STATUS").upper()
    if status == "CANCELLED":
        return ""
    if part.text("X-MICROSOFT-CDO-BUSYSTATUS").upper() == "OOF":
        return "U"
    return "T" if status == "TENTATIVE" else "B"


def occurrences(read: CalendarObject, low: int, high: int) -> list[Occurrence]:
    """When an object takes place from `low` to before `high`, and maybe at other times: straight from it."""
    if read.kind not in ("VEVENT", "VTODO", "VJOURNAL"):
        return [Occurrence(each.start, each.end, each.floating, each.start, read.shown) for each in _stated(read)]
    if not read.series.recurs and not read.overrides:
        return list(_single(read))
    return read.series.between(low, high).found


def _single(read: CalendarObject) -> Iterator[Occurrence]:
    """The one time of an object that does not recur. RFC 4791 §9.9 for tasks."""
    if read.kind != "VTODO":
        yield from read.series.between(-ALWAYS, ALWAYS).found
        return
    part = read.shown
    start, due = _time(read, part, "DTSTART"), _time(read, part, "DUE")
    lasts = part.first("DURATION")
    if start is not None and lasts is not None:
        yield _occurrence(part, start, start.seconds, start.seconds + int(duration(lasts.value).total_seconds()))
    elif start is not None:
        end = due.seconds if due is not None else start.seconds + (86_400 if start.day else 0)
        yield _occurrence(part, start, start.seconds, end)
    elif due is not None:
        yield _occurrence(part, due, due.seconds - 1, due.seconds + (86_400 if due.day else 0))
    else:
        yield _by_state(read, part)


def _by_state(read: CalendarObject, part: Component) -> Occurrence:
    done, made = _time(read, part, "COMPLETED"), _time(read, part, "CREATED")
    if done is not None:
        return _occurrence(part, done, made.seconds if made is not None else done.seconds - 1, done.seconds + 1)
    if made is not None:
        return _occurrence(part, made, made.seconds, ALWAYS)
    return Occurrence(-ALWAYS, ALWAYS, False, 0, part)


def _occurrence(part: Component, at: When, start: int, end: int) -> Occurrence:
    return Occurrence(start, max(end, start), at.floating, start, part)


def _time(read: CalendarObject, part: Component, name: str) -> When | None:
    line = part.first(name)
    return None if line is None else when(line, read.zones)


def _stated(read: CalendarObject) -> Iterator[Span]:
    """The times that a VFREEBUSY or VAVAILABILITY states."""
    for part in read.parts:
        for line in part.all("FREEBUSY"):
            kind = {"FREE": "", "BUSY-TENTATIVE": "T", "BUSY-UNAVAILABLE": "U"}.get(line.param("FBTYPE").upper(), "B")
            for each in line.value.split(","):
                start, end = period(line, read.zones, each)
                yield Span(start.seconds, max(end, start.seconds + 1), start.floating, kind)
        if not part.all("FREEBUSY"):
            start_, end_ = _time(read, part, "DTSTART"), _time(read, part, "DTEND")
            low = -ALWAYS if start_ is None else start_.seconds
            yield Span(low, max(ALWAYS if end_ is None else end_.seconds, low + 1), False, "")


def texts_of(read: CalendarObject) -> Mapping[str, str]:
    """What search finds the object by."""
    people = [line for part in read.parts for line in part.lines if line.name in ("ORGANIZER", "ATTENDEE")]
    found = {
        "subject": "\n".join(dict.fromkeys(part.text("SUMMARY") for part in read.parts)),
        "body": "\n".join(
            dict.fromkeys(line.text for part in read.parts for name in _TEXTS for line in part.all(name))
        ),
        "from": "\n".join(_person(line.param("CN"), line.value) for line in people if line.name == "ORGANIZER"),
        "to": "\n".join(_person(line.param("CN"), line.value) for line in people if line.name == "ATTENDEE"),
    }
    return {name: text[:LONGEST_TEXT] for name, text in found.items() if text}


def _person(name: str, address: str) -> str:
    return f"{name} {address.removeprefix('mailto:').removeprefix('MAILTO:')}".strip()
