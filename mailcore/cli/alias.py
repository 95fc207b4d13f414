"""`postroom alias`."""

from __future__ import annotations

from typing import Annotated

import typer

from groupware.model.addresses import unguessable
from groupware.store.api import ReadTx
from mailcore.cli.family import family
from mailcore.cli.moments import moment
from mailcore.cli.show import Json, Row, note, rows, say
from mailcore.cli.site import site

app = family()
Address = Annotated[str, typer.Argument(help="Address of an account, group, list or resource.")]
Alias = Annotated[str, typer.Argument(help="The other address.")]


@app.command()
def add(
    ctx: typer.Context,
    address: Address,
    alias: Alias,
    expires: Annotated[str | None, typer.Option(help="When it ends: 2026-12-31, or 7d.")] = None,
) -> None:
    """Give somebody another address."""
    until = moment(expires) if expires is not None else None
    with site(ctx) as here:
        here.write(lambda tx: tx.put_alias(address, alias, until))
    say(f"{alias} leads to {address}")


@app.command()
def temporary(
    ctx: typer.Context,
    address: Address,
    days: Annotated[int, typer.Option(min=1, help="How many days it lasts.")] = 7,
) -> None:
    """Give somebody an address that nobody can guess, for some days: `temporaryAliasCount` says how many at a time."""
    with site(ctx) as here:
        domain = here.read(lambda tx: tx.account(address)).domain
        alias = unguessable(domain)
        until = here.write(lambda tx: tx.put_temporary_alias(address, alias, days))
    note(f"it leads to {address} until {until:%Y-%m-%d %H:%M} UTC")
    say(alias)


@app.command()
def remove(ctx: typer.Context, alias: Alias) -> None:
    """Take the other address away."""
    with site(ctx) as here:
        here.write(lambda tx: tx.drop_alias(alias))
    say(f"{alias} is gone")


@app.command("list")
def list_(
    ctx: typer.Context,
    of: Annotated[str | None, typer.Argument(help="Only this account's, or this domain's.")] = None,
    as_json: Json = False,
) -> None:
    """Show aliases."""
    with site(ctx) as here:
        found = here.read(lambda tx: _aliases(tx, of))
    rows(found, as_json, "there is no alias")


def _aliases(tx: ReadTx, of: str | None) -> list[Row]:
    if of is not None and "@" in of:
        holders = [tx.account(of)]
    else:
        names = [of.lower()] if of is not None else [each.name for each in tx.administered()]
        holders = [each for name in names for each in tx.accounts(name)]
    return [{"alias": alias, "address": each.address} for each in holders for alias in each.aliases]
