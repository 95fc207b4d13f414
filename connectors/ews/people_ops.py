"""Who there is: ResolveNames, ExpandDL, rooms and MailTips. MS-OXWSRSLNM and others.

Those of one's own domain, as the directory tells everybody, and the contacts of one's own address books.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.bounded_xml import Element
from connectors.ews.contact_fields import display_name, emails, members
from connectors.ews.errors import EwsError
from connectors.ews.fields import mailbox
from connectors.ews.ids import item_id, read_id
from connectors.ews.shapes import item_xml, shape_in
from connectors.ews.things import Facts, One, Thing, things_in, things_of, with_octets
from connectors.ews.turn import Turn, each
from connectors.ews.wire import Xml, child, children, message, needed, response, said_error, tag, words
from groupware.model.errors import GroupwareError
from groupware.model.ids import ItemId
from groupware.model.item import Kind, Query
from groupware.model.principal import Person, PrincipalKind
from groupware.model.rights import Right
from groupware.store.api import ReadTx

MOST: Final = 100
"""Candidates for a name: what Exchange gives."""
MOST_NAMED: Final = 1000
"""Members of a list that are looked up by their UIDs."""
_TYPES: Final = {
    PrincipalKind.ACCOUNT: "Mailbox",
    PrincipalKind.GROUP: "PublicDL",
    PrincipalKind.LIST: "PublicDL",
    PrincipalKind.RESOURCE: "Mailbox",
    PrincipalKind.RECIPIENT: "PublicFolder",
}


def is_group(person: Person) -> bool:
    """Whether several are behind an address."""
    return _TYPES.get(person.kind) == "PublicDL"


def person_box(person: Person, name: str = "Mailbox", more: str = "") -> Xml:
    """A Mailbox of the directory."""
    said = tag("Name", person.name or person.address) + tag("EmailAddress", person.address) + tag("RoutingType", "SMTP")
    return tag(name, Xml(said + tag("MailboxType", _TYPES.get(person.kind, "Mailbox")) + more))


# --- contacts ---------------------------------------------------------------------------------------------------------


def contacts_with(tx: ReadTx, text: str) -> list[Thing]:
    """Contacts of one's own address books in which this stands."""
    books = [each_ for each_ in tx.folders(Kind.CONTACTS) if each_.exists and Right.READ in each_.rights]
    found: list[Thing] = []
    hits = tx.find([each_.id for each_ in books], Query((text,))) if books and text else []
    for book in books:
        uids = sorted({hit.uid for hit in hits if hit.folder == book.id})[:MOST]
        found += things_in(tx, book, uids)
    return found[:MOST]


async def read_contacts(turn: Turn, things: Sequence[Thing]) -> list[One]:
    ones = [One(thing, Facts()) for thing in things]
    await with_octets(turn, ones)
    return [one for one in ones if one.whole]


# --- ResolveNames -----------------------------------------------------------------------------------------------------


async def resolve_names(turn: Turn, element: Element) -> str:
    """`ResolveNames`."""
    text = (needed(element, "UnresolvedEntry").text or "").strip()
    sought = text.partition(":")[2] if text.lower().startswith(("smtp:", "sip:")) else text
    scope = element.get("SearchScope", "ActiveDirectoryContacts")
    full = element.get("ReturnFullContactData", "false").lower() == "true"

    def look(tx: ReadTx) -> tuple[list[Person], list[Thing]]:
        people = list(tx.people(sought, MOST + 1)) if sought and scope != "Contacts" else []
        exact = [each_ for each_ in people if sought.lower() in (each_.address.lower(), *map(str.lower, each_.aliases))]
        return exact or people, contacts_with(tx, sought) if scope != "ActiveDirectory" and not exact else []

    people, things = await turn.read(look)
    rows = [_resolution(each_, full=full) for each_ in people]
    for one in await read_contacts(turn, things):
        rows += _of_contact(one, full=full)
    return _resolved(rows)


def _resolution(person: Person, *, full: bool) -> str:
    given, _, surname = (person.name or "").rpartition(" ")
    contact = (
        tag("DisplayName", person.name or person.address)
        + tag("GivenName", given or None)
        + tag(
            "EmailAddresses", Xml(f'<t:Entry Key="EmailAddress1">{tag("X", "SMTP:" + person.address)[5:-6]}</t:Entry>')
        )
        + tag("ContactSource", "ActiveDirectory")
        + tag("Surname", surname or None)
    )
    return tag("Resolution", Xml(person_box(person) + (tag("Contact", Xml(contact)) if full else "")))


def _of_contact(one: One, *, full: bool) -> list[str]:
    card, shape = one.json, shape_in(None)
    if card.get("kind") == "group":
        box = tag("Name", display_name(card)) + tag("RoutingType", "MAPIPDL") + tag("MailboxType", "PrivateDL")
        named = f'<t:ItemId Id="{item_id(one.thing.item)}"/>'
        return [tag("Resolution", tag("Mailbox", Xml(box + named)))]
    contact = item_xml(one, shape) if full else ""
    return [
        tag("Resolution", Xml(_contact_box(display_name(card), address, one.thing.item) + contact))
        for address in emails(card).values()
    ]


def _contact_box(name: str, address: str, item: ItemId) -> Xml:
    said = tag("Name", name) + tag("EmailAddress", address) + tag("RoutingType", "SMTP") + tag("MailboxType", "Contact")
    return tag("Mailbox", Xml(said + f'<t:ItemId Id="{item_id(item)}"/>'))


