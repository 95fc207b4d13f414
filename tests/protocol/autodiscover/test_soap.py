"""Autodiscover by SOAP: user settings, domain settings, and what is refused. MS-OXWSADISC."""

from __future__ import annotations

import httpx
import pytest

from tests.protocol.autodiscover.conftest import SIGNED_IN, Make, Stand, xml_of

SPACE = "http://schemas.microsoft.com/exchange/2010/Autodiscover"
PATH = "/autodiscover/autodiscover.svc"


def envelope(operation: str, inside: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://www.w3.org/2005/08/addressing"'
        f' xmlns:x="{SPACE}"><s:Header><x:RequestedServerVersion>Exchange2013</x:RequestedServerVersion>'
        f"<a:MessageID>urn:uuid:7</a:MessageID><a:Action>{SPACE}/Autodiscover/{operation}</a:Action></s:Header>"
        f"<s:Body><x:{operation}RequestMessage><x:Request>{inside}</x:Request></x:{operation}RequestMessage></s:Body>"
        "</s:Envelope>"
    )


def users(*addresses: str, settings: tuple[str, ...]) -> str:
    mailboxes = "".join(f"<x:User><x:Mailbox>{each}</x:Mailbox></x:User>" for each in addresses)
    names = "".join(f"<x:Setting>{each}</x:Setting>" for each in settings)
    inside = f"<x:Users>{mailboxes}</x:Users><x:RequestedSettings>{names}</x:RequestedSettings>"
    return envelope("GetUserSettings", inside)


async def ask(stand: Stand, body: str) -> httpx.Response:
    return await stand.post(PATH, body, **SIGNED_IN)


async def test_a_program_finds_ews_and_itself(make: Make) -> None:
    wanted = (
        "UserDisplayName",
        "AutoDiscoverSMTPAddress",
        "ExternalEwsUrl",
        "EwsSupportedSchemas",
        "PublicFolderServer",
    )
    async with make() as stand:
        root = xml_of(await ask(stand, users("alice@example.test", settings=wanted)))
    assert root.findtext("Header/Action") == f"{SPACE}/Autodiscover/GetUserSettingsResponse"
    assert root.findtext("Header/RelatesTo") == "urn:uuid:7"
    assert root.findtext("Header/ServerVersionInfo/MajorVersion") == "15"
    assert [each.text for each in root.iter("ErrorCode")] == ["NoError", "NoError", "SettingIsNotAvailable"]
    found = {each.findtext("Name"): each.findtext("Value") for each in root.iter("UserSetting")}
    assert found["ExternalEwsUrl"] == "https://mx.example.test/EWS/Exchange.asmx"
    assert found["AutoDiscoverSMTPAddress"] == "alice@example.test"
    assert "Exchange2013_SP1" in str(found["EwsSupportedSchemas"])
    assert [each.findtext("SettingName") for each in root.iter("UserSettingError")] == ["PublicFolderServer"]


async def test_mail_comes_as_connections(make: Make) -> None:
    async with make() as stand:
        root = xml_of(await ask(stand, users("alice@example.test", settings=("ExternalImap4Connections",))))
    (setting,) = root.iter("UserSetting")
    assert setting.get("{http://www.w3.org/2001/XMLSchema-instance}type") == "ProtocolConnectionCollectionSetting"
    ways = [[one.text for one in each] for each in root.iter("ProtocolConnection")]
    assert ways == [["SSL", "mx.example.test", "993"], ["TLS", "mx.example.test", "143"]]


async def test_each_user_gets_an_answer_and_other_domains_an_error(make: Make) -> None:
    body = users("bob@example.test", "nosuch@example.test", "x@elsewhere.test", settings=("UserDisplayName",))
    async with make() as stand:
        root = xml_of(await ask(stand, body))
    assert [each.findtext("ErrorCode") for each in root.iter("UserResponse")] == ["NoError", "NoError", "InvalidUser"]


async def test_domains_have_settings(make: Make) -> None:
    inside = "".join(f"<x:Domain>{each}</x:Domain>" for each in ("example.test", "elsewhere.test"))
    settings = "<x:RequestedSettings><x:Setting>ExternalEwsUrl</x:Setting></x:RequestedSettings>"
    async with make() as stand:
        root = xml_of(await ask(stand, envelope("GetDomainSettings", f"<x:Domains>{inside}</x:Domains>{settings}")))
    assert [each.findtext("ErrorCode") for each in root.iter("DomainResponse")] == ["NoError", "InvalidDomain"]
    assert [each.findtext("Value") for each in root.iter("DomainSetting")] == [
        "https://mx.example.test/EWS/Exchange.asmx"
    ]


async def test_programs_are_asked_to_sign_in_first(make: Make) -> None:
    async with make() as stand:
        for got in (await stand.get(PATH), await stand.post("/AutoDiscover/AutoDiscover.svc", "")):
            assert (got.status_code, got.headers["www-authenticate"][:5]) == (401, "Basic")


@pytest.mark.parametrize(
    "body",
    ["", "<a", "<a/>", envelope("Other", ""), '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "<a>" * 100 + "</a>" * 100],
)
async def test_what_is_no_operation_is_a_fault(make: Make, body: str) -> None:
    async with make() as stand:
        got = await ask(stand, body)
    assert got.status_code == 500
    assert "<faultcode>s:Client</faultcode>" in got.text


async def test_a_request_has_bounds(make: Make) -> None:
    many = tuple(f"u{number}@example.test" for number in range(101))
    async with make() as stand:
        for body in (
            users(*many, settings=("UserDN",)),
            users(settings=("UserDN",)),
            users("alice@example.test", settings=()),
        ):
            assert "<ErrorCode>InvalidRequest</ErrorCode>" in (await ask(stand, body)).text
