"""The matrix of lenses in Exchange's protocols: what each right tells of a calendar is what CalDAV tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.ews.ids import folder_id, item_id
from groupware.calendar.blocks import sees_times
from groupware.model.rights import letters
from groupware.store.api import WriteTx
from tests.matrix.test_lens import BOB, DAY, HELD, HIDDEN, OPEN, WORDS, told
from tests.support import ewsstand
from tests.support.sharestand import CALENDAR, Stand, filled_stand

SHAPE = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
VIEW = f'<m:CalendarView StartDate="{DAY:%Y-%m-%d}T00:00:00Z" EndDate="{DAY + timedelta(days=3):%Y-%m-%d}T00:00:00Z"/>'


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[Stand]:
    async with filled_stand(tmp_path, open=OPEN, private=HIDDEN) as stand:
        yield stand


def words(text: str) -> set[str]:
    return {word for word in WORDS if word in text}


def find(at: str, view: str = "") -> str:
    where = f'<m:ParentFolderIds><t:FolderId Id="{at}"/></m:ParentFolderIds>'
    return f'<m:FindItem Traversal="Shallow">{SHAPE}{view}{where}</m:FindItem>'


def sync(at: str, state: str = "", most: int = 512) -> str:
    said = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    where = f'<m:SyncFolderId><t:FolderId Id="{at}"/></m:SyncFolderId>{said}'
    return f"<m:SyncFolderItems>{SHAPE}{where}<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"


def get(*items: str) -> str:
    named = "".join(f'<t:ItemId Id="{each}"/>' for each in items)
    return f"<m:GetItem>{SHAPE}<m:ItemIds>{named}</m:ItemIds></m:GetItem>"


async def ways(client: ewsstand.Client, at: str) -> dict[str, set[str] | None]:
    """What is found in each way to ask for events; None: the folder is not told of."""
    asked = {"find": find(at), "view": find(at, VIEW), "sync": sync(at)}
    said = {way: await client.ask(operation) for way, operation in asked.items()}
    found = {way: words(got.body.decode()) if got.code == "NoError" else None for way, got in said.items()}
    ids = said["sync"].ids()
    got = await client.ask(get(*ids)) if ids else None
    assert got is None or set(got.codes) == {"NoError"}
    return {**found, "get": words(got.body.decode()) if got is not None else None}


async def test_each_right_tells_in_ews_what_it_tells_in_caldav(filled: Stand) -> None:
    bob = filled.ews("bob")
    stored = [item_id(each.id) for each in await filled.house.items("alice", "Calendar")]
    for held in dict.fromkeys(HELD):
        at = folder_id(await filled.share("alice", "Calendar", BOB, letters(held)))
        for way, found in (await ways(bob, at)).items():
            assert found == told(held), (letters(held), way)
        got = await bob.ask(get(*stored))
        assert words(got.body.decode()) == (told(held) or set()), letters(held)
        assert ("NoError" in got.codes) is (told(held) is not None and not sees_times(held)), letters(held)


async def test_a_busy_time_is_a_block_that_is_only_read_and_says_when(filled: Stand) -> None:
    bob = filled.ews("bob")
    at = folder_id(await filled.share("alice", "Calendar", BOB, "l9"))
    got = await bob.ask(find(at, VIEW))
    assert set(got.texts("t:Subject")) == {"Busy"} and set(got.texts("t:LegacyFreeBusyStatus")) == {"Busy"}
    assert f"{DAY:%Y-%m-%d}T10:00:00Z" in got.texts("t:Start") and f"{DAY:%Y-%m-%d}T12:00:00Z" in got.texts("t:Start")
    [block, *_] = got.ids()
    named = f'<m:ItemIds><t:ItemId Id="{block}"/></m:ItemIds>'
    to = '<m:ToFolderId><t:DistinguishedFolderId Id="calendar"/></m:ToFolderId>'
    item = "<t:CalendarItem><t:Subject>x</t:Subject></t:CalendarItem>"
    field = f'<t:SetItemField><t:FieldURI FieldURI="item:Subject"/>{item}</t:SetItemField>'
    change = f'<t:ItemChange><t:ItemId Id="{block}"/><t:Updates>{field}</t:Updates></t:ItemChange>'
    for operation in (
        f'<m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone">{named}</m:DeleteItem>',
        f"<m:MoveItem>{to}{named}</m:MoveItem>",
        f"<m:CopyItem>{to}{named}</m:CopyItem>",
        '<m:UpdateItem ConflictResolution="AlwaysOverwrite" SendMeetingInvitationsOrCancellations="SendToNone">'
        f"<m:ItemChanges>{change}</m:ItemChanges></m:UpdateItem>",
    ):
        assert (await bob.ask(operation)).code == "ErrorAccessDenied", operation


async def test_a_sync_of_busy_times_tells_what_differs(filled: Stand) -> None:
    bob, alice = filled.ews("bob"), filled.dav("alice")
    at = folder_id(await filled.share("alice", "Calendar", BOB, "l9"))
    first = await bob.ask(sync(at, most=1))
    assert (first.texts("m:IncludesLastItemInRange"), len(first.ids())) == (["false"], 1)
    rest = await bob.ask(sync(at, first.texts("m:SyncState")[0]))
    assert (rest.texts("m:IncludesLastItemInRange"), len(rest.ids())) == (["true"], 2)
    [state] = rest.texts("m:SyncState")
    assert (await bob.ask(sync(at, state))).ids() == []
    assert (await alice.ask("DELETE", CALENDAR + "private.ics")).status == 204
    last = await bob.ask(sync(at, state))
    assert len(last.find("t:Delete")) == 1 and not last.find("t:Create")
    assert last.ids()[0] in {*first.ids(), *rest.ids()}
    assert (await bob.ask(get(*last.ids()))).code == "ErrorItemNotFound"
    for rights in ("l98", "lr", "l9"):  # whoever comes to see something else starts over
        [state] = (await bob.ask(sync(at))).texts("m:SyncState")
        await filled.share("alice", "Calendar", BOB, rights)
        assert (await bob.ask(sync(at, state))).code == "ErrorInvalidSyncStateData", rights


async def test_the_permissions_of_a_calendar_say_how_it_is_shared(filled: Stand) -> None:
    alice = filled.ews("alice")
    wanted = '<t:AdditionalProperties><t:FieldURI FieldURI="folder:PermissionSet"/></t:AdditionalProperties>'
    shape = f"<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>{wanted}</m:FolderShape>"
    for rights, level in (("l9", "FreeBusyTimeOnly"), ("l98", "FreeBusyTimeAndSubjectAndLocation")):
        at = folder_id(await filled.share("alice", "Calendar", BOB, rights))
        named = f'<t:FolderId Id="{at}"/>'
        got = await alice.ask(f"<m:GetFolder>{shape}<m:FolderIds>{named}</m:FolderIds></m:GetFolder>")
        assert got.texts("t:CalendarPermissionLevel") == [level]
        user = f"<t:UserId><t:PrimarySmtpAddress>{BOB}</t:PrimarySmtpAddress></t:UserId>"
        row = f"<t:CalendarPermission>{user}<t:CalendarPermissionLevel>{level}</t:CalendarPermissionLevel>"
        rows = f"<t:CalendarPermissions>{row}</t:CalendarPermission></t:CalendarPermissions>"
        inside = f"<t:CalendarFolder><t:PermissionSet>{rows}</t:PermissionSet></t:CalendarFolder>"
        field = f'<t:SetFolderField><t:FieldURI FieldURI="folder:PermissionSet"/>{inside}</t:SetFolderField>'
        change = f"<t:FolderChange>{named}<t:Updates>{field}</t:Updates></t:FolderChange>"
        said = await alice.ask(f"<m:UpdateFolder><m:FolderChanges>{change}</m:FolderChanges></m:UpdateFolder>")
        assert said.code == "NoError", said.body
        assert words((await filled.ews("bob").ask(find(at))).body.decode()) == ({"Visit"} if "8" in rights else set())
        assert (await filled.ews("bob").ask(find(at))).code == "NoError", rights


async def test_what_clients_keep_beside_an_event_is_no_part_of_its_outline(filled: Stand) -> None:
    [item, _] = await filled.house.items("alice", "Calendar")

    def keep(tx: WriteTx) -> None:
        at = tx.locate(tx.account("alice@example.test").id, "Calendar")
        tx.put_item_properties(at.id, item.uid, b'{"tag:0x3a01:String": "Attic"}')

    await filled.house.write(keep)
    path = '<t:ExtendedFieldURI PropertyTag="0x3a01" PropertyType="String"/>'
    more = f"<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{path}</t:AdditionalProperties>"
    for rights, values in (("lr", ["Attic"]), ("l98", [])):
        at = folder_id(await filled.share("alice", "Calendar", BOB, rights))
        for operation in (find(at), sync(at), get(item_id(item.id))):
            got = await filled.ews("bob").ask(operation.replace("<t:BaseShape>AllProperties</t:BaseShape>", more))
            assert (got.code, got.texts("t:Value")) == ("NoError", values), (rights, operation)
