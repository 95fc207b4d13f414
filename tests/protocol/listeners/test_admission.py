"""Who gets in: rules and limits at a real door, and clients behind a proxy."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import pytest

from mailcore.server import log
from mailcore.server.gate import Policy, Refusal
from mailcore.server.listener import Listener
from mailcore.server.proxy import Endpoint, ProxyPolicy, header_v1, header_v2
from mailcore.server.rules import UNLIMITED, Limits, Rule, Rules, ip_set
from mailcore.server.service import Manner
from mailcore.server.tls import Certificate, Contexts, TlsSettings
from tests.support.certificates import Authority
from tests.support.talk import client, stand

CLIENT = Endpoint(ip_address("192.0.2.7"), 4711)
CLIENT6 = Endpoint(ip_address("2001:db8::7"), 4711)
HERE = Endpoint(ip_address("192.0.2.1"), 143)
HERE6 = Endpoint(ip_address("2001:db8::1"), 143)
BUSY = Manner(refuse=lambda refusal, listener: f"421 {refusal.text}\r\n".encode())


def at(policy: Policy = Policy(limits=UNLIMITED), proxy: ProxyPolicy | None = None) -> Listener:  # noqa: B008 - frozen
    return Listener("test", "echo", "127.0.0.1", 0, policy=policy, proxy=proxy)


def behind(*trusted: str, **how: bool | float) -> ProxyPolicy:
    return ProxyPolicy(ip_set(trusted or ("127.0.0.1",)), **how)  # type: ignore[arg-type]  # keywords of several types


async def greeted(port: int, source: str) -> str:
    async with client(port, source=source) as caller:
        return await caller.line()


async def test_a_denied_peer_is_hung_up_on_and_its_neighbour_is_not() -> None:
    rules = Rules(deny=(Rule(ip_set(["127.0.0.5"])),))
    async with stand(at(Policy(rules, UNLIMITED))) as here:
        assert await greeted(here.port, "127.0.0.5") == ""
        assert await greeted(here.port, "127.0.0.6") == "* hello"
        refused = here.log.named("refused")
        assert [(facts["peer"], facts["kind"]) for facts in refused] == [("127.0.0.5", "denied")]


async def test_a_service_rule_serves_peers_that_the_listener_does_not_name() -> None:
    own = Rules(allow=(Rule(ip_set(["127.0.0.5"])),))
    service = Policy(Rules(deny=(Rule(ip_set(["127.0.0.0/8"]), priority=1),)), UNLIMITED)
    async with stand(at(Policy(own, UNLIMITED)), service_policy=service) as here:
        assert await greeted(here.port, "127.0.0.5") == "* hello"
        assert await greeted(here.port, "127.0.0.6") == ""


async def test_over_the_peer_limit_the_service_says_so_and_a_place_that_is_left_is_free_again() -> None:
    limited = Policy(limits=Limits(peer_connections=1))
    async with stand(at(limited), manner=BUSY) as here:
        async with client(here.port, source="127.0.0.5") as first:
            await first.line()
            assert await greeted(here.port, "127.0.0.5") == "421 127.0.0.5 already has 1 connections open"
            assert await greeted(here.port, "127.0.0.6") == "* hello"
            await first.ask("QUIT")
            assert await first.line() == ""
        await here.all_gone()
        assert await greeted(here.port, "127.0.0.5") == "* hello"


async def test_over_the_total_limit_everybody_is_refused() -> None:
    async with (
        stand(at(Policy(limits=Limits(connections=1)))) as here,
        client(here.port, source="127.0.0.5") as first,
    ):
        await first.line()
        assert await greeted(here.port, "127.0.0.6") == ""
        assert here.log.named("refused")[0]["kind"] == "limit"


async def test_the_interval_limit_ends_with_the_interval() -> None:
    async with stand(at(Policy(limits=Limits(peer_per_interval=2, peer_interval=60)))) as here:
        assert [await greeted(here.port, "127.0.0.5") for _ in range(3)] == ["* hello", "* hello", ""]
        here.clock.advance(60)
        assert await greeted(here.port, "127.0.0.5") == "* hello"


async def test_an_allow_rule_brings_its_own_limits() -> None:
    rules = Rules(allow=(Rule(ip_set(["127.0.0.5"]), limits=Limits(peer_connections=3)),))
    async with (
        stand(at(Policy(rules, Limits(peer_connections=1)))) as here,
        client(here.port, source="127.0.0.5") as one,
        client(here.port, source="127.0.0.5") as two,
        client(here.port, source="127.0.0.6") as stranger,
    ):
        assert [await caller.line() for caller in (one, two, stranger)] == ["* hello"] * 3
        assert await greeted(here.port, "127.0.0.5") == "* hello"
        assert await greeted(here.port, "127.0.0.6") == ""


async def test_a_connection_that_crashes_gives_its_place_back() -> None:
    async with stand(at(Policy(limits=Limits(peer_connections=1)))) as here:
        async with client(here.port) as caller:
            await caller.line()
            assert await caller.ask("CRASH") == "* bye failed"
            assert await caller.line() == ""
        await here.all_gone()
        assert await greeted(here.port, "127.0.0.1") == "* hello"


@pytest.mark.parametrize(
    ("header", "ip"),
    [
        (header_v1(CLIENT, HERE), "192.0.2.7"),
        (header_v2(CLIENT, HERE), "192.0.2.7"),
        (header_v1(CLIENT6, HERE6), "2001:db8::7"),
        (header_v2(CLIENT6, HERE6), "2001:db8::7"),
    ],
)
async def test_behind_a_proxy_the_client_is_the_peer(header: bytes, ip: str) -> None:
    async with (
        stand(at(proxy=behind())) as here,
        client(here.port, first=header + b"WHO\r\n") as caller,
    ):
        assert await caller.line() == "* hello"
        assert (await caller.line()).startswith(f"{ip} ")


async def test_lines_of_the_log_name_the_client_and_not_the_proxy() -> None:
    named: list[str] = []

    @contextmanager
    def scope(name: str, peer: str) -> Iterator[str]:
        with log.session(name, peer):
            try:
                yield name
            finally:
                named.append(log._SESSION.get()[1])

    async with stand(at(proxy=behind()), manner=Manner(scope=scope)) as here:
        async with client(here.port, first=header_v2(CLIENT, HERE)) as caller:
            await caller.line()
        await here.service.drain(5)
    assert named == ["192.0.2.7"]


async def test_rules_see_the_client_and_not_the_proxy() -> None:
    policy = Policy(Rules(deny=(Rule(ip_set(["192.0.2.7"])),)), UNLIMITED)
    async with (
        stand(at(policy, behind())) as here,
        client(here.port, first=header_v2(CLIENT, HERE)) as caller,
    ):
        assert await caller.line() == ""
        assert here.log.named("refused")[0]["peer"] == "192.0.2.7"


async def test_a_header_in_pieces_is_one_header() -> None:
    async with stand(at(proxy=behind())) as here, client(here.port) as caller:
        for octet in header_v1(CLIENT, HERE):
            caller.send(bytes((octet,)))
            await caller.writer.drain()
        assert await caller.line() == "* hello"
        assert (await caller.ask("WHO")).startswith("192.0.2.7 ")


async def test_tls_begins_right_behind_the_header(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("one", "one.test")),)))
    listener = Listener("test", "echo", "127.0.0.1", 0, tls="implicit", policy=Policy(limits=UNLIMITED), proxy=behind())
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    async with (
        stand(listener, tls=contexts.current) as here,
        client(here.port, first=header_v2(CLIENT, HERE), tls=trusting, name="one.test") as caller,
    ):
        assert await caller.line() == "* hello"
        assert (await caller.ask("WHO")).startswith("192.0.2.7 secure=True")


async def test_nobody_but_a_trusted_proxy_may_name_another_client() -> None:
    async with (
        stand(at(proxy=behind("127.0.0.9"))) as here,
        client(here.port, first=header_v1(CLIENT, HERE)) as caller,
    ):
        assert await caller.line() == ""
        assert here.log.named("proxy_header_refused")[0]["peer"] == "127.0.0.1"


async def test_where_the_header_is_optional_a_strangers_header_is_only_input() -> None:
    async with (
        stand(at(proxy=behind("127.0.0.9", optional=True))) as here,
        client(here.port, first=b"WHO\r\n") as caller,
    ):
        assert await caller.line() == "* hello"
        assert (await caller.line()).startswith("127.0.0.1 ")


async def test_where_the_header_is_optional_a_silent_peer_is_served_after_the_time_out() -> None:
    async with (
        stand(at(proxy=behind(optional=True, timeout=0.1))) as here,
        client(here.port) as caller,
    ):
        assert await caller.line() == "* hello"


async def test_where_the_header_is_due_a_silent_peer_is_hung_up_on() -> None:
    async with stand(at(proxy=behind(timeout=0.1))) as here, client(here.port) as caller:
        assert await caller.line() == ""
        assert "within 0.1 seconds" in str(here.log.named("proxy_header_refused")[0]["why"])


async def test_a_half_header_and_a_hang_up_is_no_header() -> None:
    async with stand(at(proxy=behind())) as here, client(here.port, first=b"PROXY TCP4 192.0") as caller:
        caller.writer.write_eof()
        assert await caller.line() == ""
        assert "hung up" in str(here.log.named("proxy_header_refused")[0]["why"])


async def test_a_version_that_is_not_allowed_is_refused() -> None:
    async with (
        stand(at(proxy=behind(v1=False))) as here,
        client(here.port, first=header_v1(CLIENT, HERE)) as caller,
    ):
        assert await caller.line() == ""


async def test_a_peer_blocked_for_guessing_is_not_let_in() -> None:
    async with stand(at()) as here:
        for number in range(30):
            here.door.gate.failed_login("127.0.0.5", f"user{number}@example.test")
        assert await greeted(here.port, "127.0.0.5") == ""
        assert await greeted(here.port, "127.0.0.6") == "* hello"
        refusal = here.door.gate.enter("127.0.0.5")
        assert isinstance(refusal, Refusal)
        assert refusal.kind == "blocked"


async def test_an_ipv6_listener_is_for_ipv6_alone_and_counts_networks() -> None:
    listener = Listener("test", "echo", "::1", 0, policy=Policy(limits=Limits(peer_connections=1)))
    async with stand(listener) as here, client(here.port, source="::1", host="::1") as caller:
        assert await caller.line() == "* hello"
        assert (await caller.ask("WHO")).startswith("::1 ")
        with pytest.raises(ConnectionRefusedError):
            await greeted(here.port, "127.0.0.1")
        async with client(here.port, source="::1", host="::1") as second:
            assert await second.line() == ""
