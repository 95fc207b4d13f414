"""Connections that are kept for the next message, and commands that go out in one piece."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailcore.server.sections_sending import RouteSection
from mailcore.smtp import lines
from tests.protocol.queue.test_sending_tls import client_contexts, server_context
from tests.support.certificates import Authority
from tests.support.outbox import Outbox, config, mx, outbox
from tests.support.smtppeer import DROP, HANG, Peer, serving

PLAIN = ("SIZE 1000000", "8BITMIME")


@asynccontextmanager
async def kept(peer: Peer, **smtp: object) -> AsyncIterator[Outbox]:
    """The bench with a peer for `there.test`, and connections that are kept for longer than the test takes."""
    async with (
        serving(peer),
        outbox(config(mx_port=peer.port, **{"connection_idle": 300, "sending_connections": 1, **smtp})) as box,
    ):
        mx(box.zone, "there.test", "127.0.0.1")
        yield box


async def sent(box: Outbox, *names: str) -> None:
    """Send to these, one after another."""
    for name in names:
        await box.submit(f"{name}@there.test")
        await box.scheduler.run_due()


@pytest.fixture
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line counts as one that has waited for a while as soon as it is kept."""
    monkeypatch.setattr(lines, "FRESH", 0.0)


async def test_messages_for_one_destination_go_over_one_connection() -> None:
    async with kept(peer := Peer()) as box:
        for name in "abc":
            await box.submit(f"{name}@there.test")
        await box.scheduler.run_due()
        assert [each.recipients for each in peer.taken] == [["a@there.test"], ["b@there.test"], ["c@there.test"]]
        assert (peer.connections, len(peer.commands("EHLO")), len(peer.commands("RSET"))) == (1, 1, 0)
        await box.hang_up()
        assert peer.lines[-1] == "QUIT"


async def test_a_connection_whose_last_message_was_refused_is_reset_before_the_next() -> None:
    peer = Peer(extensions=("PIPELINING",), answers={"RCPT TO:<b@": "550 5.1.1 who?"})
    async with kept(peer) as box:
        await sent(box, *"abc")
        assert [each.recipients for each in peer.taken] == [["a@there.test"], ["c@there.test"]]
        assert (peer.connections, len(peer.commands("RSET"))) == (1, 1)


@pytest.mark.usefixtures("rested")
async def test_a_connection_that_has_waited_is_asked_whether_it_still_stands() -> None:
    async with kept(peer := Peer()) as box:
        await sent(box, *"abc")
        assert (peer.connections, len(peer.taken), len(peer.commands("RSET"))) == (1, 3, 2)


async def test_a_connection_carries_so_many_messages_and_no_more() -> None:
    async with kept(peer := Peer(), messages_per_connection=2) as box:
        await sent(box, *"abcde")
        assert (peer.connections, len(peer.taken), len(peer.commands("QUIT"))) == (3, 5, 2)


async def test_a_connection_that_nobody_needs_is_closed_with_a_goodbye() -> None:
    async with kept(peer := Peer(), connection_idle=1) as box:
        await sent(box, "a")
        await peer.until(lambda: peer.now == 0)
        assert peer.lines[-1] == "QUIT"


async def test_two_domains_at_one_host_share_the_connection() -> None:
    async with kept(peer := Peer()) as box:
        box.zone.records[("other.test.", "MX")] = ["10 mx1.there.test."]
        await sent(box, "a")
        await box.submit("b@other.test")
        await box.scheduler.run_due()
        assert (peer.connections, len(peer.taken)) == (1, 2)


async def test_a_connection_is_not_shared_with_mail_that_logs_in_otherwise() -> None:
    peer = Peer(extensions=("AUTH PLAIN",))
    async with serving(peer):
        hosts = [f"127.0.0.1:{peer.port}"]
        routes = tuple(
            RouteSection(sender=[domain], hosts=hosts, user=domain, password="secret", tls="none")
            for domain in ("one.test", "two.test")
        )
        async with outbox(config(connection_idle=300, route=routes)) as box:
            for sender in ("a@one.test", "b@two.test", "c@one.test"):
                await box.submit("bob@there.test", sender=sender)
                await box.scheduler.run_due()
        assert (peer.connections, len(peer.commands("AUTH")), len(peer.taken)) == (2, 2, 3)


