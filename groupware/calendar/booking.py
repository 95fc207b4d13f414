"""Whether a room or equipment takes a booking: who may, how far ahead, how many people, and when it is free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from groupware.model.item import Span

DAY: Final = 86_400
STEP: Final = 900
"""Free slots begin at a quarter of an hour."""
MOST_SLOTS: Final = 3
SEARCHED: Final = 14 * DAY
"""How far behind the time that was wanted a free slot is looked for."""

Settings = Mapping[str, str | int | bool]
Slot = tuple[int, int]
"""From when to when, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Booking:
    """What is asked for."""

    slots: Sequence[Slot]
    """Each time that the meeting takes place, in order."""
    endless: bool
    """Whether it goes on behind the last of them."""
    people: int
    by: frozenset[str]
    """All that names who asks: addresses, `group:...`, `domain:...`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the resource answers."""

    word: str
    """`ACCEPTED`, `DECLINED`, or `TENTATIVE` while the approver is asked."""
    comment: str = ""


def decide(
    settings: Settings, booking: Booking, taken: Iterable[Span], now: int, closed: Iterable[Span] = ()
) -> Decision:
    """The answer by the settings of the resource, what it is taken for already, and when it cannot be had at all."""
    why = _barred(settings, booking, now)
    if why:
        return Decision("DECLINED", why)
    calls = _calls(settings, taken, closed)
    for start, end in booking.slots:
        clash = conflict((start - calls.gap, end + calls.gap), calls.busy)
        if clash is not None:
            return Decision("DECLINED", _refused((start, end), clash, calls, now))
    if settings["resourceBooking"] == "approval":
        return Decision("TENTATIVE", "The booking waits for approval.")
    return Decision("ACCEPTED")


@dataclass(frozen=True, slots=True)
class _Calls:
    """What there is already, in order."""

    busy: Sequence[Slot]
    """Also when the resource is closed, which is cut by the gap: that is for what is before and behind it."""
    closed: frozenset[Slot]
    gap: int
    """Between two bookings: what has to be free behind the one, and before the other."""


def _calls(settings: Settings, taken: Iterable[Span], closed: Iterable[Span]) -> _Calls:
    gap = 60 * max(int(settings["resourceBufferBefore"]), int(settings["resourceBufferAfter"]))
    shut = frozenset((each.start + gap, each.end - gap) for each in closed)
    busy = () if settings["resourceConflicts"] else [(each.start, each.end) for each in taken if each.busy]
    return _Calls(sorted([*busy, *shut]), shut, gap)


def _barred(settings: Settings, booking: Booking, now: int) -> str:
    """Why it cannot be booked so, whenever that is; "" when it can."""
    if settings["resourceBooking"] == "closed":
        return "It takes no bookings at present."
    allowed = frozenset(str(settings["resourceBookers"]).lower().replace(",", " ").split())
    if allowed and not allowed & booking.by:
        return "You are not among those who may book it."
    capacity = int(settings["resourceCapacity"])
    if capacity and booking.people > capacity:
        return f"It is for {capacity} people, and {booking.people} are invited."
    if not settings["resourceRecurring"] and (booking.endless or len(booking.slots) > 1):
        return "It takes no bookings that recur."
    horizon = int(settings["resourceHorizon"])
    if horizon and (booking.endless or any(end > now + horizon * DAY for _, end in booking.slots)):
        return f"It is booked at most {horizon} days ahead."
    return ""


def conflict(wanted: Slot, busy: Sequence[Slot]) -> Slot | None:
    """The first time that is taken within the wanted one."""
    return next((each for each in busy if each[0] < wanted[1] and each[1] > wanted[0]), None)


def free(lasts: int, since: int, busy: Sequence[Slot], gap: int) -> list[Slot]:
    """The next times of that length when it is free."""
    found: list[Slot] = []
    start = -(-since // STEP) * STEP
    while start < since + SEARCHED and len(found) < MOST_SLOTS:
        clash = conflict((start - gap, start + lasts + gap), busy)
        if clash is None:
            found.append((start, start + lasts))
            start += max(lasts, STEP)
        else:
            start = max(start + STEP, -(-(clash[1] + gap) // STEP) * STEP)
    return found


def _refused(wanted: Slot, clash: Slot, calls: _Calls, now: int) -> str:
    """The conflict by its time alone, and when it is free."""
    slots = free(wanted[1] - wanted[0], max(wanted[0], now), calls.busy, calls.gap)
    free_at = "; ".join(f"{_moment(start)} to {_moment(end, start)}" for start, end in slots)
    why = "taken"
    if clash in calls.closed:
        why, clash = "closed", (clash[0] - calls.gap, clash[1] + calls.gap)
    words = f"It is {why} from {_moment(clash[0])} to {_moment(clash[1], clash[0])} (UTC)."
    return f"{words} It is free {free_at}." if free_at else words


def _moment(seconds: int, like: int | None = None) -> str:
    at = datetime.fromtimestamp(seconds, UTC)
    same = like is not None and datetime.fromtimestamp(like, UTC).date() == at.date()
    return f"{at:%H:%M}" if same else f"{at:%Y-%m-%d %H:%M}"
