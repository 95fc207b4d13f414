"""Delegates, rules, subscriptions and who may come in at all."""

from __future__ import annotations

import base64

from connectors.ews.ids import item_id
from groupware.contacts.card import read_item as read_card
from groupware.model.principal import OPERATOR
from groupware.model.rights import letters
from groupware.store.api import ReadTx
from tests.protocol.ews.test_items import put
from tests.support.ewsstand import Client, Stand

BOX = "<m:Mailbox><t:EmailAddress>alice@example.test</t:EmailAddress></m:Mailbox>"
BOB = "<t:UserId><t:PrimarySmtpAddress>bob@example.test</t:PrimarySmtpAddress></t:UserId>"


def delegate(operation: str, level: str, private: str = "false") -> str:
    said = f"<t:CalendarFolderPermissionLevel>{level}</t:CalendarFolderPermissionLevel>"
    rights = f"<t:DelegatePermissions>{said}</t:DelegatePermissions>"
    user = f"<t:DelegateUser>{BOB}{rights}<t:ViewPrivateItems>{private}</t:ViewPrivateItems></t:DelegateUser>"
    return f"<m:{operation}>{BOX}<m:DelegateUsers>{user}</m:DelegateUsers></m:{operation}>"


async def rights(stand: Stand, path: str) -> str:
    """What Bob is granted on a folder of Alice's."""

    def work(tx: ReadTx) -> str:
        at = tx.locate(tx.account("alice@example.test").id, path)
        return next((letters(each.allow) for each in tx.grants(at.id) if each.grantee == "bob@example.test"), "")

    return await stand.house.read(work)


async def test_delegates_come_change_and_go(stand: Stand, alice: Client) -> None:
    got = await alice.ask(delegate("AddDelegate", "Reviewer"))
    assert got.codes == ["NoError", "NoError"], got.body
    assert (await rights(stand, "Calendar"), await rights(stand, "")) == ("lrs", "21")
    assert "ErrorDelegateAlreadyExists" in (await alice.ask(delegate("AddDelegate", "Editor"))).codes
    await stand.share("alice", "Calendar", "bob@example.test", "lrsp")
    await alice.ask(delegate("UpdateDelegate", "Editor", "true"))
    assert await rights(stand, "Calendar") == "lrswipte5"
    got = await alice.ask(f'<m:GetDelegate IncludePermissions="true">{BOX}</m:GetDelegate>')
    assert got.texts("t:CalendarFolderPermissionLevel") == ["Editor"] and got.texts("t:ViewPrivateItems") == ["true"]
    await alice.ask(f"<m:RemoveDelegate>{BOX}<m:UserIds>{BOB}</m:UserIds></m:RemoveDelegate>")
    assert (await rights(stand, "Calendar"), await rights(stand, "")) == ("", "")


async def test_delegates_are_the_owners_to_choose(stand: Stand, bob: Client) -> None:
    got = await bob.ask(delegate("AddDelegate", "Editor"))
    assert got.codes[-1] != "NoError" and await rights(stand, "Calendar") == ""


async def test_a_rule_that_sieve_cannot_keep_is_refused(stand: Stand, alice: Client) -> None:
    rule = (
        "<t:Rule><t:DisplayName>R</t:DisplayName><t:Priority>1</t:Priority><t:IsEnabled>true</t:IsEnabled>"
        "<t:Conditions>{}</t:Conditions><t:Actions><t:MarkAsRead>true</t:MarkAsRead></t:Actions></t:Rule>"
    )
    ask = (
        "<m:UpdateInboxRules><m:RemoveOutlookRuleBlob>true</m:RemoveOutlookRuleBlob><m:Operations>"
        f"<t:CreateRuleOperation>{rule}</t:CreateRuleOperation></m:Operations></m:UpdateInboxRules>"
    )
    assert (await alice.ask(ask.format("<t:IsVoicemail>true</t:IsVoicemail>"))).code == "ErrorInboxRulesValidationError"
    said = await alice.ask("<m:GetInboxRules/>")
    assert said.code == "NoError" and not said.find("t:Rule")
    odd = '<t:ContainsSubjectStrings><t:String>a\\" ; stop; \\n"</t:String></t:ContainsSubjectStrings>'
    assert (await alice.ask(ask.format(odd))).code == "NoError"
    said = await alice.ask("<m:GetInboxRules/>")
    assert said.texts("t:DisplayName") == ["R"] and said.texts("t:String") == ['a\\" ; stop; \\n"']


