"""`postroom policy try`: what the rules would do with a message, told event by event."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groupware.model.errors import Refused
from groupware.model.ids import BlobId, Uid
from groupware.store.api import ReadTx
from mailcore.cli.folders import folder_at
from mailcore.cli.show import Json, rows
from mailcore.cli.site import Site, site
from mailcore.server import log
from mailcore.server.rules import address as ip_address
from mailcore.smtp.policy.rules import Rule, from_toml
from mailcore.smtp.policy.trial import Situation, trial
from mailcore.smtp.policy.trying import assumed, known_rules, looking_up, recipient, told


def try_(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A message; - is standard input.", show_default=False)] = None,
    stored: Annotated[
        tuple[str, str, int] | None,
        typer.Option(metavar="OWNER PATH UID", help="Instead of a file: a message in a folder.", show_default=False),
    ] = None,
    ip: Annotated[str, typer.Option(help="Address of the client.")] = "192.0.2.1",
    helo: Annotated[str, typer.Option(help="What it calls itself.")] = "client.invalid",
    sender: Annotated[str, typer.Option("--from", help="The envelope's sender; empty: <>.")] = "",
    to: Annotated[list[str] | None, typer.Option("--to", help="A recipient.", show_default=False)] = None,
    user: Annotated[str, typer.Option(help="Who has signed in; empty: nobody.")] = "",
    secure: Annotated[bool, typer.Option("--tls", help="The connection is encrypted.")] = False,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="What else is so: SPFResult=fail, failureCode=5.1.1, ...",
            show_default=False,
        ),
    ] = None,
    rules: Annotated[Path | None, typer.Option(help="Try the rules of this file.", show_default=False)] = None,
    domain: Annotated[str, typer.Option(help="Those of the file are the rules of this domain.")] = "",
    as_json: Json = False,
) -> None:
    """Tell what the rules would do with a message. Nothing is changed, and nothing is sent."""
    from mailcore.server.compose import resolver

    try:
        ip_address(ip)
    except ValueError:
        raise Refused(f"{ip[:60]!r} is no IP address") from None
    with site(ctx) as here:
        known = here.read(lambda tx: known_rules(tx, _given(rules), domain))
        given = Situation(
            ip=ip,
            helo=helo,
            user=user,
            secure=secure,
            role="submission" if user else "mx",
            listener="submission" if user else "smtp",
            port=587 if user else 25,
            sender=sender,
            recipients=here.read(lambda tx: tuple(recipient(tx, each) for each in to or ())),
            octets=_octets(here, file, stored),
            also=dict(assumed(each, "--set") for each in also or ()),
        )
        steps = here.run(trial(known, given, looking_up(here.config, resolver(here.config), ip, log.get("SMTP-IN"))))
    rows(list(map(told, steps)), as_json)


def _given(file: Path | None) -> tuple[Rule, ...] | None:
    return from_toml(file.read_text("utf-8")) if file is not None else None


def _octets(here: Site, file: Path | None, stored: tuple[str, str, int] | None) -> bytes:
    if stored is not None:
        owner, path, uid = stored

        def work(tx: ReadTx) -> BlobId:
            at = folder_at(tx, owner, path).id
            found = tx.items(at, ((Uid(uid), Uid(uid)),))
            if not found:
                raise Refused(f"there is no message with the UID {uid} in {path}")
            return found[0].blob

        octets: bytes = here.run(here.blobs.read(here.read(work)))
        return octets
    if file is None:
        return b""
    return typer.get_binary_stream("stdin").read() if str(file) == "-" else file.read_bytes()
