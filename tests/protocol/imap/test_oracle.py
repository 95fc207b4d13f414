"""Several sessions do random things in two folders; after each step what each client knows is what it should know."""

from __future__ import annotations

import asyncio
import random
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.imaporacle import DELETED, SEEN, Folder, Message, Sitting
from tests.support.imapstand import Answer, Client, stand

STEPS = 1000
SEEDS = range(10)
ENOUGH = 40
"""Messages of a folder from which on none are put in or copied there: what each client knows is compared one by one."""
FLAGS = (SEEN, "\\Flagged", "\\Answered", DELETED, "word")
KEYS = {
    "ALL": lambda flags: True,
    "DELETED": lambda flags: DELETED in flags,
    "UNSEEN": lambda flags: SEEN not in flags,
    "KEYWORD word": lambda flags: "word" in flags,
    "OR FLAGGED NOT ANSWERED": lambda flags: "\\Flagged" in flags or "\\Answered" not in flags,
}
RECENT = "\\Recent"
FOLDERS = ("INBOX", "Work")
_FETCH = re.compile(rb"\* (\d+) (?:UID)?FETCH \((.*)\)\Z", re.DOTALL)
TOLD = "NOTIFY SET (SELECTED (MessageNew (UID FLAGS) MessageExpunge FlagChange))"
_FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")
_UID = re.compile(rb"UID (\d+)")


@dataclass
class Known:
    """A message as a client knows it; None: it has not been told yet."""

    uid: int | None = None
    flags: frozenset[str] | None = None
    """Without \\Recent."""
    recent: bool = False


@dataclass
class Mirror:
    """A client, and what it makes of the responses."""

    name: str
    client: Client
    who: str
    prefix: str
    rev2: bool = False
    qresync: bool = False
    uidonly: bool = False
    """It has no message numbers."""
    notified: bool = False
    """It is told of the selected folder while it says nothing."""
    asking: bool = False
    """It is asking for what it does not know."""
    idle: bytes = b""
    """The tag of the IDLE at work."""
    sitting: Sitting | None = None
    path: str = ""
    messages: list[Known] = field(default_factory=list)
    cache: dict[str, tuple[int, int, dict[int, frozenset[str]]]] = field(default_factory=dict)
    """By folder: UIDVALIDITY, MODSEQ and flags, from the last time in it."""
    marks: list[int] = field(default_factory=lambda: [0, 0])
    recents: dict[tuple[str, int], str] = field(default_factory=dict)
    """To whom a message was recent; all clients share it."""

    def hear(self, lines: list[bytes], *, numbers: bool = False) -> None:
        for line in lines:
            self._hear(line, numbers=numbers)

    def _hear(self, line: bytes, *, numbers: bool) -> None:
        words = line.split(b" ")
        if words[2:3] == [b"EXISTS"]:
            count = int(words[1])
            assert count >= len(self.messages), line
            self.messages += [Known() for _ in range(count - len(self.messages))]
        elif words[2:3] == [b"EXPUNGE"]:
            assert not numbers, "EXPUNGE while numbers are in use"
            assert not self.qresync, line
            assert not self.uidonly, line
            del self.messages[int(words[1]) - 1]
        elif words[1] == b"VANISHED":
            assert self.qresync or self.uidonly, line
            self._vanish(words, numbers=numbers)
        elif words[2:3] == [b"RECENT"]:
            assert not self.rev2, line
        elif found := _FETCH.match(line):
            assert self.uidonly is (words[2] == b"UIDFETCH"), line
            known = self._called(int(found[1])) if self.uidonly else self.messages[int(found[1]) - 1]
            if known is not None:
                self._told(known, found[2])

    def _called(self, uid: int) -> Known | None:
        """The message of that UID; without numbers a new one can be told from others only by asking for all of them."""
        unknown = [each for each in self.messages if each.uid is None][:1] if self.asking else []
        return next(iter([each for each in self.messages if each.uid == uid] or unknown), None)

    def _vanish(self, words: list[bytes], *, numbers: bool) -> None:
        early = words[2] == b"(EARLIER)"
        assert early or not numbers, "VANISHED while numbers are in use"
        for piece in words[-1].split(b","):
            low, _, high = piece.partition(b":")
            for uid in range(int(low), int(high or low) + 1):
                found = next((each for each in self.messages if each.uid == uid), None)
                if found is None and not early:
                    found = next(each for each in self.messages if each.uid is None)
                if found is not None:
                    assert not early
                    self.messages.remove(found)

    def _told(self, known: Known, items: bytes) -> None:
        if found := _UID.search(items):
            assert known.uid in (None, int(found[1]))
            known.uid = int(found[1])
        if found := _FLAGS.search(items):
            flags = frozenset(found[1].decode().split())
            known.flags, known.recent = flags - {RECENT}, RECENT in flags

    # --- commands

    async def ask(self, command: str, *literals: bytes, numbers: bool = False) -> Answer:
        answer = await self.client.ask(command, *literals)
        self.hear(answer.untagged, numbers=numbers)
        return answer

    async def complete(self) -> None:
        """Ask for what is not known yet."""
        while any(each.uid is None or each.flags is None for each in self.messages):
            assert self.sitting is not None
            start = next(at for at, each in enumerate(self.messages) if each.uid is None or each.flags is None)
            before = self.messages[start - 1].uid if start else 0
            self.asking = True
            await self.ask(f"UID FETCH {(before or 0) + 1}:* (UID FLAGS)")
            self.asking = False
            self.sitting.look(expunges=True)

    def check(self) -> None:
        """What the client knows is what it has to know."""
        if self.sitting is None:
            return
        told = self.sitting.told
        assert len(self.messages) == len(told), self.name
        for known, wanted in zip(self.messages, told, strict=True):
            assert known.uid in (None, wanted.uid), self.name
            assert known.flags is None or known.flags == wanted.flags, (self.name, wanted.uid)
            if known.recent and known.uid is not None and not self.sitting.read_only:
                assert not self.rev2
                assert self.recents.setdefault((self.path, known.uid), self.name) == self.name, "recent to two sessions"

    def agrees(self) -> bool:
        """Whether the client has heard all that IDLE or NOTIFY owes it."""
        try:
            self.check()
        except AssertionError:
            return False
        return not self.notified or all(None not in (each.uid, each.flags) for each in self.messages)


