"""`postroom log`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mailcore.cli.family import family
from mailcore.cli.service import server
from mailcore.cli.show import Json, rows, say
from mailcore.cli.site import configuration, place
from mailcore.server.log_collector import FILE_NAME
from mailcore.server.log_line import read_line
from mailcore.server.log_tail import tail as tailing

app = family()


@app.command()
def tail(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(help="File in the log folder, as security.txt.")] = "default.txt",
    count: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 10,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with every new line, across rotations.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the end of a log file. As JSON it is an array; with --follow one object a line."""
    if FILE_NAME.fullmatch(file) is None:
        raise typer.BadParameter(f"{file!r} is no plain file name: it is in the log folder", param_hint="FILE")
    config = configuration(place(ctx))
    lines = tailing(config.data / config.log.path / file, count, follow=follow)
    if as_json and not follow:
        rows([read_line(line) for line in lines], as_json)
        return
    for line in lines:
        said = json.dumps(read_line(line), ensure_ascii=False) if as_json else line
        say("".join(char if char.isprintable() or char == "\t" else "?" for char in said))


@app.command()
def level(
    ctx: typer.Context,
    service: Annotated[str, typer.Argument(help="Name of the service.")],
    mask: Annotated[
        int, typer.Argument(min=0, max=31, help="1 critical + 2 error + 4 warning + 8 info + 16 protocol.")
    ],
) -> None:
    """Let a service of the running server write other levels, until it ends."""
    with server(ctx) as running:
        running.ask("log.level", service=service, level=mask)
    say(f"{service} writes level {mask}")
