"""What stands beside the one door: bodies by their hash, and the bus that says which folders have changed.

Others take these from `groupware.store.api`, as all of the door.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from groupware.model.ids import BlobId, FolderId, ModSeq
from groupware.model.octets import Octets


class Blobs(Protocol):
    """Bodies: immutable, by the SHA-256 of their octets.

    A small body travels inside the write that refers to it (`Stored.body`); a large one is in the object store,
    synced, before that write begins. What nothing refers to is swept.
    """

    async def put(self, octets: Octets) -> Stored:
        """Makes the octets storable; give `blob`, `size` and `body` on to `NewItem` or `Envelope`."""
        ...

    async def read(self, blob: BlobId, start: int = 0, length: int | None = None) -> bytes:
        """The octets. `NotFound` when they are lost, `TryAgain` when the object store does not answer."""
        ...

    async def read_many(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        """Several in one hop; one that cannot be read is left out."""
        ...


class Stored(Protocol):
    """What `Blobs.put` made of octets."""

    @property
    def blob(self) -> BlobId:
        """The hash."""
        ...

    @property
    def size(self) -> int:
        """Octets, uncompressed."""
        ...

    @property
    def body(self) -> bytes | None:
        """The stored form, when it goes into the database with the write; None when it is stored already."""
        ...


class Watch(Protocol):
    """Marks of some folders; they coalesce, so it cannot overflow."""

    async def changed(self, within: float | None = None) -> Mapping[FolderId, ModSeq]:
        """The newest mark of each folder that changed since the last call; empty after `within` seconds."""
        ...

    def any(self) -> bool:
        """Whether something has changed since the last call of `changed`."""
        ...

    def close(self) -> None:
        """No more marks."""
        ...


class Bus(Protocol):
    """Level-triggered: "this folder is now at modseq N"."""

    @property
    def news(self) -> int:
        """How often marks have come until now: while that stays, a watch begun in between has missed nothing."""
        ...

    def publish(self, marks: Mapping[FolderId, ModSeq]) -> None:
        """From any thread, after COMMIT only."""
        ...

    def watch(self, folders: Iterable[FolderId], heard: Callable[[], None] | None = None) -> Watch:
        """A watch over these folders; `heard` is called with each mark, in the event loop that watches."""
        ...
