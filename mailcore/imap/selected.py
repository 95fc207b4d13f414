"""What is told of the selected folder: what may have changed there is heard, taken over into the view, and said.

SELECT enters a folder (`enter`); what every command tells behind its answer comes from `caught_up` and `announce`, and
what has to be said at once from `tell_news`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from groupware.model.errors import BadCredentials, GroupwareError, NoRight, NotFound, TryAgain
from groupware.model.ids import FolderId, Uid
from groupware.model.times import now_micros, seconds_until
from groupware.store.api import Bus, Watch
from mailcore.imap import recent
from mailcore.imap.annotation_news import hear, since_when
from mailcore.imap.phrases import DISABLED, GONE
from mailcore.imap.view import View

if TYPE_CHECKING:
    from mailcore.imap.session import Session


class Following:
    """Whether a view may be behind its folder."""

    __slots__ = ("_home", "_unsure", "_watch")

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self._home: FolderId | None = None
        self._unsure = False

    def begin(self, bus: Bus, folder: FolderId, home: FolderId | None, *, news: int) -> None:
        """Hear of this folder, and of the user's own root, from now on.

        `news`: what the bus had before the folder was read. Only if more has come since is the view in doubt.
        """
        self.end()
        self._home = home
        self._watch = bus.watch([folder] if home is None else [folder, home])
        self._unsure = bus.news != news

    def end(self) -> None:
        """Hear of nothing any more."""
        if self._watch is not None:
            self._watch.close()
        self._watch = None

    def doubt(self) -> None:
        """The view may be behind: look when this command ends."""
        self._unsure = True

    async def changed(self, view: View, within: float) -> bool:
        """Whether something may have changed; waits up to `within` seconds for it, and no longer than what the user
        may do there stays as it is."""
        if self._taken() or self._watch is None:
            return True
        return bool(await self._watch.changed(min(within, seconds_until(view.until))))

    async def behind(self, view: View) -> bool:
        """Whether something may have changed until now that the view has not."""
        if self._taken() or self._watch is None:
            return True
        marks = await self._watch.changed(0)
        return any(at == self._home or mark > view.modseq for at, mark in marks.items())

    def _taken(self) -> bool:
        unsure, self._unsure = self._unsure, False
        return unsure


def enter(session: Session, view: View, *, news: int) -> None:
    """From here on the session is in this folder. `news`: what the bus had before the folder was read."""
    session.leave_folder()
    session.view = view
    view.limit = session.shared.section.message_limit
    session.following.begin(session.shared.parts.bus, view.folder, session.home, news=news)
    if since_when(session, view.folder) is not None:
        session.doubt()  # from where to tell of annotations is not known before the first look


def claim(session: Session, view: View, uidnext: int) -> None:
    """What nobody has been told of as recent is recent to this session, where there is such a thing."""
    if not session.modes.rev2:
        claims = session.shared.parts.claims
        view.claim(recent.claim(claims, view.folder, uidnext, view.unclaimed, read_only=view.read_only))


async def caught_up(session: Session, *, surely: bool) -> bool:
    """Bring the view up to date where it may be behind; False when the folder is no more (`parting`)."""
    view = session.view
    if view is None or session.over or not (surely or await session.following.behind(view)):
        return True
    return await look(session, view)


async def tell_news(session: Session, *, expunges: bool = True, flags: bool = True) -> None:
    """Take over what changed in the selected folder, and say so at once."""
    if not await caught_up(session, surely=True):
        session.hang_up(session.parting)
    else:
        await announce(session, expunges=expunges, flags=flags)
    await session.drain()


async def announce(session: Session, *, expunges: bool, flags: bool = True) -> None:
    """Tell what is due of the selected folder, and of the searches that are followed there.

    Of new messages: that they are there, what the client asked for of them (RFC 5465), and which searches find them.
    """
    view = session.view
    if view is None:
        return
    told = view.last_told
    if expunges:
        _send(session, [line for each in view.contexts.values() for line in each.parting()])
    _send(session, view.announce(expunges=expunges, flags=flags))
    if session.notices is not None and view.last_told > told:
        try:
            await session.notices.tell_new(session, view, ((Uid(told + 1), Uid(view.last_told)),))
        except GroupwareError:
            session.doubt()
    for each in view.contexts.values():
        _send(session, await each.news())


def _send(session: Session, lines: Iterable[bytes]) -> None:
    for line in lines:
        session.send(line)


async def look(session: Session, view: View) -> bool:
    """Take over what changed in the selected folder; False when it, or the user, is no more (`parting`)."""
    at, since, version = view.folder, view.modseq, session.shared.parts.store.version()
    if version is not None and version == view.version and session.annotations is None and now_micros() < view.until:
        return True  # nothing at all has been committed since the last look
    try:
        newest, view.until = await session.glance(lambda tx: tx.state(at))
        if newest != since:
            view.learn(await session.read(lambda tx: tx.changes(at, since)))
        if session.annotations is not None:
            await hear(session, at)
    except (NotFound, NoRight, BadCredentials) as error:
        session.parting = DISABLED if isinstance(error, BadCredentials) else GONE
        return False
    except TryAgain:  # what is new is told when it can be had
        session.doubt()
        return True
    claim(session, view, view.last + 1)
    view.version = version
    return True
