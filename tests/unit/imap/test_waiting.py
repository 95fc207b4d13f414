"""Waiting for news while the client says nothing: what comes together with its next command is not lost."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import cast

import pytest

from mailcore.imap import waiting
from mailcore.imap.session import Session
from mailcore.imap.waiting import news


@dataclass
class Connected:
    def command(self) -> AbstractContextManager[None]:
        return nullcontext()


@dataclass
class Marked:
    """A session in a folder that has just changed; it counts how often it looked, and whether it means to."""

    connection: Connected = field(default_factory=Connected)
    view: object = "a view"
    notices: None = None
    idling: bool = True
    told: int = 0
    in_doubt: bool = False

    @property
    def following(self) -> Marked:
        return self

    async def changed(self, view: object, within: float) -> bool:
        return True

    def doubt(self) -> None:
        self.in_doubt = True


@pytest.fixture(autouse=True)
def telling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telling is counted."""

    async def told(session: Session) -> None:
        cast(Marked, session).told += 1

    monkeypatch.setattr(waiting, "tell_news", told)


async def test_news_is_told_while_the_client_is_silent() -> None:
    session, spoken = Marked(), asyncio.get_running_loop().create_future()
    silent = asyncio.ensure_future(spoken)
    await news(cast(Session, session), cast("asyncio.Task[None]", silent), selected=True)
    assert (session.told, session.in_doubt) == (1, False)
    spoken.cancel()


async def test_news_that_comes_together_with_a_command_is_looked_for_by_that_command() -> None:
    session, spoken = Marked(), asyncio.create_task(asyncio.sleep(0))
    await asyncio.sleep(0)  # both are ready in the same turn of the loop
    await news(cast(Session, session), spoken, selected=True)
    assert spoken.done()
    assert (session.told, session.in_doubt) == (0, True)
