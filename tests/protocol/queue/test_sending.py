"""SMTP Sending against a peer: what is said, and what becomes of each recipient."""

import asyncio

import pytest

from groupware.model.event import Recipient
from tests.support.outbox import MAIL, as_email, config, mx, outbox, with_peer
from tests.support.smtppeer import DROP, HANG, Peer, serving


async def test_a_message_is_sent_octet_for_octet_and_leaves_the_queue() -> None:
    octets = MAIL + b".begins with a dot\r\n..\r\nlast\r\n"
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test", octets=octets)
        await box.scheduler.run_due()
        assert [(each.sender, each.recipients, each.octets) for each in peer.taken] == [
            ("alice@here.test", ["bob@there.test"], octets)
        ]
        assert box.queue.entries == []


async def test_the_peer_is_greeted_by_our_name_and_told_the_size() -> None:
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert peer.lines == [
            "EHLO mx.here.test",
            f"MAIL FROM:<alice@here.test> SIZE={len(MAIL)}",
            "RCPT TO:<bob@there.test>",
            "DATA",
            "QUIT",
        ]


async def test_each_recipient_of_a_transaction_has_its_own_outcome() -> None:
    peer = Peer(answers={"RCPT TO:<later@": "451 4.2.1 not now", "RCPT TO:<never@": "550 5.1.1 who?"})
    async with with_peer(peer) as (box, peer):
        await box.submit("yes@there.test", "later@there.test", "never@there.test")
        await box.scheduler.run_due()
        assert peer.taken[0].recipients == ["yes@there.test"]
        assert box.waiting() == {"later@there.test": "4.2.1"}
        assert [event.facts["code"] for event in box.queue.named("failed")] == ["5.1.1"]
        assert [event.facts["to"] for event in box.queue.named("sent")] == ["yes@there.test"]


@pytest.mark.parametrize(
    ("stage", "reply", "verdict", "code"),
    [
        ("MAIL", "451 4.7.1 greylisted", "deferred", "4.7.1"),
        ("MAIL", "550 5.7.1 no", "failed", "5.7.1"),
        ("RCPT", "450 later", "deferred", "4.0.0"),
        ("RCPT", "553 no such name", "failed", "5.0.0"),
        ("DATA", "451 4.3.1 disk full", "deferred", "4.3.1"),
        ("DATA", "554 5.6.0 no valid recipients", "failed", "5.6.0"),
        (".", "452 4.3.1 disk full", "deferred", "4.3.1"),
        (".", "554 5.7.1 spam", "failed", "5.7.1"),
        ("RCPT", "550 4.1.1 class does not fit the reply", "failed", "5.0.0"),
    ],
)
async def test_4xx_is_later_and_5xx_is_never(stage: str, reply: str, verdict: str, code: str) -> None:
    async with with_peer(Peer(answers={stage: reply})) as (box, _):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        (event,) = box.queue.named(verdict)
        assert (event.facts["code"], event.facts["why"]) == (code, reply)
        assert event.facts["host"] == "mx1.there.test"


@pytest.mark.parametrize("stage", ["EHLO", "MAIL", "RCPT", "DATA", "."])
async def test_a_peer_that_hangs_up_is_tried_again(stage: str) -> None:
    async with with_peer(Peer(answers={stage: DROP})) as (box, _):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.4.2"}


async def test_a_peer_that_is_not_ready_is_tried_again() -> None:
    async with with_peer(Peer(greeting="554 5.3.2 go away")) as (box, _):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.3.2"}


async def test_a_peer_that_answers_helo_alone_gets_the_message() -> None:
    async with with_peer(Peer(answers={"EHLO": "502 what?"})) as (box, peer):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert peer.commands("MAIL") == ["MAIL FROM:<alice@here.test>"]
        assert len(peer.taken) == 1


async def test_the_next_host_is_tried_when_the_first_does_not_answer() -> None:
    async with serving(Peer(), host="127.0.0.3") as peer, outbox(config(mx_port=peer.port)) as box:
        mx(box.zone, "there.test", "127.0.0.2", "127.0.0.3")
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert len(peer.taken) == 1
        assert box.queue.named("sent")[0].facts["host"] == "mx2.there.test"


async def test_the_next_host_is_tried_when_the_first_hangs_up() -> None:
    async with (
        serving(Peer(greeting=DROP), host="127.0.0.2") as first,
        serving(Peer(), host="127.0.0.3", port=first.port) as second,
        outbox(config(mx_port=first.port)) as box,
    ):
        mx(box.zone, "there.test", "127.0.0.2", "127.0.0.3")
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert (first.connections, len(second.taken)) == (1, 1)


