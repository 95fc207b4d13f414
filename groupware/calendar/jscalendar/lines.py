"""Lines as parts of JSCalendar, and what two lines have to have in common to say the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from hashlib import blake2b
from typing import Any, Final

from groupware.model.content import Line, escaped, split_escaped, unescaped
from groupware.model.jsonlines import params_of, read_params

from .table import KINDS, MANY, ROLES, STATUSES, Json

KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,255}\Z")
JSID: Final = "JSID"
"""The parameter (or the property of an alarm) that keeps the id of JSCalendar."""
_USUAL: Final = {
    **dict.fromkeys(("SUMMARY", "DESCRIPTION", "STATUS", "CLASS", "UID", "TRANSP", "CATEGORIES", "COLOR"), "TEXT"),
    **dict.fromkeys(("DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE", "CREATED"), "DATE-TIME"),
    **dict.fromkeys(("DTSTAMP", "LAST-MODIFIED", "COMPLETED"), "DATE-TIME"),
    **dict.fromkeys(("ATTENDEE", "ORGANIZER"), "CAL-ADDRESS"),
    **dict.fromkeys(("DURATION", "TRIGGER"), "DURATION"),
    **dict.fromkeys(("SEQUENCE", "PRIORITY", "PERCENT-COMPLETE"), "INTEGER"),
    "RRULE": "RECUR",
    "EXRULE": "RECUR",
    "RELATED-TO": "TEXT",
    **{name: rule.usual for name, rule in MANY.items()},
}
_PERSON_DEFAULTS: Final = {
    "PARTSTAT": "NEEDS-ACTION",
    "RSVP": "FALSE",
    "CUTYPE": "INDIVIDUAL",
    "ROLE": "REQ-PARTICIPANT",
}


def normal(line: Line) -> tuple[Any, ...]:
    """What a line says: the same for two lines whose difference means nothing."""
    title, usual = line.name.upper(), _USUAL.get(line.name.upper(), "")
    params = {name: values for name, values in line.params.items() if values}
    if "VALUE" in params:
        params["VALUE"] = tuple(each.upper() for each in params["VALUE"])
        if params["VALUE"] == (usual,):
            del params["VALUE"]
    if title == "ATTENDEE":
        for name, default in _PERSON_DEFAULTS.items():
            if name in params and params[name][0].upper() == default:
                del params[name]
    value = line.value
    if title in ("RRULE", "EXRULE"):
        parts = sorted(each for each in value.upper().split(";") if each and each != "INTERVAL=1")
        value = ";".join(parts)
    elif title in ("STATUS", "CLASS", "TRANSP", "ACTION"):
        value = value.upper()
    elif title in ("SUMMARY", "DESCRIPTION", "LOCATION"):
        value = unescaped(value)  # a sign of a text may have a backslash before it that needs none, and may have none
    elif title == "CATEGORIES":
        value = "\n".join(map(unescaped, split_escaped(value, ",")))
    return line.group, title, frozenset(params.items()), value


def split_dates(lines: list[Line]) -> list[Line]:
    """EXDATE and RDATE with several dates as so many lines."""
    found = []
    for line in lines:
        if line.name in ("EXDATE", "RDATE") and "," in line.value:
            found += [line._replace(value=each.strip()) for each in line.value.split(",") if each.strip()]
        else:
            found.append(line)
    return found


# --- one of many


def many_of(line: Line) -> tuple[Json, Json] | None:
    """A line of `MANY` as an object, and the parameters that it does not say."""
    rule = MANY[line.name]
    value = line.value if rule.raw else unescaped(line.value)
    kind = line.params.get("VALUE", (rule.said or rule.usual,))[0].upper()
    if not value or kind != (rule.said or rule.usual):
        return None
    found: Json = {rule.text: value, **rule.fixed}
    found |= {member: line.param(name) for name, member in rule.params.items() if name in line.params}
    if any(len(line.params.get(name, "x")) != 1 for name in rule.params):
        return None
    return found, params_of(line, frozenset({"VALUE", JSID, *rule.params}))


def many_line(name: str, given: Mapping[str, Any], left: Mapping[str, Any]) -> Line | None:
    """The line that says it."""
    rule = MANY[name]
    value = given.get(rule.text)
    if not isinstance(value, str) or not value:
        return None
    params = {param: (str(given[member]),) for param, member in rule.params.items() if member in given}
    if rule.said:
        params["VALUE"] = (rule.said,)
    return line_with(Line(name, params, value if rule.raw else escaped(value), 0), left)


def line_with(line: Line, left: Mapping[str, Any]) -> Line:
    """The line with parameters that no member says."""
    others = dict(left)
    group = str(others.pop("group", ""))
    return line._replace(params={**line.params, **read_params(others)}, group=group) if left else line


def many_name(member: str, given: Mapping[str, Any]) -> str | None:
    """Which property an object of a member is; None: none says it."""
    return next(
        (
            name
            for name, rule in MANY.items()
            if rule.member == member and all(given.get(key) == each for key, each in rule.fixed.items())
        ),
        None,
    )


# --- people


def person_key(address: str) -> str:
    """The id of a participant who has none of a client's: the same in all parts of an object."""
    return "p" + blake2b(address.strip().lower().encode(), digest_size=8).hexdigest()


