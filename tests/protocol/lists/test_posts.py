"""What is written to a list goes to everybody on it, once; or waits; or not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from connectors.scanners.changes import changed
from connectors.scanners.report import Change, Report
from groupware.model.mailinglist import Subscriber
from groupware.model.principal import NewAccount, PrincipalKind
from groupware.store import SqlStore
from mailcore.lists import distribute, worker
from mailcore.lists.letter import read
from mailcore.lists.worker import handle, look, run_due
from mailcore.smtp.policy.actions import parse
from mailcore.smtp.policy.edits import edited
from tests.support.liststand import LIST, OWNER, Stand

A, R = "alice@example.test", "rita@elsewhere.test"


async def test_a_message_goes_to_everybody_on_the_list_and_lies_in_its_archive(news: Stand) -> None:
    await news.put(A, R, "ron@elsewhere.test")
    await news.post(A)
    await news.run()
    assert await news.sent() == {A: ["hello"], R: ["hello"], "ron@elsewhere.test": ["hello"]}
    assert await news.subjects("INBOX") == []
    assert await news.subjects("Archive") == ["hello"]
    assert await news.run() == 0


async def test_only_who_is_active_and_wants_each_message_gets_it(news: Stand) -> None:
    await news.set(listDigest=True)
    await news.put(A)
    for state in ("suspended", "unconfirmed", "pending"):
        await news.put(f"{state}@x.test", state=state)
    for delivery in ("digest", "none"):
        await news.put(f"{delivery}@x.test", delivery=delivery)
    await news.post(A)
    await news.run()
    assert await news.sent() == {A: ["hello"]}


async def test_what_goes_out_says_which_list_it_is_and_how_to_leave(news: Stand) -> None:
    await news.put(A)
    await news.post(
        A,
        more="List-Id: <old.test>\r\nList-Unsubscribe: <mailto:x@y>\r\nDKIM-Signature: v=1; d=example.test\r\n"
        "Disposition-Notification-To: alice@example.test\r\nX-Own: stays\r\n",
    )
    await news.run()
    [(sender, to, message)] = await news.clear()
    assert to == A
    assert sender.startswith("news-bounces+")
    assert message["List-Id"] == "News <news.example.test>"
    assert message["List-Post"] == "<mailto:news@example.test>"
    assert message["List-Unsubscribe"] == "<mailto:news-request@example.test?subject=unsubscribe>"
    assert message["List-Subscribe"] == "<mailto:news-request@example.test?subject=subscribe>"
    assert message["List-Help"] == "<mailto:news-request@example.test?subject=help>"
    assert message["List-Owner"] == "<mailto:news-owner@example.test>"
    assert message["Precedence"] == "list"
    assert message.get_all("List-Id") == ["News <news.example.test>"]
    assert message["Disposition-Notification-To"] is None
    assert (message["X-Own"], message["DKIM-Signature"]) == ("stays", "v=1; d=example.test")
    assert (message["From"], message["To"]) == (A, LIST)
    assert message["Return-Path"] is None
    assert next(iter(message)) != "Received"


async def test_one_body_serves_everybody_and_each_has_a_sender_of_their_own(news: Stand) -> None:
    await news.put(*(f"m{each}@x.test" for each in range(5)), A)
    await news.post(A)
    await news.run()
    entries = await news.queued()
    assert len({each.envelope.blob for each in entries}) == 1
    assert len({each.envelope.sender for each in entries}) == 6


async def test_without_personal_senders_one_entry_of_the_queue_serves_everybody(news: Stand) -> None:
    await news.set(listPersonalSender=False)
    await news.put(*(f"m{each}@x.test" for each in range(5)), A)
    await news.post(A)
    await news.run()
    [entry] = await news.queued()
    assert entry.envelope.sender == "news-bounces@example.test"
    assert len(entry.recipients) == 6


async def test_subject_head_foot_and_fields_are_as_the_list_is_set(news: Stand) -> None:
    await news.set(
        listSubjectTag="News", listHead="From $name:", listFoot="--\\nLeave: $request", listAddHeaders="X-Site: here"
    )
    await news.set(listReplyTo="list", listRemoveHeaders="X-Mailer")
    await news.put(A)
    await news.post(A, subject="Re: hello", more="X-Mailer: old\r\n")
    await news.run()
    [(_, _, message)] = await news.clear()
    assert message["Subject"] == "Re: [News] hello"
    assert message["Reply-To"] == LIST
    assert (message["X-Site"], message["X-Mailer"]) == ("here", None)
    assert (
        message.get_content().replace("\r\n", "\n") == "From News:\n\nHello.\n\n--\nLeave: news-request@example.test\n"
    )


@pytest.mark.parametrize(
    ("settings", "author", "signed_in", "folder"),
    [
        ({}, A, True, "Archive"),
        ({}, R, False, "Archive"),
        ({}, "stranger@far.test", False, "Moderation"),
        ({"listModerate": "none"}, "stranger@far.test", False, "Archive"),
        ({"listModerate": "all"}, A, True, "Moderation"),
        ({"listModerate": "all"}, OWNER, True, "Archive"),
        ({"listModerate": "all"}, OWNER, False, "Moderation"),
        ({"listModerate": "none"}, A, False, "Moderation"),
        ({"listSenderAllow": "members"}, "stranger@far.test", False, "Rejected"),
        ({"listSenderAllow": "members"}, R, False, "Archive"),
        ({"listSenderAllow": "admin"}, A, True, "Rejected"),
        ({"listSenderAllow": "admin"}, OWNER, True, "Archive"),
        ({"listSenderAllow": "admin"}, OWNER, False, "Moderation"),
        ({"listArchive": False}, A, True, ""),
    ],
)
async def test_who_may_write_and_whose_messages_wait(
    news: Stand, settings: dict[str, str], author: str, signed_in: bool, folder: str
) -> None:
    await news.put(A, R)
    await news.set(**settings)
    await news.post(author, signed_in=signed_in)
    await news.run()
    for each in ("Archive", "Moderation", "Rejected"):
        wanted = ["hello"] if each == folder else []
        if wanted or each != "Archive":
            assert await news.subjects(each) == wanted
    sent = [subjects for subjects in (await news.sent()).values() if subjects == ["hello"]]
    assert len(sent) == (2 if folder in ("Archive", "") else 0)


async def test_a_moderated_subscriber_waits(news: Stand) -> None:
    await news.put(A, moderated=True)
    await news.post(A)
    await news.run()
    assert await news.subjects("Moderation") == ["hello"]


async def test_what_is_too_large_or_no_text_is_refused_and_the_author_told_once(news: Stand) -> None:
    await news.put(A)
    await news.set(listMaxSize=1, listContentAllow="text")
    await news.post(A, body="x" * 2000 + "\r\n")
    await news.run()
    await news.post(A, more='Content-Type: application/zip; name="x.zip"\r\n')
    await news.run()
    assert len(await news.subjects("Rejected")) == 2
    assert await news.sent() == {A: ["Your message to News was not sent on"]}


async def test_nobody_is_told_who_may_not_have_written_it(news: Stand) -> None:
    await news.set(listSenderAllow="members")
    await news.post("forged@victim.test", signed_in=False)
    await news.run()
    assert await news.subjects("Rejected") == ["hello"]
    assert await news.queued() == []


@pytest.mark.parametrize(
    "more",
    [
        "Auto-Submitted: auto-replied\r\n",
        "Precedence: bulk\r\n",
        "List-Id: <news.example.test>\r\n",
        "Delivered-To: news@example.test\r\n",
    ],
)
async def test_answers_of_programs_and_what_the_list_has_sent_itself_go_no_further(news: Stand, more: str) -> None:
    await news.put(A)
    await news.post(A, more=more)
    await news.run()
    assert await news.subjects("Rejected") == ["hello"]
    assert await news.queued() == []


async def test_reports_to_the_list_itself_go_no_further(news: Stand) -> None:
    await news.put(A)
    await news.post(A, sender="")
    await news.run()
    assert await news.subjects("Rejected") == ["hello"]


async def test_a_list_on_a_list_in_a_circle_sends_each_message_once(news: Stand) -> None:
    await news.write(lambda tx: tx.put_account(NewAccount("more@example.test", PrincipalKind.LIST)))
    await news.write(lambda tx: tx.put_subscriber("more@example.test", Subscriber(LIST)))
    await news.put(A, "more@example.test")
    await news.set(listModerate="none")
    more = await news.read(lambda tx: tx.account("more@example.test").id)
    await news.write(lambda tx: tx.put_setting("listModerate", "none", more))
    await news.post(A)
    news.office.start("processing")
    await news.run()
    await news.office.emptied()
    await news.run()
    await news.office.emptied()
    await news.run()
    assert len(await news.office.inbox(A)) == 1
    assert await news.subjects("Rejected") == ["hello"]


async def test_from_is_the_list_where_the_author_s_domain_forbids_others_its_name(news: Stand) -> None:
    news.policies = {"strict.test": "reject", "unsure.test": "unknown"}
    await news.put(A, "r@strict.test", "u@unsure.test", R)
    for author in ("Rita R. <r@strict.test>", "u@unsure.test", R):
        await news.post(author, signed_in=False, subject=author[:4])
    await news.run()
    found = {str(each["Subject"]): each for _, to, each in await news.clear() if to == A}
    assert found["Rita"]["From"] == '"Rita R. via News" <news@example.test>'
    assert found["Rita"]["Reply-To"] == '"Rita R." <r@strict.test>'
    assert found["u@un"]["From"] == "u via News <news@example.test>"
    assert found["rita"]["From"] == R


@pytest.mark.parametrize("rewrite", ["never", "always"])
async def test_from_is_rewritten_never_or_always_when_the_list_is_set_so(news: Stand, rewrite: str) -> None:
    news.policies = {"strict.test": "reject"}
    await news.set(listRewriteFrom=rewrite)
    await news.put(A, "r@strict.test")
    await news.post("r@strict.test", signed_in=False)
    await news.run()
    assert {str(each["From"]) for _, _, each in await news.clear()} == {
        "r@strict.test" if rewrite == "never" else "r via News <news@example.test>"
    }


async def test_many_subscribers_are_served_some_at_a_time_whoever_dies_between(
    news: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distribute, "AT_ONCE", 3)
    everybody = [f"m{each}@x.test" for each in range(10)]
    await news.put(*everybody)
    await news.set(listModerate="none")
    await news.post(A)
    with pytest.raises(Killed):
        await run_due(replace(news.desk, store=cast(Any, Dying(news.office.store, 3))))
    assert len(await news.queued()) == 6
    assert await news.subjects("INBOX") == ["hello"]
    await news.run()
    assert sorted(to for _, to, _ in await news.clear()) == sorted(everybody)


class Killed(BaseException):
    """The process is no more."""


class Dying:
    """A store whose process dies at a write."""

    def __init__(self, store: SqlStore, at: int) -> None:
        self.read, self._write, self._left = store.read, store.write, at

    async def write(self, who: Any, work: Any) -> Any:
        self._left -= 1
        if not self._left:
            raise Killed
        return await self._write(who, work)


async def test_two_processes_send_a_message_once(news: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distribute, "AT_ONCE", 2)
    everybody = [f"m{each}@x.test" for each in range(9)]
    await news.put(*everybody, A)
    for number in range(3):
        await news.post(A, subject=f"number {number}")
    [place] = await look(news.desk)
    await asyncio.gather(*(handle(news.desk, place) for _ in range(3)))
    await news.run()
    sent = await news.sent()
    assert sent.keys() == {*everybody, A}
    assert all(sorted(each) == ["number 0", "number 1", "number 2"] for each in sent.values())


async def test_more_messages_than_are_looked_at_at_once_wait_for_no_mark(
    news: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PAGE", 2)
    await news.put(A)
    for number in range(5):
        await news.post(A, subject=f"n{number}")
    keeping = asyncio.create_task(worker.keep(news.desk, news.office.parts.bus))
    try:
        async with asyncio.timeout(30):
            while await news.subjects("INBOX"):
                await news.office.log.moved()
    finally:
        keeping.cancel()
    assert (await news.sent())[A] == [f"n{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("before", "vouched"),
    [
        ("", True),
        ("X-Spam-Flag: YES\r\nX-Spam-Score: 12 of 15 (rspamd)\r\n\tA, B\r\nX-Virus-Status: none\r\n", True),
        ("X-Sieve-Redirected-From: bob@example.test\r\n", False),
        ("Subject: first\r\n", False),
    ],
)
def test_what_scanners_say_before_the_trace_line_is_no_reason_to_doubt(before: str, vouched: bool) -> None:
    trace = "Received: from x ([192.0.2.1])\r\n\tby mx.example.test with ESMTPSA id 1; 1 Jan 2026 00:00 +0000\r\n"
    octets = f"Return-Path: <bob@example.test>\r\n{before}{trace}From: bob@example.test\r\n\r\nhi\r\n".encode()
    assert read(octets).is_vouched("mx.example.test", "mx.example.test") == vouched


def test_fields_that_rules_and_scanners_add_stand_behind_the_words_of_how_it_came() -> None:
    trace = (
        "Received: from x ([192.0.2.1])\r\n\tby mx.example.test with ESMTP id 1; 1 Jan 2026 00:00 +0000\r\n"
        "Authentication-Results: mx.example.test;\r\n\tdmarc=pass header.from=far.test\r\n"
    )
    octets = f"{trace}From: bob@far.test\r\n\r\nhi\r\n".encode()
    ruled = edited(octets, [parse("add-header X-Seen yes", "data")], {})
    scanned = changed(ruled, [Report("m", changes=(Change("X-Milter", "was here"),))], junk=True)
    assert read(scanned).is_vouched("mx.example.test", "mx.example.test")
    assert scanned.startswith(b"X-Spam-Flag: YES\r\n" + trace.encode() + b"X-Milter: was here\r\nX-Seen: yes\r\n")
