"""Items that are exported and uploaded: whole, or not at all, and in the place that is named."""

from __future__ import annotations

import base64

import pytest

from connectors.ews.ids import folder_id, item_id
from groupware.model.ids import FolderId, ItemId
from groupware.store.api import ReadTx
from tests.protocol.ews.test_items import EVENT, event, mail
from tests.support.ewsstand import Client, Said, Stand


async def exported(client: Client, ident: str) -> str:
    said = await client.ask(f'<m:ExportItems><m:ItemIds><t:ItemId Id="{ident}"/></m:ItemIds></m:ExportItems>')
    return said.texts("m:Data")[0]


async def upload(
    stand: Stand, client: Client, path: str, data: str, action: str = "CreateNew", ident: str = ""
) -> Said:
    def work(tx: ReadTx) -> FolderId:
        return tx.locate(tx.account(f"{client.name}@example.test").id, path).id

    parent = f'<t:ParentFolderId Id="{folder_id(await stand.house.read(work))}"/>'
    named = f'<t:ItemId Id="{ident}"/>' if ident else ""
    item = f'<t:Item CreateAction="{action}">{parent}{named}<t:Data>{data}</t:Data></t:Item>'
    return await client.ask(f"<m:UploadItems><m:Items>{item}</m:Items></m:UploadItems>")


async def test_what_has_lost_its_end_on_the_way_is_not_taken(stand: Stand, alice: Client) -> None:
    data = await exported(alice, item_id(ItemId(await stand.put("alice", mail("one")))))
    for lost in (data[:-8], base64.b64encode(base64.b64decode(data)[:-1] + b"?").decode()):
        assert (await upload(stand, alice, "INBOX", lost)).code == "ErrorInvalidRequest"
    assert len(await stand.house.items("alice")) == 1
    assert (await upload(stand, alice, "INBOX", data)).code == "NoError"
    first, second = await stand.house.bodies("alice")
    assert first == second


async def test_an_event_that_is_uploaded_takes_the_place_of_the_one_that_is_named(stand: Stand, alice: Client) -> None:
    ident = item_id(ItemId(await event(stand)))
    data = await exported(alice, ident)
    field = '<t:FieldURI FieldURI="item:Subject"/><t:CalendarItem><t:Subject>New</t:Subject></t:CalendarItem>'
    updates = f"<t:Updates><t:SetItemField>{field}</t:SetItemField></t:Updates>"
    how = 'ConflictResolution="AutoResolve" SendMeetingInvitationsOrCancellations="SendToNone"'
    change = f'<t:ItemChange><t:ItemId Id="{ident}"/>{updates}</t:ItemChange>'
    assert (
        await alice.ask(f"<m:UpdateItem {how}><m:ItemChanges>{change}</m:ItemChanges></m:UpdateItem>")
    ).code == "NoError"
    said = await upload(stand, alice, "Calendar", data, "Update", ident)
    assert said.code == "NoError" and said.ids("m:ItemId") == [ident]
    assert await stand.house.bodies("alice", "Calendar") == [EVENT.encode()]


@pytest.mark.parametrize(("action", "named"), [("Update", False), ("Perhaps", True)])
async def test_an_update_names_what_it_is_of(stand: Stand, alice: Client, action: str, named: bool) -> None:
    ident = item_id(ItemId(await stand.put("alice", mail("one"))))
    data = await exported(alice, ident)
    assert (await upload(stand, alice, "INBOX", data, action, ident if named else "")).code == "ErrorInvalidRequest"
    assert len(await stand.house.items("alice")) == 1
