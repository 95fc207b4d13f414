"""How the C library keeps the memory that the server gives back, where it is glibc.

1. Two places to allocate from, since one thread at a time runs the interpreter: with glibc's own eight for each core
   every thread comes to keep one of its own, full of holes.
2. What is large is always mapped by itself, and so goes back to the system the moment it is let go. By itself glibc
   gives that up, for sizes up to 32 MB, when the first large message has come and gone.
"""

from __future__ import annotations

import ctypes
from typing import Final

ARENAS: Final = 2
MAPPED_FROM: Final = 256 << 10
"""Octets of what is mapped by itself: for a message of that size it costs little beside all else that is done to it."""
_M_ARENA_MAX: Final = -8  # <malloc.h>
_M_MMAP_THRESHOLD: Final = -3


def settle() -> None:
    """Have it so in this process and in those that it forks; to be said before the first thread. Elsewhere: nothing."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
        mallopt(_M_MMAP_THRESHOLD, MAPPED_FROM)
