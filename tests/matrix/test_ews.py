"""The rights matrix over EWS: every right by itself, what it lets one do, and what not; as over IMAP and JMAP."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from connectors.ews.ids import folder_id, item_id
from groupware.model.ids import FolderId, ItemId
from groupware.model.rights import STANDARD, Right, parse_rights
from tests.matrix.grantees import ALICE, BOB, sharing
from tests.matrix.trial import try_all, work_cleared, work_made
from tests.support.ewsstand import Client, Said, Stand, ews_stand

ID_ONLY = "<t:BaseShape>IdOnly</t:BaseShape>"
LETTER = b"Subject: shared\r\n\r\nx\r\n"


class Scene:
    """Alice's folder `Work` with a message and a folder below; what Bob knows of it."""

    def __init__(self, stand: Stand, bob: Client) -> None:
        self.stand, self.bob = stand, bob
        self.work = self.doomed = self.item = ""
        self.there = False

    async def made(self) -> None:
        number = await self.stand.put("alice", LETTER, "Work")
        at, doomed = await work_made(self.stand.house)
        self.work, self.doomed, self.item = folder_id(at), folder_id(doomed), item_id(ItemId(number))
        self.there = True

    async def cleared(self) -> None:
        await work_cleared(self.stand.house)
        self.there = False

    async def done(self, operation: str) -> bool:
        said = await self.bob.ask(self.filled(operation))
        assert said.status == 200, said.body
        return said.codes == ["NoError"]

    def filled(self, operation: str) -> str:
        """The operation about what is there."""
        return operation.replace("WORK", self.work).replace("DOOMED", self.doomed).replace("ITEM", self.item)

    async def said(self, operation: str) -> Said:
        return await self.bob.ask(operation)


def updated(uri: str, inside: str) -> str:
    field = f'<t:SetItemField><t:FieldURI FieldURI="{uri}"/><t:Message>{inside}</t:Message></t:SetItemField>'
    item = f'<t:ItemChange><t:ItemId Id="ITEM"/><t:Updates>{field}</t:Updates></t:ItemChange>'
    return (
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite" MessageDisposition="SaveOnly">'
        f"<m:ItemChanges>{item}</m:ItemChanges></m:UpdateItem>"
    )


def folder_updated(ident: str, uri: str, inside: str) -> str:
    field = f'<t:SetFolderField><t:FieldURI FieldURI="{uri}"/><t:Folder>{inside}</t:Folder></t:SetFolderField>'
    change = f'<t:FolderChange><t:FolderId Id="{ident}"/><t:Updates>{field}</t:Updates></t:FolderChange>'
    return f"<m:UpdateFolder><m:FolderChanges>{change}</m:FolderChanges></m:UpdateFolder>"


