"""Names of time zones: what Windows calls a zone of the IANA database, and back."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import tz_win, win_tz

from groupware.calendar.zones import known_zone

UTC_NAME: Final = "Etc/UTC"
_UTC: Final = "UTC"


@lru_cache(maxsize=1024)
def iana_of(name: str) -> str | None:
    """The zone of the IANA database that a Windows name, or an IANA name, means; None for one that nobody knows."""
    if name.strip().lower() in ("utc", "gmt", "greenwich", "etc/utc"):
        return UTC_NAME
    found = known_zone(name)
    if found is None:
        return None
    return found.key if isinstance(found, ZoneInfo) else UTC_NAME


@lru_cache(maxsize=1024)
def windows_of(name: str) -> str:
    """What Windows calls a zone of the IANA database; the name as it is where Windows has none."""
    if iana_of(name) == UTC_NAME:
        return _UTC
    return tz_win.get(name, name)


def windows_names() -> list[str]:
    """Every name that Windows has, in order."""
    return sorted(win_tz)
