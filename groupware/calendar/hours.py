"""Hours of a week, in words, as VAVAILABILITY: `Mon-Fri 08:00-18:00, Sat 09:00-12:00`. RFC 7953."""

from __future__ import annotations

import re
from typing import Final

from groupware.model.errors import Malformed

from .availability import availabilities
from .vtimezone import vtimezone
from .zones import known_zone

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CODES: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_ONE: Final = re.compile(r"(\w{3})(?:\s*-\s*(\w{3}))?\s+(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)", re.ASCII)
MOST: Final = 50


def weekly(text: str, zone: str) -> bytes:
    """The VCALENDAR that says so, in that time zone. `Malformed` says what is wrong."""
    if known_zone(zone) is None:
        raise Malformed(f"time zone {zone[:60]!r} is not known; write it as Europe/Berlin")
    parts = [each.strip() for each in text.split(",") if each.strip()]
    if not parts or len(parts) > MOST:
        raise Malformed("hours are such as 'Mon-Fri 08:00-18:00, Sat 09:00-12:00'")
    inside = "".join(_available(each, zone, number) for number, each in enumerate(parts))
    known = (vtimezone(zone) or b"").decode()
    octets = (
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Postroom//EN\r\n{known}"
        "BEGIN:VAVAILABILITY\r\nUID:hours\r\nDTSTAMP:20260101T000000Z\r\n"
        f"{inside}END:VAVAILABILITY\r\nEND:VCALENDAR\r\n"
    ).encode()
    availabilities(octets)
    return octets


def _available(text: str, zone: str, number: int) -> str:
    found = _ONE.fullmatch(text)
    if found is None:
        raise Malformed(f"{text[:60]!r}: hours are such as 'Mon-Fri 08:00-18:00'")
    first, last = _day(found[1]), _day(found[2] or found[1])
    days = [(first + each) % 7 for each in range((last - first) % 7 + 1)]
    begin, end = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if not (int(found[4]) < 60 and int(found[6]) < 60 and begin < end <= 24 * 60):
        raise Malformed(f"{text[:60]!r}: a day ends later than it begins, at 24:00 at the latest")
    # 1 January 2024 was a Monday
    start = f"202401{days[0] + 1:02}T{begin // 60:02}{begin % 60:02}00"
    rule = f"FREQ=WEEKLY;BYDAY={','.join(_CODES[each] for each in days)}"
    return (
        f"BEGIN:AVAILABLE\r\nUID:hours-{number}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID={zone}:{start}\r\n"
        f"DURATION:PT{end - begin}M\r\nRRULE:{rule}\r\nEND:AVAILABLE\r\n"
    )


def _day(name: str) -> int:
    if name.lower() not in _DAYS:
        raise Malformed(f"{name!r} is none of {', '.join(each.title() for each in _DAYS)}")
    return _DAYS.index(name.lower())
