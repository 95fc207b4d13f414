"""Who takes part, in the words of draft-ietf-calext-jscalendarbis, which JMAP uses, beside those of RFC 8984.

A participant's `calendarAddress` is `sendTo` by iMIP, `organizerCalendarAddress` is `replyTo` by iMIP, and the role
`required` is `attendee`. Where both are said, the draft's word counts: what is told has both, and who knows only one
of them changes that one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Json = dict[str, Any]
ADDRESS: Final = "calendarAddress"
ORGANIZER: Final = "organizerCalendarAddress"
_PEOPLE: Final = "participants"
_OVERRIDES: Final = "recurrenceOverrides"
_REQUIRED: Final = "required"


def understood(patch: Mapping[str, Any]) -> Json:
    """A patch, or an object, with the draft's words as those of RFC 8984. What has another shape stays as it is."""
    found = dict(_one(way, value) for way, value in patch.items())
    if _is_address(found.get(ORGANIZER, 0)):
        found["replyTo"] = _by_mail(found.pop(ORGANIZER))
    return found


def _one(way: str, value: Any) -> tuple[str, Any]:
    member, *inside = way.split("/")
    if member == _OVERRIDES and len(inside) < 2:
        return way, _each(value, understood) if not inside else _of(value, understood)
    if member == _PEOPLE and len(inside) < 2:
        return way, _each(value, _person) if not inside else _of(value, _person)
    if member == _PEOPLE and inside[1:] == [ADDRESS] and _is_address(value):
        return f"{_PEOPLE}/{inside[0]}/sendTo", _by_mail(value)
    if member == _PEOPLE and inside[1:] == ["roles"]:
        return way, _of(value, _roles)
    return way, value


def _of(value: Any, change: Callable[[Mapping[str, Any]], Json]) -> Any:
    return change(value) if isinstance(value, Mapping) else value


def _each(value: Any, change: Callable[[Mapping[str, Any]], Json]) -> Any:
    return {key: _of(each, change) for key, each in value.items()} if isinstance(value, Mapping) else value


def _is_address(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _by_mail(address: str | None) -> Json | None:
    return None if address is None else {"imip": address}


def _person(person: Mapping[str, Any]) -> Json:
    found = dict(person)
    if isinstance(found.get(ADDRESS), str):
        found["sendTo"] = _by_mail(found.pop(ADDRESS))
    found["roles"] = _of(found.get("roles", {"attendee": True}), _roles)
    return found


def _roles(roles: Mapping[str, Any]) -> Json:
    return {"attendee" if name == _REQUIRED else name: value for name, value in roles.items()}


def told(event: Mapping[str, Any]) -> Json:
    """An object of RFC 8984 with the addresses in the draft's words as well."""
    found = dict(event)
    organizer = (event.get("replyTo") or {}).get("imip")
    if organizer:
        found[ORGANIZER] = organizer
    if event.get(_PEOPLE):
        found[_PEOPLE] = {key: _with_address(each) for key, each in event[_PEOPLE].items()}
    return found


def _with_address(person: Mapping[str, Any]) -> Json:
    address = (person.get("sendTo") or {}).get("imip")
    return {**person, ADDRESS: address} if address else dict(person)
