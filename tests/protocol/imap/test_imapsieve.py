"""Scripts of mailboxes, over IMAP, with what is done about them as Processing does it. RFC 6785."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from groupware.model.ids import AccountId
from groupware.model.occasion import ENTRY
from groupware.model.principal import OPERATOR
from groupware.model.rights import LEVELS, Right
from groupware.store.api import WriteTx
from mailcore.server.clock import SystemClock
from mailcore.sieve.changes import worker
from mailcore.sieve.changes.desk import Desk
from mailcore.sieve.changes.worker import run_due
from tests.support.imapstand import HOST, Client, Stand, stand

MESSAGE = b"From: x@example.org\r\nTo: alice@example.test\r\nSubject: %b\r\nMessage-ID: <%b@x>\r\n\r\nWords.\r\n"


@dataclass
class Place:
    """The service, Alice at it, and the worker."""

    stand: Stand
    alice: Client
    account: AccountId

    async def script(self, text: str, *, name: str = "rules", at: str = "INBOX") -> None:
        """A script of Alice's, attached to a mailbox."""
        who = await self.stand.who("alice")
        await self.stand.write(lambda tx: tx.put_script(name, text.encode()), who)
        assert (await self.alice.ask(f'SETMETADATA "{at}" (/shared/imapsieve/script "{name}")')).ok

    async def append(self, subject: str = "hello", at: str = "INBOX", flags: str = "") -> None:
        octets = MESSAGE % (subject.encode(), subject.encode())
        given = f"({flags}) " if flags else ""
        self.alice.send(b"x APPEND %b %b{%d+}\r\n%b\r\n" % (at.encode(), given.encode(), len(octets), octets))
        assert (await self.alice.until(b"x")).ok

    async def run(self) -> int:
        """What Processing does."""
        stand = self.stand
        return await run_due(Desk(stand.store, stand.blobs, SystemClock(), HOST, 50, stand.log))

    async def subjects(self, at: str) -> list[tuple[str, str]]:
        """Subject and flags of what is in a mailbox."""
        who = await self.stand.who("alice")
        found = await self.stand.store.read(who, lambda tx: tx.items(tx.folder(at).id, [(1, 1 << 30)]))  # type: ignore[list-item]
        told = []
        for item in found:
            octets = await self.stand.blobs.read(item.blob)
            subject = next(line for line in octets.split(b"\r\n") if line.lower().startswith(b"subject:"))
            flags = [flag.name or "" for flag in item.flags] + sorted(item.keywords)
            told.append((subject[9:].decode(), " ".join(flags)))
        return told

    async def queued(self) -> list[tuple[str, str]]:
        """Sender and recipient of what waits in the queue."""
        found = await self.stand.store.read(OPERATOR, lambda tx: tx.queued())
        return [(each.envelope.sender, one.recipient.address) for each in found for one in each.recipients]


@asynccontextmanager
async def opened(folder: Path, config: str = "") -> AsyncIterator[Place]:
    async with stand(folder, config=config) as made, made.client("alice") as alice:
        for name in ("Other", "Third"):
            await alice.ask(f"CREATE {name}")
        yield Place(made, alice, (await made.who("alice")).account)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(tmp_path) as made:
        yield made


FILE = 'require ["imapsieve", "environment", "fileinto"]; if environment :is "imap.cause" "%s" { fileinto "Other"; }'


async def test_appended_message_is_filed(here: Place) -> None:
    await here.script(FILE % "APPEND")
    await here.append()
    assert await here.run() == 1
    assert (await here.subjects("INBOX"), await here.subjects("Other")) == ([], [("hello", "")])


async def test_other_cause_leaves_the_message(here: Place) -> None:
    await here.script(FILE % "COPY")
    await here.append()
    assert await here.run() == 1
    assert (await here.subjects("INBOX"), await here.subjects("Other")) == ([("hello", "")], [])


@pytest.mark.parametrize("how", ["COPY", "MOVE"])
async def test_copied_and_moved_messages_are_filed(here: Place, how: str) -> None:
    await here.script(FILE % "COPY")
    await here.append(at="Third")
    await here.alice.ask("SELECT Third")
    assert (await here.alice.ask(f"{how} 1 INBOX")).ok
    assert await here.run() == 1
    assert await here.subjects("Other") == [("hello", "")]