async def test_tls_stays_on_a_connection_that_is_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    authority = Authority(tmp_path_factory.mktemp("certificates"))
    peer = Peer(tls=server_context(authority, "mx1.there.test"))
    async with kept(peer) as box:
        await sent(box, *"ab")
        assert (peer.connections, peer.secured, len(peer.taken)) == (1, 1, 2)


@pytest.mark.usefixtures("rested")
@pytest.mark.parametrize("step", ["RSET", "MAIL FROM:<second", "RCPT TO:<b@", "DATA"])
@pytest.mark.parametrize("fate", [DROP, "421 4.3.2 closing"])
@pytest.mark.parametrize("pipelining", [False, True])
async def test_a_kept_connection_that_breaks_before_the_message_costs_no_try(
    step: str, fate: str, pipelining: bool
) -> None:
    peer = Peer(extensions=("PIPELINING",) if pipelining else PLAIN)
    async with kept(peer) as box:
        await sent(box, "a")
        peer.answers[step] = [fate]
        await box.submit("b@there.test", sender="second@here.test")
        await box.scheduler.run_due()
        assert [each.recipients for each in peer.taken] == [["a@there.test"], ["b@there.test"]]
        assert (peer.connections, box.queue.named("deferred")) == (2, [])


async def test_a_kept_connection_that_breaks_after_the_message_is_no_reason_to_send_it_at_once_again() -> None:
    async with kept(peer := Peer()) as box:
        await sent(box, "a")
        peer.answers["."] = [DROP]
        await sent(box, "b")
        assert box.waiting() == {"b@there.test": "4.4.2"}
        assert [each.recipients for each in peer.taken] == [["a@there.test"]]
        assert peer.connections == 1


@pytest.mark.usefixtures("rested")
async def test_a_kept_connection_that_the_peer_closed_is_replaced() -> None:
    async with kept(peer := Peer(answers={"RSET": [DROP]})) as box:
        await sent(box, *"ab")
        assert (peer.connections, len(peer.taken)) == (2, 2)


async def test_a_refusal_in_one_message_says_nothing_about_the_next() -> None:
    async with kept(peer := Peer(answers={"RCPT TO:<b@": "550 5.1.1 who?"})) as box:
        await sent(box, *"abc")
        assert [each.recipients for each in peer.taken] == [["a@there.test"], ["c@there.test"]]
        assert [event.facts["code"] for event in box.queue.named("failed")] == ["5.1.1"]
        assert peer.connections == 1


async def test_what_one_transaction_has_sent_stays_sent_when_the_next_breaks() -> None:
    peer = Peer(answers={"RCPT TO:<c@": ["452 4.5.3 too many"], "MAIL": ["250 ok", DROP]})
    async with kept(peer) as box:
        await box.submit("a@there.test", "c@there.test")
        await box.scheduler.run_due()
        assert [event.facts["to"] for event in box.queue.named("sent")] == ["a@there.test"]
        assert box.waiting() == {"c@there.test": "4.4.2"}


async def test_no_more_connections_are_opened_than_a_route_allows_for_its_hosts() -> None:
    peer = Peer()
    async with serving(peer):
        routes = (RouteSection(hosts=[f"127.0.0.1:{peer.port}"], connections=2),)
        async with outbox(config(connection_idle=0, route=routes)) as box:
            for number in range(12):
                await box.submit(f"bob@there{number}.test")
            await box.scheduler.run_due()
        assert (len(peer.taken), peer.most) == (12, 2)


# --- pipelining


