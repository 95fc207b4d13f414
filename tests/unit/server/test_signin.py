"""Signing in on one connection: what is offered, what fails how, what is counted."""

import base64
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from groupware.directory.api import Login
from groupware.directory.password import Digest, ScramKeys
from groupware.model.errors import BadCredentials, TryAgain
from groupware.model.event import Target
from groupware.model.ids import AccountId
from groupware.model.principal import Principal
from groupware.store.bus import LocalBus
from mailcore.server.connection import Connection
from mailcore.server.counters import Counters
from mailcore.server.dialogue import TlsInfo
from mailcore.server.listener import Listener
from mailcore.server.parts import Parts
from mailcore.server.sections import ServiceSection
from mailcore.server.signin import Desk, Rejected, SignIn
from tests.support.eventlog import RecordingLog

ALICE = Principal(AccountId(7), "alice@example.test", frozenset({"alice@example.test"}))


class OneUser:
    """A directory with one account; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Login] = []
        self.down = False

    async def login(self, login: Login) -> Principal:
        self.asked.append(login)
        if self.down:
            raise TryAgain("the directory does not answer")
        if login.name != "alice" or (login.password != "secret" and not login.proven):
            raise BadCredentials("unknown name or wrong password")
        return ALICE

    async def scram_keys(self, name: str, digest: Digest, domain: str = "") -> ScramKeys | None:
        return None

    async def principal(self, account: AccountId) -> Principal:
        return ALICE

    async def resolve(self, address: str) -> Sequence[Target]:
        return ()

    async def local_domains(self) -> frozenset[str]:
        return frozenset({"example.test"})


class OpenGate:
    """A gate that makes nobody wait."""

    def __init__(self) -> None:
        self.failed: list[tuple[str, str]] = []
        self.succeeded: list[tuple[str, str]] = []

    def blocked(self, peer: str, name: str) -> float:
        return 0.0

    def failed_login(self, peer: str, name: str) -> float:
        self.failed.append((peer, name))
        return 0.0

    def succeeded_login(self, peer: str, name: str) -> None:
        self.succeeded.append((peer, name))


class Scene:
    """A desk and a connection."""

    def __init__(self, *, tls: TlsInfo | None = None, plain: bool = False, **section: Any) -> None:
        self.log, self.directory, self.gate = RecordingLog(), OneUser(), OpenGate()
        self.counters = Counters(domains=True, accounts=True)
        nothing = cast(Any, None)
        parts = Parts(lambda _: self.log, nothing, nothing, LocalBus(), self.directory, self.counters, nothing, b"site")
        listener = Listener("t", "imap", "127.0.0.1", 0, plain_login=plain, domain="example.test")
        connection = SimpleNamespace(
            gate=self.gate,
            listener=listener,
            peer=SimpleNamespace(ip="192.0.2.7", port=1),
            tls=tls,
            secure=tls is not None,
            proxied_tls=False,
        )
        desk = Desk(parts, ServiceSection(**section), "imap", "IMAP", "IMAP", "mail.example.test")
        self.signin = SignIn(desk, cast(Connection, connection))
        self.asked: list[bytes] = []

    def answers(self, *lines: bytes) -> Any:
        left = list(lines)

        async def ask(challenge: bytes) -> bytes:
            self.asked.append(challenge)
            return left.pop(0)

        return ask


TLS = TlsInfo("TLSv1.3", "x", end_point=b"bound")


def test_offer_over_tls_has_everything_but_cram() -> None:
    assert Scene(tls=TLS).signin.mechanisms == (
        "SCRAM-SHA-256-PLUS",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-256",
        "SCRAM-SHA-1",
        "PLAIN",
        "LOGIN",
    )


def test_offer_without_tls_sends_no_password() -> None:
    signin = Scene().signin
    assert (signin.mechanisms, signin.passwords) == (("SCRAM-SHA-256", "SCRAM-SHA-1"), False)


def test_offer_where_plain_logins_are_allowed() -> None:
    signin = Scene(plain=True).signin
    assert "PLAIN" in signin.mechanisms
    assert signin.passwords


def test_offer_is_what_the_section_lists() -> None:
    assert Scene(tls=TLS, secure_conn_auth_types=("PLAIN",)).signin.mechanisms == ("PLAIN",)


def test_certificate_is_offered_as_external() -> None:
    assert "EXTERNAL" in Scene(tls=TlsInfo("TLSv1.3", "x", subject="alice")).signin.mechanisms


def test_tls_without_passwords_keeps_channel_binding() -> None:
    signin = Scene(tls=TLS, secure_conn_allow_login=False).signin
    assert "PLAIN" not in signin.mechanisms
    assert "SCRAM-SHA-256-PLUS" in signin.mechanisms


async def test_right_password() -> None:
    scene = Scene(tls=TLS)
    assert await scene.signin.password("alice", "secret") == ALICE
    login = scene.directory.asked[0]
    assert (login.domain, login.peer, login.service, login.tls) == ("example.test", "192.0.2.7", "imap", True)
    assert scene.gate.succeeded == [("192.0.2.7", "alice")]
    assert scene.log.named("login") == [{"user": "alice@example.test", "mechanism": "password", "tls": "TLSv1.3"}]


async def test_wrong_password_is_noted_and_says_no_more_than_that() -> None:
    scene = Scene(tls=TLS, max_auth_errors=2)
    for _ in range(2):
        assert not scene.signin.exhausted
        with pytest.raises(BadCredentials, match="name or the password"):
            await scene.signin.password("alice", "guess")
    assert scene.gate.failed == [("192.0.2.7", "alice")] * 2
    assert scene.signin.exhausted
    assert "guess" not in str(scene.log.events)


async def test_password_without_tls_is_rejected_unseen() -> None:
    scene = Scene()
    with pytest.raises(Rejected) as caught:
        await scene.signin.password("alice", "secret")
    assert (caught.value.kind, scene.directory.asked) == ("privacy", [])


async def test_directory_that_is_down_is_no_failed_login() -> None:
    scene = Scene(tls=TLS)
    scene.directory.down = True
    with pytest.raises(TryAgain):
        await scene.signin.password("alice", "secret")
    assert (scene.gate.failed, scene.signin.failures) == ([], 0)


async def test_plain_with_initial_response() -> None:
    scene = Scene(tls=TLS)
    initial = base64.b64encode(b"\0alice\0secret")
    assert await scene.signin.sasl("plain", initial, scene.answers()) == ALICE


async def test_plain_by_challenge() -> None:
    scene = Scene(tls=TLS)
    assert await scene.signin.sasl("PLAIN", None, scene.answers(base64.b64encode(b"\0alice\0secret"))) == ALICE
    assert scene.asked == [b""]


async def test_external_needs_no_password() -> None:
    scene = Scene(tls=TlsInfo("TLSv1.3", "x", subject="alice"))
    assert await scene.signin.sasl("EXTERNAL", b"=", scene.answers()) == ALICE
    assert scene.directory.asked[0].proven


@pytest.mark.parametrize(
    ("mechanism", "initial", "kind"),
    [
        ("NTLM", None, "unknown"),
        ("PLAIN", b"!!", "syntax"),
        ("PLAIN", None, "cancelled"),
        ("CRAM-MD5", None, "unknown"),
    ],
)
async def test_what_is_no_matter_of_credentials(mechanism: str, initial: bytes | None, kind: str) -> None:
    scene = Scene(tls=TLS)
    with pytest.raises(Rejected) as caught:
        await scene.signin.sasl(mechanism, initial, scene.answers(b"*"))
    assert (caught.value.kind, scene.gate.failed) == (kind, [])


async def test_connection_is_counted_once_with_its_account() -> None:
    scene = Scene(tls=TLS)
    await scene.signin.password("alice", "secret")
    scene.signin.closed()
    scene.signin.closed()
    assert scene.counters.total("IMAP_InboundConnection") == 1
    assert scene.counters.total("IMAP_InboundConnectionSSL") == 1
    moved = {
        (s.scope, s.name) for s in scene.counters.samples() if s.counter.endswith("AuthenticatedSuccess") and s.value
    }
    assert moved == {("server", ""), ("domain", "example.test"), ("account", "alice@example.test")}
