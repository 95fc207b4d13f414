"""STARTTLS, LOGIN, AUTHENTICATE, UNAUTHENTICATE."""

from __future__ import annotations

from dataclasses import dataclass, field

from groupware.model.errors import BadCredentials
from groupware.model.principal import Principal
from mailcore.imap.commands.jmapaccess import announces
from mailcore.imap.grammar import BadSyntax, Cursor, nothing
from mailcore.imap.reply import Reply, bad, no, ok, refused, status_line
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, STRANGER, command
from mailcore.server.signin import Rejected


@command("STARTTLS", state=STRANGER, parse=nothing)
async def starttls(session: Session, _: None) -> Reply:
    """TLS from here on; what was sent ahead is thrown away. RFC 3501 §6.2.1."""
    if not session.connection.can_start_tls:
        return bad("TLS cannot begin here")
    await session.connection.start_tls(status_line(session.tag, ok("Begin the handshake")))
    return Reply(b"", "")


@dataclass(frozen=True, slots=True)
class Password:
    """LOGIN's arguments."""

    name: str
    password: str = field(repr=False)


def parse_login(cursor: Cursor) -> Password:
    """A name and a password."""
    cursor.sp()
    name = cursor.text()
    cursor.sp()
    return Password(name, cursor.text())


@command("LOGIN", state=STRANGER, parse=parse_login)
async def login(session: Session, given: Password) -> Reply:
    """Sign in with a password. RFC 3501 §6.2.3."""
    try:
        who = await session.signin.password(given.name, given.password)
    except Rejected as error:
        return no(str(error), b"PRIVACYREQUIRED")
    except BadCredentials as error:
        return _failed(session, error)
    return await _welcome(session, who)


@dataclass(frozen=True, slots=True)
class Mechanism:
    """AUTHENTICATE's arguments."""

    name: str
    initial: bytes | None = field(default=None, repr=False)


def parse_authenticate(cursor: Cursor) -> Mechanism:
    """A mechanism and, with SASL-IR (RFC 4959), the initial response."""
    cursor.sp()
    name = cursor.word().decode("ascii")
    return Mechanism(name, cursor.rest() if cursor.take(b" ") else None)


@command("AUTHENTICATE", state=STRANGER, parse=parse_authenticate)
async def authenticate(session: Session, given: Mechanism) -> Reply:
    """Sign in by SASL. RFC 3501 §6.2.2."""
    try:
        who = await session.signin.sasl(given.name, given.initial, session.answer_to)
    except Rejected as error:
        if error.kind == "privacy":
            return no(str(error), b"PRIVACYREQUIRED")
        if error.kind == "unknown":
            return no(str(error), b"CANNOT")
        raise BadSyntax(str(error)) from None
    except BadCredentials as error:
        return _failed(session, error)
    return await _welcome(session, who)


@command("UNAUTHENTICATE", state=KNOWN, parse=nothing)
async def unauthenticate(session: Session, _: None) -> Reply:
    """Be a stranger again; TLS stays, compression ends behind the answer. RFC 8437 §3, §4.1."""
    session.shared.log.info("unauthenticated", user=session.user.name)
    session.forget()
    return Reply(b"OK", "You are a stranger again", b"CAPABILITY " + session.capabilities(), compress=False)


async def _welcome(session: Session, who: Principal) -> Reply:
    if not session.enter(who):
        return no("You have too many sessions open; close one first", b"LIMIT")
    session.by_jmap = await announces(session)
    return ok("Welcome", b"CAPABILITY " + session.capabilities())


def _failed(session: Session, error: BadCredentials) -> Reply:
    if session.signin.exhausted:
        session.hang_up("Too many failed logins")
    return refused(error)
