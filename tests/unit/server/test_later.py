"""What is imported only when somebody asks for it, or when nobody waits for `ready` any more."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable

import pytest

from mailcore.server import later
from mailcore.server.later import Later, everything_soon


async def test_is_brought_once_and_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_declared", [])
    where = []

    def bring() -> str:
        where.append(threading.current_thread())
        return "here"

    thing = Later(bring)

    assert await asyncio.gather(*(thing.get() for _ in range(5))) == ["here"] * 5
    assert len(where) == 1
    assert where[0] is not threading.main_thread()


async def test_all_of_it_is_there_a_moment_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_declared", [])
    monkeypatch.setattr(later, "AFTER", 0)
    before = sys.getswitchinterval()
    things = [Later(lambda: 1), Later(lambda: 2)]

    await everything_soon()

    assert all(each.here for each in things)
    assert sys.getswitchinterval() == before


async def test_a_task_begins_once_it_has_been_brought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_declared", [])
    monkeypatch.setattr(later, "AFTER", 0)
    did = []

    async def work(what: str) -> None:
        did.append((what, task.here))

    task = Later[Callable[..., Awaitable[None]]](lambda: work)
    await later.keep(task, "told")

    assert did == [("told", True)]


def test_a_server_that_starts_imports_nothing_that_comes_later() -> None:
    """In a process of its own: this one has imported everything."""
    starting = (
        "import sys, mailcore.cli.serve, mailcore.server.compose as made\n"
        "for load in made.installed_factories().values(): load()\n"
        "print(*sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", starting], capture_output=True, text=True, check=True).stdout.split()

    apart = {f"{package}.app" for package in ("connectors.activesync", "connectors.dav", "connectors.ews", "web.jmap")}
    needless = {"rich", "structlog", "web.admin.app", "web.webmail.app", "pyftpdlib", "lxml.etree"}
    needless |= {
        "mailcore.lists.worker",
        "mailcore.sieve.changes.worker",
        "sqlalchemy.dialects.postgresql",
        "lxml.etree",
    }
    assert "web.http" in said
    assert not (apart | needless) & set(said)
