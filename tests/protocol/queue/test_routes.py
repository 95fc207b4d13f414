"""Which host gets the mail: MX, no MX, none at all, a smart host, and never this server itself."""

import pytest

from groupware.model.principal import OPERATOR
from mailcore.server.sections_sending import RouteSection
from mailcore.smtp.route import split_host
from tests.support.outbox import Outbox, config, mx, outbox, with_peer
from tests.support.smtppeer import Peer, serving


async def failure(box: Outbox, to: str) -> object:
    """The code that mail to this address fails with."""
    await box.submit(to)
    await box.scheduler.run_due()
    (event,) = box.queue.named("failed")
    return event.facts["code"]


async def test_a_domain_that_takes_no_mail_is_a_permanent_failure() -> None:
    async with outbox() as box:
        box.zone.records[("there.test.", "MX")] = ["0 ."]
        assert await failure(box, "bob@there.test") == "5.1.10"


async def test_a_domain_that_does_not_exist_is_a_permanent_failure() -> None:
    async with outbox() as box:
        assert await failure(box, "bob@nowhere.test") == "5.1.2"


async def test_a_domain_without_any_address_is_a_permanent_failure() -> None:
    async with outbox() as box:
        box.zone.records[("there.test.", "TXT")] = ['"nothing"']
        assert await failure(box, "bob@there.test") == "5.4.4"


async def test_a_name_server_in_trouble_is_a_temporary_failure() -> None:
    async with outbox() as box:
        mx(box.zone, "there.test", "127.0.0.1")
        box.zone.broken = 10
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.4.3"}


async def test_a_domain_without_mx_is_its_own_host() -> None:
    async with serving(Peer()) as peer, outbox(config(mx_port=peer.port)) as box:
        box.zone.records[("there.test.", "A")] = ["127.0.0.1"]
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert len(peer.taken) == 1


async def test_an_address_literal_is_taken_at_its_word() -> None:
    async with serving(Peer()) as peer, outbox(config(mx_port=peer.port)) as box:
        await box.submit("bob@[127.0.0.1]")
        await box.scheduler.run_due()
        assert peer.taken[0].recipients == ["bob@[127.0.0.1]"]
        assert box.zone.asked == []


async def test_a_literal_that_is_no_address_is_a_permanent_failure() -> None:
    async with outbox() as box:
        assert await failure(box, "bob@[somewhere]") == "5.1.2"


async def test_a_domain_whose_best_host_is_this_server_is_a_circle() -> None:
    async with outbox() as box:
        box.zone.records[("there.test.", "MX")] = ["10 mx.here.test.", "20 other.test."]
        box.zone.records[("mx.here.test.", "A")] = ["192.0.2.1"]
        box.zone.records[("other.test.", "A")] = ["192.0.2.2"]
        assert await failure(box, "bob@there.test") == "5.4.6"


async def test_hosts_that_are_no_better_than_this_server_are_left_out() -> None:
    async with serving(Peer()) as peer, outbox(config(mx_port=peer.port)) as box:
        box.zone.records[("there.test.", "MX")] = ["10 first.test.", "20 mx.here.test.", "30 last.test."]
        box.zone.records[("first.test.", "A")] = ["127.0.0.2"]
        box.zone.records[("mx.here.test.", "A")] = ["192.0.2.1"]
        box.zone.records[("last.test.", "A")] = ["127.0.0.1"]
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.4.1"}
        assert peer.connections == 0


async def test_a_host_at_our_own_listener_is_a_circle() -> None:
    async with outbox(config(mx_port=25)) as box:
        mx(box.zone, "there.test", "127.0.0.1")
        assert await failure(box, "bob@there.test") == "5.4.6"


async def test_addresses_of_ipv6_are_left_alone_when_it_is_switched_off() -> None:
    async with outbox(config(enable_ipv6=False)) as box:
        box.zone.records[("there.test.", "MX")] = ["10 six.test."]
        box.zone.records[("six.test.", "AAAA")] = ["2001:db8::1"]
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.4.1"}
        assert box.counters.total("SMTP_OutboundConnection") == 0


async def test_connections_come_from_the_local_address() -> None:
    async with with_peer(local_address="127.0.0.9") as (box, peer):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert peer.callers == ["127.0.0.9"]


async def test_a_smart_host_takes_all_mail() -> None:
    async with serving(Peer()) as peer, outbox(config(smart_host=f"127.0.0.1:{peer.port}")) as box:
        await box.submit("bob@there.test", "carl@elsewhere.test")
        await box.scheduler.run_due()
        assert sorted(each.recipients[0] for each in peer.taken) == ["bob@there.test", "carl@elsewhere.test"]
        assert box.zone.asked == []


async def test_a_smart_host_that_dns_does_not_know_is_a_temporary_failure() -> None:
    async with outbox(config(smart_host="relay.test")) as box:
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.4.4"}


async def test_a_smart_host_that_is_this_server_is_never_connected_to() -> None:
    async with outbox(config(smart_host="127.0.0.1:25")) as box:
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert box.waiting() == {"bob@there.test": "4.4.6"}
        assert box.counters.total("SMTP_OutboundConnection") == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relay.test", ("relay.test", 25)),
        ("relay.test:587", ("relay.test", 587)),
        ("192.0.2.1:2525", ("192.0.2.1", 2525)),
        ("2001:db8::1", ("2001:db8::1", 25)),
        ("[2001:db8::1]", ("2001:db8::1", 25)),
        ("[2001:db8::1]:587", ("2001:db8::1", 587)),
    ],
)
def test_host_and_port_of_a_smart_host(text: str, expected: tuple[str, int]) -> None:
    assert split_host(text, 25) == expected


async def test_a_route_may_hold_mail_until_somebody_releases_it() -> None:
    route = (RouteSection(to=["there.test"], hold=True),)
    async with with_peer(route=route) as (box, peer):
        queue = await box.submit("bob@there.test")
        await box.scheduler.run_due()
        [standing] = box.queue.entries[0].recipients
        assert (standing.state, standing.tries, standing.code) == ("held", 0, "4.7.0")
        assert (peer.connections, len(box.queue.named("held")), box.reports()) == (0, 1, [])
        box.clock.advance(10**6)
        await box.scheduler.run_due()
        assert peer.connections == 0
        await box.queue.write(OPERATOR, lambda tx: tx.release_queued(queue))
        await box.scheduler.run_due()
        assert (len(peer.taken), box.queue.entries) == (1, [])
