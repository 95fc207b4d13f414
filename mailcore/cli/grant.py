"""`postroom grant`: who may do what in a folder."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from groupware.model.rights import LETTERS, LEVELS, Explanation, Grant, Right, letters, level_of, parse_rights
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.family import family
from mailcore.cli.folders import folder_at
from mailcore.cli.moments import moment
from mailcore.cli.show import Json, Row, one, rows, say, words
from mailcore.cli.site import site

app = family()
Owner = Annotated[str, typer.Argument(help="Address of the owner, a domain for its public tree, or server.")]
Path = Annotated[str, typer.Argument(help="Path in the owner's tree; / is the root.")]
Grantee = Annotated[
    str, typer.Argument(help="An account's or group's address, domain:example.org, everyone (here) or anyone.")
]
RIGHTS_HELP = f"Letters of {''.join(LETTERS)}, or a level: {', '.join(LEVELS)}."


@app.command("set")
def set_(
    ctx: typer.Context,
    owner: Owner,
    path: Path,
    grantee: Grantee,
    rights: Annotated[str, typer.Argument(help=f"What is allowed. {RIGHTS_HELP}")],
    deny: Annotated[str, typer.Option(help="What is denied, whoever else allows it. Letters or a level.")] = "",
    expires: Annotated[str | None, typer.Option(help="When the grant ends: 2026-12-31, or 7d.")] = None,
    reason: Annotated[str, typer.Option(help="Why; kept with the grant.")] = "",
) -> None:
    """Allow somebody something in a folder and below it; replaces what the grantee had on this very folder."""
    allowed, denied = parse_rights(rights), parse_rights(deny) if deny else Right.NONE
    until = moment(expires) if expires is not None else None

    def work(tx: WriteTx) -> None:
        tx.grant(folder_at(tx, owner, path).id, grantee, allowed, denied, until, reason)

    with site(ctx) as here:
        here.write(work)
    say(f"{grantee} on {_named(owner, path)}: {in_words(allowed, denied, until)}")


@app.command("list")
def list_(ctx: typer.Context, owner: Owner, path: Path = "/", as_json: Json = False) -> None:
    """Show the grants on a folder, and those above it that hold there too."""
    with site(ctx) as here:
        found = here.read(lambda tx: _grants(tx, owner, path))
    if as_json:
        rows(found, as_json)
        return
    if not found:
        say(f"nobody but the owner may do anything in {_named(owner, path)}")
    for row in found:
        place = "here" if row["on"] == (path.strip("/") or "/") else f"on {row['on']}"
        by = f", by {words(row['by'])}" if row["by"] else ""
        why = f", {words(row['reason'])}" if row["reason"] else ""
        say(f"{row['grantee']} {place}: {row['words']}{by}{why}")


@app.command()
def remove(ctx: typer.Context, owner: Owner, path: Path, grantee: Grantee) -> None:
    """Take a grantee's grant off a folder; what it has from above stays."""

    def work(tx: WriteTx) -> None:
        tx.grant(folder_at(tx, owner, path).id, grantee, Right.NONE)

    with site(ctx) as here:
        here.write(work)
    say(f"{grantee} has no grant on {_named(owner, path)}")


@app.command()
def explain(
    ctx: typer.Context,
    owner: Owner,
    path: Path,
    actor: Annotated[str, typer.Argument(help="Whose rights: an address.")],
    as_json: Json = False,
) -> None:
    """Say what somebody may do in a folder, and which grants decide."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.explain(folder_at(tx, owner, path).id, actor))
    if as_json:
        one(_explained(found), as_json)
        return
    held = f"{letters(found.rights)} ({level_of(found.rights)})" if found.rights else "nothing"
    say(f"{found.actor} in {_named(owner, path)}: {held}")
    for each in found.reasons:
        say(f"  {each.path or 'the whole tree'}: {words(each.grantee)} {words(each.text)}")
    if not found.reasons:
        say("  no grant names this actor, here or above")


def in_words(allow: Right, deny: Right, expires: datetime | None) -> str:
    """A row in words: `allowed lrs (viewer), denied t, until 2026-12-31 00:00:00Z`."""
    said = [f"allowed {letters(allow)} ({level_of(allow)})"] if allow else []
    said += [f"denied {letters(deny)}"] if deny else []
    said = said or ["nothing"]
    return ", ".join([*said, f"until {words(expires)}"] if expires is not None else said)


def _grants(tx: ReadTx, owner: str, path: str) -> list[Row]:
    found: list[Row] = []
    levels = [level for level in path.strip("/").split("/") if level]
    for depth in range(len(levels), -1, -1):
        at = "/".join(levels[:depth])
        found += [_row(at or "/", each) for each in tx.grants(folder_at(tx, owner, at).id)]
    return found


def _row(on: str, grant: Grant) -> Row:
    return {
        "on": on,
        "grantee": grant.grantee,
        "allow": letters(grant.allow),
        "deny": letters(grant.deny),
        "expires": grant.expires,
        "by": grant.by,
        "reason": grant.reason,
        "words": in_words(grant.allow, grant.deny, grant.expires),
    }


def _explained(found: Explanation) -> Row:
    reasons = [
        {
            "path": each.path,
            "grantee": each.grantee,
            "allow": letters(each.allow),
            "deny": letters(each.deny),
            "text": each.text,
        }
        for each in found.reasons
    ]
    return {
        "actor": found.actor,
        "path": found.path,
        "rights": letters(found.rights),
        "level": level_of(found.rights),
        "reasons": reasons,
    }


def _named(owner: str, path: str) -> str:
    return f"{path.strip('/') or 'the whole tree'} of {owner}"
