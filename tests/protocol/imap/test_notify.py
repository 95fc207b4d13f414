"""NOTIFY: what is told unasked, to whom, and what not. RFC 5465."""

from __future__ import annotations

import pytest

from groupware.model.ids import FolderId
from groupware.store.api import WriteTx
from groupware.store.sql import annotated
from tests.support.imapstand import Client, Stand

WORK = '"Other Users/alice@example.test/Work"'
ALL = "(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)"
ENTRIES = "(MailboxMetadataChange)"


async def shared(alice: Client, rights: str = "lr") -> None:
    await alice.ask("CREATE Work")
    assert (await alice.ask(f"SETACL Work bob {rights}")).ok


async def told(client: Client) -> list[bytes]:
    """What has come unasked by now: behind it stands the answer to a NOOP."""
    return (await client.ask("NOOP")).untagged


async def test_right_that_goes_is_told_as_far_as_one_may_know(alice: Client, bob: Client) -> None:
    await shared(alice)
    assert (await bob.ask(f'NOTIFY SET (SUBTREE "Other Users" {ALL})')).ok
    await alice.ask("SETACL Work bob l")
    assert await bob.response() == b'* LIST (\\NoAccess \\HasNoChildren) "/" ' + WORK.encode()
    await alice.append("Work", b"Subject: x\r\n\r\nx")
    await alice.ask("SETACL Work bob lr")
    assert await bob.response() == b'* LIST (\\HasNoChildren) "/" ' + WORK.encode()
    assert (await bob.response()).startswith(b"* STATUS " + WORK.encode() + b" (MESSAGES 1 ")
    await alice.ask("DELETEACL Work bob")
    assert await bob.response() == b'* LIST (\\NonExistent) "/" ' + WORK.encode()
    await alice.append("Work", b"Subject: x\r\n\r\nx")
    assert await told(bob) == []


async def test_what_cannot_be_looked_up_is_never_told_of(alice: Client, bob: Client) -> None:
    await shared(alice)
    await alice.ask("CREATE Secret")
    await alice.ask("SETACL Secret -bob lr")
    command = f'NOTIFY SET STATUS (MAILBOXES ("Other Users/alice@example.test/Secret" {WORK}) {ALL})'
    assert [line.split(b" (")[0] for line in (await bob.ask(command)).untagged] == [b"* STATUS " + WORK.encode()]
    await alice.append("Secret", b"Subject: x\r\n\r\nx")
    await alice.ask("RENAME Secret Secrets")
    await alice.ask("CREATE Secrets/More")
    await alice.ask("DELETE Secrets/More")
    assert await told(bob) == []


async def test_group_that_fits_first_decides(alice: Client, place: Stand) -> None:
    await alice.ask("CREATE Loud")
    await alice.ask("CREATE Silent")
    assert (await alice.ask("NOTIFY SET (MAILBOXES Silent NONE) (PERSONAL (MessageNew MessageExpunge))")).ok
    async with place.client("alice") as other:
        await other.append("Silent", b"Subject: x\r\n\r\nx")
        await other.append("Loud", b"Subject: x\r\n\r\nx")
    assert (await alice.response()).startswith(b"* STATUS Loud (MESSAGES 1 ")
    assert await told(alice) == []


async def test_flags_alone_are_told_to_those_who_asked(alice: Client, bob: Client, place: Stand) -> None:
    await shared(alice)
    await alice.append("Work", b"Subject: x\r\n\r\nx")
    assert (await bob.ask(f"NOTIFY SET (MAILBOXES {WORK} (MessageNew MessageExpunge))")).ok
    async with place.client("bob") as other:
        assert (await other.ask(f"NOTIFY SET (MAILBOXES {WORK} (FlagChange MessageNew MessageExpunge))")).ok
        await alice.ask("SELECT Work")
        await alice.ask("STORE 1 +FLAGS (\\Flagged)")
        assert (await other.response()).startswith(b"* STATUS " + WORK.encode())
    assert await told(bob) == []


@pytest.mark.parametrize("waiting", ["", "IDLE"])
async def test_selected_mailbox_that_goes_is_told_at_once_though_nothing_else_of_it_is(
    alice: Client, bob: Client, waiting: str
) -> None:
    await shared(alice)
    assert (await bob.ask(f"SELECT {WORK}")).ok
    assert (await bob.ask("NOTIFY SET (PERSONAL (MessageNew MessageExpunge))")).ok
    if waiting:
        bob.send(b"i IDLE\r\n")
        assert (await bob.response()).startswith(b"+")
    await alice.append("Work", b"Subject: x\r\n\r\nx")
    await alice.ask("DELETEACL Work bob")
    assert (await bob.response()).startswith(b"* BYE The selected mailbox is gone")


