"""What a device says of a contact, put into what is stored. MS-ASCNTC §3.1.

A field that says what the device was told changes nothing. One that is left out is to go where the device handles it
(`Supported`), and stays where it does not.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Collection, Mapping
from typing import Any, Final

from connectors.activesync.element import Element
from connectors.activesync.pim import fields
from connectors.activesync.pim.contact_told import (
    ADDRESS,
    ANNIVERSARIES,
    EMAILS,
    EXTRAS,
    MESSENGERS,
    NAME,
    PHONES,
    PLACES,
    first,
    note_of,
    picture_of,
    slots,
    values,
)
from connectors.activesync.times import read_time
from connectors.exchange import events
from connectors.exchange.contact_extras import EXTRAS as SHARED
from connectors.exchange.contact_extras import set_extras
from groupware.mime.addresses import parse, shown

Json = dict[str, Any]
_ADDRESSES: Final = {f"Contacts:{place}Address{end}": (place, end) for place in PLACES for end in ADDRESS}
KNOWN: Final = frozenset(
    {
        *NAME,
        *EMAILS,
        *MESSENGERS,
        *(each.name for each in PHONES),
        *_ADDRESSES,
        *ANNIVERSARIES,
        *EXTRAS,
        "Contacts:CompanyName",
        "Contacts:Department",
        "Contacts:JobTitle",
        "Contacts:WebPage",
        "Contacts2:NickName",
    }
)
"""Fields that are one text."""
CHILDREN: Final = "Contacts:Children"


def new_card(data: Element, now: str, ident: str = "") -> Json:
    """A card that a device makes."""
    made: Json = {"@type": "Card", "version": "1.0", "uid": f"urn:uuid:{ident or uuid.uuid4()}", "updated": now}
    return changed_card(made, data, frozenset())


def changed_card(card: Json, data: Element, handled: Collection[str]) -> Json:
    """The card with what a device says; `handled`: fields that are to go where it leaves them out."""
    value: Json = copy.deepcopy(card)
    before = values(card)
    said = {each.name: each.text.strip() for each in data.children if each.name in KNOWN}
    said |= {name: "" for name in handled if name in KNOWN and name not in said}
    changes = {name: text for name, text in said.items() if text != before.get(name, "")}
    if "Contacts:FileAs" in changes and changes["Contacts:FileAs"] in ("", _full(value, said, before)):
        del changes["Contacts:FileAs"]
    places = slots(card)
    for name, text in changes.items():
        _take(value, name, text, places)
    _named(value, changes, said, before)
    _take_note(value, data)
    fields.take_categories("Contacts", data, value)
    _take_picture(value, data)
    _take_children(value, data, handled)
    return {name: each for name, each in value.items() if each not in (None, {}, [])}


def _take(value: Json, name: str, text: str, places: Mapping[str, tuple[str, str]]) -> None:
    if name in _ADDRESSES:
        _take_address(value, *_ADDRESSES[name], text, places)
    elif name in EMAILS or name in MESSENGERS or name in {each.name for each in PHONES}:
        _take_entry(value, name, text, places)
    elif name in ANNIVERSARIES:
        _take_date(value, ANNIVERSARIES[name], text)
    elif name in EXTRAS:
        set_extras(value, EXTRAS[name], [text])
    elif name in _SINGLE:
        member, field_ = _SINGLE[name]
        _first(value, member, field_, text)
    elif name == "Contacts:Department":
        company = _first_of(value, "organizations")
        company["units"] = [{"name": text}] if text else None
        _clean(value, "organizations")


_SINGLE: Final = {
    "Contacts:CompanyName": ("organizations", "name"),
    "Contacts:JobTitle": ("titles", "name"),
    "Contacts:WebPage": ("links", "uri"),
    "Contacts2:NickName": ("nicknames", "name"),
}


def _first_of(value: Json, member: str) -> Json:
    """The first entry, made where there is none."""
    entries = value.get(member) or {}
    value[member] = entries
    if not entries:
        entries["1"] = {}
    first: Json = entries[next(iter(entries))]
    return first


def _first(value: Json, member: str, field_: str, text: str) -> None:
    """Sets a text of the first entry; an entry that says nothing then goes."""
    entry = _first_of(value, member)
    entry[field_] = text or None
    _clean(value, member)


def _clean(value: Json, member: str) -> None:
    telling = {"name", "units", "uri", "address", "number", "user", "components", "full", "note", "date"}
    entries = {
        key: {name: one for name, one in each.items() if one is not None}
        for key, each in (value.get(member) or {}).items()
    }
    value[member] = {key: each for key, each in entries.items() if telling & each.keys()}


def _key(entries: Mapping[str, Any]) -> str:
    number = len(entries) + 1
    while f"e{number}" in entries:
        number += 1
    return f"e{number}"


def _take_entry(value: Json, name: str, text: str, places: Mapping[str, tuple[str, str]]) -> None:
    phone = next((each for each in PHONES if each.name == name), None)
    member = "emails" if name in EMAILS else "phones" if phone is not None else "onlineServices"
    field_ = {"emails": "address", "phones": "number", "onlineServices": "user"}[member]
    entries = value.setdefault(member, {}) or {}
    value[member] = entries
    if member == "emails" and text:
        people = shown(parse(text.encode()))
        text = people[0].address if people and "@" in people[0].address else text
    key = places[name][1] if name in places else None
    if not text:
        if key is not None:
            entries.pop(key, None)
    elif key is not None:
        entries[key] = {**entries[key], field_: text}
    else:
        new: Json = {field_: text}
        if phone is not None:
            new |= {"features": {phone.feature: True}} if phone.feature != "voice" or not phone.label else {}
            new |= {"contexts": {phone.context: True}} if phone.context else {}
            new |= {"label": phone.label} if phone.label else {}
        entries[_key(entries)] = new


def _take_address(value: Json, place: str, end: str, text: str, places: Mapping[str, tuple[str, str]]) -> None:
    entries = value.setdefault("addresses", {}) or {}
    value["addresses"] = entries
    key = places[place][1] if place in places else next((k for k, v in entries.items() if v.get("@new") == place), None)
    if key is None:
        if not text:
            return
        key = _key(entries)
        entries[key] = {"contexts": {PLACES[place]: True}} if PLACES[place] else {}
    entry = entries[key]
    kinds = ADDRESS[end]
    others = [each for each in entry.get("components") or () if each.get("kind") not in kinds]
    entry["components"] = [*others, *([{"kind": kinds[0], "value": text}] if text else [])]
    entry.pop("full", None)
    if not entry["components"]:
        entries.pop(key)
    elif place not in places:
        entry["@new"] = place


def _take_date(value: Json, kind: str, text: str) -> None:
    entries = {key: each for key, each in (value.get("anniversaries") or {}).items() if each.get("kind") != kind}
    old = next((key for key, each in (value.get("anniversaries") or {}).items() if each.get("kind") == kind), None)
    at = read_time(text) if text else None
    if at is not None:
        year = {} if at.year == 1604 else {"year": at.year}
        date = {"@type": "PartialDate", **year, "month": at.month, "day": at.day}
        entries[old or _key(entries)] = {"kind": kind, "date": date}
    value["anniversaries"] = entries


def _take_children(value: Json, data: Element, handled: Collection[str]) -> None:
    said = data.child(CHILDREN)
    if said is not None or CHILDREN in handled:
        named = said.all("Contacts:Child") if said is not None else []
        set_extras(value, SHARED["Children"], [each.text for each in named])


# --- names, notes, pictures -------------------------------------------------------------------------------------------


def _full(value: Json, said: Mapping[str, str], before: Mapping[str, str]) -> str:
    """What somebody is called, made of the parts of the name."""
    now = {**before, **said}
    order = ("Contacts:Title", "Contacts:FirstName", "Contacts:MiddleName", "Contacts:LastName", "Contacts:Suffix")
    return " ".join(now[each] for each in order if now.get(each))


def _named(value: Json, changes: Mapping[str, str], said: Mapping[str, str], before: Mapping[str, str]) -> None:
    if changes.keys() & NAME.keys():
        name = dict(value.get("name") or {})
        components = [each for each in name.get("components") or () if each.get("kind") not in NAME.values()]
        now = {**before, **said}
        components += [{"kind": kind, "value": now[field_]} for field_, kind in NAME.items() if now.get(field_)]
        value["name"] = {**name, "components": components, "full": _full(value, said, before)}
    if not (value.get("name") or {}).get("full"):
        company = first(value, "organizations").get("name")
        mail = first(value, "emails").get("address")
        value["name"] = {**(value.get("name") or {}), "full": said.get("Contacts:FileAs") or company or mail or "?"}
    for each in (value.get("addresses") or {}).values():
        each.pop("@new", None)


def _take_note(value: Json, data: Element) -> None:
    text = fields.text_of_body(data)
    if text is None or events.same_text(text, note_of(value)):
        return
    _first(value, "notes", "note", text)


def _take_picture(value: Json, data: Element) -> None:
    said = data.child("Contacts:Picture")
    if said is None or said.text == picture_of(value):
        return
    media = {key: each for key, each in (value.get("media") or {}).items() if each.get("kind") != "photo"}
    if said.text:
        kind = "image/png" if said.text.startswith("iVBOR") else "image/jpeg"
        media[_key(media)] = {"kind": "photo", "uri": f"data:{kind};base64,{said.text}"}
    value["media"] = media