def _resolved(rows: Sequence[str]) -> str:
    name = "ResolveNames"
    if not rows:
        error = EwsError("ErrorNameResolutionNoResults", "there is nobody of that name")
        inside = f'<m:{name}ResponseMessage ResponseClass="Error">{said_error(error)}</m:{name}ResponseMessage>'
        return response(name, [inside])
    last = "true" if len(rows) <= MOST else "false"
    found = f'<m:ResolutionSet TotalItemsInView="{len(rows[:MOST])}" IncludesLastItemInRange="{last}">'
    found += "".join(rows[:MOST]) + "</m:ResolutionSet>"
    if len(rows) == 1:
        head = f'<m:{name}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
    else:
        error = EwsError("ErrorNameResolutionMultipleResults", "several have that name")
        head = f'<m:{name}ResponseMessage ResponseClass="Warning">{said_error(error)}'
    return response(name, [f"{head}{found}</m:{name}ResponseMessage>"])


async def expand_dl(turn: Turn, element: Element) -> str:
    """`ExpandDL`: who is in a group that one administers, or in a list of one's own contacts."""
    box = needed(element, "Mailbox")
    address = (words(box, "EmailAddress") or "").strip()
    named = child(box, "ItemId")

    async def work(_: None) -> str:
        if named is not None:
            item = read_id(named.get("Id", ""), "I").item
            thing = (await turn.read(lambda tx: things_of(tx, [item]))).get(item)
            found = await read_contacts(turn, [thing] if thing is not None else [])
            if not found:
                raise EwsError("ErrorNameResolutionNoResults", "there is no such list")
            those = members(found[0].json)
            known = await _named(turn, [name for name, mail in those if not mail])
            boxes = [mailbox(*known.get(name, (name, "")) if not mail else (name, mail)) for name, mail in those]
        else:
            boxes = await turn.read(lambda tx: _in_group(tx, address))
        inside = "".join(boxes)
        last = 'IncludesLastItemInRange="true"'
        return f'<m:DLExpansion TotalItemsInView="{len(boxes)}" {last}>{inside}</m:DLExpansion>'

    return await each("ExpandDL", [None], work, "ErrorNameResolutionNoResults")


async def _named(turn: Turn, uids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(name, first address) of contacts that one may read, by their UID."""
    if not uids:
        return {}

    def look(tx: ReadTx) -> list[Thing]:
        found: list[Thing] = []
        left = set(uids[:MOST_NAMED])
        for book in tx.folders(Kind.CONTACTS):
            if not book.exists or Right.READ not in book.rights:
                continue
            there = {uid: names for uid in left if (names := tx.identified(book.id, uid))}
            left -= there.keys()
            items = tx.items_named(book.id, [names[0] for names in there.values()])
            found += things_in(tx, book, [item.uid for item in items])
        return found

    cards = await read_contacts(turn, await turn.read(look))
    return {
        str(one.json.get("uid")): (display_name(one.json), next(iter(emails(one.json).values()), "")) for one in cards
    }


def _in_group(tx: ReadTx, address: str) -> list[Xml]:
    people = {each_.address.lower(): each_ for each_ in tx.people("", 10_000)}
    if address.lower() not in people:
        raise EwsError("ErrorNameResolutionNoResults", f"{address[:80]!r}: there is no such group here")
    found = []
    for member in tx.members(address):
        known = people.get(member.lower())
        found.append(person_box(known) if known is not None else mailbox("", member))
    return found


def single(name: str, inside: str) -> str:
    """An answer that is one message by itself."""
    return (
        f'<m:{name}Response ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{inside}</m:{name}Response>'
    )


def refused(name: str, error: EwsError) -> str:
    return f'<m:{name}Response ResponseClass="Error">{said_error(error)}</m:{name}Response>'


# --- rooms ------------------------------------------------------------------------------------------------------------


async def get_room_lists(turn: Turn, element: Element) -> str:
    """`GetRoomLists`: one list, of all rooms and equipment of the domain."""
    rooms = await turn.read(_rooms)
    domain = turn.who.name.rpartition("@")[2]
    boxes = [mailbox("Rooms", f"rooms@{domain}").replace("t:Mailbox>", "t:Address>")] if rooms else []
    return single("GetRoomLists", message("RoomLists", "".join(boxes)))


def _rooms(tx: ReadTx) -> list[Person]:
    return [each_ for each_ in tx.people("", 10_000) if each_.kind is PrincipalKind.RESOURCE]


async def get_rooms(turn: Turn, element: Element) -> str:
    """`GetRooms`."""
    rooms = [tag("Room", person_box(each_, "Id")) for each_ in await turn.read(_rooms)]
    return single("GetRooms", message("Rooms", "".join(rooms)))


# --- MailTips ----------------------------------------------------------------------------------------------


async def get_mail_tips(turn: Turn, element: Element) -> str:
    """`GetMailTips`: whether somebody is of one's own domain; what an account says to senders is its own to know."""
    people = [(words(box, "EmailAddress") or "").strip() for box in children(needed(element, "Recipients"))][:MOST]

    def look(tx: ReadTx) -> list[bool]:
        return [_takes(tx, address) for address in people]

    known = await turn.read(look)
    rows = []
    for address, right in zip(people, known, strict=True):
        inside = tag("RecipientAddress", Xml(tag("EmailAddress", address) + tag("RoutingType", "SMTP")))
        inside += tag("PendingMailTips", "") + tag("TotalMemberCount", 1) + tag("InvalidRecipient", not right)
        rows.append(
            '<m:MailTipsResponseMessageType ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
            f"<m:MailTips>{inside}</m:MailTips></m:MailTipsResponseMessageType>"
        )
    return single("GetMailTips", message("ResponseMessages", "".join(rows)))


def _takes(tx: ReadTx, address: str) -> bool:
    """Whether mail to an address can go anywhere, as far as that is known here."""
    if address.rpartition("@")[2].lower() != tx.who.name.rpartition("@")[2]:
        return "@" in address
    try:
        return bool(tx.resolve(address))
    except GroupwareError:
        return False
