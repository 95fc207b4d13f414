"""`postroom trace`: where a message came from, what happened to it, and where it is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.event import TraceFilter, TraceRow
from groupware.model.ids import FolderId, Uid
from groupware.store.api import ReadTx
from mailcore.cli.family import single
from mailcore.cli.moments import past
from mailcore.cli.show import Json, Row, rows, words
from mailcore.cli.site import Site, site

app = single()
VERDICTS: Final[Mapping[str, tuple[str, ...]]] = {
    "refused": ("refused", "refused_more"),
    "accepted": ("received",),
    "delivered": ("delivered",),
    "sent": ("sent",),
    "queued": ("queued",),
    "held": ("held",),
    "discarded": ("discarded",),
    "quarantined": ("quarantined", "released", "withheld"),
    "deferred": ("deferred", "undelivered"),
    "failed": ("failed",),
}


@app.command()
def trace(
    ctx: typer.Context,
    message: Annotated[
        str, typer.Argument(help="A message: the id that the log gives it, or the Message-ID in its header.")
    ] = "",
    sender: Annotated[str, typer.Option(help="Only from this address.")] = "",
    recipient: Annotated[str, typer.Option(help="Only to this address.")] = "",
    peer: Annotated[str, typer.Option(help="Only from this IP address.")] = "",
    verdict: Annotated[str, typer.Option(help="Only what was " + ", ".join(VERDICTS) + ".")] = "",
    since: Annotated[str, typer.Option(help="Only after then: 2h, 3d, or a date.")] = "",
    until: Annotated[str, typer.Option(help="Only before then.")] = "",
    limit: Annotated[int, typer.Option(help="Show so many at most, the newest.", min=1)] = 100,
    seen_by: Annotated[str, typer.Option("--as", help="Only what this account may see.")] = "",
    as_json: Json = False,
) -> None:
    """Show what happened to messages: where each came from, what was done with it, and where it went."""
    if sender and recipient:
        raise typer.BadParameter("give either --sender or --recipient")
    names = _names(sender, recipient, verdict)
    wanted = TraceFilter(
        sender or recipient, "", peer, names, past(since) if since else None, past(until) if until else None
    )
    with site(ctx) as here:
        read = _reading(here, seen_by)
        if message:
            found = [row for each in _ids(read, message) for row in _whole(read, each)]
        else:
            found = read(lambda tx: [_row(tx, each) for each in reversed(tx.find_trace(wanted, limit))])
    rows(found, as_json, "nothing was traced that fits")


def _names(sender: str, recipient: str, verdict: str) -> tuple[str, ...]:
    if verdict:
        if verdict not in VERDICTS:
            raise typer.BadParameter(f"{verdict!r} is no verdict; there are {', '.join(VERDICTS)}")
        return VERDICTS[verdict]
    if sender:
        return ("received", "refused")
    return tuple(name for names in VERDICTS.values() for name in names if name != "received") if recipient else ()


Read = Callable[[Callable[[ReadTx], Any]], Any]


def _reading(here: Site, address: str) -> Read:
    """How to read: as the operator, or as an account."""
    who = here.read(lambda tx: tx.identity(tx.account(address).id)) if address else here.who
    return lambda work: here.run(here.store.read(who, work))


def _ids(read: Read, text: str) -> Sequence[str]:
    """Our ids of the messages that are meant."""
    plain = text.strip().strip("<>")
    if "@" not in plain:
        return (plain.upper(),)
    found: Sequence[TraceRow] = read(lambda tx: tx.find_trace(TraceFilter(letter=plain)))
    if not found:
        raise NotFound(f"<{plain}>: there is no trace of such a message")
    return list(dict.fromkeys(each.event.message for each in reversed(found)))


def _whole(read: Read, message: str) -> list[Row]:
    """Everything that happened to one message, and to the copies in people's folders since."""

    def work(tx: ReadTx) -> list[Row]:
        found = tx.trace(message)
        if not found:
            raise NotFound(f"{message}: there is no trace of such a message")
        return [line for each in found for line in (_row(tx, each), *_moves(tx, each))]

    lines: list[Row] = read(work)
    return lines


def _moves(tx: ReadTx, row: TraceRow) -> list[Row]:
    """What was done with a delivered message, as far as the one who asks may see that."""
    facts = row.event.facts
    if row.event.name != "delivered" or not facts.get("uid"):
        return []
    try:
        steps = tx.movements(FolderId(int(facts["folder"])), Uid(int(facts["uid"])))
    except GroupwareError:
        return []
    return [
        {
            "at": each.at,
            "message": row.event.message,
            "what": "moved" if each.what == "item.left" else "removed",
            "address": facts.get("to", ""),
            "facts": _moved(tx, each.facts, each.path, each.actor, each.client),
        }
        for each in steps
    ]


def _moved(tx: ReadTx, facts: str, path: str, actor: str, client: str) -> str:
    to = (json.loads(facts) if facts else {}).get("to")
    where = f"from {path}" + (f" to {_path(tx, to)}" if to is not None else "")
    return f"{where} by {actor}" + (f" ({client})" if client else "")


def _path(tx: ReadTx, at: int) -> str:
    try:
        return tx.folder(FolderId(at)).path
    except GroupwareError:
        return "a folder that is not there any more, or not to be seen"


def _row(tx: ReadTx, row: TraceRow) -> Row:
    event = row.event
    facts = dict(event.facts)
    if "folder" in facts:
        facts["folder"] = _path(tx, int(facts["folder"]))
    address = facts.pop("to", "") if event.name != "received" else facts.pop("from", "")
    return {
        "at": row.at,
        "message": event.message,
        "what": "accepted" if event.name == "received" else event.name,
        "address": address or ("<>" if event.name == "received" else ""),
        "facts": " ".join(f"{name}={words(value)}" for name, value in facts.items() if value != ""),
    }
