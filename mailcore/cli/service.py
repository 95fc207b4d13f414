"""`postroom service`: the services of the running server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from mailcore.cli.family import family
from mailcore.cli.show import Json, rows, say
from mailcore.cli.site import configured
from mailcore.server.control import Client, client

app = family()
Name = Annotated[str, typer.Argument(help="Name of the service, as the list says.")]


@contextmanager
def server(ctx: typer.Context) -> Iterator[Client]:
    """The running server. `NotRunning`."""
    with client(configured(ctx).data) as found:
        yield found


@app.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """Show every service: whether it runs, and where it listens."""
    with server(ctx) as running:
        found = running.ask("service.list")
    rows([{**each, "listeners": tuple(each["listeners"])} for each in found], as_json)


@app.command()
def start(ctx: typer.Context, name: Name) -> None:
    """Start a service; no other notices."""
    with server(ctx) as running:
        running.ask("service.start", name=name)
    say(f"{name} runs")


@app.command()
def stop(ctx: typer.Context, name: Name) -> None:
    """Stop a service: its ports refuse, its sessions end after their command."""
    with server(ctx) as running:
        running.ask("service.stop", name=name)
    say(f"{name} has stopped")


@app.command()
def restart(ctx: typer.Context, name: Name) -> None:
    """Stop a service if it runs, and start it."""
    with server(ctx) as running:
        running.ask("service.restart", name=name)
    say(f"{name} runs")


@app.command()
def shutdown(ctx: typer.Context) -> None:
    """End the whole server, as SIGTERM does."""
    with server(ctx) as running:
        running.ask("server.stop")
    say("the server is stopping")
