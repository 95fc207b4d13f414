"""The table of operations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews import (
    attachment_ops,
    create_item,
    find_item,
    folder_ops,
    item_ops,
    notifications,
    sync,
    update_item,
)
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
    "FindItem": find_item.find_item,
    "GetItem": item_ops.get_item,
    "CreateItem": create_item.create_item,
    "UpdateItem": update_item.update_item,
    "DeleteItem": item_ops.delete_item,
    "MoveItem": item_ops.move_item,
    "CopyItem": item_ops.copy_item,
    "SendItem": create_item.send_item,
    "ArchiveItem": item_ops.archive_item,
    "MarkAllItemsAsRead": item_ops.mark_all_items_as_read,
    "MarkAsJunk": item_ops.mark_as_junk,
    "SyncFolderHierarchy": sync.sync_folder_hierarchy,
    "SyncFolderItems": sync.sync_folder_items,
    "Subscribe": notifications.subscribe,
    "Unsubscribe": notifications.unsubscribe,
    "GetEvents": notifications.get_events,
    "GetStreamingEvents": notifications.get_streaming_events,
    "CreateAttachment": attachment_ops.create_attachment,
    "GetAttachment": attachment_ops.get_attachment,
    "DeleteAttachment": attachment_ops.delete_attachment,
}
