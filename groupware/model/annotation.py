"""Annotations: named values that people attach to folders and to the server. RFC 5464 §3.

An entry under `/shared/` is one for all; one under `/private/` is each person's own.
"""

from __future__ import annotations

import re
from typing import Final

from .errors import Refused
from .rights import Right

SHARED: Final = "/shared/"
PRIVATE: Final = "/private/"
LONGEST_ENTRY: Final = 255
LONGEST_VALUE: Final = 32 * 1024
"""Octets of one value."""
MOST_ENTRIES: Final = 100
"""On one folder (or the server): so many shared ones, and so many of each person."""
ANY_OF: Final = Right.READ | Right.SEEN | Right.WRITE | Right.INSERT | Right.POST | Right.TITLES | Right.FREEBUSY
"""Who has one of these beside LOOKUP may read annotations, and write private ones. RFC 5464 §3.3 has the first five.

Who sees a calendar by `8` or `9` has a colour and a name of their own for it as well.
"""
WRITES_SHARED: Final = Right.WRITE
"""What it takes to write a shared one (decision 105)."""
TRANSPARENCY: Final = "vendor/postroom/dav/urn.ietf.params.xml.ns.caldav/schedule-calendar-transp"
"""Behind `/shared/` or `/private/`: whether a calendar's events take their owner's time (RFC 6638 §9.1)."""
COLOUR: Final = "vendor/postroom/dav/http./apple.com/ns/ical/calendar-color"
"""The same: which colour its events have."""
AVAILABILITY: Final = "/shared/vendor/postroom/availability"
"""Of a scheduling inbox: when its owner can be met, as a VCALENDAR (RFC 7953 §7.2.4)."""
ALARMS: Final = "/shared/vendor/postroom/alarms"
"""Of a calendar: `shared` where its alarms are for all who read it, and not for its owner alone (decision 237)."""

_ENTRY: Final = re.compile(r"/(?:shared|private)(?:/[!-$&-)+-.0-~](?:[ -$&-)+-.0-~]*[!-$&-)+-.0-~])?)+\Z")


class TooManyEntries(Refused):
    """There are as many annotations as there may be."""


def check_entry(name: str) -> str:
    """The entry as it is stored, in lower case. `Refused` says what is wrong with it. RFC 5464 §3.2."""
    found = name.lower()
    if len(found) > LONGEST_ENTRY:
        raise Refused(f"entry {name[:40]!r}...: longer than {LONGEST_ENTRY} characters")
    if not _ENTRY.match(found):
        raise Refused(f"entry {name[:80]!r}: entries are such as /shared/comment or /private/vendor/me/colour")
    return found
