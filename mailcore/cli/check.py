"""`postroom check`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from mailcore.cli.family import single
from mailcore.cli.show import Json, one, say
from mailcore.cli.site import as_owner, as_running, check_there, place

if TYPE_CHECKING:
    from groupware.store.check import Report
    from mailcore.server.config import Config
    from mailcore.server.storage import Storage

app = single()


@app.command()
def check(
    ctx: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="Put right what can be; what cannot be served is set aside (salvage).")
    ] = False,
    bodies: Annotated[bool, typer.Option(help="Whether the octets of every body are read too.")] = True,
    as_json: Json = False,
) -> None:
    """Look through everything that is stored: bodies, counters, references. Exit status 1 when something was found."""
    import asyncio

    from groupware.store.check import check as checked
    from mailcore.server.storage import open_storage

    config = as_running(place(ctx))
    check_there(config)
    as_owner(config.data)
    with asyncio.Runner() as runner, _progress() as step:
        storage = runner.run(open_storage(config, listen=False))
        try:
            report = checked(storage.store, storage.objects, repair=repair, bodies=bodies, step=step)
            if repair:
                runner.run(_give_up_lost(config, storage, report))
        finally:
            runner.run(storage.close())
    if as_json:
        found = [{"kind": each.kind, "text": each.text, "repaired": each.repaired} for each in report.findings]
        one({"clean": report.clean, "bodies": report.bodies, "findings": found}, as_json)
    else:
        for each in report.findings:
            say(f"{each.kind}: {each.text}{' (repaired)' if each.repaired else ''}")
        say("clean" if report.clean else f"{len(report.findings)} found")
    if not report.clean:
        raise typer.Exit(1)


async def _give_up_lost(config: Config, storage: Storage, report: Report) -> None:
    """Gives up the queued messages that are lost: their senders are told, and the postmaster."""
    from mailcore.queue.giveup import give_up_lost
    from mailcore.queue.settlement import desk_of
    from mailcore.server import log
    from mailcore.server.counters import Counters

    desk = desk_of(config, storage.store, storage.blobs, Counters(), log.get("CLI"))
    for number, each in enumerate(report.findings):
        if each.lost is not None:
            count = await give_up_lost(desk, each.lost)
            if count:
                report.findings[number] = replace(each, text=f"{each.text}; its sender is told", repaired=True)


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """A count of the bodies read, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.status import Status

    with Status("checking", console=Console(stderr=True)) as status:
        yield lambda done: status.update(f"checking: {done} bodies read")
