"""What vCard 3.0 (RFC 2426) and 4.0 (RFC 6350) call the same thing, and what only one of them has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from groupware.model.content import Component, Line, unescaped

MARK: Final = "X-OF"
"""The parameter of a line that stands for what only the other version has; its value is that version."""
WAS: Final = "X-WAS"
"""The parameter that names what a line was made of."""
OMITTED: Final = "X-APPLE-OMIT-YEAR"
"""Apple's parameter of a date whose year is not known: the year that stands there instead."""

ONLY_FOUR: Final = frozenset(
    {"KIND", "GENDER", "LANG", "MEMBER", "RELATED", "XML", "CLIENTPIDMAP", "ANNIVERSARY", "JSPROP"}
    | {"BIRTHPLACE", "DEATHPLACE", "DEATHDATE", "EXPERTISE", "HOBBY", "INTEREST", "ORG-DIRECTORY"}  # RFC 6474, 6715
    | {"CONTACT-URI", "CREATED", "GRAMGENDER", "LANGUAGE", "PRONOUNS", "SOCIALPROFILE"}  # RFC 8605, 9554
)
"""Properties that 4.0 has: `X-` and the name in 3.0, where there is nothing nearer."""
SPARE: Final = frozenset({"N", "FN", "BDAY", "GEO"})
"""Properties of both of which 4.0 may hold what 3.0 cannot say; that is `X-` and the name in 3.0."""
ONLY_THREE: Final = frozenset({"CLASS", "MAILER", "NAME", "PROFILE", "LABEL", "AGENT", "SORT-STRING"})
"""Properties that 3.0 has (RFC 6350, appendix A): `X-` and the name in 4.0, where there is nothing nearer."""
PARAMS: Final = frozenset(
    {"PREF", "ALTID", "PID", "MEDIATYPE", "CALSCALE", "SORT-AS", "GEO", "TZ", "LABEL", "INDEX", "LEVEL", "CC"}
    | {"AUTHOR", "AUTHOR-NAME", "CREATED", "DERIVED", "PHONETIC", "PROP-ID", "SCRIPT", "SERVICE-TYPE", "USERNAME"}
    | {"JSPTR"}
)
"""Parameters that 4.0 has: `X-` and the name in 3.0."""
SERVER_KIND, SERVER_MEMBER = "X-ADDRESSBOOKSERVER-KIND", "X-ADDRESSBOOKSERVER-MEMBER"
DATE, RELATIVE, LABEL, COMPANY = "X-ABDATE", "X-ABRELATEDNAMES", "X-ABLABEL", "X-ABSHOWAS"
FAMILIAR: Final = frozenset(
    {SERVER_KIND, SERVER_MEMBER, DATE, RELATIVE, LABEL, COMPANY, "X-GENDER", "X-ANNIVERSARY", "X-SOCIALPROFILE"}
)
"""Names that programs know which know 3.0 alone."""
MESSENGERS: Final[Mapping[str, str]] = {
    "X-AIM": "aim",
    "X-GADUGADU": "gg",
    "X-ICQ": "icq",
    "X-JABBER": "xmpp",
    "X-MSN": "msnim",
    "X-SKYPE": "skype",
    "X-SKYPE-USERNAME": "skype",
    "X-YAHOO": "ymsgr",
}
"""Properties of 3.0 that hold a name of a messenger, with the scheme of the URI that IMPP holds."""
ANNIVERSARIES: Final = ("X-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY", "X-KADDRESSBOOK-X-ANNIVERSARY")
"""Other names that programs have for it in 3.0."""
ANNIVERSARY_LABEL: Final = "_$!<Anniversary>!$_"
RELATIONS: Final[Mapping[str, str]] = {
    "child": "_$!<Child>!$_",
    "friend": "_$!<Friend>!$_",
    "parent": "_$!<Parent>!$_",
    "spouse": "_$!<Spouse>!$_",
}
"""Types of RELATED, with the label that Apple has for just that."""
FORMATS: Final[Mapping[str, str]] = {"PHOTO": "image", "LOGO": "image", "SOUND": "audio", "KEY": "application"}
_KEYS: Final[Mapping[str, str]] = {"PGP": "application/pgp-keys", "X509": "application/pkix-cert"}
_KEY_TYPES: Final = {media: name for name, media in _KEYS.items()}
_SPELLED: Final = {LABEL: "X-ABLabel", COMPANY: "X-ABShowAs"}


