"""Whoever synchronises by differences, from whatever moment and in pages of whatever size, ends with what is there."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from groupware.model.flags import FlagChange, Flags, apply
from groupware.model.ids import FolderId, ModSeq, Uid, ranges
from groupware.model.principal import Principal
from groupware.model.rights import ALL, parse_rights
from groupware.store.api import ReadTx
from mailcore.imap.snapshot import OF_A_FOLDER, Snapshot, Snapshots
from tests.store.house import house
from tests.store.world import World, letter, people

State = dict[int, tuple[Flags, frozenset[str]]]
FLAGS = st.integers(0, 31).map(Flags)
WORDS = st.frozensets(st.sampled_from(["$A", "$B"]))
UIDS = st.frozensets(st.integers(1, 12), min_size=1, max_size=6)
PLACES = st.sampled_from([0, 1, 2])
PEOPLE = st.sampled_from([0, 1])


class Synchronising(RuleBasedStateMachine):
    """Alice's three folders, of which one shares \\Seen; Bob may do everything in them."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        data = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.world: World = people(self._opened(data))
        self.people: list[Principal] = [self.world.alice, self.world.bob]
        self.model: dict[tuple[int, int], State] = {}
        self.clients: list[tuple[int, int, ModSeq, State]] = []
        self.snapshots = Snapshots(OF_A_FOLDER * 3)

    def _opened(self, data: Path) -> Any:
        made = self.stack.enter_context(house(data, ""))
        made.domain("example.test")
        return made

    @initialize()
    def begin(self) -> None:
        third = self.world.write(self.world.alice, lambda tx: tx.create_folder("Shared")).id
        self.world.write(self.world.alice, lambda tx: tx.set_folder("Shared", shared_seen=True))
        self.places: list[FolderId] = [self.world.work, self.world.deep, third]
        for at in (self.world.work, third):
            self.world.write(
                self.world.alice, lambda tx, at=at: tx.grant(at, self.world.bob.name, parse_rights("lrswite"))
            )  # type: ignore[misc]
        self.model = {(who, at): {} for who in (0, 1) for at in (0, 1, 2)}

    def _personal(self, who: int, at: int, flags: Flags) -> Flags:
        """What another person sees of flags that `who` set: \\Seen is each one's own, but where it is shared."""
        return flags if at == 2 else flags & ~Flags.SEEN

    @rule(who=PEOPLE, at=PLACES, flags=FLAGS, words=WORDS)
    def append(self, who: int, at: int, flags: Flags, words: frozenset[str]) -> None:
        uid = self.world.put(letter(1, flags, *words), at=self.places[at], who=self.people[who])[0].uid
        self.model[who, at][uid] = (flags, words)
        self.model[1 - who, at][uid] = (self._personal(who, at, flags), words)

    @rule(who=PEOPLE, at=PLACES, uids=UIDS, add=FLAGS, remove=FLAGS, words=WORDS, replace=st.booleans())
    def flag(
        self, who: int, at: int, uids: frozenset[int], add: Flags, remove: Flags, words: frozenset[str], replace: bool
    ) -> None:
        change = FlagChange(add=add, remove=remove & ~add, add_words=words, replace=replace)
        if not (add or change.remove or words or replace):
            return
        self.world.write(self.people[who], lambda tx: tx.update_flags(self.places[at], ranges(uids), change))
        for uid in uids & self.model[who, at].keys():
            flags, keywords = self.model[who, at][uid] = apply(change, ALL, *self.model[who, at][uid])
            others, _ = self.model[1 - who, at][uid]
            seen = (flags if at == 2 else others) & Flags.SEEN
            self.model[1 - who, at][uid] = (flags & ~Flags.SEEN | seen, keywords)

    @rule(who=PEOPLE, at=PLACES, uids=UIDS, marked=st.booleans())
    def expunge(self, who: int, at: int, uids: frozenset[int], marked: bool) -> None:
        work = lambda tx: tx.expunge(self.places[at], ranges(uids), deleted_only=marked)  # noqa: E731
        gone = self.world.write(self.people[who], work)
        mine = self.model[who, at]
        wanted = [uid for uid in sorted(uids & mine.keys()) if not marked or Flags.DELETED in mine[uid][0]]
        assert list(gone) == wanted
        for uid in wanted:
            for each in (0, 1):
                del self.model[each, at][uid]

    @rule(who=PEOPLE, at=PLACES, to=PLACES, uids=UIDS, move=st.booleans())
    def transfer(self, who: int, at: int, to: int, uids: frozenset[int], move: bool) -> None:
        if move and at == to:
            return
        here, there = self.places[at], self.places[to]
        work = lambda tx: (tx.move if move else tx.copy)(here, ranges(uids), there)  # noqa: E731
        pairs = self.world.write(self.people[who], work)
        assert [old for old, _ in pairs] == sorted(uids & self.model[who, at].keys())
        for old, new in pairs:
            flags, words = self.model[who, at][old]
            self.model[who, to][new] = (flags, words)
            self.model[1 - who, to][new] = (self._personal(who, to, flags), words)
            if move:
                for each in (0, 1):
                    del self.model[each, at][old]

    @rule(who=PEOPLE, at=PLACES)
    def join(self, who: int, at: int) -> None:
        """Another client, which has what is there now."""
        token = self.world.folder(self.people[who], self.places[at]).modseq
        self.clients.append((who, at, token, dict(self.model[who, at])))

    @rule(which=st.integers(0, 20), limit=st.integers(0, 3))
    def synchronise(self, which: int, limit: int) -> None:
        if not self.clients:
            return
        number = which % len(self.clients)
        who, at, token, state = self.clients[number]
        for _ in range(200):
            found = self.world.read(
                self.people[who],
                lambda tx: tx.delta(self.places[at], token, limit),  # noqa: B023
            )
            assert not found.reset
            for uid, _name in found.vanished:
                state.pop(uid, None)
            state.update({each.uid: (each.flags, each.keywords) for each in found.changed})
            token = found.modseq
            if not found.truncated:
                break
        assert state == self.model[who, at]
        self.clients[number] = (who, at, token, state)

    @rule(who=PEOPLE, at=PLACES, back=st.none() | st.integers(0, 5))
    def follow(self, who: int, at: int, back: int | None) -> None:
        """A snapshot that is brought up to date is the one that is made anew, also by what was read for a client."""
        folder = self.world.folder(self.people[who], self.places[at])

        def work(tx: ReadTx) -> Snapshot:
            since = ModSeq(max(1, folder.modseq - (back or 0)))
            missed = (since, tx.changes(folder.id, since)) if back is not None else None
            return self.snapshots.read(tx, folder, missed)

        now = self.world.read(self.people[who], work)
        self.snapshots.keep(self.people[who].account, folder, now)
        anew = self.world.read(self.people[who], lambda tx: Snapshots().read(tx, folder))
        assert now == anew
        found = zip(now.uids, now.flags, strict=True)
        assert {uid: (Flags(bits), now.words.get(uid, frozenset())) for uid, bits in found} == self.model[who, at]

    @invariant()
    def what_is_there_is_what_the_model_has(self) -> None:
        for (who, at), state in self.model.items():
            entries = self.world.read(self.people[who], lambda tx, at=at: tx.entries(self.places[at]))  # type: ignore[misc]
            assert {Uid(each.uid): (each.flags, each.keywords) for each in entries} == state
            folder = self.world.folder(self.people[who], self.places[at])
            assert (folder.total, folder.bytes) == (len(state), len(state))
            assert folder.unseen == sum(Flags.SEEN not in flags for flags, _ in state.values())
            assert folder.deleted == sum(Flags.DELETED in flags for flags, _ in state.values())

    def teardown(self) -> None:
        self.stack.close()


Synchronising.TestCase.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestSynchronising = Synchronising.TestCase
