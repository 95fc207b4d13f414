"""`postroom device`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from groupware.model.device import PENDING, Access, Device, Wipe, facts_of
from groupware.model.errors import NotFound, Refused
from groupware.model.principal import Account, PrincipalKind
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.family import family
from mailcore.cli.show import Json, one, rows, say, sure
from mailcore.cli.site import site

app = family()
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="Whose device it is, as alice@example.org.")]
Id = Annotated[str, typer.Argument(metavar="DEVICE", help="Its DeviceId, or its number, as `device list` shows them.")]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]
_NAMES: Final = {0: "the list of folders", -1: "what is pinged", -2: "the last request"}


@app.command("list")
def list_(
    ctx: typer.Context,
    address: Annotated[str | None, typer.Argument(help="Only this account's.")] = None,
    as_json: Json = False,
) -> None:
    """Show devices, of one account or of all."""
    with site(ctx) as here:
        found = here.read(lambda tx: _every(tx, address))
    rows([_row(account, each) for account, each in found], as_json, "no device has asked for anything yet")


@app.command()
def show(ctx: typer.Context, address: Address, device: Id, as_json: Json = False) -> None:
    """Show one device: what it says of itself, and how far each of its folders has come."""

    def work(tx: ReadTx) -> tuple[Account, Device, list[dict[str, object]]]:
        account = tx.account(address)
        found = _device(tx, account, device)
        names: dict[int, str] = {
            int(each.id): each.path.rpartition(f"{account.address}/")[2] for each in tx.folders(of=account.id)
        }
        states = tx.sync_states(found.number, account.id)
        told = [
            {
                "folder": _NAMES.get(each.collection) or names.get(each.collection, f"number {each.collection}"),
                "key": each.key,
                "octets": len(each.facts) + len(each.before),
            }
            for each in states
        ]
        return account, found, told

    with site(ctx) as here:
        account, found, states = here.read(work)
    facts = {key: value for key, value in facts_of(found).items() if value}
    one({**_row(account, found), "made": found.made, **facts, "states": states}, as_json)


@app.command()
def block(ctx: typer.Context, address: Address, device: Id) -> None:
    """Let a device have nothing any more."""
    _order(ctx, address, device, access=Access.BLOCKED)
    say(f"{device} is blocked")


@app.command()
def allow(ctx: typer.Context, address: Address, device: Id) -> None:
    """Let a device in, whatever newDevices says; a wipe that it has not heard of is taken back."""
    _order(ctx, address, device, access=Access.ALLOWED, wipe=Wipe.NONE)
    say(f"{device} is allowed")


@app.command()
def wipe(
    ctx: typer.Context,
    address: Address,
    device: Id,
    everything: Annotated[
        bool, typer.Option("--device", help="All that the device holds, and not what it has of the account alone.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Have a device forget what it has of the account, or all that it holds, when it asks next."""
    what = "all that it holds" if everything else "what it has of the account"
    if not yes:
        sure(f"Have {device} of {address} forget {what}?")
    found = _order(ctx, address, device, wipe=Wipe.DEVICE if everything else Wipe.ACCOUNT)
    say(f"{device} is to forget {what}, when it asks next")
    if not everything and found.protocol != "16.1":
        say(f"it speaks {found.protocol}, in which only --device can be said: until then it gets nothing")


@app.command()
def resync(
    ctx: typer.Context,
    address: Address,
    device: Id,
    folder: Annotated[str | None, typer.Option(help="Only this folder; without it all of them.")] = None,
) -> None:
    """Have a device load a folder anew, or all of them; nothing of it is lost."""

    def work(tx: WriteTx) -> None:
        account = tx.account(address)
        found = _device(tx, account, device)
        at = int(tx.locate(account.id, folder).id) if folder is not None else None
        tx.drop_sync_states(found.number, account.id, at)

    with site(ctx) as here:
        here.write(work)
    say(f"{device} loads {folder or 'everything'} anew")


@app.command()
def forget(ctx: typer.Context, address: Address, device: Id, yes: Yes = False) -> None:
    """Forget a device; when it asks again, it is a new one."""
    if not yes:
        sure(f"Forget {device} of {address}?")

    def work(tx: WriteTx) -> None:
        account = tx.account(address)
        tx.drop_device(_device(tx, account, device).number, account.id)

    with site(ctx) as here:
        here.write(work)
    say(f"{device} is forgotten")


def _order(ctx: typer.Context, address: str, device: str, **what: Any) -> Device:
    def work(tx: WriteTx) -> Device:
        account = tx.account(address)
        found = _device(tx, account, device)
        if what.get("wipe") == Wipe.NONE and found.wipe not in PENDING:
            what.pop("wipe")
        return tx.order_device(found.number, account.id, **what)

    with site(ctx) as here:
        return here.write(work)


def _every(tx: ReadTx, address: str | None) -> Sequence[tuple[Account, Device]]:
    if address is not None:
        account = tx.account(address)
        return [(account, each) for each in tx.devices(account.id)]
    accounts = [each for domain in tx.administered() for each in tx.accounts(domain.name, PrincipalKind.ACCOUNT)]
    return [(account, each) for account in accounts for each in tx.devices(account.id)]


def _device(tx: ReadTx, account: Account, name: str) -> Device:
    """The device of that DeviceId or number. `NotFound`, `Refused`."""
    found = [each for each in tx.devices(account.id) if name in (each.key, str(each.number))]
    if not found:
        raise NotFound(f"{name[:80]!r}: {account.address} has no such device; see `postroom device list`")
    if len(found) > 1:
        raise Refused(f"{name[:80]!r} is the number of one device and the DeviceId of another")
    return found[0]


def _row(account: Account, device: Device) -> dict[str, object]:
    facts = facts_of(device)
    return {
        "account": account.address,
        "number": device.number,
        "device": device.key,
        "type": device.kind,
        "name": facts.get("name") or facts.get("model") or "",
        "protocol": device.protocol,
        "access": device.access.value,
        "policies": "kept" if device.settled else "",
        "wipe": device.wipe.value,
        "seen": device.seen,
    }