def media_type(name: str, kind: str) -> str:
    """The media type that TYPE says of a picture, a sound or a key in 3.0."""
    if "/" in kind:
        return kind
    return _KEYS.get(kind.upper(), "") if name == "KEY" and kind.upper() in _KEYS else f"{FORMATS[name]}/{kind.lower()}"


def kind_of(name: str, media: str) -> str:
    """What TYPE says of a media type in 3.0."""
    known = _KEY_TYPES.get(media.lower(), "") if name == "KEY" else ""
    prefix, _, kind = media.partition("/")
    return known or (kind.upper() if prefix.lower() == FORMATS[name] else media)


def escaped(text: str) -> str:
    """Text as a value holds it (RFC 6350 §3.4)."""
    for sign, written in (("\\", "\\\\"), ("\r\n", "\\n"), ("\n", "\\n"), (",", "\\,"), (";", "\\;")):
        text = text.replace(sign, written)
    return text


def made_name(card: Component) -> str:
    """The N that 3.0 must have, of a contact that has none."""
    return escaped(card.text("FN")) + ";;;;"


def with_params(line: Line, *without: str, **given: Sequence[str]) -> Line:
    """The line without some parameters, and with others."""
    params = {key: values for key, values in line.params.items() if key not in without}
    return line._replace(params={**params, **{key: tuple(values) for key, values in given.items()}})


def kept(line: Line, name: str, version: str) -> Line:
    """The line under a name that has a place in the other version."""
    return line._replace(name=name, params={**line.params, MARK: (version,)})


def types(line: Line) -> list[str]:
    """The values of TYPE, and those parameters without a value that stand for one (vCard 2.1)."""
    found = [each for value in line.params.get("TYPE", ()) for each in value.split(",") if each]
    return found + [key for key, values in line.params.items() if not values]


def lowest(card: Component, name: str) -> dict[str, int]:
    """The least number that a parameter has among the lines of each property: PREF, or X-PREF."""
    found: dict[str, int] = {}
    for line in card.lines:
        if number(line, name):
            found[line.name] = min(number(line, name), found.get(line.name, 100))
    return found


def number(line: Line, name: str) -> int:
    """The number that a parameter holds; 0 for none."""
    said = line.param(name)
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 0


def prefers(line: Line) -> bool:
    """Whether TYPE says that it is the preferred one (3.0)."""
    return any(each.lower() == "pref" for each in types(line))


def labels(card: Component) -> dict[str, str]:
    """Apple's label of each group that has one."""
    return {line.group: line.text for line in card.lines if line.name == LABEL and line.group}


def pairs(card: Component) -> frozenset[str]:
    """The groups of just one property and its label."""
    sizes = Counter(line.group for line in card.lines if line.group)
    return frozenset(group for group in labels(card) if sizes[group] == 2)


def last_group(card: Component) -> int:
    """The highest number of Apple's groups, item1 and so on."""
    numbers = (line.group[4:] for line in card.lines if line.group[:4].lower() == "item")
    return max((int(each) for each in numbers if each.isascii() and each.isdecimal() and len(each) < 9), default=0)


def spelled(line: Line) -> Line:
    """Apple's names in their own spelling: not every program knows that it means nothing."""
    return line._replace(name=_SPELLED[line.name]) if line.name in _SPELLED else line


def plain(value: str) -> str:
    """A URI, without escapes that some programs put in."""
    return unescaped(value) if "\\" in value else value
