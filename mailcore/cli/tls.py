"""`postroom tls`: what TLS to another domain has to be like, and what came of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from groupware.model.errors import NotFound
from mailcore.cli.family import family
from mailcore.cli.show import Json, Row, rows, say
from mailcore.cli.site import Site, site

app = family()
Domain = Annotated[str, typer.Argument(help="Domain that mail goes to.")]


@app.command()
def policy(
    ctx: typer.Context,
    domain: Domain,
    sender: Annotated[str, typer.Option(help="For mail from this address.")] = "",
    as_json: Json = False,
) -> None:
    """Show where mail for a domain would go, and which TLS it would have there, and why."""
    with site(ctx) as here:
        found = here.run(_policies(here, domain, sender))
    rows(found, as_json, "it goes nowhere")


async def _policies(here: Site, domain: str, sender: str) -> list[Row]:
    from mailcore.server import log
    from mailcore.server.compose import resolver
    from mailcore.smtp.demands import contexts
    from mailcore.smtp.route import NoRoute, Router
    from mailcore.smtp.sending_service import demands_of
    from mailcore.smtp.sts import Policies
    from mailcore.smtp.ways import Ways

    config, dns = here.config, resolver(here.config)
    demands = demands_of(
        config, dns, Policies(here.store, dns, contexts().checked, log.get("CLI"), private=config.smtp.mta_sts_private)
    )
    way = Ways(config.smtp, config.host).find(domain, sender)
    try:
        found = await demands.of(domain, way, await Router(config, dns).hops(domain, way))
    except NoRoute as error:
        raise NotFound(f"{domain}: {error}") from None
    return [
        {
            "host": hop.name,
            "address": hop.address,
            "port": hop.port,
            "policy": demand.policy,
            "tls": "none" if demand.tls == "none" else "offered" if demand.tls == "available" else "required",
            "certificate": "DANE" if demand.dane else "good for the name" if demand.checked else "any",
            "why": demand.refused or demand.why,
        }
        for hop, demand in found
    ]


@app.command()
def report(
    ctx: typer.Context,
    domain: Domain,
    day: Annotated[str, typer.Option(help="Day in UTC, as 2027-01-31; without it: yesterday.")] = "",
    as_json: Json = False,
) -> None:
    """Show what came of TLS to a domain's hosts on a day; with --json as a report (RFC 8460) says it."""
    from mailcore.smtp.tlsrpt import report as made

    when = _day(day)
    with site(ctx) as here:
        results = here.read(lambda tx: tx.tls_results(domain.lower(), when))
        contact = f"postmaster@{here.config.server.primary_domain or here.config.host}"
        host = here.config.host
    if not results:
        raise NotFound(f"{domain}: nothing was sent there on {when}")
    if as_json:
        say(json.dumps(made(domain.lower(), when, results, host=host, contact=contact), indent=2))
    else:
        rows([asdict(each) for each in results], as_json)


def _day(text: str) -> str:
    if not text:
        return (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; write it as 2027-01-31") from None
