"""Which property of vCard is which member of JSContact. RFC 9555 §2 and §3."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groupware.model.content import escaped, unescaped

from . import shapes

Json = dict[str, Any]
_UNITS: Final = ("low", "medium", "high")
_SKILL: Final = ("beginner", "average", "expert")


def _nothing(value: str) -> Json | None:
    return None


@dataclass(frozen=True, slots=True)
class Rule:
    """One property: an object in a map of `member`, whose text is `text`, or which `read` and `write` make."""

    member: str
    text: str = ""
    raw: bool = False
    """The value is a URI or the like, without escapes."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """What tells it apart from the others of its member."""
    params: Mapping[str, str] = field(default_factory=dict)
    """Parameters that are texts of the object."""
    numbers: Mapping[str, str] = field(default_factory=dict)
    """Parameters that are numbers of it."""
    usual: str = ""
    """The VALUE that need not be said."""
    read: Callable[[str], Json | None] = _nothing
    write: Callable[[Mapping[str, Any]], str | None] | None = None
    contexts: bool = True
    """Whether TYPE is where it is used."""

    def object_of(self, value: str) -> Json | None:
        """What the value says; None: it cannot be told."""
        if self.write is not None:
            return self.read(value)
        text = value if self.raw else unescaped(value)
        return {self.text: text} if text else None

    def value_of(self, given: Mapping[str, Any]) -> str | None:
        """The value that says it; None: there is none."""
        if self.write is not None:
            return self.write(given)
        text = given.get(self.text)
        if not isinstance(text, str) or not text:
            return None
        return text if self.raw else escaped(text)


def _address(value: str) -> Json | None:
    found = shapes.address_parts(value)
    return {"components": found} if found else {}


def _date(kind: str) -> Rule:
    def read(value: str) -> Json | None:
        found = shapes.day(value)
        return None if found is None else {"kind": kind, "date": found}

    def write(given: Mapping[str, Any]) -> str | None:
        date = given.get("date")
        return shapes.day_value(date) if isinstance(date, Mapping) else None

    return Rule("anniversaries", fixed={"kind": kind}, usual="DATE-AND-OR-TIME", read=read, write=write, contexts=False)


def _info(kind: str) -> Rule:
    return Rule(
        "personalInfo",
        "value",
        fixed={"kind": kind},
        params={"LEVEL": "level"},
        numbers={"INDEX": "listAs"},
        contexts=False,
    )


def _media(kind: str) -> Rule:
    return Rule("media", "uri", True, {"kind": kind}, {"MEDIATYPE": "mediaType"}, usual="URI")


def _link(member: str, kind: str = "", usual: str = "URI") -> Rule:
    fixed = {"kind": kind} if kind else {}
    return Rule(member, "uri", True, fixed, {"MEDIATYPE": "mediaType"}, usual=usual)


RULES: Final[Mapping[str, Rule]] = {
    "EMAIL": Rule("emails", "address", usual="TEXT"),
    "TEL": Rule("phones", "number", usual="TEXT"),
    "ADR": Rule(
        "addresses",
        params={"LABEL": "full", "GEO": "coordinates", "TZ": "timeZone", "CC": "countryCode"},
        usual="TEXT",
        read=_address,
        write=lambda given: shapes.address_value(given.get("components") or ()),
    ),
    "NICKNAME": Rule("nicknames", "name", usual="TEXT"),
    "ORG": Rule("organizations", usual="TEXT", read=shapes.organization, write=shapes.organization_value),
    "TITLE": Rule("titles", "name", fixed={"kind": "title"}, usual="TEXT"),
    "ROLE": Rule("titles", "name", fixed={"kind": "role"}, usual="TEXT"),
    "NOTE": Rule("notes", "note", usual="TEXT", contexts=False),
    "URL": _link("links"),
    "CONTACT-URI": _link("links", "contact"),
    "PHOTO": _media("photo"),
    "LOGO": _media("logo"),
    "SOUND": _media("sound"),
    "KEY": _link("cryptoKeys"),
    "SOURCE": _link("directories", "entry"),
    "ORG-DIRECTORY": Rule(
        "directories", "uri", True, {"kind": "directory"}, {"MEDIATYPE": "mediaType"}, {"INDEX": "listAs"}, "URI"
    ),
    "CALURI": _link("calendars", "calendar"),
    "FBURL": _link("calendars", "freeBusy"),
    "CALADRURI": Rule("schedulingAddresses", "uri", True, usual="URI"),
    "LANG": Rule("preferredLanguages", "language", True, usual="LANGUAGE-TAG"),
    "IMPP": Rule(
        "onlineServices",
        "uri",
        True,
        {"vCardName": "impp"},
        {"SERVICE-TYPE": "service", "USERNAME": "user"},
        usual="URI",
    ),
    "SOCIALPROFILE": Rule(
        "onlineServices", "uri", True, {}, {"SERVICE-TYPE": "service", "USERNAME": "user"}, usual="URI"
    ),
    "BDAY": _date("birth"),
    "DEATHDATE": _date("death"),
    "ANNIVERSARY": _date("wedding"),
    "EXPERTISE": _info("expertise"),
    "HOBBY": _info("hobby"),
    "INTEREST": _info("interest"),
}
"""Those of which there may be many, each an object under an id."""
LEVELS: Final = {"expertise": dict(zip(_SKILL, _UNITS, strict=True))}
"""What the words of LEVEL are called, where they are others."""
FEATURES: Final = {
    "voice": "voice",
    "cell": "mobile",
    "fax": "fax",
    "video": "video",
    "pager": "pager",
    "text": "text",
    "textphone": "textphone",
    "main-number": "main-number",
}
"""What a telephone can do, by the words of TYPE."""
CONTEXTS: Final = {"home": "private", "work": "work"}
ADDRESS_CONTEXTS: Final = {**CONTEXTS, "billing": "billing", "delivery": "delivery"}
DATES: Final = frozenset(name for name, rule in RULES.items() if rule.member == "anniversaries")


def contexts_of(name: str) -> Mapping[str, str]:
    """The words of TYPE that say where something is used, and how JSContact calls them."""
    return ADDRESS_CONTEXTS if name == "ADR" else CONTEXTS if RULES[name].contexts else {}


@dataclass(frozen=True, slots=True)
class Single:
    """A property of which a card has one, and what it is as a member."""

    member: str
    read: Callable[[str], str | None]
    write: Callable[[str], str | None]


def _plain(value: str) -> str | None:
    return unescaped(value) or None


def _text(value: str) -> str | None:
    return escaped(value) or None


def _kind(value: str) -> str | None:
    return value if value == value.lower() else None


SINGLE: Final[Mapping[str, Single]] = {
    "UID": Single("uid", _plain, _text),
    "KIND": Single("kind", _kind, _kind),
    "PRODID": Single("prodId", _plain, _text),
    "REV": Single("updated", shapes.moment, shapes.stamp_value),
    "CREATED": Single("created", shapes.moment, shapes.stamp_value),
    "LANGUAGE": Single("language", _plain, _text),
}
SETS: Final = {"CATEGORIES": "keywords", "MEMBER": "members"}
