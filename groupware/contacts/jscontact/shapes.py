"""Values of vCard that have an inner structure, as JSContact has them, and back. RFC 9553, RFC 9555 §2.

Each reader gives None for what it cannot say; who asks keeps the line as it is then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from groupware.model.content import escaped, split_escaped, unescaped

Json = dict[str, Any]
NAME_KINDS: Final = ("surname", "given", "given2", "title", "credential", "surname2", "generation")
"""What the parts of N are, those of RFC 9554 §2.2 last."""
_OLD_ADDRESS: Final = ("postOfficeBox", "apartment", "name", "locality", "region", "postcode", "country")
ADDRESS_KINDS: Final = (
    *_OLD_ADDRESS,
    "room",
    "apartment",
    "floor",
    "number",
    "name",
    "building",
    "block",
    "subdistrict",
    "district",
    "landmark",
    "direction",
)
"""What the parts of ADR are, those of RFC 9554 §2.1 behind the seven of RFC 6350."""
_READ: Final = (0, 1, 2, 7, 8, 9, 10, 11, 12, 13, 14, 15, 3, 4, 5, 6, 16, 17)
"""The order in which the parts of ADR are told: as an address is mostly written."""
_NEW_ADDRESS: Final = frozenset(ADDRESS_KINDS[7:]) - {"apartment", "name"}
_DATE: Final = re.compile(r"(?:(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?|--(\d\d)(?:-?(\d\d))?|---(\d\d))\Z")
_STAMP: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)Z\Z")
_UTC: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z\Z")


def _lists(value: str) -> list[list[str]]:
    """The parts of a structured value, each the texts in it."""
    return [
        [unescaped(each) for each in split_escaped(part, ",")] if part else [] for part in split_escaped(value, ";")
    ]


def _joined(parts: Sequence[Sequence[str]]) -> str:
    return ";".join(",".join(map(escaped, each)) for each in parts)


def name_parts(value: str) -> list[Json]:
    """The components of N."""
    parts = _lists(value)
    second = parts[5] if len(parts) > 5 else []
    found = []
    for place, texts in enumerate(parts[: len(NAME_KINDS)]):
        kept = [each for each in texts if each and not (place == 0 and each in second)]
        found += [{"kind": NAME_KINDS[place], "value": each} for each in kept]
    return found


def name_value(components: Sequence[Mapping[str, Any]]) -> str:
    """N with these components; its newer parts only where something is in them."""
    parts = _sorted(components, NAME_KINDS)
    parts[0] += parts[5]
    return _joined(parts if parts[5] or parts[6] else parts[:5])


def address_parts(value: str) -> list[Json]:
    """The components of ADR."""
    parts = _lists(value)
    newer = any(parts[7:])
    return [
        {"kind": ADDRESS_KINDS[place], "value": each}
        for place in _READ
        if place < len(parts) and not (newer and place in (1, 2))
        for each in parts[place]
        if each
    ]


def address_value(components: Sequence[Mapping[str, Any]]) -> str:
    """ADR with these components; those of RFC 9554 where they are needed, with the street for older programs."""
    kinds = {each.get("kind") for each in components}
    if not kinds & _NEW_ADDRESS:
        return _joined(_sorted(components, _OLD_ADDRESS))
    newer = _sorted(components, ADDRESS_KINDS[7:])
    older = _sorted(components, _OLD_ADDRESS)
    street = " ".join([*newer[3], *newer[4]])
    older[1], older[2] = [], [street] if street else []
    return _joined([*older, *newer])


def _sorted(components: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> list[list[str]]:
    return [[str(each.get("value", "")) for each in components if each.get("kind") == kind] for kind in kinds]


def organization(value: str) -> Json | None:
    """An organization of ORG."""
    name, *units = [unescaped(each) for each in split_escaped(value, ";")]
    found: Json = {"name": name} if name else {}
    return {**found, "units": [{"name": each} for each in units]} if units else found or None


def organization_value(given: Mapping[str, Any]) -> str:
    """ORG of an organization."""
    units = [str(each.get("name", "")) for each in given.get("units") or ()]
    return ";".join(escaped(each) for each in (str(given.get("name", "")), *units))


def day(value: str) -> Json | None:
    """A date of vCard, as far as it is known, or a moment. RFC 9555 §2.2.1."""
    stamp = _STAMP.match(value)
    if stamp is not None:
        return {"@type": "Timestamp", "utc": "{}-{}-{}T{}:{}:{}Z".format(*stamp.groups())}
    found = _DATE.match(value)
    if found is None:
        return None
    year, month, date, alone, of_alone, only = found.groups()
    told = {"year": year, "month": month or alone, "day": date or of_alone or only}
    return {name: int(each) for name, each in told.items() if each is not None}


def day_value(given: Mapping[str, Any]) -> str | None:
    """The date as vCard writes it."""
    if "utc" in given:
        return stamp_value(str(given["utc"]))
    year, month, date = (given.get(each) for each in ("year", "month", "day"))
    if not all(each is None or (isinstance(each, int) and 0 <= each < 10_000) for each in (year, month, date)):
        return None
    text = "" if year is None else f"{year:04}"
    if month is None:
        return text if text and date is None else f"---{date:02}" if date is not None and not text else None
    if date is None:
        return f"{text}-{month:02}" if text else f"--{month:02}"
    return f"{text or '--'}{month:02}{date:02}"


def moment(value: str) -> str | None:
    """A UTC date-time of a TIMESTAMP."""
    found = _STAMP.match(value)
    return None if found is None else "{}-{}-{}T{}:{}:{}Z".format(*found.groups())


def stamp_value(utc: str) -> str | None:
    """A TIMESTAMP of a UTC date-time."""
    found = _UTC.match(utc)
    return None if found is None else "{}{}{}T{}{}{}Z".format(*found.groups())