def person_of(line: Line) -> tuple[Json, Json]:
    """An ATTENDEE as a participant, and the parameters that it does not say."""
    found: Json = {"@type": "Participant", "sendTo": {"imip": line.value}}
    known = {JSID}
    role = line.params.get("ROLE", ("REQ-PARTICIPANT",))[0].upper()
    if role in ROLES:
        known.add("ROLE")
    found["roles"] = dict(ROLES.get(role, {"attendee": True}))
    if line.param("CN"):
        known.add("CN")
        found["name"] = line.param("CN")
    status = line.param("PARTSTAT").lower()
    if status in STATUSES:
        known.add("PARTSTAT")
        found["participationStatus"] = status
    kind = KINDS.get(line.param("CUTYPE").upper())
    if kind is not None:
        known.add("CUTYPE")
        found["kind"] = kind
    if line.param("RSVP").upper() in ("TRUE", "FALSE"):
        known.add("RSVP")
        found["expectReply"] = line.param("RSVP").upper() == "TRUE"
    agent = line.param("SCHEDULE-AGENT").lower()
    if agent in ("server", "client", "none"):
        known.add("SCHEDULE-AGENT")
        found["scheduleAgent"] = agent
    if line.param("SCHEDULE-STATUS"):
        known.add("SCHEDULE-STATUS")
        found["scheduleStatus"] = [each for value in line.params["SCHEDULE-STATUS"] for each in value.split(",")]
    if line.param("EMAIL"):
        known.add("EMAIL")
        found["email"] = line.param("EMAIL")
    return found, params_of(line, frozenset(known))


def person_line(given: Mapping[str, Any], left: Mapping[str, Any]) -> Line | None:
    """The ATTENDEE that says it; None: somebody who has no address, or only organizes."""
    address = address_of(given)
    roles = given.get("roles") or {}
    if not address or not any(roles.get(each) for each in ("attendee", "chair", "optional", "informational")):
        return None
    params = {name: value for name, write in _PERSON.items() if (value := write(given))}
    return line_with(Line("ATTENDEE", params, address, 0), left)


def _role(given: Mapping[str, Any]) -> tuple[str, ...]:
    roles = given.get("roles") or {}
    if roles.get("chair"):
        return ("CHAIR",)
    if roles.get("optional"):
        return ("OPT-PARTICIPANT",)
    return () if roles.get("attendee") else ("NON-PARTICIPANT",)


def _replies(given: Mapping[str, Any]) -> tuple[str, ...]:
    told = given.get("expectReply")
    return ("TRUE" if told else "FALSE",) if isinstance(told, bool) else ()


def _codes(given: Mapping[str, Any]) -> tuple[str, ...]:
    codes = given.get("scheduleStatus")
    return (",".join(map(str, codes)),) if codes else ()


def _plain(member: str) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    return lambda given: (str(given[member]),) if given.get(member) else ()


def _upper(member: str, words: Container[str]) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    return lambda given: (str(given[member]).upper(),) if given.get(member) in words else ()


_BACK: Final = {told: (word,) for word, told in KINDS.items()}
_PERSON: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[str, ...]]]] = {
    "CN": _plain("name"),
    "CUTYPE": lambda given: _BACK.get(str(given.get("kind")), ()),
    "ROLE": _role,
    "PARTSTAT": _upper("participationStatus", STATUSES),
    "RSVP": _replies,
    "SCHEDULE-AGENT": _upper("scheduleAgent", ("server", "client", "none")),
    "SCHEDULE-STATUS": _codes,
    "EMAIL": _plain("email"),
}
"""How each parameter of ATTENDEE is said."""


def address_of(given: Mapping[str, Any]) -> str:
    """The calendar address of a participant: what is said for iMIP, or the first way that there is."""
    ways = given.get("sendTo") or {}
    found = ways.get("imip") or next(iter(ways.values()), "")
    return str(found) or (f"mailto:{given['email']}" if given.get("email") else "")
