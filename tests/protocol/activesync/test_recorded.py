"""What other programs have recorded: events and contacts become objects that say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from connectors.activesync.element import Element
from connectors.activesync.pim.contact_taken import new_card
from connectors.activesync.pim.contact_told import values
from connectors.activesync.pim.event_taken import new_event
from connectors.activesync.pim.event_told import Teller
from connectors.activesync.pim.event_told import told as event_told
from connectors.activesync.sync.options import Options, Preference
from connectors.activesync.wbxml.codec import decode, encode, fragment
from connectors.activesync.wbxml.pages import TOKENS
from groupware.calendar.jscalendar.objects import calendar_of, object_of
from groupware.calendar.jscalendar.shape import EVENT, plain
from groupware.calendar.object import read_object
from groupware.contacts.jscontact.shape import CARD
from groupware.contacts.jscontact.writing import vcard_of
from groupware.model.content import serialized
from tests.support.corpus import CORPUS

EAS = CORPUS / "eas"
NOW = "2026-01-01T00:00:00Z"
_OTHER_NAMES = {"DTStamp": "DtStamp", "Organizer_Email": "OrganizerEmail", "Organizer_Name": "OrganizerName"}


def elements(path: Path, spaces: tuple[str, ...]) -> Element:
    """The ApplicationData of a file of XML, whose prefixes nobody declares; what has no token is left out."""
    text = re.sub(rb"<(/?)[a-z0-9]+:", rb"<\1", path.read_bytes())
    root = etree.fromstring(text.strip(), etree.XMLParser(recover=True, resolve_entities=False))
    data = root if etree.QName(root).localname == "ApplicationData" else root.find(".//{*}ApplicationData")
    found = Element("AirSync:ApplicationData")
    found.children = list(_children(data, spaces)) if data is not None else []
    return found


def _children(node: etree._Element, spaces: tuple[str, ...]) -> Iterator[Element]:
    for each in node:
        if not isinstance(each.tag, str):
            continue
        local = etree.QName(each).localname
        local = re.sub(r"^(Home|Business|Other)(City|State|Street|Country|PostalCode)$", r"\1Address\2", local)
        local = _OTHER_NAMES.get(local, local)
        order = ("AirSyncBase",) if local == "Body" else spaces
        name = next((f"{space}:{local}" for space in (*order, *spaces) if f"{space}:{local}" in TOKENS), None)
        if name is not None:
            inner = ("AirSyncBase",) if local == "Body" else spaces
            yield Element(name, list(_children(each, inner)), (each.text or "") if not len(each) else "")


def files(group: str) -> list[Path]:
    found = sorted((EAS / "evolution-activesync" / group).rglob("*.xml"))
    assert found, group
    return found


@pytest.mark.parametrize("path", files("Cal_Info_Translator"), ids=lambda each: each.stem)
def test_recorded_events(path: Path) -> None:
    data = elements(path, ("Calendar", "AirSyncBase"))
    assert decode(encode(data)) == data
    if data.child("Calendar:StartTime") is None:
        with pytest.raises(ValueError, match="StartTime"):
            new_event(data, 141, NOW, "")
        return
    value = plain(new_event(data, 141, NOW, "alice@example.test"))
    EVENT(value)
    read = read_object(serialized([calendar_of(value)]))
    teller = Teller(frozenset({"alice@example.test"}), 141, Options(bodies=[Preference(1)]), read.zones)
    back = Element("x", event_told(object_of(read), teller))
    for name in ("Calendar:Subject", "Calendar:StartTime", "Calendar:EndTime", "Calendar:Location", "Calendar:UID"):
        if data.value(name).strip() and not data.flag("Calendar:AllDayEvent"):
            assert back.value(name) == data.value(name), name


@pytest.mark.parametrize("path", files("Con_Info_Translator"), ids=lambda each: each.stem)
def test_recorded_contacts(path: Path) -> None:
    data = elements(path, ("Contacts", "Contacts2", "AirSyncBase"))
    card = new_card(data, NOW)
    CARD(card)
    assert serialized([vcard_of(card)]).startswith(b"BEGIN:VCARD")
    told = values(card)
    for each in data.children:
        if each.name in told and "Email" not in each.name and each.text.strip():
            assert told[each.name].startswith(each.text.strip()[:10]), each.name


@pytest.mark.parametrize("name", ["appointment", "simpleexception", "dst"])
def test_recorded_appointments(name: str) -> None:
    [data] = fragment((EAS / f"horde-activesync/{name}.wbxml").read_bytes())
    value = plain(new_event(data, 121, NOW, "alice@example.test"))
    EVENT(value)
    read = read_object(serialized([calendar_of(value)]))
    assert value["timeZone"] == "America/New_York"
    back = Element("x", event_told(object_of(read), Teller(frozenset(), 121, Options(), read.zones)))
    for each in ("Calendar:StartTime", "Calendar:EndTime", "Calendar:Subject"):
        assert back.value(each) == data.value(each), each
    said, told = data.child("Calendar:Exceptions"), back.child("Calendar:Exceptions")
    starts = [
        sorted(one.value("Calendar:ExceptionStartTime") for one in each.children) if each is not None else []
        for each in (said, told)
    ]
    assert starts[0] == starts[1]
