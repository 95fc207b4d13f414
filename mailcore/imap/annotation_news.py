"""What others do to annotations, told to those who asked for it.

Who has enabled METADATA is told of the selected mailbox (RFC 5464 §4.4.2), who has asked NOTIFY for it of the mailboxes
named there and of the server (RFC 5465 §5.6, §5.7). The store says which entries were changed after a modseq. What the
session changes itself it is not told of, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from groupware.model.errors import NoRight, NotFound
from groupware.model.ids import FolderId, ModSeq
from groupware.model.rights import Right
from groupware.store.api import SERVER_ENTRIES, ReadTx
from mailcore.imap.reply import astring, mailbox

if TYPE_CHECKING:
    from mailcore.imap.session import Session

NOWHERE: Final = FolderId(0)
NOTHING: Final = ModSeq(0)


@dataclass(frozen=True, slots=True)
class Heard:
    """The entries of a mailbox (of the server: "") that were changed, and where to ask on from."""

    path: str
    entries: Sequence[str]
    newest: ModSeq


@dataclass(slots=True)
class AnnotationNews:
    """Up to where the session knows of the annotations of one mailbox."""

    folder: FolderId = NOWHERE
    since: ModSeq = NOTHING

    def asked(self, at: FolderId) -> ModSeq:
        """After what to ask in this mailbox; 0: nothing is known of it yet."""
        return self.since if at == self.folder else NOTHING

    def known(self, at: FolderId, upto: ModSeq) -> None:
        """From here on this is known."""
        self.folder, self.since = at, upto


def since_when(session: Session, at: FolderId) -> ModSeq | None:
    """After what to ask in a mailbox, or of the server; 0: nothing is known of it yet, None: it is not told of."""
    found = []
    if session.annotations is not None and session.view is not None and session.view.folder == at:
        found.append(session.annotations.asked(at))
    if session.notices is not None and session.notices.tells_entries(at):
        found.append(session.notices.entries.get(at, NOTHING))
    return max(found, default=None)


def know(session: Session, at: FolderId, upto: ModSeq) -> None:
    """From here on the session knows of the annotations of this mailbox, or of the server."""
    if session.annotations is not None and session.view is not None and session.view.folder == at:
        session.annotations.known(at, upto)
    if session.notices is not None and session.notices.tells_entries(at):
        session.notices.entries[at] = upto


def heard(tx: ReadTx, at: FolderId, since: ModSeq) -> Heard:
    """What others did since. `NotFound`, `NoRight`. How it is said depends on the session, and is left to `say`."""
    of_server = at == SERVER_ENTRIES
    names, newest = tx.annotated(None if of_server else at, since)
    return Heard("" if of_server or not names else tx.folder(at, Right.LOOKUP).path, names, newest)


def names_line(path: str, names: Iterable[str]) -> bytes:
    """The untagged METADATA response without values. RFC 5464 §4.4.2."""
    return b"* METADATA %b%b\r\n" % (mailbox(path), b"".join([b" " + astring(name.encode("ascii")) for name in names]))


def heard_in(tx: ReadTx, places: Iterable[tuple[FolderId, ModSeq]]) -> Mapping[FolderId, Heard]:
    """The same of several places, those left out where one may not ask."""
    found = {}
    for at, since in places:
        try:
            found[at] = heard(tx, at, since)
        except (NotFound, NoRight):
            continue
    return found


async def hear(session: Session, at: FolderId) -> None:
    """Tell what others did to the annotations of the selected mailbox."""
    since = since_when(session, at)
    if since is not None:
        say(session, {at: await session.read(lambda tx: heard(tx, at, since))})


def say(session: Session, news: Mapping[FolderId, Heard]) -> None:
    """Tell it by untagged METADATA responses without values, and know it from here on."""
    for at, found in news.items():
        if found.entries:
            session.send(names_line(found.path, found.entries))
        know(session, at, found.newest)
