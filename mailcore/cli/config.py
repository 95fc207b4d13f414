"""`postroom config`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mailcore.cli.family import family
from mailcore.cli.service import server
from mailcore.cli.show import Json, note, rows, say
from mailcore.cli.site import config_path, place
from mailcore.server.config import ConfigError, examined

app = family()


@app.command()
def example() -> None:
    """Write a configuration file that shows every key and changes nothing."""
    from mailcore.server.config_example import example as made

    sys.stdout.write(made())


@app.command()
def check(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="The file; without it the one that applies.")] = None,
    as_json: Json = False,
) -> None:
    """Say everything that is wrong with a configuration file, and with the templates in the data folder."""
    from mailcore.queue.texts import texts_of
    from mailcore.server.certificates import check as check_certificates
    from mailcore.server.compose import checked_config

    path = file or config_path(place(ctx))
    problems: list[str] = []
    with _told(problems):
        found, wrong = examined(path, data=place(ctx).data)
        problems += wrong
        if not wrong:
            with _told(problems):
                checked_config(found)
            with _told(problems):
                check_certificates(found)
        with _told(problems):
            texts_of(found)
    if as_json:
        rows([{"problem": each} for each in problems], as_json)
    for each in problems if not as_json else ():
        note(each)
    if problems:
        raise typer.Exit(1)
    if not as_json:
        say(f"{path}: good" if path is not None else "no configuration file: all defaults")


@contextmanager
def _told(problems: list[str]) -> Iterator[None]:
    """Has what is wrong added to the others."""
    try:
        yield
    except ConfigError as error:
        problems += error.problems


@app.command()
def reload(ctx: typer.Context) -> None:
    """Let the running server read its configuration and certificates again; if it is wrong, nothing changes."""
    with server(ctx) as running:
        waiting = running.ask("server.reload")
    say("the configuration is in use")
    if waiting:
        note(f"not yet what changed in {', '.join(waiting)}: that takes a restart of the server")
