"""Contacts and distribution lists made and changed: the stored vCard with the lines that a change is about."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews import contact_slots as slots
from connectors.ews.contact_fields import BESIDE, NAME_KINDS, private
from connectors.ews.errors import EwsError, unset
from connectors.ews.event_set import Edit, Set, all_given, nothing, now_text, text_in
from connectors.ews.event_write import Remade
from connectors.ews.mail_set import mailboxes_in, mime_in
from connectors.ews.task_write import appended, replaced
from connectors.ews.things import One
from connectors.ews.turn import Turn
from connectors.ews.wire import Xml, child, children, local, moment
from connectors.exchange.contact_extras import EXTRAS, set_extras
from connectors.exchange.events import put
from groupware.contacts.card import read_item
from groupware.contacts.jscontact.reading import card_of
from groupware.contacts.jscontact.shape import CARD
from groupware.contacts.jscontact.shapes import NAME_KINDS as NAME_KINDS_IN_ORDER
from groupware.contacts.jscontact.writing import changed, vcard_of
from groupware.contacts.versions.convert import converted, version_of
from groupware.mime.html import plain_text
from groupware.model.content import Component, parse, serialized
from groupware.model.errors import Malformed
from groupware.model.folder import Role
from groupware.model.item import NewItem
from groupware.model.shape import Misshapen
from groupware.store.overtaking import again

Json = dict[str, Any]
LONGEST: Final = 10 * 1024 * 1024
_PLACE: Final = {kind: place for place, kind in enumerate(NAME_KINDS_IN_ORDER)}
_SPOKEN: Final = ("title", "given", "given2", "surname", "surname2", "generation", "credential")
"""The order in which the parts of a name are spoken."""
_NEW_KEYS: Final = {
    "nicknames": "NICKNAME-1",
    "organizations": "ORG-1",
    "links": "URL-1",
    "title": "TITLE-1",
    "role": "ROLE-1",
    "birth": "BDAY-1",
    "wedding": "ANNIVERSARY-1",
}
"""The ids that entries have as they are read: no line has to say them then."""


def _name(kind: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        name: Json = dict(edit.value.get("name") or {})
        rest = [each for each in name.get("components") or () if each.get("kind") != kind]
        text = text_in(element)
        parts = [*rest, *([{"kind": kind, "value": text}] if text else [])]
        put(name, "components", sorted(parts, key=lambda each: _PLACE.get(str(each.get("kind")), len(_PLACE))))
        put(edit.value, "name", name)

    return work


def _display(edit: Edit, element: Element | None) -> None:
    name: Json = dict(edit.value.get("name") or {})
    put(name, "full", text_in(element))
    put(edit.value, "name", name)


def _single(member: str, text: str, fits: Callable[[Json], bool] | None = None, **fixed: Any) -> Set:
    """The first object of a member that is as `fixed` says, and `fits`."""

    def work(edit: Edit, element: Element | None) -> None:
        entries: Json = dict(edit.value.get(member) or {})
        first = next(
            (
                key
                for key, each in entries.items()
                if (all(each.get(name) == value for name, value in fixed.items()) if fits is None else fits(each))
            ),
            None,
        )
        said = text_in(element)
        if said:
            key = first or _NEW_KEYS.get(fixed.get("kind", member), f"{member}-1")
            while first is None and key in entries:
                key += "1"
            entries[key] = {**(entries.get(key) or fixed), text: said}
        elif first is not None:
            entries[first] = {name: value for name, value in entries[first].items() if name != text}
            if member != "organizations" or not entries[first].keys() - {"@type", *fixed}:
                del entries[first]
        put(edit.value, member, entries)

    return work


def _department(edit: Edit, element: Element | None) -> None:
    entries: Json = dict(edit.value.get("organizations") or {})
    key = next(iter(entries), "ORG-1")
    one: Json = dict(entries.get(key) or {})
    rest = (one.get("units") or [])[1:]
    put(one, "units", [*([{"name": text_in(element)}] if text_in(element) else []), *rest])
    entries[key] = one
    put(edit.value, "organizations", {name: each for name, each in entries.items() if each})


def _notes(edit: Edit, element: Element | None) -> None:
    text = "" if element is None else element.text or ""
    html = element is not None and element.get("BodyType", "Text").upper() == "HTML"
    text = plain_text(text).strip() if html else text
    entries: Json = dict(edit.value.get("notes") or {})
    key = next(iter(entries), "NOTE-1")
    put(edit.value, "notes", {key: {**(entries.get(key) or {}), "note": text}} if text.strip() else None)


def _categories(edit: Edit, element: Element | None) -> None:
    put(edit.value, "keywords", {text_in(each): True for each in children(element, "String") if text_in(each)})


def _day(kind: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        entries: Json = dict(edit.value.get("anniversaries") or {})
        key = next((name for name, each in entries.items() if each.get("kind") == kind), _NEW_KEYS[kind])
        entries.pop(key, None)
        if text_in(element):
            at = moment(text_in(element), "Birthday")
            date = {"year": at.year, "month": at.month, "day": at.day}
            entries[key] = {"kind": kind, "date": date}
        put(edit.value, "anniversaries", entries)

    return work


def _beside(name: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        edit.kept[f"contacts:{name}"] = text_in(element) or None

    return work


def _extra(name: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        several = [text_in(each) for each in children(element, "String")]
        set_extras(edit.value, EXTRAS[name], several or [text_in(element)])
        edit.kept[f"contacts:{name}"] = None

    return work


# --- entries ----------------------------------------------------------------------------------------------------------


def entry(edit: Edit, member: str, slot: str, value: str) -> None:
    """Sets, or takes away, what is in a slot. `EwsError`."""
    entries: Json = dict(edit.value.get(member) or {})
    found = slots.phone_slots(entries) if member == "phones" else slots.slots_of(entries, _SLOTS[member])
    if slot not in _SLOTS[member]:
        raise EwsError("ErrorInvalidIndexedPropertyUri", f"{slot[:40]!r} is no entry of a contact")
    key = found.get(slot, slot)
    if not value:
        entries.pop(key, None)
    else:
        entries[key] = {**(entries.get(key) or _new(member, slot)), _TEXT[member]: value}
    put(edit.value, member, entries)


_SLOTS: Final = {"emails": slots.EMAILS, "phones": slots.PHONES, "onlineServices": slots.IMS}
_TEXT: Final = {"emails": "address", "phones": "number", "onlineServices": "uri"}


def _new(member: str, slot: str) -> Json:
    if member == "phones":
        return dict(slots.NEW_PHONE.get(slot, {}))
    return {"vCardName": "impp"} if member == "onlineServices" else {}


def _entries(member: str) -> Set:
    def work(edit: Edit, element: Element | None) -> None:
        for each in children(element, "Entry"):
            entry(edit, member, each.get("Key", ""), text_in(each))

    return work


def address(edit: Edit, slot: str, parts: Mapping[str, str]) -> None:
    """Sets parts of the address in a slot; what they leave empty goes. `EwsError`."""
    if slot not in slots.ADDRESSES:
        raise EwsError("ErrorInvalidIndexedPropertyUri", f"{slot[:40]!r} is no address of a contact")
    entries: Json = dict(edit.value.get("addresses") or {})
    key = slots.address_slots(entries).get(slot, slot)
    one: Json = dict(entries.get(key) or slots.NEW_ADDRESS[slot])
    kinds = {
        kind for name in parts for kind in ((slots.PARTS[name], "number") if name == "Street" else (slots.PARTS[name],))
    }
    rest = [each for each in one.get("components") or () if each.get("kind") not in kinds]
    new = [{"kind": slots.PARTS[name], "value": text} for name, text in parts.items() if text]
    order = list(slots.PARTS.values())
    components = [*rest, *new]
    put(
        one,
        "components",
        sorted(components, key=lambda each: order.index(each["kind"]) if each["kind"] in order else -1),
    )
    one.pop("full", None)
    entries[key] = one
    put(
        edit.value,
        "addresses",
        {name: each for name, each in entries.items() if each.get("components") or each.get("full")},
    )


def _addresses(edit: Edit, element: Element | None) -> None:
    for each in children(element, "Entry"):
        parts = {local(part): text_in(part) for part in children(each) if local(part) in slots.PARTS}
        address(edit, each.get("Key", ""), parts)


def _members(edit: Edit, element: Element | None) -> None:
    found = {}
    for each in children(element, "Member"):
        for _, mail in mailboxes_in(each):
            found[f"mailto:{mail}"] = True
    ids = {key for key in edit.value.get("members") or {} if not key.startswith("mailto:")}
    put(edit.value, "members", {**dict.fromkeys(ids, True), **found})


def _slot(member: str, slot: str) -> Set:
    return lambda edit, element: entry(edit, member, slot, text_in(element))


def _part(slot: str, part: str) -> Set:
    return lambda edit, element: address(edit, slot, {part: text_in(element)})


CONTACT: Final[Mapping[str, Set]] = {
    **{name: _name(kind) for name, kind in NAME_KINDS.items()},
    **{name: _beside(name) for name in BESIDE},
    **{name: _extra(name) for name in EXTRAS},
    "DisplayName": _display,
    "Subject": nothing,
    "Nickname": _single("nicknames", "name"),
    "CompanyName": _single("organizations", "name"),
    "Department": _department,
    "JobTitle": _single("titles", "name", kind="title"),
    "Profession": _single("titles", "name", kind="role"),
    "BusinessHomePage": _single("links", "uri", lambda each: not private(each)),
    "PersonalHomePage": _single("links", "uri", private, contexts={"private": True}),
    "EmailAddresses": _entries("emails"),
    "PhoneNumbers": _entries("phones"),
    "ImAddresses": _entries("onlineServices"),
    "PhysicalAddresses": _addresses,
    "Birthday": _day("birth"),
    "WeddingAnniversary": _day("wedding"),
    "Body": _notes,
    "Categories": _categories,
    "Members": _members,
    **{f"contacts:PhoneNumber/{slot}": _slot("phones", slot) for slot in slots.PHONES},
    **{f"contacts:ImAddress/{slot}": _slot("onlineServices", slot) for slot in slots.IMS},
    **{
        f"contacts:PhysicalAddress:{part}/{slot}": _part(slot, part) for slot in slots.ADDRESSES for part in slots.PARTS
    },
    **dict.fromkeys(
        (
            "ItemClass",
            "ItemId",
            "MimeContent",
            "ParentFolderId",
            "Sensitivity",
            "Importance",
            "Culture",
            "ContactSource",
            "PostalAddressIndex",
            "HasPicture",
            "CompleteName",
            "ReminderIsSet",
            "ReminderMinutesBeforeStart",
            "Flag",
            "IsDraft",
        ),
        nothing,
    ),
}
_INDEXED: Final = {
    "contacts:EmailAddress": "emails",
    "contacts:PhoneNumber": "phones",
    "contacts:ImAddress": "onlineServices",
}


def indexed(edit: Edit, uri: str, index: str, element: Element | None) -> None:
    """A change of one entry: `element` is the contact that holds its new value. `EwsError`."""
    if uri in _INDEXED:
        value = next((text_in(each) for each in _found(element) if each.get("Key") == index), "")
        entry(edit, _INDEXED[uri], index, value)
        return
    part = uri.removeprefix("contacts:PhysicalAddress:")
    if part not in slots.PARTS:
        raise unset(uri[:60])
    one = next((each for each in _found(element) if each.get("Key") == index), None)
    address(edit, index, {part: text_in(child(one, part))})


def _found(element: Element | None) -> list[Element]:
    return [each for rows in children(element) for each in children(rows, "Entry")]


def settle(value: Json) -> None:
    """A contact has a name."""
    name: Json = dict(value.get("name") or {})
    if not name.get("full"):
        said = name.get("components") or ()
        parts = [str(each["value"]) for kind in _SPOKEN for each in said if each.get("kind") == kind]
        mail = next((each.get("address") for each in (value.get("emails") or {}).values()), None)
        organization = next((each.get("name") for each in (value.get("organizations") or {}).values()), None)
        put(name, "full", " ".join(parts) or organization or mail or "?")
    value["name"] = name


def shaped(value: Json) -> Json:
    """The value, when it has the shape of a card. `EwsError`."""
    try:
        CARD(value)
    except Misshapen as error:
        raise EwsError("ErrorInvalidPropertySet", f"{error.way}: {error.why}") from None
    return value


async def made(turn: Turn, make: Callable[[], Component], name: str, version: str) -> NewItem:
    """What is made, ready to be stored. `EwsError` for what no card can say."""
    try:
        octets = await asyncio.to_thread(lambda: serialized([converted(make(), version)]))
        if len(octets) > LONGEST:
            raise EwsError("ErrorMessageSizeExceeded", f"a contact of more than {LONGEST} octets")
        return (await read_item(octets, turn.parts.blobs, name))[1]
    except (Malformed, ValueError) as error:
        raise EwsError("ErrorInvalidPropertySet", f"it cannot be said as a contact: {error}") from None


async def create(turn: Turn, element: Element, saved: Element | None) -> str:
    """A new contact, or list. `EwsError`."""
    octets, name = mime_in(element), secrets.token_urlsafe(18) + ".vcf"
    kind = local(element)
    edit = Edit({"@type": "Card", "version": "1.0"}, turn.zone)
    if octets is not None:
        try:
            new = (await read_item(octets, turn.parts.blobs, name))[1]
            stored = await asyncio.to_thread(lambda: converted(parse(octets)[0], "4.0"))
        except Malformed as error:
            raise EwsError("ErrorMimeContentInvalid", str(error)) from None
        before = card_of(stored)
        edit = Edit(dict(before), turn.zone)
        all_given(edit, CONTACT, element)
        if edit.value != before:
            value = shaped(edit.value)
            new = await made(turn, lambda: changed(stored, value), name, version_of(octets))
    else:
        all_given(edit, CONTACT, element)
        now = now_text(turn.parts.clock.now())
        value = {"uid": f"urn:uuid:{uuid.uuid4()}", "created": now, "updated": now, **edit.value}
        value |= {"kind": "group"} if kind == "DistributionList" else {}
        settle(value)
        shaped(value)
        new = await made(turn, lambda: vcard_of(value), name, "4.0")
    return await appended(turn, Remade(None, new), saved, Role.CONTACTS, edit.kept, kind)


async def update(turn: Turn, find: Callable[[], Any], do: Callable[[Edit], None], kind: str) -> Xml:
    """Does something to the contact that `find` leads to, anew when somebody comes between; its id. `EwsError`."""

    async def once() -> Xml:
        one: One = await find()
        octets = await turn.parts.blobs.read(one.thing.blob)
        stored = await asyncio.to_thread(lambda: converted(parse(octets)[0], "4.0"))
        now = card_of(stored)
        edit = Edit(dict(now), turn.zone)
        do(edit)
        new = None
        if edit.value != now:
            if edit.value.get("name") != now.get("name"):
                _renamed(edit.value, now)
            value = {**edit.value, "updated": now_text(turn.parts.clock.now())}
            settle(value)
            shaped(value)
            new = await made(turn, lambda: changed(stored, value), one.thing.name, version_of(octets))
        return await replaced(turn, one, Remade(None, new) if new is not None else None, edit.kept, kind)

    return await again(once)


def _renamed(value: Json, now: Json) -> None:
    """Other parts of a name make another full name, where that has said nothing else."""
    old, new = now.get("name") or {}, value.get("name") or {}
    parts = " ".join(str(each["value"]) for each in old.get("components") or ())
    if new.get("full") == old.get("full") and sorted(parts.split()) == sorted(str(old.get("full") or "").split()):
        value["name"] = {name: each for name, each in new.items() if name != "full"}
