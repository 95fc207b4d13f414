"""`postroom folder`."""

from __future__ import annotations

from typing import Annotated

import typer

from groupware.model.folder import Folder, Role
from groupware.model.item import Kind
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.family import family
from mailcore.cli.folders import folder_at, owner_of
from mailcore.cli.show import Json, Row, rows, say, sure
from mailcore.cli.site import site

app = family()
Owner = Annotated[str, typer.Argument(help="Address of the owner, or a domain for its public tree.")]
Path = Annotated[str, typer.Argument(help="Path in the owner's tree, as Work/2026.")]


@app.command()
def add(
    ctx: typer.Context,
    owner: Owner,
    path: Path,
    kind: Annotated[Kind, typer.Option(help="What it is for.")] = Kind.MAIL,
    role: Annotated[Role | None, typer.Option(help="What it is to its owner.")] = None,
) -> None:
    """Make a folder, with the parents that are missing."""

    def work(tx: WriteTx) -> Folder:
        return tx.add_folder(owner_of(tx, owner), path.strip("/"), kind, role.value if role is not None else None)

    with site(ctx) as here:
        here.write(work)
    say(f"folder {path.strip('/')} of {owner}")


@app.command("list")
def list_(ctx: typer.Context, owner: Owner, as_json: Json = False) -> None:
    """Show an owner's folders."""
    with site(ctx) as here:
        found = here.read(lambda tx: _listed(tx, owner))
    rows(found, as_json, f"{owner} has no folders")


@app.command()
def rename(
    ctx: typer.Context, owner: Owner, path: Path, to: Annotated[str, typer.Argument(help="The new path.")]
) -> None:
    """Give a folder, and all below it, another path."""

    def work(tx: WriteTx) -> None:
        folder = folder_at(tx, owner, path)
        root = tx.locate(folder.owner, "").path
        tx.rename_folder(folder.id, f"{root}/{to.strip('/')}" if root else to.strip("/"))

    with site(ctx) as here:
        here.write(work)
    say(f"folder {to.strip('/')} of {owner}")


@app.command()
def delete(
    ctx: typer.Context,
    owner: Owner,
    path: Path,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a folder away with its items; those below it must go first."""
    with site(ctx) as here:
        found = here.read(lambda tx: folder_at(tx, owner, path))
        if not yes and found.total:
            sure(f"Delete {path} of {owner} with its {found.total} items?")
        here.write(lambda tx: tx.delete_folder(found.id))
    say(f"folder {path} of {owner} is gone")


@app.command("set")
def set_(
    ctx: typer.Context,
    owner: Owner,
    path: Path,
    role: Annotated[str | None, typer.Option(help="What it is to its owner; none takes the role away.")] = None,
    shared_seen: Annotated[
        bool | None, typer.Option("--shared-seen/--own-seen", help="Whether \\Seen is one for all who read it.")
    ] = None,
    quota_mb: Annotated[int | None, typer.Option(min=0, help="MB it may hold; 0: no limit of its own.")] = None,
    quota_items: Annotated[int | None, typer.Option(min=0, help="Items it may hold; 0: no limit of its own.")] = None,
) -> None:
    """Change a folder."""
    values: dict[str, int | bool | str | None] = {}
    if role is not None:
        values["role"] = None if role == "none" else _role(role).value
    if shared_seen is not None:
        values["shared_seen"] = shared_seen
    if quota_mb is not None:
        values["quota_bytes"] = quota_mb * 1024 * 1024 or None
    if quota_items is not None:
        values["quota_items"] = quota_items or None
    if not values:
        raise typer.BadParameter("nothing to change: give --role, --shared-seen, --quota-mb or --quota-items")

    def work(tx: WriteTx) -> None:
        tx.set_folder(folder_at(tx, owner, path).id, **values)

    with site(ctx) as here:
        here.write(work)
    say(f"folder {path} of {owner}")


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        known = ", ".join(role.value for role in Role if role is not Role.ROOT)
        raise typer.BadParameter(f"{text!r} is no role; roles are {known}, or none") from None


def _listed(tx: ReadTx, owner: str) -> list[Row]:
    account = owner_of(tx, owner)
    root = tx.locate(account, "")
    return [
        {
            "path": each.path.removeprefix(root.path).strip("/") or "/",
            "kind": each.kind.value,
            "role": each.role,
            "seen": "shared" if each.shared_seen else "own",
            "items": each.total,
            "unseen": each.unseen,
            "bytes": each.bytes,
        }
        for each in tx.folders(of=account)
        if each.exists
    ]
