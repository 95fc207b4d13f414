"""`postroom setting`: what is set where, and where an effective value comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from groupware.model.errors import NotFound, Refused
from groupware.model.ids import PrincipalId
from groupware.model.principal import OPERATOR, Setting
from groupware.model.settings import parse
from groupware.store.api import ReadTx, WriteTx
from mailcore.cli.family import family
from mailcore.cli.show import Json, Row, one, rows, say, words
from mailcore.cli.site import site

app = family()
Name = Annotated[str, typer.Argument(help="Name of the setting.")]
Of = Annotated[str | None, typer.Option("--of", help="An account's address or a domain; without it the server.")]


@app.command()
def get(ctx: typer.Context, name: Name, of: Of = None, as_json: Json = False) -> None:
    """Show one effective value and where it comes from."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.setting(name, principal_of(tx, of)))
    if as_json:
        one(_row(found), as_json)
    else:
        say(f"{words(found.value)} ({_origin(found)})")


@app.command("list")
def list_(ctx: typer.Context, of: Of = None, as_json: Json = False) -> None:
    """Show every setting with its effective value and origin."""
    with site(ctx) as here:
        found = here.read(lambda tx: tx.settings(principal_of(tx, of)))
    rows([_row(each) for each in found], as_json)


@app.command("set")
def set_(
    ctx: typer.Context,
    name: Name,
    value: Annotated[str, typer.Argument(help="The value.")] = "",
    of: Of = None,
    file: Annotated[
        Path | None, typer.Option(help="Take the value from this file; - is standard input.", show_default=False)
    ] = None,
) -> None:
    """Set a value explicitly."""
    text = value if file is None else _text(file)

    def work(tx: WriteTx) -> Setting:
        at = principal_of(tx, of)
        tx.put_setting(name, parse(name, text), at)
        return tx.setting(name, at)

    with site(ctx, begin=True) as here:
        found = here.write(work)
    say(f"{name} is {words(found.value)} ({_origin(found)})")


@app.command()
def unset(ctx: typer.Context, name: Name, of: Of = None) -> None:
    """Let a value be inherited again."""

    def work(tx: WriteTx) -> Setting:
        at = principal_of(tx, of)
        tx.put_setting(name, None, at)
        return tx.setting(name, at)

    with site(ctx) as here:
        found = here.write(work)
    say(f"{name} is {words(found.value)} ({_origin(found)})")


def _text(file: Path) -> str:
    try:
        return typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{file}: this is not UTF-8") from None


def principal_of(tx: ReadTx, of: str | None) -> PrincipalId:
    """The account of that address, the domain of that name; None: the server. `NotFound`."""
    if of is None:
        return PrincipalId(OPERATOR.account)
    if "@" in of:
        return PrincipalId(tx.account(of).id)
    for domain in tx.administered():
        if domain.name == of.lower() and domain.id is not None:
            return domain.id
    raise NotFound(f"{of}: there is no such domain; an account is named by its whole address")


def _origin(found: Setting) -> str:
    if found.explicit:
        return "set here"
    return "default" if found.origin == "default" else f"inherited from the {found.origin}"


def _row(found: Setting) -> Row:
    return {"name": found.name, "value": found.value, "origin": found.origin, "explicit": found.explicit}