async def test_flag_runs_the_script_and_is_told(here: Place) -> None:
    await here.append()
    await here.script(
        'require ["imapsieve", "environment", "imap4flags"];'
        'if environment :contains "imap.changedflags" "\\\\Flagged" { addflag "$Todo"; removeflag "\\\\Seen"; }'
    )
    await here.alice.ask("SELECT INBOX")
    await here.alice.ask("STORE 1 +FLAGS (\\Seen)")
    assert await here.run() == 1
    assert await here.subjects("INBOX") == [("hello", "SEEN")]
    await here.alice.ask("STORE 1 +FLAGS (\\Flagged)")
    assert await here.run() == 1
    assert await here.subjects("INBOX") == [("hello", "FLAGGED $Todo")]


async def test_reading_sets_a_flag_and_runs_the_script(here: Place) -> None:
    await here.append()
    await here.script(FILE % "FLAG")
    await here.alice.ask("SELECT INBOX")
    await here.alice.ask("FETCH 1 BODY[]")
    await here.run()
    assert await here.subjects("Other") == [("hello", "SEEN")]


async def test_what_a_script_does_sets_off_no_other(here: Place) -> None:
    await here.script(FILE % "APPEND")
    await here.script('require ["imap4flags"]; addflag "$Loop";', name="loop", at="Other")
    await here.append()
    assert await here.run() == 1
    assert await here.run() == 0
    assert await here.subjects("Other") == [("hello", "")]


async def test_discarded_message_is_marked_as_deleted(here: Place) -> None:
    await here.script("discard;")
    await here.append()
    await here.run()
    assert await here.subjects("INBOX") == [("hello", "DELETED")]


async def test_copy_leaves_the_message_where_it_is(here: Place) -> None:
    await here.script('require ["fileinto", "copy", "imap4flags"]; fileinto :copy :flags "$Copy" "Other";')
    await here.append(flags="\\Seen")
    await here.run()
    assert (await here.subjects("INBOX"), await here.subjects("Other")) == ([("hello", "SEEN")], [("hello", "$Copy")])


async def test_filed_where_it_is_it_stays(here: Place) -> None:
    await here.script('require "fileinto"; fileinto "INBOX";')
    await here.append()
    await here.run()
    assert await here.subjects("INBOX") == [("hello", "")]


async def test_edited_message_that_is_kept_takes_the_place_of_the_other(here: Place) -> None:
    await here.script('require "editheader"; deleteheader "Subject"; addheader "Subject" "edited";')
    await here.append(flags="\\Flagged")
    await here.run()
    assert await here.subjects("INBOX") == [("edited", "FLAGGED")]


async def test_redirected_message_goes_out_in_the_owners_name(here: Place) -> None:
    await here.script('require "copy"; redirect :copy "elsewhere@example.org";')
    await here.append()
    await here.run()
    assert await here.queued() == [("alice@example.test", "elsewhere@example.org")]
    assert await here.subjects("INBOX") == [("hello", "")]


async def test_notice_goes_out(here: Place) -> None:
    await here.script('require "enotify"; notify :message "it came" "mailto:phone@example.org";')
    await here.append()
    await here.run()
    assert await here.queued() == [("", "phone@example.org")]


@pytest.mark.parametrize(
    "script",
    [
        'require "reject"; reject "no";',
        'require ["fileinto", "reject"]; fileinto "Other"; reject "no";',
        'require "vacation"; vacation "away";',
        'require "fileinto"; fileinto "Nowhere";',
        "nonsense;",
    ],
)
async def test_error_leaves_the_message_and_is_told_once(here: Place, script: str) -> None:
    await here.script(script, at="Third")
    for subject in ("one", "two"):
        await here.append(subject, at="Third")
    assert await here.run() == 2
    assert await here.subjects("Third") == [("one", ""), ("two", "")]
    assert await here.subjects("Other") == []
    assert await here.subjects("INBOX") == [("A script of yours has an error", "")]


async def test_script_that_is_missing_changes_nothing(here: Place) -> None:
    assert (await here.alice.ask('SETMETADATA INBOX (/shared/imapsieve/script "gone")')).ok
    await here.append()
    assert await here.run() == 0
    assert await here.subjects("INBOX") == [("hello", "")]
    assert here.stand.log.named("script_missing") != []


async def test_script_of_the_server_is_for_every_mailbox_without_its_own(here: Place) -> None:
    await here.stand.write(lambda tx: tx.put_setting("scriptOnChange", "all", OPERATOR.account))
    await here.script('require "imap4flags"; addflag "$All";', name="all", at="Third")
    await here.alice.ask("SETMETADATA Other (/shared/imapsieve/script {0+}\r\n)")
    for at in ("INBOX", "Other"):
        await here.append(at=at)
    assert await here.run() == 1
    assert (await here.subjects("INBOX"), await here.subjects("Other")) == ([("hello", "$All")], [("hello", "")])


