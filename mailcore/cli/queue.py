"""`postroom queue`: messages on their way."""

from __future__ import annotations

from typing import Annotated

import typer

from groupware.model.errors import NotFound
from groupware.model.event import QueueEntry
from groupware.model.ids import QueueId
from groupware.store.api import ReadTx
from mailcore.cli.family import family
from mailcore.cli.show import Json, Row, one, rows, say, words
from mailcore.cli.site import site
from mailcore.queue.giveup import give_up
from mailcore.queue.settlement import desk_of
from mailcore.server import log
from mailcore.server.counters import Counters

app = family()
MOST = 2**63 - 1
Id = Annotated[int, typer.Argument(help="Number of the message, as the list says.", min=1, max=MOST)]
OPEN = ("ready", "waiting", "leased")


@app.command("list")
def list_(
    ctx: typer.Context,
    to: Annotated[str | None, typer.Option(help="Only with a recipient at this domain.")] = None,
    sender: Annotated[str | None, typer.Option(help="Only from this sender.")] = None,
    as_json: Json = False,
) -> None:
    """Show what waits."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.queued())
    rows([_row(each) for each in found if _fits(each, to, sender)], as_json, "the queue is empty")


@app.command()
def show(ctx: typer.Context, number: Id, as_json: Json = False) -> None:
    """Show one message, recipient by recipient."""
    with site(ctx) as here:
        found = here.read(lambda tx: _entry(tx, number))
    recipients: list[Row] = [
        {
            "recipient": each.recipient.address,
            "state": each.state,
            "tries": each.tries,
            "next_try": each.next_try,
            "code": each.code,
            "text": each.text,
        }
        for each in found.recipients
    ]
    if as_json:
        one({**_row(found), "message": found.envelope.message, "recipients": recipients}, as_json)
        return
    one({**_row(found), "message": found.envelope.message}, as_json)
    rows(recipients, as_json)


@app.command()
def retry(
    ctx: typer.Context,
    number: Annotated[int | None, typer.Argument(help="Only this message.", min=1, max=MOST)] = None,
    domain: Annotated[str | None, typer.Option(help="Only what goes to this domain.")] = None,
) -> None:
    """Try again now, instead of when it is due."""
    with site(ctx) as here:
        if number is not None:
            here.read(lambda tx: _entry(tx, number))
        count = here.write(lambda tx: tx.hasten(domain, QueueId(number) if number is not None else None))
    say(f"{count} due now")


@app.command()
def bounce(ctx: typer.Context, number: Id) -> None:
    """Give a message up: its sender is told of every recipient that it has not reached."""
    with site(ctx) as here:
        desk = desk_of(here.config, here.store, here.blobs, Counters(), log.get("CLI"))
        count = here.run(give_up(desk, QueueId(number)))
    say(f"message {number}: given up for {count} recipients")


@app.command()
def delete(ctx: typer.Context, number: Id) -> None:
    """Take a message out of the queue without a word to anybody."""
    with site(ctx) as here:
        here.read(lambda tx: _entry(tx, number))
        here.write(lambda tx: tx.drop_queued(QueueId(number)))
    say(f"message {number} is gone")


@app.command()
def flush(ctx: typer.Context) -> None:
    """Try everything that waits now."""
    with site(ctx) as here:
        count = here.write(lambda tx: tx.hasten())
    say(f"{count} due now")


def _entry(tx: ReadTx, number: int) -> QueueEntry:
    for found in tx.queued(QueueId(number)):
        return found
    raise NotFound(f"there is no message {number} in the queue")


def _fits(entry: QueueEntry, to: str | None, sender: str | None) -> bool:
    if sender is not None and entry.envelope.sender.lower() != sender.lower():
        return False
    return to is None or any(each.domain == to.lower() for each in entry.recipients)


def _row(entry: QueueEntry) -> Row:
    waiting = [each for each in entry.recipients if each.state in OPEN]
    return {
        "id": entry.id,
        "sender": entry.envelope.sender or "<>",
        "recipients": [each.recipient.address for each in entry.recipients],
        "size": entry.envelope.size,
        "queued": entry.queued,
        "waiting": len(waiting),
        "tries": max((each.tries for each in entry.recipients), default=0),
        "next_try": min((each.next_try for each in waiting), default=None),
        "last": next((words(each.text) for each in waiting if each.text), ""),
    }