async def test_who_has_it_switched_off_does_not_come_in(stand: Stand, alice: Client) -> None:
    await stand.house.write(lambda tx: tx.put_setting("ews", False, tx.account("alice@example.test").id))
    assert (await alice.post(b"<x/>")).status == 401


async def test_somebody_elses_answers_are_not_told(alice: Client) -> None:
    box = "<t:Mailbox><t:Address>bob@example.test</t:Address></t:Mailbox>"
    got = await alice.ask(f"<m:GetUserOofSettingsRequest>{box}</m:GetUserOofSettingsRequest>")
    assert got.code == "ErrorAccessDenied"


async def test_a_subscription_of_nobody_is_refused(alice: Client) -> None:
    got = await alice.ask(
        "<m:GetEvents><m:SubscriptionId>x</m:SubscriptionId><m:Watermark>y</m:Watermark></m:GetEvents>"
    )
    assert got.code == "ErrorSubscriptionNotFound"
    ids = "<m:SubscriptionIds><t:SubscriptionId>x</t:SubscriptionId></m:SubscriptionIds>"
    ask = f"<m:GetStreamingEvents>{ids}<m:ConnectionTimeout>1</m:ConnectionTimeout></m:GetStreamingEvents>"
    got = await alice.ask(ask)
    assert (got.code, got.texts("t:SubscriptionId")) == ("ErrorSubscriptionNotFound", ["x"])


async def test_events_of_folders_that_may_not_be_read_are_not_told(stand: Stand, alice: Client, bob: Client) -> None:
    inbox = '<t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds>'
    kinds = "<t:EventTypes><t:EventType>CreatedEvent</t:EventType></t:EventTypes><t:Timeout>9</t:Timeout>"
    ask = f"<m:Subscribe><m:PullSubscriptionRequest>{inbox}{kinds}</m:PullSubscriptionRequest></m:Subscribe>"
    got = await alice.ask(ask)
    [ident], [mark] = got.texts("m:SubscriptionId"), got.texts("m:Watermark")
    await stand.put("alice", b"Subject: x\r\n\r\nx\r\n")
    events = f"<m:GetEvents><m:SubscriptionId>{ident}</m:SubscriptionId><m:Watermark>{mark}</m:Watermark></m:GetEvents>"
    assert len((await alice.ask(events)).find("t:CreatedEvent")) == 1
    got = await bob.ask(events)
    assert got.find("t:StatusEvent") and not got.find("t:CreatedEvent")


async def test_a_photo_is_its_owners_to_set_and_for_the_domain_to_see(stand: Stand, alice: Client, bob: Client) -> None:
    octets = base64.b64encode(b"\xff\xd8\xff\xe0 a picture").decode()

    def setting(address: str, content: str) -> str:
        return f"<m:SetUserPhoto><m:Email>{address}</m:Email><m:Content>{content}</m:Content></m:SetUserPhoto>"

    size = "<m:SizeRequested>HR48x48</m:SizeRequested>"
    ask = f"<m:GetUserPhoto><m:Email>alice@example.test</m:Email>{size}</m:GetUserPhoto>"
    assert (await bob.ask(ask)).code == "ErrorItemNotFound"
    assert (await bob.ask(setting("alice@example.test", octets))).code == "ErrorAccessDenied"
    assert (await alice.ask(setting("alice@example.test", "AAAA"))).code == "ErrorInvalidRequest"
    assert (await alice.ask(setting("alice@example.test", octets))).code == "NoError"
    assert (await bob.ask(ask)).texts("m:PictureData") == [octets]

    async def published(value: bool) -> None:
        await stand.house.parts.store.write(
            OPERATOR, lambda tx: tx.put_setting("publishContactInfo", value, tx.account("alice@example.test").id)
        )

    await published(False)
    assert (await bob.ask(ask)).code == "ErrorItemNotFound"
    assert (await alice.ask(ask)).code == "NoError"
    await published(True)
    assert (await alice.ask(setting("alice@example.test", ""))).code == "NoError"
    assert (await bob.ask(ask)).code == "ErrorItemNotFound"