async def test_worker_that_dies_before_the_write_leaves_it_to_the_next(here: Place) -> None:
    await here.script(FILE % "APPEND")
    await here.append()
    (found,) = await here.stand.store.read(OPERATOR, lambda tx: tx.occasions())
    who = await here.stand.who("alice")

    def broken(tx):  # type: ignore[no-untyped-def]
        tx.settle_occasion(found, found.uids[0][0])
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await here.stand.write(broken, who)
    assert await here.run() == 1
    assert await here.subjects("Other") == [("hello", "")]


async def test_where_scripts_are_edited_is_announced(here: Place) -> None:
    answer = await here.alice.ask("CAPABILITY")
    assert b"IMAPSIEVE=sieve://imap.example.test" in answer.untagged[0].split()


async def test_without_managesieve_nothing_is_announced(tmp_path: Path) -> None:
    async with opened(tmp_path, "[service.managesieve]\nenabled = false\n") as place:
        assert b"IMAPSIEVE" not in (await place.alice.ask("CAPABILITY")).untagged[0]


async def test_who_flags_many_does_not_keep_others_waiting(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "TURN", 2)
    for number in range(5):
        await here.append(str(number), at="Third")
    await here.script('require "imap4flags"; addflag "$Done";', at="Third")
    await here.script('require "imap4flags"; addflag "$Done";', name="own")
    await here.alice.ask("SELECT Third")
    await here.alice.ask("STORE 1:* +FLAGS (\\Seen)")
    await here.append("other")
    assert await here.run() == 3
    assert await here.subjects("INBOX") == [("other", "$Done")]
    assert [await here.run() for _ in range(3)] == [2, 1, 0]
    assert {flags for _, flags in await here.subjects("Third")} == {"SEEN $Done"}


async def test_script_goes_no_further_than_its_owner_may(here: Place) -> None:
    def share(tx: WriteTx) -> None:
        tx.grant(tx.create_folder("Shared").id, "alice@example.test", Right.LOOKUP | Right.READ)

    await here.stand.write(share, await here.stand.who("bob"))
    await here.script('require "fileinto"; fileinto "Other Users/bob@example.test/Shared";', at="Third")
    await here.append(at="Third")
    assert await here.run() == 1
    assert await here.subjects("Third") == [("hello", "")]
    assert await here.subjects("Other Users/bob@example.test/Shared") == []
    assert await here.subjects("INBOX") == [("A script of yours has an error", "")]


async def test_others_in_a_shared_mailbox_set_off_its_owners_script(here: Place) -> None:
    await here.script(
        'require ["environment", "imap4flags", "variables"];'
        'if environment :matches "imap.user" "*@*" { addflag "from-${1}"; }'
    )
    assert (await here.alice.ask("SETACL INBOX bob@example.test lrswi")).ok
    async with here.stand.client("bob") as bob:
        octets = MESSAGE % (b"shared", b"shared")
        bob.send(b'x APPEND "Other Users/alice@example.test/INBOX" {%d+}\r\n%b\r\n' % (len(octets), octets))
        assert (await bob.until(b"x")).ok
    assert await here.run() == 1
    assert await here.subjects("INBOX") == [("shared", "from-bob")]


async def test_public_folders_run_the_postmasters_script(here: Place) -> None:
    postmaster = await here.stand.write(lambda tx: tx.account("postmaster@example.test").id)

    def public(tx: WriteTx) -> None:
        folder = tx.create_folder("Public/News").id
        tx.grant(folder, "alice@example.test", LEVELS["editor"])
        tx.annotate(folder, {ENTRY: b"public"})

    who = await here.stand.store.read(OPERATOR, lambda tx: tx.identity(postmaster))
    await here.stand.write(lambda tx: tx.put_script("public", b'require "imap4flags"; addflag "$Public";'), who)
    await here.stand.write(public, who)
    await here.append(at="Public/News")
    assert await here.run() == 1
    assert await here.subjects("Public/News") == [("hello", "$Public")]


async def test_script_of_somebody_who_is_disabled_does_not_run(here: Place) -> None:
    await here.script(FILE % "APPEND")
    await here.append()
    await here.stand.write(lambda tx: tx.update_account("alice@example.test", enabled=False))
    assert await here.run() == 0
    assert await here.stand.store.read(OPERATOR, lambda tx: tx.occasions()) == []
