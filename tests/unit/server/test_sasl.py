"""SASL: what is announced, each mechanism, the RFCs' own examples, and three client libraries."""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import imaplib
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import aiosmtplib
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from groupware.directory import password
from groupware.directory.password import Digest, ScramKeys
from mailcore.server import sasl, scram
from mailcore.server.sasl import Challenge, Credentials, Exchange, Lookups, Offer, Outcome, Refused
from tests.support.scramclient import ScramClient

SALT = b"0123456789abcdef"
KEYS = {digest: password.derive("pencil", digest, SALT, 4096) for digest in ("sha1", "sha256")}
TLS = Offer(tls=True)
BOUND = Offer(tls=True, channel_binding={"tls-server-end-point": b"hash of the certificate"})


async def find_keys(name: str, digest: Digest) -> ScramKeys | None:
    return KEYS[digest] if name in {"user", "a,b=c"} else None


async def find_clear(name: str) -> str | None:
    return {"tim": "tanstaaftanstaaf", "user": "pencil"}.get(name)


LOOKUPS = Lookups(find_keys, find_clear, b"secret of this site")


def begin(mechanism: str, offer: Offer = TLS, lookups: Lookups = LOOKUPS) -> Exchange:
    exchange = sasl.start(mechanism, offer, lookups)
    assert isinstance(exchange, Exchange)
    return exchange


async def scram_login(client: ScramClient, mechanism: str, offer: Offer = TLS, lookups: Lookups = LOOKUPS) -> Outcome:
    exchange = begin(mechanism, offer, lookups)
    outcome = await exchange.step(client.first())
    if not isinstance(outcome, Challenge):
        return outcome
    outcome = await exchange.step(client.final(outcome.data))
    if not isinstance(outcome, Challenge):
        return outcome
    assert outcome.data == client.expected
    return await exchange.step(b"")


class TestAnnounced:
    def test_without_tls_no_mechanism_shows_a_password(self) -> None:
        assert sasl.mechanisms(Offer(tls=False)) == ("SCRAM-SHA-256", "SCRAM-SHA-1")

    def test_with_tls_and_binding_everything_that_is_always_there(self) -> None:
        assert sasl.mechanisms(BOUND) == (
            "SCRAM-SHA-256-PLUS",
            "SCRAM-SHA-1-PLUS",
            "SCRAM-SHA-256",
            "SCRAM-SHA-1",
            "PLAIN",
            "LOGIN",
        )

    def test_what_an_administrator_adds(self) -> None:
        names = sasl.mechanisms(Offer(tls=False, allow_plain=True, cram=True, scram=False, external="anna@x"))
        assert names == ("CRAM-MD5", "PLAIN", "LOGIN", "EXTERNAL")

    def test_plain_without_tls_asks_for_privacy(self) -> None:
        refused = sasl.start("plain", Offer(tls=False), LOOKUPS)
        assert isinstance(refused, Refused)
        assert refused.kind == "privacy"

    @pytest.mark.parametrize("name", ["CRAM-MD5", "EXTERNAL", "SCRAM-SHA-1-PLUS", "GSSAPI", "XOAUTH2", ""])
    def test_what_is_not_offered_is_unknown(self, name: str) -> None:
        refused = sasl.start(name, TLS, LOOKUPS)
        assert isinstance(refused, Refused)
        assert refused.kind == "unknown"

    async def test_an_added_mechanism_is_announced_and_run(self) -> None:
        async def token(data: bytes | None) -> tuple[Outcome, None]:
            return Credentials("X-TOKEN", (data or b"").decode(), verified=True), None

        offer = Offer(tls=True, more={"X-TOKEN": token})
        assert sasl.mechanisms(offer)[-1] == "X-TOKEN"
        assert await begin("X-TOKEN", offer).step(b"anna") == Credentials("X-TOKEN", "anna", verified=True)


