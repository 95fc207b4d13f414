"""`postroom serve`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from mailcore.cli.family import single
from mailcore.cli.place import Place
from mailcore.cli.site import configuration, place
from mailcore.server.config import Config

app = single()

Data = Annotated[Path | None, typer.Option(help="Folder that holds everything the server keeps.")]
ConfigFile = Annotated[Path | None, typer.Option(help="Configuration file; absent: postroom.toml in the data folder.")]
PortBase = Annotated[
    int | None, typer.Option(min=0, max=61_000, help="Every listener on loopback, at this number + its standard port.")
]


GC_THRESHOLDS = (10_000, 20, 20)
"""A message makes hundreds of objects and leaves no cycles: with the usual 700, every third has them all looked at."""


@app.command()
def serve(ctx: typer.Context, data: Data = None, config: ConfigFile = None, port_base: PortBase = None) -> None:
    """Run the server in the foreground until SIGTERM; says `ready` when every listener accepts."""
    given = place(ctx)
    run(Place(data or given.data, config or given.config), port_base)


def run(at: Place, port_base: int | None, before_ready: Callable[[Config], None] | None = None) -> None:
    """A server until it ends. ConfigError, CannotListen, DataInUse, GroupwareError: it did not start."""
    import asyncio

    import uvloop

    from mailcore.server import heap
    from mailcore.server.app import say_ready
    from mailcore.server.compose import serve as serving
    from mailcore.server.crew import gather

    heap.settle()

    def configured() -> Config:
        return configuration(at, port_base=port_base)

    config = configured()
    crew = gather(config)

    def announce() -> None:
        if before_ready is not None:
            before_ready(config)
            sys.stdout.flush()
        say_ready()
        gc.freeze()  # what was imported is never garbage: no collection looks at it again
        gc.set_threshold(*GC_THRESHOLDS)
        gc.enable()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serving(config, configured, announce, crew))
