"""`postroom import`: mail from elsewhere, exactly as it is, with its flags and dates.

A message whose very octets are in the folder already is left out, so a run that was interrupted is simply begun again,
and a source with two equal messages gives two.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import typer

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.ids import EVERY, FolderId
from groupware.model.item import NewItem
from groupware.store.api import WriteTx
from mailcore.cli.family import single
from mailcore.cli.folders import owner_of
from mailcore.cli.importing_objects import bring_objects, objects_in
from mailcore.cli.progress import Step, progress
from mailcore.cli.show import Json, note, one, say
from mailcore.cli.site import Site, site
from mailcore.cli.sources import Found, Source, count, messages, sources

app = single()
BATCH: Final = 200
BATCH_OCTETS: Final = 8 << 20


@dataclass(slots=True)
class Tally:
    """What became of the messages of an import."""

    imported: int = 0
    there_already: int = 0
    failed: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Target:
    """The folder that is imported into, and what is in it."""

    folder: FolderId
    there: Counter[str]
    waiting: list[NewItem] = field(default_factory=list)
    octets: int = 0


@app.command()
def import_(
    ctx: typer.Context,
    owner: Annotated[str, typer.Argument(help="Address of the owner, or a domain for its public tree.")],
    path: Annotated[str, typer.Argument(help="Folder that takes it; made when it is missing.")],
    source: Annotated[
        Path,
        typer.Argument(help="An mbox file, a Maildir, an .eml, .ics or .vcf file, or a folder of such."),
    ],
    as_json: Json = False,
) -> None:
    """Bring in mail, calendars and contacts. A second run brings only what the first has not."""
    tally = Tally()
    files = objects_in(source)
    found = [] if files else sources(source)
    with site(ctx) as here:
        if files:
            bring_objects(here, owner, path, files, tally)
        else:
            with progress("importing", sum(map(count, found))) as step:
                for each in found:
                    below = "/".join(filter(None, (path.strip("/"), each.below)))
                    _bring(here, each, _open(here, owner, below), tally, step)
    for reason in tally.failed:
        note(reason)
    if as_json:
        one({"imported": tally.imported, "there_already": tally.there_already, "failed": tally.failed}, as_json)
    else:
        say(f"{tally.imported} imported, {tally.there_already} there already, {len(tally.failed)} failed")
    if tally.failed:
        raise typer.Exit(1)


def _open(here: Site, owner: str, path: str) -> _Target:
    def work(tx: WriteTx) -> _Target:
        account = owner_of(tx, owner)
        try:
            folder = tx.locate(account, path)
        except NotFound:
            folder = tx.add_folder(account, path)
        return _Target(folder.id, Counter(item.blob for item in tx.items(folder.id, EVERY)))

    return here.write(work)


def _bring(here: Site, source: Source, target: _Target, tally: Tally, step: Step) -> None:
    for message in messages(source):
        step(1)
        if isinstance(message, OSError):
            tally.failed.append(f"{message.filename}: {message.strerror}")
            continue
        blob = hashlib.sha256(message.octets).hexdigest()
        if target.there[blob]:
            target.there[blob] -= 1
            tally.there_already += 1
            continue
        target.waiting.append(here.run(_read(here, message)))
        target.octets += len(message.octets)
        if len(target.waiting) >= BATCH or target.octets >= BATCH_OCTETS:
            _put(here, target, tally)
    _put(here, target, tally)


async def _read(here: Site, message: Found) -> NewItem:
    from groupware.mime.item import Marks, read_item

    return await read_item(message.octets, here.blobs, Marks(message.flags, message.keywords, message.saved))


def _put(here: Site, target: _Target, tally: Tally) -> None:
    """Store what is gathered; when it does not go in together, one by one, so that one message costs itself alone."""
    waiting, target.waiting, target.octets = target.waiting, [], 0
    if not waiting:
        return
    try:
        here.write(lambda tx: tx.append(target.folder, waiting))
        tally.imported += len(waiting)
    except GroupwareError as error:
        if len(waiting) == 1:
            tally.failed.append(f"message {waiting[0].blob[:12]}: {error}")
            return
        for each in waiting:
            target.waiting = [each]
            _put(here, target, tally)
