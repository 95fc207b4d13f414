"""Properties of MAPI that say what a property of the schema says: told from it, and set with it. MS-OXPROPS.

DavMail reads and writes nearly everything by these; what it says of a contact or a task has to be what all others see.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Final

from lxml import etree

from connectors.bounded_xml import Element
from connectors.ews.paths import SETS, Path
from connectors.ews.wire import TYPES

_ITEM: Final = {
    "0x001a:String": "item:ItemClass",
    "0x0037:String": "item:Subject",
    "0x0017:Integer": "item:Importance",
    "0x0036:Integer": "item:Sensitivity",
    "0x0039:SystemTime": "item:DateTimeSent",
    "0x0e06:SystemTime": "item:DateTimeReceived",
    "0x1000:String": "item:TextBody",
    "0x3007:SystemTime": "item:DateTimeCreated",
}
_CONTACT: Final = {
    "0x3001": "DisplayName",
    "0x3a05": "Generation",
    "0x3a06": "GivenName",
    "0x3a0a": "Initials",
    "0x3a11": "Surname",
    "0x3a16": "CompanyName",
    "0x3a17": "JobTitle",
    "0x3a18": "Department",
    "0x3a19": "OfficeLocation",
    "0x3a30": "AssistantName",
    "0x3a44": "MiddleName",
    "0x3a45": "Title",
    "0x3a46": "Profession",
    "0x3a48": "SpouseName",
    "0x3a4e": "Manager",
    "0x3a4f": "Nickname",
    "0x3a50": "PersonalHomePage",
    "0x3a51": "BusinessHomePage",
}
_PHONE: Final = {
    "0x3a02": "Callback",
    "0x3a08": "BusinessPhone",
    "0x3a09": "HomePhone",
    "0x3a1a": "PrimaryPhone",
    "0x3a1b": "BusinessPhone2",
    "0x3a1c": "MobilePhone",
    "0x3a1d": "RadioPhone",
    "0x3a1e": "CarPhone",
    "0x3a1f": "OtherTelephone",
    "0x3a21": "Pager",
    "0x3a23": "OtherFax",
    "0x3a24": "BusinessFax",
    "0x3a25": "HomeFax",
    "0x3a2c": "Telex",
    "0x3a2d": "Isdn",
    "0x3a2e": "AssistantPhone",
    "0x3a2f": "HomePhone2",
    "0x3a4b": "TtyTddPhone",
    "0x3a57": "CompanyMainPhone",
}
_ADDRESS: Final = {
    "tag:0x3a59": "City/Home",
    "tag:0x3a5a": "CountryOrRegion/Home",
    "tag:0x3a5b": "PostalCode/Home",
    "tag:0x3a5c": "State/Home",
    "tag:0x3a5d": "Street/Home",
    "tag:0x3a5f": "City/Other",
    "tag:0x3a60": "CountryOrRegion/Other",
    "tag:0x3a61": "PostalCode/Other",
    "tag:0x3a62": "State/Other",
    "tag:0x3a63": "Street/Other",
    f"{SETS['address']}:0x8045": "Street/Business",
    f"{SETS['address']}:0x8046": "City/Business",
    f"{SETS['address']}:0x8047": "State/Business",
    f"{SETS['address']}:0x8048": "PostalCode/Business",
    f"{SETS['address']}:0x8049": "CountryOrRegion/Business",
}
SAME: Final[Mapping[str, tuple[str, ...]]] = {
    **{f"tag:{key}": (uri,) for key, uri in _ITEM.items()},
    **{f"tag:{key}:String": (f"contacts:{name}",) for key, name in _CONTACT.items()},
    **{f"tag:{key}:String": (f"contacts:PhoneNumber/{slot}",) for key, slot in _PHONE.items()},
    **{f"{key}:String": (f"contacts:PhysicalAddress:{part}",) for key, part in _ADDRESS.items()},
    f"{SETS['address']}:0x8062:String": ("contacts:ImAddress/ImAddress1",),
    f"{SETS['address']}:0x8015:Boolean": ("contacts:HasPicture",),
    "tag:0x3a41:SystemTime": ("contacts:WeddingAnniversary",),
    "tag:0x3a42:SystemTime": ("contacts:Birthday",),
    f"{SETS['publicstrings']}:n:keywords:StringArray": ("item:Categories",),
    f"{SETS['publicstrings']}:n:urn:schemas:calendar:uid:String": ("calendar:UID",),
    f"{SETS['common']}:0x8501:Integer": ("item:ReminderMinutesBeforeStart",),
    f"{SETS['common']}:0x8503:Boolean": ("item:ReminderIsSet",),
    f"{SETS['common']}:0x8516:SystemTime": ("calendar:Start", "task:StartDate"),
    f"{SETS['common']}:0x8517:SystemTime": ("calendar:End", "task:DueDate"),
    f"{SETS['appointment']}:0x8205:Integer": ("calendar:LegacyFreeBusyStatus",),
    f"{SETS['appointment']}:0x8208:String": ("calendar:Location",),
    f"{SETS['appointment']}:0x820d:SystemTime": ("calendar:Start",),
    f"{SETS['appointment']}:0x820e:SystemTime": ("calendar:End",),
    f"{SETS['appointment']}:0x8215:Boolean": ("calendar:IsAllDayEvent",),
    f"{SETS['appointment']}:0x8223:Boolean": ("calendar:IsRecurring",),
    f"{SETS['publicstrings']}:n:urn:schemas:calendar:instancetype:Integer": ("calendar:CalendarItemType",),
    f"{SETS['task']}:0x8101:Integer": ("task:Status",),
    f"{SETS['task']}:0x8104:SystemTime": ("task:StartDate",),
    f"{SETS['task']}:0x8105:SystemTime": ("task:DueDate",),
    f"{SETS['task']}:0x810f:SystemTime": ("task:CompleteDate",),
    f"{SETS['task']}:0x811c:Boolean": ("task:IsComplete",),
}
"""Properties of the schema, by the key of the other one: the one that a kind of items has is meant."""
_ENUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "item:Importance": ("Low", "Normal", "High"),
    "item:Sensitivity": ("Normal", "Personal", "Private", "Confidential"),
    "calendar:LegacyFreeBusyStatus": ("Free", "Tentative", "Busy", "OOF", "WorkingElsewhere"),
    "calendar:CalendarItemType": ("Single", "RecurringMaster", "Occurrence", "Exception"),
    "task:Status": ("NotStarted", "InProgress", "Completed", "WaitingOnOthers", "Deferred"),
}
"""Where one has a word and the other its number."""
_NAMES: Final = {"TextBody": "Body"}


def same_of(path: Path, table: Container[str]) -> str | None:
    """The property in a table of fields that says what this one says."""
    return next((uri for uri in SAME.get(path.uri, ()) if uri in table), None)


def told_as(uri: str, value: Any) -> Any:
    """What the other property says, as one of MAPI."""
    words = _ENUMS.get(uri)
    return value if words is None else words.index(value) if value in words else None


def meant(path: Path, value: Any, setters: Container[str]) -> tuple[str, Element] | None:
    """What is set when this is set: its name among the setters, and the element that does it; None takes it away.

    The result is None where nothing of the kind can be set.
    """
    for uri in SAME.get(path.uri, ()):
        name = uri if "/" in uri else uri.rpartition(":")[2]
        name = _NAMES.get(name, name)
        if name in setters:
            return name, _element(name, uri, value)
    return None


def _element(name: str, uri: str, value: Any) -> Element:
    found = etree.Element(f"{{{TYPES}}}{name.rpartition(':')[2].partition('/')[0]}")
    if isinstance(value, list):
        for each in value:
            etree.SubElement(found, f"{{{TYPES}}}String").text = str(each)
    elif isinstance(value, int) and not isinstance(value, bool) and uri in _ENUMS:
        words = _ENUMS[uri]
        found.text = words[value] if 0 <= value < len(words) else ""
    elif value is not None:
        found.text = str(value).lower() if isinstance(value, bool) else str(value)
    return found
