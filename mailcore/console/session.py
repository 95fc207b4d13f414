"""One session of the console: a line is a command, carried out in a thread, and answered.

Invariants
1. Every line gets one answer, in order, whatever goes wrong with it; its end cannot be imitated by what it holds.
2. A stranger can sign in, begin TLS, read help and leave; lines are short until then.
3. The event loop never waits for a command; when the session ends, its command ends at its next step.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Final

import typer

from groupware.model.errors import GroupwareError
from groupware.model.principal import Principal
from groupware.store.api import ReadTx
from mailcore.cli.main import USAGE, expected, misused, one_line
from mailcore.cli.show import elsewhere
from mailcore.cli.site import Site
from mailcore.console import grammar
from mailcore.console.grammar import BadLine
from mailcore.console.offer import carry_out, explained
from mailcore.console.terminal import Halted, RemoteTerminal
from mailcore.server.config import Config
from mailcore.server.connection import Connection
from mailcore.server.dialogue import ConnectionClosed, Farewell, IdleTimeout, LineTooLong
from mailcore.server.events import EventLog
from mailcore.server.parts import Parts
from mailcore.server.signin import Desk, Rejected, SignIn
from mailcore.server.stay import WORDS

STRANGER_LINE_MAX: Final = 1024
LINE_MAX: Final = 65_536
COMMAND_SECONDS: Final = 300.0
SESSIONS_MAX: Final = 4  # of one account
BUG: Final = "The server made a mistake; its log says more."
HELP: Final = "HELP, HELP COMMAND, VERSION, QUIT; before you sign in STARTTLS, LOGIN NAME PASSWORD, or USER and PASS.\n"


@dataclass(frozen=True, slots=True)
class Shop:
    """What the sessions of one service share."""

    parts: Parts
    desk: Desk
    config: Config
    threads: ThreadPoolExecutor
    slot: Callable[[], AbstractAsyncContextManager[None]]
    log: EventLog
    greeting: Callable[[], str]
    max_errors: int
    start_tls: bool


class ConsoleSession:
    """The dialogue on one connection."""

    __slots__ = ("_errors", "_seat", "_user", "connection", "over", "shop", "signin", "who")

    def __init__(self, connection: Connection, shop: Shop) -> None:
        self.connection, self.shop = connection, shop
        self.signin = SignIn(shop.desk, connection)
        self.who: Principal | None = None
        self.over = False
        self._errors = 0
        self._seat = self._user = ""

    # --- the dialogue

    async def run(self) -> None:
        """Speak until QUIT, or until the connection ends."""
        log, began = self.shop.log, time.monotonic()
        log.info("connected", peer=self.connection.peer.ip, listener=self.connection.listener.name)
        try:
            self._end(True, self.shop.greeting())
            while not self.over:
                await self._obey()
                await self.connection.drain()
        finally:
            if self._seat:
                self.shop.parts.seats.give(self._seat)
            name = self.who.name if self.who is not None else ""
            log.info("session_ended", user=name, seconds=round(time.monotonic() - began, 3))

    def goodbye(self, why: Farewell) -> bytes:
        """The last words."""
        if why == "gone":
            return grammar.last(False, WORDS[self.connection.parting])
        text = {"idle": "You were silent for too long.", "stopping": "The server is stopping.", "failed": BUG}[why]
        return grammar.last(False, text)

    async def _obey(self) -> None:
        """Read one line, carry it out, answer it."""
        try:
            line = grammar.text(await self._line())
            verb, _, rest = line.lstrip().partition(" ")
            own = _VERBS.get(verb.rstrip().upper())
            if own is not None:
                await own(self, rest)
            elif line.strip():
                await self._command(grammar.split(line))
        except (ConnectionClosed, IdleTimeout):
            raise
        except Exception as error:
            self._refuse(self._words(error))

    async def _line(self) -> bytes:
        """The next line. `BadLine` for one that is too long."""
        limit = STRANGER_LINE_MAX if self.who is None else LINE_MAX
        try:
            return await self.connection.readline(limit)
        except LineTooLong:
            await self.connection.skip_line()
            raise BadLine(f"A line has at most {limit} octets here.") from None

    def _end(self, ok: bool, words: str = "") -> None:
        self.connection.write(grammar.last(ok, words))

    def _refuse(self, words: str) -> None:
        """Answer that it did not work; the last answer, when a stranger has erred too often."""
        self._errors += self.who is None
        if self.signin.exhausted or 0 < self.shop.max_errors <= self._errors:
            self.shop.log.warning("too_many_errors", errors=self._errors, failed_logins=self.signin.failures)
            words, self.over = f"{words} Too many errors: goodbye.", True
        self._end(False, words)

    def _words(self, error: Exception) -> str:
        """What an error says to people; a bug goes to the log."""
        if isinstance(error, USAGE):
            return misused(error)
        if isinstance(error, typer.Abort):
            return "Nothing was done."
        if isinstance(error, typer.Exit):
            return "It did not work."
        if isinstance(error, (BadLine, Rejected, *expected())):
            return one_line(error)
        if isinstance(error, TimeoutError):
            return f"The command was given up after {COMMAND_SECONDS:.0f} seconds; what it did before stays."
        self.shop.log.error("command_crashed", error=repr(error), traceback=traceback.format_exc())
        return BUG

    # --- commands

    async def _command(self, words: Sequence[str]) -> None:
        if self.who is None:
            raise BadLine("Sign in first: LOGIN NAME PASSWORD; or HELP.")
        with self.connection.command():
            async with self.shop.slot():
                help_text = await self._carry_out(self.who, words)
        self._text(help_text)
        self._end(True)

    async def _carry_out(self, who: Principal, words: Sequence[str]) -> str:
        """Run a command in a thread. What it raises; TimeoutError."""
        loop = asyncio.get_running_loop()
        terminal = RemoteTerminal(self, loop)
        here = Site(self.shop.config, self.shop.parts.store, self.shop.parts.blobs, terminal.wait, who)
        self.shop.log.info("command", user=who.name, command=" ".join(words[:2])[:80])

        def work() -> str:
            elsewhere.set(terminal)
            try:
                return carry_out(here, words)
            except typer.Exit as error:
                if error.exit_code:
                    raise
                return ""
            finally:
                terminal.finish()

        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                return await loop.run_in_executor(self.shop.threads, copy_context().run, work)
        except Halted:
            raise ConnectionClosed("the command was halted") from None
        finally:
            terminal.halt()

    async def tell(self, octets: bytes) -> None:
        """Send some of an answer, as fast as the peer takes it."""
        self.connection.write(octets)
        await self.connection.drain()

    async def ask(self, question: str, hidden: bool) -> str:
        """The peer's line to a question of a command. `BadLine`."""
        self.connection.write(grammar.question(question, hidden=hidden))
        return grammar.text(await self._line())

    def _text(self, text: str) -> None:
        for line in text.splitlines():
            self.connection.write(grammar.stuffed(line).encode(errors="replace") + b"\r\n")

    # --- the console's own

    async def help(self, rest: str) -> None:
        """What there is, or what a command is for."""
        words = grammar.split(rest)
        said = explained(words) if self.who is not None else ""
        self._text(said if words else HELP + said)
        self._end(True)

    async def version(self, rest: str) -> None:
        """The server's version."""
        from importlib.metadata import version as of

        self._end(True, f"Postroom {of('postroom')}" if self.who is not None else "Postroom")

    async def quit(self, rest: str) -> None:
        """The end."""
        self.over = True
        self._end(True, "Goodbye.")

    async def start_tls(self, rest: str) -> None:
        """TLS begins; what was said before counts no more."""
        if self.who is not None or not (self.shop.start_tls and self.connection.can_start_tls):
            raise BadLine("TLS cannot begin here.")
        self._user = ""
        await self.connection.start_tls(grammar.last(True, "Begin TLS."))

    async def login(self, rest: str) -> None:
        """Signs in, name and password in one line."""
        words = grammar.split(rest)
        if len(words) != 2:
            raise BadLine("LOGIN takes a name and a password; quote them as for a shell.")
        await self._enter(words[0], words[1])

    async def user(self, rest: str) -> None:
        """The name of who signs in; the password comes with PASS."""
        self._check_stranger()
        self._user = rest.strip()
        if not self._user:
            raise BadLine("USER takes a name.")
        self._end(True, "Send PASS and the password.")

    async def password(self, rest: str) -> None:
        """The password, which may hold spaces and quotes as they are."""
        name, self._user = self._user, ""
        if not name:
            raise BadLine("USER comes before PASS.")
        await self._enter(name, rest)

    def _check_stranger(self) -> None:
        if self.who is not None:
            raise BadLine("You are signed in already.")
        if not self.signin.passwords:
            raise BadLine("Passwords need an encrypted connection here: STARTTLS first.")

    async def _enter(self, name: str, password: str) -> None:
        """Sign in, if this is somebody who administers something. What signing in raises; `BadLine`."""
        self._check_stranger()
        who = replace(await self.signin.password(name, password), client="cli")
        try:
            await self._check_may(who)
        except (BadLine, GroupwareError):
            self.signin.who = None
            self.signin.released()
            raise
        self.who = who
        self._end(True, f"Welcome, {who.name}.")

    async def _check_may(self, who: Principal) -> None:
        if not await self.shop.parts.store.read(who, _administers_something):
            self.shop.log.warning("administers_nothing", user=who.name)
            raise BadLine(f"{who.name} administers nothing here.")
        seat = f"cli {who.account}"
        if not self.shop.parts.seats.take(seat, SESSIONS_MAX):
            raise BadLine(f"You have {SESSIONS_MAX} other sessions; end one, or try again later.")
        self._seat = seat


def _administers_something(tx: ReadTx) -> bool:
    return tx.administers() or bool(tx.administered())


_VERBS: Final[Mapping[str, Callable[[ConsoleSession, str], Awaitable[None]]]] = {
    "HELP": ConsoleSession.help,
    "VERSION": ConsoleSession.version,
    "QUIT": ConsoleSession.quit,
    "EXIT": ConsoleSession.quit,
    "STARTTLS": ConsoleSession.start_tls,
    "LOGIN": ConsoleSession.login,
    "USER": ConsoleSession.user,
    "PASS": ConsoleSession.password,
}
