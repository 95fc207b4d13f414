"""`postroom backup` and `postroom restore`: the whole server as one file, made while it runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mailcore.cli.family import single
from mailcore.cli.show import note, say
from mailcore.cli.site import as_owner, as_running, check_there, configuration, place
from mailcore.server.config import Config
from mailcore.server.control import claim

backup = single()
restore = single()
Step = Callable[[str], None]


@backup.command("backup")
def make(ctx: typer.Context, to: Annotated[Path, typer.Argument(help="The file to write; it must be new.")]) -> None:
    """Copy everything into one file, while the server runs: database, bodies, keys and settings of the data folder."""
    from groupware.store.backup import backup as copied
    from groupware.store.backup import files_of
    from mailcore.server.storage import open_storage

    config = as_running(place(ctx))
    check_there(config)
    as_owner(config.data)
    with asyncio.Runner() as runner, _progress("backup") as step:
        storage = runner.run(open_storage(config, listen=False))
        try:
            files = files_of(config.data, _apart(config, to))
            database = storage.store.database
            report = copied(database, storage.objects, to, data=config.data, files=files, step=step)
        finally:
            runner.run(storage.close())
    _tell(report.problems, f"{to}: {report.rows} rows, {report.bodies} bodies, {report.files} files")


@restore.command("restore")
def bring_back(
    ctx: typer.Context,
    source: Annotated[Path, typer.Argument(help="The file that backup wrote.")],
    moved: Annotated[bool, typer.Option("--moved", help="Nothing has happened there since the backup.")] = False,
) -> None:
    """Make a server from a backup, in an empty data folder and an empty database. No server may run there."""
    from groupware.store.backup import restore as brought_back
    from mailcore.server.storage import objects_of

    config = configuration(place(ctx))
    config.data.mkdir(mode=0o750, parents=True, exist_ok=True)
    as_owner(config.data)
    with claim(config.data), _progress("restore") as step:
        objects = objects_of(config)
        report = brought_back(source, config.data, config.database_url, objects, moved=moved, step=step)
    _tell(report.problems, f"{config.data}: {report.rows} rows, {report.bodies} bodies, {report.files} files")


def _apart(config: Config, to: Path) -> Iterator[Path]:
    """What lies in the data folder and is not copied as a file: bodies, the log, and the backup itself."""
    yield to.absolute()
    yield config.data / config.log.path
    if "://" not in config.server.blob_store:
        yield config.data / config.server.blob_store


def _tell(problems: Sequence[str], done: str) -> None:
    for problem in problems:
        note(problem)
    say(done)
    if problems:
        raise typer.Exit(1)


@contextmanager
def _progress(what: str) -> Iterator[Step]:
    """What is being copied, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.status import Status

    with Status(what, console=Console(stderr=True)) as status:
        yield lambda done: status.update(f"{what}: {escape(done)}")
