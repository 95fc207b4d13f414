"""How the C library keeps memory, seen in a process of its own."""

from __future__ import annotations

import subprocess
import sys

MAPPED = """
import ctypes
from mailcore.server import heap

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("a", "b", "c", "hblks", "d", "e", "f", "g", "h", "i")]

heap.settle()
info = ctypes.CDLL(None).mallinfo2
info.restype = Info
large = bytes(16 << 20)  # at which glibc would begin to keep what is smaller
del large
before = info().hblks
kept = [bytes(1 << 20) for _ in range(20)]
during = info().hblks
del kept
print(during - before, info().hblks - before)
"""


def test_what_is_large_goes_back_to_the_system_also_after_something_larger_has_gone() -> None:
    done = subprocess.run([sys.executable, "-c", MAPPED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["20", "0"]
