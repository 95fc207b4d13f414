"""The commands for any time, and those that make a stranger known. RFC 5804 §2."""

from __future__ import annotations

from typing import Final

from mailcore.sieve.bounds import Limits
from mailcore.sieve.delivery.lists import SCHEMES
from mailcore.sieve.managesieve.grammar import Command
from mailcore.sieve.managesieve.reply import BadCommand, Reply, ok, string
from mailcore.sieve.managesieve.session import ManageSieveSession
from mailcore.sieve.table import EXTENSIONS

_SIEVE: Final = " ".join(sorted(EXTENSIONS))


async def capability(session: ManageSieveSession, command: Command) -> Reply:
    """What the server can do as things are. RFC 5804 §1.7, §2.4."""
    lines = [
        ("IMPLEMENTATION", "Postroom"),
        ("SASL", " ".join(session.signin.mechanisms)),
        ("SIEVE", _SIEVE),
        ("NOTIFY", "mailto"),
        ("EXTLISTS", SCHEMES),
        ("MAXREDIRECTS", str(Limits().redirects)),
        ("LANGUAGE", "en"),
    ]
    if session.who is not None:
        lines.append(("OWNER", session.name))
    elif offers_tls(session):
        lines.append(("STARTTLS", ""))
    lines += [("UNAUTHENTICATE", ""), ("VERSION", "1.0")]
    data = b""
    for name, value in lines:
        data += string(name) + (b" " + string(value) if value or name == "SASL" else b"") + b"\r\n"
    return ok("That is what there is.", data=data)


async def starttls(session: ManageSieveSession, command: Command) -> Reply:
    """TLS begins; what was said before counts no more, and the capabilities come anew. RFC 5804 §2.2."""
    if not offers_tls(session):
        raise BadCommand("TLS cannot begin here.")
    await session.connection.start_tls(ok("Begin TLS.").octets())
    return await capability(session, command)


async def authenticate(session: ManageSieveSession, command: Command) -> Reply:
    """SASL, with an initial response or without. RFC 5804 §2.1."""
    mechanism, *initial = [each for each in command.args if isinstance(each, bytes)]
    last = await session.enter(mechanism.decode("ascii", "replace"), initial[0] if initial else None)
    return ok("Welcome.", f"SASL {string(last).decode()}" if last else "")


async def unauthenticate(session: ManageSieveSession, command: Command) -> Reply:
    """Be a stranger again; TLS stays. RFC 5804 §2.14.1."""
    session.shop.log.info("unauthenticated", user=session.name)
    session.forget()
    return ok("You are a stranger again.")


async def logout(session: ManageSieveSession, command: Command) -> Reply:
    """The end. RFC 5804 §2.3."""
    session.over = True
    return ok("Goodbye.")


async def noop(session: ManageSieveSession, command: Command) -> Reply:
    """Nothing, with the client's own tag in the answer. RFC 5804 §2.13."""
    try:
        tags = [string(each).decode() for each in command.args if isinstance(each, bytes)]
    except UnicodeDecodeError:
        raise BadCommand("The tag is not UTF-8.") from None
    return ok("Done.", f"TAG {tags[0]}" if tags else "")


def offers_tls(session: ManageSieveSession) -> bool:
    """Whether STARTTLS would do now."""
    return session.shop.start_tls and session.connection.can_start_tls
