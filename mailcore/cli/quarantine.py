"""`postroom quarantine`: mail that scanners and rules have held back."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Coroutine, Sequence
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
    with site(ctx) as here:
        found = _fitting(here.run(listed(_desk(here), limit)), sender, recipient, domain)
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
        say(words(line) if line else "")


@app.command()
def release(
    ctx: typer.Context,
    numbers: Numbers = None,
    sender: Sender = "",
    recipient: To = "",
    domain: Domain = "",
    all_: All = False,
    no_learn: Annotated[bool, typer.Option("--no-learn", help="Scanners do not learn that it is no spam.")] = False,
) -> None:
    """Send messages on to whom they were for. They are not held back again."""
    who = _name()

    def each(desk: Desk, entry: Entry) -> Coroutine[Any, Any, object]:
        return released(desk, entry, who, learn=not no_learn)

    with site(ctx) as here:
        count = _each(here, _chosen(here, numbers, sender, recipient, domain, all_=all_), each)
    say(f"{count} {'message' if count == 1 else 'messages'} released")


@app.command()
def delete(
    ctx: typer.Context,
    numbers: Numbers = None,
    sender: Sender = "",
    recipient: To = "",
    domain: Domain = "",
    all_: All = False,
    spam: Annotated[bool, typer.Option("--spam", help="Scanners learn that it is spam.")] = False,
) -> None:
    """Take messages away; nobody is told."""
    who = _name()

    def each(desk: Desk, entry: Entry) -> Coroutine[Any, Any, object]:
        return deleted(desk, entry, who, spam=spam)

    with site(ctx) as here:
        count = _each(here, _chosen(here, numbers, sender, recipient, domain, all_=all_), each)
    say(f"{count} {'message' if count == 1 else 'messages'} deleted")


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


def _each(here: Site, numbers: Sequence[int], do: Callable[[Desk, Entry], Coroutine[Any, Any, object]]) -> int:
    desk = _desk(here)
    for number in numbers:
        here.run(do(desk, here.run(found_one(desk, ItemId(number)))))
    return len(numbers)


def _chosen(
    here: Site, numbers: Sequence[int] | None, sender: str, recipient: str, domain: str, *, all_: bool
) -> Sequence[int]:
    if numbers:
        return list(dict.fromkeys(numbers))
    if not (sender or recipient or domain or all_):
        raise Refused("say which: their numbers, --sender, --recipient, --domain, or --all")
    found = _fitting(here.run(listed(_desk(here))), sender, recipient, domain)
    if not found:
        raise NotFound("nothing that is held back fits")
    return [int(each.item.id) for each in found if each.held is not None]


def _fitting(found: Sequence[Entry], sender: str, recipient: str, domain: str) -> Sequence[Entry]:
    return [each for each in found if _fits(each, sender.lower(), recipient.lower(), domain.lower())]


def _fits(each: Entry, sender: str, recipient: str, domain: str) -> bool:
    held = each.held
    if held is None:
        return not (sender or recipient or domain)
    to = [one.address.lower() for one in held.recipients]
    return (
        (not sender or (held.sender.lower() or "<>") == sender)
        and (not recipient or recipient in to)
        and (not domain or any(address.rpartition("@")[2] == domain for address in to))
    )


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
