"""`postroom sieve`: scripts of accounts, domains and the server, and the rules lab: a look, doing it, undo."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from groupware.model.errors import NotFound, Refused
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, Uid
from groupware.model.principal import Principal
from groupware.model.rights import Right
from groupware.model.script import ActiveScript
from groupware.model.times import moment
from groupware.store.api import ReadTx
from mailcore.cli.family import family
from mailcore.cli.setting import principal_of
from mailcore.cli.show import Json, Row, elsewhere, note, one, rows, say, write
from mailcore.cli.site import WHO, Site, site
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError
from mailcore.sieve.lab import Done, Lab, Tried, apply, page, runs, undo
from mailcore.sieve.script import Script
from mailcore.sieve.warnings import warnings

app = family()
SERVER: Final = "server"
"""What stands for the server where an account could be named."""
Who = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Address of the account.")]
Owner = Annotated[
    str, typer.Argument(metavar="OWNER", help=f"Address of an account, name of a domain, or the word {SERVER}.")
]
OfDomain = Annotated[str, typer.Option("--domain", help="The script is one of this domain.")]
OfServer = Annotated[bool, typer.Option("--server", help="The script is one of the server.")]
Name = Annotated[str, typer.Argument(help="Name of the script.")]
File = Annotated[Path, typer.Argument(help="File with the script; - is standard input.")]
Which = Annotated[
    str | None, typer.Option("--script", help="A file, or the name of a stored script; without it the active one.")
]
At = Annotated[str, typer.Argument(metavar="FOLDER", help="Path of the folder in the account's tree.")]
Step = Callable[[], None]
MOST_OCTETS: Final = 1024 * 1024


@app.command("list")
def list_(ctx: typer.Context, owner: Owner, as_json: Json = False) -> None:
    """Show the scripts of an account, a domain or the server."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.scripts(_keeper(tx, owner)))
    rows([{"name": each.name, "size": each.size, "active": each.active} for each in found], as_json, "no scripts")


@app.command()
def show(ctx: typer.Context, owner: Owner, name: Name) -> None:
    """Write a script to standard output, as it is kept."""
    with site(ctx) as here:
        octets = here.read(lambda tx: tx.script(name, _keeper(tx, owner)))
    if elsewhere.get() is not None:
        write(octets.decode(errors="replace"))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(octets) if hasattr(sys.stdout, "buffer") else sys.stdout.write(octets.decode())


@app.command()
def put(
    ctx: typer.Context,
    owner: Owner,
    name: Name,
    file: File,
    activate: Annotated[bool, typer.Option("--activate", help="Make it the active one.")] = False,
) -> None:
    """Check a script and keep it under a name, instead of the one that is there."""
    octets = _octets(file)
    _checked(octets)
    with site(ctx) as here:
        here.write(lambda tx: tx.put_script(name, octets, _keeper(tx, owner)))
        if activate:
            here.write(lambda tx: tx.activate_script(name, _keeper(tx, owner)))
    say(f"script {name} of {owner}{' is active' if activate else ''}")


@app.command("activate")
def activate_(ctx: typer.Context, owner: Owner, name: Name) -> None:
    """Make a script the active one."""
    with site(ctx) as here:
        here.write(lambda tx: tx.activate_script(name, _keeper(tx, owner)))
    say(f"script {name} of {owner} is active")


@app.command()
def deactivate(ctx: typer.Context, owner: Owner) -> None:
    """Let no script be active: of an account mail goes into the INBOX then."""
    with site(ctx) as here:
        here.write(lambda tx: tx.activate_script("", _keeper(tx, owner)))
    say(f"no script of {owner} is active")


@app.command()
def delete(ctx: typer.Context, owner: Owner, name: Name) -> None:
    """Take a script away that is not active."""
    with site(ctx) as here:
        here.write(lambda tx: tx.drop_script(name, _keeper(tx, owner)))
    say(f"script {name} of {owner} is gone")


@app.command()
def check(
    ctx: typer.Context,
    owner: Owner,
    script: Annotated[str, typer.Argument(help="A file, or the name of a stored script.")],
) -> None:
    """Say what is wrong with a script, and what its owner should know."""
    with site(ctx) as here:
        octets = here.read(lambda tx: _chosen(tx, owner, script))[1]
    _checked(octets)
    say("the script is in order")


# --- the rules lab --------------------------------------------------------------------------------------------------


@app.command("try")
def try_(
    ctx: typer.Context,
    account: Who,
    folder: At,
    script: Which = None,
    domain: OfDomain = "",
    server: OfServer = False,
    as_json: Json = False,
) -> None:
    """Show what a script would do with each message of a folder. Nothing is done."""
    with site(ctx) as here:
        lab, at = _lab(here, account, folder, script, _named(account, domain, server=server))
        with _progress("trying", at.total) as step:
            found = [_row(each) for tried in _pages(here, lab, step) for each in tried]
    rows(found, as_json, "the folder is empty")


