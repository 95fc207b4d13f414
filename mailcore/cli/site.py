"""What an administrative command works on: the server's configuration, and its store, opened directly."""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import typer

from groupware.model.errors import Refused
from groupware.model.principal import OPERATOR, Principal
from groupware.store import DATABASE
from groupware.store.api import Blobs, ReadTx, Store, WriteTx
from mailcore.cli.place import Place
from mailcore.server.config import Config, load
from mailcore.server.control import NotRunning, client
from mailcore.server.privileges import become

T = TypeVar("T")

WHO: Final = replace(OPERATOR, client="postroom")
CONFIG_NAME: Final = "postroom.toml"


@dataclass(frozen=True, slots=True)
class Site:
    """The open store of one server, for one command.

    The console hands its own to a command as the context's object; otherwise `site` opens the store.
    """

    config: Config
    store: Store
    blobs: Blobs
    run: Callable[[Coroutine[Any, Any, Any]], Any]
    who: Principal = WHO
    """Who gives the command: the operator, unless the console has signed somebody in."""

    def read(self, work: Callable[[ReadTx], T]) -> T:
        """What `work` gives back, asked by who gives the command."""
        found: T = self.run(self.store.read(self.who, work))
        return found

    def write(self, work: Callable[[WriteTx], T]) -> T:
        """What `work` gives back after COMMIT, asked by who gives the command."""
        found: T = self.run(self.store.write(self.who, work))
        return found


def place(ctx: typer.Context) -> Place:
    """The global options of this command line."""
    found = ctx.find_root().obj
    return found if isinstance(found, Place) else Place()


def configured(ctx: typer.Context) -> Config:
    """The configuration of the server that the command line means."""
    given = ctx.find_root().obj
    return given.config if isinstance(given, Site) else configuration(place(ctx))


def configuration(at: Place, *, port_base: int | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration: of the file given, else of `postroom.toml` in the data folder where there is one."""
    return load(config_path(at), data=at.data, port_base=port_base, environ=environ)


def config_path(at: Place) -> Path | None:
    """The configuration file that applies; None: all defaults."""
    if at.config is not None:
        return at.config
    beside = (at.data or Path("data")) / CONFIG_NAME
    return beside if beside.is_file() else None


def as_running(at: Place) -> Config:
    """The configuration that the running server uses, as far as this command line does not say otherwise."""
    config = configuration(at)
    if at.config is not None or os.environ.get("DATABASE_URL"):
        return config
    try:
        with client(config.data) as server:
            said = server.ask("server.where")
    except NotRunning:
        return config
    path = Path(said["config"]) if said["config"] else None
    environ = {"DATABASE_URL": said["database_url"]}
    return load(path, data=config.data, port_base=said["port_base"], environ=environ)


@contextmanager
def site(ctx: typer.Context, *, begin: bool = False) -> Iterator[Site]:
    """The store of the server that the command line means, to be used inside the block.

    `Refused` where nothing is stored yet, for a command that does not `begin` anything: the folder may be mistyped.
    """
    given = ctx.find_root().obj
    if isinstance(given, Site):
        yield given
        return
    config = as_running(place(ctx))
    if not begin:
        check_there(config)
    as_owner(config.data)
    with opened(config) as found:
        yield found


def check_there(config: Config) -> None:
    """`Refused` where nothing is stored yet."""
    if not config.database_url and not (config.data / DATABASE).exists():
        raise Refused(
            f"{config.data}: no data of Postroom is there (see --data; for PostgreSQL, DATABASE_URL); a first"
            " `postroom domain add`, or a start of the server, makes it"
        )


@contextmanager
def opened(config: Config) -> Iterator[Site]:
    """The store of this configuration, to be used inside the block."""
    from mailcore.server.storage import open_storage

    with asyncio.Runner() as runner:
        storage = runner.run(open_storage(config, listen=False))
        try:
            yield Site(config, storage.store, storage.blobs, runner.run)
        finally:
            runner.run(storage.close())


def as_owner(data: Path) -> None:
    """Go on as the user that owns the data folder, when root asks: else root's files would be in the server's way."""
    if os.geteuid() == 0 and data.exists() and (owner := data.stat().st_uid) != 0:
        become(pwd.getpwuid(owner).pw_name)
