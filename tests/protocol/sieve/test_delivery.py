"""Scripts at delivery: from the wire through the active script into folders, the queue and the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest

from groupware.contacts.card import read_item
from groupware.model.errors import NotFound
from groupware.model.event import QueueEntry
from groupware.model.flags import Flags
from groupware.model.item import Kind
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from tests.support.house import House, house
from tests.support.smtpstand import Stand, Talker, stand, talker

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"
SENDER = "ann@far.test"
MESSAGE = (
    b"From: Ann Lee <ann@far.test>\r\nTo: alice@example.test\r\nSubject: Hello\r\nMessage-ID: <one@far.test>\r\n"
    b"References: <zero@far.test>\r\nDate: Thu, 26 Nov 2026 10:30:00 +0100\r\n\r\nA text.\r\n"
)


@dataclass
class Desk:
    """A server with people who have scripts, and a client that sends to it."""

    here: House
    there: Stand
    caller: Talker

    async def script(self, text: str, of: str = ALICE, name: str = "main") -> None:
        """Make it somebody's active script."""

        def work(tx: WriteTx) -> None:
            account = tx.account(of).id
            tx.put_script(name, text.encode(), account)
            tx.activate_script(name, account)

        await self.here.write(work)

    async def send(self, *to: str, octets: bytes = MESSAGE, sender: str = SENDER) -> str:
        """Send it; the last reply."""
        return await self.caller.deliver(sender, to or (ALICE,), octets)

    async def folders(self, of: str = ALICE) -> dict[str, int]:
        """How many messages are in the folders that are not empty."""

        def work(tx: ReadTx) -> dict[str, int]:
            account = tx.account(of).id
            root = tx.locate(account, "").path
            return {
                each.path.removeprefix(root).strip("/"): each.total for each in tx.folders(of=account) if each.total
            }

        return await self.here.read(work)

    async def letters(self, path: str = "INBOX", of: str = "alice") -> list[EmailMessage]:
        """The messages in a folder."""
        return [read(each) for each in await self.here.bodies(of, path)]

    async def queued(self) -> list[tuple[QueueEntry, EmailMessage]]:
        """What waits to go out."""
        return [(each, read(await self.here.blobs.read(each.envelope.blob))) for each in await self.here.queued()]

    async def said(self, reply: str) -> list[str]:
        """What filters did, as the trace of a message tells it."""
        rows = await self.here.trace(reply.rpartition(" ")[2])
        return [str(row.event.facts["did"]) for row in rows if row.event.name == "filtered"]

    async def make(self, path: str, of: str = ALICE) -> None:
        """A folder."""
        await self.here.write(lambda tx: tx.add_folder(tx.account(of).id, path))


def read(octets: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(octets, policy=policy.default))


@asynccontextmanager
async def desk(folder: Path, role: str = "mx", hello: str = "EHLO client.test") -> AsyncIterator[Desk]:
    async with (
        house(folder) as here,
        stand(folder, role, real=here.parts) as there,
        talker(there.port, hello) as caller,
    ):
        yield Desk(here, there, caller)


def envelope_of(entry: QueueEntry) -> tuple[str, Sequence[str]]:
    return entry.envelope.sender, [each.address for each in entry.envelope.recipients]


# --- where it goes --------------------------------------------------------------------------------------------------


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


# --- what goes on ---------------------------------------------------------------------------------------------------


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


# --- what is answered -----------------------------------------------------------------------------------------------

AWAY = 'require "vacation"; vacation :days 7 :subject "Away" "I am away.";'