async def test_people_are_found_by_several_words(stand: Stand, alice: Client) -> None:
    card = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:b\r\nFN:Bert Bobson\r\nEMAIL:bert@far.test\r\nEND:VCARD\r\n"
    await put(stand, (await read_card(card.encode(), stand.house.blobs, "b.vcf"))[1], "Contacts")

    async def found(text: str) -> list[str]:
        view = '<m:IndexedPageItemView MaxEntriesReturned="10" Offset="0" BasePoint="Beginning"/>'
        where = '<m:ParentFolderId><t:DistinguishedFolderId Id="directory"/></m:ParentFolderId>'
        got = await alice.ask(f"<m:FindPeople>{view}{where}<m:QueryString>{text}</m:QueryString></m:FindPeople>")
        return sorted(got.texts("t:DisplayName"))

    assert await found("bob") == ["Bert Bobson", "bob@example.test"]
    assert await found("bobson bert") == ["Bert Bobson"]
    assert await found("alice OR bert") == ["Bert Bobson", "alice@example.test"]
    assert await found("bob NOT bert") == ["bob@example.test"]
    assert "Bert Bobson" not in await found("NOT bert")


async def test_members_of_a_list_are_told_by_name_and_added(stand: Stand, alice: Client) -> None:
    def card(uid: str, name: str, *lines: str) -> bytes:
        more = "".join(f"{line}\r\n" for line in lines)
        return f"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:{uid}\r\nFN:{name}\r\n{more}END:VCARD\r\n".encode()

    ann, lost = "urn:uuid:03a0e51f-d1aa-4385-8a53-e29025acd8af", "urn:uuid:b8767877-b4a1-4c70-9acc-505d3819e519"
    group = card("urn:uuid:g", "Crew", "KIND:group", f"MEMBER:{ann}", f"MEMBER:{lost}", "MEMBER:mailto:carl@far.test")
    await put(
        stand, (await read_card(card(ann, "Ann Berg", "EMAIL:ann@far.test"), stand.house.blobs, "a.vcf"))[1], "Contacts"
    )
    ident = item_id(await put(stand, (await read_card(group, stand.house.blobs, "g.vcf"))[1], "Contacts"))  # type: ignore[arg-type]
    ask = f'<m:ExpandDL><m:Mailbox><t:ItemId Id="{ident}"/></m:Mailbox></m:ExpandDL>'
    got = await alice.ask(ask)
    assert got.texts("t:Name") == ["Ann Berg", lost, "carl@far.test"]
    assert got.texts("t:EmailAddress") == ["ann@far.test", "carl@far.test"]

    box = "<t:Member><t:Mailbox><t:EmailAddress>dora@far.test</t:EmailAddress></t:Mailbox></t:Member>"
    change = (
        '<t:AppendToItemField><t:FieldURI FieldURI="distributionlist:Members"/>'
        f"<t:DistributionList><t:Members>{box}</t:Members></t:DistributionList></t:AppendToItemField>"
    )
    item = f'<t:ItemChange><t:ItemId Id="{ident}"/><t:Updates>{change}</t:Updates></t:ItemChange>'
    update = f'<m:UpdateItem ConflictResolution="AlwaysOverwrite"><m:ItemChanges>{item}</m:ItemChanges></m:UpdateItem>'
    said = await alice.ask(update)
    assert said.code == "NoError", said.body
    assert (await alice.ask(ask)).texts("t:EmailAddress") == ["ann@far.test", "carl@far.test", "dora@far.test"]
