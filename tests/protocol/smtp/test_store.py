"""From the wire into real folders and the real queue."""

from __future__ import annotations

import base64
from pathlib import Path

import aiosmtplib
import pytest

from groupware.mime.summary import decode
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.model.rights import Right
from groupware.store.api import WriteTx
from mailcore.smtp.policy.rules import from_toml, stored
from mailcore.smtp.srs import srs_of
from tests.protocol.smtp.test_end_of_data import behind_trace, stuffed
from tests.support import corpus
from tests.support.house import House, house
from tests.support.smtpstand import PASSWORD, stand, talker

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"
MESSAGE = b"From: x@far.test\r\nSubject: hi\r\n\r\nhello\r\n"


def without_return_path(octets: bytes) -> bytes:
    return octets.partition(b"\r\n")[2]


async def make(here: House, address: str, kind: PrincipalKind, *members: str) -> None:
    def work(tx: WriteTx) -> None:
        tx.put_account(NewAccount(address, kind))
        for each in members:
            tx.put_member(address, each)

    await here.write(work)


async def fill(here: House, name: str) -> None:
    """Leave no room in somebody's INBOX."""

    def work(tx: WriteTx) -> None:
        at = tx.locate(tx.account(name).id, "INBOX")
        tx.set_folder(at.id, quota_bytes=1)

    await here.write(work)


