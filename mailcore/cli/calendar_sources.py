"""`postroom calendar subscribe` and the like: calendars of accounts that are filled from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import typer

from groupware.model.annotation import COLOUR, SHARED
from groupware.model.errors import NotFound
from groupware.model.fetched import apart
from groupware.model.folder import SEPARATOR
from groupware.model.item import Kind
from groupware.model.principal import PrincipalKind
from groupware.model.source import CalendarSource, checked_url
from groupware.model.times import moment
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.folders import folder_at, owner_of
from mailcore.cli.show import Json, Row, note, rows, say
from mailcore.cli.site import site

Address = Annotated[str, typer.Argument(help="Address of the account.")]
Path = Annotated[str, typer.Argument(help="Path of the calendar in the account's tree, as `subscriptions` shows it.")]
Minutes = Annotated[int | None, typer.Option(min=0, help="Between two fetches; 0 or left out: as the calendar says.")]
Alarms = Annotated[bool | None, typer.Option("--alarms/--no-alarms", help="Keep what reminds of its events, or not.")]


def add_to(app: typer.Typer) -> None:
    """Has a family offer these."""
    for command in (subscribe, subscriptions, resubscribe, unsubscribe, refresh):
        app.command()(command)


def subscribe(
    ctx: typer.Context,
    address: Address,
    url: Annotated[str, typer.Argument(help="Where the calendar is: https://, http:// or webcal://.")],
    name: Annotated[str, typer.Option(help="Its name here; left out: as it calls itself.")] = "",
    colour: Annotated[str, typer.Option("--color", help="As #1e90ff; left out: as it says itself.")] = "",
    minutes: Minutes = None,
    alarms: Alarms = None,
) -> None:
    """Have a calendar of another server fetched into one that everybody here only reads."""

    def work(tx: WriteTx) -> str:
        host = checked_url(url).partition("://")[2].partition("/")[0].partition(":")[0]
        folder = tx.add_folder(owner_of(tx, address), name or host, Kind.CALENDAR)
        source = CalendarSource(folder.id, folder.owner, url, minutes or 0, bool(alarms), named=bool(name))
        tx.put_calendar_source(source)
        if colour:
            tx.annotate(folder.id, {SHARED + COLOUR: colour.encode()})
        return folder.path.rpartition(SEPARATOR)[2]

    with site(ctx) as here:
        made = here.write(work)
        running = here.config.services["subscriptions"].enabled
    say(f"{address} subscribes to {url} as {made}")
    if not running:
        note("the service subscriptions is off in the configuration: [service.subscriptions] enabled = true")


def subscriptions(
    ctx: typer.Context,
    address: Annotated[str | None, typer.Argument(help="Only this account's.")] = None,
    as_json: Json = False,
) -> None:
    """Show what is subscribed to, by one account or by all, and how fetching it went the last time."""

    def work(tx: ReadTx) -> Sequence[Row]:
        if address is not None:
            return _rows(tx, address)
        domains = tx.administered()
        each = (account for domain in domains for account in tx.accounts(domain.name))
        return [row for one in each if one.kind == PrincipalKind.ACCOUNT for row in _rows(tx, one.address)]

    with site(ctx) as here:
        found = here.read(work)
    rows(found, as_json, "nothing is subscribed to: postroom calendar subscribe")


def _rows(tx: ReadTx, address: str) -> Sequence[Row]:
    owner = owner_of(tx, address)
    found = tx.calendar_sources(owner)
    if not found:
        return []
    folders = {each.id: each for each in tx.folders(of=owner)}
    mine = f"{address}/"
    return [
        {
            "account": address,
            "calendar": folders[each.folder].path.rpartition(mine)[2],
            "url": each.url,
            "events": folders[each.folder].total,
            "minutes": each.minutes or each.ttl or None,
            "alarms": each.alarms,
            "enabled": each.enabled,
            "done": moment(each.done) if each.done else None,
            "next": moment(each.due) if each.enabled else None,
            "tries": each.tries,
            "said": apart(each.said)[0],
        }
        for each in found
    ]


def resubscribe(
    ctx: typer.Context,
    address: Address,
    path: Path,
    url: Annotated[str | None, typer.Option(help="Where the calendar is now.")] = None,
    minutes: Minutes = None,
    alarms: Alarms = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it is fetched.")] = None,
) -> None:
    """Change where a calendar is fetched from, or how."""

    def work(tx: WriteTx) -> None:
        known = _known(tx, address, path)
        new = replace(
            known,
            url=known.url if url is None else url,
            minutes=known.minutes if minutes is None else minutes,
            alarms=known.alarms if alarms is None else alarms,
            enabled=known.enabled if enabled is None else enabled,
        )
        tx.put_calendar_source(new)

    with site(ctx) as here:
        here.write(work)
    say(f"{path} of {address} is changed")


def unsubscribe(ctx: typer.Context, address: Address, path: Path) -> None:
    """Take away a calendar that is subscribed to, with what is in it here."""
    with site(ctx) as here:
        here.write(lambda tx: tx.delete_folder(_known(tx, address, path).folder))
    say(f"{address} does not subscribe to {path} any more")


def refresh(ctx: typer.Context, address: Address, path: Path) -> None:
    """Have one fetched as soon as may be, by the running service."""
    with site(ctx) as here:
        when = here.write(lambda tx: tx.hasten_calendar_source(_known(tx, address, path).folder))
    say(f"{path} of {address} is fetched from {moment(when):%Y-%m-%d %H:%M:%S} UTC on")


def _known(tx: ReadTx, address: str, path: str) -> CalendarSource:
    folder = folder_at(tx, address, path)
    found = next((each for each in tx.calendar_sources(folder.owner) if each.folder == folder.id), None)
    if found is None:
        raise NotFound(f"{path}: it is filled from nowhere else: postroom calendar subscriptions {address}")
    return found
