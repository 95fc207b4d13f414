"""POP3 from the other side: a conversation with somebody else's server. RFC 1939, RFC 2595, RFC 2449.

1. Nothing but the greeting and STLS is said before TLS; a certificate that cannot be checked ends it.
2. Whatever the server says has a bound in octets and in time, and is told on with its control characters taken out.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from groupware.mime.headers import clean
from groupware.model.remote import LONGEST_UID, RemoteTls
from mailcore.server.tls import handshake_error
from mailcore.smtp.outwire import Lost, OutWire

LISTING: Final = 16 * 1024 * 1024
"""Octets of a listing: some hundred thousand messages."""
GOODBYE: Final = 20.0
"""Seconds for QUIT, which is when messages are really removed."""
MOST_SAID: Final = 200
_UID: Final = re.compile(rb"([1-9][0-9]{0,9})[ \t]+([!-~]{1,%d})[ \t]*\Z" % LONGEST_UID)
_SIZE: Final = re.compile(rb"([1-9][0-9]{0,9})[ \t]+([0-9]{1,15})(?:[ \t].*)?\Z")
_END: Final = b"\r\n.\r\n"


class PopError(Exception):
    """There is no fetching there now; the text is for whose mailbox it is, `code` for pages in other languages."""

    def __init__(self, text: str, code: str = "answersNo") -> None:
        super().__init__(text)
        self.code = code


class NotLetIn(PopError):
    """The server does not take user and password."""


@dataclass(frozen=True, slots=True)
class Where:
    """A server: its name, and the address that was found for it."""

    host: str
    address: str
    port: int
    tls: RemoteTls


class Pop:
    """One connection. Every method may raise `PopError`."""

    __slots__ = ("_seconds", "_where", "_wire")

    def __init__(self, where: Where, wire: OutWire, seconds: float) -> None:
        self._where, self._wire, self._seconds = where, wire, seconds

    @classmethod
    async def open(cls, where: Where, context: ssl.SSLContext, seconds: float) -> Self:
        """Connects, under TLS before anything is said that matters. `seconds`: what an answer may take."""
        first = context if where.tls == "implicit" else None
        try:
            async with asyncio.timeout(seconds):
                _, wire = await asyncio.get_running_loop().create_connection(
                    OutWire,
                    where.address,
                    where.port,
                    ssl=first,
                    server_hostname=where.host if first is not None else None,
                )
        except OSError as error:  # a TimeoutError is an OSError, and so is all that TLS says
            raise _broken(where, error, seconds) from error
        made = cls(where, wire, seconds)
        try:
            await made._greeted(context)
        except BaseException:
            made.close()
            raise
        return made

    async def _greeted(self, context: ssl.SSLContext) -> None:
        await self._good("it does not begin a conversation")
        if self._where.tls == "implicit":
            return
        await self._say(b"STLS", "it offers no TLS (STLS)")
        try:
            await self._wire.start_tls(context, self._where.host, self._seconds)
        except (Lost, OSError) as error:
            raise _broken(self._where, error, self._seconds) from error

    async def login(self, user: str, password: str) -> None:
        """Signs in. `NotLetIn`."""
        for word, value in (("USER", user), ("PASS", password)):
            said = await self._asked(f"{word} {value}".encode())
            if not said.startswith(b"+OK"):
                raise NotLetIn(f"{self._where.host} does not let {user[:80]!r} in: {_shown(said)}", "notLetIn")

    async def uids(self) -> Mapping[int, str]:
        """What each message is called for good, by its number now."""
        lines = await self._listing(b"UIDL", "it gives messages no lasting names (UIDL)")
        found = [each for line in lines if (each := _UID.match(line)) is not None]
        if len(found) != len(lines):
            raise PopError(f"{self._where.host}: it lists messages in a way that is no POP3")
        return {int(each[1]): each[2].decode("ascii") for each in found}

    async def sizes(self) -> Mapping[int, int]:
        """How large each message is, in octets."""
        lines = await self._listing(b"LIST", "it does not list messages")
        return {int(each[1]): int(each[2]) for line in lines if (each := _SIZE.match(line)) is not None}

    async def retrieve(self, number: int, most: int) -> bytes:
        """The octets of a message, as they are stored there."""
        await self._say(b"RETR %d" % number, f"it does not give message {number}")
        return _unstuffed(await self._block(most))

    async def delete(self, number: int) -> None:
        """Marks a message; it goes with `quit`."""
        await self._say(b"DELE %d" % number, f"it does not remove message {number}")

    async def quit(self) -> None:
        """Says goodbye: what was marked is removed now, if all goes well."""
        try:
            async with asyncio.timeout(GOODBYE):
                await self._say(b"QUIT", "it has not removed what was fetched")
        except TimeoutError as error:
            raise _broken(self._where, error, GOODBYE) from error
        finally:
            self.close()

    def close(self) -> None:
        """Hangs up."""
        self._wire.close()

    # --- commands

    async def _listing(self, command: bytes, wrong: str) -> list[bytes]:
        await self._say(command, wrong)
        return (await self._block(LISTING)).split(b"\r\n")[1:-2]

    async def _block(self, most: int) -> bytes:
        """The lines of a long answer, between a line end and the dot, both included."""
        try:
            return await self._wire.block(_END, most, self._seconds, b"\r\n")
        except (Lost, OSError) as error:
            raise _broken(self._where, error, self._seconds) from error

    async def _say(self, command: bytes, wrong: str) -> None:
        said = await self._asked(command)
        if not said.startswith(b"+OK"):
            raise PopError(f"{self._where.host}: {wrong}: {_shown(said)}")

    async def _good(self, wrong: str) -> None:
        said = await self._heard()
        if not said.startswith(b"+OK"):
            raise PopError(f"{self._where.host}: {wrong}: {_shown(said)}")

    async def _asked(self, command: bytes) -> bytes:
        try:
            await self._wire.send(command + b"\r\n", self._seconds)
        except (Lost, OSError) as error:
            raise _broken(self._where, error, self._seconds) from error
        return await self._heard()

    async def _heard(self) -> bytes:
        try:
            return await self._wire.line(asyncio.get_running_loop().time() + self._seconds)
        except (Lost, OSError) as error:
            raise _broken(self._where, error, self._seconds) from error


def _unstuffed(block: bytes) -> bytes:
    """The lines between, with the dot taken off that was put before a dot. RFC 1939 §3."""
    return block.replace(b"\r\n..", b"\r\n.")[2:-3]


def _broken(where: Where, error: Exception, seconds: float) -> PopError:
    at = f"{where.host}:{where.port}"
    if isinstance(error, TimeoutError):
        return PopError(f"{at} does not answer within {seconds:g} seconds", "silent")
    if isinstance(error, ssl.SSLCertVerificationError):
        why = clean(error.verify_message)[:MOST_SAID]
        return PopError(f"the certificate of {at} cannot be trusted: {why}", "untrusted")
    if isinstance(error, ssl.SSLError):
        return PopError(f"TLS with {at} failed: {handshake_error(error)}", "noTls")
    return PopError(f"{at}: {clean(str(error))[:MOST_SAID] or type(error).__name__}", "unreachable")


def _shown(said: bytes) -> str:
    text = clean(said.decode("utf-8", "replace"))[:MOST_SAID]
    return "".join(each if each.isprintable() else "\ufffd" for each in text) or "it says nothing"
