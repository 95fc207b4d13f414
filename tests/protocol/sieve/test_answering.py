"""Scripts at delivery: vacation, notices, and what is remembered of both."""

from __future__ import annotations

from pathlib import Path

import pytest

from groupware.model.principal import NewAccount, PrincipalKind
from groupware.store.api import WriteTx
from tests.protocol.sieve.delivering import ALICE, BOB, MESSAGE, SENDER, desk, envelope_of

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
