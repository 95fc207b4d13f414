"""The words of draft-ietf-calext-jscalendarbis, which JMAP uses, beside those of RFC 8984.

A participant's `calendarAddress` is `sendTo` by iMIP, `organizerCalendarAddress` is `replyTo` by iMIP, the role
`required` is `attendee`, and `recurrenceRule` is the only one of `recurrenceRules`. Where both are said, the draft's
word counts: what is told has both, and who knows only one of them changes that one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from groupware.model.patches import patched

Json = dict[str, Any]
_ADDRESS: Final = "calendarAddress"
_ORGANIZER: Final = "organizerCalendarAddress"
_PEOPLE: Final = "participants"
_OVERRIDES: Final = "recurrenceOverrides"
_REQUIRED: Final = "required"
_RULE: Final = "recurrenceRule"
_RULES: Final = "recurrenceRules"
WORDS: Final = frozenset({_ORGANIZER, _RULE})
"""Members that RFC 8984 does not have."""


def understood(patch: Mapping[str, Any], now: Mapping[str, Any] | None = None) -> Json:
    """A patch, or an object, with the draft's words as those of RFC 8984. What has another shape stays as it is.

    `now`: the object of RFC 8984 that the patch is of.
    """
    found = dict(_one(way, value) for way, value in patch.items())
    if _is_address(found.get(_ORGANIZER, 0)):
        found["replyTo"] = _by_mail(found.pop(_ORGANIZER))
    return _with_rules(found, now or {})


def _with_rules(patch: Json, now: Mapping[str, Any]) -> Json:
    said = {way: value for way, value in patch.items() if way.partition("/")[0] == _RULE}
    try:
        rule = patched(_rule_of(now), said).get(_RULE) if said else 0
    except ValueError:
        return patch
    if rule is not None and not isinstance(rule, Mapping):
        return patch
    rest = {way: value for way, value in patch.items() if way not in said}
    return {**rest, _RULES: None if rule is None else [rule]}


def _rule_of(event: Mapping[str, Any]) -> Json:
    rules = event.get(_RULES) or []
    return {_RULE: rules[0]} if len(rules) == 1 else {}


def _one(way: str, value: Any) -> tuple[str, Any]:
    member, *inside = way.split("/")
    if member == _OVERRIDES and len(inside) < 2:
        return way, _each(value, understood) if not inside else _of(value, understood)
    if member == _PEOPLE and len(inside) < 2:
        return way, _each(value, _person) if not inside else _of(value, _person)
    if member == _PEOPLE and inside[1:] == [_ADDRESS] and _is_address(value):
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
    if isinstance(found.get(_ADDRESS), str):
        found["sendTo"] = _by_mail(found.pop(_ADDRESS))
    found["roles"] = _of(found.get("roles", {"attendee": True}), _roles)
    return found


def _roles(roles: Mapping[str, Any]) -> Json:
    return {"attendee" if name == _REQUIRED else name: value for name, value in roles.items()}


def told(event: Mapping[str, Any], asked: Collection[str] = ()) -> Json:
    """An object of RFC 8984 with what the draft has another word for in that as well.

    `recurrenceRule` where it is `asked` for alone: who writes back all that was told, with other `recurrenceRules`,
    would else say both.
    """
    found = {**event, **(_rule_of(event) if _RULE in asked else {})}
    organizer = (event.get("replyTo") or {}).get("imip")
    if organizer:
        found[_ORGANIZER] = organizer
    if event.get(_PEOPLE):
        found[_PEOPLE] = {key: _with_address(each) for key, each in event[_PEOPLE].items()}
    return found


def _with_address(person: Mapping[str, Any]) -> Json:
    address = (person.get("sendTo") or {}).get("imip")
    return {**person, _ADDRESS: address} if address else dict(person)
