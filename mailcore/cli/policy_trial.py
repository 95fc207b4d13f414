"""`postroom policy try`: what the rules would do with a message, told event by event."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

import typer

from groupware.model.errors import GroupwareError, Refused
from groupware.model.ids import BlobId, Uid
from groupware.store.api import ReadTx
from mailcore.cli.folders import folder_at
from mailcore.cli.show import Json, Row, rows
from mailcore.cli.site import Site, site
from mailcore.server import log
from mailcore.server.rules import address as ip_address
from mailcore.smtp.policy.access import is_elsewhere
from mailcore.smtp.policy.engine import Ruleset, compiled
from mailcore.smtp.policy.rules import for_domain, from_toml, read
from mailcore.smtp.policy.trial import LookUp, Situation, Step, trial
from mailcore.smtp.policy.variables import Value, declared, setting


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
    try:
        ip_address(ip)
    except ValueError:
        raise Refused(f"{ip[:60]!r} is no IP address") from None
    with site(ctx) as here:
        known = here.read(lambda tx: _known(tx, rules, domain))
        given = Situation(
            ip=ip,
            helo=helo,
            user=user,
            secure=secure,
            role="submission" if user else "mx",
            listener="submission" if user else "smtp",
            port=587 if user else 25,
            sender=sender,
            recipients=here.read(lambda tx: tuple(_recipient(tx, each) for each in to or ())),
            octets=_octets(here, file, stored),
            also=dict(map(_set, also or ())),
        )
        steps = here.run(trial(known, given, _looking_up(here, ip)))
    rows([_row(each) for each in steps], as_json)


def _set(text: str) -> tuple[str, Value]:
    """A variable and its value. `Refused`."""
    name, sign, value = text.partition("=")
    try:
        variable, name = declared(name.strip())
        if not sign:
            raise ValueError(f"write {name}=VALUE")
        return name, tuple(value.split(",")) if variable.kind == "texts" else setting(variable, value)
    except ValueError as error:
        raise Refused(f"--set {text[:80]}: {error}") from None


def _known(tx: ReadTx, file: Path | None, domain: str) -> Ruleset:
    """The rules to try: those that hold, or those of a file in their place."""
    given = from_toml(file.read_text("utf-8")) if file is not None else None
    if given is not None and not domain:
        return compiled(given)
    domains = {name: [read(each) for each in of] for name, of in tx.domain_policies().items()}
    if given is not None:
        domains[domain.lower()] = [for_domain(each) for each in given]
    return compiled([read(each) for each in tx.policy()], domains)


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


def _recipient(tx: ReadTx, address: str) -> tuple[str, bool, bool]:
    """The address, whether it is of this server, whether it leads anywhere."""
    try:
        targets = tx.resolve(address)
    except GroupwareError:
        return address, True, False
    return address, not is_elsewhere(address, targets), bool(targets)


def _looking_up(here: Site, ip: str) -> LookUp:
    from mailcore.server.compose import resolver
    from mailcore.smtp.policy.countries import Atlas
    from mailcore.smtp.policy.lookups import looked_up

    said = log.get("SMTP-IN")
    atlas = Atlas(here.config.data / file if (file := here.config.smtp.countries.file) is not None else None, said)
    dns, known = resolver(here.config), dict[str, Value]()

    async def look_up(asked: Collection[str]) -> Mapping[str, Value]:
        countries = await atlas.countries() if "country" in asked else None
        if countries is not None:
            known["country"] = countries.of(ip)
        return await looked_up(dns, ip, asked, known, said)

    return look_up


def _row(step: Step) -> Row:
    return {
        "event": step.event,
        "about": step.about,
        "rules": [rule.name for rule in step.decision.matched],
        "does": [str(action) for action in step.decision.actions],
    }
