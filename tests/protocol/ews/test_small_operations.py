"""Small operations: marks of whole folders, junk, the archive, what the server says of itself and of people."""

from __future__ import annotations

import base64

import pytest

from connectors.ews.ids import item_id
from groupware.model.flags import Flags
from groupware.model.ids import ItemId
from tests.protocol.ews.test_items import get, mail
from tests.support.ewsstand import Client, Stand

INBOX = '<m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds>'
ALICES = INBOX.replace(
    "/></m:",
    "><t:Mailbox><t:EmailAddress>alice@example.test</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></m:",
)


def mark(at: str, read: str = "true") -> str:
    inside = f"<m:ReadFlag>{read}</m:ReadFlag><m:SuppressReadReceipts>true</m:SuppressReadReceipts>{at}"
    return f"<m:MarkAllItemsAsRead>{inside}</m:MarkAllItemsAsRead>"


async def test_all_of_a_folder_is_read_and_unread(stand: Stand, alice: Client) -> None:
    for each in ("one", "two"):
        await stand.put("alice", mail(each))
    for read, flags in (("true", Flags.SEEN), ("false", Flags.NONE)):
        assert (await alice.ask(mark(INBOX, read))).code == "NoError"
        assert [each.flags for each in await stand.house.items("alice")] == [flags, flags]


async def test_who_may_not_see_a_folder_marks_nothing_in_it(stand: Stand, bob: Client) -> None:
    await stand.put("alice", mail("one"))
    assert (await bob.ask(mark(ALICES))).code == "ErrorFolderNotFound"
    assert [each.flags for each in await stand.house.items("alice")] == [Flags.NONE]


async def test_junk_goes_where_junk_is_and_what_is_none_comes_back(stand: Stand, alice: Client) -> None:
    ident = item_id(ItemId(await stand.put("alice", mail("one"))))
    ids = f'<m:ItemIds><t:ItemId Id="{ident}"/></m:ItemIds>'
    for junk, path in (("true", "Junk"), ("false", "INBOX")):
        said = await alice.ask(f'<m:MarkAsJunk IsJunk="{junk}" MoveItem="true">{ids}</m:MarkAsJunk>')
        assert said.code == "NoError" and said.ids("m:MovedItemId") == [ident]
        [now] = (await get(alice, ident)).find("t:ItemId")
        assert said.find("m:MovedItemId")[0].get("ChangeKey") == now.get("ChangeKey")
        assert len(await stand.house.items("alice", path)) == 1


async def test_what_is_archived_keeps_its_id(stand: Stand, alice: Client) -> None:
    ident = item_id(ItemId(await stand.put("alice", mail("one"))))
    source = '<m:ArchiveSourceFolderId><t:DistinguishedFolderId Id="inbox"/></m:ArchiveSourceFolderId>'
    ids = f'<m:ItemIds><t:ItemId Id="{ident}"/></m:ItemIds>'
    said = await alice.ask(f"<m:ArchiveItem>{source}{ids}</m:ArchiveItem>")
    assert said.code == "NoError" and said.ids() == [ident]
    assert len(await stand.house.items("alice", "Archive")) == 1


async def test_a_person_that_was_found_is_told(alice: Client) -> None:
    view = '<m:IndexedPageItemView MaxEntriesReturned="10" Offset="0" BasePoint="Beginning"/>'
    at = '<m:ParentFolderId><t:DistinguishedFolderId Id="directory"/></m:ParentFolderId>'
    found = await alice.ask(f"<m:FindPeople>{view}{at}<m:QueryString>bob</m:QueryString></m:FindPeople>")
    [ident] = found.ids("t:PersonaId")
    said = await alice.ask(f'<m:GetPersona><m:PersonaId Id="{ident}"/></m:GetPersona>')
    assert said.code == "NoError" and "bob@example.test" in said.texts("t:EmailAddress")
    nobody = base64.b64encode(b"Pnobody@example.test").decode()
    said = await alice.ask(f'<m:GetPersona><m:PersonaId Id="{nobody}"/></m:GetPersona>')
    assert said.code == "ErrorPersonNotFound"


async def test_mail_tips_tell_who_gets_no_mail(alice: Client) -> None:
    people = [f"{name}@example.test" for name in ("bob", "nobody")] + ["ann@far.test"]
    boxes = "".join(f"<t:Mailbox><t:EmailAddress>{each}</t:EmailAddress></t:Mailbox>" for each in people)
    sender = "<m:SendingAs><t:EmailAddress>alice@example.test</t:EmailAddress></m:SendingAs>"
    inside = f"{sender}<m:Recipients>{boxes}</m:Recipients><m:MailTipsRequested>All</m:MailTipsRequested>"
    said = await alice.ask(f"<m:GetMailTips>{inside}</m:GetMailTips>")
    assert said.texts("t:InvalidRecipient") == ["false", "true", "false"]
    assert said.texts("t:EmailAddress") == people


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (
            "<m:GetServiceConfiguration><m:RequestedConfiguration><m:ConfigurationName>MailTips</m:ConfigurationName>"
            "</m:RequestedConfiguration></m:GetServiceConfiguration>",
            "NoError",
        ),
        (
            "<m:GetSharingMetadata><m:IdOfFolderToShare><t:DistinguishedFolderId Id='calendar'/></m:IdOfFolderToShare>"
            "<m:SenderSmtpAddress>alice@example.test</m:SenderSmtpAddress></m:GetSharingMetadata>",
            "ErrorOrganizationNotFederated",
        ),
        (
            "<m:GetPasswordExpirationDate><m:MailboxSmtpAddress>alice@example.test</m:MailboxSmtpAddress>"
            "</m:GetPasswordExpirationDate>",
            "NoError",
        ),
        ("<m:GetRoomLists/>", "NoError"),
    ],
)
async def test_what_the_server_says_of_itself(alice: Client, ask: str, code: str) -> None:
    assert set((await alice.ask(ask)).codes) == {code}
