"""Whose turn it is: bounds, order and fairness, against what a list would say."""

from datetime import UTC, datetime
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from groupware.model.event import Attempt, Envelope, Recipient
from groupware.model.ids import BlobId, QueueId
from mailcore.queue.turns import Lanes, Turns

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NUMBERS = count(1)


def attempt(domain: str) -> Attempt:
    envelope = Envelope("a@here.test", (Recipient(f"b@{domain}"),), BlobId("0" * 64), 1)
    return Attempt(QueueId(next(NUMBERS)), envelope, domain, 0, NOW, NOW)


def begun(turns: Turns) -> list[tuple[str, Attempt]]:
    return list(turns.begin())


steps = st.lists(st.one_of(st.sampled_from("abc"), st.just("end")), max_size=80)


@given(steps=steps, at_once=st.integers(1, 6), share=st.integers(0, 3), ahead=st.integers(0, 4))
def test_nothing_is_lost_nothing_begins_twice_and_no_bound_is_passed(
    steps: list[str], at_once: int, share: int, ahead: int
) -> None:
    turns = Turns(Lanes(local=False, at_once=at_once, per_domain=share, ahead=ahead))
    added: list[QueueId] = []
    started: list[QueueId] = []
    running: list[tuple[str, Attempt]] = []
    for step in [*steps, *["end"] * len(steps)]:
        if step == "end" and running:
            turns.end(running.pop(0)[0])
        elif step != "end":
            more = attempt(step)
            added.append(more.queue)
            turns.add([more])
        new = begun(turns)
        started += [each.queue for _, each in new]
        running += new
        assert len(running) <= at_once
        places = [where for where, _ in running]
        assert not share or all(places.count(where) <= share for where in places)
        waiting = {each.domain for each in turns.waiting}
        assert len(running) == at_once or all(share and places.count(where) == share for where in waiting)
    assert sorted(started) == added
    assert not running


def test_what_came_first_begins_first() -> None:
    turns = Turns(Lanes(local=False, at_once=1, per_domain=1, ahead=5))
    wanted = [attempt("a") for _ in range(4)]
    turns.add(wanted)
    found = []
    for _ in wanted:
        ((where, each),) = begun(turns)
        found.append(each)
        turns.end(where)
    assert found == wanted


def test_a_long_backlog_of_one_does_not_keep_another_waiting() -> None:
    turns = Turns(Lanes(local=False, at_once=2, per_domain=2, ahead=50))
    turns.add([attempt("long") for _ in range(50)])
    first = begun(turns)
    turns.add([attempt("short")])
    turns.end(first[0][0])
    assert [where for where, _ in begun(turns)] == ["short"]


def test_more_of_one_is_wanted_when_half_of_what_waited_has_begun() -> None:
    turns = Turns(Lanes(local=False, at_once=9, per_domain=2, ahead=4))
    turns.add([attempt("a") for _ in range(6)])
    assert [where for where, _ in begun(turns)] == ["a", "a"]
    assert turns.room()[0] == ["a"]
    assert turns.end("a") is False
    begun(turns)
    assert turns.end("a") is False
    begun(turns)
    assert turns.end("a") is True
    assert turns.room() == ([], 3)


def test_what_has_not_begun_can_be_given_back() -> None:
    turns = Turns(Lanes(local=False, at_once=1, per_domain=1, ahead=5))
    wanted = [attempt("a"), attempt("b"), attempt("a")]
    turns.add(wanted)
    ((where, first),) = begun(turns)
    assert sorted(each.queue for each in turns.clear()) == sorted(each.queue for each in wanted if each is not first)
    turns.end(where)
    assert begun(turns) == []
