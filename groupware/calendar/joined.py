"""Many calendar objects as one file: each part as its octets are, each time zone once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from groupware.model.content import escaped, folded

END: Final = b"END:VCALENDAR\r\n"
_TZID: Final = b"TZID"


class Part(NamedTuple):
    """A component directly inside VCALENDAR."""

    name: bytes
    tzid: bytes
    """Of a VTIMEZONE."""
    octets: bytes


@dataclass(slots=True)
class Joined:
    """A file that is being written; what it has said is not said again."""

    zones: set[bytes] = field(default_factory=set)

    def begin(self, name: str, *more: str) -> bytes:
        """The head of the file, with the name that a program may show, and `more` lines as they are."""
        said = escaped(name)
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Postroom//Postroom//EN", "CALSCALE:GREGORIAN"]
        named = [f"NAME:{said}", f"X-WR-CALNAME:{said}"] if name else []
        return b"".join(folded(line) for line in [*lines, *named, *more])

    def add(self, octets: bytes) -> bytes:
        """The components of an object, without the time zones that are in the file already."""
        found = []
        for part in parts(octets):
            if part.name == b"VTIMEZONE":
                if part.tzid in self.zones:
                    continue
                self.zones.add(part.tzid)
            found.append(part.octets)
        return b"".join(found)


def parts(octets: bytes) -> Iterator[Part]:
    """The components directly inside VCALENDAR, with their octets; line ends are CRLF (RFC 5545 §3.1)."""
    depth, name, tzid = 0, b"", b""
    kept: list[bytes] = []
    for line in octets.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n"):
        said, _, value = line.partition(b":")
        verb = said.strip().upper() if line[:1] not in b" \t" else b""
        if verb == b"BEGIN":
            depth += 1
            if depth == 2:
                name, tzid, kept = value.strip().upper(), b"", []
        if depth >= 2 and line.strip():
            kept.append(line)
        if depth == 2 and verb.partition(b";")[0] == _TZID:
            tzid = value.strip()
        if verb == b"END":
            depth -= 1
            if depth == 1:
                yield Part(name, tzid, b"\r\n".join([*kept, b""]))
