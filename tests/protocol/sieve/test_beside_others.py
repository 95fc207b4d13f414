"""The Sieve filter beside others: what a scanner says reaches scripts, and a fault of ours holds nothing up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal
from unittest import mock

import pytest

from groupware.model.event import Recipient, Target
from groupware.model.folder import Destination, Role
from groupware.store.api import WriteTx
from mailcore.queue.filters import Case, Chain, Disposition, Filing, Judge, Level, Verdict
from mailcore.queue.intake import Intake
from mailcore.queue.plans import Message
from mailcore.server.clock import SystemClock
from mailcore.sieve import machine
from mailcore.sieve.delivery.filter import Runner, SieveFilter
from tests.support.house import House, house

ALICE = "alice@example.test"
OCTETS = b"From: ann@far.test\r\nX-Spam-Score: 0\r\nSubject: x\r\n\r\ntext\r\n"
REQUIRE = 'require ["spamtestplus", "virustest", "relational", "comparator-i;ascii-numeric", "fileinto", "imap4flags"];'
SPAM = 'if spamtest :percent :value "ge" :comparator "i;ascii-numeric" "80" { fileinto "Trash"; }'
VIRUS = 'if virustest :value "eq" :comparator "i;ascii-numeric" "5" { fileinto "Trash"; }'


class Scanner:
    """A filter of the domain that has its opinion of everything."""

    name = "scanner"
    level: Level = "domain"
    priority = 1
    fails: Literal["open", "later"] = "open"

    def __init__(self, verdict: Verdict) -> None:
        self._verdict = verdict

    async def judges(self, targets: Sequence[Target], octets: bytes) -> Mapping[Target, Judge]:
        return dict.fromkeys(targets, self._judge)

    async def _judge(self, case: Case) -> Verdict:
        return self._verdict


async def delivered(here: House, script: str, verdict: Verdict) -> dict[str, int]:
    """How many messages are in Alice's folders when one has come."""

    def work(tx: WriteTx) -> None:
        account = tx.account(ALICE).id
        tx.put_script("main", script.encode(), account)
        tx.activate_script("main", account)

    await here.write(work)
    parts, log = here.parts, here.log
    sieve = SieveFilter(Runner(parts.store, SystemClock(), "mx.example.test", 30, log))
    chain = Chain([sieve, Scanner(verdict)], log)
    intake = Intake(parts.store, parts.blobs, parts.directory, parts.counters, log, chain)
    await intake.accept(Message("ann@far.test", (Recipient(ALICE),), OCTETS, "ID"))
    return {name: count for name in ("INBOX", "Junk", "Trash") if (count := len(await here.items("alice", name)))}


@pytest.mark.parametrize(
    ("rule", "verdict", "folder"),
    [
        (SPAM, Verdict(spam=95.0), "Trash"),
        (SPAM, Verdict(spam=10.0), "INBOX"),
        (SPAM, Verdict(), "INBOX"),
        (VIRUS, Verdict(virus=5), "Trash"),
        (VIRUS, Verdict(virus=1), "INBOX"),
    ],
)
async def test_what_a_scanner_says_is_what_scripts_test(
    tmp_path: Path, rule: str, verdict: Verdict, folder: str
) -> None:
    async with house(tmp_path) as here:
        assert await delivered(here, REQUIRE + rule, verdict) == {folder: 1}


JUNK = Verdict(Disposition((Filing(Destination(role=Role.JUNK)),)), octets=b"X-Spam-Flag: YES\r\n" + OCTETS)


@pytest.mark.parametrize(
    ("rule", "folder"), [('addflag "\\\\Seen";', "Junk"), ("keep;", "INBOX"), ('fileinto "Trash";', "Trash")]
)
async def test_the_script_has_the_last_word_if_it_says_one(tmp_path: Path, rule: str, folder: str) -> None:
    async with house(tmp_path) as here:
        assert await delivered(here, REQUIRE + rule, JUNK) == {folder: 1}
        (body,) = await here.bodies("alice", folder)
        assert body.startswith(b"Return-Path: <ann@far.test>\r\nX-Spam-Flag: YES\r\n")


async def test_a_bug_of_ours_is_no_reason_to_hold_mail_back(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        with mock.patch.object(machine, "run", side_effect=ZeroDivisionError("a bug")):
            assert await delivered(here, "discard;", Verdict()) == {"INBOX": 1}
        assert "a bug" in str(here.log.named("script_failed")[0]["traceback"])
