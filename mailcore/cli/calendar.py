"""`postroom calendar`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote

import typer

from groupware.model.annotation import ALARMS, AVAILABILITY
from groupware.model.folder import SEPARATOR, Folder, Role
from groupware.model.item import Kind
from groupware.model.link import Link, digest_of, new_secret
from groupware.model.meeting import Happening
from groupware.model.principal import Principal
from groupware.model.rights import letters, level_of, parse_rights
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.calendar_sources import add_to
from mailcore.cli.family import family
from mailcore.cli.folders import folder_at, owner_of
from mailcore.cli.moments import moment
from mailcore.cli.show import Json, rows, say
from mailcore.cli.site import Site, site

app = family()
counter = family("Other times that those who are invited propose.")
app.add_typer(counter, name="counter")
add_to(app)
_SUFFIX: Final = {Kind.CONTACTS: ".vcf"}


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


@app.command()
def publish(
    ctx: typer.Context,
    owner: Annotated[str, typer.Argument(help="Address of the owner, or a domain for its public tree.")],
    path: Annotated[str, typer.Argument(help="Path of the calendar, task list or address book in the owner's tree.")],
    rights: Annotated[
        str,
        typer.Option(
            help="What the link allows: freebusy, titles, viewer, editor, or letters (lrs5: private events too)."
        ),
    ] = "viewer",
    expires: Annotated[str | None, typer.Option(help="When the link ends: 2026-12-31, or 7d.")] = None,
    label: Annotated[str, typer.Option(help="Whom it is for; kept with the link.")] = "",
    show: Annotated[bool, typer.Option("--list", help="Show the links there are, without their secrets.")] = False,
    withdraw: Annotated[str | None, typer.Option(help="Take this link away (link:... as --list shows it).")] = None,
    as_json: Json = False,
) -> None:
    """Make a secret link to a calendar or address book, for whoever gets it; the address is shown this once."""
    with site(ctx) as here:
        if show:
            _show(here, owner, path, as_json=as_json)
        elif withdraw is not None:
            here.write(lambda tx: tx.drop_link(folder_at(tx, owner, path).id, withdraw))
            say(f"{withdraw} leads nowhere any more")
        else:
            _publish(here, owner, path, rights, expires, label, as_json=as_json)


def _show(here: Site, owner: str, path: str, *, as_json: bool) -> None:
    found = here.read(lambda tx: tx.links(folder_at(tx, owner, path).id))
    lines = [
        {
            "link": each.ident,
            "rights": letters(each.rights),
            "level": level_of(each.rights),
            "expires": each.expires,
            "created": each.created,
            "by": each.by,
            "label": each.label,
        }
        for each in found
    ]
    rows(lines, as_json, "there is no link to it")


def _publish(here: Site, owner: str, path: str, rights: str, expires: str | None, label: str, *, as_json: bool) -> None:
    secret, allowed = new_secret(), parse_rights(rights)
    until = moment(expires) if expires is not None else None

    def work(tx: WriteTx) -> tuple[Folder, Link]:
        folder = folder_at(tx, owner, path)
        if folder.kind == Kind.MAIL:
            raise typer.BadParameter(f"{path}: mail is not published", param_hint="PATH")
        return folder, tx.put_link(folder.id, digest_of(secret), allowed, until, label)

    folder, link = here.write(work)
    name = folder.path.rpartition(SEPARATOR)[2] + _SUFFIX.get(folder.kind, ".ics")
    url = f"{here.config.web_url}/feed/{secret}/{quote(name)}"
    if as_json:
        rows([{"link": link.ident, "url": url, "rights": letters(link.rights), "expires": link.expires}], as_json)
        return
    say(url)
    ends = f", until {until:%Y-%m-%d %H:%M} UTC" if until is not None else ""
    say(f"{link.ident}: {level_of(link.rights)} ({letters(link.rights)}){ends}. The address is not shown again.")


@app.command()
def alarms(
    ctx: typer.Context,
    owner: Annotated[str, typer.Argument(help="Address of the owner, or a domain for its public tree.")],
    path: Annotated[str, typer.Argument(help="Path of the calendar or task list in the owner's tree.")],
    shared: Annotated[bool, typer.Option("--shared/--own", help="For all who read it, or for its owner alone.")],
) -> None:
    """Say whom the owner's alarms are for. Whoever sets alarms of their own there has those instead."""

    def work(tx: WriteTx) -> None:
        tx.annotate(folder_at(tx, owner, path).id, {ALARMS: b"shared" if shared else None})

    with site(ctx) as here:
        here.write(work)
    say(f"{path}: its owner's alarms are for {'all who read it' if shared else 'its owner alone'}")


@app.command()
def hours(
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(help="Address of the account, room or equipment.")],
    weekly: Annotated[str, typer.Argument(help="Such as 'Mon-Fri 08:00-18:00, Sat 09:00-12:00'; '' for always.")] = "",
    zone: Annotated[str, typer.Option(help="The time zone of these hours.")] = "UTC",
    file: Annotated[Path | None, typer.Option(help="A file with VAVAILABILITY instead (RFC 7953).")] = None,
) -> None:
    """Say when somebody can be met, or a room be booked: outside of these hours it declines."""
    from groupware.calendar.availability import availabilities
    from groupware.calendar.hours import weekly as said

    octets = file.read_bytes() if file is not None else said(weekly, zone) if weekly else None
    if octets is not None:
        availabilities(octets)

    def work(tx: WriteTx) -> None:
        tx.annotate(tx.schedule_inbox(), {AVAILABILITY: octets})

    with site(ctx) as here:
        here.run(here.store.write(_who(here, account), work))
    say(f"{account}: {'always' if octets is None else weekly or file}")


Account = Annotated[str, typer.Argument(help="Address of the account whose event it is.")]
Number = Annotated[int, typer.Argument(help="The number of the proposal, as `list` shows it.")]


def _who(here: Site, account: str) -> Principal:
    found = here.read(lambda tx: tx.identity(owner_of(tx, account)))
    return replace(found, client="postroom")


@counter.command("list")
def list_(ctx: typer.Context, account: Account, as_json: Json = False) -> None:
    """Show the proposals that wait for an answer."""
    from groupware.calendar.counters import pending

    with site(ctx) as here:
        found = here.run(pending(here.store, here.blobs, _who(here, account)))
    rows(
        [
            {"number": each.number, "who": each.who, "event": each.title, "when": each.when, "comment": each.comment,
             "uid": each.ident}
            for each in found
        ],
        as_json,
        "no proposal waits",
    )  # fmt: skip


@counter.command()
def accept(ctx: typer.Context, account: Account, number: Number) -> None:
    """Change the event as is proposed, and tell all who take part."""
    from groupware.calendar import counters

    with site(ctx) as here:
        done = here.run(counters.accept(here.store, here.blobs, _who(here, account), number))
    say(f"{done.title}: {done.when}; all who take part are told")


@counter.command()
def decline(
    ctx: typer.Context,
    account: Account,
    number: Number,
    comment: Annotated[str, typer.Option(help="Why, for who proposed it.")] = "",
) -> None:
    """Keep the event as it is, and tell who proposed another time."""
    from groupware.calendar import counters

    with site(ctx) as here:
        done = here.run(counters.decline(here.store, here.blobs, _who(here, account), number, comment))
    say(f"{done.title}: stays as it is; {done.who} is told")
