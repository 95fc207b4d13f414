"""Time zones by reference: the VTIMEZONE of a zone that everybody knows is left out or put in as asked. RFC 7809."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from connectors.dav.errors import DavError
from groupware.calendar.vtimezone import vtimezone, with_zones
from groupware.calendar.zonedata import names
from groupware.calendar.zones import known_zone

HEADER: Final = "caldav-timezones"
_ZONE: Final = re.compile(rb"BEGIN:VTIMEZONE\r?\n.*?END:VTIMEZONE\r?\n", re.DOTALL | re.IGNORECASE)
_ITS_NAME: Final = re.compile(rb"^TZID(?:;[^:\r\n]*)?:([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_FOLD: Final = re.compile(rb"\r?\n[ \t]")


def told(body: bytes, headers: Mapping[str, str]) -> bytes:
    """A calendar object as a request wants its zones. Who says nothing gets what is stored, and no zone too few."""
    said = headers.get(HEADER, "T").strip().upper()
    return pruned(body) if said == "F" else with_zones(body)


def pruned(body: bytes) -> bytes:
    """Without the zones of the IANA database; §3.1.2."""
    return _ZONE.sub(_kept, body) if b"VTIMEZONE" in body else body


def _kept(found: re.Match[bytes]) -> bytes:
    name = _ITS_NAME.search(_FOLD.sub(b"", found[0]))
    standard = name is not None and name[1].decode("utf-8", "replace").strip() in names()
    return b"" if standard else found[0]


def tzid_of(text: str) -> str:
    """The TZID of what calendar-timezone holds, one VCALENDAR with a VTIMEZONE."""
    found = _ITS_NAME.search(_FOLD.sub(b"", text.encode()))
    return found[1].decode().strip() if found else ""


def zone_property(name: str) -> str:
    """calendar-timezone for a calendar-timezone-id. `DavError` for a zone that nobody knows; §5.2."""
    part = vtimezone(name)
    if part is None or known_zone(name) is None:
        raise DavError(403, f"time zone {name[:60]!r} is not known", "<C:valid-timezone/>")
    calendar = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Postroom//EN\r\n" + part + b"END:VCALENDAR\r\n"
    return calendar.decode()