@app.command("apply")
def apply_(
    ctx: typer.Context,
    account: Who,
    folder: At,
    script: Which = None,
    domain: OfDomain = "",
    server: OfServer = False,
    as_json: Json = False,
) -> None:
    """File and flag the messages of a folder as a script says. `undo` takes it back.

    Nothing is redirected, answered, refused, discarded or edited.
    """
    done = Done()
    name = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S-%f")
    with site(ctx) as here:
        lab, at = _lab(here, account, folder, script, _named(account, domain, server=server))
        with _progress("filing", at.total) as step:
            for tried in _pages(here, lab, step):
                _add(done, here.run(apply(lab, tried, name)))
    for problem in done.problems:
        note(problem)
    if as_json:
        facts = {"moved": done.moved, "copied": done.copied, "flagged": done.flagged, "problems": done.problems}
        one({"run": name, **facts}, as_json)
    else:
        say(f"{done.moved} moved, {done.copied} copied, {done.flagged} flagged where they are (run {name})")


@app.command("undo")
def undo_(
    ctx: typer.Context,
    account: Who,
    run: Annotated[str | None, typer.Option(help="Name of the run; without it the newest.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="Only show what can be taken back.")] = False,
    as_json: Json = False,
) -> None:
    """Take back what `apply` did: messages go back, copies and flags go away. It is kept for a month."""
    with site(ctx) as here:
        who = _owner(here, account)
        if list_:
            found = runs(here.read(lambda tx: tx.undos(who.account)))
            shown = [{"run": name, "at": moment(each[-1].at), "pages": len(each)} for name, each in found.items()]
            rows(shown, as_json, "nothing can be taken back")
            return
        back = here.run(undo(here.store, who, run or ""))
    if as_json:
        one({"steps": back.steps, "gone": back.gone}, as_json)
    else:
        say(f"{back.steps} steps taken back, {back.gone} not: those messages are elsewhere by now")


def _lab(here: Site, account: str, path: str, script: str | None, owner: str) -> tuple[Lab, Folder]:
    """The lab, and the folder that it works on. `NotFound`, `Refused`."""
    found = here.read(lambda tx: tx.account(account))
    who = _owner(here, account)
    name, octets = here.read(lambda tx: _chosen(tx, owner, script))
    active = ActiveScript(found.id, found.address, found.name, name, octets)
    if owner != account:
        level: Literal["server", "domain"] = "server" if owner == SERVER else "domain"
        active = replace(active, level=level, kept_by=here.read(lambda tx: _keeper(tx, owner)))
    at = here.run(here.store.read(who, lambda tx: tx.locate(found.id, path.strip("/"), Right.READ)))
    now = datetime.now().astimezone()
    return Lab(here.store, here.blobs, who, active, _checked(active.octets), at.id, here.config.host, now), at


def _owner(here: Site, account: str) -> Principal:
    """The owner, in whose name it is done; the journal says by what."""
    return replace(here.read(lambda tx: tx.identity(tx.account(account).id)), client=WHO.client)


def _named(account: str, domain: str, *, server: bool) -> str:
    """Whose script is meant."""
    if domain and server:
        raise Refused("a script is the domain's or the server's: give --domain or --server")
    return SERVER if server else domain or account


def _keeper(tx: ReadTx, owner: str) -> AccountId:
    """Whoever keeps scripts under that name. `NotFound`."""
    return AccountId(principal_of(tx, None if owner == SERVER else owner))


def _chosen(tx: ReadTx, owner: str, script: str | None) -> tuple[str, bytes]:
    """Name and octets of the script that is meant: of a file, or by its name, or the active one."""
    if script is None:
        name, octets = tx.active_script(_keeper(tx, owner)) or ("", b"")
        if not name:
            raise NotFound(f"{owner}: no script is active; name one with --script")
        return name, octets
    if script == "-" or Path(script).is_file():
        return Path(script).name, _octets(Path(script))
    return script, tx.script(script, _keeper(tx, owner))


def _pages(here: Site, lab: Lab, step: Step) -> Iterator[Sequence[Tried]]:
    """The messages in pages; those that come in meanwhile are not looked at, nor those that were put there."""
    last = here.run(here.store.read(lab.who, lambda tx: tx.folder(lab.at))).uidnext
    after = Uid(0)
    while tried := here.run(page(lab, after)):
        after = tried[-1].uid
        found = [each for each in tried if each.uid < last]
        for _ in found:
            step()
        if not found:
            return
        yield found


def _add(all: Done, some: Done) -> None:
    all.moved += some.moved
    all.copied += some.copied
    all.flagged += some.flagged
    all.problems += some.problems


def _row(each: Tried) -> Row:
    would = "; ".join(each.would)
    if each.error is not None:
        would = f"error in line {each.error.line}: {each.error.text}"
    return {"uid": int(each.uid), "from": each.sender[:40], "subject": each.subject[:50], "would": would}


def _octets(file: Path) -> bytes:
    if str(file) == "-":
        text = sys.stdin
        octets = text.buffer.read(MOST_OCTETS + 1) if hasattr(text, "buffer") else text.read().encode()
    else:
        with file.open("rb") as opened:
            octets = opened.read(MOST_OCTETS + 1)
    if len(octets) > MOST_OCTETS:
        raise Refused(f"{file}: longer than a script may be")
    return octets


def _checked(octets: bytes) -> Script:
    """The script, with what its owner should know on standard error. `Refused` says what is wrong."""
    try:
        script = compiled(octets)
    except SieveError as wrong:
        raise Refused(f"the script is not in order: {wrong}") from None
    for each in warnings(script):
        note(each)
    return script


@contextmanager
def _progress(what: str, total: int) -> Iterator[Step]:
    """A progress bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
