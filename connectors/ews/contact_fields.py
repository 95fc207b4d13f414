"""What is told of contacts and distribution lists. MS-OXWSCONT §2.2.4, MS-OXWSDLIST §2.2.4."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.bounded_xml import quoted
from connectors.ews import contact_slots as slots
from connectors.ews.calendar_fields import moment_of
from connectors.ews.contact_files import attachments_xml, files_of
from connectors.ews.contact_picture import picture
from connectors.ews.fields import Field, mailbox, strings
from connectors.ews.mail_fields import ITEM, body_xml
from connectors.ews.things import One
from connectors.ews.wire import Whole, Xml, tag, text_of
from connectors.exchange.certificates import certificates_in
from connectors.exchange.contact_extras import EXTRAS, extras_of

Json = dict[str, Any]
BESIDE: Final = ["FileAsMapping", "Initials", "Mileage", "Companies", "BillingInformation"]
"""What is kept beside the contact."""
NAME_KINDS: Final = {
    "GivenName": "given",
    "Surname": "surname",
    "MiddleName": "given2",
    "Generation": "credential",
    "Title": "title",
}


def name_part(card: Mapping[str, Any], kind: str) -> str | None:
    """The parts of a name of one kind."""
    found = [
        str(each["value"]) for each in (card.get("name") or {}).get("components") or () if each.get("kind") == kind
    ]
    return " ".join(found) or None


def display_name(card: Mapping[str, Any]) -> str:
    """What people call it."""
    full = (card.get("name") or {}).get("full")
    parts = [name_part(card, kind) for kind in ("given", "given2", "surname")]
    return str(full or " ".join(each for each in parts if each) or company(card) or "")


def first(card: Mapping[str, Any], member: str, name: str, **fixed: str) -> Any:
    """What the first object of a member says."""
    for each in (card.get(member) or {}).values():
        if all(each.get(key) == value for key, value in fixed.items()) and each.get(name):
            return each[name]
    return None


def private(entry: Mapping[str, Any]) -> bool:
    """Whether it is of somebody's home, and not of their work."""
    return bool((entry.get("contexts") or {}).get("private"))


def _link(one: One, *, of_home: bool) -> str | None:
    found = (each.get("uri") for each in (one.json.get("links") or {}).values() if private(each) == of_home)
    return next((str(each) for each in found if each), None)


def company(card: Mapping[str, Any]) -> str | None:
    """The organization."""
    found: str | None = first(card, "organizations", "name")
    return found


def _department(card: Mapping[str, Any]) -> str | None:
    units = first(card, "organizations", "units") or ()
    return str(units[0]["name"]) if units else None


def _file_as(one: One) -> str:
    if said := _extra(one, "FileAs"):
        return said
    surname, given = name_part(one.json, "surname"), name_part(one.json, "given")
    return f"{surname}, {given}" if surname and given else surname or given or display_name(one.json)


def _complete(one: One) -> Xml | None:
    card = one.json
    said = (
        tag("Title", name_part(card, "title"))
        + tag("FirstName", name_part(card, "given"))
        + tag("MiddleName", name_part(card, "given2"))
        + tag("LastName", name_part(card, "surname"))
        + tag("Suffix", name_part(card, "credential"))
        + tag("FullName", display_name(card))
        + tag("Nickname", first(card, "nicknames", "name"))
    )
    return Xml(said)


# --- entries ----------------------------------------------------------------------------------------------------------


def _entry(key: str, value: str, **more: str) -> str:
    said = "".join(f' {name}="{quoted(each)}"' for name, each in more.items())
    return f'<t:Entry Key="{key}"{said}>{text_of(value)}</t:Entry>'


def emails(card: Mapping[str, Any]) -> dict[str, str]:
    """The addresses, by slot."""
    entries = card.get("emails") or {}
    found = slots.slots_of(entries, slots.EMAILS)
    return {slot: str(entries[found[slot]].get("address", "")) for slot in slots.EMAILS if slot in found}


def _emails(one: One) -> Xml | None:
    name = display_name(one.json)
    rows = [
        _entry(slot, address, Name=name, RoutingType="SMTP", MailboxType="Contact")
        for slot, address in emails(one.json).items()
    ]
    return Xml("".join(rows)) or None


