"""The table of operations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews import folder_ops, item_ops
from connectors.ews.turn import Turn

Handler = Callable[[Turn, Element], Awaitable[str | AsyncIterator[str]]]

OPERATIONS: Final[Mapping[str, Handler]] = {
    "GetFolder": folder_ops.get_folder,
    "FindFolder": folder_ops.find_folder,
    "CreateFolder": folder_ops.create_folder,
    "CreateFolderPath": folder_ops.create_folder_path,
    "UpdateFolder": folder_ops.update_folder,
    "MoveFolder": folder_ops.move_folder,
    "CopyFolder": folder_ops.copy_folder,
    "DeleteFolder": folder_ops.delete_folder,
    "EmptyFolder": folder_ops.empty_folder,
    "GetItem": item_ops.get_item,
}
