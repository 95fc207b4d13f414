"""Whatever a script asks for, a message is never lost: kept, filed, sent on, returned, or dropped in so many words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from groupware.model.errors import GroupwareError, NoRight, NotFound, OverQuota
from groupware.model.event import Envelope, Landing, Recipient, Target
from groupware.model.folder import Destination
from groupware.model.ids import AccountId, BlobId, FolderId, QueueId, Uid
from groupware.model.item import NewItem
from groupware.model.memory import Memory
from groupware.model.script import ActiveScript
from mailcore.queue.filters import Case, Chain, Verdict
from mailcore.queue.sorting import Fate, Prepared, Whole, carry
from mailcore.queue.trace import Trail
from mailcore.sieve.actions import (
    Action,
    AddHeader,
    Discard,
    FileInto,
    Keep,
    Outcome,
    Place,
    Redirect,
    Reject,
    Track,
    Vacation,
)
from mailcore.sieve.delivery.wanted import Bounds, verdict_of
from mailcore.sieve.delivery.writing import Writer
from mailcore.sieve.message import read
from tests.support.eventlog import RecordingLog

ALICE = Target("account", AccountId(11), address="alice@example.test")
INBOX, OPEN, CLOSED, FULL = FolderId(1), FolderId(2), FolderId(3), FolderId(4)
FOLDERS = {"Open": OPEN, "Closed": CLOSED, "Full": FULL}
OCTETS = b"From: ann@far.test\r\nTo: alice@example.test\r\nSubject: x\r\n\r\ntext\r\n"
MARK = b"X-Sieve-Redirected-From: alice@example.test\r\n"


@dataclass
class Kept:
    blob: BlobId
    size: int
    body: bytes | None


class Bodies:
    async def put(self, octets: bytes) -> Kept:
        return Kept(BlobId(hashlib.sha256(octets).hexdigest()), len(octets), octets)


@dataclass
class Tx:
    """A store with three folders and an INBOX that may be full."""

    full: bool
    filed: list[tuple[FolderId, NewItem]] = field(default_factory=list)
    queued: list[Envelope] = field(default_factory=list)
    known: set[tuple[str, str]] = field(default_factory=set)

    def destination(self, of: AccountId, wanted: Destination) -> FolderId:
        if wanted.path not in FOLDERS:
            raise NotFound("there is no such folder")
        return FOLDERS[wanted.path]

    def make_destination(self, of: AccountId, path: str) -> FolderId:
        raise OverQuota("you may have no more folders")

    def deliver(self, to: Sequence[Target], new: NewItem) -> Sequence[Landing | GroupwareError]:
        return [self._deliver(each.folder or INBOX, new) for each in to]

    def _deliver(self, at: FolderId, new: NewItem) -> Landing | GroupwareError:
        if at == CLOSED:
            return NoRight("it is closed")
        if at == FULL or (at == INBOX and self.full):
            return OverQuota("it is full")
        self.filed.append((at, new))
        return Landing(at, Uid(len(self.filed)))

    def enqueue(self, envelope: Envelope) -> QueueId:
        self.queued.append(envelope)
        return QueueId(len(self.queued))

    def remember(self, of: AccountId, what: Memory) -> bool:
        key = (what.kind, what.key)
        new = key not in self.known
        self.known.add(key)
        return new


places = st.builds(Place, st.sampled_from(["Open", "Closed", "Full", "Nowhere", "INBOX"]), st.booleans())
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(Keep, flags=st.sampled_from([(), ("\\Seen",), ("word",)]), implicit=st.booleans()),
    st.builds(FileInto, places, copy=st.booleans()),
    st.builds(Redirect, st.sampled_from(["b@far.test", "alice@example.test"]), copy=st.booleans()),
    st.builds(Discard),
    st.builds(Vacation, st.just("ann@far.test"), st.just("away"), st.just("Away"), st.just("h"), st.just(60)),
    st.builds(AddHeader, st.just("X-More"), st.sampled_from(["1", "2"])),
    st.builds(Track, st.just("h"), st.just("k"), st.just(60)),
)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    """What a run may give: a refusal stands alone, and without a disposition there is an implicit keep."""
    if draw(st.integers(0, 9)) == 0:
        return Outcome((Reject("no", draw(st.booleans())),))
    found = draw(st.lists(actions, max_size=6))
    disposes = [each for each in found if isinstance(each, Keep | FileInto | Redirect | Discard)]
    if all(getattr(each, "copy", False) for each in disposes):
        found.append(Keep(implicit=True))
    return Outcome(tuple(found))


async def carried(outcome: Outcome, octets: bytes, *, full: bool) -> tuple[Fate, Tx, Verdict]:
    """What becomes of it, by the chain with this one verdict in it."""
    now = datetime(2026, 11, 26, tzinfo=UTC)
    case = Case("ID", octets, "ann@far.test", Recipient(ALICE.address), ALICE)
    writer = Writer(ActiveScript(AccountId(11), ALICE.address, "", "main", b""), "mx.test", now, (ALICE.address,))
    verdict = verdict_of(outcome, case, read(octets, case.sender, ALICE.address), writer, Bounds(30))

    async def judge(case: Case) -> Verdict:
        return verdict

    decision = await Chain((), RecordingLog()).decide(case, [(cast(Any, Named()), judge)])
    whole = Whole(case.sender, octets, Trail("ID"))
    one = await Prepared(whole, cast(Any, Bodies())).sorted(case.recipient, ALICE, decision)
    tx = Tx(full)
    (fate,) = carry(cast(Any, tx), [one], whole.trail)
    return fate, tx, verdict


class Named:
    name = "sieve"


@settings(max_examples=300, deadline=None)
@given(outcomes(), st.booleans(), st.booleans())
async def test_no_message_is_lost(outcome: Outcome, full: bool, circled: bool) -> None:
    octets = MARK + OCTETS if circled else OCTETS
    fate, tx, _ = await carried(outcome, octets, full=full)
    kinds = {type(each) for each in outcome.actions}
    redirects = {each.address for each in outcome.actions if isinstance(each, Redirect)}
    on = {each.recipients[0].address for each in tx.queued if each.sender}
    if Reject in kinds:
        assert fate.sorted.refusal is not None
        assert (tx.filed, tx.queued, tx.known) == ([], [], set())
        return
    if fate.trouble is not None:  # it waits in the queue as a whole: nothing was done
        assert isinstance(fate.trouble, OverQuota)
        assert (tx.filed, tx.queued, tx.known) == ([], [], set())
        return
    assert on == (set() if circled else redirects - {ALICE.address})
    if not tx.filed and not on:  # only in so many words
        assert Discard in kinds
        assert not kinds & {Keep, FileInto}
        assert all(each.copy for each in outcome.actions if isinstance(each, Redirect))
    wanted = [each for each in outcome.actions if isinstance(each, Keep | FileInto)]
    assert bool(tx.filed) or not wanted


@settings(max_examples=200, deadline=None)
@given(outcomes())
async def test_the_same_done_again_answers_nobody_twice(outcome: Outcome) -> None:
    fate, tx, _ = await carried(outcome, OCTETS, full=False)
    first = [each for each in tx.queued if not each.sender]
    carry(cast(Any, tx), [fate.sorted], Trail("ID"))
    assert [each for each in tx.queued if not each.sender] == first
    assert len(first) <= len({each.handle for each in outcome.actions if isinstance(each, Vacation)})


@settings(max_examples=200, deadline=None)
@given(outcomes())
async def test_every_copy_is_the_message_as_it_was_when_it_was_asked_for(outcome: Outcome) -> None:
    _, _, verdict = await carried(outcome, OCTETS, full=False)
    expected, edits = [], 0
    for each in outcome.actions:
        edits += isinstance(each, AddHeader)
        if isinstance(each, Keep | FileInto):
            expected.append(edits)
    if verdict.disposition is None:
        assert expected == [0]
        return
    found = [(each.octets or b"").count(b"X-More") for each in verdict.disposition.filings]
    assert found[: len(expected)] == expected
    assert len(found) - len(expected) <= 1  # a redirection to the owner is kept instead