ITEMS = '<m:ItemIds><t:ItemId Id="ITEM"/></m:ItemIds>'
MESSAGE = "<m:Items><t:Message><t:Subject>new</t:Subject></t:Message></m:Items>"
OPERATIONS: dict[str, tuple[str, str]] = {
    "GetFolder": (
        "l",
        f"<m:GetFolder><m:FolderShape>{ID_ONLY}</m:FolderShape>"
        '<m:FolderIds><t:FolderId Id="WORK"/></m:FolderIds></m:GetFolder>',
    ),
    "GetItem": ("lr", f"<m:GetItem><m:ItemShape>{ID_ONLY}</m:ItemShape>{ITEMS}</m:GetItem>"),
    "FindItem": (
        "lr",
        f'<m:FindItem Traversal="Shallow"><m:ItemShape>{ID_ONLY}</m:ItemShape>'
        '<m:ParentFolderIds><t:FolderId Id="WORK"/></m:ParentFolderIds></m:FindItem>',
    ),
    "SyncFolderItems": (
        "lr",
        f'<m:SyncFolderItems><m:ItemShape>{ID_ONLY}</m:ItemShape><m:SyncFolderId><t:FolderId Id="WORK"/>'
        "</m:SyncFolderId><m:MaxChangesReturned>9</m:MaxChangesReturned></m:SyncFolderItems>",
    ),
    "ExportItems": ("lr", f"<m:ExportItems>{ITEMS}</m:ExportItems>"),
    "IsRead": ("lrs", updated("message:IsRead", "<t:IsRead>true</t:IsRead>")),
    "Flag": ("lrw", updated("item:Flag", "<t:Flag><t:FlagStatus>Flagged</t:FlagStatus></t:Flag>")),
    "Categories": (
        "lrw",
        updated("item:Categories", "<t:Categories><t:String>word</t:String></t:Categories>"),
    ),
    "Subject": ("lrite", updated("item:Subject", "<t:Subject>other</t:Subject>")),
    "CreateItem": (
        "li",
        '<m:CreateItem MessageDisposition="SaveOnly"><m:SavedItemFolderId><t:FolderId Id="WORK"/></m:SavedItemFolderId>'
        f"{MESSAGE}</m:CreateItem>",
    ),
    "CopyItem": (
        "lr",
        f'<m:CopyItem><m:ToFolderId><t:DistinguishedFolderId Id="inbox"/></m:ToFolderId>{ITEMS}</m:CopyItem>',
    ),
    "MoveItem": ("lrtei", f'<m:MoveItem><m:ToFolderId><t:FolderId Id="DOOMED"/></m:ToFolderId>{ITEMS}</m:MoveItem>'),
    "DeleteItem": ("lrte", f'<m:DeleteItem DeleteType="HardDelete">{ITEMS}</m:DeleteItem>'),
    "CreateFolder": (
        "lk",
        '<m:CreateFolder><m:ParentFolderId><t:FolderId Id="WORK"/></m:ParentFolderId>'
        "<m:Folders><t:Folder><t:DisplayName>New</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>",
    ),
    "DeleteFolder": (
        "lx",
        '<m:DeleteFolder DeleteType="HardDelete"><m:FolderIds><t:FolderId Id="DOOMED"/></m:FolderIds></m:DeleteFolder>',
    ),
    "UpdateFolder": (
        "lxk",
        folder_updated("DOOMED", "folder:DisplayName", "<t:DisplayName>Young</t:DisplayName>"),
    ),
    "PermissionSet": (
        "la",
        folder_updated("DOOMED", "folder:PermissionSet", "<t:PermissionSet><t:Permissions/></t:PermissionSet>"),
    ),
}
"""What is done, and the rights that it takes: those of IMAP's table (`table.py`), where IMAP has the same."""
READING = ("GetFolder", "GetItem", "FindItem", "SyncFolderItems", "ExportItems", "CopyItem")
"""What leaves everything as it is."""
HELD = [
    Right.NONE,
    *(Right.LOOKUP | each for each in STANDARD),
    *(parse_rights(needs) for needs, _ in OPERATIONS.values()),
    STANDARD,
    *(STANDARD & ~each for each in STANDARD),
]


@pytest.mark.parametrize("how", ["group", "denied above"])
async def test_each_operation_takes_the_rights_that_the_store_asks_for(tmp_path: Path, how: str) -> None:
    async with ews_stand(tmp_path) as stand:
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Work"))
        scene = Scene(stand, stand.client("bob"))
        sets = HELD if how == "group" else HELD[-len(list(STANDARD)) - 1 :]
        actions = {name: (needs, partial(Scene.done, operation=it)) for name, (needs, it) in OPERATIONS.items()}
        await try_all(scene, await sharing(stand.house, how, "Work"), sets, actions, READING)


async def test_what_is_hidden_is_answered_as_what_is_absent(tmp_path: Path) -> None:
    async with ews_stand(tmp_path) as stand:
        await stand.house.write(lambda tx: tx.add_folder(tx.account(ALICE).id, "Work"))
        await stand.share("alice", "INBOX", BOB, "l")
        scene = Scene(stand, stand.client("bob"))
        await scene.made()
        absent = Scene(stand, scene.bob)
        absent.work, absent.doomed = folder_id(FolderId(999_998)), folder_id(FolderId(999_999))
        absent.item = item_id(ItemId(999_999 << 32 | 1))
        for _, operation in OPERATIONS.values():
            hidden = await scene.said(scene.filled(operation))
            missing = await scene.said(absent.filled(operation))
            assert hidden.body == missing.body
