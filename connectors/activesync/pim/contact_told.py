"""A contact as a device is told it, and which entry of the card each of its fields is. MS-ASCNTC §2.2.2."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.activesync.element import Element, el, some
from connectors.activesync.pim import fields
from connectors.activesync.sync.options import Options
from connectors.exchange.contact_extras import EXTRAS as SHARED
from connectors.exchange.contact_extras import extras_of

Json = dict[str, Any]
MOST_PICTURE: Final = 48 * 1024
"""Octets of a picture in base64: what devices take."""
ADDRESS: Final = {
    "Street": ("name", "number"),
    "City": ("locality",),
    "State": ("region",),
    "PostalCode": ("postcode",),
    "Country": ("country",),
}
"""By the end of a field's name: kinds of components (RFC 9553 §2.5.1.2)."""
PLACES: Final = {"Business": "work", "Home": "private", "Other": ""}
"""By the beginning of a field's name: the context of an address."""
NAME: Final = {
    "Contacts:FirstName": "given",
    "Contacts:MiddleName": "given2",
    "Contacts:LastName": "surname",
    "Contacts:Title": "title",
    "Contacts:Suffix": "credential",
}
"""Kinds of components of a name. RFC 9553 §2.2.1.2."""


@dataclass(frozen=True, slots=True)
class Phone:
    """What a field for a number means."""

    name: str
    context: str = ""
    feature: str = "voice"
    label: str = ""


PHONES: Final = (
    Phone("Contacts:MobilePhoneNumber", feature="mobile"),
    Phone("Contacts:PagerNumber", feature="pager"),
    Phone("Contacts:BusinessFaxNumber", "work", "fax"),
    Phone("Contacts:HomeFaxNumber", "private", "fax"),
    Phone("Contacts:CarPhoneNumber", label="Car"),
    Phone("Contacts:RadioPhoneNumber", label="Radio"),
    Phone("Contacts:AssistantPhoneNumber", label="Assistant"),
    Phone("Contacts2:CompanyMainPhone", label="Company"),
    Phone("Contacts2:MMS", label="MMS"),
    Phone("Contacts:BusinessPhoneNumber", "work"),
    Phone("Contacts:Business2PhoneNumber", "work"),
    Phone("Contacts:HomePhoneNumber", "private"),
    Phone("Contacts:Home2PhoneNumber", "private"),
)
EMAILS: Final = ("Contacts:Email1Address", "Contacts:Email2Address", "Contacts:Email3Address")
MESSENGERS: Final = ("Contacts2:IMAddress", "Contacts2:IMAddress2", "Contacts2:IMAddress3")
ANNIVERSARIES: Final = {"Contacts:Birthday": "birth", "Contacts:Anniversary": "wedding"}
EXTRAS: Final = {
    "Contacts:OfficeLocation": SHARED["OfficeLocation"],
    "Contacts:YomiFirstName": "x-phonetic-first-name",
    "Contacts:YomiLastName": "x-phonetic-last-name",
    "Contacts:YomiCompanyName": "x-phonetic-org",
    "Contacts2:CustomerId": "x-ms-customer-id",
    "Contacts2:GovernmentId": "x-ms-government-id",
    "Contacts2:AccountName": "x-ms-account",
    "Contacts:FileAs": SHARED["FileAs"],
    "Contacts:Spouse": SHARED["SpouseName"],
    "Contacts2:ManagerName": SHARED["Manager"],
    "Contacts:AssistantName": SHARED["AssistantName"],
}
"""What JSContact has no member for is a property of its own."""


def first(card: Mapping[str, Any], member: str) -> Json:
    """The first entry of a member; empty where there is none."""
    found: Json = next(iter((card.get(member) or {}).values()), {})
    return found


