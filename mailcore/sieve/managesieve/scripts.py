"""The commands that work on scripts. RFC 5804 §2.5 to §2.12."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from mailcore.sieve.check import compiled
from mailcore.sieve.managesieve.grammar import NUMBER_MAX, Command
from mailcore.sieve.managesieve.reply import BadCommand, Reply, literal, ok, string
from mailcore.sieve.managesieve.session import ManageSieveSession
from mailcore.sieve.warnings import warnings

T = TypeVar("T")


async def havespace(session: ManageSieveSession, command: Command) -> Reply:
    """Whether PUTSCRIPT of so many octets would be taken. RFC 5804 §2.5."""
    name, size = _name(command, 0), command.args[1]
    if not isinstance(size, int) or size > NUMBER_MAX:
        raise BadCommand(f"A size is a number up to {NUMBER_MAX}.")
    await session.shop.parts.store.read(session.user, lambda tx: tx.room_for_script(name, size))
    return ok("It would fit.")


async def putscript(session: ManageSieveSession, command: Command) -> Reply:
    """Check a script and keep it; the active one is so no less. RFC 5804 §2.6."""
    name, octets = _name(command, 0), _octets(command, 1)
    store = session.shop.parts.store
    await store.read(session.user, lambda tx: tx.room_for_script(name, len(octets)))
    reply = await _checked(octets, "Kept.")
    await store.write(session.user, lambda tx: tx.put_script(name, octets))
    session.shop.log.info("script_put", user=session.name, script=name, size=len(octets))
    return reply


async def checkscript(session: ManageSieveSession, command: Command) -> Reply:
    """Check a script and keep nothing. RFC 5804 §2.12."""
    return await _checked(_octets(command, 0), "It is in order.")


async def listscripts(session: ManageSieveSession, command: Command) -> Reply:
    """All scripts, with a mark on the active one. RFC 5804 §2.7."""
    found = await session.shop.parts.store.read(session.user, lambda tx: tx.scripts())
    lines = [string(each.name) + (b" ACTIVE" if each.active else b"") + b"\r\n" for each in found]
    return ok("That is all.", data=b"".join(lines))


async def setactive(session: ManageSieveSession, command: Command) -> Reply:
    """Make a script the active one, or with "" none. RFC 5804 §2.8."""
    name = _name(command, 0)
    await session.shop.parts.store.write(session.user, lambda tx: tx.activate_script(name))
    session.shop.log.info("script_active", user=session.name, script=name)
    return ok("It is active." if name else "No script is active.")


async def getscript(session: ManageSieveSession, command: Command) -> Reply:
    """What is in a script. RFC 5804 §2.9."""
    name = _name(command, 0)
    octets = await session.shop.parts.store.read(session.user, lambda tx: tx.script(name))
    return ok("That is it.", data=literal(octets) + b"\r\n")


async def deletescript(session: ManageSieveSession, command: Command) -> Reply:
    """Take a script away that is not active. RFC 5804 §2.10."""
    name = _name(command, 0)
    await session.shop.parts.store.write(session.user, lambda tx: tx.drop_script(name))
    session.shop.log.info("script_dropped", user=session.name, script=name)
    return ok("It is gone.")


async def renamescript(session: ManageSieveSession, command: Command) -> Reply:
    """Another name for a script, which stays active if it is. RFC 5804 §2.11.1."""
    old, new = _name(command, 0), _name(command, 1)
    await session.shop.parts.store.write(session.user, lambda tx: tx.rename_script(old, new))
    session.shop.log.info("script_renamed", user=session.name, script=old, to=new)
    return ok("It has its new name.")


async def _checked(octets: bytes, text: str) -> Reply:
    """A good answer with what its owner should know. `SieveError` says line and reason. Off the loop: it takes time."""
    found = await asyncio.to_thread(lambda: warnings(compiled(octets)))
    return ok("\n".join(found), "WARNINGS") if found else ok(text)


def _name(command: Command, at: int) -> str:
    try:
        return _octets(command, at).decode()
    except UnicodeDecodeError:
        raise BadCommand("The name of a script is not UTF-8.") from None


def _octets(command: Command, at: int) -> bytes:
    found = command.args[at]
    assert isinstance(found, bytes)
    return found
