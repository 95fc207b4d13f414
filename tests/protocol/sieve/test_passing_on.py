"""Scripts at delivery: what they redirect, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.protocol.sieve.delivering import ALICE, BOB, CAROL, MESSAGE, SENDER, desk, envelope_of


async def test_redirect_goes_into_the_queue_from_the_same_sender(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('redirect "alice@elsewhere.test";')
        await at.send()
        ((entry, letter),) = await at.queued()
        assert envelope_of(entry) == (SENDER, ["alice@elsewhere.test"])
        assert letter["X-Sieve-Redirected-From"] == ALICE
        assert letter.get_content().split() == ["A", "text."]
        assert await at.folders() == {}


async def test_what_came_from_nobody_goes_on_from_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require "copy"; redirect :copy "alice@elsewhere.test";')
        await at.send(sender="")
        ((entry, _),) = await at.queued()
        assert envelope_of(entry) == ("", ["alice@elsewhere.test"])
        assert await at.folders() == {"INBOX": 1}


async def test_what_was_redirected_from_here_before_is_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('redirect "alice@elsewhere.test";')
        reply = await at.send(octets=b"X-Sieve-Redirected-From: Alice@example.test\r\n" + MESSAGE)
        assert await at.folders() == {"INBOX": 1}
        assert await at.here.queued() == []
        assert any("redirected from here before" in each for each in await at.said(reply))


async def test_what_is_wrapped_up_or_edited_keeps_the_marks_of_its_way(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        for change in ('enclose :subject "wrapped" text:\nsee below\n.\n;', 'deleteheader "X-Sieve-Redirected-From";'):
            await at.script(f'require ["enclose", "editheader"]; {change} redirect "x@far.test";')
            await at.send(octets=b"X-Sieve-Redirected-From: bob@example.test\r\n" + MESSAGE)
        for _, letter in await at.queued():
            assert letter.get_all("X-Sieve-Redirected-From") == [ALICE, BOB]
        assert len(await at.queued()) == 2


async def test_a_refusal_takes_no_notice_and_no_memory_away(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script(
            'require ["ereject", "enotify", "duplicate"];'
            'if duplicate { notify "mailto:again@far.test"; } else { notify "mailto:first@far.test"; } ereject "no";'
        )
        assert (await at.send()).startswith("550")
        assert (await at.send()).startswith("550")
        assert [envelope_of(entry)[1] for entry, _ in await at.queued()] == [["first@far.test"], ["again@far.test"]]


@pytest.mark.parametrize("folder", ["reject", "ereject"])
async def test_a_refusal_beside_other_recipients_is_left_to_a_report(tmp_path: Path, folder: str) -> None:
    async with desk(tmp_path) as at:
        await at.script(f'require "{folder}"; {folder} "Not this.";')
        assert (await at.send(ALICE, BOB)).startswith("250")
        ((entry, _),) = await at.queued()
        assert envelope_of(entry) == (SENDER, [ALICE])
        assert await at.folders() == {}
        assert await at.folders(BOB) == {"INBOX": 1}


async def test_ereject_of_the_only_recipient_is_the_reply(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require "ereject"; ereject text:\nNot this.\nNor that.\n.\n;')
        reply = await at.send()
        assert reply == "550-5.7.1 Not this.\n550 5.7.1 Nor that."
        assert await at.folders() == {}
        assert await at.here.queued() == []
        assert (await at.caller.ask("NOOP")).startswith("250")


async def test_a_refusal_in_words_that_smtp_cannot_say_is_said_in_others(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require "ereject"; ereject "Nein, danke schön.";')
        assert await at.send() == "550 5.7.1 The recipient refuses the message."


async def test_over_lmtp_each_recipient_hears_its_own(tmp_path: Path) -> None:
    async with desk(tmp_path, "lmtp", "LHLO client.test") as at:
        await at.script('require "reject"; reject "Not this.";')
        await at.script("discard;", BOB)
        await at.caller.envelope(SENDER, ALICE, BOB, CAROL)
        await at.caller.ask("DATA")
        at.caller.send(MESSAGE + b".\r\n")
        first, second, third = await at.caller.replies(3)
        assert first == "550 5.7.1 <alice@example.test> Not this."
        assert second.startswith("250 2.1.5 <bob@example.test> taken")
        assert third.startswith("250 2.1.5 <carol@example.test> delivered")
        assert [await at.folders(each) for each in (ALICE, BOB, CAROL)] == [{}, {}, {"INBOX": 1}]
        assert await at.here.queued() == []
