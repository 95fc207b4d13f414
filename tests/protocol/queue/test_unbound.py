"""DANE by a real resolver that checks DNSSEC: unbound, over a zone that is signed here."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mailcore.server.dns import DnsSettings, NameServer, Resolver, TryAgain
from mailcore.smtp.demands import Demands
from mailcore.smtp.route import Router
from mailcore.smtp.ways import Ways
from tests.protocol.queue.test_demands import shown, tlsa
from tests.protocol.queue.test_sending_tls import server_context
from tests.support.certificates import Authority
from tests.support.outbox import config
from tests.support.patience import until_listens
from tests.support.ports import free_port

SECONDS = 20
ZONE = """
@ 300 IN SOA ns.signed.test. root.signed.test. 1 3600 600 86400 60
@ 300 IN NS ns.signed.test.
ns 300 IN A 127.0.0.1
@ 300 IN MX 10 mx.signed.test.
mx 300 IN A 127.0.0.1
_25._tcp.mx 300 IN TLSA {tlsa}
forged 300 IN MX 10 mx.signed.test.
plain 300 IN MX 10 mx.plain.test.
"""
PLAIN = """
$ORIGIN plain.test.
@ 300 IN SOA ns.plain.test. root.plain.test. 1 3600 600 86400 60
@ 300 IN NS ns.plain.test.
@ 300 IN MX 10 mx.plain.test.
mx 300 IN A 127.0.0.1
_25._tcp.mx 300 IN TLSA {tlsa}
"""
CONF = """
server:
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    logfile: ""
    interface: 127.0.0.1@{port}
    do-not-query-localhost: no
    local-zone: "test." nodefault
    trust-anchor: "{anchor}"
    domain-insecure: "plain.test."
remote-control:
    control-enable: no
auth-zone:
    name: "signed.test."
    zonefile: "{folder}/signed.zone"
    for-downstream: no
    for-upstream: yes
    fallback-enabled: no
auth-zone:
    name: "plain.test."
    zonefile: "{folder}/plain.zone"
    for-downstream: no
    for-upstream: yes
    fallback-enabled: no
"""


@dataclass(frozen=True)
class Checked:
    """A resolver that runs, and what its zones name."""

    port: int
    record: str

    def resolver(self, **how: bool) -> Resolver:
        server = NameServer(1, "127.0.0.1", self.port, validating=how.get("server", False))
        return Resolver(DnsSettings(timeout=5, retries=0, servers=(server,), validating=how.get("host", False)))


@pytest.fixture(scope="module")
def unbound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    program = shutil.which("unbound") or shutil.which("unbound", path="/usr/sbin")
    assert program, "unbound is not here: sh tests/support/install.sh $(cat tests/support/packages.txt)"
    folder = tmp_path_factory.mktemp("unbound")
    authority = Authority(folder)
    server_context(authority, "mx.signed.test")
    record = tlsa(3, 1, 1, shown(authority, "mx.signed.test"))
    anchor = _sign(folder, ZONE.format(tlsa=record))
    (folder / "plain.zone").write_text(PLAIN.format(tlsa=record))
    running, port = _started(program, folder, anchor)
    try:
        yield Checked(port, record)
    finally:
        running.terminate()
        running.communicate(timeout=SECONDS)


def _started(program: str, folder: Path, anchor: str) -> tuple[subprocess.Popen[bytes], int]:
    """It runs, and listens at this port."""
    port, conf = free_port(), folder / "unbound.conf"
    conf.write_text(CONF.format(folder=folder, port=port, anchor=anchor))
    running = subprocess.Popen([program, "-d", "-c", conf], stderr=subprocess.PIPE)
    until_listens(port, running)
    return running, port


def _sign(folder: Path, text: str) -> str:
    """Writes the zone, signed, with one record changed behind its signature; gives the trust anchor."""
    zone = dns.zone.from_text(text, origin="signed.test.", relativize=False)
    key = ec.generate_private_key(ec.SECP256R1())
    public = dns.dnssec.make_dnskey(key.public_key(), dns.dnssec.Algorithm.ECDSAP256SHA256, flags=257)
    dns.dnssec.sign_zone(zone, keys=[(key, public)], lifetime=86400, add_dnskey=True)
    signed = zone.to_text(relativize=False)
    said = "forged.signed.test. 300 IN MX 10 mx.signed.test."
    assert said in signed
    (folder / "signed.zone").write_text(signed.replace(said, said.replace(" 10 ", " 20 ")) + "\n")
    origin = dns.name.from_text("signed.test.")
    return f"signed.test. DS {dns.dnssec.make_ds(origin, public, 'SHA256').to_text()}"


async def policies(dns: Resolver, domain: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """Host, policy and records for mail to a domain."""
    settings = config(mx_port=25)
    settings = replace(settings, listeners=())
    way = Ways(settings.smtp, settings.host).find(domain, "a@here.test")
    hops = await Router(settings, dns).hops(domain, way)
    return [(hop.name, demand.policy, demand.said) for hop, demand in await Demands(dns).of(domain, way, hops)]


@pytest.mark.parametrize("how", ["server", "host"])
async def test_what_unbound_has_checked_is_believed_when_it_is_declared(unbound: Checked, how: str) -> None:
    dns = unbound.resolver(**{how: True})
    assert await policies(dns, "signed.test") == [("mx.signed.test", "tlsa", (unbound.record,))]


async def test_nobody_is_believed_who_was_not_declared(unbound: Checked) -> None:
    assert await policies(unbound.resolver(), "signed.test") == [("mx.signed.test", "no-policy-found", ())]


@pytest.mark.parametrize("domain", ["plain.test", "plain.signed.test"])
async def test_records_of_a_zone_without_signatures_are_none(unbound: Checked, domain: str) -> None:
    assert await policies(unbound.resolver(server=True), domain) == [("mx.plain.test", "no-policy-found", ())]


async def test_what_was_changed_on_the_way_is_no_answer(unbound: Checked) -> None:
    with pytest.raises(TryAgain, match="SERVFAIL"):
        await unbound.resolver(server=True).query("forged.signed.test", "MX")
