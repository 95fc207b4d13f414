"""Writes that are made of what was read before: made anew when somebody else has changed that meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from groupware.model.errors import NotFound, TryAgain
from groupware.model.ids import BlobId, FolderId
from groupware.model.meeting import Overtaken
from groupware.store.api import ReadTx

T = TypeVar("T")
TRIES: Final = 20


def unchanged(tx: ReadTx, at: FolderId, name: str, blob: BlobId) -> None:
    """`Overtaken` when an object is not any more what it was, where it was."""
    try:
        if tx.item(at, name).blob == blob:
            return
    except NotFound:
        pass
    raise Overtaken("it has changed meanwhile")


async def again(work: Callable[[], Awaitable[T]]) -> T:
    """What `work` gives back, when nobody has come between. `TryAgain`."""
    for _ in range(TRIES):
        try:
            return await work()
        except Overtaken:
            continue
    raise TryAgain("others are changing it again and again; try again in a moment")
