"""A connection to another mail server in a few words, with all its errors turned into one."""

from __future__ import annotations

import asyncio
import base64
import hmac
import os
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

from groupware.mime.headers import clean
from mailcore.server.tls import handshake_error
from mailcore.smtp.outwire import Lost, OutWire
from mailcore.smtp.route import Hop

Tls = Literal["none", "available", "required", "implicit"]

SLOWEST: Final = 8192
"""Octets a second that a peer must take at least, on top of its time for an answer."""
MOST_SAID: Final = 500
AT_ONCE: Final = 100
"""Commands that go out before their answers are read: neither side has to hold more than it may (RFC 2920 §3.1)."""
GOODBYE: Final = 5.0
STILL_THERE: Final = 10.0
"""Seconds that a peer gets to answer RSET on a connection that was kept."""
_STATUS: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")
_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_DOT: Final = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other server answered."""

    code: int
    said: str
    """Its lines, with line feeds between."""

    @property
    def lines(self) -> Sequence[str]:
        """What it said, line by line."""
        return self.said.split("\n")

    @property
    def text(self) -> str:
        """What it said, in one line."""
        return clean(" ".join(self.lines))

    @property
    def ok(self) -> bool:
        """Whether it is done."""
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        """Whether asking again will not help."""
        return 500 <= self.code < 600

    @property
    def status(self) -> str:
        """Its enhanced code, if it has one that fits; else the class alone. RFC 3463."""
        found = _STATUS.match(self.text)
        of_class = "2" if self.ok else "5" if self.permanent else "4"
        return found[1] if found is not None and found[1][0] == of_class else f"{of_class}.0.0"

    @property
    def go_on(self) -> bool:
        """Whether more is to come from this side: the message behind DATA."""
        return self.code == 354

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:MOST_SAID]


class Broken(Exception):
    """There is no talking with this host now. `said`: in its own words; `unanswered`: it was not even reached."""

    def __init__(self, text: str, code: str = "4.4.2", *, said: bool = False, unanswered: bool = False) -> None:
        super().__init__(text)
        self.code, self.said, self.unanswered = code, said, unanswered


class TlsFailed(Broken):
    """TLS did not come about as it has to. `failure`: its name in RFC 8460 §4.3."""

    def __init__(self, text: str, code: str = "4.7.5", *, said: bool = False, failure: str) -> None:
        super().__init__(text, code, said=said)
        self.failure = failure


class HandshakeRefused(TlsFailed):
    """TLS was begun and did not end well: without it, it may work."""


class NoTls(TlsFailed):
    """The host does not do the TLS that it must."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How to talk to a host."""

    ehlo: str
    tls: Tls
    context: ssl.SSLContext
    connect_timeout: float
    answer_timeout: float
    check: Callable[[ssl.SSLObject], str] | None = None
    """Looks at TLS that was agreed on; gives what is wrong with it, "" for nothing."""


