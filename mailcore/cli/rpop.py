"""`postroom rpop`: mailboxes on other servers whose mail is fetched for accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from groupware.model.errors import NotFound, Refused
from groupware.model.fetched import apart
from groupware.model.ids import FolderId
from groupware.model.principal import Account, PrincipalKind
from groupware.model.remote import PORTS, RemoteBox, RemoteTls
from groupware.model.times import moment
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.family import family
from mailcore.cli.passwords import Stdin, ask
from mailcore.cli.show import Json, Row, note, rows, say
from mailcore.cli.site import Site, site

app = family()
Address = Annotated[str, typer.Argument(help="Address of the account here.")]
Number = Annotated[int, typer.Argument(help="Which one, as `rpop list` shows them.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port there; left out: 995, with STLS 110.")]
Tls = Annotated[str | None, typer.Option(help="implicit: TLS from the first octet; start: STLS.")]
Folder = Annotated[str | None, typer.Option(help="Folder that its mail goes to; INBOX where it is left out.")]
Minutes = Annotated[
    int | None, typer.Option(min=1, help="Between two fetches; left out: 15, or rpopRetrievalInterval.")
]
Keep = Annotated[
    bool | None, typer.Option("--keep/--remove", help="What was fetched stays there, or is removed there.")
]


@app.command("list")
def list_(
    ctx: typer.Context,
    address: Annotated[str | None, typer.Argument(help="Only this account's.")] = None,
    as_json: Json = False,
) -> None:
    """Show what is fetched, of one account or of all, and how that went the last time."""
    with site(ctx) as here:
        found = here.read(lambda tx: [row for each in _accounts(tx, address) for row in _rows(tx, each)])
    rows(found, as_json, "no mailbox of another server is fetched: postroom rpop add")


def _accounts(tx: ReadTx, address: str | None) -> Sequence[Account]:
    if address is not None:
        return [tx.account(address)]
    every = (each for domain in tx.administered() for each in tx.accounts(domain.name))
    return [each for each in every if each.kind == PrincipalKind.ACCOUNT]


def _rows(tx: ReadTx, account: Account) -> Sequence[Row]:
    boxes = tx.remote_boxes(account.id)
    if not boxes:
        return []
    paths = {each.id: each.path for each in tx.folders(of=account.id)}
    mine = f"{account.address}/"
    return [
        {
            "account": account.address,
            "number": each.number,
            "server": f"{each.host}:{each.port}",
            "user": each.user,
            "tls": each.tls,
            "folder": "INBOX" if each.folder is None else paths[each.folder].rpartition(mine)[2],
            "minutes": each.minutes,
            "keep": each.keep,
            "enabled": each.enabled,
            "fetched": each.fetched,
            "done": moment(each.done) if each.done else None,
            "next": moment(each.due) if each.enabled else None,
            "tries": each.tries,
            "said": apart(each.said)[0],
        }
        for each in boxes
    ]


@app.command()
def add(
    ctx: typer.Context,
    address: Address,
    host: Annotated[str, typer.Argument(help="The other server, as pop.example.org.")],
    user: Annotated[str, typer.Argument(help="User there.")],
    port: Port = None,
    tls: Tls = None,
    folder: Folder = None,
    minutes: Minutes = None,
    keep: Keep = None,
    from_stdin: Stdin = False,
) -> None:
    """Have a mailbox of another server fetched. The password is asked for."""
    with site(ctx) as here:
        secret = _secret(here, f"{user} at {host}", from_stdin)

        def work(tx: WriteTx) -> int:
            account = tx.account(address)
            way = _tls(tls) if tls is not None else "start" if port == PORTS["start"] else "implicit"
            least = int(tx.setting("rpopRetrievalInterval", account.id).value)
            new = RemoteBox(
                0, account.id, host, port or PORTS[way], way, user, secret, _folder(tx, account, folder),
                minutes or max(15, least), keep is not False,
            )  # fmt: skip
            return tx.put_remote_box(new, account.id)

        number = here.write(work)
        running = here.config.services["rpop"].enabled
    say(f"{user} at {host} is fetched for {address}: number {number}")
    if not running:
        note("the service rpop is off in the configuration: [service.rpop] enabled = true")


@app.command("set")
def set_(
    ctx: typer.Context,
    address: Address,
    number: Number,
    port: Port = None,
    tls: Tls = None,
    folder: Folder = None,
    minutes: Minutes = None,
    keep: Keep = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it is fetched.")] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for another password.")] = False,
    from_stdin: Stdin = False,
) -> None:
    """Change how one is fetched."""
    with site(ctx) as here:
        secret = _secret(here, f"number {number}", from_stdin) if password or from_stdin else ""

        def work(tx: WriteTx) -> None:
            account = tx.account(address)
            known = _known(tx, account, number)
            new = replace(
                known,
                port=known.port if port is None else port,
                tls=known.tls if tls is None else _tls(tls),
                secret=secret,
                folder=known.folder if folder is None else _folder(tx, account, folder),
                minutes=known.minutes if minutes is None else minutes,
                keep=known.keep if keep is None else keep,
                enabled=known.enabled if enabled is None else enabled,
            )
            tx.put_remote_box(new, account.id)

        here.write(work)
    say(f"number {number} of {address} is changed")


@app.command()
def drop(ctx: typer.Context, address: Address, number: Number) -> None:
    """Fetch one no more. What has come stays, here and there."""
    with site(ctx) as here:
        here.write(lambda tx: tx.drop_remote_box(number, tx.account(address).id))
    say(f"number {number} of {address} is fetched no more")


@app.command()
def fetch(ctx: typer.Context, address: Address, number: Number) -> None:
    """Have one fetched as soon as may be, by the running service."""
    with site(ctx) as here:
        when = here.write(lambda tx: tx.hasten_remote_box(number, tx.account(address).id))
    say(f"number {number} of {address} is fetched from {moment(when):%Y-%m-%d %H:%M:%S} UTC on")


def _secret(here: Site, whose: str, from_stdin: bool) -> str:
    from mailcore.rpop.secret import sealed
    from mailcore.server.storage import site_secret

    return sealed(ask(whose, from_stdin), site_secret(here.config))


def _tls(word: str) -> RemoteTls:
    if word not in PORTS:
        raise Refused(f"{word!r}: TLS is implicit or start")
    return word


def _folder(tx: ReadTx, account: Account, path: str | None) -> FolderId | None:
    return None if path is None or path.upper() == "INBOX" else tx.locate(account.id, path.strip("/")).id


def _known(tx: ReadTx, account: Account, number: int) -> RemoteBox:
    found = next((each for each in tx.remote_boxes(account.id) if each.number == number), None)
    if found is None:
        raise NotFound(f"{account.address}: there is no mailbox of another server of the number {number}")
    return found
