"""Change marks within one process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from threading import Lock

from groupware.model.ids import FolderId, ModSeq


class LocalWatch:
    """Marks of some folders; they coalesce, so it cannot overflow."""

    __slots__ = ("_bus", "_loop", "_marks", "_waiting", "folders")

    def __init__(self, bus: LocalBus, folders: frozenset[FolderId]) -> None:
        self._bus, self.folders = bus, folders
        self._loop = asyncio.get_running_loop()
        self._marks: dict[FolderId, ModSeq] = {}
        self._waiting: asyncio.Future[None] | None = None

    async def changed(self, within: float | None = None) -> Mapping[FolderId, ModSeq]:
        """The newest mark of each folder that changed since the last call; empty after `within` seconds."""
        if not self._marks:
            self._waiting = self._loop.create_future()
            try:
                await asyncio.wait_for(self._waiting, within)
            except TimeoutError:
                return {}
            finally:
                self._waiting = None
        marks, self._marks = self._marks, {}
        return marks

    def close(self) -> None:
        """No more marks."""
        self._bus.forget(self)

    def wake(self, marks: Mapping[FolderId, ModSeq]) -> None:
        """Take marks in, on the loop of the one who waits."""
        self._loop.call_soon_threadsafe(self._take, marks)

    def _take(self, marks: Mapping[FolderId, ModSeq]) -> None:
        for folder, modseq in marks.items():
            self._marks[folder] = max(modseq, self._marks.get(folder, modseq))
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


class LocalBus:
    """Level-triggered: "this folder is now at modseq N"."""

    __slots__ = ("_lock", "_watching")

    def __init__(self) -> None:
        self._lock = Lock()
        self._watching: dict[FolderId, set[LocalWatch]] = {}

    def publish(self, marks: Mapping[FolderId, ModSeq]) -> None:
        """From any thread, after COMMIT only."""
        heard: dict[LocalWatch, dict[FolderId, ModSeq]] = {}
        with self._lock:
            for folder, modseq in marks.items():
                for watch in self._watching.get(folder, ()):
                    heard.setdefault(watch, {})[folder] = modseq
        for watch, its in heard.items():
            watch.wake(its)

    def watch(self, folders: Iterable[FolderId]) -> LocalWatch:
        """A watch over these folders, for the running event loop."""
        watch = LocalWatch(self, frozenset(folders))
        with self._lock:
            for folder in watch.folders:
                self._watching.setdefault(folder, set()).add(watch)
        return watch

    def forget(self, watch: LocalWatch) -> None:
        """Drop a watch."""
        with self._lock:
            for folder in watch.folders:
                watching = self._watching.get(folder, set())
                watching.discard(watch)
                if not watching:
                    self._watching.pop(folder, None)
