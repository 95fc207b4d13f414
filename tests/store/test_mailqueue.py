"""The queue: what is due is offered once, nothing is lost, nothing comes back that was settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from groupware.model import times
from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.event import Attempt, Backlog, Envelope, Event, Outcome, QueueEntry, QueueFilter, Recipient
from groupware.model.ids import AccountId, BlobId, QueueId
from groupware.model.principal import OPERATOR, Principal
from groupware.store.api import QUEUE
from groupware.store.sql import leases, mailqueue, queueview, schema
from groupware.store.sql.door import SqlTx
from groupware.store.sql.engine import Database, Sql
from groupware.store.sql.tree import Memory

HERE = "here.test"
STRANGER = Principal(AccountId(2), "somebody", frozenset({"somebody"}), epoch=1)
SECOND = 1_000_000


class Clock:
    """The time, as the queue sees it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000 * SECOND

    def __call__(self) -> int:
        return self.now

    def later(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (leases, mailqueue, queueview):
        monkeypatch.setattr(module, "now_micros", made)
    return made


@pytest.fixture
def tx(database: Database, clock: Clock) -> Iterator[SqlTx]:
    with database.writers.begin() as connection:
        yield opened(connection)


def opened(connection: Any) -> SqlTx:
    tx = SqlTx(Sql(connection), Memory(), OPERATOR, locks=True)
    connection.execute(insert(schema.address).values(address=HERE, principal_id=1, primary=True))
    return tx


def envelope(*to: str, body: bytes | None = b"body") -> Envelope:
    return Envelope("from@there.test", tuple(map(Recipient, to)), BlobId("b" * 64), 4, body, message="m1")


def test_the_backlog_in_figures(tx: SqlTx, clock: Clock) -> None:
    assert tx.backlog() == Backlog()
    first = clock.now
    tx.enqueue(envelope("a@far.test", "b@far.test"))
    clock.later(100)
    queue = tx.enqueue(envelope("c@far.test"))
    [*_, attempt] = lease(tx)
    assert attempt.queue == queue
    tx.settle([Outcome(queue, "c@far.test", "later", "4.4.1", "nobody")])
    assert tx.backlog() == Backlog(messages=2, octets=8, deferred=1, oldest=times.moment(first))


def lease(tx: SqlTx, limit: int = 10, *, local: bool = False, busy: tuple[str, ...] = ()) -> list[Attempt]:
    return list(tx.lease(limit, 60, local=local, busy=busy))


def addresses(attempts: list[Attempt]) -> list[list[str]]:
    return [[each.address for each in attempt.envelope.recipients] for attempt in attempts]


def test_an_envelope_comes_back_as_it_went_in(tx: SqlTx, clock: Clock) -> None:
    given_ = Envelope(
        "",
        (Recipient("Bob@There.test", "SUCCESS,DELAY", "rfc822;b@x"),),
        BlobId("c" * 64),
        9,
        b"stored",
        message="m2",
        utf8=True,
        body_type="BINARYMIME",
        ret="HDRS",
        envid="QQ1",
        cleared=True,
        require_tls=True,
    )
    queue = tx.enqueue(given_)
    [attempt] = lease(tx)
    assert attempt.envelope == replace(given_, body=None)
    assert (attempt.queue, attempt.domain, attempt.tries) == (queue, "there.test", 0)
    assert attempt.until == times.moment(clock.now + 60 * SECOND)
    assert attempt.queued == times.moment(clock.now)


def test_each_domain_is_an_attempt_of_its_own(tx: SqlTx) -> None:
    tx.enqueue(envelope("a@x.test", "b@y.test", "c@x.test"))
    assert sorted(addresses(lease(tx))) == [["a@x.test", "c@x.test"], ["b@y.test"]]


def test_local_and_remote_are_leased_apart(tx: SqlTx) -> None:
    tx.enqueue(envelope("a@here.test", "b@y.test"))
    assert addresses(lease(tx, local=True)) == [["a@here.test"]]
    assert addresses(lease(tx)) == [["b@y.test"]]


def test_a_domain_that_became_local_since_is_leased_as_local(tx: SqlTx) -> None:
    tx.enqueue(envelope("a@new.test"))
    tx.sql.execute(insert(schema.address).values(address="new.test", principal_id=1, primary=False))
    tx.marks.clear()
    assert lease(tx) == []
    assert QUEUE in tx.marks
    assert addresses(lease(tx, local=True)) == [["a@new.test"]]


def test_what_is_leased_is_not_offered_until_the_lease_runs_out(tx: SqlTx, clock: Clock) -> None:
    tx.enqueue(envelope("a@x.test"))
    assert len(lease(tx)) == 1
    assert lease(tx) == []
    assert tx.next_due(local=False) == times.moment(clock.now + 60 * SECOND)
    clock.later(60)
    assert len(lease(tx)) == 1


def test_a_busy_domain_waits_and_holds_nobody_up(tx: SqlTx) -> None:
    tx.enqueue(envelope(*[f"u{n}@x.test" for n in range(50)], "b@y.test"))
    assert addresses(lease(tx, 1, busy=("x.test",))) == [["b@y.test"]]


def test_the_oldest_come_first(tx: SqlTx, clock: Clock) -> None:
    queues = []
    for _ in range(5):
        queues.append(tx.enqueue(envelope("a@x.test")))
        clock.later(1)
    assert [each.queue for each in lease(tx, 3)] == queues[:3]


def test_many_recipients_in_one_domain_do_not_hide_the_next_message(tx: SqlTx, clock: Clock) -> None:
    first = tx.enqueue(envelope(*[f"u{n}@x.test" for n in range(500)]))
    clock.later(1)
    second = tx.enqueue(envelope("a@x.test"))
    found = lease(tx, 2)
    assert [(each.queue, len(each.envelope.recipients)) for each in found] == [(first, 500), (second, 1)]


def test_what_is_to_be_tried_later_says_why_and_waits(tx: SqlTx, clock: Clock) -> None:
    queue = tx.enqueue(envelope("a@x.test"))
    lease(tx)
    again = times.moment(clock.now + 300 * SECOND)
    tx.settle([Outcome(queue, "a@x.test", "later", "4.4.1", "no answer", again)])
    [entry] = tx.queued()
    [standing] = entry.recipients
    assert (standing.state, standing.tries, standing.code, standing.text) == ("waiting", 1, "4.4.1", "no answer")
    assert (standing.next_try, tx.next_due(local=False)) == (again, again)
    assert lease(tx) == []
    clock.later(300)
    assert lease(tx)[0].tries == 1


def test_with_the_last_recipient_message_and_body_go(tx: SqlTx) -> None:
    queue = tx.enqueue(envelope("a@x.test", "b@y.test"))
    tx.settle([Outcome(queue, "a@x.test", "sent")])
    assert [each.recipient.address for each in tx.queued(queue)[0].recipients] == ["b@y.test"]
    tx.settle([Outcome(queue, "b@y.test", "failed", "5.1.1", "no such user")])
    assert tx.queued() == []
    assert tx.sql.connection.exec_driver_sql("SELECT refs FROM blob").scalar_one() == 0


def test_hastening_makes_due_what_waits_but_not_what_is_leased(tx: SqlTx, clock: Clock) -> None:
    first, second = tx.enqueue(envelope("a@x.test")), tx.enqueue(envelope("b@y.test"))
    lease(tx)
    again = times.moment(clock.now + 300 * SECOND)
    tx.settle([Outcome(first, "a@x.test", "later", next_try=again)])
    tx.marks.clear()
    assert (tx.hasten("y.test"), tx.hasten(queue=second), tx.hasten("X.TEST")) == (0, 0, 1)
    assert QUEUE in tx.marks
    assert addresses(lease(tx)) == [["a@x.test"]]


def test_what_another_host_had_leased_is_left_to_it_for_a_while(tx: SqlTx, clock: Clock) -> None:
    def taken(holder: str) -> list[list[str]]:
        return addresses(list(tx.lease(10, 60, local=False, holder=holder, patience=900)))

    queue = tx.enqueue(envelope("a@x.test", "b@x.test", "c@y.test"))
    assert taken("one") == [["a@x.test", "b@x.test"], ["c@y.test"]]
    clock.later(61)
    fresh = tx.enqueue(envelope("d@x.test"))
    assert taken("two") == [["d@x.test"]]  # what is new is not held up by what waits for its holder
    assert tx.hasten("x.test") == 0  # nor does a domain that revives bring it back
    clock.later(898)
    tx.settle([Outcome(fresh, "d@x.test", "sent")])
    assert taken("two") == []
    assert (tx.reclaim("two"), tx.reclaim("one")) == (0, 3)
    assert taken("one") == [["a@x.test", "b@x.test"], ["c@y.test"]]
    clock.later(61)
    assert taken("two") == []
    assert tx.hasten(queue=queue) == 3  # somebody says so
    assert taken("two") == [["a@x.test", "b@x.test"], ["c@y.test"]]
    clock.later(961)
    assert taken("one") == [["a@x.test", "b@x.test"], ["c@y.test"]]


def test_what_was_leased_and_not_begun_is_given_back_to_everybody(tx: SqlTx, clock: Clock) -> None:
    tx.enqueue(envelope("a@x.test"))
    mine = tx.lease(10, 60, local=False, holder="one", patience=900)
    tx.unlease(mine)
    assert addresses(list(tx.lease(10, 60, local=False, holder="two", patience=900))) == [["a@x.test"]]


def test_a_message_is_taken_out_without_a_word(tx: SqlTx) -> None:
    queue = tx.enqueue(envelope("a@x.test"))
    tx.drop_queued(queue)
    assert (tx.queued(), lease(tx)) == ([], [])
    with pytest.raises(NotFound):
        tx.drop_queued(queue)


def numbers(found: Sequence[QueueEntry]) -> list[int]:
    return [each.id for each in found]


def test_what_is_held_waits_until_it_is_released(tx: SqlTx, clock: Clock) -> None:
    queue = tx.enqueue(envelope("a@x.test", "b@y.test"))
    tx.marks.clear()
    assert (tx.hold_queued(queue, "X.test"), tx.hold_queued(queue, "x.test")) == (1, 0)
    assert QUEUE in tx.marks
    assert [each.state for each in tx.queued(queue)[0].recipients] == ["held", "ready"]
    assert addresses(lease(tx)) == [["b@y.test"]]
    clock.later(10**6)
    assert tx.hasten("x.test") == 0
    assert (tx.release_queued(queue), tx.release_queued(queue)) == (1, 0)
    assert {each.domain: each.released for each in lease(tx)} == {"x.test": True, "y.test": False}


def test_what_is_under_way_is_not_held(tx: SqlTx) -> None:
    queue = tx.enqueue(envelope("a@x.test"))
    lease(tx)
    assert tx.hold_queued(queue) == 0


def test_a_courier_may_hold_what_was_not_tried(tx: SqlTx, clock: Clock) -> None:
    queue = tx.enqueue(envelope("a@x.test"))
    assert lease(tx)[0].released is False
    tx.settle([Outcome(queue, "a@x.test", "later", "4.7.0", "held", hold=True)])
    [standing] = tx.queued(queue)[0].recipients
    assert (standing.state, standing.tries, standing.text) == ("held", 0, "held")
    clock.later(10**6)
    assert lease(tx) == []


def test_the_queue_is_looked_into_by_what_people_know(tx: SqlTx, clock: Clock) -> None:
    first = tx.enqueue(envelope("Ann@x.test", "b@y.test"))
    began = clock.now
    clock.later(3600)
    second = tx.enqueue(replace(envelope("c@x.test"), sender=""))
    tx.hold_queued(first, "y.test")
    lease(tx)
    again = times.moment(clock.now + 300 * SECOND)
    tx.settle([Outcome(second, "c@x.test", "later", "4.2.2", "Mailbox 100% full", again)])
    cases = [
        (QueueFilter(), [first, second]),
        (QueueFilter(sender="FROM@there.test"), [first]),
        (QueueFilter(sender="<>"), [second]),
        (QueueFilter(recipient="ann@X.test"), [first]),
        (QueueFilter(domain="x.test"), [first, second]),
        (QueueFilter(domain="x.test", state="held"), []),
        (QueueFilter(state="held"), [first]),
        (QueueFilter(state="deferred"), [second]),
        (QueueFilter(state="waiting"), [second]),
        (QueueFilter(state="leased"), [first]),
        (QueueFilter(state="ready"), []),
        (QueueFilter(text="100% FULL"), [second]),
        (QueueFilter(text="100_"), []),
        (QueueFilter(before=times.moment(began + SECOND)), [first]),
    ]
    for wanted, found in cases:
        assert numbers(tx.find_queued(wanted)) == found, wanted
    assert numbers(tx.find_queued(QueueFilter(), limit=1)) == [first]
    assert numbers(tx.find_queued(QueueFilter(), first, 1)) == [second]
    assert len(tx.find_queued(QueueFilter(domain="y.test"))[0].recipients) == 2


def test_what_waits_for_each_destination(tx: SqlTx, clock: Clock) -> None:
    began = clock.now
    first = tx.enqueue(envelope("a@x.test", "b@x.test", "c@y.test"))
    clock.later(60)
    tx.enqueue(envelope("d@x.test"))
    lease(tx)
    again = times.moment(clock.now + 300 * SECOND)
    tx.settle([Outcome(first, "a@x.test", "later", "4.4.1", "nobody answers", again)])
    one, other = tx.waiting()
    assert (one.domain, one.messages, one.deferred, one.held) == ("x.test", 2, 1, 0)
    assert (one.oldest, one.code, one.text) == (times.moment(began), "4.4.1", "nobody answers")
    assert (other.domain, other.messages, other.octets, other.text) == ("y.test", 1, 4, "")
    assert [each.domain for each in tx.waiting(1)] == ["x.test"]


def test_mail_is_submitted_in_ones_own_name(tx: SqlTx) -> None:
    stranger = SqlTx(tx.sql, Memory(), OPERATOR, locks=True)
    stranger._who = STRANGER
    stranger.enqueue(replace(envelope("a@x.test"), by=STRANGER.account))
    with pytest.raises(NoRight):
        stranger.enqueue(envelope("a@x.test"))


def test_only_the_administrator_looks_into_the_queue(tx: SqlTx) -> None:
    stranger = SqlTx(tx.sql, Memory(), OPERATOR, locks=True)
    stranger._who = STRANGER
    asked: list[Callable[[], object]] = [
        stranger.queued,
        lambda: stranger.lease(1, 1, local=True),
        lambda: stranger.settle([]),
        stranger.hasten,
        lambda: stranger.next_due(local=True),
        lambda: stranger.drop_queued(QueueId(1)),
    ]
    for each in asked:
        with pytest.raises(NoRight):
            each()


def test_a_message_without_recipients_is_refused(tx: SqlTx) -> None:
    with pytest.raises(Refused):
        tx.enqueue(envelope())


def test_the_trace_of_a_message_is_kept_in_order(tx: SqlTx) -> None:
    events = [Event("received", None, {"size": 4}, "m1"), Event("delivered", AccountId(1), {"to": "ä@x"}, "m1")]
    for each in (*events, Event("received", None, {}, "m2")):
        tx.note(each)
    assert [row.event for row in tx.trace("m1")] == events
    assert [row.event for row in tx.trace("m1", 1)] == events[:1]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (leases._DUE[False], "ix_queue_recipient_due"),
        (leases._NEXT_DUE, "ix_queue_recipient_due"),
        (leases._TAKE[False], "sqlite_autoindex_queue_recipient_1 (queue_id=?"),
    ],
)
def test_a_long_queue_is_leased_by_index(tx: SqlTx, statement: Any, index: str) -> None:
    compiled = str(statement.compile(dialect=tx.sql.dialect))
    plan = tx.sql.connection.exec_driver_sql("EXPLAIN QUERY PLAN " + compiled, (1,) * compiled.count("?")).all()
    assert index in str(plan)
    assert "B-TREE" not in str(plan)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
