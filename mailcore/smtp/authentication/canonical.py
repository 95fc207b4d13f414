"""A message taken apart for signatures, and the canonical forms of its pieces. RFC 6376 §3.4.

Everything here wants lines that end with CR LF; `taken_apart` sees to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from groupware.mime.lines import crlf, tidy

Form = Literal["simple", "relaxed"]
MOST_FIELDS: Final = 10_000
_FIELD: Final = re.compile(rb"[^\n]*\n(?:[ \t][^\n]*\n)*")
_RUN: Final = re.compile(rb"[ \t]{2,}|\t")
_RUNS: Final = re.compile(rb"[ \t]+")
_ENDS: Final = re.compile(rb"(?:\n\r)*")


@dataclass(frozen=True, slots=True)
class Field:
    """One header field: its name in lower case, and the octets with the line end."""

    name: bytes
    raw: bytes = field(repr=False)

    @property
    def value(self) -> str:
        """What is behind the colon, still folded; octets beyond ASCII as they can be read."""
        return self.raw.partition(b":")[2].decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message: the fields of its header from the top, and its body."""

    fields: tuple[Field, ...]
    body: bytes = field(repr=False)

    def named(self, name: bytes) -> tuple[Field, ...]:
        """The fields of that name (lower case), from the top."""
        return tuple(each for each in self.fields if each.name == name)


def taken_apart(octets: bytes) -> Mail:
    """The message in its pieces. Of a header that has no end at all the first 10,000 fields count."""
    if not tidy(octets):
        octets = crlf(octets)
    if octets.startswith(b"\r\n"):
        header, body = b"", octets[2:]
    else:
        header, blank, body = octets.partition(b"\r\n\r\n")
        header += b"\r\n" if blank or (header and not header.endswith(b"\r\n")) else b""
    found: list[Field] = []
    for match in _FIELD.finditer(header):
        if len(found) >= MOST_FIELDS:
            break
        found.append(field_of(match[0]))
    return Mail(tuple(found), body)


def field_of(raw: bytes) -> Field:
    """A field from its octets."""
    return Field(raw.partition(b":")[0].strip(b" \t\r\n").lower(), raw)


def header(raw: bytes, form: Form) -> bytes:
    """The canonical form of one field, with its line end. RFC 6376 §3.4.1, §3.4.2."""
    if form == "simple":
        return raw
    name, _, value = raw.partition(b":")
    value = _RUNS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.strip(b" \t\r\n").lower() + b":" + value + b"\r\n"


def body(octets: bytes, form: Form) -> bytes:
    """The canonical form of the body. RFC 6376 §3.4.3, §3.4.4."""
    if octets and not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    if form == "relaxed":
        if b"  " in octets or b"\t" in octets:
            octets = _RUN.sub(b" ", octets)
        octets = octets.replace(b" \r\n", b"\r\n")
    tail = octets[len(octets.rstrip(b"\r\n")) :]
    empty = _ENDS.match(tail[::-1])  # a bare CR among them is an octet like any other
    assert empty is not None
    octets = octets[: len(octets) - empty.end()]
    if not octets:
        return b"\r\n" if form == "simple" else b""
    return octets + b"\r\n"


def unsigned(raw: bytes) -> bytes:
    """A signature's field with nothing in its tag `b`. RFC 6376 §3.7."""
    name, colon, value = raw.partition(b":")
    parts = value.split(b";")
    for number, part in enumerate(parts):
        tag, equals, rest = part.partition(b"=")
        if equals and tag.strip(b" \t\r\n") == b"b":
            last = number == len(parts) - 1
            parts[number] = tag + equals + (b"\r\n" if last and rest.endswith(b"\r\n") else b"")
            break
    return name + colon + b";".join(parts)


def chosen(mail: Mail, names: Sequence[bytes]) -> list[Field]:
    """The fields that a signature's list means: of several of one name the lowest first. RFC 6376 §5.4.2."""
    left: dict[bytes, list[Field]] = {}
    for each in mail.fields:
        left.setdefault(each.name, []).append(each)
    return [left[name].pop() for name in names if left.get(name)]


def signed_octets(mail: Mail, names: Sequence[bytes], own: bytes, form: Form) -> bytes:
    """What the header's signature is made over: the chosen fields, and `own` with an empty `b`, without a line end."""
    before = b"".join(header(each.raw, form) for each in chosen(mail, names))
    return before + header(unsigned(own), form).removesuffix(b"\r\n")
