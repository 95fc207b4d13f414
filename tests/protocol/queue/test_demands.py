"""TLS that must be: DANE, MTA-STS, and what is counted of it."""

import asyncio
import hashlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from groupware.model.tls import StsPolicy
from mailcore.server.sections_sending import RouteSection
from mailcore.smtp.demands import Demands
from mailcore.smtp.sts import Policies
from mailcore.smtp.tally import Tally
from tests.protocol.queue.test_sending_tls import client_contexts, server_context
from tests.support.certificates import Authority
from tests.support.eventlog import RecordingLog
from tests.support.outbox import Outbox, config, mx, outbox
from tests.support.smtppeer import Peer, serving

HOST = "mx1.there.test"
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: {mx}\r\nmax_age: 604800\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("strange"))


def shown(authority: Authority, host: str = HOST) -> x509.Certificate:
    """The certificate that a host was given last."""
    return x509.load_pem_x509_certificate((authority.folder / f"{host}.crt").read_bytes())


def tlsa(usage: int, selector: int, matching: int, certificate: x509.Certificate) -> str:
    octets = certificate.public_bytes(Encoding.DER)
    if selector:
        octets = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = {0: bytes, 1: lambda each: hashlib.sha256(each).digest(), 2: lambda each: hashlib.sha512(each).digest()}
    return f"{usage} {selector} {matching} {cast(Any, digest[matching])(octets).hex()}"


@dataclass
class Site:
    """A web server with a policy; `answer` is what it says."""

    context: ssl.SSLContext
    answer: bytes = b""
    asked: list[bytes] = field(default_factory=list)
    port: int = 0

    def says(self, text: str, *, status: str = "200 OK", kind: str = "text/plain") -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n"
        self.answer = f"{head}Location: https://elsewhere.test/\r\n\r\n{text}".encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def web(context: ssl.SSLContext) -> AsyncIterator[Site]:
    site = Site(context)
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=context)
    site.port = server.sockets[0].getsockname()[1]
    async with server:
        yield site


@asynccontextmanager
async def bench(
    authority: Authority,
    peer: Peer,
    site: Site | None = None,
    *,
    clock: Any = None,
    signed: bool = True,
    private: bool = True,
    **smtp: object,
) -> AsyncIterator[tuple[Outbox, Tally]]:
    """The bench with a peer for `there.test`, DNSSEC, and the policies of domains."""
    contexts, tally = client_contexts(authority.ca_file), Tally()

    def demands(dns: Any, queue: Any, zone: Any) -> Demands:
        if site is None:
            return Demands(dns)
        how = {"clock": clock} if clock else {}
        return Demands(
            dns, Policies(queue, dns, contexts.checked, RecordingLog(), port=site.port, private=private, **how)
        )

    async with (
        serving(peer),
        outbox(config(mx_port=peer.port, **smtp), tls=contexts, demands=demands, tally=tally) as box,
    ):
        mx(box.zone, "there.test", "127.0.0.1")
        box.zone.signed = signed
        if site is not None:
            box.zone.records[("mta-sts.there.test.", "A")] = ["127.0.0.1"]
            box.zone.records[("_mta-sts.there.test.", "TXT")] = ['"v=STSv1; id=1;"']
        yield box, tally


async def sent(box: Outbox) -> bool:
    """Whether a message goes through at once."""
    before = len(box.queue.named("sent"))
    await box.submit("bob@there.test")
    await box.scheduler.run_due()
    return len(box.queue.named("sent")) > before


async def counted(box: Outbox, tally: Tally) -> Counter[tuple[str, str]]:
    """What was counted, by policy and result."""
    await tally.write_down(cast(Any, box.queue))
    found: Counter[tuple[str, str]] = Counter()
    for each in box.queue.state.tls:
        assert (each.domain, each.host) == ("there.test", HOST)
        found[each.policy, each.result] += each.count
    return found


def encrypted(authority: Authority, host: str = HOST) -> Peer:
    return Peer(tls=server_context(authority, host))


# --- DANE


