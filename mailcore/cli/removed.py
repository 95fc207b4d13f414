"""`postroom removed`: what was taken out of folders, while it is kept (decision 345)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from groupware.model.errors import NotFound
from groupware.model.ids import FolderId
from groupware.model.item import Kind
from groupware.model.times import moment
from groupware.store.api import ReadTx
from mailcore.cli.family import family
from mailcore.cli.folders import folder_at, owner_of
from mailcore.cli.show import Json, Row, rows, say
from mailcore.cli.site import site

if TYPE_CHECKING:
    from mailcore.server.recovery import Lost

app = family()
Owner = Annotated[
    str, typer.Argument(metavar="OWNER", help="Whose it was: an address, or a domain for public folders.")
]


@app.command("list")
def list_(
    ctx: typer.Context,
    owner: Owner,
    limit: Annotated[int, typer.Option(help="The last so many.", min=1, max=100_000)] = 100,
    as_json: Json = False,
) -> None:
    """Show what was removed and can come back, the last to go first."""
    from mailcore.server.recovery import removed_of

    with site(ctx) as here:
        found = here.read(lambda tx: removed_of(tx, owner_of(tx, owner), limit))
    rows([_row(each) for each in found], as_json, "nothing that was removed is kept")


@app.command()
def restore(
    ctx: typer.Context,
    owner: Owner,
    numbers: Annotated[list[int], typer.Argument(metavar="NUMBER...", help="As `removed list` shows them.")],
    to: Annotated[
        str | None, typer.Option(metavar="PATH", help="Into this folder; else where it was, from the trash the INBOX.")
    ] = None,
) -> None:
    """Bring items back, as new ones with their flags and dates; nobody is told of a meeting that is there again."""
    from mailcore.server.recovery import place_of, recovered, removed_of

    def look(tx: ReadTx) -> list[tuple[Lost, FolderId]]:
        account = owner_of(tx, owner)
        there = {int(lost.item.id): lost for lost in removed_of(tx, account, 0)}
        missing = [number for number in numbers if number not in there]
        if missing:
            raise NotFound(f"{missing[0]}: nothing of that number was removed from folders of {owner}, or not any more")
        where = folder_at(tx, owner, to).id if to is not None else None
        return [(there[number], place_of(tx, there[number]) if where is None else where) for number in numbers]

    with site(ctx) as here:
        for lost, at in here.read(look):
            item = here.run(recovered(here.store, here.blobs, here.who, lost, at))
            path = here.read(lambda tx: tx.folder(at).path)  # noqa: B023
            say(f"number {lost.item.id} is back in {path}, with UID {item.uid}")


def _row(lost: Lost) -> Row:
    from groupware.mime.summary import decode

    item = lost.item
    return {
        "number": item.id,
        "folder": lost.folder.path,
        "removed": moment(item.removed_at),
        "saved": moment(item.saved_at),
        "size": item.size,
        "what": decode(item.summary).subject if lost.folder.kind is Kind.MAIL else item.name,
    }
