"""`postroom queue`: messages on their way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Final, get_args, get_type_hints

import typer

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.event import QueueEntry, QueueFilter
from groupware.model.ids import QueueId
from groupware.store.api import ReadTx
from mailcore.cli.family import family
from mailcore.cli.moments import past
from mailcore.cli.show import Json, Row, one, rows, say, words
from mailcore.cli.site import Site, site
from mailcore.queue.dsn import header_of
from mailcore.queue.giveup import give_up
from mailcore.queue.settlement import desk_of
from mailcore.server import log
from mailcore.server.counters import Counters

app = family()
MOST = 2**63 - 1
PAGE: Final = 200
STATES: Final = tuple(each for each in get_args(get_type_hints(QueueFilter)["state"]) if each)
OPEN = ("ready", "waiting", "leased", "held")
Id = Annotated[int, typer.Argument(help="Number of the message, as the list says.", min=1, max=MOST)]
Ids = Annotated[
    list[int] | None,
    typer.Argument(help="Numbers of messages; without them those that fit the options.", min=1, max=MOST),
]
Sender = Annotated[str, typer.Option(help="Only from this sender; <>: reports.")]
To = Annotated[str, typer.Option("--domain", "--to", help="Only what goes to this domain.")]
RecipientOption = Annotated[str, typer.Option(help="Only with this recipient.")]
Older = Annotated[str, typer.Option(help="Only what was queued before: 2h, 3d, or a date.")]
State = Annotated[str, typer.Option(help="Only in this state: " + ", ".join(STATES) + ".")]
Text = Annotated[str, typer.Option(help="Only where what was said last has this in it.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    sender: Sender = "",
    recipient: RecipientOption = "",
    domain: To = "",
    older_than: Older = "",
    state: State = "",
    text: Text = "",
    limit: Annotated[int, typer.Option(help="Show so many at most.", min=1)] = 1000,
    as_json: Json = False,
) -> None:
    """Show what waits."""
    wanted = _wanted(sender, recipient, domain, older_than, state, text)
    with site(ctx) as here:
        found = [_row(each) for each, _ in zip(_found(here, wanted), range(limit), strict=False)]
    rows(found, as_json, "the queue is empty" if wanted == QueueFilter() else "nothing in the queue fits")


@app.command()
def show(ctx: typer.Context, number: Id, as_json: Json = False) -> None:
    """Show one message: its envelope, recipient by recipient what was tried and answered, and its header."""
    with site(ctx) as here:
        found = here.read(lambda tx: _entry(tx, number))
        header = _header(here, found)
    recipients: list[Row] = [
        {
            "recipient": each.recipient.address,
            "state": each.state,
            "tries": each.tries,
            "next_try": None if each.state == "held" else each.next_try,
            "code": each.code,
            "text": each.text,
            "notify": each.recipient.notify,
            "orcpt": each.recipient.orcpt,
        }
        for each in found.recipients
    ]
    envelope = found.envelope
    about = {"message": envelope.message, "body_type": envelope.body_type, "utf8": envelope.utf8}
    about |= {"ret": envelope.ret, "envid": envelope.envid}
    about |= {"tls": "required" if envelope.require_tls else "", "released": envelope.cleared}
    if as_json:
        one({**_row(found), **about, "recipients": recipients, "header": header}, as_json)
        return
    one({**_row(found), **about}, as_json)
    rows(recipients, as_json)
    say("")
    for line in header.splitlines():
        say(words(line.expandtabs()) if line else "")


def _header(here: Site, entry: QueueEntry) -> str:
    try:
        octets: bytes = here.run(here.blobs.read(entry.envelope.blob, 0, 64 * 1024))
    except GroupwareError as error:
        return f"(the message cannot be read: {error})"
    return header_of(octets).decode("utf-8", "replace").strip()


@app.command()
def retry(
    ctx: typer.Context,
    numbers: Ids = None,
    sender: Sender = "",
    recipient: RecipientOption = "",
    domain: To = "",
    older_than: Older = "",
    state: State = "",
    text: Text = "",
) -> None:
    """Try again now, instead of when it is due. What is held stays so."""
    wanted = _wanted(sender, recipient, domain, older_than, state, text)
    with site(ctx) as here:
        count = _each(ctx, here, numbers, wanted, lambda each: here.write(lambda tx: tx.hasten(domain or None, each)))
    say(f"{count} due now")


@app.command()
def hold(
    ctx: typer.Context,
    numbers: Ids = None,
    sender: Sender = "",
    recipient: RecipientOption = "",
    domain: To = "",
    older_than: Older = "",
    state: State = "",
    text: Text = "",
) -> None:
    """Hold messages: they are not tried until they are released."""
    wanted = _wanted(sender, recipient, domain, older_than, state, text)
    with site(ctx) as here:
        count = _each(ctx, here, numbers, wanted, lambda each: here.write(lambda tx: tx.hold_queued(each, domain)))
    say(f"{count} held")


@app.command()
def release(
    ctx: typer.Context,
    numbers: Ids = None,
    sender: Sender = "",
    recipient: RecipientOption = "",
    domain: To = "",
    older_than: Older = "",
    text: Text = "",
) -> None:
    """Let go what is held: it is tried now."""
    wanted = _wanted(sender, recipient, domain, older_than, "held", text)
    with site(ctx) as here:
        count = _each(ctx, here, numbers, wanted, lambda each: here.write(lambda tx: tx.release_queued(each, domain)))
    say(f"{count} due now")


@app.command()
def bounce(
    ctx: typer.Context,
    numbers: Ids = None,
    sender: Sender = "",
    recipient: RecipientOption = "",
    domain: To = "",
    older_than: Older = "",
    state: State = "",
    text: Text = "",
) -> None:
    """Give messages up: their senders are told of every recipient that they have not reached."""
    wanted = _wanted(sender, recipient, domain, older_than, state, text)

    def act(each: QueueId) -> int:
        count: int = here.run(give_up(desk, each))
        say(f"message {each}: given up for {count} recipients")
        return count

    with site(ctx) as here:
        desk = desk_of(here.config, here.store, here.blobs, Counters(), log.get("CLI"))
        _each(ctx, here, numbers, wanted, act)


@app.command()
def delete(
    ctx: typer.Context,
    numbers: Ids = None,
    sender: Sender = "",
    recipient: RecipientOption = "",
    domain: To = "",
    older_than: Older = "",
    state: State = "",
    text: Text = "",
) -> None:
    """Take messages out of the queue without a word to anybody."""
    wanted = _wanted(sender, recipient, domain, older_than, state, text)

    def act(each: QueueId) -> int:
        here.write(lambda tx: tx.drop_queued(each))
        say(f"message {each} is gone")
        return 1

    with site(ctx) as here:
        _each(ctx, here, numbers, wanted, act)


@app.command()
def flush(
    ctx: typer.Context,
    domain: Annotated[str, typer.Argument(help="Only what goes to this domain.")] = "",
) -> None:
    """Try everything that waits now, or everything for a domain. What is held stays so."""
    with site(ctx) as here:
        count = here.write(lambda tx: tx.hasten(domain or None))
    say(f"{count} due now")


@app.command()
def stats(ctx: typer.Context, as_json: Json = False) -> None:
    """Show what waits for each destination, the most messages first."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.waiting())
    lines: list[Row] = [
        {
            "domain": each.domain,
            "messages": each.messages,
            "octets": each.octets,
            "deferred": each.deferred,
            "held": each.held,
            "oldest": each.oldest,
            "code": each.code,
            "last": each.text,
        }
        for each in found
    ]
    rows(lines, as_json, "the queue is empty")


