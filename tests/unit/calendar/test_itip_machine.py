"""Edits of an organizer and of attendees in any order: the copies agree with the organizer's object."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from groupware.calendar.itip.instances import excluded, sequence, times, whole
from groupware.calendar.itip.organizer import share
from groupware.calendar.object import read_object
from groupware.calendar.zones import local
from tests.unit.calendar.meetings import BOB, CARL, Room, answers, meeting, part

PEOPLE = st.lists(st.sampled_from([BOB, CARL]), unique=True)
DAYS = range(1, 6)


def _stamp(day: int, hour: int) -> str:
    return f"202612{day:02}T{hour:02}0000Z"


class Meetings(RuleBasedStateMachine):
    """The oracle is the organizer's object itself: what of it concerns somebody is what they have."""

    def __init__(self) -> None:
        super().__init__()
        self.room = Room()

    @initialize(hour=st.integers(8, 12), who=PEOPLE, recurs=st.booleans())
    def begin(self, hour: int, who: list[str], recurs: bool) -> None:
        self.recurs, self.hour = recurs, hour
        self.rule = ["RRULE:FREQ=DAILY;COUNT=5"] if recurs else []
        self.who, self.single, self.out, self.title = who, dict[int, tuple[int, list[str]]](), set[int](), 0
        self._put()

    def _put(self) -> None:
        out = [f"EXDATE:{_stamp(day, self.hour)}" for day in sorted(self.out)]
        lines = ("DURATION:PT1H", f"SUMMARY:{self.title}", *self.rule, *out)
        parts = [self._with_answers(None, part(*lines, who=self.who, start=f"DTSTART:{_stamp(1, self.hour)}"))]
        for day, (hour, who) in sorted(self.single.items()):
            mark = f"RECURRENCE-ID:{_stamp(day, self.hour)}"
            one = part(mark, "DURATION:PT1H", who=who, start=f"DTSTART:{_stamp(day, hour)}")
            parts.append(self._with_answers(day, one))
        new = meeting(*parts)
        self.room.put(new)

    def _with_answers(self, day: int | None, text: str) -> str:
        """As a client does that has read the answers before it changes something."""
        said = answers(self.room.own)
        keys = {key for key, _ in said if key is not None and local(key, None).day == day} if day else {None}
        for (key, who), word in said.items():
            if key in keys or (not keys and key is None):
                text = text.replace(f"ATTENDEE;RSVP=TRUE:mailto:{who}", f"ATTENDEE;PARTSTAT={word}:mailto:{who}")
        return text

    def _singles(self) -> None:
        """What answers have made single is the client's from then on."""
        assert self.room.own is not None
        for key, one in whole(self.room.own).items():
            if key is not None:
                start = one.text("DTSTART")
                who = [each for (at, each), _ in answers(self.room.own).items() if at == key and each in (BOB, CARL)]
                self.single.setdefault(local(key, None).day, (int(start[9:11]), who))

    @rule()
    def another_title(self) -> None:
        self._singles()
        self.title += 1
        self._put()

    @rule(hour=st.integers(8, 20))
    def move(self, hour: int) -> None:
        self.hour, self.single, self.out = hour, {}, set()
        self._put()

    @rule(who=PEOPLE)
    def invite(self, who: list[str]) -> None:
        self._singles()
        self.who = who
        self._put()

    @precondition(lambda self: self.recurs)
    @rule(day=st.sampled_from(DAYS), hour=st.integers(8, 20), who=PEOPLE)
    def change_one(self, day: int, hour: int, who: list[str]) -> None:
        self._singles()
        if day not in self.out:
            self.single[day] = (hour, who)
            self._put()

    @precondition(lambda self: self.recurs)
    @rule(day=st.sampled_from(DAYS))
    def take_out(self, day: int) -> None:
        self._singles()
        if len(self.out) < 4:
            self.single.pop(day, None)
            self.out.add(day)
            self._put()

    @rule(who=st.sampled_from([BOB, CARL]), word=st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE"]))
    def answer(self, who: str, word: str) -> None:
        copy = self.room.copies.get(who)
        if copy is not None and b"STATUS:CANCELLED" not in copy.octets:
            self.room.says(who, word)

    @precondition(lambda self: self.recurs)
    @rule(who=st.sampled_from([BOB, CARL]), day=st.sampled_from(DAYS))
    def decline_one(self, who: str, day: int) -> None:
        copy = self.room.copies.get(who)
        if copy is None or copy.main is None or b"STATUS:CANCELLED" in copy.octets:
            return
        key = next(
            (each.key for each in copy.series.between(0, 1 << 40).found if local(each.key, None).day == day), None
        )
        if key is None or key in whole(copy):
            return
        text = copy.octets.decode()
        at = text.index("SUMMARY")
        text = f"{text[:at]}EXDATE:{_stamp(day, self.hour)}\r\n{text[at:]}"
        self.room.change(who, read_object(text.encode()))

    @invariant()
    def copies_agree(self) -> None:
        own = self.room.own
        for who in (BOB, CARL):
            copy = self.room.copies.get(who)
            has = share(own, frozenset({who})) if own is not None else None
            if has is None or not has.parts:
                assert copy is None or b"STATUS:CANCELLED" in copy.octets
                continue
            assert copy is not None
            mine = {**({None: has.main} if has.main is not None else {}), **has.single}
            theirs = whole(copy)
            declined = excluded(copy) - has.out
            assert set(theirs) == {key for key in mine if key not in declined}
            for key, each in theirs.items():
                assert times(each) == times(mine[key])
                assert sequence(each) == sequence(mine[key])
            said = answers(own)
            assert {key: said[key] for key in answers(copy)} == answers(copy)
            assert all(said.get((key, who), said.get((None, who))) == "DECLINED" for key in declined)


Meetings.TestCase.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
TestMeetings = Meetings.TestCase
