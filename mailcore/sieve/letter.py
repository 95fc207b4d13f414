"""The message as the script has made it so far: its octets and parts after edits, replacements, an envelope around it.

1. `octets` is always a whole message. `parts[i]` stays the part it was: it moves with its octets, or is None when
   something else stands in its place.
2. The header of the message is that of `octets`; `parts[0]` is the message that came, wherever it is now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from groupware.mime.compose import header_line
from groupware.mime.parts import Part
from groupware.mime.summary import summarize
from mailcore.sieve.actions import AddHeader, DeleteHeader
from mailcore.sieve.message import Field, Message, fields_of, read

Named = Mapping[bytes, Sequence[Field]]


def by_name(fields: Sequence[Field]) -> Named:
    """Fields by their names in lower case, in their order."""
    found: dict[bytes, list[Field]] = {}
    for each in fields:
        found.setdefault(each.name.lower(), []).append(each)
    return found


class Letter:
    """A message that may change."""

    __slots__ = ("_body", "_enclosed", "_fields", "_named", "octets", "parts", "version")

    def __init__(self, message: Message) -> None:
        self.octets = message.octets
        self.parts: list[Part | None] = list(message.parts)
        self._body = message.parts[0].body_start
        self._fields: list[Field] | None = None
        self._named: Named | None = None
        self._enclosed = False
        self.version = 0
        """Another number after each change."""

    @property
    def header(self) -> bytes:
        """The header of the message, with the blank line."""
        return self.octets[: self._body]

    @property
    def body(self) -> bytes:
        """What follows the header."""
        return self.octets[self._body :]

    @property
    def fields(self) -> list[Field]:
        """The fields of the message in their order."""
        if self._fields is None:
            self._fields = fields_of(self.header)
        return self._fields

    @property
    def named(self) -> Named:
        """The same by their names in lower case."""
        if self._named is None:
            self._named = by_name(self.fields)
        return self._named

    def part_named(self, at: int) -> Named:
        """The fields of a part by their names in lower case."""
        part = self.parts[at]
        return {} if part is None else by_name(fields_of(self.octets[part.header_start : part.body_start]))

    def under(self, at: int) -> Iterator[int]:
        """A part and all that are in it, in their order."""
        top = self.parts[at]
        if top is None:
            return
        yield at
        for index in range(at + 1, len(self.parts)):
            part = self.parts[index]
            if part is not None:
                if part.depth <= top.depth:
                    return
                yield index

    def add(self, action: AddHeader) -> None:
        """One more field. RFC 5293 §4."""
        header = self.header
        line = header_line(action.name, action.value)
        if not header:
            line += b"\r\n"
        elif b"\r\n" not in header and b"\n" in header:
            line = line.replace(b"\r\n", b"\n")
        at = self.fields[-1].end if action.last and self.fields else 0
        if at and not header[:at].endswith(b"\n"):
            line = b"\r\n" + line
        self._edit(header[:at] + line + header[at:])

    def delete(self, action: DeleteHeader) -> None:
        """Some fields less. RFC 5293 §5."""
        header, named = self.header, self.named.get(action.name.lower().encode(), [])
        kept, at = [], 0
        for field in [named[position - 1] for position in sorted(action.positions)]:
            kept.append(header[at : field.start])
            at = field.end
        self._edit(b"".join((*kept, header[at:])))

    def _edit(self, header: bytes) -> None:
        """Change the header; whatever lies behind it moves."""
        grown = len(header) - self._body
        self.octets = header + self.body
        inner = 0 if self._enclosed else 1  # the first part whose header lies behind this one
        self.parts = [
            None if part is None else _moved(part, grown if index >= inner else 0, grown, grown)
            for index, part in enumerate(self.parts)
        ]
        self._body = len(header)
        self._changed()

    def _changed(self) -> None:
        self._fields = self._named = None
        self.version += 1

    def put(self, at: int, octets: bytes) -> None:
        """Another part, header and all, in the place of this one; what was in it is gone. Never for the root."""
        part = self.parts[at]
        if part is None:
            return
        start, end = part.header_start, part.body_end
        grown = len(octets) - (end - start)
        inside = set(self.under(at))
        around = self._around(at)
        self.octets = self.octets[:start] + octets + self.octets[end:]
        for index, each in enumerate(self.parts):
            if each is None or index == at:
                continue
            if index in inside:
                self.parts[index] = None
            elif index in around:
                self.parts[index] = _moved(each, 0, 0, grown)
            elif index > at:
                self.parts[index] = _moved(each, grown, grown, grown)
        self.parts[at] = replace(_moved(summarize(octets).parts[0], start, start, start), depth=part.depth)
        self._changed()

    def _around(self, at: int) -> set[int]:
        """The parts that this part is in."""
        found, part = set(), self.parts[at]
        depth = part.depth if part is not None else 0
        for index in range(at - 1, -1, -1):
            each = self.parts[index]
            if each is not None and each.depth < depth:
                found.add(index)
                depth = each.depth
        return found

    def renew(self, octets: bytes) -> None:
        """Another message altogether."""
        parts = summarize(octets).parts
        self.octets, self._body = octets, parts[0].body_start
        self._changed()
        self.parts = [parts[0], *[None] * (len(self.parts) - 1)]
        self._enclosed = False

    def enclose(self, before: bytes, behind: bytes) -> None:
        """Octets around the message, the first with a header of their own; the parts are still there."""
        self.octets = before + self.octets + behind
        grown = len(before)
        self.parts = [None if part is None else _moved(part, grown, grown, grown) for part in self.parts]
        self._body = summarize(before).parts[0].body_start
        self._enclosed = True
        self._changed()


def _moved(part: Part, header: int, body: int, end: int) -> Part:
    """The part with its three offsets moved by so much."""
    return replace(
        part,
        header_start=part.header_start + header,
        body_start=part.body_start + body,
        body_end=part.body_end + end,
    )


def applied(octets: bytes, action: AddHeader | DeleteHeader) -> bytes:
    """The message with one edit made, for who carries out the actions."""
    letter = Letter(read(octets))
    if isinstance(action, AddHeader):
        letter.add(action)
    else:
        letter.delete(action)
    return letter.octets
