"""Where an event takes place: name, position and address, as Exchange says them and other programs read them.

The name is LOCATION and the position GEO, which calendar programs read; what neither says is in X-MICROSOFT-LOCATIONS,
as Exchange writes it into invitations. That counts as long as it has the name that LOCATION has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from connectors.exchange.events import line_in, put, put_line
from groupware.model.content import escaped, unescaped

Json = dict[str, Any]
LATITUDE, LONGITUDE = "Latitude", "Longitude"
MEMBERS: Final[Mapping[str, str]] = {
    "Annotation": "LocationAnnotation",
    "Street": "LocationStreet",
    "City": "LocationCity",
    "State": "LocationState",
    "Country": "LocationCountry",
    "PostalCode": "LocationPostalCode",
    LATITUDE: LATITUDE,
    LONGITUDE: LONGITUDE,
    "Accuracy": "Accuracy",
    "Altitude": "Altitude",
    "AltitudeAccuracy": "AltitudeAccuracy",
    "LocationUri": "LocationUri",
}
"""What a place has besides its name (MS-ASAIRS §2.2.2.28), and what X-MICROSOFT-LOCATIONS calls it."""
_POSITION: Final = {LATITUDE: 90.0, LONGITUDE: 180.0}
_NUMBERS: Final = ("Accuracy", "Altitude", "AltitudeAccuracy")
_LINE, _GEO, _APPLE = "x-microsoft-locations", "geo", "x-apple-structured-location"
_URI: Final = re.compile(r"geo:(-?[\d.]+),(-?[\d.]+)(?:,(-?[\d.]+))?(?:;.*?u=([\d.]+))?", re.IGNORECASE)
_PAIR: Final = re.compile(r"\s*([-+]?[\d.]+)\s*;\s*([-+]?[\d.]+)\s*\Z")
_NUMBER: Final = re.compile(r"[-+]?\d{1,9}(?:\.\d{1,15})?\Z")
LONGEST: Final = 2000
"""Characters of each of these."""


@dataclass(frozen=True, slots=True)
class Venue:
    """A place; "" and nothing: it is not said."""

    name: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    """By the names of `MEMBERS`."""


def venue_of(event: Mapping[str, Any]) -> Venue:
    """Where it takes place: the first of its places."""
    first: Mapping[str, Any] = next(iter((event.get("locations") or {}).values()), {})
    name = str(first.get("name") or "")
    told = _told(line_in(event, _LINE))
    more = _position(event, first)
    if told.get("DisplayName") == name:
        rest = {key: told[said] for key, said in MEMBERS.items() if told.get(said) and key not in _POSITION}
        more = {**more, **rest}
    return Venue(name, more)


def _told(line: str) -> Mapping[str, str]:
    """The first place of X-MICROSOFT-LOCATIONS."""
    for text in (unescaped(line), line) if line else ():
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, list) and found and isinstance(found[0], dict):
            return {
                str(key): str(value)[:LONGEST]
                for key, value in found[0].items()
                if isinstance(value, str | float | int)
            }
    return {}


def _position(event: Mapping[str, Any], place: Mapping[str, Any]) -> Mapping[str, str]:
    """The position, by whatever line or member says it."""
    pair = _PAIR.match(line_in(event, _GEO).replace("\\;", ";"))
    if pair is not None:
        return {LATITUDE: pair[1], LONGITUDE: pair[2]}
    for said in (str(place.get("coordinates") or ""), line_in(event, _APPLE)):
        found = _URI.match(said)
        if found is not None:
            more = {LATITUDE: found[1], LONGITUDE: found[2], "Altitude": found[3], "Accuracy": found[4]}
            return {key: value for key, value in more.items() if value}
    return {}


def set_venue(event: Json, venue: Venue) -> None:
    """Says where it takes place. `ValueError`.

    What says no more than a name that is there already changes nothing, and neither does what is said already.
    """
    before, more = venue_of(event), {key: value for key, value in venue.more.items() if value}
    for key, value in more.items():
        _check(key, value)
    name = venue.name or ", ".join(more[key] for key in ("Street", "City") if key in more)
    if not name and LATITUDE in more and LONGITUDE in more:
        name = f"{more[LATITUDE]}, {more[LONGITUDE]}"
    if name == before.name and (more == before.more or (name and not more)):
        return
    _name(event, name)
    position = LATITUDE in more and LONGITUDE in more
    put_line(event, _GEO, f"{more[LATITUDE]};{more[LONGITUDE]}" if position else "")
    put_line(event, _APPLE, "")
    rest = {MEMBERS[key]: value for key, value in more.items() if key not in _POSITION}
    text = json.dumps([{"DisplayName": name, **rest}], ensure_ascii=False, separators=(",", ":")) if rest else ""
    put_line(event, _LINE, escaped(text))


def _check(key: str, value: str) -> None:
    if len(value) > LONGEST:
        raise ValueError(f"{key} has up to {LONGEST} characters")
    if key not in _POSITION and key not in _NUMBERS:
        return
    if not _NUMBER.match(value) or abs(float(value)) > _POSITION.get(key, float("inf")):
        raise ValueError(f"{key}: {value[:40]!r} is no such number")


def _name(event: Json, name: str) -> None:
    places = dict(event.get("locations") or {})
    key = next(iter(places), "LOCATION-1")
    if name:
        old = {member: each for member, each in places.get(key, {}).items() if member != "coordinates"}
        places[key] = {**old, "name": name}
    else:
        places.pop(key, None)
    put(event, "locations", places)
