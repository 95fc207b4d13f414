"""The SOAP around operations: what is taken, and what is said of what is not."""

from __future__ import annotations

import base64

import pytest

from connectors.ews.ids import item_id
from tests.support.corpus import path as corpus
from tests.support.ewsstand import Client, Stand

INBOX = '<t:DistinguishedFolderId Id="inbox"/>'
ID_ONLY = "<m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape>"
GET = f"<m:GetFolder>{ID_ONLY}<m:FolderIds>{INBOX}</m:FolderIds></m:GetFolder>"


async def test_the_path_is_found_in_any_case_and_takes_post(stand: Stand, alice: Client) -> None:
    for path in ("/EWS/Exchange.asmx", "/ews/exchange.asmx", "/Ews/EXCHANGE.ASMX"):
        got = await alice.post(b"<x/>", path)
        assert got.code == "ErrorSchemaValidation"
    assert (await alice.post(b"", "/EWS/Other.asmx")).status == 404
    got = await stand.http.get("/EWS/Exchange.asmx")
    assert got.status_code == 401 and got.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><x>&a;</x>',
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b"<a>" * 100 + b"</a>" * 100,
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>',
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x/></s:Body></s:Envelope>',
    ],
)
async def test_what_is_no_request_is_a_fault(alice: Client, body: bytes) -> None:
    got = await alice.post(body)
    assert (got.status, got.code) == (500, "ErrorSchemaValidation")
    assert b"root:" not in got.body


async def test_a_request_has_a_bound(alice: Client) -> None:
    got = await alice.post(b"<x/>", **{"content-length": str(1 << 40)})
    assert (got.status, got.code) == (413, "ErrorMessageSizeExceeded")


async def test_versions_are_told_and_asked_for(alice: Client) -> None:
    got = await alice.ask(GET)
    [info] = got.xml.findall(".//{*}ServerVersionInfo")
    assert (info.get("MajorVersion"), info.get("Version")) == ("15", "Exchange2016")
    body = (await alice.ask(GET)).body
    assert b"Success" in body
    wrong = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="%b" xmlns:m="%b"><s:Header>'
    wrong %= (
        b"http://schemas.microsoft.com/exchange/services/2006/types",
        b"http://schemas.microsoft.com/exchange/services/2006/messages",
    )
    wrong += b'<t:RequestServerVersion Version="Lotus"/></s:Header><s:Body><m:GetFolder/></s:Body></s:Envelope>'
    assert (await alice.post(wrong)).code == "ErrorInvalidServerVersion"


async def test_an_operation_that_is_not_there_is_a_fault(alice: Client) -> None:
    got = await alice.ask("<m:StartSearchSession/>")
    assert (got.status, got.code) == (500, "ErrorInvalidRequest")


async def test_each_part_has_its_own_code(alice: Client) -> None:
    bad = '<t:FolderId Id="x"/><t:FolderId Id="RgAAAAB///8="/>'
    none = '<t:DistinguishedFolderId Id="voicemail"/>'
    box = "<t:Mailbox><t:EmailAddress>no@example.test</t:EmailAddress></t:Mailbox>"
    far = f'<t:DistinguishedFolderId Id="inbox">{box}</t:DistinguishedFolderId>'
    got = await alice.ask(f"<m:GetFolder>{ID_ONLY}<m:FolderIds>{INBOX}{bad}{none}{far}</m:FolderIds></m:GetFolder>")
    assert got.status == 200
    assert got.codes == [
        "NoError",
        "ErrorInvalidIdMalformed",
        "ErrorInvalidIdMalformed",
        "ErrorFolderNotFound",
        "ErrorNonExistentMailbox",
    ]


async def test_ids_are_converted_and_come_back(stand: Stand, alice: Client, bob: Client) -> None:
    [ident] = (await alice.ask(GET)).ids("t:FolderId")
    source = '<m:SourceIds><t:AlternateId Format="{}" Id="{}" Mailbox="a@x"/></m:SourceIds>'
    ask = f'<m:ConvertId DestinationFormat="{{}}">{source}</m:ConvertId>'
    [there] = [
        each.get("Id") for each in (await alice.ask(ask.format("HexEntryId", "EwsId", ident))).find("m:AlternateId")
    ]
    assert bytes.fromhex(str(there)) == base64.b64decode(ident)
    [back] = [
        each.get("Id") for each in (await alice.ask(ask.format("EwsId", "HexEntryId", there))).find("m:AlternateId")
    ]
    assert back == ident
    assert (await alice.ask(ask.format("EwsId", "EwsId", "DUMMY"))).code == "ErrorInvalidIdMalformed"
    await stand.share("alice", "INBOX", "bob@example.test", "lr")
    ids = [ident, item_id(await stand.put("alice", b"Subject: x\r\n\r\nx\r\n"))]  # type: ignore[arg-type]
    for who in (alice, bob):  # DavMail learns its own address so
        told = [(await who.ask(ask.format("EwsId", "EwsId", each))).find("m:AlternateId")[0] for each in ids]
        boxes = [each.get("Mailbox") for each in told]
        assert boxes == ["alice@example.test"] * 2


async def test_recorded_requests_are_answered(alice: Client) -> None:
    names = [each for each in corpus("ews/viewpoint").iterdir() if each.name.endswith("_request.xml")]
    assert names
    for name in names:
        got = await alice.post(name.read_bytes())
        assert got.status in (200, 500) and got.xml is not None, name
        assert "ErrorInternalServerError" not in got.body.decode(), name


async def test_zones_are_told_with_their_changes(alice: Client) -> None:
    ask = '<m:GetServerTimeZones ReturnFullTimeZoneData="true"><m:Ids><t:Id>{}</t:Id></m:Ids></m:GetServerTimeZones>'
    got = await alice.ask(ask.format("W. Europe Standard Time"))
    assert [each.get("Bias") for each in got.find("t:Period")] == ["-PT1H0M", "-PT2H0M"]
    assert got.texts("t:Month") == ["3", "10"] and got.texts("t:Occurrence") == ["-1", "-1"]
    assert got.texts("t:TimeOffset") == ["PT2H0M", "PT3H0M"] and got.texts("t:DayOfWeek") == ["Sunday"] * 2
    got = await alice.ask(ask.format("India Standard Time"))
    assert [each.get("Bias") for each in got.find("t:Period")] == ["-PT5H30M"] and not got.texts("t:Month")


async def test_a_message_of_more_than_ten_megabytes_is_taken(stand: Stand, alice: Client) -> None:
    octets = b"Subject: Large\r\n\r\n" + b"0123456789abcdef" * 500_000
    mime = f"<t:MimeContent>{base64.b64encode(octets).decode()}</t:MimeContent>"
    made = f"<m:SavedItemFolderId>{INBOX}</m:SavedItemFolderId><m:Items><t:Message>{mime}</t:Message></m:Items>"
    got = await alice.ask(f'<m:CreateItem MessageDisposition="SaveOnly">{made}</m:CreateItem>')
    assert got.code == "NoError", got.body[:500]
    assert await stand.house.bodies("alice", "INBOX") == [octets]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_what_grows_while_it_is_read_is_not_taken(alice: Client, encoding: str) -> None:
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 20}">' for n in range(9))
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY e0 "ha">{levels}]><x a="&e9;">'
    got = await alice.post((bomb + "x" * 9_500_000 + "</x>").encode(encoding))
    assert (got.status, got.code) == (500, "ErrorSchemaValidation")
