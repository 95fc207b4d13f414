"""`postroom list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from groupware.model.errors import NotFound, Refused
from groupware.model.principal import Account, PrincipalKind
from groupware.model.settings import SETTINGS, parse
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli import subscribers
from mailcore.cli.account import accounts
from mailcore.cli.family import family
from mailcore.cli.show import Json, Row, one, rows, say, sure
from mailcore.cli.site import Site, site
from mailcore.lists import managing

app = family()
app.add_typer(subscribers.app, name="member")
moderator = family("Who moderates a list.")
app.add_typer(moderator, name="moderator")
Address = Annotated[str, typer.Argument(help="Address of the list, as news@example.org.")]
_PREFIX: Final = "list"


@app.command()
def add(
    ctx: typer.Context,
    address: Address,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    owner: Annotated[list[str] | None, typer.Option(help="Address of who runs it; may be given again.")] = None,
) -> None:
    """Make a mail list, with its folders."""

    with site(ctx) as here:
        made = here.write(lambda tx: managing.made(tx, address, name, owner or ()))
    say(f"list {made.address}")


@app.command("list")
def list_(
    ctx: typer.Context,
    domain: Annotated[str | None, typer.Argument(help="Only this domain's.")] = None,
    as_json: Json = False,
) -> None:
    """Show mail lists."""
    with site(ctx) as here:
        found = here.read(lambda tx: [_row(tx, each) for each in accounts(tx, domain, PrincipalKind.LIST)])
    rows(found, as_json, "there is no list yet: postroom list add news@example.org")


@app.command()
def show(ctx: typer.Context, address: Address, as_json: Json = False) -> None:
    """Show one list and how it is set."""

    def work(tx: ReadTx) -> Row:
        found = managing.list_of(tx, address)
        settings = {each.name: each.value for each in tx.settings(found.id) if each.name.startswith(_PREFIX)}
        return {**_row(tx, found), "enabled": found.enabled, "aliases": found.aliases, **settings}

    with site(ctx) as here:
        found = here.read(work)
    one(found, as_json)


@app.command("set")
def set_(
    ctx: typer.Context,
    address: Address,
    values: Annotated[
        list[str] | None, typer.Argument(help="Settings, as moderate=all; NAME= sets the empty text.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it takes mail.")] = None,
) -> None:
    """Change a list: its name, its settings. `postroom list show` has their names, the word list may be left off."""
    found = [_setting(each) for each in values or ()]

    def work(tx: WriteTx) -> None:
        key = managing.list_of(tx, address)
        if name is not None:
            tx.update_account(address, name=name)
        if enabled is not None:
            tx.update_account(address, enabled=enabled)
        for setting, value in found:
            tx.put_setting(setting, value, key.id)

    with site(ctx) as here:
        here.write(work)
    say(f"list {address} is set")


def _setting(said: str) -> tuple[str, str | int | bool]:
    name, equals, value = said.partition("=")
    known = {each.lower(): each for each in SETTINGS}
    found = known.get(f"{_PREFIX}{name}".lower()) or known.get(name.lower())
    if not equals or found is None:
        names = ", ".join(each.removeprefix(_PREFIX) for each in SETTINGS if each.startswith(_PREFIX))
        raise Refused(f"{said[:80]!r}: write NAME=VALUE; there are {names}")
    return found, parse(found, value)


@app.command()
def delete(
    ctx: typer.Context, address: Address, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Take a list away, with its folders and archive, and who is on it."""
    if not yes:
        sure(f"Delete {address} with its archive?")

    def work(tx: WriteTx) -> None:
        managing.list_of(tx, address)
        tx.drop_account(address)

    with site(ctx) as here:
        here.write(work)
    say(f"list {address} is gone")


def _row(tx: ReadTx, found: Account) -> Row:
    return {"list": found.address, "name": found.name, **managing.figures(tx, found)}


# --- moderation -----------------------------------------------------------------------------------------------------


@app.command()
def moderate(
    ctx: typer.Context,
    address: Address,
    what: Annotated[str, typer.Argument(help="approve or reject; left out: show what waits.")] = "",
    uids: Annotated[list[str] | None, typer.Argument(help="Numbers of messages, or all.")] = None,
    as_json: Json = False,
) -> None:
    """Show what waits in a list's Moderation folder, or send it on, or refuse it."""
    with site(ctx) as here:
        if not what:
            rows(_waiting(here, address), as_json, f"nothing waits for {address}")
            return
        verdict = next((each for each in managing.VERDICTS if each == what), None)
        if verdict is None:
            raise Refused(f"{what[:40]!r}: approve or reject, then the numbers of messages or all")
        wanted = None if uids == ["all"] else [_uid(each) for each in uids or ()]
        moved = here.write(lambda tx: managing.moderated(tx, address, verdict, wanted))
    say(f"{moved} {'message' if moved == 1 else 'messages'} {'approved' if what == 'approve' else 'rejected'}")


def _waiting(here: Site, address: str) -> Sequence[Row]:
    found = here.read(lambda tx: managing.waiting(tx, address))
    told = [here.run(managing.shown(here.blobs, each)) for each in found]
    return [
        {"uid": int(each.uid), "from": each.author, "subject": each.subject, "size": each.size, "since": each.since}
        for each in told
    ]


def _uid(said: str) -> int:
    if not said.isascii() or not said.isdigit():
        raise NotFound(f"{said[:20]}: no such message waits")
    return int(said)


@moderator.command("add")
def moderator_add(ctx: typer.Context, address: Address, who: subscribers.Who) -> None:
    """Let somebody look at what waits, send it on and refuse it, in any mail program."""
    with site(ctx) as here:
        here.write(lambda tx: managing.let_moderate(tx, address, who, on=True))
    say(f"{who} moderates {address}")


@moderator.command("remove")
def moderator_remove(ctx: typer.Context, address: Address, who: subscribers.Who) -> None:
    """Take that away again."""
    with site(ctx) as here:
        here.write(lambda tx: managing.let_moderate(tx, address, who, on=False))
    say(f"{who} does not moderate {address}")
