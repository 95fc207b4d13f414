"""Autodiscover by POX: what Outlook, phones and hostile strangers ask, and what they are told."""

from __future__ import annotations

import pytest

from connectors.autodiscover.asked import BODY_OCTETS
from groupware.store.api import WriteTx
from tests.protocol.autodiscover.conftest import SIGNED_IN, Make, Stand, xml_of

SPACE = "http://schemas.microsoft.com/exchange/autodiscover"
WINDOWS = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)"
PATH = "/autodiscover/autodiscover.xml"


def asks(address: str = "alice@example.test", kind: str = "outlook", year: str = "2006a") -> str:
    return (
        f'<?xml version="1.0"?><Autodiscover xmlns="{SPACE}/{kind}/requestschema/2006"><Request>'
        f"<EMailAddress>{address}</EMailAddress>"
        f"<AcceptableResponseSchema>{SPACE}/{kind}/responseschema/{year}</AcceptableResponseSchema>"
        "</Request></Autodiscover>"
    )


async def protocols(stand: Stand, body: str = "", **headers: str) -> dict[str, list[dict[str, str]]]:
    """The protocols of an answer, by type."""
    root = xml_of(await stand.post(PATH, body or asks(), **headers))
    found: dict[str, list[dict[str, str]]] = {}
    for each in root.iter("Protocol"):
        facts = {str(one.tag): one.text or "" for one in each}
        found.setdefault(facts["Type"], []).append(facts)
    return found


@pytest.mark.parametrize("path", [PATH, "/Autodiscover/Autodiscover.xml", "/AutoDiscover/AUTODISCOVER.XML"])
async def test_outlook_is_told_of_mail_whatever_the_letter_case(make: Make, path: str) -> None:
    async with make() as stand:
        root = xml_of(await stand.post(path, asks(), user_agent=WINDOWS))
        assert root.findtext("Response/User/AutoDiscoverSMTPAddress") == "alice@example.test"
        assert root.findtext("Response/Account/AccountType") == "email"
        assert root.findtext("Response/Account/Action") == "settings"
        found = await protocols(stand, user_agent=WINDOWS)
    imap, smtp = found["IMAP"], found["SMTP"]
    assert [(each["Server"], each["Port"], each["SSL"], each["Encryption"]) for each in imap] == [
        ("mx.example.test", "993", "on", "SSL"),
        ("mx.example.test", "143", "on", "TLS"),
    ]
    assert (smtp[0]["Port"], smtp[0]["AuthRequired"], smtp[0]["LoginName"]) == ("465", "on", "alice@example.test")


async def test_outlook_for_windows_is_not_led_to_exchange(make: Make) -> None:
    async with make() as stand:
        assert set(await protocols(stand, user_agent=WINDOWS)) == {"IMAP", "POP3", "SMTP"}
        assert "EXCH" not in await protocols(stand, x_mapihttpcapability="1")
        for_mac = await protocols(stand, user_agent="MacOutlook/16.80 (Intel Mac OS X 14.2)")
    assert {each["EwsUrl"] for kind in ("EXCH", "EXPR") for each in for_mac[kind]} == {
        "https://mx.example.test/EWS/Exchange.asmx"
    }


async def test_a_phone_is_told_where_activesync_is(make: Make) -> None:
    async with make() as stand:
        root = xml_of(await stand.post(PATH, asks(kind="mobilesync", year="2006")))
    server = root.find("Response/Action/Settings/Server")
    assert server is not None
    assert server.findtext("Type") == "MobileSync"
    assert server.findtext("Url") == "https://mx.example.test/Microsoft-Server-ActiveSync"
    assert root.findtext("Response/User/EMailAddress") == "alice@example.test"


async def test_what_is_not_served_is_not_told(make: Make) -> None:
    async with make(served=("/dav",)) as stand:
        root = xml_of(await stand.post(PATH, asks(kind="mobilesync", year="2006")))
        assert root.findtext("Response/Error/ErrorCode") == "601"
        assert "EXPR" not in await protocols(stand)


