"""`postroom export`: everything as files that other programs read; it always completes, and reports what it could not.

Each folder of mail becomes a Maildir, `DIR/OWNER/Path/To`; appointments, contacts and the like become one file each,
and where a subscribed calendar comes from is in a file beside them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from groupware.model.errors import GroupwareError, NotFound
from groupware.model.folder import Folder
from groupware.model.ids import LAST_UID, AccountId, FolderId, Uid, Uids
from groupware.model.item import Item, Kind
from groupware.model.principal import Principal
from groupware.store.api import ReadTx
from mailcore.cli.exporting_objects import one_file, with_attachments
from mailcore.cli.family import single
from mailcore.cli.folders import owner_of
from mailcore.cli.importing_objects import SUBSCRIPTION
from mailcore.cli.show import Json, note, one, say
from mailcore.cli.site import WHO, Site, site
from mailcore.cli.sources import MAILDIR_FLAGS
from mailcore.ftp.documents import source_facts, written

app = single()
BATCH: Final = 200
SUFFIXES: Final = {Kind.CONTACTS: ".vcf"}  # of what is not mail; the rest is iCalendar
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(slots=True)
class Report:
    """What an export has written, and what it could not read."""

    folders: int = 0
    items: int = 0
    problems: list[str] = field(default_factory=list)


@app.command()
def export(
    ctx: typer.Context,
    to: Annotated[Path, typer.Argument(help="Folder to write into, missing or empty; with --folder a new file.")],
    owner: Annotated[list[str] | None, typer.Argument(help="Only these accounts, or domains' public trees.")] = None,
    folder: Annotated[
        str, typer.Option("--folder", help="This calendar or address book alone, as one .ics or .vcf file TO.")
    ] = "",
    vcard: Annotated[
        str, typer.Option("--vcard", help="With --folder: contacts as vCard 3.0 or 4.0, not each as it is stored.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Write accounts and public trees out as files. What cannot be read is reported, and the rest goes on."""
    report = Report()
    if folder and len(owner or ()) != 1:
        raise typer.BadParameter("say whose folder it is: one OWNER", param_hint="--folder")
    if vcard and (vcard not in ("3.0", "4.0") or not folder):
        raise typer.BadParameter("is 3.0 or 4.0, of one address book: name it with --folder", param_hint="--vcard")
    with site(ctx) as here:
        if folder and owner:
            one_file(here, to, owner[0], folder, report, vcard)
        else:
            _trees(here, to, owner, report)
    for problem in report.problems:
        note(problem)
    if as_json:
        one({"folders": report.folders, "items": report.items, "problems": report.problems}, as_json)
    else:
        say(f"{report.items} items in {report.folders} folders, {len(report.problems)} could not be read")
    if report.problems:
        raise typer.Exit(1)


def _trees(here: Site, to: Path, owner: Sequence[str] | None, report: Report) -> None:
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    if next(to.iterdir(), None) is not None:
        raise NotFound(f"{to}: is not empty; name a folder that is, or a new one")
    for name, account in here.read(lambda tx: _owners(tx, owner)):
        _tree(here, to / _safe(name), name, account, report)
    (to / "report.txt").write_text(
        "".join(f"{line}\n" for line in [f"{report.items} items in {report.folders} folders", *report.problems])
    )


def _owners(tx: ReadTx, wanted: Sequence[str] | None) -> list[tuple[str, AccountId]]:
    if wanted:
        return [(name, owner_of(tx, name)) for name in wanted]
    found = []
    for domain in tx.domains():
        found += [(each.address, each.id) for each in tx.accounts(domain.name) if each.root is not None]
        if domain.account is not None:
            found.append((domain.name, domain.account))
    return found


def _tree(here: Site, to: Path, name: str, account: AccountId, report: Report) -> None:
    try:
        who = here.read(lambda tx: tx.identity(account))  # so that what is seen is what the owner has seen
    except GroupwareError:
        who = WHO  # a public tree, or somebody disabled
    try:
        root, folders = here.read(lambda tx: (tx.locate(account, "").path, tx.folders(of=account)))
    except GroupwareError as error:
        report.problems.append(f"{name}: {error}")
        return
    for folder in folders:
        path = folder.path.removeprefix(root).strip("/")
        if folder.exists and (path or folder.total):
            try:
                _folder(here, to.joinpath(*(_safe(level) for level in path.split("/"))), who, folder, report)
            except (GroupwareError, OSError) as error:
                report.problems.append(f"{name} {path}: {error}")


def _folder(here: Site, to: Path, who: Principal, folder: Folder, report: Report) -> None:
    for part in ("cur", "new", "tmp") if folder.kind is Kind.MAIL else ("",):
        (to / part).mkdir(parents=True, exist_ok=True)
    report.folders += 1
    if folder.fed and (source := here.read(lambda tx: source_facts(tx, folder))):
        (to / SUBSCRIPTION).write_bytes(written(source))
    words: dict[str, str] = {}
    for batch in _batches(here, who, folder):
        bodies = here.run(here.blobs.read_many([item.blob for item in batch]))
        for item in batch:
            octets = bodies.get(item.blob)
            if octets is None:
                report.problems.append(f"{folder.path} UID {item.uid}: its octets are lost or damaged")
                continue
            path = _file(to, folder.kind, item, words)
            if folder.kind is not Kind.MAIL:
                octets = here.run(with_attachments(here, who, octets, report))
            path.write_bytes(octets)
            os.utime(path, (item.saved.timestamp(), item.saved.timestamp()))
            report.items += 1
    if words:
        lines = [f"{number} {word}\n" for number, word in enumerate(words)]
        (to / "dovecot-keywords").write_text("".join(lines))


def _batches(here: Site, who: Principal, folder: Folder) -> Iterator[Sequence[Item]]:
    after = 0
    while True:
        ranges = [(Uid(after + 1), LAST_UID)]
        batch = here.run(here.store.read(who, partial(_items, folder.id, ranges)))
        if not batch:
            return
        yield batch
        after = batch[-1].uid


def _items(at: FolderId, ranges: Uids, tx: ReadTx) -> Sequence[Item]:
    return tx.items(at, ranges, limit=BATCH)


def _file(to: Path, kind: Kind, item: Item, words: dict[str, str]) -> Path:
    if kind is not Kind.MAIL:
        return to / f"{item.uid}{SUFFIXES.get(kind, '.ics')}"
    letters = [letter for letter, flag in MAILDIR_FLAGS.items() if flag in item.flags]
    for word in sorted(item.keywords):
        if len(words) < len(_LETTERS):
            words.setdefault(word, _LETTERS[len(words)])
        letters += [words[word]] if word in words else []
    flags = "".join(sorted(letters))
    return to / "cur" / f"{int(item.saved.timestamp())}.U{item.uid}.postroom:2,{flags}"


def _safe(level: str) -> str:
    """A level as a file name: one that would mean something else to whoever reads a Maildir gets a mark."""
    return f"_{level}" if level.startswith(".") or level in {"cur", "new", "tmp"} else level
