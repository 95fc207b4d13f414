"""ApplyConversationAction: what is done to all messages of a conversation at once. MS-OXWSCONV §3.1.4.1."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.ews.ids import conversation_id, folder_id
from connectors.ews.mail_fields import digest_of
from connectors.exchange import rules
from connectors.exchange.rules import SCRIPT
from groupware.model.flags import Flags
from mailcore.sieve.actions import Action, FileInto, Keep
from mailcore.sieve.check import compiled
from mailcore.sieve.machine import run
from mailcore.sieve.message import Environment, read
from tests.protocol.ews.test_inbox_rules import rule, told
from tests.protocol.ews.test_items import mail
from tests.support.ewsstand import Client, Stand

INBOX = '<m:ParentFolderId><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderId>'
CONVERSATION = conversation_id(digest_of("one@x", "", 0))
NOW = Environment(datetime(2026, 11, 26, tzinfo=UTC))
TO = '<t:DestinationFolderId><t:DistinguishedFolderId Id="archive"/></t:DestinationFolderId>'


async def apply(stand: Stand, client: Client, action: str, more: str = "") -> str:
    """Does something to a conversation of two, beside which there is a third message."""
    await stand.put("alice", mail("one"))
    await stand.put("alice", mail("Re", "In-Reply-To: <one@x>\r\nReferences: <one@x>\r\n"))
    await stand.put("alice", mail("other"))
    got = await client.ask(f"<m:FindConversation>{INBOX}</m:FindConversation>")
    [both] = [each for each in got.find("t:Conversation") if each.findtext("{*}MessageCount") == "2"]
    [named] = [each.get("Id") for each in both.findall("{*}ConversationId")]
    assert named == CONVERSATION
    return await ask(client, action, more)


async def ask(client: Client, action: str, more: str = "") -> str:
    said = f'<t:Action>{action}</t:Action><t:ConversationId Id="{CONVERSATION}"/>{more}'
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


async def come(stand: Stand, word: str = "Re2", more: str = "References: <one@x> <Re@x>\r\n") -> list[Action]:
    """What becomes of a message that comes."""
    octets = await stand.house.read(lambda tx: tx.script(SCRIPT, tx.account("alice@example.test").id))
    outcome = run(compiled(octets), read(mail(word, more), "a@x.test", "alice@example.test"), NOW)
    assert outcome.error is None
    return list(outcome.actions)


async def test_what_comes_is_moved_as_what_is_there(stand: Stand, alice: Client) -> None:
    assert await apply(stand, alice, "AlwaysMove", TO) == "NoError"
    assert (len(await stand.house.items("alice")), len(await stand.house.items("alice", "Archive"))) == (1, 2)
    [action] = await come(stand)
    assert isinstance(action, FileInto) and action.place.name == "Archive"
    assert all(isinstance(each, Keep) for each in await come(stand, "third", ""))


async def test_what_comes_is_thrown_away_until_that_is_taken_back(stand: Stand, alice: Client) -> None:
    assert await apply(stand, alice, "AlwaysDelete", "<t:EnableAlwaysDelete>true</t:EnableAlwaysDelete>") == "NoError"
    assert (len(await stand.house.items("alice")), len(await stand.house.items("alice", "Trash"))) == (1, 2)
    [action] = await come(stand)
    assert isinstance(action, FileInto) and action.place.special_use == "\\Trash"
    no = "<t:EnableAlwaysDelete>false</t:EnableAlwaysDelete>"
    assert await ask(alice, "AlwaysDelete", no) == "NoError"
    assert all(isinstance(each, Keep) for each in await come(stand))


async def test_what_comes_gets_the_categories_beside_the_rules(stand: Stand, alice: Client) -> None:
    names = "<t:Categories><t:String>Red Category</t:String></t:Categories>"
    assert await apply(stand, alice, "AlwaysCategorize", names) == "NoError"
    there = [each.keywords for each in await stand.house.items("alice")]
    assert there == [{"Red=20Category"}, {"Red=20Category"}, frozenset()]
    assert (await told(alice, rule())).code == "NoError"
    [keep] = await come(stand)
    assert isinstance(keep, Keep) and set(keep.flags) == {"Red=20Category", "\\Seen"}


async def test_of_very_many_conversations_the_last_are_kept(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_CONVERSATIONS", 1)
    names = "<t:Categories><t:String>Red</t:String></t:Categories>"
    await apply(stand, alice, "AlwaysCategorize", names)
    account = await stand.house.read(lambda tx: tx.identity(tx.account("alice@example.test").id))
    await stand.house.write(lambda tx: rules.always(tx, "two@x", {"categories": ["Blue"]}), account)
    [keep] = await come(stand)
    assert isinstance(keep, Keep) and not keep.flags
    [keep] = await come(stand, "two", "")
    assert isinstance(keep, Keep) and keep.flags == ("Blue",)


@pytest.mark.parametrize(("action", "code"), [("Paint", "ErrorInvalidRequest"), ("AlwaysMove", "ErrorAccessDenied")])
async def test_what_cannot_be_done_leaves_all_as_it_is(stand: Stand, alice: Client, action: str, code: str) -> None:
    at = await stand.share("bob", "INBOX", "alice@example.test", "lr")
    to = f'<t:DestinationFolderId><t:FolderId Id="{folder_id(at)}"/></t:DestinationFolderId>'
    assert await apply(stand, alice, action, to) == code
    assert len(await stand.house.items("alice")) == 3
    assert not await stand.house.read(lambda tx: tx.scripts(tx.account("alice@example.test").id))
