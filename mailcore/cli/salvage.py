"""`postroom salvage`: what `check --repair` took out of folders because it could not be served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailcore.cli.family import family
from mailcore.cli.show import Json, rows, say
from mailcore.cli.site import as_owner, as_running, check_there, place

if TYPE_CHECKING:
    from mailcore.server.storage import Storage

app = family()
Number = Annotated[int, typer.Argument(help="Its number, as the list says.", min=1, max=2**63 - 1)]


@app.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """Show what was set aside, and whether it can come back."""
    from groupware.store.quarantine import listed

    with _storage(ctx) as storage:
        found = listed(storage.store)
    rows(
        [
            {
                "id": each.id,
                "place": each.place,
                "uid": each.uid,
                "size": each.size,
                "saved": each.saved,
                "since": each.at,
                "why": each.why,
                "body": each.blob,
            }
            for each in found
        ],
        as_json,
        "nothing is set aside",
    )


@app.command()
def restore(
    ctx: typer.Context,
    number: Number,
    to: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="OWNER PATH", help="Into this folder, instead of the one it was in."),
    ] = None,
    body: Annotated[
        Path | None,
        typer.Option(help="A file with exactly the octets that are lost.", exists=True, dir_okay=False, readable=True),
    ] = None,
) -> None:
    """Put an item back into its folder: its body is there again, or is given with --body."""
    from groupware.model.principal import OPERATOR
    from groupware.store.quarantine import restore as brought_back
    from mailcore.cli.folders import folder_at

    octets = body.read_bytes() if body is not None else None
    with _storage(ctx) as storage:
        where = None
        if to is not None:
            with storage.store.snapshot(OPERATOR) as tx:
                where = folder_at(tx, *to).id
        uid = brought_back(storage.store, storage.blobs, number, to=where, octets=octets)
    say(f"number {number} is back, with UID {uid}")


@app.command()
def drop(ctx: typer.Context, number: Number) -> None:
    """Forget an item for good."""
    from groupware.store.quarantine import drop as dropped

    with _storage(ctx) as storage:
        dropped(storage.store, number)
    say(f"number {number} is gone")


@contextmanager
def _storage(ctx: typer.Context) -> Iterator[Storage]:
    import asyncio

    from mailcore.server.storage import open_storage

    config = as_running(place(ctx))
    check_there(config)
    as_owner(config.data)
    with asyncio.Runner() as runner:
        storage = runner.run(open_storage(config, listen=False))
        try:
            yield storage
        finally:
            runner.run(storage.close())
