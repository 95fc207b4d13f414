"""Scripts at delivery that do not compile, fail or take too long: the message is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.model.errors import NotFound
from groupware.model.principal import NewAccount, PrincipalKind
from tests.protocol.sieve.delivering import desk

LIST = "news@example.test"
WRONG = 'require ["fileinto", "variables"]; set "x" ""; redirect "a@b.test"; fileinto "${x}";'


async def test_an_error_keeps_the_message_and_tells_the_owner_once_for_each_version(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script(WRONG)
        for _ in range(3):
            await at.send()
        assert await at.here.queued() == []
        letters = await at.letters()
        assert [each["Subject"] for each in letters].count("Hello") == 3
        (told,) = [each for each in letters if each["Subject"] != "Hello"]
        assert told["Subject"] == "Your mail rules have an error"
        assert "Line 1" in told.get_content()
        assert told["Auto-Submitted"] == "auto-generated"
        await at.script(WRONG + " # another version")
        await at.send()
        assert len(await at.letters()) == 6


async def test_a_script_that_does_not_compile_keeps_the_message_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('fileinto "Archive";')
        reply = await at.send()
        assert await at.folders() == {"INBOX": 2}
        assert (await at.said(reply))[0].startswith("not run: ")


async def test_a_script_that_takes_too_long_keeps_the_message(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        tests = " ".join('if header :contains "Subject" "x" { stop; }' for _ in range(40))
        await at.script("".join(f"{tests}\n" for _ in range(100)))
        await at.send()
        assert (await at.folders())["INBOX"] >= 1


async def test_a_folder_of_the_script_is_not_there_for_others(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require ["fileinto", "mailbox"]; fileinto :create "Other Users/bob@example.test/New";')
        await at.send()
        assert await at.folders() == {"INBOX": 1}
        with pytest.raises(NotFound):
            await at.here.items("bob", "New")


async def test_an_error_of_a_lists_script_is_told_to_the_postmaster(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.here.write(lambda tx: tx.put_account(NewAccount(LIST, PrincipalKind.LIST)))
        await at.script(WRONG, LIST)
        for _ in range(2):
            await at.send(LIST)
        assert await at.folders(LIST) == {"INBOX": 2}
        [(entry, told)] = await at.queued()
        assert [each.recipient.address for each in entry.recipients] == ["postmaster@example.test"]
        assert told["Subject"] == f"The mail rules of the mail list {LIST} have an error"
