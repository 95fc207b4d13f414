"""One at a time: what two requests at once must not both do, such as sending the same draft.

It holds within one process. Whoever comes second looks again at what is stored, and finds it done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Final
from weakref import WeakValueDictionary

_LOCKS: Final[WeakValueDictionary[tuple[Hashable, ...], asyncio.Lock]] = WeakValueDictionary()


def alone(*key: Hashable) -> asyncio.Lock:
    """The lock of that name, as long as somebody holds it or waits for it."""
    found = _LOCKS.get(key)
    if found is None:
        found = _LOCKS[key] = asyncio.Lock()
    return found
