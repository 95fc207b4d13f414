"""`postroom group`."""

from __future__ import annotations

from typing import Annotated

import typer

from groupware.model.principal import NewAccount, PrincipalKind
from mailcore.cli.account import accounts
from mailcore.cli.family import family
from mailcore.cli.show import Json, rows, say
from mailcore.cli.site import site

app = family()
member = family("Who is in a group.")
app.add_typer(member, name="member")
Address = Annotated[str, typer.Argument(help="Address of the group, as sales@example.org.")]
Member = Annotated[str, typer.Argument(help="Address of an account or of another group.")]


@app.command()
def add(
    ctx: typer.Context, address: Address, name: Annotated[str, typer.Option(help="What people call it.")] = ""
) -> None:
    """Make a group."""
    with site(ctx) as here:
        made = here.write(lambda tx: tx.put_account(NewAccount(address, PrincipalKind.GROUP, name)))
    say(f"group {made.address}")


@app.command("list")
def list_(
    ctx: typer.Context,
    domain: Annotated[str | None, typer.Argument(help="Only this domain's.")] = None,
    as_json: Json = False,
) -> None:
    """Show groups and their direct members."""
    with site(ctx) as here:
        found = here.read(
            lambda tx: [(each, tuple(tx.members(each.address))) for each in accounts(tx, domain, PrincipalKind.GROUP)]
        )
    rows(
        [{"group": each.address, "name": each.name, "members": members} for each, members in found],
        as_json,
        "there is no group",
    )


@app.command()
def delete(ctx: typer.Context, address: Address) -> None:
    """Take a group away; its members stay."""
    with site(ctx) as here:
        here.write(lambda tx: tx.drop_account(address))
    say(f"group {address} is gone")


@member.command("add")
def member_add(ctx: typer.Context, group: Address, address: Member) -> None:
    """Put an account or a group into a group."""
    with site(ctx) as here:
        here.write(lambda tx: tx.put_member(group, address))
    say(f"{address} is in {group}")


@member.command("remove")
def member_remove(ctx: typer.Context, group: Address, address: Member) -> None:
    """Take a member out of a group."""
    with site(ctx) as here:
        here.write(lambda tx: tx.drop_member(group, address))
    say(f"{address} is not in {group}")


@member.command("list")
def member_list(ctx: typer.Context, group: Address, as_json: Json = False) -> None:
    """Show the direct members of a group."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.members(group))
    rows([{"member": each} for each in found], as_json, f"{group} has no members")
