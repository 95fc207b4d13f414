"""What is kept in memory under an epoch: of use only while that epoch stands."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from groupware.model.folder import Folder
from groupware.model.ids import FolderId

from .engine import Row

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """One value for each key, as it was at an epoch. For several threads; the oldest goes when it is full."""

    __slots__ = ("_above", "_size", "_values")

    def __init__(self, size: int, above: Kept[K, V] | None = None) -> None:
        """`above`: look there too, but keep new things here."""
        self._size, self._above = size, above
        self._values: OrderedDict[K, tuple[int, V]] = OrderedDict()

    def get(self, key: K, epoch: int) -> V | None:
        """The value at this epoch, if it is known."""
        found = self._values.get(key)
        if found is not None and found[0] == epoch:
            return found[1]
        return self._above.get(key, epoch) if self._above is not None else None

    def keep(self, key: K, epoch: int, value: V) -> None:
        """Remember a value."""
        self._values[key] = (epoch, value)
        if len(self._values) > self._size:
            self._values.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Level:
    """What is set on one principal itself, and from whom it inherits the rest."""

    origin: str
    """`account`, `class`, `domain` or `server`."""
    above: tuple[int, ...]
    """The principals to ask next, the nearest first."""
    values: Mapping[str, str | int | bool]
    own_quota: bool = False
    """A public tree: the quotas of its domain are for accounts."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A folder in a list, and what it was made of: its row, and how many of its items its reader has seen."""

    row: Row | None
    seen: int
    folder: Folder | None
    """None: it is not shown."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What somebody may look up of one owner's tree."""

    until: int
    """When some of the rights end: microseconds since 1970."""
    folders: dict[FolderId, Listed]
    """All of the tree, as they were last listed. Whoever lists puts in what is different, whole values in any order."""
