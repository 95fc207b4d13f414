"""Telling a client what is new while it says nothing: in IDLE, and between commands when it asked for that (NOTIFY)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from groupware.model.errors import BadCredentials, GroupwareError
from groupware.model.ids import FolderId, ModSeq
from mailcore.imap.notice import NOTHING, Happening
from mailcore.imap.phrases import DISABLED
from mailcore.imap.selected import caught_up, tell_news

if TYPE_CHECKING:
    from mailcore.imap.session import Session

T = TypeVar("T")

LOOK_SECONDS: Final = 120.0
"""After so long without a mark one looks all the same: a lost mark must not be lost for ever."""


async def over_while_silent(session: Session) -> bool:
    """Waits until the client speaks, and meanwhile tells it what it asked to be told; whether the session is over then.

    IdleTimeout, ConnectionClosed.
    """
    if session.notices is None:
        return False
    at_once = session.notices.wish.selected
    if at_once is not None and not at_once.delayed and session.view is not None and session.view.pending:
        session.doubt()  # what the command before could not tell
    spoken = asyncio.create_task(session.connection.arrival())
    try:
        while True:
            await news(session, spoken, selected=session.notices is not None and selected_wanted(session))
            if spoken.done() or session.over:
                break
    finally:
        await ended(spoken)
    if spoken.done() and not spoken.cancelled():
        spoken.result()
    return session.over


def selected_wanted(session: Session) -> bool:
    """Whether IDLE tells of the selected mailbox: as NOTIFY says, if the client has used that. RFC 5465 §4."""
    if session.notices is None:
        return True
    wish = session.notices.wish.selected
    return wish is not None and wish.events != NOTHING


async def news(session: Session, done: asyncio.Task[Any], *, selected: bool) -> None:
    """Until `done`, or until something may have changed and the client has been told.

    `selected`: of the selected mailbox too, if there is one. That it is gone is told in any case.
    """
    own = _started(session.following.changed(session.view, LOOK_SECONDS)) if session.view is not None else None
    others = _started(session.notices.marked(LOOK_SECONDS)) if session.notices is not None else None
    both = [task for task in (own, others) if task is not None]
    try:
        await asyncio.wait({done, *both}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            await ended(task)
    if done.done() and (done.cancelled() or done.exception() is not None):
        return
    marks = _result(others)
    if _result(own) is None and marks is None:
        return
    with session.connection.command():
        if _result(own) is not None:
            if done.done():
                session.doubt()  # the mark is taken, and the client speaks: its next command looks
            elif selected:
                await _tell_selected(session)
            elif not await caught_up(session, surely=True):
                session.hang_up(session.parting)
        if marks is not None and session.notices is not None and not session.over:
            await _tell_others(session, marks)


async def _tell_selected(session: Session) -> None:
    wish = session.notices.wish.selected if session.notices is not None else None
    if wish is None:
        await tell_news(session)
    else:
        expunges = session.idling or not wish.delayed
        await tell_news(session, expunges=expunges, flags=Happening.FLAGS in wish.events)


async def _tell_others(session: Session, marks: Mapping[FolderId, ModSeq]) -> None:
    assert session.notices is not None
    try:
        await session.notices.tell(session, marks)
    except BadCredentials:
        session.hang_up(DISABLED)
    except GroupwareError:  # what cannot be had now is told at the next look
        pass
    await session.drain()


def _started(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    return asyncio.ensure_future(work)


def _result(task: asyncio.Task[T] | None) -> T | None:
    return task.result() if task is not None and not task.cancelled() else None


async def ended(task: asyncio.Task[Any]) -> None:
    """Cancels it if it still runs; what it raised has been seen by whoever awaited it, or is of no interest now."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