@pytest.mark.parametrize("wanted", [QueueFilter(domain="x.test"), QueueFilter(recipient="a@x.test", state="held")])
def test_what_goes_to_a_domain_is_found_by_index(tx: SqlTx, wanted: QueueFilter) -> None:
    statement = queueview.page_of(wanted, QueueId(7), 100, 1)
    compiled = statement.compile(dialect=tx.sql.dialect, compile_kwargs={"literal_binds": True})
    plan = str(tx.sql.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all())
    assert "ix_queue_recipient_domain" in plan
    assert "SCAN queue" not in plan


# --- against a dict

DOMAINS = (HERE, "x.test", "y.test")


@dataclass
class Standing:
    due: int
    leased: int = 0
    tries: int = 0


@dataclass
class Oracle:
    """What the queue has to do, in the plainest words."""

    clock: Clock
    messages: dict[QueueId, dict[str, Standing]] = field(default_factory=dict)

    def due(self, local: bool, busy: tuple[str, ...]) -> dict[tuple[QueueId, str], list[str]]:
        shares: dict[tuple[QueueId, str], list[str]] = {}
        for queue, recipients in self.messages.items():
            for address, standing in sorted(recipients.items()):
                domain = address.partition("@")[2]
                if (domain == HERE) == local and domain not in busy and standing.due <= self.clock.now:
                    shares.setdefault((queue, domain), []).append(address)
        return shares


