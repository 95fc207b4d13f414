"""Header fields of a new message out of the properties of an Email. RFC 8621 §4.1.2, §4.1.3, §4.6."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from groupware.mime.compose import address_line, format_date, header_line, mailbox
from groupware.model.times import moment_of
from web.jmap.errors import MethodError, SetError
from web.jmap.headers_of import Wanted, wanted
from web.jmap.sets import Given, invalid

CONVENIENT: Final[Mapping[str, tuple[str, str]]] = {
    "sentAt": ("Date", "asDate"),
    "from": ("From", "asAddresses"),
    "sender": ("Sender", "asAddresses"),
    "replyTo": ("Reply-To", "asAddresses"),
    "to": ("To", "asAddresses"),
    "cc": ("Cc", "asAddresses"),
    "bcc": ("Bcc", "asAddresses"),
    "messageId": ("Message-ID", "asMessageIds"),
    "inReplyTo": ("In-Reply-To", "asMessageIds"),
    "references": ("References", "asMessageIds"),
    "subject": ("Subject", "asText"),
}
"""Properties that stand for a field, in the order in which the fields are written."""
_EMAIL: Final = re.compile(r"[^\s<>,;:\"\\()\[\]@\x00-\x1f\x7f]{1,250}@[^\s<>,;\"\\()\x00-\x1f\x7f]{1,255}\Z")
_QUOTED_EMAIL: Final = re.compile(
    r"\"(?:[^\"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f]){0,250}\"@[^\s<>,;\"\\()\x00-\x1f\x7f]{1,255}\Z"
)
_ID: Final = re.compile(r"[^\s<>\x00-\x1f\x7f]{1,900}\Z")
_RAW: Final = re.compile(r"(?:[\t -~]|\r\n[\t ])*\Z")
_LONGEST_LINE: Final = 998
_MOST: Final = 1000


def field_lines(given: Given) -> tuple[bytes, set[str]]:
    """The lines of all header fields that are given, and their names in lower case. `SetError`."""
    lines: list[bytes] = []
    names: dict[str, str] = {}
    for property in [
        *[each for each in CONVENIENT if each in given],
        *[each for each in given if each[:7] == "header:"],
    ]:
        if property in CONVENIENT:
            name, form = CONVENIENT[property]
            asked = Wanted(property, name, form, False)
        else:
            asked = _asked(property)
        low = asked.name.lower()
        if low in names:
            raise invalid(property, f"{names[low]!r} is the same field")
        if low.startswith("content-"):
            raise invalid(property, "fields of the content belong to a part of the body")
        names[low] = property
        lines += made_fields(asked, given[property])
        if given[property] is None:
            del names[low]
    return b"".join(lines), set(names)


def part_lines(given: Given) -> bytes:
    """The lines of the header fields that a part of a body is given."""
    return b"".join(
        line
        for property in given
        if property[:7] == "header:"
        for line in made_fields(_asked(property), given[property])
    )


def _asked(property: str) -> Wanted:
    """What field, in the letters that the client uses, and in which form."""
    try:
        found = wanted(property)
    except MethodError as error:
        raise invalid(property, error.description) from None
    return Wanted(property, property.split(":")[1], found.form, found.every)


def made_fields(asked: Wanted, value: Any) -> Sequence[bytes]:
    """The lines of one field, or of all of that name; none for null. `SetError`."""
    if value is None:
        return ()
    values = value if asked.every else [value]
    if not isinstance(values, list) or len(values) > _MOST:
        raise invalid(asked.property, "a list is wanted")
    try:
        return [_MADE[asked.form](asked.name, each) for each in values]
    except ValueError as error:
        raise invalid(asked.property, str(error)) from None


def _raw(name: str, value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError("a string is wanted")
    if not value.isascii():
        return header_line(name, value)
    line = f"{name}:{value}"
    if not _RAW.match(value) or any(len(each) > _LONGEST_LINE for each in line.split("\r\n")):
        raise ValueError("a raw value has no line ends but folded ones, and no line above 998 signs")
    return f"{line}\r\n".encode()


def _text(name: str, value: Any) -> bytes:
    if not isinstance(value, str):
        raise ValueError("a string is wanted")
    return header_line(name, value)


def _person(value: Any) -> str:
    match value:
        case {"email": str(email), **rest} if not rest.keys() - {"name"}:
            name = rest.get("name")
            if not isinstance(name, str | None):
                raise ValueError("a name is a string")
            if not (_EMAIL.match(email) or _QUOTED_EMAIL.match(email)):
                raise ValueError(f"{email[:60]!r} is no address")
            return mailbox(name or "", email)
    raise ValueError("an address has an `email`, and perhaps a `name`")


def _addresses(name: str, value: Any) -> bytes:
    return address_line(name, [_person(each) for each in _list(value)])


def _groups(name: str, value: Any) -> bytes:
    pieces: list[str] = []
    for each in _list(value):
        match each:
            case {"name": str() | None as group, "addresses": list(inner), **rest} if not rest:
                people = ", ".join(_person(one) for one in inner)
                shown = mailbox(group, "x").removesuffix(" <x>") if group else ""
                pieces.append(f"{shown}: {people};" if shown else people)
            case _:
                raise ValueError("a group has a `name` and `addresses`")
    return address_line(name, [each for each in pieces if each])


def _ids(name: str, value: Any) -> bytes:
    found = _list(value)
    if not all(isinstance(each, str) and _ID.match(each) for each in found):
        raise ValueError("ids are strings without < and >")
    lines = [f"{name}:"]
    for each in found:
        if len(lines[-1]) + len(each) > 900 or len(lines[-1]) > 78:
            lines.append("")
        lines[-1] += f" <{each}>"
    return "\r\n".join(lines).encode() + b"\r\n"


def _urls(name: str, value: Any) -> bytes:
    found = _list(value)
    if not all(isinstance(each, str) and _ID.match(each) and each.isascii() for each in found):
        raise ValueError("URLs are strings without spaces")
    return f"{name}: {', '.join(f'<{each}>' for each in found)}"[:_LONGEST_LINE].encode() + b"\r\n"


def _date(name: str, value: Any) -> bytes:
    return f"{name}: {format_date(moment_of(value))}\r\n".encode()


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST:
        raise ValueError("a list is wanted")
    return value


_MADE: Final[Mapping[str, Callable[[str, Any], bytes]]] = {
    "asRaw": _raw,
    "asText": _text,
    "asAddresses": _addresses,
    "asGroupedAddresses": _groups,
    "asMessageIds": _ids,
    "asDate": _date,
    "asURLs": _urls,
}


def refuse(properties: Sequence[str], why: str) -> SetError:
    """What is wrong with several properties together."""
    return SetError("invalidProperties", why, properties=list(properties))