class World:
    """The sessions, the folders as they should be, and the dice."""

    def __init__(self, chance: random.Random, mirrors: list[Mirror]) -> None:
        self.chance, self.mirrors = chance, mirrors
        self.folders = {path: Folder() for path in FOLDERS}
        self.notes: dict[tuple[str, str, str], str] = {}
        """Annotations by folder, entry and person ("": everybody)."""
        self.steps = 0

    async def step(self) -> None:
        mirror = self.chance.choice(self.mirrors)
        if mirror.idle:
            await self._done(mirror)
        elif mirror.sitting is None or self.chance.random() < 0.04:
            await self._open(mirror)
        else:
            await self._inside(mirror, mirror.sitting)
        if mirror.sitting is not None and not mirror.idle:
            await mirror.complete()
        for each in self.mirrors:
            if (each.idle or each.notified) and each.sitting is not None:
                each.sitting.look(expunges=True)
                await _hear_all(each)
            each.check()
        self.steps += 1

    async def _open(self, mirror: Mirror) -> None:
        if mirror.sitting is not None:
            if mirror.notified:
                await mirror.ask("NOOP")  # what is told twice is not to come between
            _remember(mirror)
        path, read_only = self.chance.choice(FOLDERS), self.chance.random() < 0.2
        mirror.messages, mirror.path = [], path
        mirror.sitting = Sitting(mirror.who, self.folders[path], read_only)
        command = f'{"EXAMINE" if read_only else "SELECT"} "{mirror.prefix}{path}"'
        kept = mirror.cache.get(path)
        if not mirror.qresync or kept is None:
            answer = await mirror.ask(command)
        else:
            answer = await self._resync(mirror, command, kept)
        assert answer.tagged.startswith(b"OK [READ-ONLY]" if read_only else b"OK [READ-WRITE]"), answer
        for line in answer.untagged:
            for at, word in enumerate((b"UIDVALIDITY", b"HIGHESTMODSEQ")):
                if found := re.search(rb"\[%b (\d+)\]" % word, line):
                    mirror.marks[at] = int(found[1])
        mirror.sitting.enter()

    async def _resync(self, mirror: Mirror, command: str, kept: tuple[int, int, dict[int, frozenset[str]]]) -> Answer:
        """Come back with what is known from the last time; what is missing is then told."""
        validity, modseq, known = kept
        answer = await mirror.client.ask(f"{command} (QRESYNC ({validity} {modseq}))")
        gone: set[int] = set()
        flags = dict(known)
        for line in answer.untagged:
            if line.startswith(b"* VANISHED (EARLIER) "):
                for piece in line.split(b" ")[-1].split(b","):
                    low, _, high = piece.partition(b":")
                    gone.update(range(int(low), int(high or low) + 1))
            elif found := _FETCH.match(line):
                uid, told = found if mirror.uidonly else _UID.search(found[2]), _FLAGS.search(found[2])
                assert uid is not None and told is not None
                flags[int(uid[1])] = frozenset(told[1].decode().split()) - {RECENT}
        there = sorted(flags.keys() - gone)
        mirror.messages = [Known(uid, flags[uid]) for uid in there]
        assert answer.of(b"EXISTS") == [b"* %d EXISTS" % len(there)]
        return answer

    async def _done(self, mirror: Mirror) -> None:
        mirror.client.send(b"DONE\r\n")
        answer = await mirror.client.until(mirror.idle)
        assert answer.ok
        mirror.hear(answer.untagged)
        mirror.idle = b""
        assert mirror.sitting is not None
        mirror.sitting.look(expunges=True)

    async def _inside(self, mirror: Mirror, here: Sitting) -> None:
        names = (
            "append",
            "store",
            "store",
            "store",
            "fetch",
            "copy",
            "move",
            "expunge",
            "noop",
            "close",
            "search",
            "idle",
            "replace",
            "annotate",
        )
        weights = (14, 10, 10, 10, 8, 6, 5, 8, 8, 1, 8, 6, 6, 3)
        await getattr(self, f"_{self.chance.choices(names, weights)[0]}")(mirror, here)

    # --- the commands

    def _by_uid(self, mirror: Mirror) -> bool:
        """Whether the client says UIDs this time."""
        return mirror.uidonly or self.chance.random() < 0.4

    def _some(self, mirror: Mirror, here: Sitting) -> tuple[str, list[int], bool]:
        """A set as the client writes it, the UIDs that it means, and whether it is of UIDs."""
        uid, count = self._by_uid(mirror), len(here.told)
        first, last = sorted((self.chance.randint(1, count), self.chance.randint(1, count)))
        if self.chance.random() < 0.6:
            last = first
        chosen = [each.uid for each in here.told[first - 1 : last]]
        numbers = (chosen[0], chosen[-1]) if uid else (first, last)
        return f"{numbers[0]}:{numbers[1]}" if last > first else f"{numbers[0]}", chosen, uid

    async def _append(self, mirror: Mirror, here: Sitting) -> None:
        path = self.chance.choice(FOLDERS)
        if len(self.folders[path].messages) > ENOUGH:
            await self._noop(mirror, here)
            return
        flags = frozenset(self.chance.sample(FLAGS, self.chance.choice((0, 0, 1, 2))))
        body = b"Subject: x\r\n\r\n%d\r\n" % self.steps
        answer = await mirror.ask(f'APPEND "{mirror.prefix}{path}" ({" ".join(sorted(flags))})', body)
        uid = self.folders[path].add(Message().with_flags(mirror.who, flags))
        assert b" %d]" % uid in answer.tagged, answer
        here.look(expunges=True)

    async def _store(self, mirror: Mirror, here: Sitting) -> None:
        if not here.told:
            await self._noop(mirror, here)
            return
        which, uids, uid = self._some(mirror, here)
        sign, silent = self.chance.choice(("+", "-", "")), self.chance.random() < 0.4
        flags = frozenset(self.chance.sample(FLAGS, self.chance.randint(1, 2)))
        made = {"+": lambda old: old | flags, "-": lambda old: old - flags, "": lambda old: flags}[sign]
        command = f"{'UID ' if uid else ''}STORE {which} {sign}FLAGS{'.SILENT' if silent else ''} ({' '.join(flags)})"
        if silent and not here.read_only:  # the client works it out for itself
            for known in mirror.messages:
                if known.uid in uids and known.flags is not None:
                    known.flags = made(known.flags)
        answer = await mirror.ask(command, numbers=not uid)
        assert answer.ok is not here.read_only, (command, answer)
        if not here.read_only:
            here.store(uids, made)
        here.look(expunges=uid)
        if silent and not here.read_only:  # of what is gone by now the client can think what it likes
            for known, told in zip(mirror.messages, here.told, strict=True):
                if told.uid not in here.folder.messages:
                    known.flags = told.flags

    async def _fetch(self, mirror: Mirror, here: Sitting) -> None:
        if not here.told:
            await self._noop(mirror, here)
            return
        which, uids, uid = self._some(mirror, here)
        reads = self.chance.random() < 0.3
        items = "(BODY[TEXT])" if reads else self.chance.choice(("FLAGS", "(FLAGS INTERNALDATE)", "(UID FLAGS)"))
        answer = await mirror.ask(f"{'UID ' if uid else ''}FETCH {which} {items}", numbers=not uid)
        assert answer.ok, answer
        alive = here.alive(uids)
        assert (b"EXPUNGEISSUED" in answer.tagged) is (alive != uids), answer
        if reads and not here.read_only:
            here.store(uids, lambda old: old | {SEEN})
        here.look(expunges=uid)

    async def _transfer(self, name: str, mirror: Mirror, here: Sitting) -> None:
        path = next(each for each in FOLDERS if each != mirror.path)
        if not here.told or (name == "COPY" and len(self.folders[path].messages) > ENOUGH):
            await self._noop(mirror, here)
            return
        which, uids, uid = self._some(mirror, here)
        answer = await mirror.ask(f'{"UID " if uid else ""}{name} {which} "{mirror.prefix}{path}"')
        if name == "MOVE" and here.read_only:
            assert answer.tagged.startswith(b"NO")
        else:
            pairs = here.copy(uids, self.folders[path])
            for old, _ in pairs if name == "MOVE" else ():
                del here.folder.messages[old]
            codes = [line for line in (*answer.untagged, answer.tagged) if b"[COPYUID " in line]
            gone = name == "COPY" and not uid and not pairs
            assert answer.ok is not gone and len(codes) == bool(pairs), answer
            if pairs:
                found = re.search(rb"COPYUID \d+ (\S+) (\S+)\]", codes[0])
                assert found is not None
                assert list(zip(_each(found[1]), _each(found[2]), strict=True)) == pairs
        here.look(expunges=True)

    async def _copy(self, mirror: Mirror, here: Sitting) -> None:
        await self._transfer("COPY", mirror, here)

    async def _move(self, mirror: Mirror, here: Sitting) -> None:
        await self._transfer("MOVE", mirror, here)

    async def _expunge(self, mirror: Mirror, here: Sitting) -> None:
        uids = [each.uid for each in here.told]
        command = "EXPUNGE"
        if uids and self.chance.random() < 0.4:
            uids = sorted(self.chance.sample(uids, self.chance.randint(1, len(uids))))
            command = f"UID EXPUNGE {','.join(map(str, uids))}"
        answer = await mirror.ask(command)
        assert answer.ok is not here.read_only, answer
        if not here.read_only:
            here.expunge(uids)
        here.look(expunges=True)

    async def _replace(self, mirror: Mirror, here: Sitting) -> None:
        if not here.told:
            await self._noop(mirror, here)
            return
        at, uid, path = self.chance.randrange(len(here.told)), self._by_uid(mirror), self.chance.choice(FOLDERS)
        old, flags = here.told[at].uid, frozenset(self.chance.sample(FLAGS, self.chance.choice((0, 1))))
        command = f"UID REPLACE {old}" if uid else f"REPLACE {at + 1}"
        body = b"Subject: x\r\n\r\n%d\r\n" % self.steps
        answer = await mirror.ask(f'{command} "{mirror.prefix}{path}" ({" ".join(flags)})', body)
        assert answer.ok is (bool(here.alive([old])) and not here.read_only), (command, answer)
        if answer.ok:
            del here.folder.messages[old]
            new = self.folders[path].add(Message().with_flags(mirror.who, flags))
            assert any(re.search(rb"\[APPENDUID \d+ %d\]" % new, line) for line in answer.untagged), answer
        here.look(expunges=True)

    async def _annotate(self, mirror: Mirror, here: Sitting) -> None:
        path, value = self.chance.choice(FOLDERS), self.chance.choice(("", "one", "another"))
        shared = mirror.who == "alice" and self.chance.random() < 0.5
        entry, whose = ("/shared/comment", "") if shared else ("/private/comment", mirror.who)
        said = f'"{value}"' if value else "NIL"
        assert (await mirror.ask(f'SETMETADATA "{mirror.prefix}{path}" ({entry} {said})')).ok
        here.look(expunges=True)
        self.notes[path, entry, whose] = value
        reader = self.chance.choice([each for each in self.mirrors if not each.idle])
        for entry, whose in (("/shared/comment", ""), ("/private/comment", reader.who)):
            answer = await reader.ask(f'GETMETADATA "{reader.prefix}{path}" {entry}')
            found = re.search(rb'\(%b (?:NIL|"([^"]*)")\)' % entry.encode(), answer.of(b"METADATA")[0])
            assert found is not None, answer
            assert (found[1] or b"").decode() == self.notes.get((path, entry, whose), ""), (reader.name, answer)
            if reader.sitting is not None:
                reader.sitting.look(expunges=True)

    async def _noop(self, mirror: Mirror, here: Sitting) -> None:
        assert (await mirror.ask(self.chance.choice(("NOOP", "CHECK")))).ok
        here.look(expunges=True)

    async def _close(self, mirror: Mirror, here: Sitting) -> None:
        name = self.chance.choice(("CLOSE", "UNSELECT"))
        if name == "CLOSE" and not here.read_only:
            here.expunge([each.uid for each in here.told])
        _remember(mirror)
        answer = await mirror.ask(name)
        assert answer.ok
        assert mirror.notified or not answer.untagged
        mirror.sitting, mirror.messages = None, []

    async def _search(self, mirror: Mirror, here: Sitting) -> None:
        key, uid = self.chance.choice(list(KEYS)), self._by_uid(mirror)
        answer = await mirror.ask(f"{'UID ' if uid else ''}SEARCH {key}", numbers=not uid)
        places = here.search(KEYS[key])
        wanted = [here.told[at - 1].uid for at in places] if uid else places
        line = answer.of(b"ESEARCH" if mirror.rev2 else b"SEARCH")[0]
        if mirror.rev2:
            found = re.search(rb" ALL (\S+)\Z", line)
            assert (_each(found[1]) if found else []) == wanted
        else:
            assert [int(word) for word in line.split()[2:]] == wanted
        here.look(expunges=uid)

    async def _idle(self, mirror: Mirror, here: Sitting) -> None:
        mirror.idle = b"idle%d" % self.steps
        mirror.client.send(mirror.idle + b" IDLE\r\n")
        while not (line := await mirror.client.response()).startswith(b"+"):
            mirror.hear([line])