async def test_a_domain_where_nobody_answers_is_tried_again() -> None:
    async with outbox(config(mx_port=9)) as box:
        mx(box.zone, "there.test", "127.0.0.2")
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.4.1"}
        (event,) = box.queue.named("deferred")
        assert event.facts["why"] == "mx1.there.test [127.0.0.2]: Connection refused"
        assert box.counters.total("SMTP_OutboundConnectionFailed") == 1


async def test_more_recipients_than_the_peer_takes_go_in_a_second_transaction() -> None:
    peer = Peer(answers={"RCPT TO:<c@": ["452 4.5.3 too many"]})
    async with with_peer(peer) as (box, peer):
        await box.submit("a@there.test", "b@there.test", "c@there.test")
        await box.scheduler.run_due()
        assert [each.recipients for each in peer.taken] == [["a@there.test", "b@there.test"], ["c@there.test"]]
        assert peer.connections == 1


async def test_a_message_that_is_too_large_for_the_peer_is_not_sent() -> None:
    async with with_peer(Peer(extensions=("SIZE 50",))) as (box, peer):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.queue.named("failed")[0].facts["code"] == "5.3.4"
        assert peer.commands("MAIL") == []


async def test_a_refusal_stands_when_the_peer_hangs_up_behind_it() -> None:
    async with with_peer(Peer(answers={"RCPT": "550 5.1.1 who?", "QUIT": DROP})) as (box, _):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.queue.named("failed")[0].facts["code"] == "5.1.1"


async def test_what_was_answered_is_settled_before_goodbyes_are_said() -> None:
    peer = Peer(answers={"QUIT": HANG})
    async with with_peer(peer) as (box, peer):
        await box.submit("bob@there.test")
        running = asyncio.create_task(box.scheduler.run_due())
        await peer.until(lambda: peer.commands("QUIT") != [])
        assert box.queue.entries == []
        peer.release.set()
        await running


async def test_counters_say_what_was_sent() -> None:
    peer = Peer(answers={"RCPT TO:<later@": "451 not now", "RCPT TO:<never@": "550 who?"})
    async with with_peer(peer) as (box, _):
        await box.submit("yes@there.test", "later@there.test", "never@there.test")
        await box.scheduler.run_due()
        names = ("Connection", "Message", "MessageBytes", "RcptAccepted", "RcptTempFailed", "RcptPermFailed")
        assert [box.counters.total(f"SMTP_Outbound{name}") for name in names] == [1, 1, len(MAIL), 1, 1, 1]


# --- what the peer offers


async def test_dsn_parameters_are_passed_on() -> None:
    to = Recipient("bob@there.test", "SUCCESS,DELAY", "rfc822;Bob+40there.test")
    async with with_peer(Peer(extensions=("DSN",))) as (box, peer):
        await box.submit(to, ret="HDRS", envid="QQ314159")
        await box.scheduler.run_due()
        assert peer.commands("MAIL") == ["MAIL FROM:<alice@here.test> RET=HDRS ENVID=QQ314159"]
        assert peer.commands("RCPT") == ["RCPT TO:<bob@there.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob+40there.test"]
        assert box.reports() == []


async def test_eight_bit_content_is_declared() -> None:
    octets = MAIL + "Grüße\r\n".encode()
    async with with_peer(Peer(extensions=("8BITMIME",))) as (box, peer):
        await box.submit("bob@there.test", octets=octets)
        await box.scheduler.run_due()
        assert peer.commands("MAIL") == ["MAIL FROM:<alice@here.test> BODY=8BITMIME"]
        assert peer.taken[0].octets == octets


async def test_no_bare_carriage_return_reaches_a_server_that_might_end_the_message_there() -> None:
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test", octets=MAIL + b"x\r.\r\nMAIL FROM:<ceo@here.test>\r\r\nz")
        await box.scheduler.run_due()
        assert peer.taken[0].octets == MAIL + b"x\r\n.\r\nMAIL FROM:<ceo@here.test>\r\n\r\nz\r\n"


async def test_bare_line_feeds_are_sent_as_line_ends() -> None:
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test", octets=MAIL.replace(b"\r\n", b"\n"))
        await box.scheduler.run_due()
        assert peer.taken[0].octets == MAIL


LONG_MAIL = MAIL + b"word " * 300 + b"\r\n"


