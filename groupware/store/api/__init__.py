"""The one door to the data.

A protocol hands the store a `Principal` and a plain function, `work`; the store runs it in one thread hop, in one
transaction, and every method inside first *opens* the folder with the right that it needs. Invariants:

1. Nothing is read or written without a folder opened for the asking principal; a folder that it may not look up is
   `NotFound`, with the words of one that does not exist.
2. `write` answers after COMMIT; what raised has changed nothing.
3. `work` may run twice and must have no side effects; nothing lazy leaves it.
4. Change marks go on the bus after COMMIT, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from groupware.model.principal import Principal

from ..beside import Blobs as Blobs
from ..beside import Bus as Bus
from ..beside import Stored as Stored
from ..beside import Watch as Watch
from .belongings import ReadBelongings, WriteBelongings
from .devices import ReadDevices, WriteDevices
from .folders import ReadFolders, WriteFolders
from .items import ReadItems, WriteItems
from .marks import LISTS as LISTS
from .marks import OCCASIONS as OCCASIONS
from .marks import POLICY as POLICY
from .marks import PUSH as PUSH
from .marks import QUEUE as QUEUE
from .marks import REMOTES as REMOTES
from .marks import SERVER_ENTRIES as SERVER_ENTRIES
from .marks import SNOOZES as SNOOZES
from .marks import SOURCES as SOURCES
from .marks import STANDING as STANDING
from .marks import Where as Where
from .marks import standing_of as standing_of
from .objects import ReadObjects, WriteObjects
from .people import ReadPeople, WritePeople
from .post import ReadPost, WritePost
from .remotes import ReadRemotes, WriteRemotes
from .rules import ReadRules, WriteRules
from .sharing import ReadSharing, WriteSharing
from .sources import ReadSources, WriteSources

T = TypeVar("T")


class ReadTx(
    ReadFolders,
    ReadSharing,
    ReadItems,
    ReadObjects,
    ReadPeople,
    ReadRules,
    ReadBelongings,
    ReadDevices,
    ReadRemotes,
    ReadSources,
    ReadPost,
    Protocol,
):
    """One snapshot, one principal, one worker thread. Plain blocking calls; each opens its folder first."""

    @property
    def who(self) -> Principal:
        """The principal that asks, with its memberships as they are in this snapshot."""
        ...


class WriteTx(
    ReadTx,
    WriteFolders,
    WriteSharing,
    WriteItems,
    WriteObjects,
    WritePeople,
    WriteRules,
    WriteBelongings,
    WriteDevices,
    WriteRemotes,
    WriteSources,
    WritePost,
    Protocol,
):
    """Rows, modseq, blob references, search text and change marks commit together or not at all."""


class Store(Protocol):
    """The only door to the data. `work` is plain code over values; it may run twice: no side effects."""

    async def read(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back over one snapshot."""
        ...

    async def glance(self, who: Principal, work: Callable[[ReadTx], T]) -> T:
        """`read`, for a few rows by their keys: without a hop where that costs more than the rows."""
        ...

    def version(self) -> Hashable:
        """What is another as soon as anybody, in any process, has committed something; None: that cannot be told.

        Taken before a read: while it is the same, that read would find what it found. On the event loop, at once.
        """
        ...

    async def write(self, who: Principal, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back, after COMMIT."""
        ...

    def snapshot(self, who: Principal) -> AbstractContextManager[ReadTx]:
        """One snapshot for code that is in a thread already."""
        ...

    def write_later(self, who: Principal, work: Callable[[WriteTx], T]) -> Future[T]:
        """The same as `write`, for code that is in a thread already."""
        ...

    async def close(self) -> None:
        """Finishes what was handed in, then lets go of the database."""
        ...
