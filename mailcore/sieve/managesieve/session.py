"""One ManageSieve session: takes commands in their order, hands each to its handler, answers.

Invariants
1. Every command gets one answer, in order, whatever it is and whatever goes wrong with it.
2. What a command may hold is bounded before it is read: little for a stranger, one script for who is known.
3. A literal that is too long is passed over without being kept; one that is far too long ends the session.
"""

from __future__ import annotations

import time
import traceback
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Final, Literal

from groupware.model.principal import Principal
from mailcore.server.connection import Connection
from mailcore.server.dialogue import ConnectionClosed, Farewell, IdleTimeout, LineTooLong
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts
from mailcore.server.sasl import MAX_MESSAGE
from mailcore.server.signin import Desk, SignIn
from mailcore.server.spoken import answered, heard
from mailcore.server.stay import WORDS
from mailcore.sieve.bounds import SCRIPT_OCTETS
from mailcore.sieve.managesieve import grammar
from mailcore.sieve.managesieve.grammar import Command
from mailcore.sieve.managesieve.reply import BUG, BadCommand, InUse, Reply, refusal, string

AUTOLOGOUT: Final = 1800.0  # seconds at least once somebody is known, RFC 5804 §1.2
ANSWER_MAX: Final = MAX_MESSAGE * 4 // 3 + 8
LINE_MAX: Final = ANSWER_MAX + 128  # AUTHENTICATE with all in quotes
SKIPPED_MAX: Final = 16 * 1024 * 1024  # octets of a literal that are passed over
SKIP: Final = 65_536

State = Literal["stranger", "known"]


@dataclass(frozen=True, slots=True)
class Shop:
    """What the sessions of one service share."""

    parts: Parts
    desk: Desk
    slot: Callable[[], AbstractAsyncContextManager[None]]
    log: EventLog
    greeting: Callable[[], str]
    max_errors: int
    most_sessions: int
    """Of one account; 0: no limit."""
    start_tls: bool


