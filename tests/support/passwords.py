"""Passwords in tests: hashed once in a process, and in the stands at little cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

import argon2

from groupware.directory import password as hashing

_QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def credentials(password: str) -> dict[str, str]:
    """What an account with this password has stored."""
    return dict(_sealed(password, hashing._HASHER))


@cache
def _sealed(password: str, _: argon2.PasswordHasher) -> dict[str, str]:
    made = hashing.seal(password)
    return {"password": made.hash, "scram-sha-1": made.scram_sha1, "scram-sha-256": made.scram_sha256}


@contextmanager
def quick_hashing() -> Iterator[None]:
    """Inside, argon2 takes next to no work: what it takes otherwise has tests of its own."""
    with patch.object(hashing, "_HASHER", _QUICK):
        hashing._nobody.cache_clear()
        try:
            yield
        finally:
            hashing._nobody.cache_clear()
