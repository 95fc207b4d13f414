"""Scanners in the way of mail: what they say becomes a folder, a refusal, or a wait; and what Sieve knows of it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.scanners.report import Letter, Report, Unavailable
from connectors.scanners.teaching import teach
from groupware.model.ids import EVERY
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from tests.support.eventlog import RecordingLog
from tests.support.house import PASSWORD, House, house
from tests.support.smtpstand import Talker, stand, talker

ALICE, BOB = "alice@example.test", "bob@example.test"
MESSAGE = b"From: a@far.test\r\nTo: alice@example.test\r\nX-Spam-Flag: NO\r\nSubject: Hello\r\n\r\nA text.\r\n"


@dataclass
class Played:
    """An rspamd that says what a test wants, and keeps what it was asked."""

    port: int = 0
    score: float = 0.0
    action: str = "no action"
    status: int = 200
    asked: int = 0
    head: str = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked += 1
        fields: Mapping[str, str] = dict(
            line.lower().split(": ", 1) for line in self.head.split("\r\n")[1:] if ": " in line
        )
        await reader.readexactly(int(fields["content-length"]))
        said = {"score": self.score, "required_score": 15, "action": self.action, "symbols": {"R_ODD": {"score": 1}}}
        body = json.dumps(said).encode()
        writer.write(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (self.status, len(body)))
        writer.write(body)
        writer.close()


@dataclass
class Desk:
    here: House
    caller: Talker
    rspamd: Played

    async def send(self, *to: str) -> str:
        return await self.caller.deliver("a@far.test", to or (ALICE,), MESSAGE)

    async def folders(self, of: str = ALICE) -> dict[str, int]:
        def work(tx: ReadTx) -> dict[str, int]:
            account = tx.account(of).id
            root = tx.locate(account, "").path
            every = tx.folders(of=account)
            return {each.path.removeprefix(root).strip("/"): each.total for each in every if each.total}

        return await self.here.read(work)


@asynccontextmanager
async def desk(folder: Path, more: str = "") -> AsyncIterator[Desk]:
    rspamd = Played()
    server = await asyncio.start_server(rspamd.answer, "127.0.0.1", 0)
    rspamd.port = server.sockets[0].getsockname()[1]
    config = f'[[scanner]]\nname = "rspamd"\nkind = "rspamd"\naddress = "http://127.0.0.1:{rspamd.port}"\n{more}\n'
    async with (
        server,
        house(folder) as here,
        stand(folder, real=here.parts, config=config) as there,
        talker(there.port, "EHLO client.test") as caller,
    ):
        yield Desk(here, caller, rspamd)


async def test_what_is_no_spam_is_in_the_inbox_with_its_score(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.rspamd.score = 1.5
        assert (await at.send()).startswith("250")
        assert await at.folders() == {"INBOX": 1}
        (octets,) = await at.here.bodies("alice", "INBOX")
        assert b"\r\nX-Spam-Score: 1.5 of 15 (rspamd) R_ODD\r\n" in octets
        assert b"X-Spam-Flag" not in octets
        assert octets.endswith(b"\r\n\r\nA text.\r\n")


async def test_a_scanner_hears_how_the_message_came(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.send()
        for told in ("IP: 127.0.0.1", "Helo: client.test", "From: a@far.test", f"Rcpt: {ALICE}"):
            assert told.lower() in at.rspamd.head.lower()


async def test_spam_goes_to_junk_for_each_recipient_and_is_looked_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.rspamd.score, at.rspamd.action = 8.0, "add header"
        assert (await at.send(ALICE, BOB)).startswith("250")
        assert [await at.folders(each) for each in (ALICE, BOB)] == [{"Junk": 1}, {"Junk": 1}]
        assert at.rspamd.asked == 1
        (octets,) = await at.here.bodies("alice", "Junk")
        assert b"X-Spam-Flag: YES\r\n" in octets


async def test_our_own_score_decides_where_it_is_set(tmp_path: Path) -> None:
    async with desk(tmp_path, "junk_score = 20.0") as at:
        at.rspamd.score, at.rspamd.action = 8.0, "add header"
        await at.send()
        assert await at.folders() == {"INBOX": 1}


async def test_what_a_scanner_refuses_is_refused_in_the_reply_and_nowhere_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.rspamd.score, at.rspamd.action = 30.0, "reject"
        assert (await at.send(ALICE, BOB)).startswith("550 5.7.1 The message was refused by a filter.")
        assert [await at.folders(each) for each in (ALICE, BOB)] == [{}, {}]
        assert await at.here.queued() == []


async def test_what_a_scanner_puts_off_is_put_off_in_the_reply(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.rspamd.action = "soft reject"
        assert (await at.send(ALICE, BOB)) == "451 4.3.0 The filter rspamd asks to come again later."
        assert ([await at.folders(each) for each in (ALICE, BOB)], await at.here.queued()) == ([{}, {}], [])
        at.rspamd.action = "greylist"  # a hint for its own greylisting
        assert (await at.send(ALICE)).startswith("250 ")
        assert await at.folders() == {"INBOX": 1}


async def test_unless_its_refusals_are_not_obeyed(tmp_path: Path) -> None:
    async with desk(tmp_path, "obey = false") as at:
        at.rspamd.action = "soft reject"
        assert (await at.send()).startswith("250 ")
        assert await at.folders() == {"INBOX": 1}


@pytest.mark.parametrize("to", [["x@far.test"], [BOB, "x@far.test"]])
async def test_what_leaves_is_put_off_as_a_whole(tmp_path: Path, to: list[str]) -> None:
    async with desk(tmp_path) as at:
        at.rspamd.action = "soft reject"
        assert (await submitting(at, tmp_path, *to)).startswith("451 ")
        assert (await waiting(at), await at.folders(BOB)) == ([], {})


async def test_a_score_of_our_own_refuses(tmp_path: Path) -> None:
    async with desk(tmp_path, "reject_score = 10.0\nobey = false") as at:
        at.rspamd.score, at.rspamd.action = 12.0, "no action"
        assert (await at.send()).startswith("550 5.7.1 The message looks like spam.")


async def test_without_the_scanner_mail_goes_on(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        at.rspamd.status = 500
        assert (await at.send()).startswith("250")
        assert await at.folders() == {"INBOX": 1}


async def test_or_waits_where_it_may_not_pass_without(tmp_path: Path) -> None:
    async with desk(tmp_path, 'fails = "later"') as at:
        at.rspamd.status = 500
        assert (await at.send()).startswith("250")
        assert await at.folders() == {}
        assert len(await at.here.queued()) == 1


async def test_a_script_knows_the_score_and_has_the_last_word(tmp_path: Path) -> None:
    script = (
        b'require ["spamtest", "relational", "comparator-i;ascii-numeric", "fileinto"];'
        b'if spamtest :value "ge" :comparator "i;ascii-numeric" "5" { fileinto "Archive"; }'
    )

    def work(tx: WriteTx) -> None:
        account = tx.account(ALICE).id
        tx.put_script("main", script, account)
        tx.activate_script("main", account)

    async with desk(tmp_path) as at:
        await at.here.write(work)
        at.rspamd.score, at.rspamd.action = 8.0, "add header"
        await at.send()
        assert await at.folders() == {"Archive": 1}
        at.rspamd.score, at.rspamd.action = 1.0, "no action"
        await at.send()
        assert await at.folders() == {"Archive": 1, "INBOX": 1}


# --- what people say ------------------------------------------------------------------------------------------------


@dataclass
class Pupil:
    """A scanner that learns, when it is there."""

    name: str = "pupil"
    away: bool = False

    def __post_init__(self) -> None:
        self.learned: list[tuple[bytes, bool, str]] = []

    async def scan(self, letter: Letter) -> Report:
        raise Unavailable("it only learns")

    async def learn(self, octets: bytes, *, spam: bool, user: str = "") -> None:
        if self.away:
            raise Unavailable("it is away")
        self.learned.append((octets, spam, user))


async def submitting(at: Desk, folder: Path, *to: str) -> str:
    """What Alice is told who hands a message in for these."""
    config = (folder / "postroom.toml").read_text().partition('primary_domain = "example.test"')[2]
    async with (
        stand(folder, "submission", real=at.here.parts, config=config) as there,
        talker(there.port, "EHLO client.test") as caller,
    ):
        token = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()
        assert (await caller.ask(f"AUTH PLAIN {token}")).startswith("235 ")
        return await caller.deliver(ALICE, to, MESSAGE.replace(b"a@far.test", ALICE.encode()))


async def waiting(at: Desk) -> list[list[str]]:
    return [[each.address for each in entry.envelope.recipients] for entry in await at.here.queued()]


@pytest.mark.parametrize("to", [["x@far.test"], [BOB, "x@far.test"], [BOB]])
async def test_what_leaves_is_looked_at_once_and_refused_as_a_whole(tmp_path: Path, to: list[str]) -> None:
    async with desk(tmp_path, "reject_score = 20.0") as at:
        at.rspamd.score, at.rspamd.action = 30.0, "reject"
        assert (await submitting(at, tmp_path, *to)).startswith("550 5.7.1 ")
        assert (at.rspamd.asked, await waiting(at), await at.folders(BOB)) == (1, [], {})
        at.rspamd.score, at.rspamd.action = 0.0, "no action"
        assert (await submitting(at, tmp_path, *to)).startswith("250 ")
        assert at.rspamd.asked == 2
        assert await waiting(at) == [[each] for each in to if each != BOB]


async def test_what_leaves_is_held_back_or_passes_unseen_where_that_is_wanted(tmp_path: Path) -> None:
    async with desk(tmp_path, "quarantine_score = 20.0") as at:
        at.rspamd.score = 30.0
        assert (await submitting(at, tmp_path, "x@far.test", BOB)).startswith("250 ")
        assert (await waiting(at), await at.folders(BOB)) == ([], {})
        held = await at.here.read(lambda tx: [tx.folder(at, Right.LOOKUP).total for at, _ in tx.quarantines()])
        assert sum(held) == 2, "what stays here has the scanner's fields, what leaves has not"
    async with desk(tmp_path / "other", "relayed = false\nreject_score = 20.0") as at:
        at.rspamd.score = 30.0
        assert (await submitting(at, tmp_path / "other", "x@far.test")).startswith("250 ")
        assert (at.rspamd.asked, await waiting(at)) == (0, [["x@far.test"]])


async def test_a_scanner_that_is_away_puts_off_what_leaves_where_it_must_look(tmp_path: Path) -> None:
    async with desk(tmp_path, 'fails = "later"') as at:
        at.rspamd.status = 500
        assert (await submitting(at, tmp_path, "x@far.test")).startswith("451 ")
        assert await waiting(at) == []


async def test_mail_from_outside_to_members_elsewhere_is_looked_at(tmp_path: Path) -> None:
    def work(tx: WriteTx) -> None:
        tx.put_account(NewAccount("team@example.test", PrincipalKind.GROUP))
        tx.put_member("team@example.test", "x@far.test")

    async with desk(tmp_path, "reject_score = 20.0") as at:
        await at.here.write(work)
        at.rspamd.score, at.rspamd.action = 30.0, "reject"
        assert (await at.send("team@example.test")).startswith("550 ")
        assert (at.rspamd.asked, await waiting(at)) == (1, [])


async def test_a_vacation_does_not_answer_spam(tmp_path: Path) -> None:
    def work(tx: WriteTx) -> None:
        alice = tx.account(ALICE).id
        tx.put_script("away", b'require ["vacation", "vacation-seconds"]; vacation :seconds 0 "away";', alice)
        tx.activate_script("away", alice)

    async with desk(tmp_path) as at:
        await at.here.write(work)
        for score, action, answers in ((8.0, "add header", 0), (0.0, "no action", 1)):
            at.rspamd.score, at.rspamd.action = score, action
            await at.send()
            assert len(await at.here.queued()) == answers


async def test_scanners_learn_what_people_move_into_junk_and_wait_for_one_that_is_away(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.send()
        who = await at.here.read(lambda tx: tx.identity(tx.account(ALICE).id))

        def move(tx: WriteTx) -> None:
            tx.move(tx.role(who.account, "inbox").id, EVERY, tx.role(who.account, "junk").id)

        await at.here.parts.store.write(who, move)
        here, log = at.here, RecordingLog()
        pupil = Pupil(away=True)
        assert await teach(here.store, here.blobs, [pupil], log) == 0
        pupil.away = False
        assert await teach(here.store, here.blobs, [pupil], log) == 1
        assert await teach(here.store, here.blobs, [pupil], log) == 0
        ((octets, spam, user),) = pupil.learned
        assert (octets.endswith(b"\r\n\r\nA text.\r\n"), spam, user) == (True, True, ALICE)