@pytest.mark.parametrize(("selector", "matching"), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)])
async def test_dane_takes_the_certificate_that_dns_names_whoever_signed_it(
    authority: Authority, stranger: Authority, selector: int, matching: int
) -> None:
    peer = encrypted(stranger, "some.other.name.test")
    record = tlsa(3, selector, matching, shown(stranger, "some.other.name.test"))
    async with bench(authority, peer) as (box, tally):
        box.zone.records[(f"_{peer.port}._tcp.{HOST}.", "TLSA")] = ["3 1 1 " + "00" * 32, record]
        assert await sent(box)
        assert (peer.secured, len(peer.taken)) == (1, 1)
        assert await counted(box, tally) == {("tlsa", "success"): 1}


async def test_dane_refuses_another_certificate_though_an_authority_signed_it(authority: Authority) -> None:
    peer = encrypted(authority)
    async with bench(authority, peer) as (box, tally):
        box.zone.records[(f"_{peer.port}._tcp.{HOST}.", "TLSA")] = ["3 1 1 " + "00" * 32]
        assert not await sent(box)
        assert box.waiting() == {"bob@there.test": "4.7.5"}
        assert (peer.commands("MAIL"), peer.taken) == ([], [])
        assert await counted(box, tally) == {("tlsa", "validation-failure"): 1}


async def test_dane_refuses_a_host_that_offers_no_tls(authority: Authority) -> None:
    async with bench(authority, peer := Peer()) as (box, tally):
        box.zone.records[(f"_{peer.port}._tcp.{HOST}.", "TLSA")] = ["3 1 1 " + "00" * 32]
        assert not await sent(box)
        assert (box.waiting(), peer.commands("MAIL")) == ({"bob@there.test": "4.7.10"}, [])
        assert await counted(box, tally) == {("tlsa", "starttls-not-supported"): 1}


@pytest.mark.parametrize(("name", "goes"), [(HOST, True), ("there.test", True), ("wrong.test", False)])
@pytest.mark.parametrize(("selector", "matching"), [(0, 0), (0, 1), (1, 1)])
async def test_dane_below_a_trust_anchor_wants_the_name_as_well(
    authority: Authority, stranger: Authority, name: str, goes: bool, selector: int, matching: int
) -> None:
    peer = encrypted(stranger, name)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    chain = stranger.folder / "chain.pem"
    chain.write_bytes((stranger.folder / f"{name}.crt").read_bytes() + stranger.ca_file.read_bytes())
    context.load_cert_chain(chain, stranger.folder / f"{name}.key")
    peer.tls = context
    anchor = x509.load_pem_x509_certificate(stranger.ca_file.read_bytes())
    async with bench(authority, peer) as (box, _):
        box.zone.records[(f"_{peer.port}._tcp.{HOST}.", "TLSA")] = [tlsa(2, selector, matching, anchor)]
        assert await sent(box) is goes


async def test_an_anchor_that_has_not_signed_the_certificate_is_no_help(
    authority: Authority, stranger: Authority
) -> None:
    peer = encrypted(stranger)
    anchor = x509.load_pem_x509_certificate(authority.ca_file.read_bytes())
    async with bench(authority, peer) as (box, _):
        box.zone.records[(f"_{peer.port}._tcp.{HOST}.", "TLSA")] = [tlsa(2, 0, 0, anchor)]
        assert not await sent(box)


async def test_records_that_smtp_cannot_use_make_tls_a_must_and_nothing_more(
    authority: Authority, stranger: Authority
) -> None:
    peer = encrypted(stranger)
    async with bench(authority, peer) as (box, _):
        box.zone.records[(f"_{peer.port}._tcp.{HOST}.", "TLSA")] = ["1 1 1 " + "00" * 32]
        assert await sent(box)
        peer.tls = None
        assert not await sent(box)


@pytest.mark.parametrize("where", ["unsigned", "no.dane"])
async def test_records_that_nothing_proves_are_not_looked_at(authority: Authority, where: str) -> None:
    peer = encrypted(authority)
    async with bench(authority, peer, signed=where != "unsigned") as (box, tally):
        if where == "no.dane":
            box.courier._demands._dane = False  # type: ignore[attr-defined]
        box.zone.records[(f"_{peer.port}._tcp.{HOST}.", "TLSA")] = ["3 1 1 " + "00" * 32]
        assert await sent(box)
        assert await counted(box, tally) == {("no-policy-found", "success"): 1}