# --- which messages are meant


def _wanted(sender: str, recipient: str, domain: str, older_than: str, state: str, text: str) -> QueueFilter:
    if state and state not in STATES:
        raise typer.BadParameter(f"{state!r} is no state; there are {', '.join(STATES)}")
    before = past(older_than) if older_than else None
    return QueueFilter(sender, recipient, domain, state, text, before)  # type: ignore[arg-type]  # checked just now


def _found(here: Site, wanted: QueueFilter) -> Iterator[QueueEntry]:
    """What fits, page by page."""
    page = here.read(lambda tx: tx.find_queued(wanted, limit=PAGE))
    while page:
        yield from page
        last = page[-1].id
        page = here.read(lambda tx, last=last: tx.find_queued(wanted, last, PAGE))  # type: ignore[misc]


def _each(
    ctx: typer.Context, here: Site, numbers: list[int] | None, wanted: QueueFilter, act: Callable[[QueueId], int]
) -> int:
    """The sum of what `act` says of each message that is meant. Of none named it takes a filter: all is never meant."""
    if numbers:
        for number in numbers:
            here.read(lambda tx, number=number: _entry(tx, number))  # type: ignore[misc]
        return sum(act(QueueId(number)) for number in numbers)
    if wanted in (QueueFilter(), QueueFilter(state="held")) and ctx.command.name != "release":
        raise typer.BadParameter("say which messages: their numbers, or --sender, --domain and the like")
    return sum([act(each.id) for each in _found(here, wanted)])


def _entry(tx: ReadTx, number: int) -> QueueEntry:
    for found in tx.queued(QueueId(number)):
        return found
    raise NotFound(f"there is no message {number} in the queue")


def _row(entry: QueueEntry) -> Row:
    waiting = [each for each in entry.recipients if each.state in OPEN]
    due = [each.next_try for each in waiting if each.state != "held"]
    return {
        "id": entry.id,
        "sender": entry.envelope.sender or "<>",
        "recipients": [each.recipient.address for each in entry.recipients],
        "size": entry.envelope.size,
        "queued": entry.queued,
        "waiting": len(waiting),
        "held": sum(each.state == "held" for each in waiting),
        "tries": max((each.tries for each in entry.recipients), default=0),
        "next_try": min(due, default=None),
        "last": next((words(each.text) for each in waiting if each.text), ""),
    }