def _each(numbers: bytes) -> list[int]:
    found: list[int] = []
    for piece in numbers.split(b","):
        low, _, high = piece.partition(b":")
        found += range(int(low), int(high or low) + 1)
    return found


def _remember(mirror: Mirror) -> None:
    """What a client keeps when it leaves a folder."""
    flags = {each.uid: each.flags for each in mirror.messages if each.uid is not None and each.flags is not None}
    mirror.cache[mirror.path] = (mirror.marks[0], mirror.marks[1], flags)


async def _hear_all(mirror: Mirror) -> None:
    """In IDLE, and with NOTIFY, a client hears of everything, soon."""
    try:
        async with asyncio.timeout(20):
            while not mirror.agrees():
                mirror.hear([await mirror.client.response()])
    except TimeoutError:
        raise AssertionError(f"{mirror.name}: has {mirror.messages}, not {mirror.sitting}") from None


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_client_knows_what_it_should(tmp_path: Path, seed: int) -> None:
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(stand(tmp_path))
        mirrors: list[Mirror] = []
        recents: dict[tuple[str, int], str] = {}
        for name, who, enable in (
            ("alice", "alice", ""),
            ("alice, told", "alice", "IMAP4rev2"),
            ("alice, qresync", "alice", "IMAP4rev2 QRESYNC"),
            ("alice, uidonly", "alice", "UIDONLY QRESYNC" if seed % 3 else "UIDONLY"),
            ("bob", "bob", "QRESYNC" if seed % 2 else ""),
        ):
            client = await stack.enter_async_context(place.client(who))
            prefix = "" if who == "alice" else "Other Users/alice@example.test/"
            mirror = Mirror(
                name,
                client,
                who,
                prefix,
                rev2="rev2" in enable,
                qresync="QRESYNC" in enable,
                uidonly="UIDONLY" in enable,
                notified="told" in name,
                recents=recents,
            )
            if enable:
                assert (await client.ask(f"ENABLE {enable}")).ok
            if mirror.notified:
                assert (await client.ask(TOLD)).ok
            mirrors.append(mirror)
        await mirrors[0].client.ask("CREATE Work")
        for path in FOLDERS:
            assert (await mirrors[0].client.ask(f"SETACL {path} bob lrswite")).ok
        world = World(random.Random(seed), mirrors)
        while world.steps < STEPS:
            await world.step()
        assert place.log.named("command_failed") == []
