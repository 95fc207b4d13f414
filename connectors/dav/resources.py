"""The resources that properties are asked of, and where those are kept that somebody sets (RFC 4918 §4, RFC 5464)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connectors.dav.paths import Place
from connectors.dav.request import Attachable
from connectors.dav.shelf import Shelf
from connectors.dav.xml import APPLE, CALDAV, DAV, SERVER
from groupware.model.item import Item
from groupware.model.rights import Grant
from groupware.model.source import CalendarSource

COLOUR, ORDER = f"{{{APPLE}}}calendar-color", f"{{{APPLE}}}calendar-order"
TRANSPARENCY: Final = f"{{{CALDAV}}}schedule-calendar-transp"
AVAILABLE: Final = (f"{{{CALDAV}}}calendar-availability", f"{{{SERVER}}}calendar-availability")
"""The property and its elder name: of a scheduling inbox, when its owner can be met (RFC 7953 §7.2.4)."""
INVITE: Final = f"{{{SERVER}}}invite"
ABOUT_SHARES: Final = frozenset({INVITE, f"{{{DAV}}}invite", f"{{{DAV}}}resourcetype", f"{{{DAV}}}share-access"})
"""What is said by whom a collection is shared with."""
ABOUT_DELEGATES: Final = (
    f"{{{DAV}}}group-membership",
    f"{{{SERVER}}}calendar-proxy-read-for",
    f"{{{SERVER}}}calendar-proxy-write-for",
)
"""What a principal says of whose delegate it is."""
ZONE, ZONE_ID = f"{{{CALDAV}}}calendar-timezone", f"{{{CALDAV}}}calendar-timezone-id"
"""The zone where what floats takes place (RFC 4791 §5.2.2), and its name alone (RFC 7809 §5.2): one sets the other."""
ATTACHMENT_SIZE, ATTACHMENT_COUNT = f"{{{CALDAV}}}max-attachment-size", f"{{{CALDAV}}}max-attachments-per-resource"
DISPLAY_NAME: Final = f"{{{DAV}}}displayname"
LOCKS: Final = f"{{{DAV}}}lockdiscovery"
NOTE: Final = "vendor/postroom/dav/"
"""Where an annotation that is a property begins, behind `/private/` or `/shared/`."""


@dataclass(frozen=True, slots=True)
class Simple:
    """The root, an area, a principal, or a home."""

    at: Place
    user: str
    """Who asks."""
    name: str = ""
    changed: int = 0
    """Of a home: the newest change of anything in it."""
    kind: str = "INDIVIDUAL"
    """Of a principal: CALENDAR-USER-TYPE."""
    aliases: tuple[str, ...] = ()
    """Of oneself: the other addresses."""
    delegated: Mapping[str, str] = field(default_factory=dict)
    """Of oneself: what is said of whose delegate one is."""
    topic: str = ""
    """Of one's own home: what push messages about it are known by, where somebody has asked."""
    push: str = ""
    """Of one's own home: the key that these are signed with."""
    sync: str = ""
    """Of a home: its sync-token, where somebody has asked."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An object in a collection."""

    shelf: Shelf
    item: Item
    user: str
    body: bytes | None = None
    tag: str = ""
    """The Schedule-Tag."""
    locks: str | None = None
    """DAV:lockdiscovery, where somebody has asked."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, for who asks."""

    shelf: Shelf
    user: str
    grants: str | None = None
    """Its DAV:acl, where one may read it."""
    above: str | None = None
    """Its DAV:inherited-acl-set, where one may read that."""
    shares: Sequence[Grant] | None = None
    """Whom it is shared with by name, where one may read that."""
    called: Mapping[str, str] = field(default_factory=dict)
    """What people call these, by address, where somebody has asked."""
    default: str = ""
    """Of a scheduling inbox: the path of the calendar where invitations go."""
    locks: str | None = None
    """DAV:lockdiscovery, where somebody has asked."""
    attachable: Attachable | None = None
    """What one may attach to its objects, where somebody has asked."""
    push: str = ""
    """The key that push messages are signed with; "": there is no push."""
    source: CalendarSource | None = None
    """Where it is filled from, for who may change that, where somebody has asked."""


Resource = Simple | Collection | Thing


def note_name(name: str, *, shared: bool) -> str:
    """The annotation that holds a property."""
    said = name.replace("{", "").replace("}", "/").replace(":", ".").replace("//", "/").strip("/").lower()
    kept = "".join(each if each.isascii() and (each.isalnum() or each in "./-_") else "_" for each in said)
    return f"/{'shared' if shared else 'private'}/{NOTE}{kept.replace('//', '/')}"[:255]


def is_personal(name: str) -> bool:
    """Whether it is never for others, whoever sets it: what reminds the owner of all that is in a calendar."""
    return name.startswith(f"{{{CALDAV}}}default-alarm-")


def dead(shelf: Shelf, name: str) -> str | None:
    """The XML inside a property that somebody has set: one's own first, then what the owner has set for all."""
    for shared in (False,) if is_personal(name) and not shelf.folder.own else (False, True):
        found = shelf.notes.get(note_name(name, shared=shared))
        if found is not None:
            return found.decode()
    return None
