"""INSERT ... ON CONFLICT, which SQLAlchemy has once for each database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Upsert:
    """The statement that `make` makes of a dialect's module: `upsert[postgres]`.

    It is made when a database of that kind first needs it: with SQLite nothing of PostgreSQL's dialect is imported.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make, self._made = make, dict[bool, Any]()

    def __getitem__(self, postgres: bool) -> Any:
        found = self._made.get(postgres)
        # The same for all threads, whoever was first: a statement is known again by its place in memory.
        return self._made.setdefault(postgres, self._make(_dialect(postgres))) if found is None else found


def _dialect(postgres: bool) -> Any:
    if postgres:
        from sqlalchemy.dialects import postgresql

        return postgresql
    from sqlalchemy.dialects import sqlite

    return sqlite
