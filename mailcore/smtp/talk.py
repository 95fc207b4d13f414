"""A connection to another mail server: aiosmtplib behind a few words, with all its errors turned into one."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from dataclasses import dataclass
from typing import Final, Literal, Self

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from groupware.mime.headers import clean
from mailcore.smtp.route import Hop

Tls = Literal["none", "available", "required", "implicit"]

SLOWEST: Final = 8192
"""Octets a second that a peer must take at least, on top of its time for an answer."""
MOST_SAID: Final = 500
_STATUS: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other server answered."""

    code: int
    text: str

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

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:MOST_SAID]


class Broken(Exception):
    """There is no talking with this host now. `said`: in its own words; `unanswered`: it was not even reached."""

    def __init__(self, text: str, code: str = "4.4.2", *, said: bool = False, unanswered: bool = False) -> None:
        super().__init__(text)
        self.code, self.said, self.unanswered = code, said, unanswered


class HandshakeRefused(Broken):
    """STARTTLS was begun and did not end well: without it, it may work."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How to talk to a host."""

    ehlo: str
    tls: Tls
    context: ssl.SSLContext
    connect_timeout: float
    answer_timeout: float
    local_address: str = ""


class Talk:
    """One connection: `async with await Talk.open(hop, manners) as talk:`. Every method may raise Broken."""

    __slots__ = ("_client", "_manners", "hop", "secure")

    def __init__(self, hop: Hop, manners: Manners, client: SMTP) -> None:
        self.hop, self._manners, self._client = hop, manners, client
        self.secure = False

    @classmethod
    async def open(cls, hop: Hop, manners: Manners) -> Self:
        """Connect, greet, and encrypt as the manners want it. Broken, HandshakeRefused."""
        implicit = manners.tls == "implicit"
        client = SMTP(
            hostname=hop.name.strip("[]"),
            sock=await _connected(hop, manners),
            local_hostname=manners.ehlo,
            timeout=manners.answer_timeout,
            use_tls=implicit,
            start_tls=False,
            tls_context=manners.context,
        )
        talk = cls(hop, manners, client)
        try:
            await client.connect()
            await client._ehlo_or_helo_if_needed()
            talk.secure = implicit
            if manners.tls in ("available", "required"):
                await talk._start_tls()
        except (SMTPException, OSError, ValueError) as error:
            client.close()
            raise _broken(error) from error
        except BaseException:
            client.close()
            raise
        return talk

    async def _start_tls(self) -> None:
        if not self._client.supports_extension("starttls"):
            if self._manners.tls == "required":
                raise Broken("It offers no TLS, and this server must not send without.", "4.7.10")
            return
        try:
            await self._client.starttls(server_hostname=self.hop.name.strip("[]"))
            await self._client._ehlo_or_helo_if_needed()
        except SMTPResponseException as error:
            if self._manners.tls == "required":
                raise _broken(error) from error
            return  # it said no before anything was encrypted: go on without
        except (SMTPException, OSError, ValueError) as error:
            raise HandshakeRefused(f"TLS failed: {_why(error)}", "4.7.5") from error
        self.secure = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, where: object) -> None:
        """Say goodbye where that can be done quickly."""
        if error is None and self._client.is_connected:
            try:
                async with asyncio.timeout(5):
                    await self._client.quit()
            except (SMTPException, OSError):
                pass
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    # --- what it can

    def offers(self, extension: str) -> bool:
        """Whether the peer said so in its answer to EHLO."""
        return self._client.supports_extension(extension)

    def parameter(self, extension: str) -> str:
        """What the peer said behind the extension's name."""
        return self._client.esmtp_extensions.get(extension.lower(), "")

    # --- what is said

    async def login(self, user: str, password: str) -> None:
        """Log in by the best mechanism that both sides know. Broken when the peer does not let us."""
        try:
            await self._client.login(user, password)
        except (SMTPException, OSError, RuntimeError, ValueError) as error:
            raise Broken(f"The login was refused: {_why(error)}", "4.7.8") from error

    async def ask(self, verb: bytes, *words: bytes) -> Answer:
        """The answer to a command."""
        try:
            response = await self._client.execute_command(verb, *words)
        except (SMTPException, OSError, ValueError) as error:
            return self._answer_or_break(error)
        if response.code == 421:
            raise Broken(str(_answer(response.code, response.message)), "4.3.2", said=True)
        return _answer(response.code, response.message)

    async def data(self, octets: bytes) -> Answer:
        """The answer to DATA and the message."""
        try:
            response = await self._client.data(octets, timeout=self._time_for(octets))
        except (SMTPException, OSError) as error:
            return self._answer_or_break(error)
        return _answer(response.code, response.message)

    async def chunk(self, octets: bytes) -> Answer:
        """The answer to BDAT with the whole message. RFC 3030."""
        protocol = self._client.protocol
        if protocol is None:
            raise Broken("The connection was lost.")
        try:
            protocol.write(b"BDAT %d LAST\r\n" % len(octets) + octets)
            response = await protocol.read_response(timeout=self._time_for(octets))
        except (SMTPException, OSError) as error:
            return self._answer_or_break(error)
        return _answer(response.code, response.message)

    def _time_for(self, octets: bytes) -> float:
        return self._manners.answer_timeout + len(octets) / SLOWEST

    def _answer_or_break(self, error: Exception) -> Answer:
        """The answer that the error is about; Broken when there was none."""
        if isinstance(error, SMTPResponseException) and 200 <= error.code < 600 and error.code != 421:
            return _answer(error.code, error.message)
        self._client.close()
        raise _broken(error) from error


async def _connected(hop: Hop, manners: Manners) -> socket.socket:
    """A socket to the hop. Broken."""
    loop = asyncio.get_running_loop()
    made = socket.socket(socket.AF_INET6 if ":" in hop.address else socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    try:
        if manners.local_address:
            made.bind((manners.local_address, 0))
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


def _answer(code: int, message: str) -> Answer:
    text = message.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Answer(code, clean(" ".join(text.split("\n"))))


def _broken(error: Exception) -> Broken:
    """The end of a conversation, in the peer's own words where it had any."""
    if isinstance(error, SMTPResponseException) and 400 <= error.code < 600:
        answer = _answer(error.code, error.message)
        return Broken(str(answer), "4.3.2" if answer.permanent else answer.status, said=True)
    return Broken(_why(error))


def _why(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return str(_answer(error.code, error.message))
    return clean(str(error))[:MOST_SAID] or type(error).__name__