async def test_records_that_somebody_hides_stop_the_mail(authority: Authority) -> None:
    peer = encrypted(authority)
    async with bench(authority, peer) as (box, tally):
        box.zone.refused = (f"_{peer.port}._tcp.{HOST}.",)
        assert not await sent(box)
        assert (box.waiting(), peer.connections) == ({"bob@there.test": "4.7.5"}, 0)
        assert await counted(box, tally) == {("tlsa", "dnssec-invalid"): 1}


async def test_the_next_host_is_tried_when_the_first_has_the_wrong_certificate(
    authority: Authority, stranger: Authority
) -> None:
    good = encrypted(authority, "mx2.there.test")
    async with (
        bench(authority, peer := encrypted(stranger)) as (box, _),
        serving(good, host="127.0.0.3", port=peer.port),
    ):
        mx(box.zone, "there.test", "127.0.0.1", "127.0.0.3")
        box.zone.records[(f"_{peer.port}._tcp.{HOST}.", "TLSA")] = ["3 1 1 " + "00" * 32]
        assert await sent(box)
        assert (peer.taken, len(good.taken)) == ([], 1)


# --- MTA-STS


async def test_a_policy_is_fetched_once_and_followed(authority: Authority) -> None:
    async with (
        web(server_context(authority, "mta-sts.there.test")) as site,
        bench(authority, peer := encrypted(authority), site) as (box, tally),
    ):
        site.says(POLICY.format(mx="*.there.test"))
        assert await sent(box) and await sent(box)
        assert [each.split(b"\r\n")[0] for each in site.asked] == [b"GET /.well-known/mta-sts.txt HTTP/1.1"]
        assert b"\r\nHost: mta-sts.there.test\r\n" in site.asked[0]
        assert len(peer.taken) == 2
        assert await counted(box, tally) == {("sts", "success"): 2}
        assert box.queue.state.policies["there.test"].hosts == ("*.there.test",)


async def test_a_policy_at_an_address_of_our_own_network_is_not_asked_for(authority: Authority) -> None:
    async with (
        web(server_context(authority, "mta-sts.there.test")) as site,
        bench(authority, encrypted(authority), site, private=False) as (box, tally),
    ):
        site.says(POLICY.format(mx="*.there.test"))
        assert await sent(box)
        assert (site.asked, box.queue.state.policies) == ([], {})
        assert ("no-policy-found", "sts-policy-fetch-error") in await counted(box, tally)


async def test_a_host_that_the_policy_does_not_name_gets_nothing(authority: Authority) -> None:
    async with (
        web(server_context(authority, "mta-sts.there.test")) as site,
        bench(authority, peer := encrypted(authority), site) as (box, tally),
    ):
        site.says(POLICY.format(mx="other.test"))
        assert not await sent(box)
        assert (box.waiting(), peer.connections) == ({"bob@there.test": "4.7.5"}, 0)
        assert await counted(box, tally) == {("sts", "validation-failure"): 1}


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ("name", "certificate-host-mismatch"),
        ("signer", "certificate-not-trusted"),
        ("plain", "starttls-not-supported"),
    ],
)
@pytest.mark.parametrize("mode", ["enforce", "testing", "none"])
async def test_what_is_wrong_with_a_host_stops_the_mail_only_where_the_policy_is_in_force(
    authority: Authority, stranger: Authority, fault: str, failure: str, mode: str
) -> None:
    peers = {"name": encrypted(authority, "other.test"), "signer": encrypted(stranger), "plain": Peer()}
    async with (
        web(server_context(authority, "mta-sts.there.test")) as site,
        bench(authority, peer := peers[fault], site) as (box, tally),
    ):
        site.says(POLICY.format(mx=HOST).replace("enforce", mode))
        assert await sent(box) is (mode != "enforce")
        assert len(peer.taken) == (mode != "enforce")
        if mode != "none":
            assert await counted(box, tally) == {("sts", failure): 1}


