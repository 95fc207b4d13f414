"""`postroom dns`: what the resolver knows."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any, get_args

import typer

from mailcore.cli.family import family
from mailcore.cli.service import server
from mailcore.cli.show import Json, one, say
from mailcore.cli.site import configuration, place
from mailcore.server.control import ControlError, NotRunning
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
    try:
        with server(ctx) as running:
            answer = running.ask("dns.query", name=name, type=wanted)
    except NotRunning:
        answer = _own(ctx, name, wanted)
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


def _own(ctx: typer.Context, name: str, kind: Any) -> dict[str, Any]:
    from mailcore.server.compose import resolver
    from mailcore.server.dns import DnsError

    try:
        return asdict(asyncio.run(resolver(configuration(place(ctx))).query(name, kind)))
    except DnsError as error:
        raise ControlError(str(error)) from None
