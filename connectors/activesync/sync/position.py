"""How far a device has come with a collection, as positions in the change sequence and in the UIDs of the folder.

What has a UID from `below` to before `top` the device knows; from there down it is filled up with older mail, newest
first, and from there up with what came since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groupware.model.ids import LAST_UID

END: Final = int(LAST_UID) + 1


@dataclass(frozen=True, slots=True)
class Position:
    """Where a device is."""

    top: int = 0
    """0: nothing has been told yet."""
    below: int = 0
    """0: there is nothing older to be told."""
    seen: tuple[int, int] = (0, 0)
    """(modseq, UID) of the last change that was told."""
    gone: int = 0
    """Modseq up to which it was told what went."""
    low: int = 0
    """From when on mail is told, in microseconds since 1970."""
    until: int = 0
    """Older mail is told that is older than that; 0: all."""
    own: Mapping[int, int] = field(default_factory=dict)
    """Modseqs of changes that the device itself made, by item: they are not told to it."""
    taken: frozenset[int] = frozenset()
    """Items that the device itself took away."""
    blocks: frozenset[int] = frozenset()
    """Of a calendar of busy times: those that the device has."""

    def facts(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "at": [self.top, self.below, *self.seen, self.gone, self.low, self.until],
            "own": {str(item): modseq for item, modseq in self.own.items()},
            "taken": sorted(self.taken),
            **({"blocks": sorted(self.blocks)} if self.blocks else {}),
        }


def position_in(facts: Mapping[str, Any]) -> Position:
    """Where it was."""
    if "at" not in facts:
        return Position()
    top, below, modseq, uid, gone, low, until = facts["at"]
    own = {int(item): at for item, at in facts.get("own", {}).items()}
    taken, blocks = frozenset(facts.get("taken", ())), frozenset(facts.get("blocks", ()))
    return Position(top, below, (modseq, uid), gone, low, until, own, taken, blocks)