class ManageSieveSession:
    """The dialogue on one connection."""

    __slots__ = ("_commands", "_errors", "_seat", "connection", "over", "shop", "signin", "who")

    def __init__(self, connection: Connection, shop: Shop, commands: Mapping[str, Verb]) -> None:
        self.connection, self.shop, self._commands = connection, shop, commands
        self.signin = SignIn(shop.desk, connection)
        self.who: Principal | None = None
        self.over = False
        self._errors = 0
        self._seat = ""

    # --- the dialogue

    async def run(self) -> None:
        """Speak until LOGOUT, or until the connection ends."""
        log, began = self.shop.log, time.monotonic()
        log.info("connected", peer=self.connection.peer.ip, listener=self.connection.listener.name)
        name = ""
        try:
            self.say(await self._commands["CAPABILITY"].run(self, Command("CAPABILITY")), self.shop.greeting())
            while not self.over:
                command = await self._read()
                if command is not None:
                    await self._obey(command)
                name = self.name or name
        finally:
            self.forget()
            log.info("session_ended", user=name, seconds=round(time.monotonic() - began, 3))

    def goodbye(self, why: Farewell) -> bytes:
        """The last words."""
        if why == "gone":
            return Reply("BYE", WORDS[self.connection.parting]).octets()
        text = {"idle": "You were silent for too long.", "stopping": "The server is stopping.", "failed": BUG.text}[why]
        return Reply("BYE", text, "" if why == "idle" else "TRYLATER").octets()

    def say(self, reply: Reply | None, text: str = "") -> None:
        """Write an answer; `text` instead of its own."""
        if reply is not None:
            octets = (replace(reply, text=text) if text else reply).octets()
            answered(self.shop.log, octets)
            self.connection.write(octets)
            self.over = self.over or reply.status == "BYE"

    async def _obey(self, command: Command) -> None:
        """Carry out one command and answer it."""
        if command.verb in self._commands:
            heard(self.shop.log, command.verb)
        try:
            reply = await self._carry_out(self._commands.get(command.verb), command)
        except (ConnectionClosed, IdleTimeout):
            raise
        except Exception as error:
            reply = refusal(error)
            if reply is None:
                self.shop.log.error(
                    "command_crashed", command=command.verb, error=repr(error), traceback=traceback.format_exc()
                )
                reply = BUG
        self.say(self._counted(reply) if reply is not None else None)
        await self.connection.drain()

    async def _carry_out(self, verb: Verb | None, command: Command) -> Reply | None:
        if command.problem:
            return Reply("NO", command.problem, command.code, wrong=not command.code)
        if verb is None:
            raise BadCommand(f"There is no command {command.verb[:32]}.")
        if self.state not in verb.states:
            raise BadCommand("Log in first." if self.who is None else "You are logged in already.")
        if not verb.least <= len(command.args) <= len(verb.takes) or not all(map(isinstance, command.args, verb.takes)):
            raise BadCommand(f"{command.verb} takes {verb.words}.")
        if verb.talks:
            return await verb.run(self, command)
        with self.connection.command():
            async with self.shop.slot():
                return await verb.run(self, command)

    def _counted(self, reply: Reply) -> Reply:
        """The answer, or a goodbye when there were too many errors."""
        self._errors += reply.wrong
        if reply.status != "NO" or not (self.signin.exhausted or 0 < self.shop.max_errors <= self._errors):
            return reply
        self.shop.log.warning("too_many_errors", errors=self._errors, failed_logins=self.signin.failures)
        return Reply("BYE", f"{reply.text} Too many errors: goodbye.")

    # --- what comes in

    async def _read(self) -> Command | None:
        """The next command; None when the session ends at what has come."""
        pieces: list[bytes] = []
        problem = code = ""
        while True:
            line, too_long = await self._line()
            problem = problem or too_long
            pieces.append(line)
            announced = grammar.literal(line)
            if announced is None:
                return Command("", problem=problem, code=code) if problem else grammar.parse(pieces)
            if announced.waits:
                return Command("", problem="Literals are announced as {n+} here, and sent without waiting.")
            if len(pieces) >= 2 * grammar.LITERALS_MAX or announced.size > self._most_skipped:
                self.say(Reply("BYE", "No command is that long.", "QUOTA/MAXSIZE"))
                return None
            if announced.size > self._longest:
                await self._skip(announced.size)
                if not problem:
                    problem, code = f"A string has at most {self._longest} octets here.", "QUOTA/MAXSIZE"
                pieces.append(b"")
            else:
                pieces.append(await self.connection.readexactly(announced.size))

    async def _line(self) -> tuple[bytes, str]:
        """A line, and what is wrong with it; of one that is too long, the end."""
        try:
            return await self.connection.readline(LINE_MAX), ""
        except LineTooLong:
            return await self.connection.skip_line(), f"A line has at most {LINE_MAX} octets here."

    @property
    def _longest(self) -> int:
        return ANSWER_MAX if self.who is None else SCRIPT_OCTETS

    @property
    def _most_skipped(self) -> int:
        return ANSWER_MAX if self.who is None else SKIPPED_MAX

    async def _skip(self, count: int) -> None:
        while count:
            count -= len(await self.connection.read(min(count, SKIP)))

    async def answer(self, challenge: bytes) -> bytes:
        """The client's string to a challenge of AUTHENTICATE. RFC 5804 §2.1."""
        self.connection.write(string(challenge) + b"\r\n")
        line, too_long = await self._line()
        announced = grammar.literal(line)
        if announced is None or announced.waits:
            found = grammar.text(line)
        elif announced.size > ANSWER_MAX or too_long:
            raise ConnectionClosed("no answer is that long")
        else:
            octets = await self.connection.readexactly(announced.size)
            rest, _ = await self._line()
            found = grammar.text(line, octets) if not rest.strip() else None
        return b"!" if found is None else found  # which is not base64: the exchange ends

    # --- who it is

    @property
    def state(self) -> State:
        """Where the session is."""
        return "stranger" if self.who is None else "known"

    @property
    def name(self) -> str:
        """Who is logged in."""
        return self.who.name if self.who is not None else ""

    @property
    def user(self) -> Principal:
        """Who is logged in, where somebody is."""
        assert self.who is not None
        return self.who

    async def enter(self, mechanism: str, initial: bytes | None) -> bytes:
        """Sign in; the mechanism's last word, which goes with the answer. `InUse`, and what signing in raises."""
        last = b""

        async def ask(challenge: bytes) -> bytes:
            nonlocal last
            if mechanism.upper().startswith("SCRAM-") and b64decode(challenge).startswith(b"v="):
                last = challenge
                return b""  # the client hears it with the answer
            return await self.answer(challenge)

        who = await self.signin.sasl(mechanism, initial, ask)
        seat = f"managesieve {who.account}"
        if not self.shop.parts.seats.take(seat, self.shop.most_sessions):
            self.signin.who = None
            self.signin.released()
            raise InUse(f"You have {self.shop.most_sessions} other sessions; end one, or try again later.")
        self._seat, self.who = seat, replace(who, client="managesieve")
        if self.connection.idle:
            self.connection.idle = max(self.connection.idle, AUTOLOGOUT)
        return last

    def forget(self) -> None:
        """Nobody is known any more."""
        if self._seat:
            self.shop.parts.seats.give(self._seat)
            self.connection.idle = self.connection.listener.idle
        self._seat, self.who = "", None


Handler = Callable[[ManageSieveSession, Command], Awaitable[Reply | None]]


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: where it may be given, what it takes, what carries it out. None as an answer: it has answered."""

    run: Handler
    takes: tuple[type[bytes] | type[int], ...] = ()
    words: str = "no arguments"
    least: int = 0
    states: tuple[State, ...] = ("known",)
    talks: bool = False
    """It waits for the client or the directory: no place is kept for it."""
