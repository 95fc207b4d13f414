"""What the options before a command say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    """Which server is meant; None: as the other says, or the default."""

    data: Path | None = None
    config: Path | None = None
