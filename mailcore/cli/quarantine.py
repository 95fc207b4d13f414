"""`postroom quarantine`: mail that scanners and rules have held back."""

from __future__ import annotations

import getpass
import inspect
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from groupware.mime.headers import decode_text, fields, unfold
from groupware.model.errors import NotFound, Refused
from groupware.model.ids import ItemId
from groupware.model.times import moment
from mailcore.cli.family import family
from mailcore.cli.show import Json, Row, one, rows, say, words
from mailcore.cli.site import Site, site
from mailcore.queue.dsn import header_of
from mailcore.queue.quarantine import Desk, Entry, listed
from mailcore.queue.quarantine import delete as deleted
from mailcore.queue.quarantine import one as found_one
from mailcore.queue.quarantine import release as released

app = family()
MOST = 2**63 - 1
Number = Annotated[int, typer.Argument(help="Number of the message, as the list says.", min=1, max=MOST)]
Numbers = Annotated[
    list[int] | None,
    typer.Argument(help="Numbers of messages; without them those that fit the options.", min=1, max=MOST),
]
Sender = Annotated[str, typer.Option(help="Only from this sender; <>: from nobody.")]
To = Annotated[str, typer.Option(help="Only for this recipient.")]
Domain = Annotated[str, typer.Option(help="Only for recipients in this domain.")]
All = Annotated[bool, typer.Option("--all", help="Everything that is held back.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages are meant: those of these numbers, or those that fit what was said."""

    ctx: typer.Context
    numbers: Sequence[int]
    sender: str
    recipient: str
    domain: str
    all: bool = False

    def fits(self, entry: Entry) -> bool:
        """Whether sender and recipients are as they were asked for."""
        held = entry.held
        if held is None:
            return not (self.sender or self.recipient or self.domain)
        to = [one.address.lower() for one in held.recipients]
        return (
            (not self.sender or (held.sender.lower() or "<>") == self.sender)
            and (not self.recipient or self.recipient in to)
            and (not self.domain or any(address.rpartition("@")[2] == self.domain for address in to))
        )


@app.command("list")
def list_(
    ctx: typer.Context,
    sender: Sender = "",
    recipient: To = "",
    domain: Domain = "",
    limit: Annotated[int, typer.Option(help="Show so many of each folder at most, the oldest.", min=1)] = 1000,
    as_json: Json = False,
) -> None:
    """Show what is held back: for whom, why, and until when."""
    wanted = _which(ctx, None, sender, recipient, domain)
    with site(ctx) as here:
        found = [each for each in here.run(listed(_desk(here), limit)) if wanted.fits(each)]
    rows([_row(each) for each in found], as_json, "nothing is held back")


@app.command()
def show(
    ctx: typer.Context,
    number: Number,
    raw: Annotated[bool, typer.Option("--raw", help="The message itself, octet for octet.")] = False,
    as_json: Json = False,
) -> None:
    """Show one message: its envelope and its header; with --raw all of it."""
    with site(ctx) as here:
        entry: Entry = here.run(found_one(_desk(here), ItemId(number)))
    held = entry.held
    if held is None:
        raise Refused(f"message {number}: this server has not held it back; it lies in {entry.place.path}")
    if raw:
        typer.get_binary_stream("stdout").write(held.octets)
        return
    header = header_of(held.octets).decode("utf-8", "replace").strip()
    if as_json:
        one({**_row(entry), "folder": entry.place.path, "header": header}, as_json)
        return
    one({**_row(entry), "folder": entry.place.path}, as_json)
    say("")
    for line in header.splitlines():
        say(words(line.expandtabs()) if line else "")


def _which(
    ctx: typer.Context,
    numbers: Numbers = None,
    sender: Sender = "",
    recipient: To = "",
    domain: Domain = "",
    all_: All = False,
) -> Wanted:
    """The options that say which messages are meant."""
    return Wanted(ctx, numbers or (), sender.lower(), recipient.lower(), domain.lower(), all_)


def _of_several(verb: Callable[..., None]) -> Callable[..., None]:
    """A command over several messages: the options of `_which`, and its own behind them."""
    asks, own = inspect.signature(_which, eval_str=True), inspect.signature(verb, eval_str=True)
    more = [each for name, each in own.parameters.items() if name != "wanted"]

    def command(**given: Any) -> None:
        chosen = {name: given.pop(name) for name in asks.parameters}
        verb(_which(**chosen), **given)

    parameters = [*asks.parameters.values(), *more]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    command.__name__, command.__doc__ = verb.__name__, verb.__doc__
    return command


@app.command()
@_of_several
def release(
    wanted: Wanted,
    no_learn: Annotated[bool, typer.Option("--no-learn", help="Scanners do not learn that it is no spam.")] = False,
) -> None:
    """Send messages on to whom they were for. They are not held back again."""
    who = _name()
    _each(wanted, "released", lambda desk, entry: released(desk, entry, who, learn=not no_learn))


@app.command()
@_of_several
def delete(
    wanted: Wanted,
    spam: Annotated[bool, typer.Option("--spam", help="Scanners learn that it is spam.")] = False,
) -> None:
    """Take messages away; nobody is told."""
    who = _name()
    _each(wanted, "deleted", lambda desk, entry: deleted(desk, entry, who, spam=spam))


def _desk(here: Site) -> Desk:
    from mailcore.server import log
    from mailcore.server.storage import site_secret

    return Desk(here.store, here.blobs, site_secret(here.config), log.get("QUARANTINE"))


def _name() -> str:
    """Who does it, as the trace tells."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        return "the operator"
    return f"the operator ({user})"


def _each(wanted: Wanted, done: str, do: Callable[[Desk, Entry], Coroutine[Any, Any, object]]) -> None:
    with site(wanted.ctx) as here:
        desk, numbers = _desk(here), _chosen(here, wanted)
        for number in numbers:
            here.run(do(desk, here.run(found_one(desk, ItemId(number)))))
    say(f"{len(numbers)} {'message' if len(numbers) == 1 else 'messages'} {done}")


def _chosen(here: Site, wanted: Wanted) -> Sequence[int]:
    if wanted.numbers:
        return list(dict.fromkeys(wanted.numbers))
    if not (wanted.sender or wanted.recipient or wanted.domain or wanted.all):
        raise Refused("say which: their numbers, --sender, --recipient, --domain, or --all")
    found = [each for each in here.run(listed(_desk(here))) if wanted.fits(each)]
    if not found:
        raise NotFound("nothing that is held back fits")
    return [int(each.item.id) for each in found if each.held is not None]


def _row(entry: Entry) -> Row:
    held = entry.held
    header = header_of(held.octets) if held is not None else b""
    subject = next((value for name, value in fields(header) if name.lower() == b"subject"), b"")
    return {
        "id": int(entry.item.id),
        "since": moment(entry.item.arrived),
        "until": entry.until,
        "sender": (held.sender or "<>") if held is not None else "",
        "recipients": [each.address for each in held.recipients] if held is not None else [],
        "subject": decode_text(unfold(subject)),
        "size": entry.item.size,
        "reason": held.reason if held is not None else "not held back by this server",
        "message": held.message if held is not None else "",
    }