local_parts = st.sampled_from(["a", "b", "c"])
some_address = st.builds(lambda name, domain: f"{name}@{domain}", local_parts, st.sampled_from(DOMAINS))
step = st.one_of(
    st.tuples(st.just("enqueue"), st.lists(some_address, min_size=1, max_size=5)),
    st.tuples(st.just("lease"), st.integers(1, 4), st.booleans(), st.lists(st.sampled_from(DOMAINS), max_size=2)),
    st.tuples(st.just("settle"), st.randoms(use_true_random=False)),
    st.tuples(st.just("hasten"), st.sampled_from([None, *DOMAINS])),
    st.tuples(st.just("later"), st.sampled_from([1, 30, 60, 300])),
    st.tuples(st.just("drop"), st.integers(0, 5)),
)


class Run:
    """The same steps on the queue and on the dict."""

    def __init__(self, tx: SqlTx, clock: Clock) -> None:
        self.tx, self.oracle, self.clock = tx, Oracle(clock), clock

    def enqueue(self, to: list[str]) -> None:
        queue = self.tx.enqueue(envelope(*to))
        assert queue not in self.oracle.messages
        self.oracle.messages[queue] = {each: Standing(self.clock.now) for each in to}

    def lease(self, limit: int, local: bool, busy: list[str]) -> None:
        expected = self.oracle.due(local, tuple(busy))
        found = {
            (each.queue, each.domain): [to.address for to in each.envelope.recipients]
            for each in self.tx.lease(limit, 60, local=local, busy=busy)
        }
        assert found.items() <= expected.items()
        assert len(found) == min(limit, len(expected))
        for (queue, _), recipients in found.items():
            for each in recipients:
                standing = self.oracle.messages[queue][each]
                standing.due = standing.leased = self.clock.now + 60 * SECOND

    def settle(self, random: Any) -> None:
        outcomes = []
        for queue, recipients in list(self.oracle.messages.items()):
            for each, standing in list(recipients.items()):
                verdict = random.choice(["sent", "failed", "later", ""]) if standing.leased else ""
                if verdict == "later":
                    standing.due, standing.leased = self.clock.now + 300 * SECOND, 0
                    standing.tries += 1
                    again = times.moment(standing.due)
                    outcomes.append(Outcome(queue, each, "later", next_try=again))
                elif verdict:
                    del recipients[each]
                    outcomes.append(Outcome(queue, each, verdict))
            if not recipients:
                del self.oracle.messages[queue]
        self.tx.settle(outcomes)

    def hasten(self, domain: str | None) -> None:
        now, count = self.clock.now, 0
        for recipients in self.oracle.messages.values():
            for each, standing in recipients.items():
                if domain in (None, each.partition("@")[2]) and standing.due > now and standing.leased <= now:
                    standing.due, standing.leased, count = now, 0, count + 1
        assert self.tx.hasten(domain) == count

    def later(self, seconds: int) -> None:
        self.clock.later(seconds)

    def drop(self, which: int) -> None:
        for queue in list(self.oracle.messages)[which : which + 1]:
            self.tx.drop_queued(queue)
            del self.oracle.messages[queue]

    def compare(self) -> None:
        found = {
            entry.id: {each.recipient.address: (each.next_try, each.tries) for each in entry.recipients}
            for entry in self.tx.queued()
        }
        assert found == {
            queue: {to: (times.moment(each.due), each.tries) for to, each in recipients.items()}
            for queue, recipients in self.oracle.messages.items()
        }
        for local in (True, False):
            dues = [
                each.due
                for recipients in self.oracle.messages.values()
                for to, each in recipients.items()
                if (to.partition("@")[2] == HERE) == local
            ]
            assert self.tx.next_due(local=local) == (times.moment(min(dues)) if dues else None)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, max_size=15))
