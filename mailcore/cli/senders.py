"""`postroom senders`: whose mail is welcome to an account, or to all of a domain or the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import typer

from groupware.model.errors import NotFound, Refused
from groupware.store.api import WriteTx
from mailcore.cli.family import family
from mailcore.cli.setting import principal_of
from mailcore.cli.show import Json, rows, say
from mailcore.cli.site import site

app = family()
Of = Annotated[str | None, typer.Option("--of", help="An account's address or a domain; without it the server.")]
Pattern = Annotated[str, typer.Argument(help="An address, a domain, or a pattern such as *@news.example.")]
_LISTS: Final[Mapping[bool, tuple[str, str]]] = {
    True: ("whitelist", "blacklist"),
    False: ("serverWhitelist", "serverBlacklist"),
}
"""White and black: an account's, and those of what is above accounts."""


@app.command("list")
def list_(ctx: typer.Context, of: Of = None, as_json: Json = False) -> None:
    """Show whose mail is no spam, and whose is unwanted."""
    with site(ctx) as here:
        found = here.read(lambda tx: [str(tx.setting(each, principal_of(tx, of)).value) for each in _names(of)])
    shown = [
        {"sender": word, "list": name}
        for name, text in zip(("white", "black"), found, strict=True)
        for word in text.split()
    ]
    rows(shown, as_json, "nobody is on a list")


@app.command()
def allow(ctx: typer.Context, pattern: Pattern, of: Of = None) -> None:
    """Put somebody on the whitelist; off the blacklist, if they are there."""
    _put(ctx, pattern, of, "white")
    say(f"mail from {pattern} is no spam")


@app.command()
def block(ctx: typer.Context, pattern: Pattern, of: Of = None) -> None:
    """Put somebody on the blacklist; off the whitelist, if they are there."""
    _put(ctx, pattern, of, "black")
    say(f"mail from {pattern} is unwanted")


@app.command()
def forget(ctx: typer.Context, pattern: Pattern, of: Of = None) -> None:
    """Take somebody off both lists."""
    if not _put(ctx, pattern, of, ""):
        raise NotFound(f"{pattern}: nobody of that name is on a list")
    say(f"{pattern} is on no list")


def _names(of: str | None) -> tuple[str, str]:
    return _LISTS[of is not None and "@" in of]


def _put(ctx: typer.Context, pattern: str, of: str | None, to: Literal["white", "black", ""]) -> bool:
    """Whether that has changed anything."""
    word = pattern.strip().lower()
    if not word or len(word.split()) != 1:
        raise Refused(f"{pattern!r}: a sender is an address, a domain, or a pattern without spaces")

    def work(tx: WriteTx) -> bool:
        at, changed = principal_of(tx, of), False
        for name, each in zip(("white", "black"), _names(of), strict=True):
            was = str(tx.setting(each, at).value).split()
            now = [other for other in was if other.lower() != word] + ([word] if name == to else [])
            if now != was:
                tx.put_setting(each, " ".join(now), at)
                changed = True
        return changed

    with site(ctx) as here:
        return here.write(work)
