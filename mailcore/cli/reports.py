"""`postroom reports`: what other servers report of the domains here, out of a folder that such reports come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from groupware.model.ids import LAST_UID, FolderId, Uid
from groupware.model.item import Item
from groupware.model.times import micros
from groupware.store.api import ReadTx
from mailcore.cli.family import family
from mailcore.cli.folders import folder_at
from mailcore.cli.moments import past
from mailcore.cli.show import Json, rows
from mailcore.cli.site import Site, site

if TYPE_CHECKING:
    from mailcore.smtp.reports_received import Line, Read, Sent, Tried

app = family()
Owner = Annotated[str, typer.Argument(help="Whose mailbox they come to: an address, or a domain for its public tree.")]
Folder = Annotated[str, typer.Argument(help="The folder.")]
Since = Annotated[str, typer.Option(help="Only what has come after then: 2h, 30d, or a date.")]
PAGE: Final = 100


@app.command()
def dmarc(
    ctx: typer.Context,
    owner: Owner,
    path: Folder = "INBOX",
    since: Since = "30d",
    failed: Annotated[bool, typer.Option("--failed", help="Only what passed by neither DKIM nor SPF.")] = False,
    as_json: Json = False,
) -> None:
    """Show what others saw of mail in the name of domains here, by the address that it came from (DMARC)."""
    from mailcore.smtp import reports_received

    def wanted(line: Sent) -> bool:
        return not failed or "pass" not in (line.dkim, line.spf)

    _show(ctx, (owner, path), since, reports_received.dmarc, wanted, as_json)


@app.command()
def tls(
    ctx: typer.Context,
    owner: Owner,
    path: Folder = "INBOX",
    since: Since = "30d",
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed.")] = False,
    as_json: Json = False,
) -> None:
    """Show what came of others' connections with TLS to the mail hosts of domains here (TLS-RPT)."""
    from mailcore.smtp import reports_received

    def wanted(line: Tried) -> bool:
        return not failed or line.result != "success"

    _show(ctx, (owner, path), since, reports_received.tls, wanted, as_json)


def _show(
    ctx: typer.Context,
    folder: tuple[str, str],
    since: str,
    read: Read[Line],
    wanted: Callable[[Line], bool],
    as_json: bool,
) -> None:
    """Shows the wanted lines of the reports in a folder: whose, and its path."""
    from mailcore.smtp.reports_received import lines_of

    owner, path = folder
    with site(ctx) as here:
        at = here.read(lambda tx: folder_at(tx, owner, path).id)
        found = lines_of(_letters(here, at, past(since)), read)
    rows([asdict(each) for each in found if wanted(each)], as_json, f"{path} of {owner} has no such report")


def _letters(here: Site, at: FolderId, since: datetime) -> Iterator[bytes]:
    """The messages that have come since then, a page of the folder at a time."""
    from mailcore.smtp.reports_received import LARGEST

    after, begun = Uid(0), micros(since)

    def page(tx: ReadTx, after: Uid) -> Sequence[Item]:
        return tx.items(at, [(Uid(after + 1), LAST_UID)], limit=PAGE)

    while items := here.read(partial(page, after=after)):
        after = items[-1].uid
        wanted = [each.blob for each in items if each.arrived >= begun and each.size <= LARGEST]
        bodies = here.run(here.blobs.read_many(wanted))
        yield from (bodies[each] for each in wanted if each in bodies)
