"""`postroom counters`: what the running server has counted."""

from __future__ import annotations

from typing import Annotated

import typer

from groupware.model.errors import NotFound
from groupware.store.api import ReadTx
from mailcore.cli.family import single
from mailcore.cli.service import server
from mailcore.cli.show import Json, rows
from mailcore.cli.site import site
from mailcore.server.counter_table import BY_NAME

app = single()


@app.command()
def counters(
    ctx: typer.Context,
    domain: Annotated[str | None, typer.Option(help="Those of one domain.", show_default=False)] = None,
    account: Annotated[str | None, typer.Option(help="Those of one account.", show_default=False)] = None,
    moved: Annotated[bool, typer.Option("--moved", help="Only those that are not 0.")] = False,
    as_json: Json = False,
) -> None:
    """Show every counter since the server started, and what its gauges say now."""
    if domain is not None and account is not None:
        raise typer.BadParameter("ask for one domain or for one account")
    scope = "domain" if domain is not None else "account" if account is not None else "server"
    name = domain or account or ""
    if scope != "server":
        with site(ctx) as here:
            name = here.read(lambda tx: _known(tx, scope, name))
    with server(ctx) as running:
        found = running.ask("counters", scope=scope, name=name)
    shown = [
        {
            "counter": each["counter"],
            "part": each["part"],
            "value": int(each["value"]) if each["value"] == int(each["value"]) else round(each["value"], 3),
            "kind": BY_NAME[each["counter"]].kind,
            "help": BY_NAME[each["counter"]].help,
        }
        for each in found
        if each["value"] or not moved
    ]
    rows(shown, as_json, "nothing has been counted")


def _known(tx: ReadTx, scope: str, name: str) -> str:
    """The name as counters have it. `NotFound`."""
    if scope == "account":
        return tx.account(name).address
    wanted = name.lower()
    if wanted not in {each.name for each in tx.domains()}:
        raise NotFound(f"domain {wanted[:80]}: there is no such domain")
    return wanted
