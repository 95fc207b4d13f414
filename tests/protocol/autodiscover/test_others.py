"""The other forms: JSON, Mozilla's autoconfig, Apple's profiles, PACC, the table for our own pages."""

from __future__ import annotations

import asyncio
import plistlib
import subprocess
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

import web.http
from mailcore.server.config import load
from mailcore.smtp.authentication.zone import wanted
from tests.protocol.autodiscover.conftest import NAMED, SIGNED_IN, Make, xml_of
from tests.support.certificates import Authority
from tests.support.house import house
from tests.support.webstand import asked, setup_of, way_in
from web.webmail.files import File

JSON = "/autodiscover/autodiscover.json"


@pytest.mark.parametrize(
    ("path", "status", "found"),
    [
        (f"{JSON}?Email=alice@example.test&Protocol=ActiveSync", 200, "/Microsoft-Server-ActiveSync"),
        ("/Autodiscover/AutoDiscover.json?email=alice@example.test&protocol=EWS", 200, "/EWS/Exchange.asmx"),
        (f"{JSON}/v1.0/alice%40example.test?Protocol=AutodiscoverV1", 200, "/autodiscover/autodiscover.xml"),
        (f"{JSON}?Email=alice@example.test", 400, "MandatoryParameterMissing"),
        (f"{JSON}?Email=alice@example.test&Protocol=Rest", 400, "InvalidProtocol"),
        (f"{JSON}?Email=alice@elsewhere.test&Protocol=Ews", 404, "InvalidUserId"),
        (f"{JSON}?Protocol=Ews", 404, "InvalidUserId"),
    ],
)
async def test_json_says_where_one_protocol_is(make: Make, path: str, status: int, found: str) -> None:
    async with make() as stand:
        got = await stand.get(path)
    assert got.status_code == status
    said = got.json()
    assert (said["Url"] == f"https://mx.example.test{found}") if status == 200 else (said["ErrorCode"] == found)


async def test_json_does_not_tell_of_what_is_not_served(make: Make) -> None:
    async with make(served=("/dav",)) as stand:
        got = await stand.get(f"{JSON}?Email=alice@example.test&Protocol=ActiveSync")
    assert (got.status_code, got.json()["ErrorCode"]) == (404, "ProtocolNotSupported")


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("autoconfig.example.test", "/mail/config-v1.1.xml?emailaddress=anybody%40example.test"),
        ("autoconfig.example.test", "/mail/config-v1.1.xml"),
        ("example.test", "/.well-known/autoconfig/mail/config-v1.1.xml"),
        ("mx.example.test", "/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress=bob@example.test"),
    ],
)
async def test_thunderbird_finds_mail_calendars_and_contacts(make: Make, host: str, path: str) -> None:
    async with make() as stand:
        root = xml_of(await stand.get(path, host=host))
    assert (root.tag, root.get("version")) == ("clientConfig", "1.1")
    provider = root.find("emailProvider")
    assert provider is not None
    assert (provider.get("id"), provider.findtext("domain")) == ("example.test", "example.test")
    first = provider.find("incomingServer")
    assert first is not None
    assert [first.get("type"), *[str(each.text) for each in first]] == [
        "imap", "mx.example.test", "993", "SSL", "password-cleartext", "%EMAILADDRESS%",
    ]  # fmt: skip
    assert [each.get("type") for each in provider.iter("incomingServer")] == [
        "imap",
        "imap",
        "pop3",
        "pop3",
        "exchange",
    ]
    assert [each.findtext("socketType") for each in provider.iter("outgoingServer")] == ["SSL", "STARTTLS"]
    assert (
        root.findtext("calendar/serverURL") == root.findtext("addressBook/serverURL") == "https://mx.example.test/dav/"
    )


async def test_other_domains_are_not_there(make: Make) -> None:
    async with make() as stand:
        for path in (
            "/mail/config-v1.1.xml?emailaddress=a@elsewhere.test",
            "/autodiscover/apple.mobileconfig?email=a@elsewhere.test",
            "/autodiscover/offers.json?email=none",
        ):
            assert (await stand.get(path)).status_code == 404
        for host in ("autoconfig.elsewhere.test", "", "autoconfig."):
            assert (await stand.get("/mail/config-v1.1.xml", host=host)).status_code == 404


