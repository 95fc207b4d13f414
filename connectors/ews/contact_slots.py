"""Where Exchange's numbered and named entries of a contact are in JSContact, both ways. MS-OXWSCONT §2.2.4.

An entry that was made here has the name of its slot as its id in JSContact, and keeps it; those of other programs are
put where what they say of themselves belongs, or into the first free slot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Json = dict[str, Any]
EMAILS: Final = tuple(f"EmailAddress{number}" for number in (1, 2, 3))
IMS: Final = tuple(f"ImAddress{number}" for number in (1, 2, 3))
PHONES: Final = [
    "AssistantPhone",
    "BusinessFax",
    "BusinessPhone",
    "BusinessPhone2",
    "Callback",
    "CarPhone",
    "CompanyMainPhone",
    "HomeFax",
    "HomePhone",
    "HomePhone2",
    "Isdn",
    "MobilePhone",
    "OtherFax",
    "OtherTelephone",
    "Pager",
    "PrimaryPhone",
    "RadioPhone",
    "Telex",
    "TtyTddPhone",
]
ADDRESSES: Final = ("Home", "Business", "Other")
STREET: Final = ("Street", "City", "State", "CountryOrRegion", "PostalCode")
PARTS: Final[Mapping[str, str]] = {
    "Street": "name",
    "City": "locality",
    "State": "region",
    "PostalCode": "postcode",
    "CountryOrRegion": "country",
}
"""What the parts of an address are called in JSContact."""
_WORK, _HOME = {"work": True}, {"private": True}
NEW_PHONE: Final[Mapping[str, Json]] = {
    "BusinessFax": {"contexts": _WORK, "features": {"fax": True}},
    "BusinessPhone": {"contexts": _WORK, "features": {"voice": True}},
    "BusinessPhone2": {"contexts": _WORK, "features": {"voice": True}},
    "CompanyMainPhone": {"contexts": _WORK, "features": {"main-number": True}},
    "HomeFax": {"contexts": _HOME, "features": {"fax": True}},
    "HomePhone": {"contexts": _HOME, "features": {"voice": True}},
    "HomePhone2": {"contexts": _HOME, "features": {"voice": True}},
    "MobilePhone": {"features": {"mobile": True}},
    "OtherFax": {"features": {"fax": True}},
    "Pager": {"features": {"pager": True}},
    "TtyTddPhone": {"features": {"textphone": True}},
}
"""What a new number says of itself."""
NEW_ADDRESS: Final[Mapping[str, Json]] = {"Home": {"contexts": _HOME}, "Business": {"contexts": _WORK}, "Other": {}}


def slots_of(entries: Mapping[str, Any], slots: Sequence[str]) -> dict[str, str]:
    """The id of the entry in each slot: those named so, then the others in their order."""
    found = {slot: slot for slot in slots if slot in entries}
    free = [slot for slot in slots if slot not in found]
    others = sorted((key for key in entries if key not in slots), key=lambda key: entries[key].get("pref", 101))
    return found | dict(zip(free, others, strict=False))


def phone_slots(entries: Mapping[str, Any]) -> dict[str, str]:
    """The id of the number in each slot."""
    found = {slot: slot for slot in PHONES if slot in entries}
    for key, each in entries.items():
        if key in found:
            continue
        slot = next((slot for slot in _places(each) if slot not in found), None)
        if slot is not None:
            found[slot] = key
    return found


def _places(each: Mapping[str, Any]) -> Sequence[str]:
    """Where a number belongs, the best place first."""
    features, contexts = each.get("features") or {}, each.get("contexts") or {}
    work, home = contexts.get("work"), contexts.get("private")
    if features.get("fax"):
        return ("BusinessFax",) if work else ("HomeFax",) if home else ("OtherFax", "BusinessFax", "HomeFax")
    for feature, slot in (("mobile", "MobilePhone"), ("pager", "Pager"), ("textphone", "TtyTddPhone")):
        if features.get(feature):
            return (slot, "CarPhone", "RadioPhone") if feature == "mobile" else (slot,)
    if features.get("main-number"):
        return ("CompanyMainPhone", "BusinessPhone")
    if work:
        return ("BusinessPhone", "BusinessPhone2")
    return ("HomePhone", "HomePhone2") if home else ("OtherTelephone", "PrimaryPhone", "Callback")


def address_slots(entries: Mapping[str, Any]) -> dict[str, str]:
    """The id of the address in each slot."""
    found = {slot: slot for slot in ADDRESSES if slot in entries}
    for key, each in entries.items():
        if key in found:
            continue
        contexts = each.get("contexts") or {}
        slot = "Business" if contexts.get("work") else "Home" if contexts.get("private") else "Other"
        found.setdefault(slot, key)
    return found


def part_of(address: Mapping[str, Any], name: str) -> str:
    """A part of an address: `Street`, ..."""
    kinds = ("name", "number") if name == "Street" else (PARTS[name],)
    return " ".join(str(each["value"]) for each in address.get("components") or () if each.get("kind") in kinds)
