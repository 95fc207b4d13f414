"""What others do to the annotations of the selected mailbox, told to those who have enabled METADATA. RFC 5464 §4.4.2.

The store says which entries were changed after a modseq; what the session changes itself it is not told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from groupware.model.ids import FolderId, ModSeq
from groupware.model.rights import Right
from groupware.store.api import ReadTx
from mailcore.imap.reply import astring, mailbox

if TYPE_CHECKING:
    from mailcore.imap.session import Session

NOWHERE: Final = FolderId(0)
NOTHING: Final = ModSeq(0)


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


def heard(tx: ReadTx, at: FolderId, since: ModSeq) -> tuple[Sequence[bytes], ModSeq]:
    """The untagged METADATA response without values, where there is news, and where to ask on from."""
    names, newest = tx.annotated(at, since)
    if not names:
        return (), newest
    path = tx.folder(at, Right.LOOKUP).path
    told = b"".join([b" " + astring(name.encode("ascii")) for name in names])
    return [b"* METADATA %b%b\r\n" % (mailbox(path), told)], newest


async def hear(session: Session, news: AnnotationNews, at: FolderId) -> None:
    """Tell what others did to the annotations of the selected mailbox."""
    lines, newest = await session.read(lambda tx: heard(tx, at, news.asked(at)))
    news.known(at, newest)
    for line in lines:
        session.send(line)