async def test_dane_goes_before_mta_sts(authority: Authority, stranger: Authority) -> None:
    peer = encrypted(stranger)
    async with (
        web(server_context(authority, "mta-sts.there.test")) as site,
        bench(authority, peer, site) as (box, tally),
    ):
        site.says(POLICY.format(mx="other.test"))
        box.zone.records[(f"_{peer.port}._tcp.{HOST}.", "TLSA")] = [tlsa(3, 1, 1, shown(stranger))]
        assert await sent(box)
        assert (site.asked, await counted(box, tally)) == ([], {("tlsa", "success"): 1})


@pytest.mark.parametrize("fault", ["status", "redirect", "type", "long", "rubbish", "certificate", "away"])
async def test_a_policy_that_cannot_be_had_is_none_and_the_one_that_holds_stays(
    authority: Authority, stranger: Authority, fault: str
) -> None:
    signer = stranger if fault == "certificate" else authority
    async with (
        web(server_context(signer, "mta-sts.there.test")) as site,
        bench(authority, peer := Peer(), site) as (box, tally),
    ):
        text = POLICY.format(mx=HOST)
        site.says(
            {"long": text + "x: y\r\n" * 20_000, "rubbish": "version: STSv1\r\nmode: maybe\r\n"}.get(fault, text),
            status={"status": "404 Not Found", "redirect": "301 Moved Permanently"}.get(fault, "200 OK"),
            kind="text/html" if fault == "type" else "text/plain; charset=utf-8",
        )
        if fault == "away":
            del box.zone.records[("mta-sts.there.test.", "A")]
        assert await sent(box)
        trouble = {"long": "invalid", "rubbish": "invalid", "type": "invalid", "certificate": "webpki"}.get(fault)
        name = {"invalid": "sts-policy-invalid", "webpki": "sts-webpki-invalid"}.get(trouble or "")
        assert (await counted(box, tally))["no-policy-found", name or "sts-policy-fetch-error"] == 1
        assert box.queue.state.policies == {}
        box.queue.state.policies["there.test"] = StsPolicy("there.test", "0", "enforce", (HOST,), 2**40)
        box.courier._demands._policies._known.clear()  # type: ignore[attr-defined]
        assert not await sent(box)
        assert len(peer.taken) == 1


async def test_a_policy_holds_until_it_expires_though_dns_forgets_it(authority: Authority) -> None:
    now = [1_000_000.0]
    async with (
        web(server_context(authority, "mta-sts.there.test")) as site,
        bench(authority, Peer(), site, clock=lambda: now[0]) as (box, _),
    ):
        site.says(POLICY.format(mx=HOST))
        assert not await sent(box)
        del box.zone.records[("_mta-sts.there.test.", "TXT")]
        box.dns.flush()
        now[0] += 604_000
        assert not await sent(box)
        now[0] += 1_000
        assert await sent(box)


async def test_a_new_id_brings_a_new_policy(authority: Authority) -> None:
    now = [1_000_000.0]
    async with (
        web(server_context(authority, "mta-sts.there.test")) as site,
        bench(authority, Peer(), site, clock=lambda: now[0]) as (box, _),
    ):
        site.says(POLICY.format(mx=HOST))
        assert not await sent(box)
        site.says(POLICY.format(mx=HOST).replace("enforce", "none"))
        now[0] += 400
        assert not await sent(box)
        box.zone.records[("_mta-sts.there.test.", "TXT")] = ['"v=STSv1; id=2;"']
        box.dns.flush()
        now[0] += 400
        assert await sent(box)
        assert len(site.asked) == 2


# --- the administrator's word


@pytest.mark.parametrize(("tls", "goes"), [("none", True), ("required", True), ("verified", False)])
async def test_a_route_says_what_tls_there_has_to_be(
    stranger: Authority, authority: Authority, tls: str, goes: bool
) -> None:

    peer = encrypted(stranger)
    async with bench(authority, peer, route=(RouteSection(to=["there.test"], tls=tls),)) as (box, _):
        assert await sent(box) is goes
        assert peer.secured == (tls == "required")


