"""The organizer's object, when an attendee answers. RFC 5546 §3.2.3; tolerant of what mail programs really send.

1. An answer without ORGANIZER is an answer all the same; the UID says which meeting it is about.
2. Somebody who answers under another of their addresses is known by it, by SENT-BY, or by who wrote the mail.
3. Somebody of a group that is invited, who answers, is an attendee from then on (MEMBER says of which group).
4. An answer to an older version counts while the meeting is still at the time that was answered to.
"""

from __future__ import annotations

from groupware.model.content import Component, Line

from ..object import CalendarObject
from ..series import when
from .applied import Applied, ignored
from .instances import made, sequence, whole, wrapped
from .people import People, address, address_of, line_of, partstat, sent_by, with_member, with_params


def reply(
    stored: CalendarObject | None,
    read: CalendarObject,
    senders: People,
    groups: People = frozenset(),
    *,
    from_mail: bool = False,
) -> Applied:
    """Takes the answers into the object, occurrence by occurrence. `groups`: those of the sender that are invited."""
    if stored is None:
        return ignored("there is no such event any more")
    later: dict[int | None, Component] = dict(whole(stored))
    said: list[str] = []
    why: list[str] = []
    changed = False
    alone = from_mail and len(read.parts) == 1 and read.main is not None
    for part in read.parts:
        mark = part.first("RECURRENCE-ID")
        key = None if mark is None else stored.series.key(mark)
        there = later.get(key) or (made(stored, key) if key is not None else None)
        if there is not None and groups:
            there = _joined(there, part, senders, groups)
        got = _answered(stored, there, read, part, senders, from_mail=from_mail)
        if isinstance(got, str):
            why.append(got)
            continue
        answered, words = got
        said.append(words)
        if answered is not there:
            changed = True
            later[key] = answered
        if alone:
            changed = _also(later, part, senders) or changed
    calendar = wrapped(stored, [later[key] for key in later]) if changed else None
    return Applied(calendar, "; ".join(dict.fromkeys(why)), said="; ".join(dict.fromkeys(said)), notable=bool(said))


def _answered(
    stored: CalendarObject,
    there: Component | None,
    read: CalendarObject,
    part: Component,
    senders: People,
    *,
    from_mail: bool,
) -> tuple[Component, str] | str:
    """The component with the answer in it, and that in words; or why it does not count."""
    if there is None:
        return "it answers to an occurrence that is not there"
    answer = _answer(part, senders)
    if answer is None:
        return "it names no attendee"
    line = _invited(there, answer, senders)
    if line is None:
        return f"{address_of(answer) or answer.value[:60]} is not invited"
    if from_mail and senders.isdisjoint((address_of(line), sent_by(answer), sent_by(line))):
        return f"it answers for {address_of(line)}, who has not written it"
    if sequence(part) < sequence(there) and not _same_time(stored, there, read, part):
        return "it answers to a version of the event that was at another time"
    comment = part.text("COMMENT")
    words = f"{address_of(line)}: {partstat(answer).lower()}{' (' + comment + ')' if comment else ''}"
    return _with_delegate(_set(there, line, answer), part, line), words


def _joined(there: Component, part: Component, senders: People, groups: People) -> Component:
    """With who answers as an attendee, where a group of theirs is one and they are not yet."""
    answer = _answer(part, senders)
    if answer is None or _invited(there, answer, senders) is not None:
        return there
    group = next((address_of(line) for line in there.all("ATTENDEE") if address_of(line) in groups), "")
    return with_member(there, group, answer) if group else there


def _answer(part: Component, senders: People) -> Line | None:
    """Who answers: the one ATTENDEE, or of several the one that the sender is."""
    lines = part.all("ATTENDEE")
    if not lines:
        return None
    return next((line for line in lines if address_of(line) in senders), lines[0])


def _invited(there: Component, answer: Line, senders: People) -> Line | None:
    """The attendee that answers, under whichever of their addresses."""
    tried = [frozenset({address_of(answer)}), senders, frozenset({sent_by(answer)})]
    return next((line for who in tried if (line := line_of(there, who - {""})) is not None), None)


def _same_time(stored: CalendarObject, there: Component, read: CalendarObject, part: Component) -> bool:
    one, other = there.first("DTSTART"), part.first("DTSTART")
    if one is None or other is None:
        return False
    return when(one, stored.zones).seconds == when(other, read.zones).seconds


def _set(there: Component, line: Line, answer: Line) -> Component:
    """The answer put in; the very component when it says that already."""
    params: dict[str, str | None] = {"PARTSTAT": partstat(answer), "RSVP": None, "SCHEDULE_STATUS": "2.0"}
    if answer.param("DELEGATED-TO"):
        params["DELEGATED_TO"] = answer.param("DELEGATED-TO")
    now = with_params(line, **params)
    if now == line:
        return there
    lines = [now if each is line else each for each in there.lines]
    return Component(there.name, there.at, lines, there.parts)


def _with_delegate(there: Component, part: Component, line: Line) -> Component:
    """With the one whom the attendee sends instead, when they are not invited yet. RFC 5546 §3.2.2.3."""
    new = [
        each
        for each in part.all("ATTENDEE")
        if address(each.param("DELEGATED-FROM")) == address_of(line)
        and line_of(there, frozenset({address_of(each)})) is None
    ]
    return Component(there.name, there.at, [*there.lines, *new], there.parts) if new else there


def _also(later: dict[int | None, Component], part: Component, senders: People) -> bool:
    """An answer to the whole is one to the occurrences too that were not answered to yet: so mail programs mean it."""
    changed = False
    answer = _answer(part, senders)
    for key, there in later.items():
        line = _invited(there, answer, senders) if key is not None and answer is not None else None
        if answer is not None and line is not None and partstat(line) == "NEEDS-ACTION":
            later[key] = _set(there, line, answer)
            changed = changed or later[key] is not there
    return changed