class Talk:
    """One connection: `await Talk.open(hop, manners)`. Every method may raise Broken."""

    __slots__ = ("_extensions", "_manners", "_wire", "carried", "hop", "secure", "within")

    def __init__(self, hop: Hop, manners: Manners, wire: OutWire) -> None:
        self.hop, self._manners, self._wire = hop, manners, wire
        self._extensions: dict[str, str] = {}
        self.secure = False
        self.carried = 0
        """Messages that it was opened or taken up for."""
        self.within = False
        """Whether a transaction has begun that the peer has not taken to its end: RSET comes before another."""

    @classmethod
    async def open(cls, hop: Hop, manners: Manners) -> Self:
        """Connect, greet, and encrypt as the manners want it. Broken, HandshakeRefused."""
        implicit = manners.tls == "implicit"
        sock = await _connected(hop, manners)
        context, name = manners.context if implicit else None, hop.name.strip("[]")
        try:
            wire = await OutWire.over(sock, context, name, manners.answer_timeout)
        except (Lost, OSError) as error:
            raise _refused(error) from error
        talk = cls(hop, manners, wire)
        try:
            if implicit:
                talk._checked()
            greeting = await talk._hear(manners.answer_timeout)
            if greeting.code != 220:
                raise _said(greeting)
            await talk._greet()
            if manners.tls in ("available", "required"):
                await talk._start_tls()
        except BaseException:
            wire.close()
            raise
        return talk

    async def _greet(self) -> None:
        answer = await self.ask(b"EHLO", self._manners.ehlo.encode())
        if answer.ok:
            words = [line.partition(" ") for line in answer.lines[1:]]
            self._extensions = {word.lower(): rest.strip() for word, _, rest in words}
            return
        self._extensions = {}
        answer = await self.ask(b"HELO", self._manners.ehlo.encode())
        if not answer.ok:
            raise _said(answer)

    async def _start_tls(self) -> None:
        if not self.offers("starttls"):
            if self._manners.tls == "required":
                raise NoTls(
                    "It offers no TLS, and this server must not send without.", "4.7.10", failure=_NOT_SUPPORTED
                )
            return
        answer = await self.ask(b"STARTTLS")
        if answer.code != 220:
            if self._manners.tls == "required":
                code = answer.status if not answer.permanent else "4.7.10"
                raise NoTls(str(answer), code, said=True, failure=_NOT_SUPPORTED)
            return  # it said no before anything was encrypted: go on without
        try:
            name = self.hop.name.strip("[]")
            await self._wire.start_tls(self._manners.context, name, self._manners.answer_timeout)
            self._checked()
            await self._greet()
        except (Lost, OSError) as error:
            raise _refused(error) from error

    def _checked(self) -> None:
        """What was agreed on is good enough. HandshakeRefused."""
        channel = self._wire.channel
        wrong = self._manners.check(channel) if self._manners.check is not None and channel is not None else ""
        if wrong:
            raise HandshakeRefused(f"TLS failed: {wrong}", failure="validation-failure")
        self.secure = True

    async def fresh(self) -> bool:
        """Whether the connection, which was kept, can be used for another message: RSET says so. RFC 5321 §4.1.1.5."""
        try:
            await self._send(b"RSET\r\n", STILL_THERE)
            self.within = not (await self._hear(STILL_THERE)).ok
            return not self.within
        except Broken:
            return False

    @property
    def alive(self) -> bool:
        """Whether nothing has been heard of its end."""
        return self._wire.alive

    async def leave(self) -> None:
        """Say goodbye where that can be done quickly, and hang up."""
        try:
            if self._wire.alive:
                await self._send(b"QUIT\r\n", GOODBYE)
                await self._hear(GOODBYE)
        except Broken:
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Hang up."""
        self._wire.close()

    # --- what it can

    def offers(self, extension: str) -> bool:
        """Whether the peer said so in its answer to EHLO."""
        return extension.lower() in self._extensions

    def parameter(self, extension: str) -> str:
        """What the peer said behind the extension's name."""
        return self._extensions.get(extension.lower(), "")

    # --- what is said

    async def login(self, user: str, password: str) -> None:
        """Log in by the best mechanism that both sides know. Broken when the peer does not let us."""
        offered = self.parameter("auth").upper().split()
        usual = ("PLAIN", "LOGIN", "CRAM-MD5") if self.secure else ("CRAM-MD5", "PLAIN", "LOGIN")
        found = next((each for each in usual if each in offered), None)
        if found is None:
            raise Broken("It offers no way to log in that this server knows.", "4.7.8")
        answer = await self._authenticate(found, user.encode(), password.encode())
        if not answer.ok:
            raise Broken(f"The login was refused: {answer}", "4.7.8")

    async def _authenticate(self, mechanism: str, user: bytes, password: bytes) -> Answer:
        """The last answer of AUTH. RFC 4954, RFC 4616, RFC 2195."""
        if mechanism == "PLAIN":
            return await self.ask(b"AUTH PLAIN", base64.b64encode(b"\0" + user + b"\0" + password))
        answer = await self.ask(b"AUTH " + mechanism.encode())
        if mechanism == "LOGIN":
            for word in (user, password):
                answer = await self.ask(base64.b64encode(word)) if answer.code == 334 else answer
            return answer
        if answer.code != 334:
            return answer
        try:
            challenge = base64.b64decode(answer.text, validate=True)
        except ValueError:
            raise Broken("Its challenge cannot be read.", "4.7.8") from None
        digest = hmac.new(password, challenge, "md5").hexdigest().encode()
        return await self.ask(base64.b64encode(user + b" " + digest))

    async def ask(self, *words: bytes) -> Answer:
        """The answer to a command."""
        await self._send(_line(words), self._manners.answer_timeout)
        return await self._hear(self._manners.answer_timeout)

    async def ask_all(self, commands: Sequence[Sequence[bytes]]) -> list[Answer]:
        """The answers to commands that go out in one piece, or few; for a peer that offers PIPELINING. RFC 2920."""
        seconds, answers = self._manners.answer_timeout, list[Answer]()
        for begin in range(0, len(commands), AT_ONCE):
            piece = commands[begin : begin + AT_ONCE]
            await self._send(b"".join(map(_line, piece)), seconds)
            answers += [await self._hear(seconds) for _ in piece]
        return answers

    async def content(self, octets: bytes) -> Answer:
        """The answer to the message, which the peer waits for since it answered DATA."""
        end = b".\r\n" if not octets or octets.endswith(b"\r\n") else b"\r\n.\r\n"
        if octets.startswith(b".") or b"\r\n." in octets:
            octets = _DOT.sub(b"..", octets)
        return await self._long(octets + end, len(octets))

    async def chunk(self, octets: bytes) -> Answer:
        """The answer to BDAT with the whole message. RFC 3030."""
        return await self._long(b"BDAT %d LAST\r\n" % len(octets) + octets, len(octets))

    async def _long(self, octets: bytes, length: int) -> Answer:
        seconds = self._manners.answer_timeout + length / SLOWEST
        await self._send(octets, seconds)
        return await self._hear(seconds)

    async def _send(self, octets: bytes, seconds: float) -> None:
        try:
            await self._wire.send(octets, seconds)
        except (Lost, OSError) as error:  # a TimeoutError is an OSError
            self.close()
            raise Broken(_why(error)) from error

    async def _hear(self, seconds: float) -> Answer:
        try:
            answer = Answer(*await self._wire.reply(seconds))
        except (Lost, OSError) as error:
            self.close()
            raise Broken(_why(error)) from error
        if answer.code == 421:
            self.close()
            raise Broken(str(answer), "4.3.2", said=True)
        return answer


