"""Files that are kept beside a contact: X-ATTACH lines with a MANAGED-ID, as events have ATTACH lines (RFC 8607)."""

from __future__ import annotations

from typing import Final

from groupware.model.attachment import KEY, MOST_REFERRED
from groupware.model.content import Component

LINE: Final = "X-ATTACH"
MANAGED_ID: Final = "MANAGED-ID"


def keys_in(card: Component) -> tuple[str, ...]:
    """The MANAGED-IDs of a contact that can be ours, each once."""
    found = (line.param(MANAGED_ID) for line in card.all(LINE))
    return tuple(dict.fromkeys(each for each in found if KEY.fullmatch(each)))[:MOST_REFERRED]
