"""TLS at listeners: from the first octet, begun midway, by host name, renewed while running."""

import asyncio
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from mailcore.server.listener import Listener, TlsMode
from mailcore.server.tls import Certificate, Contexts, TlsError, TlsSettings
from tests.support.certificates import Authority
from tests.support.talk import client, stand


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def at(tls: TlsMode) -> Listener:
    return Listener("test", "echo", "127.0.0.1", 0, tls=tls)


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.ca_file))


def served_name(channel: ssl.SSLObject) -> str:
    found = channel.getpeercert()
    assert found is not None
    return str(dict(found["subjectAltName"])["DNS"])  # type: ignore[arg-type]  # pairs of strings


async def test_implicit_tls_serves_the_certificate_of_the_asked_host(authority: Authority) -> None:
    one, two = authority.sign("one", "one.test"), authority.sign("two", "two.test", "*.wild.test")
    contexts = Contexts(TlsSettings((Certificate(*one), Certificate(*two))))
    async with stand(at("implicit"), tls=contexts.current) as here:
        for name, expected in (("one.test", "one.test"), ("two.test", "*.wild.test"), ("a.wild.test", "*.wild.test")):
            async with client(here.port, tls=trusting(authority), name=name) as caller:
                assert await caller.line() == "* hello"
                assert served_name(caller.writer.get_extra_info("ssl_object")) == expected


async def test_an_unknown_host_name_gets_the_first_certificate(authority: Authority) -> None:
    contexts = Contexts(
        TlsSettings((Certificate(*authority.sign("one", "one.test")), Certificate(*authority.sign("two", "two.test"))))
    )
    lenient = trusting(authority)
    lenient.check_hostname = False
    async with (
        stand(at("implicit"), tls=contexts.current) as here,
        client(here.port, tls=lenient, name="else.test") as caller,
    ):
        assert await caller.line() == "* hello"
        assert served_name(caller.writer.get_extra_info("ssl_object")) == "one.test"


async def test_starttls_discards_what_was_sent_ahead(authority: Authority) -> None:
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("one", "one.test")),)))
    async with stand(at("start"), tls=contexts.current) as here, client(here.port) as caller:
        await caller.line()
        caller.send(b"STARTTLS\r\nECHO injected\r\n")
        assert await caller.line() == "go ahead"
        await caller.start_tls(trusting(authority), "one.test")
        assert await caller.ask("ECHO mine") == "mine"


async def test_a_line_half_sent_before_starttls_is_not_finished_behind_it(authority: Authority) -> None:
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("one", "one.test")),)))
    async with stand(at("start"), tls=contexts.current) as here, client(here.port) as caller:
        await caller.line()
        caller.send(b"STARTTLS\r\nECHO injected ")
        assert await caller.line() == "go ahead"
        await caller.start_tls(trusting(authority), "one.test")
        assert await caller.ask("ECHO mine") == "mine"


async def test_a_session_knows_its_channel(authority: Authority) -> None:
    cert_file, key_file = authority.sign("one", "one.test")
    contexts = Contexts(TlsSettings((Certificate(cert_file, key_file),)))
    async with stand(at("start"), tls=contexts.current) as here, client(here.port) as caller:
        await caller.line()
        connection = here.stage.connections[0]
        assert connection.can_start_tls
        assert not connection.secure
        assert await caller.ask("STARTTLS") == "go ahead"
        await caller.start_tls(trusting(authority), "one.test")
        await caller.ask("ECHO x")
        leaf = x509.load_pem_x509_certificate(cert_file.read_bytes())
        assert connection.secure
        assert not connection.can_start_tls
        assert connection.tls is not None
        assert (connection.tls.version, connection.tls.end_point) == ("TLSv1.3", leaf.fingerprint(hashes.SHA256()))


