"""Whose mail is welcome: lists of accounts, domains and the server, address books, and strangers who are asked."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from groupware.contacts.card import read_item
from groupware.model.event import Target
from groupware.model.folder import Destination, Role
from groupware.model.ids import AccountId
from groupware.model.item import Kind
from groupware.model.principal import OPERATOR
from groupware.store.api import WriteTx
from mailcore.queue.filters import Case, Disposition, Filing, Refusal, Verdict
from mailcore.server.config import Config, load
from mailcore.smtp.correspondents import Correspondents, correspondents
from tests.protocol.sieve.delivering import desk
from tests.support.house import House, house

ALICE, ANN = "alice@example.test", "ann@far.test"
OURS = (
    "Received: from far.test ([192.0.2.1])\r\n\tby mx.example.test with ESMTP id 1; Thu, 26 Nov 2026 10:30:00 +0100\r\n"
    "Authentication-Results: mx.example.test;\r\n\tdmarc={dmarc} header.from=far.test\r\n"
)
LETTER = (
    OURS + "From: Ann <ann@far.test>\r\nTo: alice@example.test\r\n"
    "Subject: {subject}\r\nMessage-ID: <1@far.test>\r\n\r\nx\r\n"
)
JUNK = Disposition((Filing(Destination(role=Role.JUNK)),))
SPAM = Verdict(JUNK, spam=90.0)
REFUSED = Verdict(Disposition(refusal=Refusal("spam")), spam=99.0)


def octets(subject: str = "Hello", dmarc: str = "pass", *, of: str = ANN, more: str = "") -> bytes:
    return LETTER.format(subject=subject, dmarc=dmarc).replace(ANN, of).replace("To:", f"{more}To:").encode()


class Desk:
    """The link over a store with Alice."""

    def __init__(self, here: House, config: Config) -> None:
        self.here = here
        self.link: Correspondents = correspondents(here.parts, config, "mx.example.test")

    async def set(self, name: str, value: str | bool, of: str = "account") -> None:
        def work(tx: WriteTx) -> None:
            domain = next(each.id for each in tx.domains() if each.name == "example.test")
            at = {"account": tx.account(ALICE).id, "domain": domain, "server": OPERATOR.account}[of]
            tx.put_setting(name, value, at)

        await self.here.write(work)

    async def says(
        self, message: bytes, *before: Verdict, sender: str | None = None, by: AccountId | None = None
    ) -> Verdict | None:
        """What the link makes of a message to Alice; None: it is not asked."""
        from mailcore.queue.filters import Recipient

        (target,) = await self.here.read(lambda tx: tx.resolve(ALICE))
        judges = await self.link.judges([target], message)
        if before:
            judges = {**judges, **await self.link.reviews([target])}
        if target not in judges:
            return None
        who = re.search(rb"<(\S+@\S+)>\r\nTo|<(\S+@\S+?)>", message.partition(b"From:")[2])
        assert who is not None
        author = (who[1] or who[2]).decode()
        case = Case("ID", message, author if sender is None else sender, Recipient(ALICE), target, by, before)
        return await judges[target](case)


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[Desk]:
    (tmp_path / "postroom.toml").write_text('[server]\nserver_name = "mx.example.test"\n')
    async with house(tmp_path) as here:
        yield Desk(here, load(tmp_path / "postroom.toml", data=tmp_path / "house", environ={}))


def where(verdict: Verdict | None) -> str:
    """What becomes of the message by this verdict alone."""
    if verdict is None or verdict.disposition is None:
        return "nothing"
    what = verdict.disposition
    if what.refusal is not None:
        return "refused"
    if not what.filings:
        return "dropped"
    to = what.filings[0].to
    return "INBOX" if to is None else to.role or to.path


async def known(at: Desk, address: str, book: str = "Contacts") -> None:
    """Alice has somebody in an address book."""
    text = f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{address}\r\nFN:X\r\nN:X;;;;\r\nEMAIL:{address}\r\nEND:VCARD\r\n"
    _, card = await read_item(text.encode(), at.here.blobs, None)

    def work(tx: WriteTx) -> None:
        tx.append(tx.locate(tx.account(ALICE).id, book).id, [card])

    await at.here.write(work)


# --- lists ----------------------------------------------------------------------------------------------------------


async def test_where_nothing_is_set_it_is_not_asked(at: Desk) -> None:
    assert await at.says(octets()) is None


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (ANN, "INBOX"),
        ("*@far.test", "INBOX"),
        ("far.test", "INBOX"),
        ("ANN@FAR.TEST other@x.test", "INBOX"),
        ("nn@far.test", "nothing"),
        ("*@far.test.org", "nothing"),
        ("test", "nothing"),
    ],
)
async def test_who_is_on_the_whitelist_is_no_spam(at: Desk, pattern: str, expected: str) -> None:
    await at.set("whitelist", pattern)
    assert where(await at.says(octets(), SPAM)) == expected
    assert where(await at.says(octets(), REFUSED)) == expected
    assert where(await at.says(octets())) == "nothing"


@pytest.mark.parametrize(("option", "expected"), [("junk", "junk"), ("discard", "dropped"), ("reject", "refused")])
async def test_what_becomes_of_the_blacklist_can_be_chosen(at: Desk, option: str, expected: str) -> None:
    await at.set("blacklist", "*@far.test")
    await at.set("blacklistAction", option)
    assert where(await at.says(octets())) == expected
    assert where(await at.says(octets(of="ann@near.test"))) == "nothing"


async def test_the_whitelist_counts_more_than_the_blacklist_and_ones_own_lists_more_than_others(at: Desk) -> None:
    await at.set("serverBlacklist", "far.test", "server")
    assert where(await at.says(octets())) == "junk"
    await at.set("serverWhitelist", ANN, "domain")
    assert where(await at.says(octets())) == "nothing"
    await at.set("blacklist", "far.test")
    assert where(await at.says(octets())) == "junk"
    await at.set("whitelist", ANN)
    assert where(await at.says(octets())) == "nothing"


async def test_contacts_are_on_the_whitelist_unless_that_is_switched_off_or_they_are_on_the_blacklist(at: Desk) -> None:
    await known(at, ANN)
    assert where(await at.says(octets(), SPAM)) == "INBOX"
    assert where(await at.says(octets(of="bob@far.test"), SPAM)) == "nothing"
    await at.set("whitelistContacts", False)
    assert where(await at.says(octets(), SPAM)) == "nothing"
    await at.set("whitelistContacts", True)
    await at.set("blacklist", ANN)
    assert where(await at.says(octets())) == "junk"


@pytest.mark.parametrize(
    ("message", "before"),
    [
        (octets(), Verdict(JUNK, spam=90.0, virus=5)),
        (octets().replace(b"dmarc=pass", b"dmarc=fail; x-postroom-disposition=junk"), Verdict(JUNK)),
        (octets(), Verdict(Disposition(refusal=Refusal("a rule says so")))),
        (octets(), Verdict(Disposition())),
    ],
)
async def test_a_whitelist_lets_no_virus_and_no_forgery_in_and_nothing_that_a_rule_refuses(
    at: Desk, message: bytes, before: Verdict
) -> None:
    await at.set("whitelist", ANN)
    assert where(await at.says(message, before)) == "nothing"


# --- strangers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("pass", "nothing"),
        ("discard", "dropped"),
        ("sendNDR", "refused"),
        ("moveToFilteredEmail", "Filtered Email"),
        ("moveToFilteredEmailWithIC", "Filtered Email"),
    ],
)
async def test_what_becomes_of_the_mail_of_strangers(at: Desk, option: str, expected: str) -> None:
    await at.set("filteringOption", option)
    assert where(await at.says(octets())) == expected
    assert where(await at.says(octets(), sender="")) == "nothing"
    assert where(await at.says(octets(), by=AccountId(11))) == "nothing"
    assert where(await at.says(octets(), SPAM)) == "nothing"
    await known(at, ANN)
    assert where(await at.says(octets())) == "nothing"


@pytest.mark.parametrize(
    ("message", "sender"),
    [
        (octets(dmarc="none"), None),
        (octets(), "someone@far.test"),
        (octets(more="Auto-Submitted: auto-replied\r\n"), None),
        (octets(more="List-Id: <x.far.test>\r\n"), None),
        (octets(more="Precedence: bulk\r\n"), None),
    ],
)
async def test_nobody_is_asked_of_whom_it_is_not_known_that_it_was_they_or_who_is_a_program(
    at: Desk, message: bytes, sender: str | None
) -> None:
    await at.set("filteringOption", "moveToFilteredEmailWithIC")
    said = await at.says(message, sender=sender)
    assert where(said) == "Filtered Email"
    assert said is not None
    assert said.answers == ()


async def filed(at: Desk, message: bytes) -> None:
    """It lies with what strangers have sent."""
    from groupware.mime.item import read_item as read_message

    item = await read_message(b"Return-Path: <x>\r\n" + message, at.here.blobs)

    def work(tx: WriteTx) -> None:
        account = tx.account(ALICE).id
        folder = tx.make_destination(account, "Filtered Email")
        tx.deliver([Target("folder", account, folder)], item)

    await at.here.write(work)


async def test_with_the_answer_what_waits_comes_in_and_the_sender_is_known_from_then_on(at: Desk) -> None:
    await at.set("filteringOption", "moveToFilteredEmailWithIC")
    said = await at.says(octets())
    assert said is not None
    (question,) = said.answers
    assert question.to == (ANN,)
    assert b"From: alice@example.test\r\n" in question.octets
    assert b"Auto-Submitted: auto-replied\r\n" in question.octets
    assert question.once is not None
    code = re.search(rb"\[confirm [0-9a-f]{24}\]", question.octets)
    assert code is not None
    for each in (octets("one"), octets("two"), octets(of="bob@far.test"), octets(of="joann@far.test")):
        await filed(at, each)
    forged = await at.says(octets(f"Re: {code[0].decode()}", of="bob@far.test"))
    assert where(forged) == "Filtered Email"
    robot = await at.says(octets(f"Re: {code[0].decode()}", more="Auto-Submitted: auto-replied\r\n"))
    assert where(robot) == "Filtered Email"
    assert await at.here.items("alice", "INBOX") == []
    assert where(await at.says(octets(f"Re: Please {code[0].decode()}"))) == "trash"
    assert len(await at.here.items("alice", "INBOX")) == 2
    assert len(await at.here.items("alice", "Filtered Email")) == 2
    assert where(await at.says(octets())) == "nothing"
    folder = await at.here.read(lambda tx: tx.locate(tx.account(ALICE).id, "Collected Addresses"))
    assert (folder.kind, folder.total) == (Kind.CONTACTS, 1)
    assert where(await at.says(octets(f"Re: again {code[0].decode()}"))) == "nothing"


async def test_the_question_is_a_template(at: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "house" / "templates"
    folder.mkdir()
    (folder / "confirm-sender.de.txt").write_text("Subject: Sind Sie es?\n\n$sender schrieb an $address: $code\n")
    config = load(tmp_path / "postroom.toml", data=tmp_path / "house", environ={})
    at.link = correspondents(at.here.parts, config, "mx.example.test")
    await at.set("language", "de")
    await at.set("filteringOption", "moveToFilteredEmailWithIC")
    said = await at.says(octets())
    assert said is not None
    assert b"Subject: Sind Sie es? [confirm " in said.answers[0].octets
    assert b"ann@far.test schrieb an alice@example.test: [confirm " in said.answers[0].octets


async def test_by_the_wire_a_blacklist_fills_junk_and_a_script_has_the_last_word(tmp_path: Path) -> None:
    async with desk(tmp_path) as there:
        await there.here.write(lambda tx: tx.put_setting("blacklist", "far.test", tx.account(ALICE).id))
        reply = await there.send()
        assert await there.folders() == {"Junk": 1}
        assert await there.said(reply) == ["ann@far.test is on the blacklist"]
        await there.script("keep;")
        await there.send()
        assert await there.folders() == {"Junk": 1, "INBOX": 1}


async def test_by_the_wire_who_is_known_gets_past_the_rules_for_spam(tmp_path: Path) -> None:
    async with desk(tmp_path) as there:

        def rule(tx: WriteTx) -> None:
            junk = b'require ["fileinto", "special-use"]; fileinto :specialuse "\\\\Junk" "Junk";'
            tx.put_script("spam", junk, OPERATOR.account)
            tx.activate_script("spam", OPERATOR.account)

        await there.here.write(rule)
        await there.send()
        await there.here.write(lambda tx: tx.put_setting("whitelist", "far.test", tx.account(ALICE).id))
        await there.send()
        assert await there.folders() == {"Junk": 1, "INBOX": 1}