async def test_apples_profile_sets_everything_up_without_a_password(make: Make) -> None:
    async with make() as stand:
        got = await stand.get("/autodiscover/apple.mobileconfig?email=alice@example.test")
        again = await stand.get("/autodiscover/apple.mobileconfig?email=alice@example.test")
    assert got.headers["content-type"] == "application/x-apple-aspen-config"
    assert got.content == again.content
    whole = plistlib.loads(got.content)
    mail, calendars, contacts = whole["PayloadContent"]
    assert (mail["PayloadType"], mail["EmailAccountType"]) == ("com.apple.mail.managed", "EmailTypeIMAP")
    assert (mail["IncomingMailServerHostName"], mail["IncomingMailServerPortNumber"]) == ("mx.example.test", 993)
    assert (mail["OutgoingMailServerPortNumber"], mail["OutgoingMailServerUseSSL"]) == (465, True)
    assert (calendars["CalDAVHostName"], calendars["CalDAVPrincipalURL"]) == ("mx.example.test", "/dav/")
    assert (contacts["CardDAVUsername"], contacts["CardDAVPort"]) == ("alice@example.test", 443)
    assert len({each["PayloadUUID"] for each in (whole, mail, calendars, contacts)}) == 4
    assert b"assword</key><string>" not in got.content.replace(b"\n", b"").replace(b"\t", b"")


async def test_activesync_is_there_to_choose(make: Make) -> None:
    path = "/autodiscover/apple.mobileconfig?email=alice@example.test&with="
    async with make() as stand:
        (only,) = plistlib.loads((await stand.get(path + "activesync")).content)["PayloadContent"]
        assert (only["PayloadType"], only["Host"]) == ("com.apple.eas.account", "mx.example.test")
        assert (await stand.get(path + "fax")).status_code == 400
    async with make(served=()) as stand:
        assert (await stand.get(path + "activesync,contacts")).status_code == 404


async def test_a_profile_is_signed_with_the_servers_certificate(make: Make, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.sign("mx", "mx.example.test")
    config = f'{NAMED}[[tls.certificate]]\ncert_file = "{certificate}"\nkey_file = "{key}"\n'
    async with make(config) as stand:
        got = await stand.get("/autodiscover/apple.mobileconfig?email=alice@example.test")
    (tmp_path / "signed").write_bytes(got.content)
    command = [
        "openssl",
        "smime",
        "-verify",
        "-inform",
        "DER",
        "-in",
        tmp_path / "signed",
        "-CAfile",
        authority.ca_file,
        "-purpose",
        "any",
    ]
    shown = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)
    assert plistlib.loads(shown.stdout)["PayloadDisplayName"] == "alice@example.test"


async def test_paccs_document_is_the_one_whose_digest_is_in_dns(make: Make) -> None:
    async with make() as stand:
        got = await stand.get("/.well-known/user-agent-configuration.json", host="ua-auto-config.example.test")
        records = {each.name: each.value for each in wanted("example.test", stand.config, [])}
    said = got.json()
    assert said["protocols"]["imap"] == {"host": "mx.example.test"}
    assert said["protocols"]["jmap"] == {"url": "https://mx.example.test/.well-known/jmap"}
    assert said["authentication"]["password"] is True
    digest = b64encode(sha256(got.content).digest()).decode()
    assert records["_ua-auto-config.example.test"] == f"v=UAAC1; a=sha256; d={digest}"


def test_what_is_not_at_its_usual_port_is_not_in_pacc_but_in_srv(tmp_path: Path) -> None:
    file = tmp_path / "postroom.toml"
    file.write_text(f'{NAMED}[autodiscover]\nimap = "mail.example.test:1993"\n')
    found = [each.line for each in wanted("example.test", load(file, data=tmp_path, environ={}), [])]
    assert "_imaps._tcp.example.test. IN SRV 0 1 1993 mail.example.test." in found
    assert "_jmap._tcp.example.test. IN SRV 0 1 443 mx.example.test." in found
    assert "_autodiscover._tcp.example.test. IN SRV 0 1 443 mx.example.test." in found
    assert not any("_imap._tcp" in each for each in found)


async def test_our_own_pages_get_the_table(make: Make) -> None:
    async with make(served=("/dav",)) as stand:
        anybody = (await stand.get("/autodiscover/offers.json?email=zoe@example.test")).json()
        alice = (await stand.get("/autodiscover/offers.json?email=alice@example.test", **SIGNED_IN)).json()
    kinds = [each["kind"] for each in anybody["offers"]]
    assert kinds == ["imap", "imap", "pop3", "pop3", "smtp", "smtp", "sieve", "caldav", "carddav"]
    assert anybody["login"] == "zoe@example.test"
    assert alice["offers"] == anybody["offers"]


async def test_autoconfig_is_there_beside_the_webmail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = {"index.html": File("text/html", {"": b"the client"}, "no-cache")}
    monkeypatch.setattr(web.http, "built", lambda: client)
    settings = load(None, data=tmp_path, environ={})
    async with house(tmp_path) as here:
        service = web.http.service(here.parts, setup_of(settings))
        async with asked(service.app, way_in(), "example.test") as http:
            root = xml_of(await http.get("/mail/config-v1.1.xml", headers={"host": "autoconfig.example.test"}))
            assert root.tag == "clientConfig"
            assert (await http.get("/mail/")).text == "the client"
            found = (await http.get("/autodiscover/offers.json?email=a@example.test")).json()
    assert {each["kind"] for each in found["offers"]} >= {"imap", "smtp", "caldav", "carddav", "jmap"}
