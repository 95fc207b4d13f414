"""`postroom list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import typer

from groupware.mime.headers import decode_text
from groupware.mime.summary import summarize
from groupware.model.errors import NotFound, Refused
from groupware.model.ids import EVERY, Uid
from groupware.model.item import Item
from groupware.model.mailinglist import APPROVED, MODERATION, REJECTED
from groupware.model.principal import Account, NewAccount, PrincipalKind
from groupware.model.rights import Right, parse_rights
from groupware.model.settings import SETTINGS, parse
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli import subscribers
from mailcore.cli.account import accounts
from mailcore.cli.family import family
from mailcore.cli.show import Json, Row, one, rows, say, sure
from mailcore.cli.site import Site, site

app = family()
app.add_typer(subscribers.app, name="member")
moderator = family("Who moderates a list.")
app.add_typer(moderator, name="moderator")
Address = Annotated[str, typer.Argument(help="Address of the list, as news@example.org.")]
_PREFIX: Final = "list"
_MODERATES: Final = {MODERATION: "lrswtex", APPROVED: "lri", REJECTED: "lrswite"}
"""What a moderator may do, by folder."""


@app.command()
def add(
    ctx: typer.Context,
    address: Address,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    owner: Annotated[list[str] | None, typer.Option(help="Address of who runs it; may be given again.")] = None,
) -> None:
    """Make a mail list, with its folders."""

    def work(tx: WriteTx) -> Account:
        made = tx.put_account(NewAccount(address, PrincipalKind.LIST, name))
        if owner:
            tx.put_setting("listOwners", " ".join(owner), made.id)
        return made

    with site(ctx) as here:
        made = here.write(work)
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
        found = _list(tx, address)
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
        key = _list(tx, address)
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
        _list(tx, address)
        tx.drop_account(address)

    with site(ctx) as here:
        here.write(work)
    say(f"list {address} is gone")


def _row(tx: ReadTx, found: Account) -> Row:
    on = tx.subscribers(found.id)
    waiting = tx.locate(found.id, MODERATION).total
    active = sum(each.state == "active" for each in on)
    return {"list": found.address, "name": found.name, "members": len(on), "active": active, "waiting": waiting}


def _list(tx: ReadTx, address: str) -> Account:
    found = tx.account(address)
    if found.kind is not PrincipalKind.LIST:
        raise Refused(f"{found.address}: this is no mail list")
    return found


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
        if what not in ("approve", "reject"):
            raise Refused(f"{what[:40]!r}: approve or reject, then the numbers of messages or all")
        moved = here.write(lambda tx: _moved(tx, address, what, uids or ()))  # type: ignore[arg-type]
    say(f"{moved} {'message' if moved == 1 else 'messages'} {'approved' if what == 'approve' else 'rejected'}")


def _waiting(here: Site, address: str) -> Sequence[Row]:
    def work(tx: ReadTx) -> Sequence[Item]:
        return tx.items(tx.locate(_list(tx, address).id, MODERATION).id, EVERY)

    return [_shown(here, each) for each in here.read(work)]


def _shown(here: Site, item: Item) -> Row:
    found = summarize(here.run(here.blobs.read(item.blob)))
    author = str(found.from_[0]) if found.from_ else ""
    subject = decode_text(found.subject.encode())
    return {"uid": int(item.uid), "from": author, "subject": subject, "size": item.size, "since": item.saved}


def _moved(tx: WriteTx, address: str, what: Literal["approve", "reject"], uids: Sequence[str]) -> int:
    of = _list(tx, address).id
    at = tx.locate(of, MODERATION).id
    there = tx.uids(at)
    wanted = there if list(uids) == ["all"] else [_uid(each, there) for each in uids]
    if not wanted:
        raise NotFound("no message was named; say their numbers, or all")
    to = tx.locate(of, APPROVED if what == "approve" else REJECTED)
    return len(tx.move(at, [(each, each) for each in wanted], to.id))


def _uid(said: str, there: Sequence[Uid]) -> Uid:
    if not said.isascii() or not said.isdigit() or int(said) not in there:
        raise NotFound(f"{said[:20]}: no such message waits")
    return Uid(int(said))


@moderator.command("add")
def moderator_add(ctx: typer.Context, address: Address, who: subscribers.Who) -> None:
    """Let somebody look at what waits, send it on and refuse it, in any mail program."""
    with site(ctx) as here:
        here.write(lambda tx: _granted(tx, address, who, on=True))
    say(f"{who} moderates {address}")


@moderator.command("remove")
def moderator_remove(ctx: typer.Context, address: Address, who: subscribers.Who) -> None:
    """Take that away again."""
    with site(ctx) as here:
        here.write(lambda tx: _granted(tx, address, who, on=False))
    say(f"{who} does not moderate {address}")


def _granted(tx: WriteTx, address: str, who: str, *, on: bool) -> None:
    of = _list(tx, address).id
    for name, rights in _MODERATES.items():
        tx.grant(tx.locate(of, name).id, who, parse_rights(rights) if on else Right.NONE, reason="moderator")
