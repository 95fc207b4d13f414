"""TLS and login on the way out."""

import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mailcore.smtp.demands import Contexts
from tests.support.certificates import Authority
from tests.support.outbox import Outbox, config, outbox, with_peer
from tests.support.smtppeer import EXTENSIONS, Peer, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def server_context(authority: Authority, host: str) -> ssl.SSLContext:
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(*map(str, authority.sign(host, host)))
    return made


def client_contexts(ca_file: Path) -> Contexts:
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    checked = ssl.create_default_context(cafile=str(ca_file))
    return Contexts(anybody, lambda: checked)


@asynccontextmanager
async def relay(authority: Authority, peer: Peer, **smtp: object) -> AsyncIterator[Outbox]:
    """The bench with the peer as its smart host `relay.test`."""
    async with serving(peer):
        settings = config(smart_host=f"relay.test:{peer.port}", **smtp)
        async with outbox(settings, tls=client_contexts(authority.ca_file)) as box:
            box.zone.records[("relay.test.", "A")] = ["127.0.0.1"]
            await box.submit("bob@there.test")
            await box.scheduler.run_due()
            yield box


async def test_mail_is_encrypted_when_the_peer_offers_it_whoever_signed_its_certificate(authority: Authority) -> None:
    peer = Peer(tls=server_context(authority, "other.name.test"))
    async with with_peer(peer) as (box, peer):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert (peer.secured, len(peer.taken)) == (1, 1)
        assert len(peer.commands("EHLO")) == 2
        assert box.counters.total("SMTP_OutboundConnectionSSL") == 1


async def test_mail_goes_without_tls_when_the_handshake_fails() -> None:
    broken = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # it has no certificate
    async with with_peer(Peer(tls=broken)) as (box, peer):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert (peer.connections, peer.secured, len(peer.taken)) == (2, 0, 1)
        assert box.log.named("tls_failed")[0]["host"] == "mx1.there.test"


async def test_mail_goes_without_tls_when_the_peer_says_not_now(authority: Authority) -> None:
    peer = Peer(tls=server_context(authority, "mx"), answers={"STARTTLS": "454 4.7.0 not now"})
    async with with_peer(peer) as (box, peer):
        await box.submit("bob@there.test")
        await box.scheduler.run_due()
        assert (peer.connections, len(peer.taken)) == (1, 1)


async def test_a_smart_host_with_tls_and_login_gets_the_mail(authority: Authority) -> None:
    peer = Peer(tls=server_context(authority, "relay.test"), extensions=(*EXTENSIONS, "AUTH PLAIN LOGIN"))
    async with relay(
        authority, peer, smart_host_tls="required", smart_host_user="me", smart_host_password="secret"
    ) as box:
        assert (peer.secured, len(peer.taken)) == (1, 1)
        (line,) = peer.commands("AUTH")
        assert base64.b64decode(line.split(" ")[2]) == b"\0me\0secret"
        assert box.queue.entries == []


async def test_a_smart_host_with_implicit_tls_gets_the_mail(authority: Authority) -> None:
    peer = Peer(tls=server_context(authority, "relay.test"), tls_first=True)
    async with relay(authority, peer, smart_host_tls="implicit") as box:
        assert len(peer.taken) == 1
        assert box.counters.total("SMTP_OutboundConnectionSSL") == 1


@pytest.mark.parametrize("mode", ["required", "implicit"])
async def test_a_smart_host_with_another_name_in_its_certificate_gets_nothing(authority: Authority, mode: str) -> None:
    peer = Peer(tls=server_context(authority, "other.test"), tls_first=mode == "implicit")
    async with relay(authority, peer, smart_host_tls=mode) as box:
        assert peer.taken == []
        assert list(box.waiting()) == ["bob@there.test"]


async def test_a_smart_host_that_must_encrypt_and_does_not_offer_it_gets_nothing(authority: Authority) -> None:
    peer = Peer()
    async with relay(authority, peer, smart_host_tls="required") as box:
        assert peer.commands("MAIL") == []
        assert box.waiting() == {"bob@there.test": "4.7.10"}


async def test_a_password_is_not_said_without_tls(authority: Authority) -> None:
    peer = Peer(extensions=("AUTH PLAIN",))
    async with relay(authority, peer, smart_host_user="me", smart_host_password="secret") as box:
        assert peer.commands("AUTH") == []
        assert box.waiting() == {"bob@there.test": "4.7.10"}


async def test_a_password_is_said_without_tls_when_the_administrator_wants_no_tls(authority: Authority) -> None:
    peer = Peer(extensions=("AUTH PLAIN",))
    async with relay(authority, peer, smart_host_tls="none", smart_host_user="me", smart_host_password="secret") as box:
        assert len(peer.commands("AUTH")) == len(peer.taken) == 1
        assert box.queue.entries == []


async def test_a_refused_login_is_a_temporary_failure_and_the_password_is_in_no_log(authority: Authority) -> None:
    peer = Peer(extensions=("AUTH PLAIN",), answers={"AUTH": "535 5.7.8 wrong"})
    async with relay(authority, peer, smart_host_tls="none", smart_host_user="me", smart_host_password="secret") as box:
        assert box.waiting() == {"bob@there.test": "4.7.8"}
        assert "secret" not in repr(box.log.events)
