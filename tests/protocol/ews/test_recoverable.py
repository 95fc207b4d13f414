"""Recoverable items: what was removed is found where Exchange shows it, and comes back (decision 345)."""

from __future__ import annotations

from connectors.ews.ids import Id, item_id
from groupware.calendar.item import read_item as read_event
from groupware.model.ids import EVERY
from groupware.store.api import ReadTx
from tests.protocol.ews.test_folders import get as get_folder
from tests.protocol.ews.test_folders import named
from tests.protocol.ews.test_items import EVENT, change, event, find, get, mail
from tests.support.ewsstand import Client, Said, Stand

REFUSED = ("ErrorItemNotFound", "ErrorInvalidIdMalformed", "ErrorAccessDenied")
DELETIONS = "recoverableitemsdeletions"


async def delete(client: Client, ident: str, how: str = "HardDelete") -> Said:
    ids = f'<m:ItemIds><t:ItemId Id="{ident}"/></m:ItemIds>'
    return await client.ask(
        f'<m:DeleteItem DeleteType="{how}" SendMeetingCancellations="SendToNone">{ids}</m:DeleteItem>'
    )


async def move(client: Client, ident: str, to: str, operation: str = "MoveItem") -> Said:
    where = f'<m:ToFolderId><t:DistinguishedFolderId Id="{to}"/></m:ToFolderId>'
    return await client.ask(f'<m:{operation}>{where}<m:ItemIds><t:ItemId Id="{ident}"/></m:ItemIds></m:{operation}>')


async def blobs(stand: Stand, path: str) -> list[str]:
    def work(tx: ReadTx) -> list[str]:
        at = tx.locate(tx.account("alice@example.test").id, path).id
        return [each.blob for each in tx.items(at, EVERY)]

    return await stand.house.read(work)


async def test_a_message_that_was_removed_is_found_read_and_moved_back(stand: Stand, alice: Client) -> None:
    gone = item_id(await stand.put("alice", mail("one")))  # type: ignore[arg-type]
    await stand.put("alice", mail("two"))
    for how in ("MoveToDeletedItems", "SoftDelete"):
        assert (await find(alice, DELETIONS)).texts("t:Subject") == []
        assert (await delete(alice, gone, how)).code == "NoError"
    [ident] = (await find(alice, DELETIONS)).ids()
    found = await get(alice, ident)
    assert found.texts("t:Subject") == ["one"] and "Hello" in found.texts("t:Body")[0]
    [root] = (await alice.ask(get_folder(f'<t:DistinguishedFolderId Id="{DELETIONS}"/>'))).ids("t:FolderId")
    assert found.ids("t:ParentFolderId") == [root]
    back = await move(alice, ident, "inbox")
    assert back.code == "NoError", back.body
    assert sorted((await find(alice, "inbox")).texts("t:Subject")) == ["one", "two"]
    assert (await get(alice, back.ids()[0])).texts("t:Subject") == ["one"]
    assert (await find(alice, DELETIONS)).texts("t:Subject") == []
    assert (await get(alice, ident)).code == "ErrorItemNotFound"
    assert (await move(alice, ident, "inbox")).code == "ErrorItemNotFound"


async def test_the_folders_are_listed_in_their_root_and_nowhere_else(alice: Client) -> None:
    def listing(at: str) -> str:
        where = f'<m:ParentFolderIds><t:DistinguishedFolderId Id="{at}"/></m:ParentFolderIds>'
        shape = "<m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape>"
        return f'<m:FindFolder Traversal="Deep">{shape}{where}</m:FindFolder>'

    inside = await alice.ask(listing("recoverableitemsroot"))
    assert inside.texts("t:DisplayName") == ["Deletions", "Versions", "Purges"]
    for at in ("root", "msgfolderroot"):
        assert not {"Deletions", "Recoverable Items"} & set((await alice.ask(listing(at))).texts("t:DisplayName"))
    hierarchy = await alice.ask(
        "<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape></m:SyncFolderHierarchy>"
    )
    assert "Deletions" not in hierarchy.texts("t:DisplayName") and "INBOX" in hierarchy.texts("t:DisplayName")