async def test_what_was_sent_here_goes_out_in_lines_that_mail_may_have() -> None:
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test", octets=LONG_MAIL, own=True)
        await box.scheduler.run_due()
        (taken,) = peer.taken
        assert max(map(len, taken.octets.split(b"\r\n"))) <= 998
        assert as_email(taken.octets).get_content() == as_email(LONG_MAIL).get_content()


async def test_what_others_have_sent_is_passed_on_as_it_is() -> None:
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test", octets=LONG_MAIL)
        await box.scheduler.run_due()
        assert peer.taken[0].octets == LONG_MAIL


UTF8_MAIL = MAIL.replace(b"hello", "größe".encode())


async def test_utf8_mail_goes_to_a_peer_that_takes_it() -> None:
    async with with_peer(Peer(extensions=("SMTPUTF8", "8BITMIME"))) as (box, peer):
        await box.submit("bøb@there.test", sender="ålice@here.test", octets=UTF8_MAIL, utf8=True)
        await box.scheduler.run_due()
        assert peer.commands("MAIL") == ["MAIL FROM:<ålice@here.test> BODY=8BITMIME SMTPUTF8"]
        assert peer.taken[0].recipients == ["bøb@there.test"]


@pytest.mark.parametrize(
    ("sender", "to", "octets"),
    [
        ("ålice@here.test", "bob@there.test", MAIL),
        ("alice@here.test", "bøb@there.test", MAIL),
        ("alice@here.test", "bob@there.test", UTF8_MAIL),
    ],
)
async def test_utf8_mail_fails_at_a_peer_that_cannot_take_it(sender: str, to: str, octets: bytes) -> None:
    async with with_peer() as (box, peer):
        await box.submit(to, sender=sender, octets=octets, utf8=True)
        await box.scheduler.run_due()
        assert box.queue.named("failed")[0].facts["code"] == "5.6.7"
        assert peer.taken == []


@pytest.mark.parametrize(
    ("peer", "more", "code"),
    [
        (Peer(), {"octets": UTF8_MAIL, "utf8": True}, "5.6.7"),
        (Peer(extensions=("SIZE 20",)), {}, "5.3.4"),
        (Peer(), {"octets": MAIL + b"\0", "body_type": "BINARYMIME"}, "5.6.3"),
        (Peer(answers={"DATA": "250 2.0.0 yes"}), {}, "4.5.0"),
    ],
)
async def test_what_is_found_out_here_is_not_said_to_be_the_others_words(
    peer: Peer, more: dict[str, object], code: str
) -> None:
    async with with_peer(peer) as (box, peer):
        await box.submit("bob@there.test", **more)
        await box.scheduler.run_due()
        (event,) = [*box.queue.named("failed"), *box.queue.named("deferred")]
        assert (event.facts["code"], event.facts["host"]) == (code, "")
        assert "mx1.there.test" in str(event.facts["why"])
        for report in box.reports():
            assert "Diagnostic-Code: X-Postroom; " in " ".join(report.as_string().split())
            assert "said:" not in report.get_payload(0).get_content()


async def test_an_international_domain_alone_needs_no_utf8() -> None:
    async with with_peer(domain="xn--bcher-kva.test") as (box, peer):
        await box.submit("bob@bücher.test", utf8=True)
        await box.scheduler.run_due()
        assert peer.taken[0].recipients == ["bob@xn--bcher-kva.test"]


BINARY = MAIL + b"\0\x01\n\xff\r"


async def test_binary_content_goes_by_bdat_untouched() -> None:
    async with with_peer(Peer(extensions=("CHUNKING", "BINARYMIME"))) as (box, peer):
        await box.submit("bob@there.test", octets=BINARY, body_type="BINARYMIME")
        await box.scheduler.run_due()
        assert peer.commands("MAIL") == ["MAIL FROM:<alice@here.test> BODY=BINARYMIME"]
        assert peer.taken[0].octets == BINARY


async def test_binary_content_fails_at_a_peer_that_cannot_take_it() -> None:
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test", octets=BINARY, body_type="BINARYMIME")
        await box.scheduler.run_due()
        assert box.queue.named("failed")[0].facts["code"] == "5.6.3"
        assert peer.taken == []


# --- circles


async def test_a_message_that_has_passed_too_many_servers_is_returned() -> None:
    octets = b"Received: from a by b; Thu, 1 Jan 2026 00:00:00 +0000\r\n" * 31 + MAIL
    async with with_peer() as (box, peer):
        await box.submit("bob@there.test", octets=octets)
        await box.scheduler.run_due()
        assert box.queue.named("failed")[0].facts["code"] == "5.4.6"
        assert peer.connections == 0
