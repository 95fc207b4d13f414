"""FindPeople and GetPersona: who there is, from the directory and from one's own address books. MS-OXWSPERS."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.contact_fields import company, display_name, emails, name_part
from connectors.ews.errors import EwsError
from connectors.ews.fields import mailbox
from connectors.ews.find_item import Order, sort_in, sort_key
from connectors.ews.ids import item_id, read_id
from connectors.ews.paths import Path
from connectors.ews.people_ops import MOST, contacts_with, is_group, read_contacts, refused, single
from connectors.ews.query_string import Word, matches, narrowed, read_query
from connectors.ews.restriction import Restriction, Test
from connectors.ews.things import One, Thing, things_in, things_of
from connectors.ews.turn import Turn
from connectors.ews.views import paged, view_in
from connectors.ews.wire import Xml, child, message, needed, said_error, tag, words
from groupware.model.item import Kind
from groupware.model.principal import Person
from groupware.store.api import ReadTx

BROWSED: Final = 1000
"""People of the directory, and contacts of one address book, that are looked through where no words narrow it down."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody, from the directory or from an address book."""

    ident: str
    name: str
    addresses: Sequence[str]
    kind: str = "Person"
    card: Mapping[str, Any] | None = None

    @property
    def xml(self) -> str:
        """The properties of a persona."""
        card = self.card or {}
        first = mailbox(self.name, self.addresses[0]) if self.addresses else None
        boxes = "".join(
            tag("Address", Xml(tag("Name", self.name) + tag("EmailAddress", mail) + tag("RoutingType", "SMTP")))
            for mail in self.addresses
        )
        email = Xml(first[len("<t:Mailbox>") : -len("</t:Mailbox>")]) if first is not None else None
        said = f'<t:PersonaId Id="{self.ident}"/>' + tag("PersonaType", self.kind) + tag("DisplayName", self.name)
        said += tag("GivenName", name_part(card, "given")) + tag("Surname", name_part(card, "surname"))
        said += tag("EmailAddress", email) + tag("EmailAddresses", Xml(boxes) or None)
        return said + tag("RelevanceScore", "1")


def _of_person(person: Person) -> Persona:
    ident = base64.b64encode(b"P" + person.address.encode()).decode()
    kind = "DistributionList" if is_group(person) else "Person"
    return Persona(ident, person.name or person.address, [person.address, *person.aliases], kind)


def _of_card(one: One) -> Persona:
    return Persona(item_id(one.thing.item), display_name(one.json), list(emails(one.json).values()), card=one.json)


_VALUES: Final[Mapping[str, Callable[[Persona], Any]]] = {
    "persona:PersonaId": lambda of: of.ident,
    "persona:PersonaType": lambda of: of.kind,
    "persona:DisplayName": lambda of: of.name,
    "persona:GivenName": lambda of: name_part(of.card or {}, "given"),
    "persona:Surname": lambda of: name_part(of.card or {}, "surname"),
    "persona:CompanyName": lambda of: company(of.card or {}),
    "persona:EmailAddress": lambda of: of.addresses[0] if of.addresses else None,
    "persona:EmailAddresses": lambda of: list(of.addresses),
}
"""What people can be restricted and sorted by."""
_BY_NAME: Final = [Order(Path("persona:DisplayName"), descending=False)]


def _known(path: Path) -> bool:
    return path.uri in _VALUES


def _value(of: Persona, path: Path) -> Any:
    """The value of a property; None: people have none of that name."""
    get = _VALUES.get(path.uri)
    return None if get is None else get(of)


async def find_people(turn: Turn, element: Element) -> str:
    """`FindPeople`."""
    try:
        return await _found(turn, element)
    except EwsError as error:
        return refused("FindPeople", error)


