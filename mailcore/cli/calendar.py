"""`postroom calendar`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from groupware.model.folder import Role
from groupware.model.meeting import Happening
from groupware.store.api import ReadTx
from mailcore.cli.family import family
from mailcore.cli.folders import owner_of
from mailcore.cli.show import Json, rows
from mailcore.cli.site import site

app = family()


@app.callback()
def calendar() -> None:
    """Calendars of accounts."""


@app.command()
def timeline(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(help="Address of the account, room or equipment.")],
    uid: Annotated[str, typer.Argument(help="The UID of the event or task.")],
    as_json: Json = False,
) -> None:
    """Show what was sent, received and ignored for a meeting, and why."""

    def work(tx: ReadTx) -> Sequence[Happening]:
        return tx.timeline(tx.role(owner_of(tx, account), Role.CALENDAR).id, uid)

    with site(ctx) as here:
        found = here.read(work)
    rows(
        [
            {"at": each.at, "who": each.who, "client": each.client, "what": each.what, "text": each.text}
            for each in found
        ],
        as_json,
        "nothing was sent or received for it",
    )
