"""The command `postroom`: where the families of commands hang, and how an error becomes one line.

A family's module is imported when one of its commands is asked for, so that a command costs what it needs. Exit status:
0 it worked, 1 it did not, 2 it was asked for wrongly.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import typer.core
import typer.main

from mailcore.cli.place import Place

FAMILIES: Final = {
    "serve": ("serve:app", "Run the server in the foreground."),
    "demo": ("demo:app", "Run a server with a demo domain, on loopback."),
    "domain": ("domain:app", "Domains: add, list, set, delete."),
    "account": ("account:app", "Accounts and their passwords."),
    "group": ("group:app", "Groups and their members."),
    "list": ("maillist:app", "Mail lists: who is on them, what waits for a moderator."),
    "alias": ("alias:app", "Other addresses of an account."),
    "folder": ("folder:app", "Folders of an account, or of a domain's public tree."),
    "calendar": ("calendar:app", "Calendars: what became of invitations, other times that are proposed, hours."),
    "device": ("device:app", "Phones and programs that keep a copy of an account: block, allow, wipe them."),
    "grant": ("grant:app", "Who may do what in a folder, and why."),
    "setting": ("setting:app", "Settings of the server, of domains and accounts."),
    "rpop": ("rpop:app", "Mailboxes of other servers that are fetched: add, list, fetch now."),
    "senders": ("senders:app", "Whose mail is welcome: whitelists and blacklists."),
    "sieve": ("sieve:app", "Sieve scripts of accounts, and what they would do with stored mail."),
    "policy": ("policy:app", "Rules for mail that comes in and leaves: add, list, try."),
    "queue": ("queue:app", "Messages on their way."),
    "quarantine": ("quarantine:app", "Mail that is held back: list, show, release, delete."),
    "trace": ("trace:app", "What happened to messages."),
    "tls": ("tls:app", "TLS to other domains' mail hosts."),
    "counters": ("counters:app", "What the running server has counted."),
    "service": ("service:app", "The services of the running server."),
    "dkim": ("dkim:app", "Keys that the mail of domains is signed with."),
    "dmarc": ("dmarc:app", "What others send in the name of domains, as it is reported to them."),
    "reports": ("reports:app", "What other servers report of domains here: forged mail (DMARC), TLS that failed."),
    "dns": ("dns:app", "The resolver."),
    "log": ("log:app", "The log."),
    "config": ("config:app", "The configuration file."),
    "check": ("check:app", "Look through everything that is stored."),
    "salvage": ("salvage:app", "What check took out of folders: list, restore, drop."),
    "removed": ("removed:app", "What was removed from folders and is still kept: list, restore."),
    "backup": ("backup:backup", "Copy the whole server while it runs."),
    "restore": ("backup:restore", "Make a server from a backup."),
    "import": ("importing:app", "Bring in an mbox, a Maildir or a folder of .eml files."),
    "export": ("exporting:app", "Write mail out as Maildirs."),
}
COLLECT_AT: Final = 50_000  # new objects; what a command imports is not worth a look every 700
# The base of what typer raises for a command line that makes no sense; typer does not give it a public name.
USAGE: Final[type[Exception]] = typer.BadParameter.__mro__[1]


class Families(typer.core.TyperGroup):
    """The group of all families, each imported at its first use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, in the order in which help shows them."""
        return list(FAMILIES)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The family of that name; None when there is none."""
        if cmd_name not in FAMILIES:
            return None
        where, help_text = FAMILIES[cmd_name]
        module, _, name = where.partition(":")
        command = typer.main.get_command(getattr(importlib.import_module(f"mailcore.cli.{module}"), name))
        command.name, command.help, command.short_help = cmd_name, command.help or help_text, help_text
        return command


app: Final = typer.Typer(
    cls=Families, no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False
)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version as of

        sys.stdout.write(f"postroom {of('postroom')}\n")
        raise typer.Exit


@app.callback()
def postroom(
    ctx: typer.Context,
    data: Annotated[Path | None, typer.Option(help="Folder that holds everything the server keeps.")] = None,
    config: Annotated[Path | None, typer.Option(help="Configuration file.")] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Say the version and end.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Postroom, a groupware server: mail, calendars, contacts, tasks and notes, one tree, one set of permissions."""
    ctx.obj = Place(data, config)


def run(arguments: Sequence[str]) -> int:
    """The exit status of a command line; what went wrong is said in one line on standard error."""
    try:
        ended = app(args=list(arguments), prog_name="postroom", standalone_mode=False)
    except USAGE as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        return _failed("interrupted", status=130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        return _told(error)
    return ended if isinstance(ended, int) else 0


def _told(error: Exception) -> int:
    if isinstance(error, expected()):
        return _failed(one_line(error))
    if isinstance(error, OSError):
        return _failed(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    return _bug(error)


def expected() -> tuple[type[Exception], ...]:
    """What tells people something, whatever they have asked for. Imported when something has gone wrong."""
    from groupware.model.errors import GroupwareError
    from mailcore.server.config_file import ConfigError
    from mailcore.server.control import ControlError, DataInUse
    from mailcore.server.listener import CannotListen
    from mailcore.server.privileges import NoSuchUser

    return (GroupwareError, ConfigError, ControlError, DataInUse, CannotListen, NoSuchUser)


def _bug(error: Exception) -> int:
    """Still one line, and the whole for those who ask for it."""
    if os.environ.get("POSTROOM_TRACEBACK"):
        traceback.print_exc()
    where = traceback.extract_tb(error.__traceback__)[-1]
    at = f"{Path(where.filename).name}:{where.lineno}"
    said = str(error).partition("\n")[0]
    return _failed(f"internal error at {at}: {type(error).__name__}: {said} (POSTROOM_TRACEBACK=1 shows more)")


def _usage(error: Any) -> int:
    ctx = error.ctx
    command = ctx.command_path if ctx is not None else "postroom"
    said = misused(error)
    if ctx is not None and error.format_message() == ctx.get_help():  # a family without a command
        sys.stderr.write(f"{ctx.get_help()}\n")
        return 2
    return _failed(f"{said} (postroom {command} --help)".replace("postroom postroom", "postroom"), 2)


def misused(error: Any) -> str:
    """What is wrong with a command line, in one line."""
    return " ".join(error.format_message().split()).replace("Value error, ", "")


def _failed(said: str, status: int = 1) -> int:
    sys.stderr.write(f"postroom: {said}\n")
    return status


def one_line(error: Exception) -> str:
    """What an error says, in one line."""
    first, *more = str(error).splitlines() or [type(error).__name__]
    return f"{first} (and {len(more)} more: postroom config check)" if more else first


def main() -> None:
    """The command `postroom`."""
    os.umask(os.umask(0o027) | 0o027)  # mail is nobody's business but the server's and its group's
    if {"serve", "demo"} & set(sys.argv):
        gc.disable()  # what a start imports stays; a server collects again when it is ready
    else:
        gc.set_threshold(COLLECT_AT)
    sys.exit(run(sys.argv[1:]))
