"""The dialogue on one connection: line in, handler, reply out.

1. Handlers give replies back; only what cannot wait for the reply (354, 334, 220 of STARTTLS) they write themselves.
2. Whatever a handler raises is answered, and the dialogue goes on where its framing is whole.
3. What a client may do without bringing a message is bounded: wrong commands, commands at all, failed logins.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from groupware.model.errors import GroupwareError
from mailcore.server.connection import Connection
from mailcore.server.dialogue import ConnectionClosed, Farewell, IdleTimeout, LineTooLong
from mailcore.server.spoken import answered, heard
from mailcore.server.stay import WORDS
from mailcore.smtp import commands, envelope, events, receive
from mailcore.smtp.greeting import greeting
from mailcore.smtp.policy import asking
from mailcore.smtp.reply import TOO_LONG, TOO_MANY_ERRORS, TOO_MUCH_TALK, Reply, of_error
from mailcore.smtp.state import LMTP, Replies, Shared, State
from mailcore.smtp.wire import COMMAND_MAX, Bad, split_command
from mailcore.smtp.xclient import xclient

TALK_MAX: Final = 1000  # commands without a message, besides its recipients and chunks
BATCH_MAX: Final = 1000  # RCPT that are answered together

Handler = Callable[[State, str], Awaitable[Replies]]

SMTP: Final[Mapping[str, Handler]] = {
    "EHLO": commands.ehlo,
    "HELO": commands.helo,
    "STARTTLS": commands.starttls,
    "AUTH": commands.auth,
    "MAIL": envelope.mail,
    "DATA": receive.data,
    "BDAT": receive.bdat,
    "RSET": commands.rset,
    "NOOP": commands.noop,
    "VRFY": commands.vrfy,
    "EXPN": commands.expn,
    "HELP": commands.help_,
    "QUIT": commands.quit_,
    "XCLIENT": xclient,
}
LMTP_COMMANDS: Final[Mapping[str, Handler]] = {
    "LHLO": commands.ehlo,
    **{verb: handler for verb, handler in SMTP.items() if verb not in ("EHLO", "HELO")},
}
"""RFC 2033 §4.1. RCPT is not in the tables: it is the one command that is answered in batches."""


class SmtpSession:
    """One connection to SMTP or LMTP."""

    __slots__ = ("_ahead", "_table", "over", "state")

    def __init__(self, shared: Shared, connection: Connection) -> None:
        self.state = State(shared, connection)
        self._table = LMTP_COMMANDS if self.state.role == LMTP else SMTP
        self._ahead: bytes | None = None
        self.over = False

    async def run(self) -> None:
        """Speak until the client says QUIT, or does too much wrong."""
        state, connection = self.state, self.state.connection
        try:
            self.over = not await self._welcome()
            while not self.over:
                line = await self._line()
                with connection.command():
                    self.over = not self._say(await self._answer(line))
        finally:
            state.reset()

    async def _welcome(self) -> bool:
        """The greeting, or why there is none; whether the dialogue goes on."""
        state = self.state
        try:
            await asking.renew(state)
            refusal = await asking.connected(state)
        except GroupwareError:
            refusal = Reply(421, "4.3.0", f"{state.shared.host} cannot do its work now; come back later.", close=True)
        if refusal is not None:
            events.turned_away(state, refusal)
        state.connection.write(greeting(state) if refusal is None else refusal.octets)
        return refusal is None

    def goodbye(self, why: Farewell) -> bytes:
        """The last words when the server hangs up. RFC 5321 §3.8."""
        if why == "gone":
            return Reply(421, "4.7.0", f"{self.state.shared.host} {WORDS[self.state.connection.parting]}").octets
        status, text = _FAREWELLS[why]
        return Reply(421, status, f"{self.state.shared.host} {text}").octets

    async def _line(self) -> bytes | None:
        """The next command line, None for one that is too long."""
        line, self._ahead = self._ahead, None
        if line is not None:
            return line
        try:
            return await self.state.connection.readline(COMMAND_MAX)
        except LineTooLong:
            await self.state.connection.skip_line()
            return None

    async def _answer(self, line: bytes | None) -> Replies:
        if line is None:
            return TOO_LONG
        try:
            verb, argument = split_command(line.rstrip(b"\r\n"))
            if verb in self._table:
                heard(self.state.log, verb, argument)
            if verb == "RCPT":
                self.state.talk += 1
                return await envelope.rcpt(self.state, [argument, *self._more_recipients()])
            self.state.talk += verb != "BDAT"
            handler = self._table.get(verb, _unknown)
            return await handler(self.state, argument)
        except Bad as bad:
            return bad.reply
        except GroupwareError as error:
            return of_error(error)
        except (ConnectionClosed, IdleTimeout):
            raise
        except Exception:  # a bug of ours costs nobody the connection
            return self.state.fault()

    def _more_recipients(self) -> list[str]:
        """The arguments of the RCPT that have come behind the first one."""
        found: list[str] = []
        connection = self.state.connection
        while len(found) < BATCH_MAX - 1 and (raw := connection.take_line(COMMAND_MAX)) is not None:
            if raw[:5].upper() != b"RCPT ":
                self._ahead = raw
                break
            try:
                found.append(split_command(raw.rstrip(b"\r\n"))[1])
                heard(self.state.log, "RCPT", found[-1])
            except Bad:
                self._ahead = raw
                break
        return found

    def _say(self, replies: Replies) -> bool:
        """Write the replies; whether the dialogue goes on."""
        if replies is None:
            return True
        state = self.state
        for reply in replies if isinstance(replies, list) else (replies,):
            answered(state.log, reply.octets)
            state.connection.write(reply.octets)
            state.errors += reply.wrong
            if reply.close:
                return False
        return not self._too_much()

    def _too_much(self) -> bool:
        """Whether the client has done so much wrong, or so much for nothing, that the server hangs up."""
        state, limit = self.state, self.state.shared.section.max_errors
        if 0 < limit <= state.errors:
            events.closed(state, "too many errors")
            state.connection.write(TOO_MANY_ERRORS.octets)
            return True
        if state.talk > TALK_MAX + state.shared.config.smtp.max_rcpt_count:
            events.closed(state, "too many commands")
            state.connection.write(TOO_MUCH_TALK.octets)
            return True
        return False


async def _unknown(state: State, argument: str) -> Reply:
    return commands.UNKNOWN


_FAREWELLS: Final[Mapping[Farewell, tuple[str, str]]] = {
    "stopping": ("4.3.2", "is stopping; come back later."),
    "idle": ("4.4.2", "has waited long enough; goodbye."),
    "failed": ("4.3.0", "has a fault; come back later."),
}
