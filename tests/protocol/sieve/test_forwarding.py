"""Forwarding by a setting of the account, beside its script."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.store.api import WriteTx
from tests.protocol.sieve.delivering import ALICE, BOB, MESSAGE, SENDER, Desk, desk, envelope_of


async def forward(at: Desk, to: str, *, keep: bool = True, of: str = ALICE) -> None:
    def work(tx: WriteTx) -> None:
        account = tx.account(of).id
        tx.put_setting("forwardTo", to, account)
        tx.put_setting("forwardKeepCopy", keep, account)

    await at.here.write(work)


async def test_mail_is_forwarded_to_several_and_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await forward(at, "al@far.test ann@elsewhere.test")
        reply = await at.send()
        assert await at.folders() == {"INBOX": 1}
        found = await at.queued()
        assert [envelope_of(entry) for entry, _ in found] == [
            (SENDER, ["al@far.test"]),
            (SENDER, ["ann@elsewhere.test"]),
        ]
        for _, letter in found:
            assert letter.get_all("X-Sieve-Redirected-From") == [ALICE]
            assert letter["Message-ID"] == "<one@far.test>"
        said = await at.said(reply)
        assert [each for each in said if each.startswith("forwarded")] == [
            "forwarded to al@far.test",
            "forwarded to ann@elsewhere.test",
        ]


async def test_or_not_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await forward(at, "al@far.test", keep=False)
        await at.send(ALICE, BOB)
        assert [await at.folders(each) for each in (ALICE, BOB)] == [{}, {"INBOX": 1}]
        assert [envelope_of(entry)[1] for entry, _ in await at.queued()] == [["al@far.test"]]


async def test_what_was_forwarded_from_here_before_is_kept_instead(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await forward(at, "al@far.test", keep=False)
        await at.send(octets=b"X-Sieve-Redirected-From: alice@example.test\r\n" + MESSAGE)
        assert (await at.folders(), await at.queued()) == ({"INBOX": 1}, [])


@pytest.mark.parametrize(
    ("script", "folders", "forwarded"),
    [
        ('require "fileinto"; fileinto "Archive";', {"Archive": 1}, True),
        ("discard;", {}, False),
        ('require "fileinto"; fileinto "Junk";', {"Junk": 1}, True),
        ('require ["fileinto", "special-use"]; fileinto :specialuse "\\\\Junk" "Junk";', {"Junk": 1}, False),
        ("stop;", {"INBOX": 1}, True),
        ("nonsense;", {"INBOX": 2}, True),
    ],
)
async def test_the_script_of_the_account_comes_first(
    tmp_path: Path, script: str, folders: dict[str, int], forwarded: bool
) -> None:
    async with desk(tmp_path) as at:
        await forward(at, "al@far.test")
        await at.script(script)
        await at.send()
        assert await at.folders() == folders
        assert len(await at.queued()) == forwarded


async def test_what_the_script_refuses_is_not_forwarded(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await forward(at, "al@far.test")
        await at.script('require "ereject"; ereject "no";')
        assert (await at.send()).startswith("550")
        assert await at.queued() == []


async def test_what_the_script_redirects_goes_there_as_well(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await forward(at, "al@far.test", keep=False)
        await at.script('redirect "first@far.test";')
        await at.send()
        entries = [entry for entry, _ in await at.queued()]
        assert [envelope_of(each)[1] for each in entries] == [["first@far.test"], ["al@far.test"]]
        assert [each.recipients[0].recipient.orcpt for each in entries] == [f"rfc822;{ALICE}"] * 2
        assert await at.folders() == {}


async def test_what_finds_no_room_is_forwarded_when_it_does(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await forward(at, "al@far.test")
        await at.here.write(lambda tx: tx.put_setting("mailboxMessageCount", 1, tx.account(ALICE).id))
        await at.send()
        await at.send()
        assert await at.folders() == {"INBOX": 1}
        assert sorted(envelope_of(entry)[1] for entry, _ in await at.queued()) == [["al@far.test"], [ALICE]]
