"""What scripts cost those who have none: no statement, whoever the message is for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Executable

from groupware.model.event import Recipient
from groupware.store.sql.engine import Sql
from mailcore.queue.filters import Chain, chain
from mailcore.queue.intake import Intake
from mailcore.queue.plans import Message
from mailcore.server.config import load
from mailcore.server.parts import ServiceSetup
from tests.support.house import House, house

PEOPLE = ("alice@example.test", "bob@example.test", "carol@example.test")


def intake(here: House, filters: Chain) -> Intake:
    parts = here.parts
    return Intake(parts.store, parts.blobs, parts.directory, parts.counters, here.log, filters)


async def accept(into: Intake, to: Sequence[str], number: int) -> None:
    octets = b"From: x@far.test\r\nSubject: %d\r\n\r\nhello\r\n" % number
    await into.accept(Message("x@far.test", tuple(Recipient(each) for each in to), octets, f"ID{number}"))


@pytest.mark.parametrize("to", [PEOPLE[:1], PEOPLE])
async def test_no_statement_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: Sequence[str]) -> None:
    asked: list[str] = []
    real = Sql._prepare

    def prepare(sql: Sql, statement: Executable) -> object:
        made = real(sql, statement)
        asked.append(made.text)
        return made

    monkeypatch.setattr(Sql, "_prepare", prepare)
    config = load(None, data=tmp_path, environ={})
    async with house(tmp_path) as here:
        setup = ServiceSetup("processing", config.services["processing"], config)
        without, with_filters = intake(here, Chain((), here.log)), intake(here, chain(here.parts, setup))
        counts = []
        for number, into in enumerate((without, with_filters, without, with_filters)):
            asked.clear()
            await accept(into, to, number)
            counts.append(len(asked))
    assert counts[3] == counts[2] <= 20
