"""Marks on their way from one PostgreSQL client to the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sqlalchemy import bindparam, func, select

from groupware.model.ids import FolderId, ModSeq

from .sql.engine import Sql

CHANNEL: Final = "postroom_marks"
LONGEST: Final = 7900
"""PostgreSQL takes less than 8000 octets at once."""

_NOTIFY: Final = select(func.pg_notify(CHANNEL, bindparam("payload")))


def announce(sql: Sql, marks: Mapping[FolderId, ModSeq]) -> None:
    """Has the marks told to every process when this transaction commits; SQLite is looked at instead."""
    if sql.postgres:
        for payload in encoded(marks):
            sql.rows(_NOTIFY, {"payload": payload})


def encoded(marks: Mapping[FolderId, ModSeq]) -> Iterator[str]:
    """Marks as texts that PostgreSQL takes."""
    payload = ""
    for folder, modseq in marks.items():
        mark = f"{folder}:{modseq}"
        if len(payload) + 1 + len(mark) > LONGEST:
            yield payload
            payload = ""
        payload = f"{payload},{mark}" if payload else mark
    if payload:
        yield payload


def decoded(payload: str) -> Mapping[FolderId, ModSeq]:
    """The marks of such a text."""
    pairs = (mark.partition(":") for mark in payload.split(",") if mark)
    return {FolderId(int(folder)): ModSeq(int(modseq)) for folder, _, modseq in pairs}