def _line(words: Sequence[bytes]) -> bytes:
    """A command. Broken when something in it would be more than one."""
    line = b" ".join(words)
    if _CONTROL.search(line) is not None:
        raise Broken("An address or parameter holds a control character.", "4.5.0")
    return line + b"\r\n"


async def _connected(hop: Hop, manners: Manners) -> socket.socket:
    """A socket to the hop. Broken."""
    loop = asyncio.get_running_loop()
    made = socket.socket(socket.AF_INET6 if ":" in hop.address else socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        if hop.source:
            made.bind((hop.source, 0))
        async with asyncio.timeout(manners.connect_timeout):
            await loop.sock_connect(made, (hop.address, hop.port))
    except TimeoutError:
        made.close()
        raise Broken(f"No connection within {manners.connect_timeout:g} seconds.", "4.4.1", unanswered=True) from None
    except OSError as error:
        made.close()
        raise Broken(os.strerror(error.errno) if error.errno else str(error), "4.4.1", unanswered=True) from error
    except BaseException:
        made.close()
        raise
    return made


_NOT_SUPPORTED: Final = "starttls-not-supported"
_FAILURES: Final = {10: "certificate-expired", 62: "certificate-host-mismatch", 64: "certificate-host-mismatch"}
"""By OpenSSL's number of what is wrong with a certificate; with all others nobody who is trusted has signed it."""


def _refused(error: Exception) -> HandshakeRefused:
    failure = "validation-failure"
    if isinstance(error, ssl.SSLCertVerificationError):
        failure = _FAILURES.get(error.verify_code, "certificate-not-trusted")
    return HandshakeRefused(f"TLS failed: {_why(error)}", failure=failure)


def _said(answer: Answer) -> Broken:
    """The end of a conversation, in the peer's own words."""
    return Broken(str(answer), "4.3.2" if answer.permanent else answer.status, said=True)


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return clean(error.verify_message)[:MOST_SAID]
    if isinstance(error, ssl.SSLError):
        return handshake_error(error)
    return clean(str(error))[:MOST_SAID] or type(error).__name__