async def test_addresses_that_there_are_look_like_those_that_there_are_not(make: Make) -> None:
    async with make() as stand:
        there = (await stand.post(PATH, asks("alice@example.test"))).text
        absent = (await stand.post(PATH, asks("nosuch@example.test"))).text
    assert there.replace("alice", "nosuch") == absent


async def test_who_signs_in_is_told_what_is_switched_on(make: Make) -> None:
    def off(tx: WriteTx) -> None:
        account = tx.account("alice@example.test")
        tx.put_setting("pop3", False, account.id)
        tx.update_account("alice@example.test", name="Alice Liddell")

    async with make() as stand:
        await stand.house.write(off)
        root = xml_of(await stand.post(PATH, asks(), **SIGNED_IN))
        assert root.findtext("Response/User/DisplayName") == "Alice Liddell"
        assert set(await protocols(stand, **SIGNED_IN)) == {"EXCH", "EXPR", "IMAP", "SMTP"}
        bob = await protocols(stand, asks("bob@example.test"), **SIGNED_IN)
        assert bob["IMAP"][0]["LoginName"] == "alice@example.test"


async def test_a_wrong_password_gets_no_answer(make: Make) -> None:
    async with make() as stand:
        got = await stand.post(PATH, asks(), authorization="Basic YWxpY2VAZXhhbXBsZS50ZXN0Ondyb25n")
    assert (got.status_code, got.headers["www-authenticate"][:5]) == (401, "Basic")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "600"),
        ("no xml", "600"),
        ("<a><b></a>", "600"),
        (asks(""), "600"),
        (asks("alice@elsewhere.test"), "500"),
        (asks("no-address"), "500"),
        (asks("a" * 400 + "@example.test"), "500"),
        (asks(kind="other"), "601"),
        ("<a>" * 100 + "</a>" * 100, "600"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "600"),
    ],
)
async def test_what_cannot_be_answered_is_said_in_the_protocols_form(make: Make, body: str, code: str) -> None:
    async with make() as stand:
        root = xml_of(await stand.post(PATH, body))
    assert root.findtext("Response/Error/ErrorCode") == code
    assert root.findtext("Response/Error/Message")


async def test_entities_are_never_expanded(make: Make) -> None:
    lol = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    async with make() as stand:
        got = await stand.post(PATH, f"{lol}<a><EMailAddress>&b;&f;@example.test</EMailAddress></a>")
    assert xml_of(got).findtext("Response/Error/ErrorCode") == "600"
    assert "root:" not in got.text


async def test_a_body_has_a_bound(make: Make) -> None:
    async with make() as stand:
        assert (await stand.post(PATH, b" " * (BODY_OCTETS + 1))).status_code == 413


async def test_markup_in_an_address_stays_text(make: Make) -> None:
    async with make() as stand:
        root = xml_of(await stand.post(PATH, asks("a&lt;b&gt;&amp;@example.test")))
    assert root.findtext("Response/User/AutoDiscoverSMTPAddress") == "a<b>&@example.test"


async def test_who_comes_without_tls_is_sent_to_it(make: Make) -> None:
    async with make(tls=False) as stand:
        got = await stand.get("/Autodiscover/autodiscover.xml")
    assert (got.status_code, got.headers["location"]) == (302, "https://mx.example.test/autodiscover/autodiscover.xml")


async def test_the_administrator_says_what_is_told(make: Make) -> None:
    text = '[autodiscover]\ntold = ["imap", "smtp"]\nhost = "mail.example.test"\nsmtp = "out.example.test:4650"\n'
    async with make(text) as stand:
        found = await protocols(stand)
    assert set(found) == {"IMAP", "SMTP"}
    assert found["IMAP"][0]["Server"] == "mail.example.test"
    assert [(each["Server"], each["Port"]) for each in found["SMTP"]] == [("out.example.test", "4650")]


async def test_it_can_be_off(make: Make) -> None:
    async with make("[autodiscover]\nenabled = false\n") as stand:
        assert (await stand.post(PATH, asks())).status_code == 404
