"""`postroom dns`: what the resolver knows."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from mailcore.cli import asking
from mailcore.cli.family import family
from mailcore.cli.service import server
from mailcore.cli.show import Json, one, say
from mailcore.server.dns_wire import QueryType

app = family()


@app.command()
def query(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="A domain name; for PTR an IP address.")],
    kind: Annotated[str, typer.Argument(help="A, AAAA, MX, NS, TXT, PTR ...")] = "A",
    as_json: Json = False,
) -> None:
    """Ask the running server's resolver, or one like it when no server runs."""
    wanted = kind.upper()
    if wanted not in get_args(QueryType):
        raise typer.BadParameter(f"{kind!r}: the resolver asks for {', '.join(get_args(QueryType))}")
    answer = asking.answer(ctx, name, wanted)
    if as_json:
        one(answer, as_json)
        return
    for record in answer["records"]:
        preference = f"{record['preference']} " if wanted == "MX" else ""
        say(f"{answer['canonical']} {answer['ttl']} {wanted} {preference}{record['value']}")


@app.command()
def flush(ctx: typer.Context) -> None:
    """Let the running server forget every answer, and read the system's name servers anew."""
    with server(ctx) as running:
        count = running.ask("dns.flush")
    say(f"{count} answers forgotten")
