"""GETQUOTA, GETQUOTAROOT and SETQUOTA. RFC 9208."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from groupware.model.errors import NoRight, NotFound
from groupware.model.folder import INBOX, SEPARATOR
from groupware.model.ids import FolderId
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.imap.commands.folders import parse_mailbox
from mailcore.imap.grammar import MOST_MODSEQ, Cursor
from mailcore.imap.reply import Reply, mailbox, ok
from mailcore.imap.session import Session
from mailcore.imap.table import KNOWN, command

Quotas = Sequence[tuple[str, str, int, int]]


def parse_root(cursor: Cursor) -> str:
    """A quota root's name: a mailbox name here, "" for the user's own tree."""
    return parse_mailbox(cursor)


@command("GETQUOTA", state=KNOWN, parse=parse_root)
async def getquota(session: Session, root: str) -> Reply:
    """What is used and allowed under a root: one's own, one that a mailbox in sight names, or one that one
    administers. RFC 9208 §4.1.1."""

    def work(tx: ReadTx) -> Quotas:
        found = [quota for at in _under(session, tx, root) for quota in tx.quota(at) if quota[0] == root]
        return found or (tx.tree_quota(root) if root else ())

    found = await session.glance(work)
    return ok("That is the quota", lines=_lines(found) or [_nothing(root)])


def _nothing(root: str) -> bytes:
    """A root is one even when nothing limits it."""
    return b"* QUOTA %b ()\r\n" % mailbox(root)


def _under(session: Session, tx: ReadTx, root: str) -> list[FolderId]:
    """A folder that the root is said of: the one that it is named after, or the first below that one may read."""
    try:
        return [session.folder(tx, root or INBOX, Right.READ).id]
    except (NotFound, NoRight):
        below = (each for each in tx.folders() if each.path.startswith(root + SEPARATOR) and Right.READ in each.rights)
        return [each.id for each in below][:1]


@command("GETQUOTAROOT", state=KNOWN, parse=parse_mailbox)
async def getquotaroot(session: Session, path: str) -> Reply:
    """Which quotas hold for a mailbox, with their state. RFC 9208 §4.1.2."""

    found = await session.glance(lambda tx: tx.quota(session.folder(tx, path, Right.READ).id))
    roots = list(dict.fromkeys(name for name, *_ in found))
    first = b"* QUOTAROOT %b%b\r\n" % (mailbox(path), b"".join([b" " + mailbox(name) for name in roots]))
    return ok("Those are the roots", lines=[first, *_lines(found)])


@dataclass(frozen=True, slots=True)
class Limiting:
    """SETQUOTA's arguments."""

    root: str
    most: dict[str, int]
    """By the resource's name."""


def parse_setquota(cursor: Cursor) -> Limiting:
    """A root and a list of resources and limits."""
    root = parse_root(cursor)
    cursor.sp()

    def limit() -> tuple[str, int]:
        resource = cursor.word().decode("ascii")
        cursor.sp()
        return resource, cursor.number(MOST_MODSEQ)

    return Limiting(root, dict(cursor.listed(limit)))


@command("SETQUOTA", state=KNOWN, parse=parse_setquota)
async def setquota(session: Session, given: Limiting) -> Reply:
    """Set the limits of a root, where one administers it; those that are not named are dropped. RFC 9208 §4.1.3."""
    holding = await session.write(lambda tx: tx.put_quota(given.root, given.most))
    return ok("Set", lines=_lines(holding) or [_nothing(given.root)])


def _lines(quotas: Quotas) -> list[bytes]:
    by_root: dict[str, list[bytes]] = {}
    for root, resource, used, limit in quotas:
        by_root.setdefault(root, []).append(b"%b %d %d" % (resource.encode("ascii"), used, limit))
    return [b"* QUOTA %b (%b)\r\n" % (mailbox(root), b" ".join(each)) for root, each in by_root.items()]