async def test_a_message_is_in_the_folders_when_it_is_answered(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
        said = await caller.deliver("x@far.test", [ALICE, BOB], MESSAGE)
        assert said.startswith("250 2.0.0 Ok: queued as ")
        (of_alice,), (of_bob,) = await here.items("alice"), await here.items("bob")
        (body,) = await here.bodies("alice")
        assert await here.queued() == []
    assert of_alice.blob == of_bob.blob
    assert body.startswith(b"Return-Path: <x@far.test>\r\nReceived: from client.test ")
    assert behind_trace(without_return_path(body)) == MESSAGE
    assert decode(of_alice.summary).subject == "hi"
    assert of_alice.size == len(body)


async def test_the_trace_is_under_the_id_that_the_client_was_told(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
        said = await caller.deliver("x@far.test", [ALICE], MESSAGE)
        rows = await here.trace(said.rpartition(" ")[2])
    assert [(row.event.name, row.event.facts.get("to")) for row in rows] == [("received", None), ("delivered", ALICE)]


async def test_the_trace_has_what_rules_did(tmp_path: Path) -> None:
    rule = "[[rule]]\nname = '{}'\nat = 'headers'\nall = ['header.subject contains {}']\nthen = ['{}']\n"
    rules = rule.format("mark", "hi", "add-header X-Seen yes") + rule.format("drop", "bye", "discard-recipient")
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
        await here.write(lambda tx: tx.put_policy([stored(each) for each in from_toml(rules)]))
        marked = await caller.deliver("x@far.test", [ALICE], MESSAGE)
        dropped = await caller.deliver("x@far.test", [ALICE, BOB], MESSAGE.replace(b"hi", b"bye"))
        of_marked, of_dropped = [
            [(row.event.name, row.event.facts.get("rules", row.event.facts.get("to"))) for row in rows]
            for rows in [await here.trace(said.rpartition(" ")[2]) for said in (marked, dropped)]
        ]
        assert await here.items("bob") == []
    assert of_marked == [("received", None), ("ruled", "mark"), ("delivered", ALICE)]
    assert of_dropped == [("received", None), ("ruled", "drop"), ("discarded", ALICE), ("discarded", BOB)]


async def test_a_user_sends_here_and_elsewhere(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, "submission", real=here.parts) as there:
        client = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=there.port, start_tls=False, username=ALICE, password=PASSWORD
        )
        async with client:
            await client.sendmail(ALICE, [BOB, "out@far.test"], b"From: alice@example.test\r\n\r\nhello\r\n")
        (entry,) = await here.queued()
        body = await here.blobs.read(entry.envelope.blob)
        (kept,) = await here.bodies("bob")
    assert [each.recipient.address for each in entry.recipients] == ["out@far.test"]
    assert body.startswith(b"Received: from ")
    assert kept == b"Return-Path: <alice@example.test>\r\n" + body
    assert entry.envelope.by is not None


async def test_a_right_lets_one_send_as_another(tmp_path: Path) -> None:
    async with (
        house(tmp_path) as here,
        stand(tmp_path, "submission", real=here.parts) as there,
        talker(there.port) as caller,
    ):
        await caller.ask("AUTH PLAIN " + base64.b64encode(f"\0{BOB}\0{PASSWORD}".encode()).decode())
        assert (await caller.ask(f"MAIL FROM:<{ALICE}>")).startswith("553 5.7.1")

        def work(tx: WriteTx) -> None:
            tx.grant(tx.locate(tx.account(ALICE).id, "").id, BOB, Right.SEND_AS)

        await here.write(work)
        assert (await caller.ask(f"MAIL FROM:<{ALICE}>")).startswith("250 2.1.0")


async def test_who_may_not_submit_cannot_sign_in(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, "submission", real=here.parts) as there:
        await here.write(lambda tx: tx.put_setting("smtpOutgoing", False, tx.account(ALICE).id))
        async with talker(there.port) as caller:
            said = await caller.ask("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode())
    assert said.startswith("535 5.7.8")


async def test_who_takes_no_mail_is_refused_at_rcpt(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
        await here.write(lambda tx: tx.put_setting("smtpIncoming", False, tx.account(ALICE).id))
        await caller.ask("MAIL FROM:<x@far.test>")
        assert (await caller.ask(f"RCPT TO:<{ALICE}>")).startswith("550 5.7.1")
        assert (await caller.ask(f"RCPT TO:<{BOB}>")).startswith("250")
        assert (await caller.ask("RCPT TO:<nobody@example.test>")).startswith("550 5.1.1")
        assert (await caller.ask("RCPT TO:<x@far.test>")).startswith("550 5.7.1")


async def test_a_full_folder_holds_up_nobody(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
        await fill(here, ALICE)
        said = await caller.deliver("x@far.test", [ALICE, BOB, CAROL], MESSAGE)
        counts = [len(await here.items(name)) for name in ("alice", "bob", "carol")]
        (entry,) = await here.queued()
        names = [row.event.name for row in await here.trace(said.rpartition(" ")[2])]
    assert said.startswith("250")
    assert counts == [0, 1, 1]
    assert [each.recipient.address for each in entry.recipients] == [ALICE]
    assert names == ["received", "delivered", "delivered", "queued", "undelivered"]


async def test_over_lmtp_a_full_folder_is_the_clients(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, "lmtp", real=here.parts) as there:
        await fill(here, ALICE)
        async with talker(there.port, "LHLO client.test") as caller:
            await caller.envelope("x@far.test", ALICE, BOB)
            await caller.ask("DATA")
            caller.send(MESSAGE + b".\r\n")
            assert [each[:9] for each in await caller.replies(2)] == ["452 4.2.2", "250 2.1.5"]
        assert await here.queued() == []


async def test_a_group_and_one_of_its_members_get_one_copy_each(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
        await make(here, "team@example.test", PrincipalKind.GROUP, ALICE, BOB)
        await caller.deliver("x@far.test", ["team@example.test", ALICE], MESSAGE)
        counts = [len(await here.items(name)) for name in ("alice", "bob", "carol")]
    assert counts == [1, 1, 0]


@pytest.mark.parametrize(("tag", "path"), [("Lists", "Lists"), ("nowhere", "INBOX"), ("Calendar", "INBOX")])
async def test_a_sub_address_names_a_folder(tmp_path: Path, tag: str, path: str) -> None:
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
        await here.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Lists"))
        await caller.deliver("x@far.test", [f"alice+{tag}@example.test"], MESSAGE)
        assert len(await here.items("alice", path)) == 1


async def test_everything_waits_while_processing_rests(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
        here.parts.at_work.discard("processing")
        await caller.deliver("x@far.test", [ALICE, BOB], MESSAGE)
        (entry,) = await here.queued()
        assert await here.items("alice") == []
    assert {each.recipient.address for each in entry.recipients} == {ALICE, BOB}


async def test_every_message_of_the_corpus_is_stored_octet_for_octet(tmp_path: Path) -> None:
    config = "[smtp]\nmax_received_headers = 1000\n"
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts, config=config) as there:
        sent = []
        async with talker(there.port) as caller:
            for name in corpus.messages():
                message = corpus.read(name).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                message += b"" if message.endswith(b"\r\n") else b"\r\n"
                said = await caller.deliver("x@far.test", [ALICE], stuffed(message))
                if said.startswith("250 "):
                    sent.append(message)
        stored = await here.bodies("alice")
    assert len(sent) == len(corpus.messages())
    assert [behind_trace(without_return_path(each)) for each in stored] == sent


@pytest.mark.parametrize(
    ("author", "code"), [(BOB, "553 5.7.1"), ("nobody@example.test", "553"), ("x@far.test", "250")]
)
async def test_whose_address_the_header_may_name(tmp_path: Path, author: str, code: str) -> None:
    letter = f"From: {author}\r\n\r\nhello\r\n".encode()
    async with house(tmp_path) as here, stand(tmp_path, "submission", real=here.parts) as there:
        async with talker(there.port) as caller:
            await caller.ask("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode())
            assert (await caller.deliver(ALICE, [BOB], letter)).startswith(code)
        kept = await here.bodies("bob")
    assert [b"\r\nSender: alice@example.test\r\n" in each for each in kept] == [True] * (code == "250")


async def test_a_report_to_a_sender_of_ours_finds_its_way_back(tmp_path: Path) -> None:
    async with house(tmp_path) as here, stand(tmp_path, real=here.parts) as there, talker(there.port) as caller:
        ours = srs_of(here.parts).forward("ann@far.test", "example.test")
        assert (await caller.deliver("", [ours], MESSAGE)).startswith("250")
        (entry,) = await here.queued()
        assert [each.address for each in entry.envelope.recipients] == ["ann@far.test"]
        await caller.ask("MAIL FROM:<>")
        for forged in (ours.replace("far", "fax"), "SRS0=aaaaaaaa=aa=far.test=ann@example.test"):
            assert (await caller.ask(f"RCPT TO:<{forged}>")).startswith("550 5.1.1")


@pytest.mark.parametrize(("to", "has"), [("everybody", True), ("outside", False), ("nobody", False)])
async def test_people_here_get_the_footer_too_where_that_is_set(tmp_path: Path, to: str, has: bool) -> None:
    def work(tx: WriteTx) -> None:
        account = tx.account(ALICE).id
        tx.put_setting("footerText", "Example Ltd, registered in England.", account)
        tx.put_setting("footerTo", to, account)

    letter = f"From: {ALICE}\r\n\r\nhello\r\n".encode()
    async with house(tmp_path) as here, stand(tmp_path, "submission", real=here.parts) as there:
        await here.write(work)
        async with talker(there.port) as caller:
            await caller.ask("AUTH PLAIN " + base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode())
            assert (await caller.deliver(ALICE, [BOB], letter)).startswith("250")
        [kept] = await here.bodies("bob")
    assert kept.endswith(b"hello\r\n\r\nExample Ltd, registered in England.\r\n") == has