def phones(card: Mapping[str, Any]) -> dict[str, str]:
    """The numbers, by slot."""
    entries = card.get("phones") or {}
    found = slots.phone_slots(entries)
    return {slot: str(entries[found[slot]].get("number", "")) for slot in slots.PHONES if slot in found}


def ims(card: Mapping[str, Any]) -> dict[str, str]:
    """Addresses of messengers, by slot."""
    entries = card.get("onlineServices") or {}
    found = slots.slots_of(entries, slots.IMS)
    told = {slot: entries[key].get("uri") or entries[key].get("user") or "" for slot, key in found.items()}
    return {slot: str(told[slot]) for slot in slots.IMS if slot in told}


def addresses(card: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The parts of addresses, by slot."""
    entries = card.get("addresses") or {}
    found = slots.address_slots(entries)
    return {
        slot: {name: text for name in slots.STREET if (text := slots.part_of(entries[found[slot]], name))}
        for slot in slots.ADDRESSES
        if slot in found
    }


def _addresses(one: One) -> Xml | None:
    rows = [
        f'<t:Entry Key="{slot}">{"".join(tag(name, parts.get(name)) for name in slots.STREET)}</t:Entry>'
        for slot, parts in addresses(one.json).items()
    ]
    return Xml("".join(rows)) or None


def _certificates(one: One) -> Xml | None:
    rows = [tag("Base64Binary", base64.b64encode(each).decode()) for each in certificates_in(one.json)]
    return Xml("".join(rows)) or None


def _part(slot: str, part: str) -> Field:
    return Field(lambda one: addresses(one.json).get(slot, {}).get(part))


def _simple(found: Mapping[str, str]) -> Xml | None:
    return Xml("".join(_entry(slot, value) for slot, value in found.items())) or None


def day(card: Mapping[str, Any], kind: str) -> datetime | None:
    """A birthday or another day, at noon UTC, when it is that day nearly everywhere."""
    found = first(card, "anniversaries", "date", kind=kind) or {}
    try:
        return datetime(int(found["year"]), int(found["month"]), int(found["day"]), 11, 59, tzinfo=UTC)
    except (KeyError, ValueError):
        return None


def notes(card: Mapping[str, Any]) -> str:
    """What is noted of it."""
    return "\n".join(str(each.get("note", "")) for each in (card.get("notes") or {}).values())


def _keywords(one: One) -> list[str]:
    return sorted(one.json.get("keywords") or {})


_BOTH: Final[Mapping[str, Field]] = {
    **ITEM,
    "item:Subject": Field(lambda one: display_name(one.json)),
    "item:Body": Field(lambda one: notes(one.json), lambda one: body_xml(one, "", notes(one.json))),
    "item:TextBody": Field(lambda one: notes(one.json)),
    "item:Categories": Field(_keywords, lambda one: strings(_keywords(one))),
    "item:DateTimeCreated": Field(
        lambda one: moment_of(one.json.get("created")) or ITEM["item:DateTimeCreated"].get(one)
    ),
    "item:LastModifiedTime": Field(
        lambda one: moment_of(one.json.get("updated")) or ITEM["item:LastModifiedTime"].get(one)
    ),
    "contacts:FileAs": Field(_file_as),
    "contacts:DisplayName": Field(lambda one: display_name(one.json)),
}


def _extras(one: One, name: str) -> list[str]:
    """What vCard has no field for; what was said of it once was kept beside the contact."""
    kept = one.kept.get(f"contacts:{name}")
    return extras_of(one.json, EXTRAS[name]) or ([str(kept)] if kept else [])


def _extra(one: One, name: str) -> str | None:
    return next(iter(_extras(one, name)), None)


def _said(name: str) -> Field:
    return Field(lambda one: _extra(one, name))


def _kept(name: str) -> Field:
    uri = f"contacts:{name}"
    return Field(lambda one: one.kept.get(uri))


CONTACT: Final[Mapping[str, Field]] = {
    **_BOTH,
    **{f"contacts:{name}": _kept(name) for name in BESIDE if name != "Companies"},
    **{f"contacts:{name}": _said(name) for name in EXTRAS if name != "FileAs"},
    "contacts:Children": Field(lambda one: _extras(one, "Children"), lambda one: strings(_extras(one, "Children"))),
    "item:ItemClass": Field(lambda one: "IPM.Contact"),
    "contacts:GivenName": Field(lambda one: name_part(one.json, "given")),
    "contacts:MiddleName": Field(lambda one: name_part(one.json, "given2")),
    "contacts:Surname": Field(lambda one: name_part(one.json, "surname")),
    "contacts:Title": Field(lambda one: name_part(one.json, "title")),
    "contacts:Generation": Field(lambda one: name_part(one.json, "credential")),
    "contacts:Nickname": Field(lambda one: first(one.json, "nicknames", "name")),
    "contacts:CompleteName": Field(lambda one: None, _complete),
    "contacts:CompanyName": Field(lambda one: company(one.json)),
    "contacts:Department": Field(lambda one: _department(one.json)),
    "contacts:JobTitle": Field(lambda one: first(one.json, "titles", "name", kind="title")),
    "contacts:Profession": Field(lambda one: first(one.json, "titles", "name", kind="role")),
    "contacts:EmailAddresses": Field(lambda one: list(emails(one.json).values()), _emails),
    "contacts:PhysicalAddresses": Field(lambda one: None, _addresses),
    "contacts:PhoneNumbers": Field(lambda one: list(phones(one.json).values()), lambda one: _simple(phones(one.json))),
    "contacts:ImAddresses": Field(lambda one: list(ims(one.json).values()), lambda one: _simple(ims(one.json))),
    "contacts:Birthday": Field(lambda one: day(one.json, "birth")),
    "contacts:WeddingAnniversary": Field(lambda one: day(one.json, "wedding")),
    "contacts:BusinessHomePage": Field(lambda one: _link(one, of_home=False)),
    "contacts:PersonalHomePage": Field(lambda one: _link(one, of_home=True)),
    "item:Attachments": Field(lambda one: None, attachments_xml),
    "item:HasAttachments": Field(lambda one: picture(one.json) is not None or bool(files_of(one.json))),
    "contacts:UserSMIMECertificate": Field(lambda one: None, _certificates),
    "contacts:HasPicture": Field(lambda one: picture(one.json) is not None),
    "contacts:Notes": Field(lambda one: notes(one.json) or None),
    **{
        f"contacts:EmailAddress/{slot}": Field(lambda one, slot=slot: emails(one.json).get(slot))  # type: ignore[misc]
        for slot in slots.EMAILS
    },
    **{
        f"contacts:PhoneNumber/{slot}": Field(lambda one, slot=slot: phones(one.json).get(slot))  # type: ignore[misc]
        for slot in slots.PHONES
    },
    **{
        f"contacts:ImAddress/{slot}": Field(lambda one, slot=slot: ims(one.json).get(slot))  # type: ignore[misc]
        for slot in slots.IMS
    },
    **{
        f"contacts:PhysicalAddress:{part}/{slot}": _part(slot, part)
        for slot in slots.ADDRESSES
        for part in slots.STREET
    },
}


def members(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(name, address) of those in a list; of who is named by an id alone the address is ""."""
    found = []
    for each in card.get("members") or {}:
        address = each.removeprefix("mailto:") if each.startswith("mailto:") else ""
        found.append((address or each, address))
    return found


def _members(one: One) -> Whole | None:
    rows = [
        f'<t:Member Key="{quoted(address or name)}">{mailbox(name, address)}<t:Status>Normal</t:Status></t:Member>'
        for name, address in members(one.json)
    ]
    return Whole(f"<t:Members>{''.join(rows)}</t:Members>") if rows else None


LIST: Final[Mapping[str, Field]] = {
    **_BOTH,
    "item:ItemClass": Field(lambda one: "IPM.DistList"),
    "contacts:ContactSource": Field(lambda one: "Store"),
    "distributionlist:Members": Field(lambda one: [address for _, address in members(one.json)], _members),
}
