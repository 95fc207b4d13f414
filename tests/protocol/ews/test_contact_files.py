"""Files of contacts: kept beside the card, for who may read it."""

from __future__ import annotations

import base64

import pytest

from connectors.ews.ids import item_id
from groupware.contacts.card import read_item as read_card
from tests.protocol.ews.test_items import get, put
from tests.support.ewsstand import Client, Stand

PNG = base64.b64encode(b"\x89PNG picture").decode()


async def contact(stand: Stand, version: str = "4.0") -> str:
    lines = "UID:a\r\nFN:Ann Berg\r\nN:Berg;Ann;;;\r\nX-ODD:kept\r\n"
    card = f"BEGIN:VCARD\r\nVERSION:{version}\r\n{lines}END:VCARD\r\n"
    return item_id(await put(stand, (await read_card(card.encode(), stand.house.blobs, "a.vcf"))[1], "Contacts"))  # type: ignore[arg-type]


def attach(ident: str, name: str, content: str = "b2N0ZXRz", more: str = "") -> str:
    file = f"<t:FileAttachment><t:Name>{name}</t:Name>{more}<t:Content>{content}</t:Content></t:FileAttachment>"
    parent = f'<m:ParentItemId Id="{ident}"/>'
    return f"<m:CreateAttachment>{parent}<m:Attachments>{file}</m:Attachments></m:CreateAttachment>"


async def attached(client: Client, *asked: str) -> str:
    got = await client.ask(attach(*asked))
    assert got.code == "NoError", got.body
    [named] = got.ids("t:AttachmentId")
    return f'<m:AttachmentIds><t:AttachmentId Id="{named}"/></m:AttachmentIds>'


@pytest.mark.parametrize("version", ["3.0", "4.0"])
async def test_a_file_is_kept_told_and_taken_away(stand: Stand, alice: Client, version: str) -> None:
    ident = await contact(stand, version)
    named = await attached(alice, ident, "offer.txt")
    said = await get(alice, ident)
    assert (said.texts("t:HasAttachments"), said.texts("t:HasPicture")) == (["true"], ["false"])
    [file] = said.find("t:FileAttachment")
    assert (file.findtext("{*}Name"), file.findtext("{*}Size")) == ("offer.txt", "6")
    got = await alice.ask(f"<m:GetAttachment><m:AttachmentShape/>{named}</m:GetAttachment>")
    assert got.texts("t:Content") == ["b2N0ZXRz"]
    [octets] = await stand.house.bodies("alice", "Contacts")
    assert b"X-ATTACH" in octets and b"X-ODD:kept" in octets and f"VERSION:{version}".encode() in octets
    assert (await alice.ask(f"<m:DeleteAttachment>{named}</m:DeleteAttachment>")).code == "NoError"
    assert b"X-ATTACH" not in (await stand.house.bodies("alice", "Contacts"))[0]
    gone = await alice.ask(f"<m:GetAttachment><m:AttachmentShape/>{named}</m:GetAttachment>")
    assert gone.code == "ErrorItemNotFound"


async def test_a_picture_is_beside_the_files_and_one_of_a_kind(stand: Stand, alice: Client) -> None:
    ident = await contact(stand)
    await attached(alice, ident, "one.txt")
    await attached(alice, ident, "two.txt")
    photo = "<t:IsContactPhoto>true</t:IsContactPhoto>"
    for _ in range(2):
        named = await attached(alice, ident, "me.png", PNG, photo)
    said = await get(alice, ident)
    names = [each.findtext("{*}Name") for each in said.find("t:FileAttachment")]
    assert sorted(map(str, names)) == ["ContactPicture.jpg", "one.txt", "two.txt"]
    assert (await alice.ask(f"<m:DeleteAttachment>{named}</m:DeleteAttachment>")).code == "NoError"
    left = await get(alice, ident)
    assert (left.texts("t:HasAttachments"), left.texts("t:HasPicture")) == (["true"], ["false"])


async def test_a_file_is_for_who_may_read_the_contact(stand: Stand, alice: Client, bob: Client) -> None:
    ident = await contact(stand)
    named = await attached(alice, ident, "offer.txt")
    ask = f"<m:GetAttachment><m:AttachmentShape/>{named}</m:GetAttachment>"
    assert (await bob.ask(ask)).code == "ErrorItemNotFound"
    await stand.share("alice", "Contacts", "bob@example.test", "lr")
    assert (await bob.ask(ask)).texts("t:Content") == ["b2N0ZXRz"]
    assert (await bob.ask(f"<m:DeleteAttachment>{named}</m:DeleteAttachment>")).code == "ErrorAccessDenied"
    assert (await bob.ask(attach(ident, "x.txt"))).code == "ErrorAccessDenied"


async def test_files_have_up_to_a_size(stand: Stand, alice: Client) -> None:
    ident = await contact(stand)
    await stand.house.write(lambda tx: tx.put_setting("attachmentSize", 1, tx.account("alice@example.test").id))
    large = base64.b64encode(b"x" * 2000).decode()
    assert (await alice.ask(attach(ident, "x", large))).code == "ErrorAttachmentSizeLimitExceeded"
