"""Folders, rights and quotas: what the dialogues in tests/transcripts do not show."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groupware.model.flags import MOST_KEYWORDS
from groupware.model.item import Kind
from groupware.model.rights import Right, parse_rights
from groupware.store.api import WriteTx
from mailcore.imap import names
from tests.support.imapstand import Client, Stand, stand

MESSAGE = b"Subject: x\r\n\r\n" + b"y" * 2000 + b"\r\n"


async def test_quota(place: Stand, alice: Client) -> None:
    await place.write(
        lambda tx: tx.set_folder(tx.locate(tx.account("alice@example.test").id, "INBOX").id, quota_bytes=5000)
    )
    assert (await alice.append("INBOX", MESSAGE)).ok
    told = await alice.ask("GETQUOTAROOT INBOX")
    assert told.untagged[0] == b"* QUOTAROOT INBOX INBOX"
    assert told.untagged[1] == b"* QUOTA INBOX (STORAGE 2 4)"
    assert (await alice.ask("GETQUOTA INBOX")).untagged == [b"* QUOTA INBOX (STORAGE 2 4)"]
    assert (await alice.append("INBOX", MESSAGE)).ok
    assert (await alice.append("INBOX", MESSAGE)).tagged.startswith(b"NO [OVERQUOTA]")
    await alice.ask("APPEND Sent", MESSAGE)
    await alice.ask("SELECT Sent")
    assert (await alice.ask("COPY 1 INBOX")).tagged.startswith(b"NO [OVERQUOTA]")
    assert (await alice.ask('SETQUOTA "" (STORAGE 512)')).tagged.startswith(b"NO [NOPERM]")
    assert (await alice.ask("GETQUOTA Nothing")).tagged.startswith(b"NO [NONEXISTENT]")


async def test_quota_of_all_that_is_ones_own(place: Stand, alice: Client) -> None:
    def limited(tx: WriteTx) -> None:
        account = tx.account("alice@example.test").id
        room = len([each for each in tx.folders(of=account) if each.parent is not None]) + 1
        for name, most in (("mailboxSize", 100), ("mailboxMessageCount", 1), ("mailboxFolderCount", room)):
            tx.put_setting(name, most, account)

    await place.write(limited)
    [told] = (await alice.ask('GETQUOTA ""')).untagged
    found = re.fullmatch(rb'\* QUOTA "" \(STORAGE 0 \d+ MESSAGE 0 1 MAILBOX (\d+) (\d+)\)', told)
    assert found is not None, told
    assert int(found[1]) + 1 == int(found[2])
    assert (await alice.ask("CREATE Second")).ok
    assert (await alice.ask("CREATE Third")).tagged.startswith(b"NO [OVERQUOTA]")
    assert (await alice.append("INBOX", MESSAGE)).ok
    assert (await alice.append("INBOX", MESSAGE)).tagged.startswith(b"NO [OVERQUOTA]")


async def test_who_administers_an_account_sets_its_quota_and_is_told_it(place: Stand, alice: Client) -> None:
    root = b'"Other Users/bob@example.test"'
    assert (await alice.ask(b"GETQUOTA " + root)).tagged.startswith(b"NO [NONEXISTENT]")

    def administers(tx: WriteTx) -> None:
        domain = next(each for each in tx.domains() if each.name == "example.test")
        tx.grant(tx.locate(domain.account, "").id, "alice@example.test", Right.ADMIN)

    await place.write(administers)
    set_now = await alice.ask(b"SETQUOTA " + root + b" (STORAGE 512 MESSAGE 9)")
    assert (set_now.ok, set_now.untagged) == (True, [b"* QUOTA " + root + b" (STORAGE 0 512 MESSAGE 0 9)"])
    assert (await alice.ask(b"GETQUOTA " + root)).untagged == set_now.untagged
    await alice.ask(b"SETQUOTA " + root + b" ()")
    assert (await alice.ask(b"GETQUOTA " + root)).untagged == [b"* QUOTA " + root + b" ()"]


async def test_rights_that_imap_cannot_say_survive(place: Stand, alice: Client) -> None:
    who = await place.who("alice")
    await place.write(lambda tx: tx.grant("INBOX", "bob@example.test", parse_rights("lrs96")), who)
    assert (await alice.ask("SETACL INBOX bob li")).ok
    assert (await alice.ask("SETACL INBOX bob +t")).ok
    rows = await place.store.read(who, lambda tx: tx.grants("INBOX"))
    assert [row.allow for row in rows] == [parse_rights("lit96")]
    assert (await alice.ask("DELETEACL INBOX bob")).ok
    rows = await place.store.read(who, lambda tx: tx.grants("INBOX"))
    assert [row.allow for row in rows] == [Right.FREEBUSY | Right.EDIT_OWN]
    assert (await alice.ask("GETACL INBOX")).untagged == [b"* ACL INBOX alice@example.test lrswipkxteacd"]


async def test_grant_that_ends_keeps_its_end(place: Stand, alice: Client) -> None:

    who, end = await place.who("alice"), datetime(2040, 1, 1, tzinfo=UTC)
    await place.write(lambda tx: tx.grant("INBOX", "bob@example.test", parse_rights("lr"), expires=end), who)
    assert (await alice.ask("SETACL INBOX bob +s")).ok
    rows = await place.store.read(who, lambda tx: tx.grants("INBOX"))
    assert [(row.allow, row.expires) for row in rows] == [(parse_rights("lrs"), end)]


async def test_other_kinds_of_folders_are_shown_when_asked_for(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[imap]\nshow_all_folders = true\n") as place, place.client("alice") as client:
        assert b'"/" Calendar' in b"\n".join((await client.ask('LIST "" *')).untagged)
        assert (await client.ask("SELECT Calendar")).ok


async def test_other_kinds_of_folders_are_shown_to_one_account(place: Stand, alice: Client, bob: Client) -> None:
    await place.write(lambda tx: tx.put_setting("imapShowAllFolders", True, tx.account("alice@example.test").id))
    assert (await alice.ask("SELECT Calendar")).ok
    assert len((await alice.ask('LIST "" Calendar')).untagged) == 1
    assert (await bob.ask("SELECT Calendar")).tagged.startswith(b"NO [NONEXISTENT]")


async def test_calendars_are_hidden_everywhere(place: Stand, alice: Client) -> None:
    who = await place.who("alice")
    await place.write(lambda tx: tx.create_folder("Team", Kind.CALENDAR) and None, who)
    for command in ("SELECT Team", "STATUS Team (MESSAGES)", "DELETE Team", "SUBSCRIBE Team", "GETACL Team"):
        assert (await alice.ask(command)).tagged.startswith(b"NO [NONEXISTENT]")
    assert (await alice.ask('LIST "" Team')).untagged == []


async def test_renaming_inbox_moves_its_messages(alice: Client) -> None:
    await alice.append("INBOX", MESSAGE)
    assert (await alice.ask("RENAME INBOX Old")).ok
    assert (await alice.ask("STATUS INBOX (MESSAGES)")).untagged == [b"* STATUS INBOX (MESSAGES 0)"]
    assert (await alice.ask("STATUS Old (MESSAGES)")).untagged == [b"* STATUS Old (MESSAGES 1)"]


@pytest.mark.parametrize("name", ["&AP8", "&****-", '"a\\b"', "caf\xe9&"])
async def test_name_that_is_none_is_bad(alice: Client, name: str) -> None:
    assert (await alice.ask(b"CREATE " + name.encode("latin-1"))).tagged.startswith(b"BAD ")


async def test_names_of_every_script(alice: Client) -> None:
    for name in ("Entw&APw-rfe", "&ZeVnLIqe-", "A &- B", "&2D3eAA-"):
        assert (await alice.ask(f'CREATE "{name}"')).ok
        listed = (await alice.ask(f'LIST "" "{name}"')).untagged[0]
        assert listed.rsplit(b'"/" ', 1)[1].strip(b'"') == name.encode()


async def test_expunge_takes_its_right(alice: Client, bob: Client) -> None:
    await alice.append("INBOX", MESSAGE, " (\\Deleted)")
    await alice.ask("SETACL INBOX bob lrt")
    await bob.ask('SELECT "Other Users/alice@example.test/INBOX"')
    assert (await bob.ask("EXPUNGE")).tagged.startswith(b"NO [NOPERM]")
    assert (await bob.ask("CLOSE")).ok
    assert (await alice.ask("STATUS INBOX (MESSAGES)")).untagged == [b"* STATUS INBOX (MESSAGES 1)"]


async def test_account_that_is_disabled_loses_its_session(place: Stand, alice: Client) -> None:
    await alice.ask("SELECT INBOX")
    await place.write(lambda tx: tx.update_account("alice@example.test", enabled=False) and None)
    answer = await alice.ask("NOOP")
    assert any(each.startswith(b"* BYE ") for each in (*answer.untagged, await alice.response()))
    assert await alice.response() == b""


async def test_a_name_in_other_letters_is_the_same_name(alice: Client) -> None:
    apart, together = (names.encode(f"Entw{sign}rfe").decode() for sign in ("u\u0308", "\u00fc"))
    assert (await alice.ask(f'CREATE "{apart}"')).ok
    assert (await alice.ask(f'LIST "" "{apart}"')).untagged == [f'* LIST (\\HasNoChildren) "/" {together}'.encode()]
    assert (await alice.ask(f'SELECT "{apart}"')).ok


async def test_journal_names_the_client(place: Stand, alice: Client) -> None:
    await alice.ask('ID ("name" "Pigeon" "version" "2")')
    await alice.ask("CREATE Noted")
    who = await place.who("alice")
    rows = await place.store.read(who, lambda tx: tx.journal(tx.folder("Noted").id))
    assert {row.client for row in rows} == {"imap Pigeon 2"}


async def test_a_name_is_listed_as_it_is_among_all(place: Stand, alice: Client, bob: Client) -> None:
    for name in ("Work", "Work/Deep/Down", "Gr&APwA3w-e", "INBOX/Sub"):
        assert (await alice.ask(f'CREATE "{name}"')).ok
    assert (await alice.ask('SETACL "Work/Deep/Down" bob lr')).ok
    who = await place.who("alice")
    await place.write(lambda tx: tx.create_folder("Team", Kind.CALENDAR) and None, who)
    for client in (alice, bob):
        every = (await client.ask('LIST "" *')).untagged
        assert len(every) > 4
        for line in every:
            name = line.rpartition(b'"/" ')[2].decode()
            assert (await client.ask(f'LIST "" {name}')).untagged == [line]
    for name in ("inbox", "InBox/Sub"):
        assert len((await alice.ask(f'LIST "" {name}')).untagged) == 1
    for name in ("Nothing", "Team", "Work/", "&-x", '"a//b"'):
        assert (await alice.ask(f'LIST "" {name}')).untagged == []


async def test_a_message_has_only_so_many_keywords(alice: Client) -> None:
    words = [f"k{number}" for number in range(MOST_KEYWORDS + 1)]
    assert (await alice.append("INBOX", MESSAGE)).ok
    await alice.ask("SELECT INBOX")
    assert (await alice.ask(f"STORE 1 +FLAGS ({' '.join(words[:-1])})")).ok
    assert (await alice.ask(f"STORE 1 +FLAGS ({words[-1]})")).tagged.startswith(b"NO ")
    assert (await alice.ask(f"APPEND INBOX ({' '.join(words)})", MESSAGE)).tagged.startswith(b"NO ")
    assert (await alice.ask(f"STORE 1 -FLAGS ({words[0]})")).ok
    assert (await alice.ask(f"STORE 1 +FLAGS ({words[-1]})")).ok


async def test_inbox_stays_whatever_is_below_it(alice: Client) -> None:
    assert (await alice.ask("CREATE INBOX/Sub")).ok
    assert (await alice.ask("DELETE INBOX")).tagged.startswith(b"NO [CANNOT]")
    assert (await alice.ask("CREATE Work/Sub")).ok
    assert (await alice.ask("DELETE Work")).tagged.startswith(b"NO [HASCHILDREN]")


async def test_what_is_gone_is_not_said_to_be_copied(place: Stand, alice: Client) -> None:
    assert (await alice.append("INBOX", MESSAGE)).ok
    await alice.ask("SELECT INBOX")
    async with place.client("alice") as other:
        await other.ask("SELECT INBOX")
        await other.ask(r"STORE 1 +FLAGS.SILENT (\Deleted)")
        assert (await other.ask("EXPUNGE")).ok
    assert (await alice.ask("COPY 1 Sent")).tagged.startswith(b"NO [EXPUNGEISSUED]")