class TestPlain:
    async def test_name_and_password(self) -> None:
        assert await begin("PLAIN").step(b"\0anna\0geheim") == Credentials("PLAIN", "anna", "geheim")

    async def test_without_initial_response_an_empty_challenge_asks(self) -> None:
        exchange = begin("PLAIN")
        assert await exchange.step(None) == Challenge(b"")
        assert await exchange.step(b"\0anna\0geheim") == Credentials("PLAIN", "anna", "geheim")

    async def test_authorization_name_is_act_as_unless_it_is_the_same(self) -> None:
        assert await begin("PLAIN").step(b"boss\0anna\0pw") == Credentials("PLAIN", "anna", "pw", act_as="boss")
        assert await begin("PLAIN").step(b"Anna\0anna\0pw") == Credentials("PLAIN", "anna", "pw")

    @pytest.mark.parametrize(
        ("message", "kind"),
        [
            (b"", "syntax"),
            (b"anna\0pw", "syntax"),
            (b"\0anna\0pw\0more", "syntax"),
            (b"\0" * 5000, "syntax"),
            (b"\0\0pw", "credentials"),
            (b"\0anna\0", "credentials"),
            (b"\0an\xffna\0pw", "credentials"),
            (b"\0anna\0p\xff", "credentials"),
            (b"\0an\x07na\0pw", "credentials"),
            (b"\xff\0anna\0pw", "credentials"),
            (b"\0" + b"n" * 321 + b"\0pw", "credentials"),
            (b"\0anna\0" + b"p" * 1025, "credentials"),
        ],
    )
    async def test_what_is_wrong_is_refused(self, message: bytes, kind: str) -> None:
        outcome = await begin("PLAIN").step(message)
        assert isinstance(outcome, Refused)
        assert outcome.kind == kind

    async def test_a_finished_exchange_takes_nothing_more(self) -> None:
        exchange = begin("PLAIN")
        await exchange.step(b"\0anna\0geheim")
        again = await exchange.step(b"\0boss\0geheim")
        assert isinstance(again, Refused)

    def test_the_password_is_not_in_repr(self) -> None:
        assert "geheim" not in repr(Credentials("PLAIN", "anna", "geheim"))


class TestLogin:
    async def test_two_questions(self) -> None:
        exchange = begin("LOGIN")
        assert await exchange.step(None) == Challenge(b"Username:")
        assert await exchange.step(b"anna") == Challenge(b"Password:")
        assert await exchange.step(b"geheim") == Credentials("LOGIN", "anna", "geheim")

    async def test_the_name_may_come_at_once_as_outlook_does(self) -> None:
        exchange = begin("LOGIN")
        assert await exchange.step(b"anna") == Challenge(b"Password:")
        assert await exchange.step(b"geheim") == Credentials("LOGIN", "anna", "geheim")

    async def test_an_empty_name_is_refused(self) -> None:
        exchange = begin("LOGIN")
        await exchange.step(None)
        await exchange.step(b"")
        outcome = await exchange.step(b"geheim")
        assert isinstance(outcome, Refused)


