"""Which commands the console offers, and how one is run: by the functions of the command line, as who has signed in.

Invariants
1. What is not named here is not offered: a new command works on the server's machine alone until somebody has looked.
2. A command asks the store in the name of who has signed in, and the store refuses. What works as the server itself
   (its services, its resolver, the quarantine) is for those alone who administer the server; the store says who does.
3. No command opens a file that a peer names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import typer.main

from groupware.model.errors import NoRight, NotFound, Refused
from mailcore.cli.main import FAMILIES, app
from mailcore.cli.site import Site

_FILES: Final = "it works on files of the server's machine"
_STARTS: Final = "it starts a server"


def _each(family: str, commands: str) -> Iterator[str]:
    yield from (f"{family} {each}" for each in commands.split())


OFFERED: Final = frozenset(
    {
        *_each("domain", "add list set delete"),
        *_each("account", "add list show sending passwd set delete"),
        *_each("account app-password", "add list remove"),
        *_each("account factors", "list remove"),
        *_each("account sessions", "list end"),
        *_each("account tokens", "list end"),
        *_each("account shared-secret", "make remove"),
        *_each("group", "add list delete"),
        *_each("group member", "add remove list"),
        *_each("list", "add list show set delete moderate"),
        *_each("list member", "add list remove suspend resume"),
        *_each("list moderator", "add remove"),
        *_each("alias", "add temporary remove list"),
        *_each("folder", "add list rename delete set"),
        *_each("removed", "list restore"),
        *_each("calendar", "timeline publish alarms hours"),
        *_each("calendar", "subscribe subscriptions resubscribe unsubscribe refresh"),
        *_each("calendar counter", "list accept decline"),
        *_each("device", "list show block allow wipe resync forget"),
        *_each("grant", "set list remove explain"),
        *_each("setting", "get list set unset"),
        *_each("rpop", "list add set drop fetch"),
        *_each("senders", "list allow block forget"),
        *_each("sieve", "list show activate deactivate delete undo"),
        *_each("policy", "list show add set move delete enable disable export variables words"),
        *_each("queue", "list show retry hold release delete flush stats"),
        "trace",
        *_each("dkim", "add list show activate retire delete dns"),
        "dmarc",
        *_each("reports", "dmarc tls"),
    }
)
"""What the store decides about."""

AS_SERVER: Final = frozenset(
    {
        *_each("service", "list start stop restart shutdown"),
        *_each("dns", "query records check flush"),
        *_each("quarantine", "list show release delete"),
        *_each("tls", "policy report"),
        "config reload",
        "counters",
        "log level",
        "queue bounce",
        "dkim check",
    }
)
"""What works as the server itself."""

REFUSED: Final[Mapping[str, str]] = {
    "serve": _STARTS,
    "demo": _STARTS,
    **dict.fromkeys(("check", "backup", "restore", "import", "export", "log tail"), _FILES),
    **dict.fromkeys(_each("salvage", "list restore drop"), _FILES),
    **dict.fromkeys(_each("config", "example check"), _FILES),
    **dict.fromkeys(_each("sieve", "put check try apply"), _FILES),
    **dict.fromkeys(_each("policy", "import check try"), _FILES),
    "list member import": _FILES,
}


@dataclass(frozen=True, slots=True)
class Found:
    """A command, or a family of them, and the words behind its name."""

    path: str
    command: Any
    rest: Sequence[str]

    @property
    def is_family(self) -> bool:
        """Whether it is a family: not to be run itself."""
        return hasattr(self.command, "list_commands")


def look_up(words: Sequence[str]) -> Found:
    """The command that the first words name. `NotFound`."""
    command, path, rest = _root(), [], list(words)
    while rest and hasattr(command, "list_commands"):
        path.append(rest.pop(0))
        command = command.get_command(None, path[-1])
        if command is None:
            raise NotFound(f"there is no command {' '.join(path)[:80]!r}; {' '.join(['HELP', *path[:-1]])} lists them")
    return Found(" ".join(path), command, rest)


def explained(words: Sequence[str]) -> str:
    """What a command or a family is for; of no words, what there is. `NotFound`."""
    found = look_up(words)
    if not found.path:
        offered = {each.partition(" ")[0] for each in OFFERED | AS_SERVER}
        return "".join(f"{name:<12}{text}\n" for name, (_, text) in FAMILIES.items() if name in offered)
    with found.command.make_context(found.path, [], resilient_parsing=True) as ctx:
        said: str = ctx.get_help()
    return f"{said}\n"


def carry_out(here: Site, words: Sequence[str]) -> str:
    """Runs one command; "" or the help that was asked for. What commands raise; blocking."""
    found = look_up(words)
    if found.is_family or "--help" in found.rest:
        return explained(found.path.split())
    if found.path in AS_SERVER:
        _check_server(here, found)
    elif found.path not in OFFERED:
        raise Refused(f"{found.path} is not for the console: {REFUSED.get(found.path, _FILES)}")
    with found.command.make_context(found.path, list(found.rest), obj=here) as ctx:
        if any(isinstance(value, Path) for value in ctx.params.values()):
            raise Refused(f"{found.path}: files are for the command line on the server's machine")
        found.command.invoke(ctx)
    return ""


def _check_server(here: Site, found: Found) -> None:
    if not here.read(lambda tx: tx.administers()):
        raise NoRight(f"{found.path} is for those who administer the server ('a' on its root)")
    if found.path in ("service stop", "service restart") and "cli" in found.rest:
        raise Refused("the console cannot stop itself: do that with the command line on the server's machine")


@cache
def _root() -> Any:
    return typer.main.get_command(app)
