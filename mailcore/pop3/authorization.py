"""The commands before the mailbox is open, and those for any time."""

from __future__ import annotations

from mailcore.pop3 import grammar
from mailcore.pop3.reply import TO_STAY, BadCommand, Reply, ok
from mailcore.pop3.session import Pop3Session

LANGUAGES = {"en": "English", "i-default": "English"}


async def user(session: Pop3Session, rest: str) -> Reply:
    """The name; whether there is such a one is not said. RFC 1939 §7."""
    if not session.signin.passwords:
        raise BadCommand("Passwords need an encrypted connection here: start TLS first.")
    if not rest.strip():
        raise BadCommand("USER needs a name.")
    session.user = rest.strip()
    return ok("Send the password.")


async def password(session: Pop3Session, rest: str) -> Reply:
    """The password, which may hold spaces; opens the mailbox. RFC 1939 §7."""
    name, session.user = session.user, ""
    if not name:
        raise BadCommand("USER comes before PASS.")
    who = await session.signin.password(name, rest)
    return _opened(len(await session.open(who)))


async def auth(session: Pop3Session, rest: str) -> Reply:
    """SASL, with an initial response or without; opens the mailbox. RFC 5034 §4. Alone it lists the mechanisms."""
    mechanism, _, initial = rest.strip().partition(" ")
    if not mechanism:
        return ok("Mechanisms follow.", _lines(session.signin.mechanisms))
    who = await session.signin.sasl(mechanism, initial.strip().encode() if initial else None, session.answer)
    return _opened(len(await session.open(who)))


async def apop(session: Pop3Session, rest: str) -> Reply:
    """Name and digest in one; opens the mailbox. RFC 1939 §7."""
    name, space, digest = rest.strip().rpartition(" ")
    if not session.stamp:
        raise BadCommand("APOP is not offered here.")
    if not space or len(digest) != 32 or not digest.isascii():
        raise BadCommand("APOP needs the name, a space and 32 hexadecimal digits.")
    who = await session.signin.apop(name, digest, session.stamp)
    return _opened(len(await session.open(who)))


async def stls(session: Pop3Session, rest: str) -> Reply | None:
    """TLS begins; what was said before counts no more. RFC 2595 §4."""
    grammar.none(rest)
    if session.utf8:
        raise BadCommand("STLS comes before UTF8.")
    if not offers_tls(session):
        raise BadCommand("TLS cannot begin here.")
    session.user = ""
    await session.connection.start_tls(b"+OK Begin TLS.\r\n")
    return None


async def capa(session: Pop3Session, rest: str) -> Reply:
    """What the server can do as things are. RFC 2449 §5."""
    grammar.none(rest)
    signin = session.signin
    lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER", "LANG"]
    lines.append("UTF8 USER")
    if signin.passwords:
        lines.append("USER")
    if mechanisms := signin.mechanisms:
        lines.append(f"SASL {' '.join(mechanisms)}")
    if session.state == "authorization" and offers_tls(session):
        lines.append("STLS")
    lines.append("IMPLEMENTATION Postroom")
    return ok("Capabilities follow.", _lines(lines))


async def utf8(session: Pop3Session, rest: str) -> Reply:
    """The server's texts may be UTF-8 from here on; messages are as they are anyhow. RFC 6856 §2."""
    grammar.none(rest)
    session.utf8 = True
    return ok("UTF-8 it is.")


async def lang(session: Pop3Session, rest: str) -> Reply:
    """The languages of the server's texts, or the choice of one. RFC 6856 §3."""
    if not rest.strip():
        return ok("Languages follow.", _lines([f"{tag} {name}" for tag, name in LANGUAGES.items()]))
    wanted = rest.strip().lower()
    tag = "i-default" if wanted == "*" else wanted
    if tag not in LANGUAGES:
        return Reply(False, f"There is no {rest.strip()[:40]!r} here; LANG lists what there is.", TO_STAY)
    return ok(f"{tag} It is.")


async def leave(session: Pop3Session, rest: str) -> Reply:
    """The end; from the transaction state, the messages marked as deleted are removed now. RFC 1939 §6."""
    grammar.none(rest)
    if session.drop is not None:
        session.over = True  # whatever becomes of the update
        session.tally.deleted = await session.drop.update()
    return Reply(True, "Goodbye.", last=True)


def offers_tls(session: Pop3Session) -> bool:
    """Whether STLS would do now."""
    return session.shop.start_tls and session.connection.can_start_tls


def _opened(count: int) -> Reply:
    return ok(f"Mailbox open, {count} messages.")


def _lines(lines: list[str] | tuple[str, ...]) -> bytes:
    return "".join([f"{line}\r\n" for line in lines]).encode()
