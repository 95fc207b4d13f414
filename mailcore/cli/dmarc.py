"""`postroom dmarc`: what others send in the name of domains."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from groupware.model.errors import NotFound, Refused
from mailcore.cli.family import family
from mailcore.cli.show import Json, rows, say
from mailcore.cli.site import site

app = family()


@app.command()
def report(
    ctx: typer.Context,
    domain: Annotated[str, typer.Argument(help="The domain that asks for reports.")],
    day: Annotated[str, typer.Option("--day", help="The day, UTC, as 2026-11-26; left out: today.")] = "",
    as_json: Json = False,
) -> None:
    """Print the aggregate report (XML) of one day to a domain, as it is or would be sent; as JSON its rows alone."""
    from mailcore.smtp.authentication.report import DAY, Reporter, made

    try:
        moment = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) if day else datetime.now(UTC)
    except ValueError:
        raise Refused(f"{day!r} is no day; write it as 2026-11-26") from None
    number = int(moment.timestamp()) // DAY
    with site(ctx) as here:
        seen = here.read(lambda tx: tx.dmarc_seen(number, domain.lower()))
        config = here.config
    if not seen:
        raise NotFound(f"nothing was seen of {domain} on {moment:%Y-%m-%d}, or it asks for no reports")
    if as_json:
        rows([{"domain": each.domain, "count": each.count, **json.loads(each.facts)} for each in seen], as_json)
        return
    by = config.server.primary_domain or config.host
    section = config.smtp.dmarc_reports
    reporter = Reporter(section.organisation or by, section.sender or f"postmaster@{by}")
    say(made(domain.lower(), number, seen, reporter).xml.decode())