class TestCram:
    offer = Offer(tls=False, cram=True)

    async def test_example_of_rfc_2195(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("time.time", lambda: 697170952.0)
        exchange = begin(
            "CRAM-MD5", self.offer, replace(LOOKUPS, host="postoffice.reston.mci.net", nonce=lambda: "1896")
        )
        assert await exchange.step(None) == Challenge(b"<1896.697170952@postoffice.reston.mci.net>")
        outcome = await exchange.step(b"tim b913a602c7eda7a495b4e6e7334d3890")
        assert outcome == Credentials("CRAM-MD5", "tim", verified=True)

    @pytest.mark.parametrize("answer", [b"tim " + b"0" * 32, b"nobody b913a602c7eda7a495b4e6e7334d3890"])
    async def test_wrong_digest_and_unknown_name_look_the_same(self, answer: bytes) -> None:
        exchange = begin("CRAM-MD5", self.offer)
        await exchange.step(None)
        outcome = await exchange.step(answer)
        assert isinstance(outcome, Refused)
        assert (outcome.kind, outcome.reason) == ("credentials", "The name or the password is wrong.")

    @pytest.mark.parametrize("answer", [b"", b"tim", b"tim abc", b"b913a602c7eda7a495b4e6e7334d3890"])
    async def test_a_malformed_answer_is_syntax(self, answer: bytes) -> None:
        exchange = begin("CRAM-MD5", self.offer)
        await exchange.step(None)
        outcome = await exchange.step(answer)
        assert isinstance(outcome, Refused)
        assert outcome.kind == "syntax"

    async def test_an_initial_response_is_refused(self) -> None:
        outcome = await begin("CRAM-MD5", self.offer).step(b"tim x")
        assert isinstance(outcome, Refused)


class TestExternal:
    offer = Offer(tls=True, external="anna@example.org")

    async def test_the_certificate_says_who(self) -> None:
        exchange = begin("EXTERNAL", self.offer)
        assert await exchange.step(None) == Challenge(b"")
        assert await exchange.step(b"") == Credentials("EXTERNAL", "anna@example.org", verified=True)

    async def test_another_name_is_act_as(self) -> None:
        outcome = await begin("EXTERNAL", self.offer).step(b"boss@example.org")
        assert outcome == Credentials("EXTERNAL", "anna@example.org", act_as="boss@example.org", verified=True)


class TestScramExamples:
    async def test_rfc_5802(self) -> None:
        keys = password.derive("pencil", "sha1", base64.b64decode("QSXCR+Q6sek8bf92"), 4096)
        exchange = begin("SCRAM-SHA-1", TLS, replace(LOOKUPS, scram=_always(keys), nonce=lambda: "3rfcNHYJY1ZVvWVs7j"))
        first = await exchange.step(b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL")
        assert first == Challenge(b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096")
        final = await exchange.step(
            b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
        )
        assert final == Challenge(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
        done = await exchange.step(b"")
        assert done == Credentials("SCRAM-SHA-1", "user", verified=True, stored_key=keys.pairs[0].stored_key)

    async def test_rfc_7677(self) -> None:
        keys = password.derive("pencil", "sha256", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
        lookups = replace(LOOKUPS, scram=_always(keys), nonce=lambda: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
        exchange = begin("SCRAM-SHA-256", TLS, lookups)
        first = await exchange.step(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
        assert first == Challenge(
            b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        )
        final = await exchange.step(
            b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        )
        assert final == Challenge(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def _always(keys: ScramKeys) -> Callable[[str, Digest], Awaitable[ScramKeys | None]]:
    async def find(name: str, digest: Digest) -> ScramKeys | None:
        return keys

    return find


class TestScram:
    @pytest.mark.parametrize(("mechanism", "algorithm"), [("SCRAM-SHA-1", "sha1"), ("SCRAM-SHA-256", "sha256")])
    async def test_right_and_wrong_password(self, mechanism: str, algorithm: str) -> None:
        right = await scram_login(ScramClient("user", "pencil", algorithm), mechanism)
        assert isinstance(right, Credentials)
        assert (right.name, right.verified) == ("user", True)
        wrong = await scram_login(ScramClient("user", "Pencil", algorithm), mechanism)
        assert wrong == Refused("credentials", "The name or the password is wrong.", "user")

    async def test_comma_and_equals_in_a_name(self) -> None:
        outcome = await scram_login(ScramClient("a,b=c", "pencil", "sha256"), "SCRAM-SHA-256")
        assert isinstance(outcome, Credentials)
        assert outcome.name == "a,b=c"

    async def test_an_authorization_name_is_act_as(self) -> None:
        client = ScramClient("user", "pencil", "sha256")
        client.header = "n,a=boss,"
        outcome = await scram_login(client, "SCRAM-SHA-256")
        assert isinstance(outcome, Credentials)
        assert outcome.act_as == "boss"

    async def test_an_app_password_works_and_is_told_apart(self) -> None:
        app = password.derive("abcd-efgh", "sha256", SALT, 4096)
        both = password.together([KEYS["sha256"], app])
        assert both is not None
        lookups = replace(LOOKUPS, scram=_always(both))
        outcome = await scram_login(ScramClient("user", "abcd-efgh", "sha256"), "SCRAM-SHA-256", TLS, lookups)
        assert isinstance(outcome, Credentials)
        assert outcome.stored_key == app.pairs[0].stored_key

    async def test_an_unknown_name_cannot_be_told_from_a_wrong_password(self) -> None:
        salts = set()
        for name in ("nobody", "Nobody"):
            exchange = begin("SCRAM-SHA-256")
            outcome = await exchange.step(f"n,,n={name},r=x".encode())
            assert isinstance(outcome, Challenge)
            salts.add(outcome.data.split(b",", 1)[1])
        assert len(salts) == 1
        assert b"i=%d" % password.ITERATIONS in salts.pop()
        outcome = await scram_login(ScramClient("nobody", "pencil", "sha256"), "SCRAM-SHA-256")
        assert outcome == Refused("credentials", "The name or the password is wrong.", "nobody")

    async def test_fake_salts_differ_by_name_and_by_site(self) -> None:
        salts = {scram.fake_keys(name, "sha256", site).salt for name in ("a", "b") for site in (b"1", b"2")}
        assert len(salts) == 4

    async def test_with_channel_binding(self) -> None:
        client = ScramClient("user", "pencil", "sha256")
        client.header, client.bound = "p=tls-server-end-point,,", b"hash of the certificate"
        outcome = await scram_login(client, "SCRAM-SHA-256-PLUS", BOUND)
        assert isinstance(outcome, Credentials)

    @pytest.mark.parametrize(
        ("mechanism", "header", "bound"),
        [
            ("SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,", b"another certificate"),
            ("SCRAM-SHA-256-PLUS", "p=tls-unique,,", b"x"),
            ("SCRAM-SHA-256-PLUS", "n,,", b""),
            ("SCRAM-SHA-256-PLUS", "y,,", b""),
            ("SCRAM-SHA-256", "y,,", b""),
            ("SCRAM-SHA-256", "p=tls-server-end-point,,", b"hash of the certificate"),
        ],
    )
    async def test_a_wrong_binding_or_a_downgrade_is_refused(self, mechanism: str, header: str, bound: bytes) -> None:
        client = ScramClient("user", "pencil", "sha256")
        client.header, client.bound = header, bound
        outcome = await scram_login(client, mechanism, BOUND)
        assert isinstance(outcome, Refused) and outcome.kind == "credentials"

    async def test_y_is_fine_where_no_binding_is_offered(self) -> None:
        client = ScramClient("user", "pencil", "sha256")
        client.header = "y,,"
        assert isinstance(await scram_login(client, "SCRAM-SHA-256"), Credentials)

    @pytest.mark.parametrize(
        "message",
        [
            b"",
            b"n",
            b"n,",
            b"n,,",
            b"x,,n=user,r=abc",
            b"n,b=x,n=user,r=abc",
            b"n,,m=ext,n=user,r=abc",
            b"n,,n=us=er,r=abc",
            b"n,,n=,r=abc",
            b"n,,n=user,r=",
            b"n,,n=user,r=a b",
            b"n,,r=abc,n=user",
            b"n,,n=us\xffer,r=abc",
            b"n,,n=us\0er,r=abc",
            b"p=a b,,n=user,r=abc",
            b"n,,n=user,r=" + b"a" * 257,
        ],
    )
    async def test_a_malformed_first_message_is_syntax(self, message: bytes) -> None:
        outcome = await begin("SCRAM-SHA-256").step(message)
        assert isinstance(outcome, Refused)
        assert outcome.kind == "syntax"

    @pytest.mark.parametrize(
        "message",
        [
            b"",
            b"c=biws",
            b"c=biws,r=xSERVER",
            b"c=biws,r=other,p=AAAA",
            b"c=!,r=xSERVER,p=AAAA",
            b"c=biws,r=xSERVER,p=!",
        ],
    )
    async def test_a_malformed_final_message_is_syntax(self, message: bytes) -> None:
        exchange = begin("SCRAM-SHA-256", TLS, replace(LOOKUPS, nonce=lambda: "SERVER"))
        await exchange.step(b"n,,n=user,r=x")
        outcome = await exchange.step(message)
        assert isinstance(outcome, Refused)
        assert outcome.kind == "syntax"

    async def test_a_proof_of_another_length_is_wrong(self) -> None:
        exchange = begin("SCRAM-SHA-256", TLS, replace(LOOKUPS, nonce=lambda: "SERVER"))
        await exchange.step(b"n,,n=user,r=x")
        outcome = await exchange.step(b"c=biws,r=xSERVER,p=AAAA")
        assert isinstance(outcome, Refused)
        assert outcome.kind == "credentials"

    async def test_a_directory_that_is_down_is_no_refusal(self) -> None:
        async def down(name: str, digest: Digest) -> ScramKeys | None:
            raise ConnectionError("directory")

        with pytest.raises(ConnectionError):
            await begin("SCRAM-SHA-256", TLS, replace(LOOKUPS, scram=down)).step(b"n,,n=user,r=x")


def test_end_point_binding_is_the_certificates_own_hash() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.org")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, start, start + datetime.timedelta(days=1))
    octets = built.sign(key, hashes.SHA384()).public_bytes(serialization.Encoding.DER)
    assert scram.end_point_binding(octets) == hashlib.sha384(octets).digest()


class TestLines:
    def test_star_gives_up_and_equals_is_empty(self) -> None:
        given_up = sasl.decode(b"*")
        assert isinstance(given_up, Refused)
        assert given_up.kind == "cancelled"
        assert sasl.decode(b"=", initial=True) == b""
        assert sasl.decode(b"") == b""

    @pytest.mark.parametrize("line", [b"=", b"AAA", b"AA AA", b"A*==", b"A" * 16_384])
    def test_what_is_not_base64_or_too_long_is_syntax(self, line: bytes) -> None:
        outcome = sasl.decode(line)
        assert isinstance(outcome, Refused)
        assert outcome.kind == "syntax"

    async def test_a_refused_line_ends_the_exchange(self) -> None:
        exchange = begin("PLAIN")
        await exchange.step(None)
        assert await exchange.step(sasl.decode(b"*")) == Refused("cancelled", "The client gave up.")
        assert isinstance(await exchange.step(b"\0anna\0geheim"), Refused)


# --- Other people's clients, against a server that knows nothing but AUTH ---


async def _authenticate(
    exchange: Exchange, initial: bytes | None, ask: Callable[[bytes], Awaitable[bytes]]
) -> Credentials | Refused:
    data = None if initial is None else sasl.decode(initial, initial=True)
    while isinstance(outcome := await exchange.step(data), Challenge):
        data = sasl.decode(await ask(sasl.encode(outcome)))
    return outcome


@asynccontextmanager
async def auth_server(offer: Offer, protocol: str) -> AsyncIterator[tuple[int, list[Credentials | Refused]]]:
    seen: list[Credentials | Refused] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def ask(challenge: bytes) -> bytes:
            writer.write((b"334 " if protocol == "smtp" else b"+ ") + challenge + b"\r\n")
            return (await reader.readline()).rstrip(b"\r\n")

        writer.write(b"220 test\r\n" if protocol == "smtp" else b"* OK test\r\n")
        names = sasl.mechanisms(offer)
        while line := (await reader.readline()).split():
            tag = b"" if protocol == "smtp" else line.pop(0) + b" "
            verb, rest = line[0].upper(), line[1:]
            if verb in {b"EHLO", b"CAPABILITY"}:
                listed = " ".join(names).encode()
                caps = b"* CAPABILITY IMAP4rev1 " + b" ".join(b"AUTH=" + name.encode() for name in names) + b"\r\n"
                writer.write(b"250-test\r\n250 AUTH " + listed + b"\r\n" if not tag else caps + tag + b"OK done\r\n")
            elif verb in {b"AUTH", b"AUTHENTICATE"}:
                exchange = begin(rest[0].decode(), offer)
                seen.append(await _authenticate(exchange, rest[1] if len(rest) > 1 else None, ask))
                writer.write(b"235 2.7.0 ok\r\n" if not tag else tag + b"OK done\r\n")
            else:
                writer.write(b"221 bye\r\n" if not tag else b"* BYE\r\n" + tag + b"OK bye\r\n")
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], seen


CLIENTS = Offer(tls=False, allow_plain=True, cram=True, scram=False)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_smtplib_logs_in(mechanism: str) -> None:
    def client(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            smtp.ehlo()
            smtp.user, smtp.password = "user", "pencil"
            smtp.auth(mechanism, getattr(smtp, "auth_" + mechanism.lower().replace("-", "_")))

    async with auth_server(CLIENTS, "smtp") as (port, seen):
        await asyncio.to_thread(client, port)
    assert seen == [_expected(mechanism)]


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_aiosmtplib_logs_in(mechanism: str) -> None:
    offer = {
        "PLAIN": replace(CLIENTS, cram=False),
        "LOGIN": CLIENTS,
        "CRAM-MD5": CLIENTS,
    }[mechanism]
    async with auth_server(offer, "smtp") as (port, seen):
        smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
        await smtp.connect()
        if mechanism == "LOGIN":
            await smtp.auth_login("user", "pencil")
        else:
            await smtp.login("user", "pencil")
        await smtp.quit()
    assert seen == [_expected(mechanism)]


@pytest.mark.parametrize("mechanism", ["PLAIN", "CRAM-MD5"])
async def test_imaplib_logs_in(mechanism: str) -> None:
    def client(port: int) -> None:
        with imaplib.IMAP4("127.0.0.1", port) as imap:
            if mechanism == "CRAM-MD5":
                imap.login_cram_md5("user", "pencil")
            else:
                imap.authenticate("PLAIN", lambda _: b"\0user\0pencil")

    async with auth_server(CLIENTS, "imap") as (port, seen):
        await asyncio.to_thread(client, port)
    assert seen == [_expected(mechanism)]


def _expected(mechanism: str) -> Credentials:
    if mechanism == "CRAM-MD5":
        return Credentials(mechanism, "user", verified=True)
    return Credentials(mechanism, "user", "pencil")
