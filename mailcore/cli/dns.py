"""`postroom dns`: what the resolver knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from mailcore.cli import asking
from mailcore.cli.family import family
from mailcore.cli.service import server
from mailcore.cli.show import Json, Row, one, rows, say
from mailcore.cli.site import site
from mailcore.server.dns_wire import QueryType

if TYPE_CHECKING:
    from mailcore.smtp.authentication.zone import Wanted

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
def records(
    ctx: typer.Context,
    domain: Annotated[str, typer.Argument(help="A domain that is served here.")],
    as_json: Json = False,
) -> None:
    """Print the records that a domain needs, as lines of a zone file."""
    found = _wanted(ctx, domain)
    if as_json:
        rows([{**asdict(each), "line": each.line} for each in found], as_json)
        return
    for each in found:
        say(f"{each.line} ; {each.why}")


@app.command()
def check(
    ctx: typer.Context,
    domain: Annotated[str, typer.Argument(help="A domain that is served here.")],
    as_json: Json = False,
) -> None:
    """Look up the records that a domain needs, and say what differs."""
    from mailcore.smtp.authentication.zone import differs

    found: list[Row] = []
    for each in _wanted(ctx, domain):
        there, _ = asking.asked(ctx, each.name, "A" if each.type == "CNAME" else each.type)
        found.append({"name": each.name, "type": each.type, "dns": differs(each, there) or "as it should be"})
    rows(found, as_json)
    if any(each["dns"] != "as it should be" for each in found):
        raise typer.Exit(1)


def _wanted(ctx: typer.Context, domain: str) -> Sequence[Wanted]:
    from mailcore.smtp.authentication.zone import wanted

    with site(ctx) as here:
        keys = here.read(lambda tx: tx.signing_keys(domain))
        return wanted(domain.lower(), here.config, [key for key in keys if key.state != "retired"])


@app.command()
def flush(ctx: typer.Context) -> None:
    """Let the running server forget every answer, and read the system's name servers anew."""
    with server(ctx) as running:
        count = running.ask("dns.flush")
    say(f"{count} answers forgotten")
