"""SPF records as values: the whole of a record is read before anything of it is asked. RFC 7208 §4.6, §12."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from mailcore.smtp.authentication.tags import Malformed
from mailcore.smtp.authentication.verdicts import Result

LONGEST: Final = 8192
MOST_TERMS: Final = 500
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MACRO: Final = r"%\{[slodiphcrtvSLODIPHCRTV][0-9]{0,3}[rR]?[.\-+,/_=]*\}|%%|%_|%-"
_MACRO_STRING: Final = re.compile(rf"(?:{_MACRO}|[!-$&-~])*\Z")
_TOP_LABEL: Final = r"(?:[A-Za-z0-9]*[A-Za-z][A-Za-z0-9]*|[A-Za-z0-9]+-[A-Za-z0-9\-]*[A-Za-z0-9])"
_DOMAIN_SPEC: Final = re.compile(
    rf"(?:{_MACRO}|[!-$&-~])*(?:\.{_TOP_LABEL}\.?|%\{{[slodiphvSLODIPHV][0-9]{{0,3}}[rR]?[.\-+,/_=]*\}})\Z"
)
_ZERO: Final = re.compile(r"%\{[A-Za-z]0+[rR.\-+,/_=}]")
_EXP_ONLY: Final = re.compile(r"%\{[crtCRT]")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9\-_.]*\Z")
_CIDR: Final = re.compile(r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?\Z")
_QUALIFIERS: Final[dict[str, Result]] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One mechanism."""

    result: Result
    """What its qualifier says."""
    name: str
    spec: str = ""
    """Its domain-spec, macros and all; "" when it has none."""
    network: Network | None = None
    """Of `ip4` and `ip6`."""
    cidr4: int = 32
    cidr6: int = 128


@dataclass(frozen=True, slots=True)
class Record:
    """A record: its mechanisms in order, and the two modifiers that mean something."""

    mechanisms: tuple[Mechanism, ...]
    redirect: str = ""
    explanation: str = ""


def is_spf(text: str) -> bool:
    """Whether a TXT record is one of SPF. RFC 7208 §4.5."""
    return text[:6].lower() == "v=spf1" and text[6:7] in ("", " ")


def parse(text: str) -> Record:
    """The record. Malformed."""
    if len(text) > LONGEST or not text.isascii():
        raise Malformed("the record is too long or not in ASCII")
    terms = [term for term in text[6:].split(" ") if term]
    if len(terms) > MOST_TERMS:
        raise Malformed("the record has too many terms")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, str] = {}
    for term in terms:
        name, equals, value = term.partition("=")
        if equals and _NAME.match(name):
            _modifier(modifiers, name.lower(), value)
        else:
            mechanisms.append(_mechanism(term))
    return Record(tuple(mechanisms), modifiers.get("redirect", ""), modifiers.get("exp", ""))


def _modifier(found: dict[str, str], name: str, value: str) -> None:
    if name not in ("redirect", "exp"):
        if not _MACRO_STRING.match(value):
            raise Malformed(f"the modifier {name[:40]} cannot be read")
        return
    if name in found:
        raise Malformed(f"{name} is there twice")
    found[name] = _spec(value)


def _mechanism(term: str) -> Mechanism:
    result = _QUALIFIERS.get(term[0])
    rest = term[1:] if result is not None else term
    end = re.search(r"[:/]", rest)
    name = rest[: end.start()].lower() if end else rest.lower()
    argument = rest[len(name) :]
    result = result or "pass"
    if name == "all" and not argument:
        return Mechanism(result, name)
    if name in ("ip4", "ip6"):
        return Mechanism(result, name, network=_network(name, argument))
    if name in ("include", "exists"):
        return Mechanism(result, name, _spec(argument[1:] if argument[:1] == ":" else ""))
    if name == "ptr":
        return Mechanism(result, name, _spec(argument[1:]) if argument[:1] == ":" else _nothing(argument, term))
    if name in ("a", "mx"):
        return _with_cidr(result, name, argument)
    raise Malformed(f"{term[:40]!r} is no mechanism")


def _nothing(argument: str, term: str) -> str:
    if argument:
        raise Malformed(f"{term[:40]!r} cannot be read")
    return ""


def _with_cidr(result: Result, name: str, argument: str) -> Mechanism:
    spec, lengths = "", argument
    if argument[:1] == ":":
        found = re.search(r"(?:/[0-9]+)?(?://[0-9]+)?\Z", argument)
        assert found is not None  # it matches nothing at least
        spec, lengths = _spec(argument[1 : found.start()]), argument[found.start() :]
    cidr = _CIDR.match(lengths)
    if cidr is None:
        raise Malformed(f"{(name + argument)[:40]!r} cannot be read")
    four, six = int(cidr[1] or 32) if cidr[1] != "0" else 0, int(cidr[2] or 128) if cidr[2] != "0" else 0
    if four > 32 or six > 128:
        raise Malformed(f"{(name + argument)[:40]!r} has too long a prefix")
    return Mechanism(result, name, spec, None, four, six)


def _network(name: str, argument: str) -> Network:
    text = argument[1:] if argument[:1] == ":" else ""
    address, slash, length = text.partition("/")
    if slash and (not length.isdecimal() or not length.isascii() or (length != "0" and length[0] == "0")):
        raise Malformed(f"{text[:40]!r} is no network")
    try:
        if name == "ip4":
            return ipaddress.IPv4Network(f"{ipaddress.IPv4Address(address)}/{length or 32}", strict=False)
        if "%" in address:
            raise ValueError("a zone")
        return ipaddress.IPv6Network(f"{ipaddress.IPv6Address(address)}/{length or 128}", strict=False)
    except ValueError as error:
        raise Malformed(f"{text[:40]!r} is no network") from error


def _spec(text: str) -> str:
    """A domain-spec that follows the grammar. Malformed. RFC 7208 §7.1."""
    if not _DOMAIN_SPEC.match(text) or _ZERO.search(text) or _EXP_ONLY.search(text):
        raise Malformed(f"{text[:40]!r} is no domain")
    return text


def explanation(text: str) -> str:
    """The text of an explanation that follows the grammar. Malformed. RFC 7208 §6.2."""
    whole = " ".join(text.split(" "))
    if not text.isascii() or len(text) > LONGEST or _ZERO.search(text):
        raise Malformed("the explanation cannot be read")
    if not all(_MACRO_STRING.match(word) for word in whole.split(" ")):
        raise Malformed("the explanation cannot be read")
    return text