def slots(card: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """(member, key) of the entry that each field with many of its kind is."""
    found: dict[str, tuple[str, str]] = {}
    _listed(found, EMAILS, "emails", card)
    _listed(found, MESSENGERS, "onlineServices", card)
    for key, each in (card.get("phones") or {}).items():
        name = next((one.name for one in PHONES if one.name not in found and _fits(one, each)), None)
        name = name or next((one.name for one in PHONES[-4:] if one.name not in found and _anywhere(each)), None)
        if name is not None:
            found[name] = ("phones", key)
    for key, each in (card.get("addresses") or {}).items():
        contexts = each.get("contexts") or {}
        place = "Business" if contexts.get("work") else "Home" if contexts.get("private") else "Other"
        if place not in found:
            found[place] = ("addresses", key)
    return found


def _listed(found: dict[str, tuple[str, str]], names: tuple[str, ...], member: str, card: Mapping[str, Any]) -> None:
    entries = (card.get(member) or {}).items()
    ordered = sorted(entries, key=lambda each: int(each[1].get("pref") or 101))
    found.update({name: (member, key) for name, (key, _) in zip(names, ordered, strict=False)})


def _fits(slot: Phone, phone: Mapping[str, Any]) -> bool:
    features, contexts = set(phone.get("features") or {}), set(phone.get("contexts") or {})
    label = str(phone.get("label") or "").strip().lower()
    if slot.label or label in {each.label.lower() for each in PHONES if each.label}:
        return slot.label.lower() == label and bool(label)
    special = features & {"mobile", "pager", "fax"}
    if slot.feature != "voice":
        return slot.feature in special and (not slot.context or slot.context in contexts or slot.context == "work")
    return not special and slot.context in contexts


def _anywhere(phone: Mapping[str, Any]) -> bool:
    """Whether it may be shown as any number that is spoken on."""
    return not set(phone.get("features") or {}) & {"mobile", "pager", "fax"} and not phone.get("contexts")


def values(card: Mapping[str, Any]) -> dict[str, str]:
    """The text of each field that is told, by its name."""
    found = dict(_name(card))
    for slot, (member, key) in slots(card).items():
        entry = card[member][key]
        if member == "addresses":
            found |= dict(_address(slot, entry))
        elif member == "emails":
            found[slot] = str(entry.get("address") or "")
        elif member == "phones":
            found[slot] = str(entry.get("number") or "")
        else:
            found[slot] = str(entry.get("user") or entry.get("uri") or "")
    found |= dict(_work(card))
    for name, kind in ANNIVERSARIES.items():
        found[name] = _date(card, kind)
    for name, prop in EXTRAS.items():
        found[name] = found.get(name) or "".join(extras_of(card, prop)[:1])
    link = first(card, "links")
    found["Contacts:WebPage"] = str(link.get("uri") or "")
    nickname = first(card, "nicknames")
    found["Contacts2:NickName"] = str(nickname.get("name") or "")
    found["Contacts:FileAs"] = found["Contacts:FileAs"] or str((card.get("name") or {}).get("full") or "")
    return {name: text for name, text in found.items() if text}


def _name(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    components = (card.get("name") or {}).get("components") or ()
    for name, kind in NAME.items():
        yield name, " ".join(str(each.get("value") or "") for each in components if each.get("kind") == kind)
    full = str((card.get("name") or {}).get("full") or "")
    if not components and full and card.get("kind", "individual") == "individual":
        first, _, last = full.rpartition(" ")
        yield "Contacts:FirstName", first
        yield "Contacts:LastName", last


def _address(place: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    components = entry.get("components") or ()
    for end, kinds in ADDRESS.items():
        texts = [str(each.get("value") or "") for each in components if each.get("kind") in kinds]
        if end == "Street" and not components:
            texts = [str(entry.get("full") or "")]
        yield f"Contacts:{place}Address{end}", " ".join(filter(None, texts))


def _work(card: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    company = first(card, "organizations")
    yield "Contacts:CompanyName", str(company.get("name") or "")
    yield "Contacts:Department", "; ".join(str(each.get("name") or "") for each in company.get("units") or ())
    yield "Contacts:JobTitle", str(first(card, "titles").get("name") or "")


def _date(card: Mapping[str, Any], kind: str) -> str:
    for each in (card.get("anniversaries") or {}).values():
        date = each.get("date") or {}
        if each.get("kind") == kind and "utc" in date:
            return f"{str(date['utc'])[:10]}T00:00:00.000Z"
        if each.get("kind") == kind and date.get("month") and date.get("day"):
            year = int(date.get("year") or 1604)  # what Apple's programs take for no year
            return f"{year:04}-{int(date['month']):02}-{int(date['day']):02}T00:00:00.000Z"
    return ""


def note_of(card: Mapping[str, Any]) -> str:
    """The first note."""
    return next((str(each.get("note") or "") for each in (card.get("notes") or {}).values()), "")


def picture_of(card: Mapping[str, Any], most: int = MOST_PICTURE) -> str:
    """The picture in base64; "" where there is none, or it is too large for a device."""
    for each in (card.get("media") or {}).values():
        uri = str(each.get("uri") or "")
        head, _, data = uri.partition(",")
        if each.get("kind") == "photo" and head.lower().startswith("data:") and head.lower().endswith(";base64"):
            return data if len(data) <= most and _is_base64(data) else ""
    return ""


def _is_base64(data: str) -> bool:
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def told(card: Json, options: Options) -> Element:
    """The ApplicationData of a card."""
    children = extras_of(card, SHARED["Children"])
    return el(
        "AirSync:ApplicationData",
        [el(name, text) for name, text in values(card).items()],
        el("Contacts:Children", [el("Contacts:Child", each) for each in children]) if children else None,
        fields.body(note_of(card), options),
        fields.categories("Contacts", card.get("keywords")),
        some("Contacts:Picture", picture_of(card)),
    )
