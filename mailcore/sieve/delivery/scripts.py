"""Scripts compiled once for each version, and kept: by the hash of their octets, whoever they are of."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from threading import Lock
from typing import Final

from mailcore.sieve.errors import SieveError
from mailcore.sieve.script import Script

MOST_OCTETS: Final = 8 * 1024 * 1024
"""Of the scripts that are kept compiled, as they are written; compiled they take some ten times as much."""


class Scripts:
    """Compiled scripts. For several threads; the one that was not used for longest goes when there are too many."""

    __slots__ = ("_kept", "_lock", "_octets")

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Script | SieveError, int]] = OrderedDict()
        self._lock = Lock()
        self._octets = 0

    def compiled(self, octets: bytes) -> Script:
        """The script; `SieveError` where it is none."""
        key = version(octets)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
        made = found[0] if found is not None else self._make(key, octets)
        if isinstance(made, SieveError):
            raise SieveError(made.line, made.text)
        return made

    def _make(self, key: str, octets: bytes) -> Script | SieveError:
        from mailcore.sieve.check import compiled  # what compiles is imported when there is something to compile

        made: Script | SieveError
        try:
            made = compiled(octets)
        except SieveError as wrong:
            made = SieveError(wrong.line, wrong.text)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (made, len(octets))
                self._octets += len(octets)
            while self._octets > MOST_OCTETS and len(self._kept) > 1:
                self._octets -= self._kept.popitem(last=False)[1][1]
        return made


SCRIPTS: Final = Scripts()
"""Those of this process."""


def version(octets: bytes) -> str:
    """What tells one version of a script from every other."""
    return sha256(octets).hexdigest()
