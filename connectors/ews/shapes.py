"""Which properties of items are told, and the elements that tell them. MS-OXWSCDATA §2.2.4.40 (ItemShape)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews import calendar_fields, contact_fields, meeting_fields, task_fields
from connectors.ews.extended import extended_value, value_xml
from connectors.ews.fields import Field
from connectors.ews.mail_fields import MESSAGE
from connectors.ews.order import ORDER, PLACE, TAGS
from connectors.ews.paths import Path, paths_in
from connectors.ews.same import same_of, told_as
from connectors.ews.things import Facts, One
from connectors.ews.wire import Xml, child, flag, number, tag, words
from groupware.model.item import Kind

TABLES: Final[Mapping[str, Mapping[str, Field]]] = {
    "Message": MESSAGE,
    "MeetingRequest": meeting_fields.REQUEST,
    "MeetingResponse": meeting_fields.RESPONSE,
    "MeetingCancellation": meeting_fields.CANCELLATION,
    "CalendarItem": calendar_fields.EVENT,
    "Task": task_fields.TASK,
    "Note": task_fields.NOTE,
    "Contact": contact_fields.CONTACT,
    "DistributionList": contact_fields.LIST,
    "Item": task_fields.JOURNAL,
}
"""What is told of each kind of items."""
_HEAVY: Final = frozenset(
    {
        "item:MimeContent",
        "item:Body",
        "item:TextBody",
        "item:UniqueBody",
        "item:NormalizedBody",
        "item:Attachments",
        "item:InternetMessageHeaders",
    }
)
"""What FindItem does not tell."""
_DEFAULT: Final = frozenset(
    {
        "item:ItemId",
        "item:Subject",
        "item:DateTimeReceived",
        "item:DateTimeSent",
        "item:Size",
        "item:HasAttachments",
        "item:Attachments",
        "item:Body",
        "item:IsDraft",
        "item:ResponseObjects",
        "item:Sensitivity",
        "item:Importance",
        "message:From",
        "message:ToRecipients",
        "message:CcRecipients",
        "message:BccRecipients",
        "message:IsRead",
        "message:InternetMessageId",
        "calendar:Start",
        "calendar:End",
        "calendar:IsAllDayEvent",
        "calendar:LegacyFreeBusyStatus",
        "calendar:Location",
        "calendar:CalendarItemType",
        "calendar:Organizer",
        "calendar:RequiredAttendees",
        "calendar:OptionalAttendees",
        "calendar:Resources",
        "calendar:Recurrence",
        "task:DueDate",
        "task:PercentComplete",
        "task:StartDate",
        "task:Status",
        "contacts:DisplayName",
        "contacts:FileAs",
        "contacts:CompanyName",
        "contacts:CompleteName",
        "contacts:EmailAddresses",
        "contacts:PhysicalAddresses",
        "contacts:PhoneNumbers",
        "contacts:ImAddresses",
        "contacts:JobTitle",
        "meeting:AssociatedCalendarItemId",
        "meeting:ResponseType",
        "meetingRequest:MeetingRequestType",
    }
)
_NOT_IN_ALL: Final = frozenset({"item:MimeContent", "item:UniqueBody", "item:NormalizedBody", "item:TextBody"})
_CONTAINERS: Final = {
    "contacts:EmailAddress": "contacts:EmailAddresses",
    "contacts:PhoneNumber": "contacts:PhoneNumbers",
    "contacts:ImAddress": "contacts:ImAddresses",
    "contacts:PhysicalAddress": "contacts:PhysicalAddresses",
}
"""What holds an entry that is named alone: it is told with the others beside it."""
_BODIES: Final = {"html": "HTML", "text": "Text"}


@dataclass(frozen=True)
class Shape:
    """What is wanted of items."""

    base: str
    names: frozenset[str]
    extended: tuple[Path, ...]
    light: bool
    """Whether it is for FindItem, which tells no bodies."""
    body: str
    most: int
    ordered: dict[str, Sequence[tuple[str, Field]]] = field(default_factory=dict, compare=False)

    def of(self, kind: str) -> Sequence[tuple[str, Field]]:
        """The properties of a kind that are told, in the order of the schema."""
        found = self.ordered.get(kind)
        if found is None:
            table = TABLES[kind]
            found = self.ordered[kind] = [
                (uri, table[uri]) for uri in ORDER if uri in table and self._wants(uri, table)
            ]
        return found

    def _wants(self, uri: str, table: Mapping[str, Field]) -> bool:
        if uri == "item:ItemId" or uri in self.names:
            return not (self.light and uri in _HEAVY)
        if self.light and (uri in _HEAVY or (kindless(table) and table[uri].octets)):
            return False
        if self.base == "AllProperties":
            return uri not in _NOT_IN_ALL
        return self.base == "Default" and uri in _DEFAULT

    def needs_octets(self, one: One) -> bool:
        """Whether what is stored of a message beside its octets is not enough; of all else it never is."""
        if one.kind is not Kind.MAIL:
            return self.base != "IdOnly" or bool(self.names) or bool(self.extended)
        if one.has_calendar:
            return True
        return any(each.octets for _, each in self.of("Message")) or any(_of_octets(path) for path in self.extended)

    def facts(self, facts: Facts) -> Facts:
        """What is the same of all items, with what is wanted of bodies."""
        return replace(facts, body=self.body, most=self.most)


def kindless(table: Mapping[str, Field]) -> bool:
    """Whether a table is that of messages, where octets cost another look."""
    return table is MESSAGE


def _of_octets(path: Path) -> bool:
    return path.uri in ("tag:0x007d:String", "tag:0x0e1d:String", "tag:0x0071:Binary", "tag:0x1000:String")


def shape_in(element: Element | None, name: str = "ItemShape", *, light: bool = False) -> Shape:
    """The shape of a request. `EwsError`."""
    said = child(element, name)
    base = (words(said, "BaseShape") or ("Default" if name == "ItemShape" else "IdOnly")).strip()
    more = paths_in(child(said, "AdditionalProperties"))
    names = {_CONTAINERS.get(":".join(each.uri.split(":")[:2]), each.uri) for each in more if not each.extended}
    if flag(said, "IncludeMimeContent"):
        names.add("item:MimeContent")
    body = _BODIES.get((words(said, "BodyType") or "Best").strip().lower(), "Best")
    most = number(words(said, "MaximumBodySize"), "MaximumBodySize") or 0
    extended = tuple(each for each in more if each.extended)
    return Shape(base, frozenset(names), extended, light, body, most)


def _uri(path: Path) -> str:
    return f"{path.uri}/{path.index}" if path.index else path.uri


def tag_of(one: One) -> str:
    """The kind of an item: a key of `TABLES`."""
    kind = one.kind
    if kind is Kind.MAIL:
        return meeting_fields.kind_of(one) if one.octets and one.has_calendar else "Message"
    if kind is Kind.CONTACTS:
        return "DistributionList" if one.octets and one.whole.get("kind") == "group" else "Contact"
    return {Kind.CALENDAR: "CalendarItem", Kind.TASKS: "Task", Kind.NOTES: "Note"}.get(kind, "Item")


def item_xml(one: One, shape: Shape, kind: str = "") -> Xml:
    """The element of an item."""
    kind = kind or tag_of(one)
    inside: list[str] = []
    placed = not shape.extended
    for uri, each in shape.of(kind):
        if not placed and ORDER[uri] > PLACE:
            inside.append(_extended(one, shape))
            placed = True
        inside.append(tag(TAGS[uri], each.shown(one)))
    if not placed:
        inside.append(_extended(one, shape))
    return tag("Message" if kind == "Note" else kind, Xml("".join(inside)))


def _extended(one: One, shape: Shape) -> str:
    found = []
    for path in shape.extended:
        value = _extended_of(one, path)
        if value is not None:
            found.append(tag("ExtendedProperty", Xml(path.xml + value_xml(value, path))))
    return "".join(found)


def value_of(one: One, path: Path) -> Any:
    """The value of a property, for restrictions and sorting."""
    if path.extended:
        value = _extended_of(one, path)
        return None if isinstance(value, Xml) else value
    return _value(one, _uri(path))


def _value(one: One, uri: str) -> Any:
    found = TABLES[tag_of(one)].get(uri)
    return found.get(one) if found is not None else None


def _extended_of(one: One, path: Path) -> Any:
    """Of an extended property: what is kept, what is stored, or what another property says too."""
    value = extended_value(one, path)
    uri = same_of(path, TABLES[tag_of(one)]) if value is None else None
    if uri is None:
        return value
    found = told_as(uri, _value(one, uri))
    return None if found in ("", []) else found


def getter(one: One) -> Any:
    """`value_of` one item."""
    return partial(value_of, one)


_KNOWN: Final = frozenset({*ORDER, *(uri for table in TABLES.values() for uri in table)})
_INDEXED: Final = frozenset({uri.partition("/")[0] for uri in _KNOWN if "/" in uri} | {"item:InternetMessageHeader"})


def known(path: Path) -> bool:
    """Whether some kind of items has that property."""
    return path.uri in _INDEXED if path.index else path.uri in _KNOWN


def looks_at_octets(paths: Collection[Path], kind: Kind) -> bool:
    """Whether the values of these take the octets of items."""
    if kind is not Kind.MAIL:
        return bool(paths)
    return any(
        _of_octets(each) if each.extended else (found := MESSAGE.get(_uri(each))) is not None and found.octets
        for each in paths
    )
