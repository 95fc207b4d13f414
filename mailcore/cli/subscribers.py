"""`postroom list member`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from groupware.mime.addresses import parse, shown
from groupware.model.errors import AlreadyExists, NotFound, Refused
from groupware.model.mailinglist import Subscriber
from groupware.store.api import WriteTx
from mailcore.cli.family import family
from mailcore.cli.show import Json, note, rows, say
from mailcore.cli.site import site
from mailcore.lists.managing import put_on

app = family("Who is on a list.")
List = Annotated[str, typer.Argument(metavar="LIST", help="Address of the list, as news@example.org.")]
Who = Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose address; it need not be of this server.")]
MOST_LINES: Final = 1_000_000
AT_ONCE: Final = 500
"""Lines of an import that are one write."""


@app.command()
def add(
    ctx: typer.Context,
    address: List,
    who: Who,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    delivery: Annotated[str, typer.Option(help="mail, digest or none.")] = "mail",
    moderated: Annotated[bool, typer.Option(help="What it writes waits for a moderator.")] = False,
) -> None:
    """Put somebody on a list, without asking, or change how who is on it gets mail."""
    with site(ctx) as here:
        made = here.write(lambda tx: put_on(tx, address, who, name or None, delivery, moderated))
    say(f"{made.address} is on {address}")


@app.command("list")
def list_(ctx: typer.Context, address: List, as_json: Json = False) -> None:
    """Show who is on a list."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.subscribers(address))
    rows(
        [
            {
                "address": each.address,
                "name": each.name,
                "state": each.state,
                "delivery": each.delivery,
                "moderated": each.moderated,
                "bounces": each.bounces,
                "joined": each.joined,
            }
            for each in found
        ],
        as_json,
        f"nobody is on {address}",
    )


@app.command()
def remove(ctx: typer.Context, address: List, who: Who) -> None:
    """Take somebody off a list."""
    with site(ctx) as here:
        here.write(lambda tx: tx.drop_subscriber(address, who))
    say(f"{who} is not on {address}")


@app.command()
def suspend(ctx: typer.Context, address: List, who: Who) -> None:
    """Send somebody nothing until it is resumed."""
    _change(ctx, address, who, lambda each: replace(each, state="suspended"))
    say(f"{who} gets nothing of {address}")


@app.command()
def resume(ctx: typer.Context, address: List, who: Who) -> None:
    """Send somebody mail again, and forget what came back."""
    _change(ctx, address, who, lambda each: replace(each, state="active", bounces=0, bounced=None))
    say(f"{who} gets the mail of {address}")


def _change(ctx: typer.Context, address: str, who: str, change: Callable[[Subscriber], Subscriber]) -> None:
    def work(tx: WriteTx) -> None:
        there = tx.subscriber(address, who)
        if there is None:
            raise NotFound(f"{who[:80]}: it is not on {address}")
        tx.put_subscriber(address, change(there))

    with site(ctx) as here:
        here.write(work)


@app.command("import")
def import_(
    ctx: typer.Context,
    address: List,
    file: Annotated[str, typer.Argument(help="A file with an address a line, also as Name <address>; - is input.")],
) -> None:
    """Put many on a list. Who is on it already stays as it is; a line that is no address is said and left out."""
    text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) > MOST_LINES:
        raise Refused(f"{file}: more than {MOST_LINES} lines")
    new = bad = 0
    with site(ctx) as here:
        for at in range(0, len(lines), AT_ONCE):
            some = lines[at : at + AT_ONCE]
            made, refused = here.write(lambda tx, some=some: _imported(tx, address, some))  # type: ignore[misc]
            for each in refused:
                note(each)
            new, bad = new + made, bad + len(refused)
    say(f"{new} put on {address}, {len(lines) - new - bad} there already, {bad} refused")
    if bad:
        raise typer.Exit(1)


def _imported(tx: WriteTx, address: str, lines: Sequence[str]) -> tuple[int, Sequence[str]]:
    made, refused = 0, []
    for line in lines:
        [box, *_] = shown(parse(line.encode())) or [None]
        try:
            if box is None or "@" not in box.address:
                raise Refused(f"{line[:80]!r}: this is no address")
            if tx.subscriber(address, box.address) is None:
                tx.put_subscriber(address, Subscriber(box.address, box.name))
                made += 1
        except (Refused, AlreadyExists) as error:
            refused.append(str(error))
    return made, refused
