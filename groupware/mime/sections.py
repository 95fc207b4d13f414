"""Which octets `BODY[...]` means, and the header fields out of a header. RFC 9051 §6.4.5.

Ranges count the stored octets; a message with bare LF line ends is put through `lines.crlf` on its way out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from groupware.mime.parts import Part
from groupware.mime.summary import parts_of
from groupware.mime.transfer import undo

_LINE: Final = re.compile(rb"^(?![ \t\r\n]|\Z)(?:([!-9;-~]++)[ \t]*+:|)", re.MULTILINE)  # that continues no other


def section(table: bytes | Sequence[Part], path: str) -> tuple[int, int] | None:
    """Where the section lies in the octets, or None when the message has no such section.

    `table`: an encoded summary, or its parts. `path` as in IMAP, in any case: "" (all), "HEADER", "TEXT", "1.2",
    "1.2.MIME", "1.HEADER", "1.TEXT"; HEADER.FIELDS is `HEADER` put through `header_fields`.
    """
    parts = parts_of(table) if isinstance(table, bytes) else table
    wanted = _split(path)
    if wanted is None:
        return None
    numbers, what = wanted
    if not numbers:
        return _of_message(parts[0], what)
    index = find(parts, numbers)
    if index is None:
        return None
    part = parts[index]
    if what == "":
        return part.body_start, part.body_end
    if what == "MIME":
        return part.header_start, part.body_start
    return _of_message(parts[index + 1], what) if part.kind == "message" else None


def _split(path: str) -> tuple[list[int], str] | None:
    """The part numbers and the word behind them; None for a path that is none."""
    numbers: list[int] = []
    pieces = path.upper().split(".") if path else []
    while pieces and pieces[0].isascii() and pieces[0].isdigit() and len(pieces[0]) < 10:
        numbers.append(int(pieces.pop(0)))
    what = ".".join(pieces)
    if what not in ("", "HEADER", "TEXT", "MIME") or 0 in numbers or path.endswith("."):
        return None
    return numbers, what


def _of_message(root: Part, what: str) -> tuple[int, int] | None:
    """A section of a whole message, by the root of its parts. MIME needs a part number."""
    match what:
        case "":
            return root.header_start, root.body_end
        case "HEADER":
            return root.header_start, root.body_start
        case "TEXT":
            return root.body_start, root.body_end
    return None


def find(parts: Sequence[Part], numbers: Sequence[int]) -> int | None:
    """The index of the part with these numbers. Part 1 of a message that is no multipart is its body."""
    at = 0
    entire = True  # `at` is the root of a message, whose only part may be itself
    for number in numbers:
        if not entire and parts[at].kind == "message":
            at, entire = at + 1, True
        if parts[at].kind == "multipart":
            child = _child(parts, at, number)
            if child is None:
                return None
            at = child
        elif not entire or number != 1:
            return None
        entire = False
    return at


def _child(parts: Sequence[Part], at: int, number: int) -> int | None:
    """The index of the child with this number, counted from 1."""
    return next((index for count, index in enumerate(children(parts, at), 1) if count == number), None)


def children(parts: Sequence[Part], at: int) -> Iterator[int]:
    """The indexes of a part's children, in order."""
    depth = parts[at].depth
    for index in range(at + 1, len(parts)):
        if parts[index].depth <= depth:
            return
        if parts[index].depth == depth + 1:
            yield index


def header_fields(header: bytes, names: Collection[str], *, wanted: bool = True) -> bytes:
    """The fields of a header that are named (`wanted`) or are not, as they stand, and the blank line.

    For HEADER.FIELDS and HEADER.FIELDS.NOT; names in any case. Lines that are no field are in neither.
    """
    sought = {name.lower().encode("utf-8", "replace") for name in names}
    lines = [(line.start(), line[1]) for line in _LINE.finditer(header)]
    ends = [start for start, _ in lines[1:]] + [len(header) - _blank(header)]
    kept = [
        header[start:end]
        for (start, name), end in zip(lines, ends, strict=False)
        if name is not None and (name.lower() in sought) == wanted
    ]
    if kept and not kept[-1].endswith(b"\n"):
        kept.append(b"\r\n")
    return b"".join((*kept, b"\r\n"))


def _blank(header: bytes) -> int:
    """The octets of the blank line at the end."""
    return 2 if header.endswith(b"\n\r\n") else 1 if header.endswith(b"\n\n") else 0


def decoded(octets: bytes, part: Part) -> bytes:
    """The content of a part of this message, its transfer encoding undone; of an unknown encoding as it stands."""
    return undo(octets[part.body_start : part.body_end], part.encoding)