async def test_what_comes_into_a_selected_mailbox_waits_for_a_command(alice: Client, bob: Client) -> None:
    await shared(alice)
    assert (await bob.ask(f"SELECT {WORK}")).ok
    assert (await bob.ask("NOTIFY SET (PERSONAL (MessageNew MessageExpunge)) (INBOXES (MessageNew MessageExpunge))")).ok
    await alice.append("Work", b"Subject: x\r\n\r\nx")
    await alice.ask("SETACL Work bob lrs")
    bob.send(b"i IDLE\r\n")
    assert (await bob.response()).startswith(b"+")
    bob.send(b"DONE\r\n")
    assert [line.split(b" ")[-1] for line in (await bob.until(b"i")).untagged] == [b"EXISTS", b"RECENT"]


async def test_selected_mailbox_has_no_status(alice: Client, place: Stand) -> None:
    await alice.ask("SELECT INBOX")
    answer = await alice.ask(
        "NOTIFY SET STATUS (SELECTED (MessageNew MessageExpunge)) (MAILBOXES (INBOX Trash) (MessageNew MessageExpunge))"
    )
    assert [line.split()[2] for line in answer.untagged] == [b"Trash"]
    async with place.client("alice") as other:
        await other.append("INBOX", b"Subject: x\r\n\r\nx")
        assert [await alice.response(), await alice.response()] == [b"* 1 EXISTS", b"* 1 RECENT"]
    assert await told(alice) == []


async def test_none_takes_it_back_and_frees_the_watch(alice: Client, place: Stand) -> None:
    bus = place.service and next(each for each in place.service._open.values() if each is not None).session
    marks = bus.shared.parts.bus.watched  # type: ignore[union-attr]

    def watched() -> list[FolderId]:
        return [at for at in marks() if at > 0]  # those below are of what is no folder

    assert watched() == []
    assert (await alice.ask(f"NOTIFY SET (PERSONAL {ALL})")).ok
    assert len(watched()) >= 6
    assert (await alice.ask("NOTIFY NONE")).ok
    assert watched() == []
    assert (await alice.ask(f"NOTIFY SET (PERSONAL {ALL})")).ok
    assert (await alice.ask("UNAUTHENTICATE")).ok
    assert watched() == []


async def test_in_idle_too(alice: Client, place: Stand) -> None:
    assert (await alice.ask("NOTIFY SET (PERSONAL (MessageNew MessageExpunge))")).ok
    alice.send(b"i IDLE\r\n")
    assert (await alice.response()).startswith(b"+")
    async with place.client("alice") as other:
        await other.append("Trash", b"Subject: x\r\n\r\nx")
        assert (await alice.response()).startswith(b"* STATUS Trash (MESSAGES 1 ")
    alice.send(b"DONE\r\n")
    assert (await alice.until(b"i")).ok


async def test_commands_are_answered_while_news_comes(alice: Client, place: Stand) -> None:
    assert (await alice.ask(f"NOTIFY SET (PERSONAL {ALL})")).ok
    async with place.client("alice") as other:
        for number in range(20):
            await other.append("Trash", b"Subject: %d\r\n\r\nx" % number)
            assert (await alice.ask("NOOP")).ok
    assert (await alice.ask("STATUS Trash (MESSAGES)")).untagged[-1] == b"* STATUS Trash (MESSAGES 20)"


async def test_expunge_of_selected_comes_once_numbers_are_not_in_use(alice: Client, place: Stand) -> None:
    for number in range(3):
        await alice.append("INBOX", b"Subject: %d\r\n\r\nx" % number)
    await alice.ask("SELECT INBOX")
    async with place.client("alice") as other:
        await other.ask("SELECT INBOX")
        await other.ask("STORE 1 +FLAGS.SILENT (\\Deleted)")
        await other.ask("EXPUNGE")
    assert (await alice.ask("FETCH 2 UID")).untagged == [b"* 2 FETCH (UID 2)"]
    assert (await alice.ask("NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge))")).untagged == [b"* 1 EXPUNGE"]


async def test_too_many_mailboxes(alice: Client) -> None:
    names = " ".join(f"n{number}" for number in range(10_001))
    assert (await alice.ask(f"NOTIFY SET (MAILBOXES ({names}) {ALL})")).tagged.startswith((b"BAD", b"NO [TOOBIG]"))


# --- annotations ----------------------------------------------------------------------------------------------------


async def test_annotations_of_the_server(place: Stand, alice: Client, bob: Client) -> None:
    assert (await bob.ask(f"NOTIFY SET (PERSONAL {ENTRIES})")).ok
    assert (await alice.ask("NOTIFY SET (MAILBOXES Nowhere (ServerMetadataChange))")).ok
    await place.write(lambda tx: tx.annotate(None, {"/shared/comment": b"welcome", "/shared/admin": b"mailto:x"}))
    assert await alice.response() == b'* METADATA "" /shared/admin /shared/comment'
    await place.write(lambda tx: tx.annotate(None, {"/shared/comment": None}))
    assert await alice.response() == b'* METADATA "" /shared/comment'
    assert await told(alice) == await told(bob) == []


