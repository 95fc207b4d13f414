"""The resolver against real name servers on loopback, some of them dead, slow or lying."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.server.dns import (
    Answer,
    DnsSettings,
    Host,
    NameServer,
    NoData,
    NoSuchDomain,
    NullMx,
    Record,
    Resolver,
    TryAgain,
    to_ascii,
)
from mailcore.server.dns_cache import MAX_NEGATIVE_SECONDS, Cache
from tests.support.dnsserver import Zone, serving
from tests.support.ports import free_port


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def resolver(*ports: int, clock: Clock | None = None, count: Counter[str] | None = None, **change: object) -> Resolver:
    servers = tuple(NameServer(number, "127.0.0.1", port) for number, port in enumerate(ports, 1))
    values = {"timeout": 0.1, "retries": 1, "servers": servers} | change
    counted: Counter[str] = Counter() if count is None else count
    chosen = DnsSettings(**values)  # type: ignore[arg-type]  # each is what the settings take
    return Resolver(chosen, lambda name: counted.update([name]), clock or Clock())


class TestQuery:
    async def test_every_type(self) -> None:
        zone = Zone(
            {
                ("a.test.", "A"): ["192.0.2.2", "192.0.2.1"],
                ("a.test.", "AAAA"): ["2001:db8::1"],
                ("a.test.", "MX"): ["20 MX2.test.", "10 mx1.test."],
                ("a.test.", "NS"): ["ns.test."],
                ("a.test.", "TXT"): ['"v=spf1 " "-all"', r'"\255"'],
                ("1.2.0.192.in-addr.arpa.", "PTR"): ["Host.test."],
                ("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", "PTR"): ["six.test."],
            }
        )
        async with serving(zone) as port:
            ask = resolver(port).query
            assert set((await ask("a.test", "A")).values) == {"192.0.2.1", "192.0.2.2"}
            assert (await ask("a.test", "AAAA")).values == ("2001:db8::1",)
            assert (await ask("a.test", "MX")).records == (Record(10, "mx1.test"), Record(20, "mx2.test"))
            assert (await ask("a.test", "NS")).values == ("ns.test",)
            texts = (await ask("a.test", "TXT")).values
            assert set(texts) == {"v=spf1 -all", "\udcff"}
            assert (await ask("192.0.2.1", "PTR")).values == ("host.test",)
            assert (await ask("2001:db8::1", "PTR")).values == ("six.test",)
            assert (await ask("2001:db8::1%eth0", "PTR")).values == ("six.test",)

    async def test_an_answer_says_its_name_and_how_long_it_is_good(self) -> None:
        async with serving(Zone({("a.test.", "A"): ["192.0.2.1"]}, ttl=77)) as port:
            answer = await resolver(port).query("A.Test.", "A")
        assert answer == Answer("a.test", "A", "a.test", (Record(0, "192.0.2.1"),), 77)

    async def test_no_domain_and_no_data_differ(self) -> None:
        async with serving(Zone({("a.test.", "A"): ["192.0.2.1"]})) as port:
            ask = resolver(port).query
            with pytest.raises(NoData, match=r"a\.test has no MX"):
                await ask("a.test", "MX")
            with pytest.raises(NoSuchDomain, match=r"nowhere\.test"):
                await ask("nowhere.test", "MX")

    async def test_an_international_name_is_asked_in_ascii(self) -> None:
        zone = Zone({("xn--bcher-kva.test.", "A"): ["192.0.2.1"]})
        async with serving(zone) as port:
            assert (await resolver(port).query("Bücher.test", "A")).values == ("192.0.2.1",)

    async def test_over_ipv6(self) -> None:
        async with serving(Zone({("a.test.", "A"): ["192.0.2.1"]}), "::1") as port:
            six = resolver(servers=(NameServer(1, "::1", port),))
            assert (await six.query("a.test", "A")).values == ("192.0.2.1",)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("Example.ORG.", "example.org"),
            ("_dmarc.example.org", "_dmarc.example.org"),
            ("straße.de", "xn--strae-oqa.de"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ],
    )
    def test_names_as_dns_has_them(self, name: str, text: str) -> None:
        assert to_ascii(name) == text

    @pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64, "a." * 130, "\u200b", "-\u00fc.de", "a\\"])
    def test_what_is_no_name_does_not_exist(self, name: str) -> None:
        with pytest.raises(NoSuchDomain):
            to_ascii(name)

    @given(st.text(max_size=30))
    @settings(max_examples=200)
    def test_any_text_is_a_name_or_refused(self, name: str) -> None:
        try:
            text = to_ascii(name)
        except NoSuchDomain:
            return
        assert text.isascii()
        assert len(text) <= 4 * 255


class TestServers:
    async def test_a_silent_first_server_is_asked_again_and_then_the_next(self) -> None:
        count: Counter[str] = Counter()
        quiet, good = Zone(silent=99), Zone({("a.test.", "A"): ["192.0.2.1"], ("b.test.", "A"): ["192.0.2.2"]})
        async with serving(quiet) as first, serving(good) as second:
            ask = resolver(first, second, count=count).query
            assert (await ask("a.test", "A")).values == ("192.0.2.1",)
            assert len(quiet.asked) == 2
            assert count["DNR_Timeout"] == 2
            assert (await ask("b.test", "A")).values == ("192.0.2.2",)
        assert len(quiet.asked) == 2, "a server known to be silent comes last"

    async def test_a_silent_server_has_another_chance_after_a_minute(self) -> None:
        clock = Clock()
        records = {(f"{letter}.test.", "A"): ["192.0.2.1"] for letter in "abc"}
        first_zone, second_zone = Zone(records, silent=2), Zone(records)
        async with serving(first_zone) as first, serving(second_zone) as second:
            ask = resolver(first, second, clock=clock).query
            await ask("a.test", "A")
            clock.now += 61
            await ask("b.test", "A")
        assert [name for name, _, _ in second_zone.asked] == ["a.test."]
        assert first_zone.asked[-1][0] == "b.test."

    async def test_a_port_where_nobody_listens_costs_no_waiting(self) -> None:
        async with serving(Zone({("a.test.", "A"): ["192.0.2.1"]})) as port:
            slow = resolver(free_port(), port, timeout=30.0)
            async with asyncio.timeout(5):
                assert (await slow.query("a.test", "A")).values == ("192.0.2.1",)

    async def test_an_answer_after_a_retry_is_taken(self) -> None:
        zone = Zone({("a.test.", "A"): ["192.0.2.1"]}, silent=1)
        async with serving(zone) as port:
            assert (await resolver(port).query("a.test", "A")).values == ("192.0.2.1",)
        assert len(zone.asked) == 2

    async def test_the_wait_doubles_and_a_server_has_its_own(self, monkeypatch: pytest.MonkeyPatch) -> None:
        waits: list[float] = []

        async def silent(address: str, port: int, name: str, type: str, seconds: float, *, edns: bool) -> None:
            waits.append(seconds)
            raise TimeoutError

        monkeypatch.setattr("mailcore.server.dns_wire.exchange", silent)
        own = NameServer(2, "192.0.2.1", timeout=1.0, retries=1)
        asker = Resolver(DnsSettings(servers=(own, NameServer(1, "192.0.2.2"))))
        with pytest.raises(TryAgain, match="no answer in time"):
            await asker.query("a.test", "A")
        assert waits == [5, 10, 20, 40, 1, 2]

    async def test_a_server_that_fails_gives_way_at_once(self) -> None:
        bad, good = Zone(broken=9), Zone({("a.test.", "A"): ["192.0.2.1"]})
        async with serving(bad) as first, serving(good) as second:
            assert (await resolver(first, second).query("a.test", "A")).values == ("192.0.2.1",)
        assert len(bad.asked) == 1

    async def test_when_all_fail_it_is_try_again_and_says_why(self) -> None:
        async with serving(Zone(broken=9)) as first:
            with pytest.raises(TryAgain, match=r"a\.test A .*SERVFAIL; .*refused"):
                await resolver(first, free_port()).query("a.test", "A")

    async def test_an_old_server_without_edns_is_understood(self) -> None:
        async with serving(Zone({("a.test.", "A"): ["192.0.2.1"]}, no_edns=True)) as port:
            assert (await resolver(port).query("a.test", "A")).values == ("192.0.2.1",)

    async def test_without_any_server_it_is_try_again(self, tmp_path: Path) -> None:
        with pytest.raises(TryAgain, match="no name server"):
            await resolver(resolv_conf=tmp_path / "none").query("a.test", "A")

    def test_the_systems_servers_are_the_default(self, tmp_path: Path) -> None:
        path = tmp_path / "resolv.conf"
        path.write_text(
            "search x.org\nnameserver 192.0.2.53\n# nameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver x\n"
        )
        asker = Resolver(DnsSettings(resolv_conf=path))
        assert [server.address for server in asker.servers] == ["192.0.2.53", "fe80::1%eth0"]
        path.write_text("nameserver 192.0.2.54\n")
        asker.flush()
        assert [server.address for server in asker.servers] == ["192.0.2.54"]

    @pytest.mark.parametrize(
        ("change", "word"),
        [
            ({"timeout": 0.0}, "timeout"),
            ({"timeout": 121.0}, "timeout"),
            ({"retries": 11}, "retries"),
            ({"cache_size": 0}, "cache size"),
            ({"servers": (NameServer(1, "192.0.2.1"), NameServer(1, "192.0.2.2"))}, "priority"),
        ],
    )
    def test_settings_out_of_range_are_refused(self, change: dict[str, object], word: str) -> None:
        with pytest.raises(ValueError, match=word):
            DnsSettings(**change)  # type: ignore[arg-type]  # wrong on purpose

    def test_a_server_that_is_no_address_is_refused(self) -> None:
        with pytest.raises(ValueError, match=r"ns\.test"):
            NameServer(1, "ns.test")


class TestAnswers:
    async def test_forged_answers_are_ignored(self) -> None:
        async with serving(Zone({("a.test.", "A"): ["192.0.2.1"]}, forge=True)) as port:
            assert (await resolver(port).query("a.test", "A")).values == ("192.0.2.1",)

    async def test_a_truncated_answer_is_asked_for_again_over_tcp(self) -> None:
        zone = Zone({("a.test.", "A"): [f"192.0.2.{number}" for number in range(200)]}, truncate=True)
        async with serving(zone) as port:
            assert len((await resolver(port).query("a.test", "A")).records) == 200
        assert [transport for _, _, transport in zone.asked] == ["udp", "tcp"]

    async def test_who_calls_a_question_off_leaves_no_connection_open(self) -> None:
        zone = Zone({("a.test.", "A"): ["192.0.2.1"]}, truncate=True, mute=True)
        async with asyncio.timeout(20), serving(zone) as port:
            asking = asyncio.create_task(resolver(port, timeout=60.0).query("a.test", "A"))
            await zone.reached.wait()
            asking.cancel()
            await zone.left.wait()
            with suppress(asyncio.CancelledError):
                await asking
        assert asking.cancelled()

    async def test_a_server_that_is_silent_over_tcp_is_given_up(self) -> None:
        zone = Zone({("a.test.", "A"): ["192.0.2.1"]}, truncate=True, mute=True)
        async with asyncio.timeout(20), serving(zone) as port:
            with pytest.raises(TryAgain, match="no answer in time"):
                await resolver(port, timeout=0.1, retries=0).query("a.test", "A")
            await zone.left.wait()

    @pytest.mark.parametrize("follow", [True, False])
    async def test_aliases_are_followed_by_the_server_or_by_us(self, follow: bool) -> None:
        zone = Zone(
            {("a.test.", "CNAME"): ["b.test."], ("b.test.", "CNAME"): ["c.test."], ("c.test.", "A"): ["192.0.2.1"]},
            follow=follow,
        )
        async with serving(zone) as port:
            answer = await resolver(port).query("a.test", "A")
        assert (answer.name, answer.canonical, answer.values) == ("a.test", "c.test", ("192.0.2.1",))
        assert len(zone.asked) == (1 if follow else 3)

    @pytest.mark.parametrize("follow", [True, False])
    async def test_aliases_in_a_circle_end(self, follow: bool) -> None:
        zone = Zone({("a.test.", "CNAME"): ["b.test."], ("b.test.", "CNAME"): ["a.test."]}, follow=follow)
        async with serving(zone) as port:
            with pytest.raises(TryAgain, match=r"circle|not usable"):
                await resolver(port).query("a.test", "A")
        assert len(zone.asked) <= 8

    async def test_an_alias_to_nowhere_is_no_domain(self) -> None:
        async with serving(Zone({("a.test.", "CNAME"): ["gone.test."]})) as port:
            with pytest.raises(NoSuchDomain):
                await resolver(port).query("a.test", "A")


class TestCache:
    async def test_an_answer_is_kept_for_its_ttl(self) -> None:
        clock, count = Clock(), Counter[str]()
        zone = Zone({("a.test.", "A"): ["192.0.2.1"]}, ttl=100)
        async with serving(zone) as port:
            ask = resolver(port, clock=clock, count=count).query
            await ask("a.test", "A")
            clock.now += 60
            assert (await ask("A.test", "A")).ttl == 40
            assert (len(zone.asked), count["DNR_CacheHit"], count["DNR_Query"]) == (1, 1, 2)
            clock.now += 40
            await ask("a.test", "A")
        assert len(zone.asked) == 2

    async def test_a_missing_record_is_kept_as_long_as_the_soa_says(self) -> None:
        clock = Clock()
        zone = Zone({("a.test.", "A"): ["192.0.2.1"]})
        async with serving(zone) as port:
            ask = resolver(port, clock=clock).query
            for _ in range(2):
                with pytest.raises(NoData):
                    await ask("a.test", "MX")
            assert len(zone.asked) == 1
            clock.now += 60
            with pytest.raises(NoData):
                await ask("a.test", "MX")
        assert len(zone.asked) == 2

    async def test_a_missing_domain_is_missing_for_every_type(self) -> None:
        zone = Zone()
        async with serving(zone) as port:
            ask = resolver(port).query
            for kind in ("MX", "A", "TXT"):
                with pytest.raises(NoSuchDomain):
                    await ask("gone.test", kind)
        assert len(zone.asked) == 1

    async def test_without_soa_a_negative_answer_is_not_kept(self) -> None:
        zone = Zone(soa=None)
        async with serving(zone) as port:
            ask = resolver(port).query
            for _ in range(2):
                with pytest.raises(NoSuchDomain):
                    await ask("gone.test", "A")
        assert len(zone.asked) == 2

    async def test_failures_are_not_kept(self) -> None:
        zone = Zone({("a.test.", "A"): ["192.0.2.1"]}, broken=1)
        async with serving(zone) as port:
            ask = resolver(port).query
            with pytest.raises(TryAgain):
                await ask("a.test", "A")
            assert (await ask("a.test", "A")).values == ("192.0.2.1",)

    async def test_flush_forgets_and_says_how_much(self) -> None:
        zone = Zone({("a.test.", "A"): ["192.0.2.1"]})
        async with serving(zone) as port:
            asker = resolver(port)
            await asker.query("a.test", "A")
            assert asker.flush() == 1
            await asker.query("a.test", "A")
        assert len(zone.asked) == 2

    def test_each_type_has_its_own_room_and_the_unused_give_way(self) -> None:
        cache: Cache[int] = Cache(2, Clock())
        cache.put("MX", "a", 1, 60)
        for number, name in enumerate("abc"):
            cache.put("TXT", name, number, 60)
            cache.get("TXT", "a")
        assert [cache.get("TXT", name) is not None for name in "abc"] == [True, False, True]
        assert cache.get("MX", "a") == (1, 60)

    def test_no_answer_is_kept_for_too_long_and_none_without_ttl(self) -> None:
        cache: Cache[int] = Cache(2, Clock())
        cache.put("A", "a", 1, 2**31)
        cache.put("A", "b", 2, 2**31, negative=True)
        cache.put("MX", "c", 3, 0)
        assert cache.get("A", "a") == (1, 86_400)
        assert cache.get("A", "b") == (2, MAX_NEGATIVE_SECONDS)
        assert cache.get("MX", "c") is None


class TestMailHosts:
    RECORDS = {  # noqa: RUF012  read alone
        ("a.test.", "MX"): ["20 mx3.test.", "10 mx1.test.", "10 mx2.test."],
        ("mx1.test.", "A"): ["192.0.2.1"],
        ("mx1.test.", "AAAA"): ["2001:db8::1"],
        ("mx2.test.", "A"): ["192.0.2.2"],
        ("mx3.test.", "A"): ["192.0.2.3"],
        ("b.test.", "A"): ["192.0.2.9"],
        ("null.test.", "MX"): ["0 ."],
        ("half.test.", "MX"): ["10 gone.test.", "20 mx2.test."],
        ("none.test.", "MX"): ["10 gone.test.", "20 gone2.test."],
        ("text.test.", "TXT"): ["x"],
        ("loop.test.", "MX"): ["10 c1.test."],
        ("c1.test.", "CNAME"): ["c2.test."],
        ("c2.test.", "CNAME"): ["c1.test."],
    }

    async def test_by_preference_with_all_addresses(self) -> None:
        async with serving(Zone(self.RECORDS)) as port:
            hosts = await resolver(port).mail_hosts("a.test")
        assert not isinstance(hosts, NullMx)
        assert set(hosts[:2]) == {
            Host("mx1.test", 10, ("2001:db8::1", "192.0.2.1")),
            Host("mx2.test", 10, ("192.0.2.2",)),
        }
        assert hosts[2] == Host("mx3.test", 20, ("192.0.2.3",))

    async def test_hosts_of_one_preference_take_turns(self) -> None:
        firsts = set()
        async with serving(Zone(self.RECORDS)) as port:
            asker = resolver(port)
            for _ in range(60):
                hosts = await asker.mail_hosts("a.test")
                assert not isinstance(hosts, NullMx)
                firsts.add(hosts[0].name)
        assert firsts == {"mx1.test", "mx2.test"}

    async def test_without_mx_the_domain_itself(self) -> None:
        async with serving(Zone(self.RECORDS)) as port:
            assert await resolver(port).mail_hosts("b.test") == [Host("b.test", 0, ("192.0.2.9",))]

    async def test_null_mx_takes_no_mail(self) -> None:
        async with serving(Zone(self.RECORDS)) as port:
            assert await resolver(port).mail_hosts("null.test") == NullMx("null.test")

    async def test_a_host_without_address_is_left_out(self) -> None:
        async with serving(Zone(self.RECORDS)) as port:
            assert await resolver(port).mail_hosts("half.test") == [Host("mx2.test", 20, ("192.0.2.2",))]

    @pytest.mark.parametrize(
        ("domain", "error"),
        [("none.test", NoData), ("text.test", NoData), ("gone.test", NoSuchDomain), ("loop.test", TryAgain)],
    )
    async def test_when_no_host_has_an_address(self, domain: str, error: type[Exception]) -> None:
        async with serving(Zone(self.RECORDS)) as port:
            with pytest.raises(error):
                await resolver(port).mail_hosts(domain)

    async def test_only_the_families_wanted(self) -> None:
        async with serving(Zone(self.RECORDS)) as port:
            assert await resolver(port, families=("A",)).addresses("mx1.test") == ("192.0.2.1",)
            with pytest.raises(NoData):
                await resolver(port, families=("AAAA",)).addresses("mx2.test")


def test_a_question_that_nobody_waits_for_any_more_leaves_no_socket_open() -> None:
    async def ask_and_leave() -> int:
        async with serving(Zone(silent=1_000)) as port:
            resolver = Resolver(DnsSettings(timeout=60, retries=0, servers=(NameServer(1, "127.0.0.1", port),)))
            before = sockets()
            for turns in range(8):
                asking = asyncio.create_task(resolver.query(f"x{turns}.test", "A"))
                for _ in range(turns):
                    await asyncio.sleep(0)
                asking.cancel()
            await asyncio.sleep(0.2)
            return sockets() - before

    for loop in (asyncio.new_event_loop, uvloop.new_event_loop):
        with asyncio.Runner(loop_factory=loop) as runner:
            assert runner.run(ask_and_leave()) == 0


def sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found += str(each.readlink()).startswith("socket:")
    return found