# --- REQUIRETLS, and its contrary


def promising(peer: Peer) -> Peer:
    peer.extensions = (*peer.extensions, "REQUIRETLS")
    return peer


async def outcome(box: Outbox, **more: object) -> str:
    """`sent`, or the code of why not."""
    before = len(box.queue.named("sent"))
    await box.submit("bob@there.test", **more)
    await box.scheduler.run_due()
    if len(box.queue.named("sent")) > before:
        return "sent"
    failed = box.queue.named("failed")
    return str(failed[-1].facts["code"]) if failed else box.waiting()["bob@there.test"]


async def test_what_requires_tls_goes_to_a_host_that_is_proved_and_promises_the_same(authority: Authority) -> None:
    async with bench(authority, peer := promising(encrypted(authority))) as (box, _):
        assert await outcome(box, require_tls=True) == "sent"
        assert peer.commands("MAIL")[0].endswith(" REQUIRETLS")
        assert await outcome(box) == "sent"
        assert "REQUIRETLS" not in peer.commands("MAIL")[1]


async def test_or_one_that_mta_sts_names(authority: Authority) -> None:
    async with (
        web(server_context(authority, "mta-sts.there.test")) as site,
        bench(authority, promising(encrypted(authority)), site, signed=False) as (box, _),
    ):
        site.says(POLICY.format(mx="*.there.test"))
        assert await outcome(box, require_tls=True) == "sent"


async def test_it_goes_back_from_a_host_that_does_not_promise(authority: Authority) -> None:
    async with bench(authority, peer := encrypted(authority)) as (box, _):
        assert await outcome(box, require_tls=True) == "5.7.30"
        assert peer.commands("MAIL") == []
        [report] = box.report_entries()
        assert report.require_tls
        assert [each.get_content_type() for each in box.reports()[0].iter_parts()][-1] == "text/rfc822-headers"


async def test_and_from_one_whose_name_nothing_proves(authority: Authority) -> None:
    async with bench(authority, peer := promising(encrypted(authority)), signed=False) as (box, tally):
        assert await outcome(box, require_tls=True) == "5.7.30"
        assert peer.commands("MAIL") == []
        assert await counted(box, tally) == {}  # nobody has failed there: it was not asked


async def test_a_certificate_of_nobody_is_none(authority: Authority, stranger: Authority) -> None:
    async with bench(authority, peer := promising(encrypted(stranger))) as (box, _):
        assert await outcome(box, require_tls=True) == "4.7.5"
        assert peer.commands("MAIL") == []


async def test_nor_is_tls_that_was_not_begun(authority: Authority) -> None:
    async with bench(authority, peer := promising(Peer())) as (box, _):
        assert await outcome(box, require_tls=True) == "4.7.10"
        assert peer.commands("MAIL") == []


WAIVED = b"From: a@here.test\r\nTLS-Required: No\r\n\r\nhello\r\n"


async def test_who_does_not_require_it_gets_through_though_a_policy_forbids(authority: Authority) -> None:
    async with (
        web(server_context(authority, "mta-sts.there.test")) as site,
        bench(authority, peer := Peer(), site) as (box, tally),
    ):
        site.says(POLICY.format(mx="other.test"))
        assert await outcome(box) == "4.7.5"
        before = await counted(box, tally)
        assert await outcome(box, octets=WAIVED) == "sent"
        assert len(peer.taken) == 1
        assert await counted(box, tally) == before  # RFC 8460 §3: a report is not reported on


async def test_but_not_against_what_the_message_requires(authority: Authority) -> None:
    async with bench(authority, peer := Peer()) as (box, _):
        assert await outcome(box, octets=WAIVED, require_tls=True) == "4.7.10"
        assert peer.taken == []


async def test_nor_against_the_administrator(authority: Authority) -> None:
    route = RouteSection(to=("there.test",), tls="required")
    async with bench(authority, peer := Peer(), route=(route,)) as (box, _):
        assert await outcome(box, octets=WAIVED) == "4.7.10"
        assert peer.taken == []
