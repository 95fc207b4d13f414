"""A message that grows by what is attached to it has a bound."""

from __future__ import annotations

import base64

import pytest

from connectors.ews import attachment_ops
from connectors.ews.ids import item_id
from groupware.model.ids import ItemId
from tests.protocol.ews.test_items import mail
from tests.support.ewsstand import Client, Said, Stand


async def attach(client: Client, ident: str) -> Said:
    content = base64.b64encode(b"x" * 600).decode()
    file = f"<t:FileAttachment><t:Name>a.bin</t:Name><t:Content>{content}</t:Content></t:FileAttachment>"
    inside = f'<m:ParentItemId Id="{ident}"/><m:Attachments>{file}</m:Attachments>'
    return await client.ask(f"<m:CreateAttachment>{inside}</m:CreateAttachment>")


async def test_what_would_grow_too_large_stays_as_it_is(
    stand: Stand, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ident = item_id(ItemId(await stand.put("alice", mail("one"))))
    monkeypatch.setattr(attachment_ops, "LONGEST", 2000)
    assert (await attach(alice, ident)).code == "NoError"
    [before] = await stand.house.bodies("alice")
    assert (await attach(alice, ident)).code == "ErrorMessageSizeExceeded"
    assert await stand.house.bodies("alice") == [before]
