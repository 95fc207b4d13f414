"""One POP3 session: takes commands in their order, hands each to its handler, answers.

Invariants
1. Every command gets one answer, in order, whatever it is and whatever goes wrong with it.
2. A connection that ends without QUIT removes nothing; what was retrieved is marked as seen all the same.
3. What was sent and not taken is bounded: nothing more is read or written while the peer is behind.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from secrets import token_hex
from typing import Final, Literal

from groupware.model.errors import GroupwareError, TryAgain
from groupware.model.principal import Principal
from mailcore.pop3.grammar import LINE_MAX, TOO_LONG, Command, parse
from mailcore.pop3.maildrop import AHEAD, Maildrop
from mailcore.pop3.openings import Openings
from mailcore.pop3.reply import BUG, BadCommand, Reply, Unreadable, refusal
from mailcore.pop3.sizes import Sizes
from mailcore.pop3.snapshots import Snapshots
from mailcore.server.connection import GATHER, Connection
from mailcore.server.dialogue import ConnectionClosed, Farewell, IdleTimeout, LineTooLong
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts
from mailcore.server.sasl import MAX_MESSAGE
from mailcore.server.signin import Desk, SignIn
from mailcore.server.spoken import answered, heard
from mailcore.server.stay import WORDS

AUTOLOGOUT: Final = 600.0  # seconds at least, RFC 1939 §3
ANSWER_MAX: Final = MAX_MESSAGE * 4 // 3 + 8
MARK_GAP: Final = 0.25  # seconds at least between two writes of \Seen
MANY: Final = 1000  # unless so many wait
FEW: Final = 64  # so many are marked in no time

State = Literal["authorization", "transaction"]


@dataclass(frozen=True, slots=True)
class Shop:
    """What the sessions of one service share."""

    parts: Parts
    desk: Desk
    openings: Openings
    sizes: Sizes
    snapshots: Snapshots
    slot: Callable[[], AbstractAsyncContextManager[None]]
    log: EventLog
    greeting: Callable[[], str]
    max_errors: int
    start_tls: bool


@dataclass(slots=True)
class Tally:
    """What one session did, for its last line in the log."""

    began: float = field(default_factory=time.monotonic)
    retrieved: int = 0
    octets: int = 0
    deleted: int = 0


class Pop3Session:
    """The dialogue on one connection."""

    __slots__ = (
        "_commands",
        "_errors",
        "_marked",
        "_marking",
        "_queued",
        "_unsent",
        "connection",
        "drop",
        "over",
        "shop",
        "signin",
        "stamp",
        "tally",
        "user",
        "utf8",
    )

    def __init__(self, connection: Connection, shop: Shop, commands: Mapping[str, Verb]) -> None:
        self.connection, self.shop, self._commands = connection, shop, commands
        self.signin = SignIn(shop.desk, connection)
        self.drop: Maildrop | None = None
        self.user = ""
        self.stamp = ""
        """What APOP's digest begins with; "" where APOP is not offered."""
        self.utf8 = self.over = False
        self.tally = Tally()
        self._queued: deque[Command] = deque()
        self._errors = self._unsent = 0
        self._marked = float("-inf")
        self._marking: asyncio.Task[None] | None = None

    # --- the dialogue

    async def run(self) -> None:
        """Speak until QUIT, or until the connection ends."""
        self.shop.log.info("connected", peer=self.connection.peer.ip, listener=self.connection.listener.name)
        try:
            if "CRAM-MD5" in self.signin.mechanisms:
                self.stamp = f"<{token_hex(12)}@{self.shop.desk.host}>"
            self.say(Reply(True, f"{self.shop.greeting()} {self.stamp}".rstrip()))
            while not self.over:
                await self._obey(await self._next())
        finally:
            await self._leave()

    def goodbye(self, why: Farewell) -> bytes:
        """The last words; none when the client fell silent (RFC 1939 §3)."""
        if why == "idle":
            return b""
        if why == "gone":
            return Reply(False, WORDS[self.connection.parting], "AUTH").line()
        text = "The server is stopping." if why == "stopping" else BUG.text
        return Reply(False, text, "SYS/TEMP").line()

    def say(self, reply: Reply) -> None:
        """Write an answer."""
        write = self.connection.write
        line = reply.line(utf8=self.utf8)
        answered(self.shop.log, line)
        write(line)
        if reply.body is not None:
            write(reply.body)
            write(b".\r\n")
            self._unsent += len(reply.body)
        self.over = self.over or reply.last

    async def _obey(self, command: Command) -> None:
        """Carry out one command and answer it."""
        verb = self._commands.get(command.verb)
        if verb is not None:
            heard(self.shop.log, command.verb, command.rest)
        reply: Reply | None = None
        try:
            if verb is not None and verb.ready is not None and self.drop is not None:
                reply = verb.ready(self, command.rest)
            if reply is None:
                reply = await self._carry_out(verb, command)
        except (ConnectionClosed, IdleTimeout):
            raise
        except Exception as error:
            reply = self._failed(command, error)
        if reply is not None:
            self.say(self._counted(reply))
            if reply.pieces is not None:
                await self._tell(reply.pieces)
        if self._unsent >= GATHER:
            self._unsent = 0
            await self.connection.drain()

    async def _tell(self, pieces: AsyncIterator[bytes]) -> None:
        """A large message as it is read. `ConnectionClosed` when it cannot be read to its end: a dot would be a lie."""
        try:
            async for piece in pieces:
                self.tally.octets += len(piece)
                self.connection.write(piece)
                await self.connection.drain()
        except (Unreadable, TryAgain) as error:
            self.shop.log.error("body_unreadable", user=self.name, command="RETR", why=repr(error.__cause__ or error))
            self.connection.abort()
            raise ConnectionClosed("a message could not be read to its end") from error
        self.connection.write(b".\r\n")

    async def _carry_out(self, verb: Verb | None, command: Command) -> Reply | None:
        if command.problem:
            raise BadCommand(command.problem)
        if verb is None:
            raise BadCommand("There is no such command; CAPA tells what there is.")
        if self.state not in verb.states:
            raise BadCommand("Log in first." if self.drop is None else "You are logged in already.")
        if verb.talks:
            return await verb.run(self, command.rest)
        with self.connection.command():
            async with self.shop.slot():
                return await verb.run(self, command.rest)

    def _failed(self, command: Command, error: Exception) -> Reply:
        """The answer to a command that raised; a bug goes to the log."""
        reply = refusal(error)
        if isinstance(error, Unreadable):
            self.shop.log.error("body_unreadable", user=self.name, command=command.verb, why=repr(error.__cause__))
        if reply is not None:
            return reply
        self.shop.log.error(
            "command_crashed", command=command.verb, error=repr(error), traceback=traceback.format_exc()
        )
        return BUG

    def _counted(self, reply: Reply) -> Reply:
        """The answer, the last one when there were too many errors."""
        self._errors += reply.wrong
        if reply.ok or not (self.signin.exhausted or 0 < self.shop.max_errors <= self._errors):
            return reply
        self.shop.log.warning("too_many_errors", errors=self._errors, failed_logins=self.signin.failures)
        return replace(reply, text=f"{reply.text} Too many errors: goodbye.", last=True)

    # --- what comes in

    async def _next(self) -> Command:
        if self._queued:
            return self._queued.popleft()
        await self._settle()
        return await self._read()

    async def _read(self) -> Command:
        try:
            return parse(await self.connection.readline(ANSWER_MAX if self.signin.who is None else LINE_MAX))
        except LineTooLong:
            await self.connection.skip_line()
            return TOO_LONG

    async def coming(self, verb: str) -> list[int]:
        """The message numbers of such commands among those that have come behind this one."""
        while len(self._queued) < AHEAD and self.connection.has_line:
            self._queued.append(await self._read())
        texts = [command.rest.partition(" ")[0] for command in self._queued if command.verb == verb]
        numbers = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) <= 10]
        return [number for number in numbers if 0 < number <= len(self.mailbox)]

    async def answer(self, challenge: bytes) -> bytes:
        """The client's line to a challenge of AUTH. RFC 5034 §4."""
        self.connection.write(b"+ %s\r\n" % challenge)
        try:
            return (await self.connection.readline(ANSWER_MAX)).rstrip(b"\r\n")
        except LineTooLong:
            await self.connection.skip_line()
            return b"!"  # which is not base64: the exchange ends

    # --- the mailbox

    @property
    def state(self) -> State:
        """Where the session is. RFC 1939 §3."""
        return "authorization" if self.drop is None else "transaction"

    @property
    def name(self) -> str:
        """Who is logged in."""
        return self.signin.who.name if self.signin.who is not None else ""

    @property
    def mailbox(self) -> Maildrop:
        """The open mailbox, in the transaction state."""
        assert self.drop is not None
        return self.drop

    async def open(self, who: Principal) -> Maildrop:
        """Open the mailbox: the transaction state begins. `InUse`, and what the store raises."""
        self.shop.openings.enter(who.account)
        try:
            shop, own = self.shop, replace(who, client="pop3")
            drop = Maildrop(shop.parts.store, shop.parts.blobs, shop.sizes, shop.snapshots, own)
            await drop.open()
        except BaseException:
            self.shop.openings.leave(who.account)
            raise
        self.drop = drop
        if self.connection.idle:
            self.connection.idle = max(self.connection.idle, AUTOLOGOUT)
        return drop

    def count(self, counter: str, by: int = 1) -> None:
        """Count for the server, the domain and the account."""
        if by:
            self.shop.parts.counters.add(counter, by, domain=self.name.rpartition("@")[2], account=self.name)

    async def _settle(self) -> None:
        """Mark as seen, in writes that are some way apart: a few before the client has its answer, many beside it."""
        drop, connection = self.drop, self.connection
        if drop is None or not drop.unmarked:
            return
        wait = self._marked + MARK_GAP - time.monotonic()
        if wait > 0 and drop.unmarked < MANY and (connection.has_line or await self._comes_within(wait)):
            return
        if drop.unmarked <= FEW:
            with connection.command():
                await self._mark(drop)
        elif self._marking is None or self._marking.done():
            self._marking = asyncio.create_task(self._mark(drop))

    async def _comes_within(self, seconds: float) -> bool:
        """Whether the client sends more in that time."""
        try:
            async with asyncio.timeout(seconds):
                await self.connection.arrival(self.connection.pending)
        except TimeoutError:
            return False
        return True

    async def _mark(self, drop: Maildrop) -> None:
        self._marked = time.monotonic()
        try:
            await drop.mark()
        except GroupwareError as error:
            self.shop.log.warning("not_marked_seen", user=self.name, why=str(error))

    async def _leave(self) -> None:
        """The end, however it came."""
        drop, tally = self.drop, self.tally
        if drop is not None and self.signin.who is not None:
            self.shop.openings.leave(self.signin.who.account)
        self.count("POP3_RetrievedMessage", tally.retrieved)
        self.count("POP3_RetrievedBytes", tally.octets)
        self.count("POP3_DeletedMessage", tally.deleted)
        seconds = round(time.monotonic() - tally.began, 3)
        self.shop.log.info(
            "session_ended",
            user=self.name,
            retrieved=tally.retrieved,
            octets=tally.octets,
            deleted=tally.deleted,
            seconds=seconds,
        )
        if self._marking is not None:
            await self._marking
        if drop is not None:
            drop.close()
            await self._mark(drop)


Handler = Callable[[Pop3Session, str], Awaitable[Reply | None]]
Ready = Callable[[Pop3Session, str], Reply | None]


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: where it may be given, and what carries it out. None as an answer: it has answered itself."""

    run: Handler
    states: tuple[State, ...] = ("transaction",)
    talks: bool = False
    """It waits for the client or the directory: no place is kept for it."""
    ready: Ready | None = None
    """Answers at once when what it takes is in memory, or with None not at all; in the transaction state."""