async def test_an_answer_goes_out_once_for_each_sender(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script(AWAY)
        await at.send()
        reply = await at.send()
        assert "vacation not sent: it was not long ago" in await at.said(reply)
        await at.send(sender="other@far.test")
        queue = await at.queued()
        assert [envelope_of(entry) for entry, _ in queue] == [("", [SENDER]), ("", ["other@far.test"])]
        assert queue[0][0].envelope.recipients[0].notify == "NEVER"
        letter = queue[0][1]
        assert (letter["From"], letter["To"], letter["Subject"]) == (ALICE, SENDER, "Away")
        assert letter["In-Reply-To"] == "<one@far.test>"
        assert letter["References"] == "<zero@far.test> <one@far.test>"
        assert letter["Auto-Submitted"] == "auto-replied (vacation)"
        assert letter.get_content().strip() == "I am away."
        assert await at.folders() == {"INBOX": 3}


async def test_another_text_is_another_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script(AWAY)
        await at.send()
        await at.script(AWAY.replace("I am away.", "Still away."))
        await at.send()
        assert len(await at.queued()) == 2


@pytest.mark.parametrize(
    ("sender", "more"),
    [
        ("", b""),
        (SENDER, b"List-Id: <list.far.test>\r\n"),
        (SENDER, b"Precedence: bulk\r\n"),
        (SENDER, b"Auto-Submitted: auto-replied\r\n"),
        (ALICE, b""),
        ("mailer-daemon@far.test", b""),
        ("owner-list@far.test", b""),
    ],
)
async def test_who_gets_no_answer(tmp_path: Path, sender: str, more: bytes) -> None:
    async with desk(tmp_path) as at:
        await at.script(AWAY)
        await at.send(sender=sender, octets=more + MESSAGE)
        assert await at.here.queued() == []
        assert await at.folders() == {"INBOX": 1}


async def test_what_is_addressed_to_an_alias_is_answered_and_to_nobody_known_is_not(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.here.write(lambda tx: tx.put_alias(ALICE, "info@example.test"))
        await at.script(AWAY)
        await at.send(octets=MESSAGE.replace(b"To: alice@", b"To: info@"))
        assert len(await at.queued()) == 1
        await at.send(octets=MESSAGE.replace(b"To: alice@", b"To: others@"), sender="second@far.test")
        assert len(await at.queued()) == 1


async def test_what_is_addressed_to_a_sub_address_is_answered_and_to_a_group_is_not(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:

        def work(tx: WriteTx) -> None:
            tx.put_account(NewAccount("sales@example.test", PrincipalKind.GROUP))
            tx.put_member("sales@example.test", ALICE)

        await at.here.write(work)
        await at.script(AWAY)
        await at.send("sales@example.test", octets=MESSAGE.replace(b"To: alice@", b"To: sales@"))
        assert await at.here.queued() == []
        await at.send("alice+shop@example.test", octets=MESSAGE.replace(b"To: alice@", b"To: alice+shop@"))
        assert len(await at.queued()) == 1


async def test_an_answer_is_written_from_an_address_of_the_owner_alone(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.here.write(lambda tx: tx.put_alias(ALICE, "info@example.test"))
        for wanted in ("info@example.test", BOB):
            await at.script(
                f'require "vacation"; vacation :seconds 0 :from "{wanted}" "away";'.replace(
                    'require "vacation"', 'require ["vacation", "vacation-seconds"]'
                )
            )
            await at.send()
        assert [letter["From"] for _, letter in await at.queued()] == ["info@example.test", ALICE]


async def test_a_copy_of_the_answer_is_filed_only_when_it_is_sent(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require ["vacation", "fcc", "fileinto"]; vacation :fcc "Sent" "I am away.";')
        await at.send()
        await at.send()
        assert await at.folders() == {"INBOX": 2, "Sent": 1}
        (letter,) = await at.letters("Sent")
        assert letter["To"] == SENDER


async def test_a_notice_is_sent(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require "enotify"; notify :importance "1" :message "Mail!" "mailto:phone@far.test";')
        await at.send()
        ((entry, letter),) = await at.queued()
        assert envelope_of(entry) == ("", ["phone@far.test"])
        assert (letter["Subject"], letter["To"], letter["Importance"]) == ("Mail!", "phone@far.test", "high")
        assert letter["Auto-Submitted"] == f'auto-notified; owner-email="{ALICE}"'
        assert await at.folders() == {"INBOX": 1}


async def test_a_duplicate_is_known_by_its_message_id(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script('require ["duplicate", "fileinto"]; if duplicate { fileinto "Trash"; }')
        await at.send()
        await at.send()
        await at.send(octets=MESSAGE.replace(b"<one@", b"<two@"))
        assert await at.folders() == {"INBOX": 2, "Trash": 1}


# --- what it knows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("test", "holds"),
    [
        ('mailboxexists "Work"', True),
        ('mailboxexists "Nowhere"', False),
        ('mailboxexists "Calendar"', False),
        ('specialuse_exists "\\\\Junk"', True),
        ('specialuse_exists "Work" "\\\\Junk"', False),
        ('specialuse_exists "Junk" "\\\\Junk"', True),
        ('environment "domain" "example.test"', True),
        ('environment "host" "mx.example.test"', True),
        ('environment "location" "MDA"', True),
        ('environment :matches "remote-ip" "*"', False),
        ('spamtest :value "eq" :comparator "i;ascii-numeric" "0"', True),
        ('valid_ext_list "urn:ietf:params:sieve:addrbook:default"', True),
        ('valid_ext_list "urn:ietf:params:sieve:addrbook:Nowhere"', False),
    ],
)
async def test_what_a_script_may_ask(tmp_path: Path, test: str, holds: bool) -> None:
    async with desk(tmp_path) as at:
        await at.make("Work")
        await at.script(
            'require ["mailbox", "special-use", "environment", "spamtest", "relational", "fileinto", "extlists",'
            f'"comparator-i;ascii-numeric"]; if {test} {{ fileinto "Archive"; }}'
        )
        await at.send(octets=b"X-Spam-Score: 10\r\n" + MESSAGE)
        assert await at.folders() == ({"Archive": 1} if holds else {"INBOX": 1})


async def test_other_scripts_are_included_ones_own_and_those_of_the_postmaster(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:

        def work(tx: WriteTx) -> None:
            tx.put_script(
                "common", b'require "imap4flags"; addflag "\\\\Flagged";', tx.account("postmaster@example.test").id
            )
            tx.put_script("mine", b'require "fileinto"; fileinto "Archive";', tx.account(ALICE).id)

        await at.here.write(work)
        await at.script('require "include"; include :global "common"; include :personal "mine";')
        await at.send()
        (item,) = await at.here.items("alice", "Archive")
        assert item.flags == Flags.FLAGGED


# --- what goes wrong ------------------------------------------------------------------------------------------------

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


# --- forwarding by a setting ----------------------------------------------------------------------------------------


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


# --- address books --------------------------------------------------------------------------------------------------

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%b\r\nFN:Ann\r\nEMAIL:%b\r\nEMAIL:second@far.test\r\nEND:VCARD\r\n"


async def known(at: Desk, address: str, path: str = "", of: str = ALICE) -> None:
    """Puts a contact into an address book of somebody."""
    octets = CARD % (address.encode(), address.encode())
    _, item = await read_item(octets, at.here.blobs, f"{address}.vcf")

    def work(tx: WriteTx) -> None:
        account = tx.account(of).id
        book = tx.add_folder(account, path, Kind.CONTACTS) if path else tx.role(account, "contacts")
        tx.append(book.id, [item])

    await at.here.write(work)


async def mail(at: Desk) -> dict[str, int]:
    """Where her mail is."""
    return {path: count for path, count in (await at.folders()).items() if path in ("INBOX", "Archive", "Trash")}


KNOWN = 'require ["extlists", "fileinto"]; if address :list "from" "{}" {{ fileinto "Archive"; }}'


@pytest.mark.parametrize(
    ("book", "name", "address", "found"),
    [
        ("", "urn:ietf:params:sieve:addrbook:default", "ann@far.test", True),
        ("", "URN:ietf:params:sieve:addrbook:DEFAULT", "Ann@Far.Test", True),
        ("", "Contacts", "ann@far.test", True),
        ("", "urn:ietf:params:sieve:addrbook:default", "joann@far.test", False),
        ("", "urn:ietf:params:sieve:addrbook:default", "ann@far.test.org", False),
        ("Work/People", "Work/People", "ann@far.test", True),
        ("Work/People", "urn:ietf:params:sieve:addrbook:Work%2FPeople", "ann@far.test", True),
        ("Work/People", "urn:ietf:params:sieve:addrbook:default", "ann@far.test", False),
        ("", "Nowhere", "ann@far.test", False),
        ("", "Calendar", "ann@far.test", False),
        ("", "tag:elsewhere.test,2026:list", "ann@far.test", False),
    ],
)
async def test_a_rule_asks_the_address_book(tmp_path: Path, book: str, name: str, address: str, found: bool) -> None:
    async with desk(tmp_path) as at:
        await known(at, address, book)
        await at.script(KNOWN.format(name))
        await at.send()
        assert await mail(at) == ({"Archive": 1} if found else {"INBOX": 1})


async def test_the_whole_field_will_do_and_a_second_address_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await known(at, "ann@far.test")
        await at.script(KNOWN.format("Contacts").replace("address", "header", 1))
        await at.send()
        await at.send(octets=MESSAGE.replace(b"<ann@far.test>\r\nTo", b"<second@far.test>\r\nTo"))
        assert await mail(at) == {"Archive": 2}


async def test_a_book_of_somebody_else_is_read_with_the_rights_of_who_asks(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await known(at, "ann@far.test", of=BOB)
        await at.script(KNOWN.format("Other Users/bob@example.test/Contacts"))
        await at.send()
        assert await mail(at) == {"INBOX": 1}

        def share(tx: WriteTx) -> None:
            tx.grant(tx.role(tx.account(BOB).id, "contacts").id, ALICE, Right.LOOKUP | Right.READ)

        await at.here.write(share)
        await at.send()
        assert await mail(at) == {"INBOX": 1, "Archive": 1}


async def test_which_books_there_are_can_be_asked(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await at.script(
            'require ["extlists", "fileinto"];'
            'if valid_ext_list ["urn:ietf:params:sieve:addrbook:default", "Contacts"] { fileinto "Archive"; }'
            'if valid_ext_list "Nowhere" { fileinto "Trash"; }'
        )
        await at.send()
        assert await mail(at) == {"Archive": 1}


async def test_mail_is_not_redirected_to_a_whole_book(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        await known(at, "ann@far.test")
        await at.script('require ["extlists"]; redirect :list "Contacts";')
        await at.send()
        assert await at.queued() == []
        assert await mail(at) == {"INBOX": 2}