async def test_the_binding_is_of_the_certificate_that_sni_chose(authority: Authority) -> None:
    one, two = authority.sign("one", "one.test"), authority.sign("two", "two.test")
    contexts = Contexts(TlsSettings((Certificate(*one), Certificate(*two))))
    async with (
        stand(at("implicit"), tls=contexts.current) as here,
        client(here.port, tls=trusting(authority), name="two.test") as caller,
    ):
        await caller.line()
        tls = here.stage.connections[0].tls
        assert tls is not None
        assert tls.end_point == x509.load_pem_x509_certificate(two[0].read_bytes()).fingerprint(hashes.SHA256())


async def test_a_client_certificate_names_its_holder(authority: Authority) -> None:
    settings = TlsSettings(
        (Certificate(*authority.sign("one", "one.test")),), ca_file=authority.ca_file, client_auth=True
    )
    contexts, mine = Contexts(settings), trusting(authority)
    mine.load_cert_chain(*authority.sign("alice", "alice", mail="alice@example.test"))
    async with stand(at("implicit"), tls=contexts.current) as here:
        async with client(here.port, tls=mine, name="one.test") as caller:
            await caller.line()
        async with client(here.port, tls=trusting(authority), name="one.test") as caller:
            await caller.line()
        named = [connection.tls.subject for connection in here.stage.connections if connection.tls is not None]
        assert named == ["alice@example.test", ""]


async def test_a_reload_is_seen_by_new_handshakes_only(authority: Authority) -> None:
    cert_file, key_file = authority.sign("live", "old.test", "same.test")
    contexts = Contexts(TlsSettings((Certificate(cert_file, key_file),)))
    async with (
        stand(at("implicit"), tls=contexts.current) as here,
        client(here.port, tls=trusting(authority), name="same.test") as before,
    ):
        await before.line()
        authority.sign("live", "same.test", "new.test")
        contexts.reload()
        async with client(here.port, tls=trusting(authority), name="new.test") as after:
            assert await after.line() == "* hello"
        assert await before.ask("ECHO still here") == "still here"


async def test_broken_new_files_leave_the_old_certificate_in_place(authority: Authority) -> None:
    cert_file, key_file = authority.sign("live", "one.test")
    contexts = Contexts(TlsSettings((Certificate(cert_file, key_file),)))
    cert_file.write_text("not a certificate")
    with pytest.raises(TlsError, match=r"live\.crt with .*live\.key: not a PEM certificate"):
        contexts.reload()
    async with (
        stand(at("implicit"), tls=contexts.current) as here,
        client(here.port, tls=trusting(authority), name="one.test") as caller,
    ):
        assert await caller.line() == "* hello"


async def test_a_plain_client_at_a_tls_port_is_noted_and_dropped(authority: Authority) -> None:
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("one", "one.test")),)))
    async with stand(at("implicit"), tls=contexts.current) as here, client(here.port, first=b"EHLO x\r\n") as caller:
        assert "* hello" not in await caller.line()
        facts = await asyncio.wait_for(here.log.until("tls_failed"), 5)
        assert facts["peer"] == "127.0.0.1"


async def test_a_handshake_that_never_comes_is_given_up(authority: Authority) -> None:
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("one", "one.test")),)))
    listener = Listener("test", "echo", "127.0.0.1", 0, tls="implicit", handshake=0.1)
    async with stand(listener, tls=contexts.current) as here, client(here.port):
        facts = await asyncio.wait_for(here.log.until("tls_failed"), 5)
        assert facts["peer"] == "127.0.0.1"


def test_tls_before_1_2_and_compression_are_off(authority: Authority) -> None:
    contexts = Contexts(TlsSettings((Certificate(*authority.sign("one", "one.test")),)))
    assert contexts.current().minimum_version == ssl.TLSVersion.TLSv1_2
    assert contexts.current().options & ssl.OP_NO_COMPRESSION


async def test_without_a_certificate_the_listener_runs_and_does_not_offer_tls() -> None:
    async with stand(at("start")) as here, client(here.port) as caller:
        assert await caller.line() == "* hello"
        assert not here.stage.connections[0].can_start_tls
