"""SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS. RFC 4314.

A deny in a row of the model is what RFC 4314 calls a negative identifier: `-bob@example.org`. The model has more
rights than IMAP has letters; what IMAP cannot say it neither shows nor touches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groupware.model.folder import OTHERS, SEPARATOR, Folder
from groupware.model.rights import ALL, LETTERS, STANDARD, WRITING, Grant, Right, letters
from groupware.store.api import ReadTx, WriteTx
from mailcore.imap.commands.folders import parse_mailbox
from mailcore.imap.grammar import Cursor
from mailcore.imap.reply import Reply, astring, mailbox, ok
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command

UNSAID: Final = ALL & ~STANDARD
"""What IMAP has no letter for."""
_VIRTUAL: Final = {"c": Right.CREATE | Right.DROP, "d": Right.TRASH | Right.EXPUNGE}
"""The obsolete rights of RFC 2086; RFC 4314 §2.1.1."""


@dataclass(frozen=True, slots=True)
class Setting:
    """SETACL's arguments. `mode` is "+", "-", or "" to replace."""

    path: str
    identifier: str
    mode: str
    rights: Right


@dataclass(frozen=True, slots=True)
class About:
    """A mailbox and an identifier."""

    path: str
    identifier: str


def shown(rights: Right) -> bytes:
    """Rights as IMAP shows them, with the obsolete c and d for old clients. RFC 4314 §2.1.1."""
    said = letters(rights & STANDARD)
    said += "".join([letter for letter, members in _VIRTUAL.items() if rights & members])
    return said.encode("ascii") or b'""'


def parse_setacl(cursor: Cursor) -> Setting:
    """Mailbox, identifier, rights to set, add or take away."""
    about = parse_about(cursor)
    cursor.sp()
    text = cursor.text()
    mode = text[:1] if text[:1] in ("+", "-") else ""
    rights = Right.NONE
    for letter in text[len(mode) :]:
        known = _VIRTUAL.get(letter) or LETTERS.get(letter, Right.NONE) & STANDARD
        if not known:
            cursor.fail(f"rights among {letters(STANDARD)}: there is no {letter!r}; it")
        rights |= known
    return Setting(about.path, about.identifier, mode, rights)


def parse_about(cursor: Cursor) -> About:
    """Mailbox and identifier."""
    path = parse_mailbox(cursor)
    cursor.sp()
    identifier = cursor.text()
    if not identifier.removeprefix("-"):
        cursor.fail("an identifier")
    return About(path, identifier)


@command("SETACL", state=KNOWN, parse=parse_setacl)
async def setacl(session: Session, given: Setting) -> Reply:
    """Set, add to or take from what an identifier may do, or, with - before it, may not. RFC 4314 §3.1."""
    await session.write(lambda tx: _set(session, tx, given))
    return ok("Set")


@command("DELETEACL", state=KNOWN, parse=parse_about)
async def deleteacl(session: Session, given: About) -> Reply:
    """Take an identifier's row away. RFC 4314 §3.2."""
    await session.write(lambda tx: _set(session, tx, Setting(given.path, given.identifier, "", Right.NONE)))
    return ok("Deleted")


def _set(session: Session, tx: WriteTx, given: Setting) -> None:
    folder = session.folder(tx, given.path, Right.ADMIN)
    negative = given.identifier.startswith("-")
    grantee = _grantee(session, given.identifier.removeprefix("-"))
    now = next((row for row in tx.grants(folder.id) if row.grantee == grantee), None)
    allow, deny = (now.allow, now.deny) if now is not None else (Right.NONE, Right.NONE)
    if negative:
        deny = _merged(deny, given)
    else:
        allow = _merged(allow, given)
    allow &= ~deny  # a deny wins in any case, and no row says both
    expires, reason = (now.expires, now.reason) if now is not None else (None, "")
    tx.grant(folder.id, grantee, allow, deny, expires, reason, keep=UNSAID)


def _merged(old: Right, given: Setting) -> Right:
    if given.mode == "+":
        return old | given.rights
    if given.mode == "-":
        return old & ~given.rights
    return old & UNSAID | given.rights


def _grantee(session: Session, identifier: str) -> str:
    """The model's name: a bare name is an account of the user's own domain."""
    name = identifier.casefold()
    if "@" in name or ":" in name or name in ("anyone", "everyone"):
        return name
    return f"{name}@{session.user.name.rpartition('@')[2]}"


@command("GETACL", state=KNOWN, parse=parse_mailbox)
async def getacl(session: Session, path: str) -> Reply:
    """Who may do what here, as rows of this very mailbox say. RFC 4314 §3.3."""

    def work(tx: ReadTx) -> tuple[Folder, Sequence[Grant]]:
        folder = session.folder(tx, path, Right.ADMIN)
        return folder, tx.grants(folder.id)

    folder, grants = await session.glance(work)
    pairs = []
    owner = _owner(session, folder)
    if owner:
        pairs.append((owner, STANDARD & ~WRITING if folder.fed else STANDARD))
    for row in grants:
        pairs += [(row.grantee, row.allow)] if row.allow & STANDARD and row.grantee != owner else []
        pairs += [(f"-{row.grantee}", row.deny)] if row.deny & STANDARD else []
    told = b"".join([b" %b %b" % (astring(name.encode()), shown(rights)) for name, rights in pairs])
    return ok("Those are the rights", lines=[b"* ACL %b%b\r\n" % (mailbox(path), told)])


def _owner(session: Session, folder: Folder) -> str:
    """The owner's name, who has every right without a row; "" in public folders."""
    if folder.own:
        return session.user.name
    levels = folder.path.split(SEPARATOR)
    return levels[1] if levels[0] == OTHERS and len(levels) > 1 else ""


@command("LISTRIGHTS", state=KNOWN, parse=parse_about)
async def listrights(session: Session, given: About) -> Reply:
    """Which rights an identifier has always, and which it can be given, each alone. RFC 4314 §3.4."""
    grantee = _grantee(session, given.identifier.removeprefix("-"))

    def work(tx: ReadTx) -> Right:
        folder = session.folder(tx, given.path, Right.ADMIN)
        return Right.NONE if given.identifier.startswith("-") else tx.inherited(folder.id, grantee)

    always = await session.glance(work) & STANDARD
    some = letters(STANDARD & ~always)
    some += "".join([letter for letter, members in _VIRTUAL.items() if not members & always])
    told = b" ".join([shown(always), *[letter.encode() for letter in some]])
    line = b"* LISTRIGHTS %b %b %b\r\n" % (mailbox(given.path), astring(given.identifier.encode()), told)
    return ok("Those can be given", lines=[line])


@command("MYRIGHTS", state=KNOWN, parse=parse_mailbox)
async def myrights(session: Session, path: str) -> Reply:
    """What the user may do here. RFC 4314 §3.5."""
    folder = await session.glance(lambda tx: session.folder(tx, path))
    return ok("Those are yours", lines=[b"* MYRIGHTS %b %b\r\n" % (mailbox(path), shown(folder.rights))])
