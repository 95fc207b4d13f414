"""Who answers invitations for somebody else: by the rights on their mail and calendar, in their name."""

from __future__ import annotations

import pytest

from groupware.model.rights import parse_rights
from groupware.store.api import WriteTx
from tests.protocol.activesync.test_meetings import PEOPLE, answer, invitation
from tests.support.davstand import event
from tests.support.exchangestand import Stand

EVENT = event("m1", "20261201T090000Z", *PEOPLE, end="20261201T100000Z").encode()


async def invited(stand: Stand, *, acting: bool) -> None:
    """Alice is invited; Bob has her inbox and calendar."""
    await stand.put("alice", EVENT, "Calendar")
    await stand.put("alice", invitation("REQUEST"))

    def work(tx: WriteTx) -> None:
        alice = tx.account("alice@example.test").id
        for path in ("INBOX", "Calendar"):
            tx.grant(tx.locate(alice, path).id, "bob@example.test", parse_rights("lrswipte" + ("1" if acting else "")))

    await stand.house.write(work)


async def status(stand: Stand) -> bytes:
    """How Alice has answered, as her event says it."""
    [octets] = await stand.house.bodies("alice", "Calendar")
    return octets.replace(b"\r\n ", b"").partition(b"PARTSTAT=")[2].replace(b":", b";").split(b";")[0]


async def by_phone(stand: Stand) -> bool:
    bob = stand.phone("bob")
    at = await bob.at("INBOX (alice@example.test)")
    [request] = await bob.all_of(at)
    return (await answer(bob, at, request, 1, ("MeetingResponse:SendResponse",))).get("Result/Status") == "1"


async def by_outlook(stand: Stand) -> bool:
    bob = stand.client("bob")
    whose = "<t:Mailbox><t:EmailAddress>alice@example.test</t:EmailAddress></t:Mailbox>"
    where = (
        f'<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox">{whose}</t:DistinguishedFolderId></m:ParentFolderIds>'
    )
    shape = "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
    [request] = (await bob.ask(f'<m:FindItem Traversal="Shallow">{shape}{where}</m:FindItem>')).ids()
    item = f'<t:AcceptItem><t:ReferenceItemId Id="{request}"/></t:AcceptItem>'
    said = await bob.ask(f'<m:CreateItem MessageDisposition="SendAndSaveCopy"><m:Items>{item}</m:Items></m:CreateItem>')
    return said.code == "NoError"


@pytest.mark.parametrize("way", [by_phone, by_outlook])
async def test_a_delegate_answers_in_the_name_of_whose_calendar_it_is(stand: Stand, way: object) -> None:
    await invited(stand, acting=True)
    assert callable(way) and await way(stand)
    assert await status(stand) == b"ACCEPTED"
    assert not await stand.house.items("bob", "Calendar")
    [sent] = await stand.house.queued()
    assert [each.recipient.address for each in sent.recipients] == ["ann@far.test"]


@pytest.mark.parametrize("way", [by_phone, by_outlook])
async def test_who_may_write_and_not_schedule_does_not_answer(stand: Stand, way: object) -> None:
    await invited(stand, acting=False)
    assert callable(way) and not await way(stand)
    assert await status(stand) == b"NEEDS-ACTION" and not await stand.house.queued()
