"""`postroom domain`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from groupware.model.errors import AlreadyExists, NotFound
from groupware.model.principal import Domain
from groupware.store.api import ReadTx
from mailcore.cli.show import Json, rows, say
from mailcore.cli.site import site

app = typer.Typer(no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The domain, as example.org.")]
Aliases = Annotated[list[str] | None, typer.Option("--alias", help="Another name of it; may be given more than once.")]


@app.command()
def add(ctx: typer.Context, name: Name, alias: Aliases = None) -> None:
    """Make a domain, with its postmaster and its public tree."""
    name = name.lower()
    with site(ctx, begin=True) as here:
        if name in {domain.name for domain in here.read(lambda tx: tx.administered())}:
            raise AlreadyExists(f"{name}: the domain is there already")
        made = here.write(lambda tx: tx.put_domain(Domain(name, aliases=tuple(each.lower() for each in alias or ()))))
    say(f"domain {made.name}")


@app.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """Show the domains."""
    with site(ctx) as here:
        found = here.read(lambda tx: [(each, len(tx.accounts(each.name))) for each in tx.administered()])
    rows(
        [
            {"domain": each.name, "aliases": each.aliases, "enabled": each.enabled, "principals": count}
            for each, count in found
        ],
        as_json,
        "there is no domain yet: postroom domain add example.org",
    )


@app.command("set")
def set_(
    ctx: typer.Context,
    name: Name,
    alias: Aliases = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it takes mail and logins.")
    ] = None,
) -> None:
    """Change a domain. The aliases that are given replace those that it has."""
    if alias is None and enabled is None:
        raise typer.BadParameter("nothing to change: give --alias, --enable or --disable")
    with site(ctx) as here:
        found = here.read(lambda tx: _domain(tx, name))
        new = replace(
            found,
            aliases=found.aliases if alias is None else tuple(each.lower() for each in alias if each),
            enabled=found.enabled if enabled is None else enabled,
        )
        here.write(lambda tx: tx.put_domain(new))
    say(f"domain {new.name}")


@app.command()
def delete(ctx: typer.Context, name: Name) -> None:
    """Take a domain away that has no accounts any more but its postmaster."""
    with site(ctx) as here:
        here.write(lambda tx: tx.drop_domain(name.lower()))
    say(f"domain {name.lower()} is gone")


def _domain(tx: ReadTx, name: str) -> Domain:
    for each in tx.administered():
        if each.name == name.lower():
            return each
    raise NotFound(f"{name}: there is no such domain")
