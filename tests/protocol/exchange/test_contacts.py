"""What vCard has no field for: a phone and Outlook tell each other of it, and it is in the card."""

from __future__ import annotations

from tests.support.eas.wire import Node
from tests.support.exchangestand import Stand

SHAPE = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
WHERE = '<m:ParentFolderIds><t:DistinguishedFolderId Id="contacts"/></m:ParentFolderIds>'
FIND = f'<m:FindItem Traversal="Shallow">{SHAPE}{WHERE}</m:FindItem>'


def children(found: Node) -> list[str]:
    return [each.text for each in found.every("Children/Child")]


async def test_family_and_office_are_the_same_on_a_phone_and_in_outlook(stand: Stand) -> None:
    phone, outlook = stand.phone("alice"), stand.client("alice")
    at = await phone.at("Contacts")
    await phone.all_of(at)
    kids = ("Contacts:Children", ("Contacts:Child", "Bo"), ("Contacts:Child", "Cy, the younger"))
    data = ("Contacts:LastName", "Li"), ("Contacts:Spouse", "Jo"), ("Contacts:OfficeLocation", "B 12"), kids
    made = ("AirSync:Add", ("AirSync:ClientId", "1"), ("AirSync:ApplicationData", *data))
    server = (await phone.sync(at, made)).get("Responses/Add/ServerId") or ""
    phone.there[at][server] = Node("x:x")
    said = await outlook.ask(FIND)
    assert said.texts("t:SpouseName") == ["Jo"] and said.texts("t:OfficeLocation") == ["B 12"]
    assert said.texts("t:Children/t:String") == ["Bo", "Cy, the younger"]
    spouse = '<t:FieldURI FieldURI="contacts:SpouseName"/><t:Contact><t:SpouseName>Jo Li</t:SpouseName></t:Contact>'
    gone = '<t:DeleteItemField><t:FieldURI FieldURI="contacts:Children"/></t:DeleteItemField>'
    updates = f"<t:Updates><t:SetItemField>{spouse}</t:SetItemField>{gone}</t:Updates>"
    item = f'<t:ItemChange><t:ItemId Id="{said.ids()[0]}"/>{updates}</t:ItemChange>'
    changed = f'<m:UpdateItem ConflictResolution="AutoResolve"><m:ItemChanges>{item}</m:ItemChanges></m:UpdateItem>'
    assert (await outlook.ask(changed)).code == "NoError"
    await phone.sync(at)
    now = phone.there[at][server]
    assert now.get("Spouse") == "Jo Li" and now.get("OfficeLocation") == "B 12" and children(now) == []


async def test_children_that_outlook_names_are_told_to_a_phone_and_are_in_the_card(stand: Stand) -> None:
    phone, outlook = stand.phone("alice"), stand.client("alice")
    at = await phone.at("Contacts")
    await phone.sync(at, key="0")
    named = "<t:Children><t:String>Bo</t:String><t:String>Cy</t:String></t:Children>"
    contact = f"<t:Contact><t:FileAs>The Lis</t:FileAs>{named}<t:Surname>Li</t:Surname></t:Contact>"
    assert (await outlook.ask(f"<m:CreateItem><m:Items>{contact}</m:Items></m:CreateItem>")).code == "NoError"
    await phone.sync(at)
    [told] = phone.there[at].values()
    assert children(told) == ["Bo", "Cy"] and told.get("FileAs") == "The Lis"
    [octets] = await stand.house.bodies("alice", "Contacts")
    assert b"X-MS-CHILD;VALUE=TEXT:Bo\r\n" in octets