async def test_it_counts_sorts_restricts_and_searches(stand: Stand, alice: Client) -> None:
    for word in ("banana", "apple", "cherry"):
        await delete(alice, item_id(await stand.put("alice", mail(word))))  # type: ignore[arg-type]
    told = await alice.ask(get_folder(f'<t:DistinguishedFolderId Id="{DELETIONS}"/>'))
    assert told.texts("t:TotalCount") == ["3"]
    assert (await find(alice, DELETIONS)).texts("t:Subject") == ["cherry", "apple", "banana"]  # the last to go first
    order = '<t:FieldOrder Order="Ascending"><t:FieldURI FieldURI="item:Subject"/></t:FieldOrder>'
    page = '<m:IndexedPageItemView MaxEntriesReturned="2" Offset="1" BasePoint="Beginning"/>'
    got = await find(alice, DELETIONS, f"{page}<m:SortOrder>{order}</m:SortOrder>")
    assert got.texts("t:Subject") == ["banana", "cherry"]
    assert got.find("m:RootFolder")[0].get("TotalItemsInView") == "3"
    only = (
        '<m:Restriction><t:Contains ContainmentMode="Substring" ContainmentComparison="IgnoreCase">'
        '<t:FieldURI FieldURI="item:Subject"/><t:Constant Value="PPL"/></t:Contains></m:Restriction>'
    )
    assert (await find(alice, DELETIONS, only)).texts("t:Subject") == ["apple"]
    query = "<!--behind--><m:QueryString>subject:cherry</m:QueryString>"
    assert (await find(alice, DELETIONS, query)).texts("t:Subject") == ["cherry"]


async def test_what_was_removed_from_one_folder_is_softly_deleted_there(stand: Stand, alice: Client) -> None:
    await delete(alice, item_id(await stand.put("alice", mail("here"))))  # type: ignore[arg-type]
    await delete(alice, item_id(await stand.put("alice", mail("there"), "Archive")))  # type: ignore[arg-type]
    where = '<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds>'
    shape = "<m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape>"
    got = await alice.ask(f'<m:FindItem Traversal="SoftDeleted">{shape}{where}</m:FindItem>')
    assert got.texts("t:Subject") == ["here"]


async def test_an_event_comes_back_to_a_calendar_and_to_nothing_else(stand: Stand, alice: Client) -> None:
    await delete(alice, item_id(await event(stand)))  # type: ignore[arg-type]
    [ident] = (await find(alice, DELETIONS)).ids()
    assert (await get(alice, ident)).find("t:CalendarItem")
    assert (await move(alice, ident, "inbox")).code == "ErrorMoveCopyFailed"
    back = await move(alice, ident, "calendar")
    assert back.code == "NoError" and back.find("t:CalendarItem"), back.body
    assert await blobs(stand, "Calendar") == [(await read_event(EVENT.encode(), stand.house.blobs, "e.ics"))[1].blob]


async def test_removing_it_again_removes_it_for_good_and_nothing_else_is_done_to_it(
    stand: Stand, alice: Client
) -> None:
    await delete(alice, item_id(await stand.put("alice", mail("one"))))  # type: ignore[arg-type]
    [ident] = (await find(alice, DELETIONS)).ids()
    assert (await delete(alice, ident, "MoveToDeletedItems")).code == "ErrorCannotDeleteObject"
    assert (await move(alice, ident, "inbox", "CopyItem")).code == "ErrorAccessDenied"
    assert (await alice.ask(change(ident, "item:Subject", "<t:Subject>x</t:Subject>", "Message"))).code == (
        "ErrorAccessDenied"
    )
    assert (await delete(alice, ident)).code == "NoError"
    assert (await find(alice, DELETIONS)).ids() == [] and (await delete(alice, ident)).code == "ErrorItemNotFound"


async def test_others_see_it_where_they_govern_the_folder(stand: Stand, alice: Client, bob: Client) -> None:
    await delete(alice, item_id(await stand.put("alice", mail("one"), "Archive")))  # type: ignore[arg-type]
    [ident] = (await find(alice, DELETIONS)).ids()
    await stand.share("alice", "Archive", "bob@example.test", "lrswite")
    mailbox = "<t:Mailbox><t:EmailAddress>alice@example.test</t:EmailAddress></t:Mailbox>"
    hers = get_folder(f'<t:DistinguishedFolderId Id="{DELETIONS}">{mailbox}</t:DistinguishedFolderId>')
    assert (await bob.ask(hers)).code == "ErrorFolderNotFound"
    assert (await get(bob, ident)).code == "ErrorAccessDenied" and (await move(bob, ident, "inbox")).code != "NoError"
    await stand.share("alice", "Archive", "bob@example.test", "lrswitea")
    assert (await bob.ask(hers)).texts("t:TotalCount") == ["1"]
    assert (await get(bob, ident)).texts("t:Subject") == ["one"]


async def test_ids_that_are_made_up_lead_nowhere(alice: Client) -> None:
    for made in (Id("D", 1, "x"), Id("D", 10**9, "1"), Id("D", 1, "-1"), Id("D", 2, "9" * 300)):
        assert (await get(alice, str(made))).code in REFUSED
    assert (await alice.ask(get_folder(named(str(Id("Y", 2, "x")))))).code == "ErrorFolderNotFound"
