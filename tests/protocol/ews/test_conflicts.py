"""Changes of what has changed meanwhile: ConflictResolution and ChangeKeys. MS-OXWSCORE §3.1.4.9."""

from __future__ import annotations

import pytest

from connectors.ews.ids import change_key, item_id
from tests.protocol.ews.test_items import change, event, get, mail
from tests.support.ewsstand import Client, Said, Stand

READ = ("message:IsRead", "<t:IsRead>true</t:IsRead>", "Message")
SUBJECT = ("item:Subject", "<t:Subject>Late</t:Subject>", "Message")
TITLE = ("item:Subject", "<t:Subject>Late</t:Subject>", "CalendarItem")


def key_of(said: Said) -> str:
    """Of the item, or the first one that is told."""
    return str(said.find("t:ItemId")[0].get("ChangeKey"))


def knowing(request: str, ident: str, key: str, conflict: str) -> str:
    """The same request of who knows that state of the item."""
    named = f'ItemId Id="{ident}" ChangeKey="{key}"'
    return request.replace(f'ItemId Id="{ident}"', named).replace("AutoResolve", conflict)


@pytest.mark.parametrize(
    ("conflict", "code", "subject"),
    [
        ("NeverOverwrite", "ErrorIrresolvableConflict", "one"),
        ("AutoResolve", "NoError", "Late"),
        ("AlwaysOverwrite", "NoError", "Late"),
    ],
)
async def test_who_knows_an_older_state_is_refused_where_they_want_that(
    stand: Stand, alice: Client, conflict: str, code: str, subject: str
) -> None:
    ident = item_id(await stand.put("alice", mail("one")))  # type: ignore[arg-type]
    key = key_of(await get(alice, ident))
    assert (await alice.ask(change(ident, *READ))).code == "NoError"
    said = await alice.ask(knowing(change(ident, *SUBJECT), ident, key, conflict))
    assert said.code == code
    there = await get(alice, ident)
    assert (there.texts("t:Subject"), there.texts("t:IsRead")) == ([subject], ["true"])


async def test_an_event_that_has_changed_is_not_overwritten(stand: Stand, alice: Client) -> None:
    ident = item_id(await event(stand))  # type: ignore[arg-type]
    key = key_of(await get(alice, ident))
    assert (await alice.ask(change(ident, "calendar:Location", "<t:Location>x</t:Location>"))).code == "NoError"
    never = knowing(change(ident, *TITLE), ident, key, "NeverOverwrite")
    assert (await alice.ask(never)).code == "ErrorIrresolvableConflict"
    now = key_of(await get(alice, ident))
    assert (await alice.ask(knowing(change(ident, *TITLE), ident, now, "NeverOverwrite"))).code == "NoError"


@pytest.mark.parametrize(
    ("conflict", "key", "code"),
    [
        ("NeverOverwrite", "", "ErrorChangeKeyRequiredForWriteOperations"),
        ("NeverOverwrite", "DwAAABYAAAA=nonsense", "ErrorInvalidChangeKey"),
        ("AutoResolve", "", "NoError"),
        ("Sometimes", "", "ErrorSchemaValidation"),
    ],
)
async def test_who_overwrites_nothing_says_what_they_know(
    stand: Stand, alice: Client, conflict: str, key: str, code: str
) -> None:
    ident = item_id(await stand.put("alice", mail("one")))  # type: ignore[arg-type]
    assert (await alice.ask(knowing(change(ident, *READ), ident, key, conflict))).code == code


async def test_a_draft_that_has_changed_is_not_sent_and_one_that_has_left_is_no_error(
    stand: Stand, alice: Client
) -> None:
    to = "<t:ToRecipients><t:Mailbox><t:EmailAddress>bob@example.test</t:EmailAddress></t:Mailbox></t:ToRecipients>"
    made = f"<t:Message><t:Subject>Old</t:Subject>{to}</t:Message>"
    got = await alice.ask(f'<m:CreateItem MessageDisposition="SaveOnly"><m:Items>{made}</m:Items></m:CreateItem>')
    [ident], key = got.ids(), key_of(got)
    now = key_of(await alice.ask(change(ident, *SUBJECT)))

    def send(known: str) -> str:
        named = f'<m:ItemIds><t:ItemId Id="{ident}" ChangeKey="{known}"/></m:ItemIds>'
        return f'<m:SendItem SaveItemToFolder="true">{named}</m:SendItem>'

    assert (await alice.ask(send(key))).code == "ErrorStaleObject"
    assert (await alice.ask(send(change_key(0) + "x"))).code == "ErrorInvalidChangeKey"
    assert [(await alice.ask(send(now))).code for _ in range(2)] == ["NoError"] * 2
    assert len(await stand.house.bodies("bob")) == 1
