"""The description of the service: what it names is there, and answers are what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from connectors.ews.description import WSDL
from connectors.ews.ids import item_id
from connectors.ews.operations import OPERATIONS
from connectors.ews.wire import MESSAGES, SOAP, TYPES
from tests.protocol.ews.test_items import ITEM, event, find, get, mail
from tests.support.ewsstand import Client, Said, Stand
from tests.support.smtpstand import PASSWORD

NAMES = ("Services.wsdl", "messages.xsd", "types.xsd")


async def fetched(stand: Stand, path: str) -> bytes:
    got = await stand.http.get(path, auth=("alice@example.test", PASSWORD))
    assert got.status_code == 200 and got.headers["content-type"].startswith("text/xml")
    return got.content


async def schema(stand: Stand, folder: Path) -> etree.XMLSchema:
    """The schemas, as a program reads them that has fetched them."""
    for name in NAMES[1:]:
        (folder / name).write_bytes(await fetched(stand, f"/EWS/{name}"))
    return etree.XMLSchema(etree.parse(str(folder / "messages.xsd")))


def inside(said: Said) -> etree._Element:
    body = said.xml.find(f"{{{SOAP}}}Body")
    assert body is not None
    return body[0]


async def test_every_operation_is_described_with_what_it_asks_and_answers(stand: Stand, tmp_path: Path) -> None:
    wsdl = etree.fromstring(await fetched(stand, "/EWS/Services.wsdl"))
    spaces = {"w": WSDL, "x": "http://www.w3.org/2001/XMLSchema"}
    named = {each.get("name") for each in wsdl.iterfind("w:portType/w:operation", spaces)}
    assert named == {each.removesuffix("Request") for each in OPERATIONS}
    assert named == {each.get("name") for each in wsdl.iterfind("w:binding/w:operation", spaces)}
    await schema(stand, tmp_path)
    declared = {
        f"{prefix}:{each.get('name')}"
        for prefix, name in (("tns", "messages.xsd"), ("t", "types.xsd"))
        for each in etree.parse(str(tmp_path / name)).iterfind("x:element", spaces)
    }
    assert {str(each.get("element")) for each in wsdl.iterfind("w:message/w:part", spaces)} <= declared
    [address] = wsdl.iterfind("w:service/w:port/*", spaces)
    assert address.get("location") == "https://mail.example.test/EWS/Exchange.asmx"


async def test_answers_are_what_the_schemas_say(stand: Stand, alice: Client, tmp_path: Path) -> None:
    rules = await schema(stand, tmp_path)
    ids = [item_id(await stand.put("alice", mail("one"))), item_id(await event(stand))]  # type: ignore[arg-type]
    for said in (await find(alice, "inbox", shape=ITEM), *[await get(alice, each) for each in ids]):
        rules.assertValid(inside(said))
        assert len(said.find("t:Subject")) == 1
    wrong = f'<m:Other xmlns:m="{MESSAGES}" xmlns:t="{TYPES}"/>'
    assert not rules.validate(etree.fromstring(wrong))
    twice = "<t:Message><t:Subject>a</t:Subject><t:Subject>b</t:Subject></t:Message>"
    assert not rules.validate(
        etree.fromstring(f'<m:CreateItem xmlns:m="{MESSAGES}" xmlns:t="{TYPES}">{twice}</m:CreateItem>')
    )


@pytest.mark.parametrize("path", ["/ews/services.WSDL", "/EWS/Exchange.asmx?wsdl", "/ews/exchange.asmx?WSDL"])
async def test_it_is_found_where_programs_look(stand: Stand, path: str) -> None:
    assert b"wsdl:definitions" in await fetched(stand, path)


async def test_it_is_for_who_may_sign_in_and_only_read(stand: Stand, alice: Client) -> None:
    for name in NAMES:
        assert (await stand.http.get(f"/EWS/{name}")).status_code == 401
        assert (await alice.post(b"<x/>", f"/EWS/{name}")).status == 405
