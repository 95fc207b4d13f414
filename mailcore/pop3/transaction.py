"""The commands on the open mailbox. RFC 1939 §5, §7."""

from __future__ import annotations

from groupware.model.errors import NotFound
from mailcore.pop3 import grammar
from mailcore.pop3.reply import BadCommand, Reply, ok, stuffed, stuffed_pieces
from mailcore.pop3.session import Pop3Session


async def stat(session: Pop3Session, rest: str) -> Reply:
    """How many messages, how many octets; without the deleted."""
    grammar.none(rest)
    drop = session.mailbox
    await drop.measure()
    return ok(f"{len(drop) - len(drop.deleted)} {sum(map(drop.size, drop.numbers()))}")


async def listing(session: Pop3Session, rest: str) -> Reply:
    """Size of one message, or of each."""
    drop = session.mailbox
    if rest.strip():
        wanted = _chosen(session, rest)
        await drop.measure()
        return ok(f"{wanted} {drop.size(wanted)}")
    await drop.measure()
    return ok(f"{len(drop) - len(drop.deleted)} messages follow.", drop.size_lines())


async def uidl(session: Pop3Session, rest: str) -> Reply:
    """Unique id of one message, or of each."""
    drop = session.mailbox
    if rest.strip():
        wanted = _chosen(session, rest)
        return ok(f"{wanted} {drop.unique(wanted)}")
    return ok("Ids follow.", drop.unique_lines())


async def retr(session: Pop3Session, rest: str) -> Reply:
    """The message, octet for octet with CRLF line ends; it is seen by that."""
    number = _chosen(session, rest)
    drop = session.mailbox
    found = await drop.whole(number, () if drop.has(number) else await session.coming("RETR"))
    if isinstance(found, bytes):
        return _message(session, found)
    session.tally.retrieved += 1
    return ok(f"{found.size} octets", pieces=stuffed_pieces(found.pieces))


def retr_ready(session: Pop3Session, rest: str) -> Reply | None:
    """The same, when the message has been read ahead: most of a pipeline is."""
    octets = session.mailbox.ready(int(rest)) if rest.isascii() and rest.isdigit() and len(rest) <= 10 else None
    return None if octets is None else _message(session, octets)


def _message(session: Pop3Session, octets: bytes) -> Reply:
    session.tally.retrieved += 1
    session.tally.octets += len(octets)
    return ok(f"{len(octets)} octets", stuffed(octets))


async def top(session: Pop3Session, rest: str) -> Reply:
    """Header and the first lines of the body."""
    chosen, _, count = rest.strip().partition(" ")
    number, lines = _chosen(session, chosen), grammar.number(count.strip(), "number of lines")
    drop = session.mailbox
    found = await drop.top(number, lines, () if drop.has(number) else await session.coming("TOP"))
    if isinstance(found, bytes):
        return ok("Top follows.", stuffed(found))
    return ok("Top follows.", pieces=stuffed_pieces(found))


async def dele(session: Pop3Session, rest: str) -> Reply:
    """Marks the message as deleted; QUIT removes it."""
    number = _chosen(session, rest)
    session.mailbox.deleted.add(number)
    return ok(f"Message {number} is marked as deleted.")


async def rset(session: Pop3Session, rest: str) -> Reply:
    """Takes the marks off again."""
    grammar.none(rest)
    drop = session.mailbox
    drop.deleted.clear()
    return ok(f"{len(drop)} messages, none marked as deleted.")


async def noop(session: Pop3Session, rest: str) -> Reply:
    """Nothing."""
    grammar.none(rest)
    return ok("Here.")


def _chosen(session: Pop3Session, text: str) -> int:
    """The number of a message that is there. `BadCommand`, `NotFound`."""
    if not text.strip():
        raise BadCommand("A message number is wanted.")
    number, drop = grammar.number(text.strip()), session.mailbox
    if not 0 < number <= len(drop):
        raise NotFound(f"There is no message {number}; there are {len(drop)}.")
    if number in drop.deleted:
        raise NotFound(f"Message {number} is marked as deleted; RSET takes the marks off.")
    return number
