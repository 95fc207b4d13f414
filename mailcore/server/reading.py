"""How the connections of a service read: into one shared buffer, and only so far ahead."""

from dataclasses import dataclass
from typing import Final

SCRATCH: Final = 65_536
"""So much is read at once."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The shared buffer that the loop reads into, and how many octets may wait unread."""

    scratch: memoryview
    read_ahead: int = 65_536
