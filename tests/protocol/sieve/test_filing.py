"""Scripts at delivery: into which folders a message goes, with which flags and octets."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.model.flags import Flags
from groupware.model.ids import Uid
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from tests.protocol.sieve.delivering import ALICE, BOB, CAROL, MESSAGE, SENDER, desk, envelope_of


async def test_without_a_script_it_is_in_the_inbox(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        assert (await at.send()).startswith("250")
        assert await at.folders() == {"INBOX": 1}


async def test_a_script_that_is_not_active_does_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.here.write(lambda tx: tx.put_script("main", b"discard;", tx.account(ALICE).id))
        await at.send()
        assert await at.folders() == {"INBOX": 1}


async def test_fileinto_with_flags(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.make("Lists/Python")
        await at.script('require ["fileinto", "imap4flags"]; fileinto :flags ["\\\\Seen", "$Work"] "Lists/Python";')
        reply = await at.send()
        assert await at.folders() == {"Lists/Python": 1}
        (item,) = await at.here.items("alice", "Lists/Python")
        assert (item.flags, item.keywords) == (Flags.SEEN, frozenset({"$Work"}))
        assert await at.said(reply) == ["filed into 'Lists/Python'"]
        rows = await at.here.trace(reply.rpartition(" ")[2])
        assert [row.event.name for row in rows] == ["received", "filtered", "delivered"]


async def test_fileinto_makes_the_folder_where_it_shall(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require ["fileinto", "mailbox"]; fileinto :create "New/Deep";')
        await at.send()
        await at.send()
        assert await at.folders() == {"New/Deep": 2}


async def test_fileinto_a_special_use_goes_before_the_name(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require ["fileinto", "special-use"]; fileinto :specialuse "\\\\Junk" "Nowhere";')
        await at.send()
        assert await at.folders() == {"Junk": 1}


async def test_fileinto_a_mailboxid(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.make("Work")
        number = await at.here.read(lambda tx: tx.locate(tx.account(ALICE).id, "Work").id)
        await at.script(f'require ["fileinto", "mailboxid"]; fileinto :mailboxid "F{number}" "Nowhere";')
        await at.send()
        assert await at.folders() == {"Work": 1}


async def test_a_copy_is_filed_beside_what_is_kept(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require ["fileinto", "copy"]; fileinto :copy "Archive";')
        await at.send()
        assert await at.folders() == {"INBOX": 1, "Archive": 1}


async def test_discard_keeps_nothing_and_the_client_hears_that_it_was_taken(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script("discard;")
        reply = await at.send()
        assert reply.startswith("250 2.0.0")
        assert await at.folders() == {}
        assert await at.here.queued() == []
        assert await at.said(reply) == ["discarded"]


@pytest.mark.parametrize("folder", ["Nowhere", "Calendar", "Other Users/bob@example.test/Work"])
async def test_a_folder_that_is_none_for_it_leaves_it_in_the_inbox(tmp_path: Path, folder: str) -> None:
    async with desk(tmp_path) as at:
        await at.make("Work", BOB)
        await at.script(f'require "fileinto"; fileinto "{folder}";')
        reply = await at.send()
        assert await at.folders() == {"INBOX": 1}
        assert "into INBOX" in (await at.said(reply))[-1]


async def test_a_folder_that_is_closed_to_mail_leaves_it_in_the_inbox(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.make("Work")

        def close(tx: WriteTx) -> None:
            tx.grant(tx.locate(tx.account(ALICE).id, "Work").id, "anyone", Right.NONE, Right.POST)

        await at.here.write(close)
        await at.script('require "fileinto"; fileinto "Work";')
        reply = await at.send()
        assert await at.folders() == {"INBOX": 1}
        assert "into INBOX" in (await at.said(reply))[-1]


async def test_a_full_folder_beside_the_inbox_does_not_bring_the_message_twice(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.make("Small")
        await at.here.write(lambda tx: tx.set_folder(tx.locate(tx.account(ALICE).id, "Small").id, quota_bytes=1))
        await at.script('require ["fileinto", "copy"]; fileinto :copy "Small";')
        await at.send()
        assert await at.folders() == {"INBOX": 1}
        assert await at.here.queued() == []


async def test_a_mailbox_that_is_full_has_the_message_wait_and_nobody_is_answered(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.here.write(lambda tx: tx.set_folder(tx.locate(tx.account(ALICE).id, "INBOX").id, quota_bytes=1))
        await at.script('require "vacation"; vacation "away"; redirect "x@y.test"; keep;')
        await at.send()
        ((entry, _),) = await at.queued()
        assert envelope_of(entry) == (SENDER, [ALICE])


async def test_two_recipients_with_scripts_of_their_own(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require "fileinto"; fileinto "Archive";')
        await at.script('require "imap4flags"; addflag "\\\\Flagged";', BOB)
        await at.send(ALICE, BOB, CAROL)
        assert [await at.folders(each) for each in (ALICE, BOB, CAROL)] == [{"Archive": 1}, {"INBOX": 1}, {"INBOX": 1}]
        items = [*await at.here.items("alice", "Archive"), *await at.here.items("bob"), *await at.here.items("carol")]
        assert len({each.blob for each in items}) == 1
        assert [each.flags for each in items] == [Flags.NONE, Flags.FLAGGED, Flags.NONE]


async def test_a_sub_address_is_the_folder_for_what_is_kept_and_the_detail_for_the_script(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.make("Work")
        await at.script(
            'require ["envelope", "subaddress", "imap4flags"];'
            'if envelope :detail "to" "work" { addflag "\\\\Flagged"; }'
        )
        await at.send("alice+Work@example.test")
        (item,) = await at.here.items("alice", "Work")
        assert item.flags == Flags.FLAGGED


async def test_a_member_of_a_group_is_the_recipient_and_the_group_the_original_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:

        def work(tx: WriteTx) -> None:
            tx.put_account(NewAccount("sales@example.test", PrincipalKind.GROUP))
            for each in (ALICE, BOB):
                tx.put_member("sales@example.test", each)

        await at.here.write(work)
        await at.script(
            'require ["envelope", "fileinto"];'
            'if allof(envelope "to" "alice@example.test", envelope "orig_to" "sales@example.test") '
            '{ fileinto "Archive"; }'
        )
        await at.send("sales@example.test")
        assert await at.folders() == {"Archive": 1}
        assert await at.folders(BOB) == {"INBOX": 1}


async def test_edited_octets_are_a_body_of_their_own(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script(
            'require ["editheader", "fileinto", "copy"];'
            'fileinto :copy "Archive"; deleteheader "Subject"; addheader "X-Seen" "yes";'
        )
        await at.send(ALICE, BOB)
        (kept,), (filed,) = await at.letters(), await at.letters("Archive")
        assert (kept["Subject"], kept["X-Seen"], filed["Subject"]) == (None, "yes", "Hello")
        assert kept["Return-Path"] == "<ann@far.test>"
        (theirs,) = await at.here.items("bob")
        (mine,) = await at.here.items("alice", "Archive")
        assert theirs.blob == mine.blob


LIST, REQUEST = "news@example.test", "news-request@example.test"


async def test_a_list_has_a_script_of_its_own(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.here.write(lambda tx: tx.put_account(NewAccount(LIST, PrincipalKind.LIST)))
        await at.script('require "fileinto"; if header "subject" "Hello" { fileinto "INBOX"; } else { discard; }', LIST)
        await at.send(LIST, octets=MESSAGE.replace(b"Hello", b"Bye"))
        assert await at.folders(LIST) == {}
        await at.send(REQUEST)
        assert await at.folders(LIST) == {"INBOX": 1}

        def word(tx: ReadTx) -> str:
            return tx.list_progress(tx.locate(tx.account(LIST).id, "INBOX").id, Uid(1)).tag

        assert await at.here.read(word) == "request"  # the list knows by which of its addresses it came
