"""What was done last with a message, and when: a phone and Outlook tell each other."""

from __future__ import annotations

import pytest

from groupware.model.flags import FlagChange, Flags
from groupware.model.ids import Uid
from groupware.store.api import WriteTx
from tests.protocol.exchange.test_follow_up import begun
from tests.support.eas.stand import Phone
from tests.support.eas.wire import write
from tests.support.exchangestand import Stand
from tests.support.jmapstand import letter

VERB = '<t:ExtendedFieldURI PropertyTag="0x1081" PropertyType="Integer"/>'
WHEN = '<t:ExtendedFieldURI PropertyTag="0x1082" PropertyType="SystemTime"/>'


async def compose(phone: Phone, command: str, server: str, ident: str = "1") -> None:
    at = server.partition(":")[0]
    source = ("ComposeMail:Source", ("ComposeMail:FolderId", at), ("ComposeMail:ItemId", server))
    mime = ("ComposeMail:Mime", b"To: bob@example.test\r\nSubject: Re\r\n\r\nx\r\n")
    tree = (f"ComposeMail:{command}", ("ComposeMail:ClientId", ident), source, mime)
    got = await phone.post(command, write(tree))
    assert (got.status_code, got.content) == (200, b"")


def seen(phone: Phone, at: str, server: str) -> tuple[str | None, bool]:
    """The verb that the phone has, and whether it has a time."""
    found = phone.there[at][server]
    return found.get("LastVerbExecuted"), bool(found.get("LastVerbExecutionTime"))


async def outlook_sees(stand: Stand) -> tuple[str, list[str]]:
    """The item's id, and both properties."""
    shape = f"<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{VERB}{WHEN}</t:AdditionalProperties>"
    where = '<m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds>'
    ask = f'<m:FindItem Traversal="Shallow"><m:ItemShape>{shape}</m:ItemShape>{where}</m:FindItem>'
    got = await stand.client("alice").ask(ask)
    return got.ids()[0], got.texts("t:Value")


@pytest.mark.parametrize(("command", "told", "kept"), [("SmartReply", "1", "102"), ("SmartForward", "3", "104")])
async def test_what_a_phone_does_is_told_with_its_time(stand: Stand, command: str, told: str, kept: str) -> None:
    phone, at, server = await begun(stand)
    await compose(phone, command, server)
    said = await phone.sync(at)
    time = said.get("Commands/Change/ApplicationData/LastVerbExecutionTime") or ""
    assert seen(phone, at, server) == (told, True)
    now = stand.house.parts.clock.now()
    assert time == f"{now:%Y-%m-%dT%H:%M:%S}.000Z"
    assert (await outlook_sees(stand))[1] == [kept, f"{now:%Y-%m-%dT%H:%M:%SZ}"]


@pytest.mark.parametrize(("kind", "told"), [("ReplyToItem", "1"), ("ReplyAllToItem", "2"), ("ForwardItem", "3")])
async def test_what_outlook_does_a_phone_sees(stand: Stand, kind: str, told: str) -> None:
    phone, at, server = await begun(stand)
    to = "<t:ToRecipients><t:Mailbox><t:EmailAddress>bob@example.test</t:EmailAddress></t:Mailbox></t:ToRecipients>"
    ident = (await outlook_sees(stand))[0]
    item = f'<t:{kind}>{to}<t:ReferenceItemId Id="{ident}"/></t:{kind}>'
    ask = f'<m:CreateItem MessageDisposition="SendOnly"><m:Items>{item}</m:Items></m:CreateItem>'
    assert (await stand.client("alice").ask(ask)).code == "NoError"
    await phone.sync(at)
    assert seen(phone, at, server) == (told, True)


async def test_the_later_of_two_counts(stand: Stand) -> None:
    phone, at, server = await begun(stand)
    for number, (command, told) in enumerate((("SmartForward", "3"), ("SmartReply", "1"), ("SmartForward", "3"))):
        await compose(phone, command, server, str(number))
        await phone.sync(at)
        assert seen(phone, at, server) == (told, True)


async def test_a_time_goes_with_its_flag_and_a_flag_of_other_programs_has_none(stand: Stand) -> None:
    phone, at, server = await begun(stand)
    await compose(phone, "SmartReply", server)

    async def flag(change: FlagChange) -> None:
        def work(tx: WriteTx) -> None:
            folder = tx.locate(tx.account("alice@example.test").id, "INBOX")
            tx.update_flags(folder.id, [(Uid(1), Uid(1))], change)

        await stand.house.write(work)
        await phone.sync(at)

    await flag(FlagChange(remove=Flags.ANSWERED))
    assert seen(phone, at, server) == (None, False) and (await outlook_sees(stand))[1] == []
    await flag(FlagChange(add_words=frozenset({"$Forwarded"})))
    assert seen(phone, at, server) == ("3", False) and (await outlook_sees(stand))[1] == ["104"]


async def test_who_may_only_read_a_folder_answers_and_leaves_no_mark(stand: Stand) -> None:
    uid = await stand.put("alice", letter("one"))
    at = await stand.share("alice", "INBOX", "bob@example.test", "lr")
    phone = stand.phone("bob")
    await phone.folder_sync()
    await compose(phone, "SmartReply", f"{at}:{uid}")
    assert (await outlook_sees(stand))[1] == [] and len(await stand.house.bodies("bob")) == 1
