"""The table of commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.activesync.exchange import Handler
from connectors.activesync.foldersync import foldercreate, folderdelete, foldersync, folderupdate
from connectors.activesync.provision import provision
from connectors.activesync.sync.sync import sync

HANDLERS: Final[Mapping[str, Handler]] = {
    "Sync": sync,
    "FolderSync": foldersync,
    "FolderCreate": foldercreate,
    "FolderDelete": folderdelete,
    "FolderUpdate": folderupdate,
    "Provision": provision,
}
