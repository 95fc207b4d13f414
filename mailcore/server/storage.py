"""What is stored, opened as the configuration says: for the server, and for commands that need no more of it."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from groupware.mime.header_lines import index_headers
from groupware.model.errors import Refused
from groupware.store import DATABASE, NewerSchema, SqlStore, open_bus, open_store
from groupware.store.blobs import SqlBlobs
from groupware.store.bus import LocalBus, SharedBus, Tell
from groupware.store.objects import Access, Objects, open_objects, sync_folder
from groupware.store.upkeep import keep_indexed, keep_tidy
from groupware.store.waking import keep_waking
from mailcore.server.config import Config, ConfigError
from mailcore.server.kept_facts import fill

if TYPE_CHECKING:
    from mailcore.server.tasks import Supervisor

SECRET_OCTETS: Final = 32
HOLDER: Final = "holder"
"""The file of the data folder in which the name stands that its servers lease under: a server has sent from here."""


@dataclass(frozen=True, slots=True)
class Storage:
    """The open store of a process, with what belongs to it."""

    store: SqlStore
    blobs: SqlBlobs
    bus: LocalBus
    objects: Objects

    async def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
        await asyncio.to_thread(self.bus.close)
        await self.store.close()
        self.blobs.close()

    def start(self, tasks: Supervisor) -> None:
        """What the store wants done in the background."""
        tasks.start("waking", lambda: keep_waking(self.store, self.bus))
        tasks.start("search index", lambda: keep_indexed(self.store, more=self._fill_in))
        tasks.start("tidying", lambda: keep_tidy(self.store, self.objects))

    async def _fill_in(self) -> int:
        """Some of what is found out behind the writes, or was not yet when it was stored; how much it was."""
        blobs = self.blobs.in_passing()
        return await index_headers(self.store, blobs) + await fill(self.store, blobs)


async def open_storage(config: Config, *, listen: bool = True, tell: Tell | None = None) -> Storage:
    """The store of this configuration, its schema at the newest; with `listen` its bus hears other processes too.

    `tell` hears at once of what this process changes; PostgreSQL says that by itself.

    `TryAgain` when the database does not answer, `Refused` when it is newer than this program or not there any more,
    ConfigError.
    """
    _check_not_lost(config)
    objects = objects_of(config)
    try:
        told = tell if not config.database_url else None
        bus = open_bus(config.data, config.database_url, failed=_deaf, tell=told) if listen else LocalBus()
    except ValueError as error:
        raise misplaced(config, error) from None
    try:
        store = open_store(config.data, config.database_url, bus=bus)
    except NewerSchema as error:
        bus.close()
        raise Refused(str(error)) from None
    except BaseException:
        bus.close()
        raise
    if isinstance(bus, SharedBus):
        bus.listen()
    return Storage(store, SqlBlobs(store.database, objects, config.server.blob_threshold * 1024), bus, objects)


def _check_not_lost(config: Config) -> None:
    """`Refused` for an empty database where a server has run with another: it would turn all mail away for good."""
    if config.database_url or (config.data / DATABASE).exists() or not (config.data / HOLDER).exists():
        return
    raise Refused(
        f"{config.data}: a server has run here, and its database is not here: for PostgreSQL give DATABASE_URL or"
        f" server.database_url; to begin with an empty one, remove {HOLDER!r}"
    )


def objects_of(config: Config) -> Objects:
    """Where large bodies go. ConfigError when it is no place for them."""
    at = config.server
    access = Access(at.blob_store_endpoint, at.blob_store_region, at.blob_store_key_id, at.blob_store_secret)
    try:
        return open_objects(config.data, at.blob_store, access)
    except ValueError as error:
        raise misplaced(config, error) from None


def misplaced(config: Config, error: ValueError) -> ConfigError:
    """What to tell of a place for bodies that is none."""
    return ConfigError([f"{config.path or 'the configuration'}: {error}"])


def _deaf(error: Exception) -> None:
    """The bus lost its connection; it is made again by itself."""
    from mailcore.server import log

    log.get("SERVER").warning("bus_lost", error=str(error))


def site_secret(config: Config) -> bytes:
    """What only the nodes of this site know; made at the first start. ConfigError when the file is of no use."""
    path = config.data / config.server.secret_file
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        found = path.read_bytes()
        if len(found) < SECRET_OCTETS:
            raise ConfigError(
                [f"{path}: a secret has at least {SECRET_OCTETS} octets, this file {len(found)}"]
            ) from None
        return found
    with os.fdopen(fd, "wb") as file:
        made = secrets.token_bytes(SECRET_OCTETS)
        file.write(made)
        file.flush()
        os.fsync(fd)
    sync_folder(path.parent)  # what is sealed with it is in the database from now on
    return made
