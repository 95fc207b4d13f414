"""Live properties: what each kind of resource says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from connectors.dav import subscribed, xml
from connectors.dav.acl import SENDING, privileges, supported_privileges
from connectors.dav.paths import (
    CALENDARS,
    CONTACTS,
    HOMES,
    INBOX,
    NOTIFICATIONS,
    OUTBOX,
    PRINCIPALS,
    ROOT,
    TZDIST,
    Place,
    principal,
)
from connectors.dav.request import IMAGE_OCTETS, OBJECT_OCTETS
from connectors.dav.resources import (
    ABOUT_DELEGATES,
    ATTACHMENT_COUNT,
    ATTACHMENT_SIZE,
    AVAILABLE,
    COLOUR,
    DISPLAY_NAME,
    INVITE,
    LOCKS,
    ORDER,
    TRANSPARENCY,
    Collection,
    Resource,
    Simple,
    Thing,
    dead,
    note_name,
)
from connectors.dav.share_properties import hosted, invite, share_access, sharees
from connectors.dav.shelf import Shelf, etag
from connectors.dav.topics import HOME_TRIGGERS, TOPIC, TRIGGERS, topic_of, transports
from connectors.dav.xml import CALDAV, CARDDAV, DAV, PUSH, SERVER, escape, href
from groupware.model.annotation import AVAILABILITY
from groupware.model.folder import SEPARATOR, Role
from groupware.model.rights import ALL, Right

# --- what they say ----------------------------------------------------------------------------------------------------


def display_name(shelf: Shelf) -> str:
    """What people call a collection: one's own name for it, else the folder's, with its owner where it is shared."""
    own = shelf.notes.get(note_name(DISPLAY_NAME, shared=False))
    if own is not None:
        return own.decode()
    name = shelf.folder.path.rpartition(SEPARATOR)[2]
    return name if shelf.folder.own or not shelf.owner else f"{name} ({shelf.owner})"


def sync_token(shelf: Shelf) -> str:
    """The position in the change sequence, as RFC 6578 wants it."""
    return f"data:,{shelf.folder.uidvalidity}-{shelf.folder.modseq}"


def content_type(shelf: Shelf) -> str:
    """Of the objects in a collection."""
    if shelf.contacts:
        return "text/vcard; charset=utf-8"
    return f"text/calendar; charset=utf-8; component={shelf.components[0].lower()}"


def http_date(micros: int) -> str:
    """A moment, in microseconds since 1970, as HTTP writes it."""
    return format_datetime(datetime.fromtimestamp(micros // 1_000_000, UTC), usegmt=True)


def _user_tags(area: str) -> Callable[[Simple], str | None]:
    def home_set(one: Simple) -> str | None:
        return href(Place(area, one.at.user or one.user).href) if one.at.area == PRINCIPALS and one.at.user else None

    return home_set


def _kind(one: Simple) -> str:
    if one.at.segment == OUTBOX:
        return "<D:collection/><C:schedule-outbox/>"
    if one.at.area == PRINCIPALS and one.at.user:
        return "<D:collection/><D:principal/>"
    return "<D:collection/>"


def _addresses(one: Simple) -> str | None:
    if not (one.at.area == PRINCIPALS and one.at.user):
        return None
    aliases = "".join(href(f"mailto:{each}") for each in one.aliases)
    return href(f"mailto:{one.at.user}") + aliases + href(principal(one.at.user))


def _box(segment: str) -> Callable[[Simple], str | None]:
    def url(one: Simple) -> str | None:
        own = one.at.area == PRINCIPALS and one.at.user == one.user
        return href(Place(CALENDARS, one.user, segment).href) if own else None

    return url


def _reports(*names: str) -> str:
    return "".join(f"<D:supported-report><D:report><{name}/></D:report></D:supported-report>" for name in names)


def _delegated(name: str) -> Callable[[Simple], str | None]:
    return lambda one: one.delegated.get(name)


_PRINCIPAL_REPORTS: Final = (
    "D:principal-property-search",
    "D:principal-search-property-set",
    "D:principal-match",
    "D:expand-property",
)
_HOME_REPORTS: Final = {True: ("D:sync-collection", *_PRINCIPAL_REPORTS), False: _PRINCIPAL_REPORTS}
_SIMPLE: Final[Mapping[str, Callable[[Simple], str | None]]] = {
    f"{{{DAV}}}resourcetype": _kind,
    DISPLAY_NAME: lambda one: escape(one.name or one.at.user) or None,
    f"{{{DAV}}}principal-URL": lambda one: href(one.at.href) if one.at.area == PRINCIPALS and one.at.user else None,
    f"{{{DAV}}}supported-report-set": lambda one: _reports(*_HOME_REPORTS[one.at.depth == 2 and one.at.area in HOMES]),
    f"{{{DAV}}}sync-token": lambda one: one.sync or None,
    f"{{{CALDAV}}}calendar-home-set": _user_tags(CALENDARS),
    f"{{{CARDDAV}}}addressbook-home-set": _user_tags(CONTACTS),
    f"{{{CALDAV}}}calendar-user-address-set": _addresses,
    f"{{{CALDAV}}}schedule-inbox-URL": _box(INBOX),
    f"{{{CALDAV}}}schedule-outbox-URL": _box(OUTBOX),
    f"{{{CALDAV}}}calendar-user-type": lambda one: one.kind if one.at.area == PRINCIPALS and one.at.user else None,
    f"{{{CALDAV}}}timezone-service-set": lambda one: href(TZDIST) if one.at.area == CALENDARS and one.at.user else None,
    f"{{{CALDAV}}}managed-attachments-server-URL": lambda one: "" if one.at.area == CALENDARS and one.at.user else None,
    f"{{{SERVER}}}email-address-set": lambda one: (
        f"<S:email-address>{escape(one.at.user)}</S:email-address>"
        if one.at.area == PRINCIPALS and one.at.user
        else None
    ),
    **{name: _delegated(name) for name in ABOUT_DELEGATES},
    f"{{{SERVER}}}notification-URL": _box(NOTIFICATIONS),
    f"{{{SERVER}}}getctag": lambda one: str(one.changed) if one.changed else None,
    f"{{{DAV}}}current-user-privilege-set": lambda one: (
        SENDING if one.at.segment == OUTBOX else privileges(ALL if one.at.user == one.user else Right.READ)
    ),
    f"{{{DAV}}}owner": lambda one: href(principal(one.at.user)) if one.at.user else None,
    f"{{{PUSH}}}transports": lambda one: transports(one.push) if one.push else None,
    TOPIC: lambda one: one.topic if one.push and one.topic else None,
    f"{{{PUSH}}}supported-triggers": lambda one: HOME_TRIGGERS if one.push else None,
}


def _collection_kind(one: Collection) -> str:
    if one.shelf.folder.role == Role.SCHEDULE_INBOX:
        return "<D:collection/><C:schedule-inbox/>"
    inside = "<A:addressbook/>" if one.shelf.contacts else "<C:calendar/>"
    shared = "<S:shared/>" if one.shelf.owner else ""
    if one.shelf.folder.own:
        shared = "<S:shared-owner/>" if one.shares else ""
    if one.source is not None:
        inside += "<S:subscribed/>"
    return f"<D:collection/>{inside}{shared}"


def _calendar_only(value: str) -> Callable[[Collection], str | None]:
    return lambda one: None if one.shelf.contacts else value


def _contacts_only(value: str) -> Callable[[Collection], str | None]:
    return lambda one: value if one.shelf.contacts else None


_OF_ALL: Final = ("D:expand-property", "D:acl-principal-prop-set")
_QUERIES: Final = {
    False: ("D:sync-collection", "C:calendar-query", "C:calendar-multiget", "C:free-busy-query", *_OF_ALL),
    True: ("D:sync-collection", "A:addressbook-query", "A:addressbook-multiget", *_OF_ALL),
}
_COLLATIONS: Final = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")


def _collation_set(prefix: str) -> str:
    return "".join(f"<{prefix}:supported-collation>{each}</{prefix}:supported-collation>" for each in _COLLATIONS)


def _components(one: Collection) -> str | None:
    return "".join(f'<C:comp name="{each}"/>' for each in one.shelf.components) or None


def _subscribed(name: str) -> Callable[[Collection], str | None]:
    return lambda one: subscribed.told(one.source, name)


_LOCKS: Final = "".join(
    f"<D:lockentry><D:lockscope><D:{scope}/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry>"
    for scope in ("exclusive", "shared")
)
_COLLECTION: Final[Mapping[str, Callable[[Collection], str | None]]] = {
    f"{{{DAV}}}resourcetype": _collection_kind,
    DISPLAY_NAME: lambda one: escape(display_name(one.shelf)),
    f"{{{DAV}}}getetag": lambda one: f'"{one.shelf.folder.uidvalidity}-{one.shelf.folder.modseq}"',
    f"{{{DAV}}}sync-token": lambda one: sync_token(one.shelf),
    f"{{{SERVER}}}getctag": lambda one: sync_token(one.shelf),
    f"{{{DAV}}}getcontenttype": lambda _: "httpd/unix-directory",
    f"{{{DAV}}}current-user-privilege-set": lambda one: privileges(
        one.shelf.folder.rights, properties=one.shelf.folder.fed and one.shelf.may(Right.ADMIN)
    ),
    f"{{{DAV}}}supported-privilege-set": lambda _: supported_privileges(),
    f"{{{DAV}}}acl": lambda one: one.grants,
    f"{{{DAV}}}inherited-acl-set": lambda one: one.above,
    f"{{{DAV}}}acl-restrictions": lambda _: "<D:no-invert/>",
    f"{{{DAV}}}add-member": lambda one: href(one.shelf.href) if one.shelf.may(Right.INSERT) else None,
    f"{{{DAV}}}supportedlock": lambda _: _LOCKS,
    LOCKS: lambda one: one.locks,
    f"{{{DAV}}}owner": lambda one: href(principal(one.shelf.owner)) if one.shelf.owner else "",
    f"{{{DAV}}}supported-report-set": lambda one: _reports(*_QUERIES[one.shelf.contacts]),
    f"{{{DAV}}}quota-used-bytes": lambda one: str(one.shelf.folder.bytes),
    **{name: _subscribed(name) for name in subscribed.ABOUT},
    INVITE: invite,
    f"{{{DAV}}}invite": sharees,
    f"{{{DAV}}}share-access": share_access,
    f"{{{SERVER}}}shared-url": lambda one: None if one.shelf.folder.own or not one.shelf.owner else href(hosted(one)),
    f"{{{SERVER}}}allowed-sharing-modes": lambda one: (
        "<S:can-be-shared/>" if one.shelf.may(Right.ADMIN) and one.shelf.folder.role != Role.SCHEDULE_INBOX else None
    ),
    f"{{{CALDAV}}}supported-calendar-component-set": _components,
    f"{{{CALDAV}}}schedule-default-calendar-URL": lambda one: href(one.default) if one.default else None,
    f"{{{CALDAV}}}supported-calendar-data": _calendar_only(
        '<C:calendar-data content-type="text/calendar" version="2.0"/>'
    ),
    f"{{{CALDAV}}}supported-collation-set": _calendar_only(_collation_set("C")),
    f"{{{CARDDAV}}}supported-collation-set": _contacts_only(_collation_set("A")),
    f"{{{CALDAV}}}max-resource-size": _calendar_only(str(OBJECT_OCTETS)),
    f"{{{PUSH}}}transports": lambda one: transports(one.push) if one.push else None,
    TOPIC: lambda one: topic_of(one.shelf.folder) if one.push else None,
    f"{{{PUSH}}}supported-triggers": lambda one: TRIGGERS if one.push else None,
    f"{{{CALDAV}}}timezone-service-set": _calendar_only(href(TZDIST)),
    ATTACHMENT_SIZE: lambda one: str(one.attachable.octets) if one.attachable and not one.shelf.contacts else None,
    ATTACHMENT_COUNT: lambda one: str(one.attachable.count) if one.attachable and not one.shelf.contacts else None,
    f"{{{CARDDAV}}}max-resource-size": _contacts_only(str(OBJECT_OCTETS)),
    f"{{{CARDDAV}}}max-image-size": _contacts_only(str(IMAGE_OCTETS)),
    f"{{{CARDDAV}}}supported-address-data": _contacts_only(
        '<A:address-data-type content-type="text/vcard" version="3.0"/>'
        '<A:address-data-type content-type="text/vcard" version="4.0"/>'
    ),
}
_THING: Final[Mapping[str, Callable[[Thing], str | None]]] = {
    f"{{{DAV}}}resourcetype": lambda _: "",
    f"{{{DAV}}}getetag": lambda one: f'"{etag(one.item.blob)}"',
    f"{{{DAV}}}getcontenttype": lambda one: content_type(one.shelf),
    f"{{{DAV}}}getcontentlength": lambda one: str(one.item.size) if one.item.size else None,
    f"{{{DAV}}}supportedlock": lambda _: _LOCKS,
    LOCKS: lambda one: one.locks,
    f"{{{DAV}}}getlastmodified": lambda one: http_date(one.item.arrived),
    f"{{{DAV}}}creationdate": lambda one: datetime.fromtimestamp(one.item.saved_at // 1_000_000, UTC).strftime(
        "%FT%TZ"
    ),
    f"{{{DAV}}}current-user-privilege-set": lambda one: privileges(one.shelf.folder.rights),
    f"{{{DAV}}}owner": lambda one: href(principal(one.shelf.owner)) if one.shelf.owner else "",
    f"{{{CALDAV}}}schedule-tag": lambda one: f'"{one.tag}"' if one.tag else None,
    f"{{{CALDAV}}}calendar-data": lambda one: _data(one) if not one.shelf.contacts else None,
    f"{{{CARDDAV}}}address-data": lambda one: _data(one) if one.shelf.contacts else None,
}
_EVERYWHERE: Final[Mapping[str, Callable[[str], str]]] = {
    f"{{{DAV}}}current-user-principal": lambda user: href(principal(user)),
    f"{{{DAV}}}principal-collection-set": lambda _: href(f"{ROOT}{PRINCIPALS}/"),
}
NOT_IN_ALLPROP: Final = frozenset(
    {
        INVITE,
        f"{{{DAV}}}invite",
        LOCKS,
        f"{{{CALDAV}}}calendar-data",
        f"{{{CARDDAV}}}address-data",
        f"{{{DAV}}}acl",
        f"{{{DAV}}}acl-restrictions",
        f"{{{DAV}}}inherited-acl-set",
        f"{{{DAV}}}add-member",
        *(f"{{{PUSH}}}{name}" for name in ("transports", "topic", "supported-triggers")),
        f"{{{DAV}}}supported-privilege-set",
    }
)


def _data(one: Thing) -> str | None:
    return escape(one.body.decode("utf-8", "replace")).replace("\r", "&#13;") if one.body is not None else None


def known(one: Resource) -> list[str]:
    """The names that `allprop` and `propname` give."""
    table = _table(one)
    dead_names = [] if not isinstance(one, Collection) else [COLOUR, ORDER]
    return [*(name for name in table if name not in NOT_IN_ALLPROP), *_EVERYWHERE, *dead_names]


def _table(one: Resource) -> Mapping[str, Callable[..., str | None]]:
    return _SIMPLE if isinstance(one, Simple) else _COLLECTION if isinstance(one, Collection) else _THING


def value(one: Resource, name: str) -> str | None:
    """The XML inside a property; None when the resource has none of that name."""
    shared = _EVERYWHERE.get(name)
    if shared is not None:
        return shared(one.user)
    live = _table(one).get(name)
    if live is not None:
        return live(one)
    if not isinstance(one, Collection):
        return None
    if name in AVAILABLE and one.shelf.folder.role == Role.SCHEDULE_INBOX:
        said = one.shelf.notes.get(AVAILABILITY)
        return None if said is None else escape(said.decode()).replace("\r", "&#13;")
    if name == TRANSPARENCY and not one.shelf.contacts:
        return dead(one.shelf, name) or "<C:opaque/>"
    return dead(one.shelf, name)


def is_live(name: str) -> bool:
    """Whether the server alone sets it."""
    return name != DISPLAY_NAME and (name in _COLLECTION or name in _EVERYWHERE or name in _SIMPLE)


def stats(one: Resource, names: list[str], *, minimal: bool = False) -> str:
    """The `D:propstat`s of a resource for the names asked for."""
    found, missing = [], []
    for name in names:
        inside = value(one, name)
        if inside is None:
            missing.append(name)
        else:
            found.append(xml.wrapped(name, inside))
    return xml.propstat(found, () if minimal else missing)
