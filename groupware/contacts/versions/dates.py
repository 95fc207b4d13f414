"""Dates of vCard: `1996-04-15` in 3.0 (RFC 2426 §4), `19960415` in 4.0, which may leave parts out (RFC 6350 §4.3)."""

from __future__ import annotations

import re
from typing import Final

from groupware.model.content import Line

from .pairs import OMITTED, kept, with_params

_WHOLE: Final = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)(?:[Tt ](\d\d):?(\d\d):?(\d\d)(?:([Zz])|([+-]\d\d)(?::?(\d\d))?)?)?"
)
_NO_YEAR: Final = re.compile(r"--(\d\d)-?(\d\d)")
_PART: Final = re.compile(r"\d{4}(?:-\d\d)?|---\d\d|--\d\d|(?:\d{8}|--\d{4}|---\d\d)?T[\d-][\d:+Zz-]*")
"""What 4.0 alone can say of a date: a year, a month, a day, a time."""
LEAP: Final = "1604"
"""The year that Apple puts where none is known."""
OFFSET: Final = re.compile(r"([+-]\d\d):?(\d\d)")


def basic(value: str) -> str:
    """A date as 4.0 writes it; "" for what is none."""
    found = _WHOLE.fullmatch(value)
    if found is None:
        return ""
    year, month, day, hour, minute, second, utc, zone, minutes = found.groups(default="")
    time = f"T{hour}{minute}{second}{utc.upper()}{zone}{minutes}" if hour else ""
    return f"{year}{month}{day}{time}"


def extended(value: str) -> str:
    """A date as 3.0 writes it; "" for what is none, or has parts left out."""
    found = _WHOLE.fullmatch(value)
    if found is None:
        return ""
    year, month, day, hour, minute, second, utc, zone, minutes = found.groups(default="")
    offset = f"{zone}:{minutes or '00'}" if zone else utc.upper()
    time = f"T{hour}:{minute}:{second}{offset}" if hour else ""
    return f"{year}-{month}-{day}{time}"


def to_four(line: Line) -> Line:
    """BDAY and its like in 4.0; what cannot be read stays as it is."""
    value = line.value.strip()
    yearless = _NO_YEAR.fullmatch(value)
    if yearless is not None:
        return with_params(line, "VALUE", OMITTED)._replace(value=f"--{yearless[1]}{yearless[2]}")
    date = basic(value) if line.param("VALUE").lower() != "text" else ""
    if not date:
        return line
    if line.param(OMITTED) == date[:4] and len(date) == 8:
        return with_params(line, "VALUE", OMITTED)._replace(value=f"--{date[4:]}")
    return with_params(line, "VALUE")._replace(value=date)


def to_three(line: Line) -> Line | None:
    """BDAY and its like in 3.0; None for what 3.0 cannot say."""
    value = line.value.strip()
    if line.param("VALUE").lower() == "text":
        return None
    yearless = _NO_YEAR.fullmatch(value)
    if yearless is not None:
        given = {"VALUE": ("date",), OMITTED: (LEAP,)}
        return with_params(line, **given)._replace(value=f"{LEAP}-{yearless[1]}-{yearless[2]}")
    date = extended(value)
    if date:
        return with_params(line, VALUE=("date" if len(date) == 10 else "date-time",))._replace(value=date)
    return None if _PART.fullmatch(value) else line


def birthday_to_three(line: Line) -> Line:
    """BDAY in 3.0, under a name beside it where need be."""
    return to_three(line) or kept(line, "X-BDAY", "4.0")