async def _found(turn: Turn, element: Element) -> str:
    view, sort = view_in(element), sort_in(element) or _BY_NAME
    asked = read_query((words(element, "QueryString") or "").strip(), turn.now())
    named = (child(element, name) for name in ("Restriction", "AggregationRestriction"))
    tests = [Restriction(each_, _known).test for each_ in named if each_ is not None]
    for order in sort:
        if not _known(order.path):
            raise EwsError("ErrorUnsupportedPathForSortGroup", f"{order.path.uri[:60]}: people are not sorted by that")

    def look(tx: ReadTx) -> tuple[dict[str, Person], dict[str, Thing], dict[Word, set[str]]]:
        hits, people, things = dict[Word, set[str]](), dict[str, Person](), dict[str, Thing]()
        for word in dict.fromkeys(asked.words):
            in_directory = {each_.address: each_ for each_ in tx.people(word.text, BROWSED)}
            in_books = {str(each_.item): each_ for each_ in contacts_with(tx, word.text)}
            hits[word] = in_directory.keys() | in_books.keys()
            people, things = people | in_directory, things | in_books
        if narrowed(asked.root, hits) is None:
            books = [each_ for each_ in tx.folders(Kind.CONTACTS) if each_.exists and each_.own]
            people = {each_.address: each_ for each_ in tx.people("", BROWSED)}
            things = {str(t.item): t for book in books for t in things_in(tx, book, tx.uids(book.id)[:BROWSED])}
        return people, things, hits

    people, things, hits = await turn.read(look)

    def meant(name: str) -> bool:
        return matches(asked.root, lambda word: name in hits[word])

    cards = await read_contacts(turn, [each_ for name, each_ in things.items() if meant(name)])

    def listed() -> list[Persona]:
        found = [*map(_of_card, cards), *(_of_person(each_) for name, each_ in people.items() if meant(name))]
        return _chosen(found, tests, sort)

    page, some = paged(view, await asyncio.to_thread(listed))
    inside = message("People", "".join(tag("Persona", Xml(each_.xml)) for each_ in some))
    inside += message("TotalNumberOfPeopleInView", str(page.total)) + message("FirstMatchingRowIndex", "0")
    return single("FindPeople", inside + message("FirstLoadedRowIndex", str(page.start)))


def _chosen(found: Sequence[Persona], tests: Sequence[Test], sort: Sequence[Order]) -> list[Persona]:
    """Those that pass, each once, in order."""
    some: dict[str, Persona] = {}
    for each in found:
        if all(test(lambda path: _value(each, path)) for test in tests):  # noqa: B023
            some.setdefault(each.addresses[0].lower() if each.addresses else each.ident, each)
    kept = list(some.values())
    for order in reversed(sort):
        kept.sort(key=lambda each: sort_key(_value(each, order.path)), reverse=order.descending)
    return kept


async def get_persona(turn: Turn, element: Element) -> str:
    """`GetPersona`."""
    named = needed(element, "PersonaId").get("Id", "")
    try:
        found = await _persona(turn, named)
    except EwsError as error:
        return f'<m:GetPersonaResponseMessage ResponseClass="Error">{said_error(error)}</m:GetPersonaResponseMessage>'
    inside = f"<m:Persona>{found.xml}</m:Persona>"
    return (
        '<m:GetPersonaResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
        f"{inside}</m:GetPersonaResponseMessage>"
    )


async def _persona(turn: Turn, named: str) -> Persona:
    try:
        octets = base64.b64decode(named, validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if octets[:1] == b"P":
        address = octets[1:].decode("utf-8", "replace")
        people = await turn.read(lambda tx: tx.people(address, MOST))
        person = next((each_ for each_ in people if each_.address == address), None)
        if person is not None:
            return _of_person(person)
        raise EwsError("ErrorPersonNotFound", "there is nobody of that id")
    item = read_id(named, "I").item
    thing = (await turn.read(lambda tx: things_of(tx, [item]))).get(item)
    ones = await read_contacts(turn, [thing] if thing is not None else [])
    if not ones:
        raise EwsError("ErrorPersonNotFound", "there is nobody of that id")
    return _of_card(ones[0])