def test_the_queue_does_what_a_dict_does(database: Database, clock: Clock, steps: list[tuple[Any, ...]]) -> None:
    with database.writers.connect() as connection, connection.begin() as transaction:
        run = Run(opened(connection), clock)
        for name, *words in steps:
            getattr(run, name)(*words)
            run.compare()
        transaction.rollback()


# --- renewing


def test_a_lease_that_is_renewed_is_offered_to_nobody_until_it_runs_out(tx: SqlTx, clock: Clock) -> None:
    tx.enqueue(envelope("a@x.test"))
    (attempt,) = lease(tx)
    clock.later(40)
    until = tx.renew([attempt], 60)
    clock.later(59)
    assert lease(tx) == []
    clock.later(1)
    assert [each.until > until for each in lease(tx)] == [True]


def test_a_lease_that_somebody_else_has_taken_over_is_not_renewed(tx: SqlTx, clock: Clock) -> None:
    tx.enqueue(envelope("a@x.test"))
    (lost,) = lease(tx)
    clock.later(60)
    (taken,) = lease(tx)
    tx.renew([lost], 3600)
    clock.later(60)
    assert addresses(lease(tx)) == [["a@x.test"]]
    assert taken.until > lost.until


def test_what_was_settled_meanwhile_is_not_held_back(tx: SqlTx, clock: Clock) -> None:
    tx.enqueue(envelope("a@x.test"))
    (attempt,) = lease(tx)
    tx.settle([Outcome(attempt.queue, "a@x.test", "later", "4.0.0", "no")])
    tx.renew([attempt], 3600)
    assert addresses(lease(tx)) == [["a@x.test"]]
