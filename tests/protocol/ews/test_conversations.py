"""ApplyConversationAction: what is done to all messages of a conversation at once. MS-OXWSCONV §3.1.4.1."""

from __future__ import annotations

import pytest

from groupware.model.flags import Flags
from tests.protocol.ews.test_items import mail
from tests.support.ewsstand import Client, Stand

INBOX = '<m:ParentFolderId><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderId>'
TO = '<t:DestinationFolderId><t:DistinguishedFolderId Id="archive"/></t:DestinationFolderId>'


async def apply(stand: Stand, client: Client, action: str, more: str = "") -> str:
    """Does something to a conversation of two, beside which there is a third message."""
    await stand.put("alice", mail("one"))
    await stand.put("alice", mail("Re", "In-Reply-To: <one@x>\r\nReferences: <one@x>\r\n"))
    await stand.put("alice", mail("other"))
    got = await client.ask(f"<m:FindConversation>{INBOX}</m:FindConversation>")
    [both] = [each for each in got.find("t:Conversation") if each.findtext("{*}MessageCount") == "2"]
    [named] = [each.get("Id") for each in both.findall("{*}ConversationId")]
    said = f'<t:Action>{action}</t:Action><t:ConversationId Id="{named}"/>{more}'
    inside = f"<m:ConversationActions><t:ConversationAction>{said}</t:ConversationAction></m:ConversationActions>"
    return (await client.ask(f"<m:ApplyConversationAction>{inside}</m:ApplyConversationAction>")).code


@pytest.mark.parametrize(
    ("action", "more", "flags"),
    [
        ("SetReadState", "<t:IsRead>true</t:IsRead>", Flags.SEEN),
        ("Flag", "<t:Flag><t:FlagStatus>Flagged</t:FlagStatus></t:Flag>", Flags.FLAGGED),
    ],
)
async def test_both_are_marked(stand: Stand, alice: Client, action: str, more: str, flags: Flags) -> None:
    assert await apply(stand, alice, action, more) == "NoError"
    assert [each.flags for each in await stand.house.items("alice")] == [flags, flags, Flags.NONE]


@pytest.mark.parametrize(("action", "left"), [("Move", 1), ("Copy", 3)])
async def test_both_come_into_another_folder(stand: Stand, alice: Client, action: str, left: int) -> None:
    assert await apply(stand, alice, action, TO) == "NoError"
    assert (len(await stand.house.items("alice")), len(await stand.house.items("alice", "Archive"))) == (left, 2)


@pytest.mark.parametrize("action", ["AlwaysMove", "AlwaysCategorize", "AlwaysDelete", "Paint"])
async def test_nothing_is_done_to_what_is_still_to_come(stand: Stand, alice: Client, action: str) -> None:
    assert await apply(stand, alice, action, TO) == "ErrorInvalidRequest"
    assert len(await stand.house.items("alice")) == 3
