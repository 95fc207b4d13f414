"""The commands that carry no message: hello, TLS, signing in, and the small ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Final

from groupware.model.errors import BadCredentials, TryAgain
from mailcore.server.dialogue import LineTooLong
from mailcore.server.signin import Rejected
from mailcore.smtp import events
from mailcore.smtp.policy import asking
from mailcore.smtp.reply import OK, Reply
from mailcore.smtp.state import LMTP, SUBMISSION, Replies, State
from mailcore.smtp.wire import HOLD_MAX, hello_name
from mailcore.smtp.xclient import OFFERED
from mailcore.smtp.xclient import may as may_xclient

ANSWER_MAX: Final = 12_288  # octets of one line of a SASL exchange, RFC 4954 §4
UNKNOWN: Final = Reply(500, "5.5.2", "There is no such command; HELP lists those there are.")
ALWAYS: Final = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "DSN")
_WHILE: Final[Mapping[str, str]] = {
    "PIPELINING": "allowPipelining", "8BITMIME": "allow8bitMime", "CHUNKING": "allowBinaryData",
    "BINARYMIME": "allowBinaryData",
}  # fmt: skip
"""What is offered only while a rule does not forbid it."""


async def ehlo(state: State, argument: str) -> Reply:
    """What this server can do, as things are. RFC 5321 §4.1.1.1; LHLO is RFC 2033 §4.1."""
    refusal = await _greet(state, argument, extended=True)
    if refusal is not None:
        return refusal
    return Reply(250, "", f"{state.shared.host} greets {state.hello}", (*_extensions(state), "HELP"))


async def _greet(state: State, argument: str, *, extended: bool) -> Reply | None:
    """Notes who says hello; why the server does not want to hear more."""
    state.hello = hello_name(argument)
    state.extended = extended
    state.reset()
    refusal = await asking.greeted(state)
    if refusal is not None:
        state.hello = ""
    return refusal


def _extensions(state: State) -> tuple[str, ...]:
    words = [f"SIZE {state.largest}", *(word for word in ALWAYS if state.limit(_WHILE.get(word, ""), True))]
    if _may_start_tls(state):
        words.append("STARTTLS")
    if state.may_require_tls:
        words.append("REQUIRETLS")
    mechanisms = _mechanisms(state)
    if mechanisms:
        words.append(f"AUTH {' '.join(mechanisms)}")
    if state.role == SUBMISSION:
        until = state.shared.parts.clock.now().astimezone(UTC) + timedelta(seconds=HOLD_MAX)
        words.append(f"FUTURERELEASE {HOLD_MAX} {until:%Y-%m-%dT%H:%M:%SZ}")
    words += OFFERED[may_xclient(state)]
    return tuple(words)


def _may_start_tls(state: State) -> bool:
    allowed = state.shared.section.allow_start_tls and state.limit("allowStartTLS", True)
    return bool(allowed and state.connection.can_start_tls)


def _mechanisms(state: State) -> tuple[str, ...]:
    """The mechanisms that are offered: of the service's own those that rules leave."""
    if state.role == LMTP or not state.limit("allowAuth", True):
        return ()
    left = str(state.limit("secureConnAuthTypes" if state.connection.secure else "plainConnAuthTypes", "all")).split()
    return tuple([each for each in state.signin.mechanisms if "all" in left or each in left])


async def helo(state: State, argument: str) -> Reply:
    """The hello of old clients: no extensions."""
    return await _greet(state, argument, extended=False) or Reply(250, "", state.shared.host)


async def starttls(state: State, argument: str) -> Replies:
    """Begins TLS; everything said before is forgotten. RFC 3207."""
    if argument:
        return Reply(501, "5.5.4", "STARTTLS takes no argument.")
    if state.connection.secure:
        return Reply(503, "5.5.1", "The connection is encrypted already.")
    if not _may_start_tls(state):
        return Reply(454, "4.7.0", "TLS is not available here.")
    await state.connection.start_tls(b"220 2.0.0 Ready to start TLS\r\n")
    state.restart()
    return None


async def auth(state: State, argument: str) -> Reply:
    """Signs in. RFC 4954."""
    mechanism, _, initial = argument.partition(" ")
    refusal = _may_sign_in(state, mechanism)
    if refusal is not None:
        return refusal
    try:
        await state.signin.sasl(mechanism, initial.strip().encode() or None, lambda challenge: _ask(state, challenge))
    except Rejected as error:
        code, status = _REJECTED[error.kind]
        return Reply(code, status, str(error))
    except BadCredentials as error:
        if state.signin.exhausted:
            events.closed(state, "too many failed logins")
        return Reply(535, "5.7.8", str(error), close=state.signin.exhausted)
    except TryAgain:
        return Reply(454, "4.7.0", "Nobody can be signed in just now; try again later.")
    except LineTooLong:
        await state.connection.skip_line()
        return Reply(500, "5.5.6", "The line is too long.")
    return Reply(235, "2.7.0", "Welcome.")


def _may_sign_in(state: State, mechanism: str) -> Reply | None:
    if state.role == LMTP:
        return UNKNOWN
    if not state.limit("allowAuth", True):
        return Reply(502, "5.7.0", "Nobody signs in here from where you are.")
    if not state.hello or not state.extended:
        return Reply(503, "5.5.1", "Say hello first (EHLO).")
    if state.who is not None:
        return Reply(503, "5.5.1", "Somebody is signed in on this connection already.")
    if state.transaction is not None:
        return Reply(503, "5.5.1", "A message has begun; sign in before MAIL.")
    if not mechanism:
        return Reply(501, "5.5.4", "Say which mechanism: AUTH PLAIN")
    offered = _mechanisms(state)
    if mechanism.upper() in state.signin.mechanisms and mechanism.upper() not in offered:
        return Reply(504, "5.5.4", f"The mechanism is not offered; there are {', '.join(offered) or 'none'}.")
    return None


_REJECTED: Final[Mapping[str, tuple[int, str]]] = {
    "syntax": (501, "5.5.2"),
    "cancelled": (501, "5.0.0"),
    "unknown": (504, "5.5.4"),
    "privacy": (538, "5.7.11"),
}


async def _ask(state: State, challenge: bytes) -> bytes:
    state.connection.write(b"334 " + challenge + b"\r\n")
    return (await state.connection.readline(ANSWER_MAX)).rstrip(b"\r\n")


async def noop(state: State, argument: str) -> Reply:
    """Nothing."""
    return OK


async def rset(state: State, argument: str) -> Reply:
    """Forgets the message that has begun."""
    state.reset()
    return OK


async def vrfy(state: State, argument: str) -> Reply:
    """Who exists here is told to nobody; RCPT is the place to ask. RFC 5321 §7.3."""
    return Reply(252, "2.5.0", "This server does not say; send the message, and it tells at RCPT.")


async def expn(state: State, argument: str) -> Reply:
    """Who is on a list is told to nobody."""
    return Reply(502, "5.5.1", "This server does not show the members of lists.")


async def help_(state: State, argument: str) -> Reply:
    """The commands there are."""
    hello = "LHLO" if state.role == LMTP else "EHLO HELO"
    return Reply(
        214, "2.0.0", f"{hello} MAIL RCPT DATA BDAT RSET NOOP STARTTLS AUTH VRFY EXPN HELP QUIT", ("RFC 5321",)
    )


async def quit_(state: State, argument: str) -> Reply:
    """Goodbye."""
    return Reply(221, "2.0.0", f"{state.shared.host} says goodbye.", close=True)
