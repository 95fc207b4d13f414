"""What a path under `/dav/` names, and the path of what is named.

    /dav/                                       where a client begins
    /dav/principals/alice@example.test/         somebody
    /dav/calendars/alice@example.test/          a home: all that its owner sees, what is shared with her too
    /dav/calendars/alice@example.test/Work/     a collection: by its name, or `~17` by its number
    /dav/contacts/alice@example.test/~17/x.vcf  an object
    /dav/attachments/0123.../Agenda.pdf         what is attached to one, by its MANAGED-ID; the name is for people
    /dav/push/17                                somebody's registration for push

A client gives a collection its segment when it makes it. The folder gets the name that people see, and keeps the
segment as an annotation: so it can be renamed, from whatever protocol, and stays where clients know it (decision 150).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

from groupware.model.errors import NotFound
from groupware.model.folder import SEPARATOR, Folder
from groupware.model.item import Kind

ROOT: Final = "/dav/"
TZDIST: Final = "/tzdist/"
"""Where time zones are given out, beside all this."""
PRINCIPALS, CALENDARS, CONTACTS = "principals", "calendars", "contacts"
ATTACHMENTS, PUSHES = "attachments", "push"
HOMES: Final = {
    CALENDARS: (Kind.CALENDAR, Kind.TASKS, Kind.NOTES, Kind.JOURNAL),
    CONTACTS: (Kind.CONTACTS,),
}
SEGMENT: Final = "/shared/vendor/postroom/dav/segment"
"""The annotation of a folder that a client has named in its own way."""
INBOX, OUTBOX = "~inbox", "~outbox"
"""The segments of the scheduling inbox and outbox in a calendar home (RFC 6638 §2)."""
NOTIFICATIONS = "~notifications"
"""The segment of what one is told of sharing, in a calendar home."""
PROXY_READ, PROXY_WRITE = "calendar-proxy-read", "calendar-proxy-write"
"""The two groups of delegates below a principal."""
_LENGTHS: Final = {ATTACHMENTS: 3, PUSHES: 2}
LONGEST: Final = 4000
_SAFE: Final = "@~!$&'()*+,;=:-._"


@dataclass(frozen=True, slots=True)
class Place:
    """A path taken apart; what is further in is empty where it ends."""

    area: str = ""
    """"" for the root, else `principals`, `calendars`, `contacts`, `attachments` or `push`."""
    user: str = ""
    segment: str = ""
    name: str = ""

    @property
    def depth(self) -> int:
        """0 the root, 1 an area, 2 a principal or home, 3 a collection, 4 an object."""
        return sum(map(bool, (self.area, self.user, self.segment, self.name)))

    @property
    def href(self) -> str:
        """The path, as it goes over the wire."""
        parts = [each for each in (self.area, self.user, self.segment, self.name) if each]
        end = "" if self.name or not parts else "/"
        return ROOT + "/".join(map(escaped, parts)) + end


def escaped(part: str) -> str:
    """One level of a path, percent-encoded."""
    return quote(part, safe=_SAFE)


def place(path: str) -> Place:
    """What a path names; percent-encoded, or a whole URL. `NotFound`."""
    raw = urlsplit(path).path if "://" in path else path.partition("?")[0]
    if len(raw) > LONGEST or not (raw + "/").startswith(ROOT):
        raise NotFound(f"{path[:100]!r}: there is nothing here; begin at {ROOT}")
    levels = [_decoded(each) for each in raw[len(ROOT) :].split("/") if each]
    if (
        len(levels) > 4
        or (levels and levels[0] not in (PRINCIPALS, *_LENGTHS, *HOMES))
        or (levels and len(levels) != _LENGTHS.get(levels[0], len(levels)))
        or (len(levels) > 2 and levels[0] == PRINCIPALS and levels[2:] not in ([PROXY_READ], [PROXY_WRITE]))
    ):
        raise NotFound(f"{path[:100]!r}: there is nothing here")
    if len(levels) > 1:
        levels[1] = levels[1].lower()
    return Place(*levels)


def _decoded(part: str) -> str:
    try:
        found = unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        raise NotFound(f"{part[:60]!r}: a path is UTF-8, percent-encoded") from None
    if found in (".", "..") or "/" in found or "\0" in found:
        raise NotFound(f"{part[:60]!r}: there is nothing here")
    return found


def principal(user: str) -> str:
    """The path of somebody."""
    return Place(PRINCIPALS, user).href


def segment(folder: Folder, given: str, top: bool) -> str:
    """The segment of a folder in a home: `given` by its annotation; `top`: right below the root of the home's owner."""
    if folder.own and given:
        return given
    name = folder.path.rpartition(SEPARATOR)[2]
    return name if top and not name.startswith("~") else f"~{folder.id}"