async def test_envelope_and_data_go_out_in_one_piece() -> None:
    pieces: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 peer.test ESMTP\r\n")
        await reader.readline()
        writer.write(b"250-peer.test\r\n250 PIPELINING\r\n")
        pieces.append(await reader.readuntil(b"DATA\r\n"))  # no answer before: a client that waits hangs here
        writer.write(b"250 one\r\n250 two\r\n550 5.1.1 three\r\n354 go on\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 2.0.0 taken\r\n")
        await reader.readline()
        writer.write(b"221 bye\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, outbox(config(mx_port=port)) as box:
        mx(box.zone, "there.test", "127.0.0.1")
        await box.submit("two@there.test", "three@there.test")
        await box.scheduler.run_due()
        assert pieces[0].count(b"\r\n") == 4
        assert [event.facts["to"] for event in box.queue.named("sent")] == ["two@there.test"]
        assert [event.facts["to"] for event in box.queue.named("failed")] == ["three@there.test"]


async def test_each_of_a_thousand_pipelined_answers_is_its_own_recipients() -> None:
    peer = Peer(answers={f"RCPT TO:<{number:03}": f"550 5.1.{number} {'x' * 400}" for number in range(0, 1000, 7)})
    async with kept(peer) as box:
        await box.submit(*(f"{number:03}@there.test" for number in range(1000)))
        await box.scheduler.run_due()
        refused = {event.facts["to"]: event.facts["code"] for event in box.queue.named("failed")}
        assert refused == {f"{number:03}@there.test": f"5.1.{number}" for number in range(0, 1000, 7)}
        assert peer.taken[0].recipients == [f"{number:03}@there.test" for number in range(1000) if number % 7]


async def test_a_peer_that_wants_the_message_though_nobody_gets_it_is_given_an_empty_one() -> None:
    async with kept(peer := Peer(answers={"RCPT": ["550 5.7.1 no"]}, eager=True)) as box:
        await sent(box, *"ab")
        assert [(each.recipients, each.octets == b"") for each in peer.taken] == [([], True), (["b@there.test"], False)]
        assert peer.connections == 1
        assert [event.facts["to"] for event in box.queue.named("failed")] == ["a@there.test"]
        assert [event.facts["to"] for event in box.queue.named("sent")] == ["b@there.test"]


async def test_a_peer_that_takes_recipients_of_a_message_that_it_refused_is_hung_up_on() -> None:
    async with kept(peer := Peer(answers={"MAIL": ["550 5.7.1 no"]}, eager=True)) as box:
        await sent(box, *"ab")
        assert [each.recipients for each in peer.taken] == [["b@there.test"]]
        assert peer.connections == 2
        assert [event.facts["to"] for event in box.queue.named("failed")] == ["a@there.test"]


async def test_success_without_the_message_is_none() -> None:
    async with kept(peer := Peer(answers={"DATA": ["250 ok"]})) as box:
        await sent(box, "a")
        assert box.waiting() == {"a@there.test": "4.5.0"}
        assert peer.taken == []


@pytest.mark.parametrize(
    "greeting", ["hello", "220" + "x" * 9000, "220-one\r\n" * 6000 + "220 two", "999999", "22"], ids=len
)
async def test_an_answer_that_is_no_smtp_is_a_temporary_failure(greeting: str) -> None:
    async with kept(Peer(greeting=greeting)) as box:
        await sent(box, "a")
        assert box.waiting() == {"a@there.test": "4.4.2"}


async def test_what_was_said_in_the_clear_ahead_of_tls_is_thrown_away(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    authority = Authority(tmp_path_factory.mktemp("certificates"))
    context = server_context(authority, "mx1.there.test")
    said: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 peer.test ESMTP\r\n")
        await reader.readline()
        writer.write(b"250-peer.test\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go ahead\r\n250-injected\r\n250 AUTH PLAIN\r\n")
        await writer.drain()
        await writer.start_tls(context)
        for answer in (b"250-peer.test\r\n250 DSN\r\n", b"550 5.7.1 no\r\n"):
            said.append(await reader.readline())
            writer.write(answer)
        await reader.readline()
        writer.write(b"221 bye\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, outbox(config(mx_port=port), tls=client_contexts(authority.ca_file)) as box:
        mx(box.zone, "there.test", "127.0.0.1")
        await box.submit("a@there.test", ret="HDRS")
        await box.scheduler.run_due()
        assert said == [b"EHLO mx.here.test\r\n", b"MAIL FROM:<alice@here.test> RET=HDRS\r\n"]


async def test_there_are_no_more_connections_than_the_service_may_have_whatever_their_destinations() -> None:
    peer = Peer(answers={"EHLO": HANG})
    async with (
        serving(peer),
        outbox(config(mx_port=peer.port, connection_idle=0), connections=1) as box,
        asyncio.TaskGroup() as group,
    ):
        for domain in ("one.test", "two.test", "three.test"):
            mx(box.zone, domain, "127.0.0.1")
            await box.submit(f"bob@{domain}")
        group.create_task(box.scheduler.run_due())
        await peer.until(lambda: peer.commands("EHLO") != [])
        peer.release.set()
        await peer.until(lambda: len(peer.taken) == 3)
    assert (peer.connections, peer.most) == (3, 1)