async def test_another_session_of_the_same_user_hears_of_private_ones(alice: Client, place: Stand) -> None:
    assert (await alice.ask("NOTIFY SET (PERSONAL (MailboxMetadataChange ServerMetadataChange))")).ok
    async with place.client("alice") as other:
        assert (await other.ask('SETMETADATA Trash (/private/comment "x")')).ok
        assert await alice.response() == b"* METADATA Trash /private/comment"
        assert (await other.ask('SETMETADATA "" (/private/comment "x")')).ok
        assert await alice.response() == b'* METADATA "" /private/comment'
    assert await told(alice) == []


async def test_who_may_only_look_up_hears_of_no_annotations(alice: Client, bob: Client) -> None:
    await shared(alice, "l")
    assert (await bob.ask(f'NOTIFY SET (SUBTREE "Other Users" {ENTRIES})')).ok
    await alice.ask('SETMETADATA Work (/shared/comment "1" /shared/vendor/postroom/shared-seen "true")')
    assert await told(bob) == []
    await alice.ask("SETACL Work bob ls")
    assert await told(bob) == []  # from here on Bob's session knows of it
    await alice.ask('SETMETADATA Work (/shared/vendor/x "2")')
    assert await bob.response() == b"* METADATA " + WORK.encode() + b" /shared/vendor/x"
    assert await told(bob) == []


async def test_annotations_are_told_of_only_where_that_was_asked_for(alice: Client, place: Stand) -> None:
    assert (await alice.ask(f"NOTIFY SET (MAILBOXES Trash {ALL}) (PERSONAL {ENTRIES})")).ok
    async with place.client("alice") as other:
        await other.ask('SETMETADATA Trash (/shared/comment "1")')
        await other.ask('SETMETADATA Drafts (/shared/comment "2")')
        assert await alice.response() == b"* METADATA Drafts /shared/comment"
        await other.append("Drafts", b"Subject: x\r\n\r\nx")
        await other.append("Trash", b"Subject: x\r\n\r\nx")
        assert (await alice.response()).startswith(b"* STATUS Trash ")
    assert await told(alice) == []


async def test_nobody_asks_for_annotations_that_nobody_wants(
    alice: Client, place: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("changed", "newest"):
        monkeypatch.setattr(annotated, name, lambda *_, name=name: asked.append(name))
    assert (await alice.ask(f"NOTIFY SET (PERSONAL {ALL})")).ok
    async with place.client("alice") as other:
        await other.ask('SETMETADATA Trash (/shared/comment "1")')
        await other.ask("CREATE Work")
        assert await alice.response() == b'* LIST (\\Subscribed \\HasNoChildren) "/" Work'
    assert await told(alice) == []
    assert asked == []


async def test_selected_mailbox_is_told_of_once(alice: Client, place: Stand) -> None:
    await alice.ask("ENABLE METADATA")
    await alice.ask("SELECT INBOX")
    async with place.client("alice") as other:
        await other.ask('SETMETADATA INBOX (/shared/comment "1")')
        answer = await alice.ask(f"NOTIFY SET (PERSONAL {ENTRIES})")
        assert answer.untagged == [b"* METADATA INBOX /shared/comment"]
        await other.ask('SETMETADATA INBOX (/shared/vendor/x "2")')
        assert await alice.response() == b"* METADATA INBOX /shared/vendor/x"
        assert await told(alice) == []
        alice.send(b"i IDLE\r\n")
        assert await alice.response() == b"+ idling"
        await other.ask('SETMETADATA INBOX (/shared/vendor/y "3")')
        assert await alice.response() == b"* METADATA INBOX /shared/vendor/y"
        alice.send(b"DONE\r\n")
        assert (await alice.until(b"i")).untagged == []


async def test_use_of_an_own_mailbox(alice: Client, place: Stand) -> None:
    assert (await alice.ask(f"NOTIFY SET (PERSONAL {ENTRIES})")).ok
    async with place.client("alice") as other:
        assert (await other.ask('SETMETADATA Archive (/private/specialuse NIL /shared/comment "x")')).ok
        assert await alice.response() == b"* METADATA Archive /private/specialuse"
        assert await alice.response() == b"* METADATA Archive /shared/comment"
    assert (await alice.ask(r'SETMETADATA Archive (/private/specialuse "\\Archive" /shared/comment NIL)')).ok
    assert await told(alice) == []


async def test_what_changes_while_the_list_changes_is_told_under_the_new_name(alice: Client, place: Stand) -> None:
    await alice.ask("CREATE Work")
    assert (await alice.ask("NOTIFY SET (PERSONAL (MailboxName MailboxMetadataChange))")).ok
    who = await place.who("alice")

    def both(tx: WriteTx) -> None:
        at = tx.folder("Work").id
        tx.annotate(at, {"/shared/comment": b"x"})
        tx.rename_folder(at, "Works")

    await place.write(both, who)
    assert await alice.response() == b'* LIST (\\HasNoChildren) "/" Works ("OLDNAME" (Work))'
    assert await alice.response() == b"* METADATA Works /shared/comment"
    assert await told(alice) == []
