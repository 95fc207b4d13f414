"""Where a calendar is filled from: an address that iCalendar is fetched from, again and again. Decision 335."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from .errors import Refused
from .ids import AccountId, FolderId

LONGEST_URL: Final = 2000
LONGEST_MINUTES: Final = 31 * 24 * 60
USUAL_MINUTES: Final = 60
"""Between two fetches where neither its owner nor the calendar itself says more."""
_SCHEMES: Final = {"http": "http", "https": "https", "webcal": "http", "webcals": "https"}


@dataclass(frozen=True, slots=True)
class CalendarSource:
    """Of one calendar, and how fetching it goes. Times are microseconds since 1970; 0: never."""

    folder: FolderId
    account: AccountId
    """Whose calendar it is."""
    url: str
    minutes: int = 0
    """Between two fetches, as its owner wishes; 0: as the calendar says itself."""
    alarms: bool = False
    """What reminds of its events is kept."""
    attachments: bool = False
    """What its events have attached is kept: where that is, for nothing is fetched."""
    enabled: bool = True
    named: bool = True
    """Its name is its owner's choice; else it becomes what the calendar calls itself."""
    born: int = 0
    due: int = 0
    tries: int = 0
    """How often in a row it has failed."""
    begun: int = 0
    """When it was last asked."""
    done: int = 0
    """When that last went well."""
    said: str = ""
    """What was wrong the last time, or what was left out though it went well; for its owner."""
    lease: int = 0
    """Until when somebody is at it."""
    ttl: int = 0
    """Minutes that the calendar asks to wait; 0: it says nothing."""
    etag: str = ""
    changed: str = ""
    """ETag and Last-Modified of what is here."""
    digest: str = ""
    """Of the octets that what is here was made of."""


def checked_url(url: str) -> str:
    """The address as it is asked: webcal is http, and webcals https. `Refused` says what is wrong with it."""
    text = url.strip()
    if not text or len(text) > LONGEST_URL or not text.isprintable() or any(map(str.isspace, text)):
        raise Refused(f"url: an address of up to {LONGEST_URL} characters is wanted, without spaces")
    try:
        parts = urlsplit(text)
        host, port, user = parts.hostname, parts.port, parts.username
    except ValueError:
        raise Refused("url: that is no address, as https://calendars.example.org/holidays.ics is one") from None
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None or not host or port == 0:
        raise Refused("url: it begins with https://, http:// or webcal:// and the name of a server")
    if user is not None:
        raise Refused("url: a calendar with a user and a password cannot be subscribed to; ask for an address without")
    return parts._replace(scheme=scheme, netloc=parts.netloc.lower(), fragment="").geturl()


def wait(source: CalendarSource, least: int) -> int:
    """Minutes between two fetches of it, not below the administrator's `least`."""
    wanted = source.minutes or source.ttl or USUAL_MINUTES
    return min(max(wanted, least, 1), LONGEST_MINUTES)
