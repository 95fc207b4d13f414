"""A message's octets to its part tree, in one pass and with offsets. Nothing that can be sent makes it fail.

1. The time is linear in the octets: body octets are touched only to find delimiter lines and to count lines.
2. The parts lie in the order of the octets, each before its children, and no range leaves that of the part around it.
3. Bounds: parts nested deeper than 100 and multiparts without a single delimiter line are leaves; after 10,000 parts
   delimiter lines are text; of a part's header 1 MiB is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from groupware.mime.headers import fields as split_fields
from groupware.mime.headers import unfold
from groupware.mime.media import MESSAGE, OCTETS, TEXT_PLAIN, Media, Params, disposition, media, token
from groupware.model.octets import Octets

Kind = Literal["leaf", "multipart", "message"]

DEEPEST: Final = 100
MOST_PARTS: Final = 10_000
LONGEST_HEADER: Final = 1024 * 1024
_LONGEST_BOUNDARY: Final = 1000  # RFC 2046 allows 70; some senders go far beyond

_JOINED: Final = frozenset((b"to", b"cc", b"bcc"))
_LAST: Final = frozenset(b"from sender reply-to date subject in-reply-to message-id references".split())
_NOTED: Final = frozenset(
    b"from sender reply-to date subject in-reply-to message-id references to cc bcc content-type "
    b"content-transfer-encoding content-id "
    b"content-description content-disposition content-md5 content-language content-location".split()
)
# Lines of well-formed fields, a good many at once. A delimiter line is none, though a boundary may hold a colon.
_FIELDS: Final = re.compile(rb"(?:(?:(?!--)[!-9;-~]++[ \t]*+:|[ \t])[^\n]*+\n?){0,1000}")
# What may follow a line in the header that is no field: the blank line, a delimiter, a field that mail is known for.
_NEXT: Final = re.compile(
    rb"""\n(?: (\r?\n) | (--)
      | (?=(?:from|to|cc|bcc|subject|date|sender|reply-to|message-id|in-reply-to|references|received|return-path
             |mime-version|delivered-to|content-[a-z-]+|x-[!-9;-~]+|list-[a-z-]+|resent-[a-z-]+|dkim-signature
             |user-agent|precedence)[ \t]*:))""",
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(slots=True)
class Node:
    """One part as the scan found it. Its body is `octets[body_start:body_end]`."""

    depth: int
    kind: Kind
    header_start: int
    body_start: int
    body_end: int
    media: Media
    fields: dict[bytes, bytes]
    """The fields that a summary needs, by name in lower case and unfolded.

    Of several of one name: recipients are joined, of the other fields of a message the last counts, being the one that
    signatures cover (RFC 6376 §5.4.2, RFC 8621 §4.1.3), of those that describe a part the first.
    """
    encoding: bytes
    """Content-Transfer-Encoding in lower case, `7bit` when nothing is said."""
    disposition: tuple[bytes, Params] | None


def scan(octets: Octets) -> list[Node]:
    """The parts of a message, root first, in the order of their octets; `depth` tells the tree."""
    walk = _Walk(octets)
    at = walk.enter(0, 0, TEXT_PLAIN)
    while walk.boundaries and len(walk.nodes) < MOST_PARTS:
        at = walk.step(at)
    for node, following in zip(walk.nodes, [*walk.nodes[1:], None], strict=True):
        if node.kind == "multipart" and (following is None or following.depth <= node.depth):
            node.kind, node.media = "leaf", TEXT_PLAIN  # what it holds is shown rather than hidden
    return walk.nodes


class _Walk:
    """The scan under way: the open parts from the root to the present one, and the boundaries that could end them."""

    __slots__ = ("boundaries", "levels", "needle", "nodes", "octets", "opened")

    def __init__(self, octets: Octets) -> None:
        self.octets = octets
        self.nodes: list[Node] = []
        self.opened: list[Node] = []
        self.boundaries: list[tuple[bytes, int]] = []  # of the open multiparts: the boundary, its index in `opened`
        self.aim()

    def aim(self) -> None:
        """Look for what all open boundaries begin with; of equal boundaries the innermost counts."""
        names = [boundary for boundary, _ in self.boundaries]
        self.levels = {boundary: level for level, boundary in enumerate(names)}
        self.needle = b"\n--" + (names[0] if len(names) == 1 else _common_start(names))

    def enter(self, start: int, depth: int, default: Media) -> int:
        """Open the part whose header is at `start` and the messages in it; gives back where the last body starts."""
        while True:
            body = self.header_end(start)
            found = _noted(self.octets[start : min(body, start + LONGEST_HEADER)]) if body > start else {}
            kind, kept, boundary = self.classify(found, depth, default)
            value = found.get(b"content-transfer-encoding")
            encoding = (value and token(value)) or b"7bit"
            value = found.get(b"content-disposition")
            shown = disposition(value) if value else None
            node = Node(depth, kind, start, body, len(self.octets), kept, found, encoding, shown)
            self.nodes.append(node)
            self.opened.append(node)
            if boundary:
                self.boundaries.append((boundary, len(self.opened) - 1))
                self.aim()
            if kind != "message":
                return body
            start, depth, default = body, depth + 1, TEXT_PLAIN

    def classify(self, found: dict[bytes, bytes], depth: int, default: Media) -> tuple[Kind, Media, bytes]:
        """What kind of part a header announces, its media type, and the boundary of a multipart."""
        value = found.get(b"content-type")
        kept = default if value is None else media(value) or TEXT_PLAIN
        if kept.main == b"multipart":
            boundary = kept.param(b"boundary").rstrip()
            if boundary and len(boundary) <= _LONGEST_BOUNDARY and depth < DEEPEST:
                return "multipart", kept, boundary
            return "leaf", TEXT_PLAIN, b""
        if kept.main == b"message" and kept.sub in (b"rfc822", b"global"):
            if depth < DEEPEST and len(self.nodes) < MOST_PARTS - 1:
                return "message", kept, b""
            return "leaf", OCTETS, b""
        return "leaf", kept, b""

    def header_end(self, start: int) -> int:
        """Where the body starts: behind the blank line, or at the first line that can be no part of the header."""
        octets, at = self.octets, start
        while True:
            while not (at == start and octets.startswith((b" ", b"\t"), at)):
                run = _FIELDS.match(octets, at)
                assert run is not None, "no fields are a run too"
                if run.end() == at:
                    break
                at = run.end()
            if octets.startswith(b"\n", at):
                return at + 1
            if octets.startswith(b"\r\n", at):
                return at + 2
            resumed = self.resume(start, at)
            if resumed is None:
                return at
            at = resumed

    def resume(self, start: int, at: int) -> int | None:
        """Where the header goes on behind a line that is no field; None if it does not.

        Text straight after the fields is a body whose blank line is missing; a broken line among known fields is not.
        """
        if at >= len(self.octets) or (at == start and not self.octets.startswith((b"From ", b">From "), at)):
            return None
        if self.octets.startswith(b"--", at) and self.delimiter_at(at):
            return None
        for found in _NEXT.finditer(self.octets, at):
            if found[1] is not None:
                return None
            if found[2] is None:
                return found.end()
            if self.delimiter_at(found.start() + 1):
                return None
        return None

    def delimiter_at(self, at: int) -> bool:
        return self.boundaries != [] and self.delimiter(self.line(at)) is not None

    def line(self, at: int) -> bytes:
        """The line at `at`, which begins with `--`: what comes behind that, as much as a delimiter can hold."""
        end = self.octets.find(b"\n", at, at + _LONGEST_BOUNDARY + 100)
        return self.octets[at + 2 : end if end >= 0 else at + _LONGEST_BOUNDARY + 100].rstrip(b" \t\r")

    def delimiter(self, line: bytes) -> tuple[int, bool] | None:
        """Which open boundary a line is the delimiter of, and whether it closes; behind a space anything may follow."""
        level = self.levels.get(line)
        if level is not None:
            return level, False
        if line.endswith(b"--") and (level := self.levels.get(line[:-2])) is not None:
            return level, True
        for level in range(len(self.boundaries) - 1, -1, -1):
            boundary = self.boundaries[level][0]
            if line.startswith(boundary):
                rest = line[len(boundary) :]
                if rest[:1] in (b" ", b"\t"):
                    return level, False
                if rest[:3] in (b"-- ", b"--\t"):
                    return level, True
        return None

    def step(self, at: int) -> int:
        """Go to the next delimiter line from `at` on, end the parts that it ends, and open the one that it opens."""
        octets = self.octets
        mark = octets.find(self.needle, max(at - 1, 0))
        if mark < 0:
            self.boundaries.clear()
            return len(octets)
        found = self.delimiter(self.line(mark + 1))
        if found is None:
            return mark + 2
        level, closing = found
        index = self.boundaries[level][1]
        self.close(index + 1, mark - 1 if octets[mark - 1 : mark] == b"\r" else mark)
        line_end = octets.find(b"\n", mark + 1)
        following = line_end + 1 if line_end >= 0 else len(octets)
        closing = closing or following == len(octets)  # a delimiter with nothing behind it opens nothing
        still_open = level if closing else level + 1
        if still_open < len(self.boundaries):
            del self.boundaries[still_open:]
            self.aim()
        if closing:
            return following
        parent = self.opened[index]
        return self.enter(following, parent.depth + 1, MESSAGE if parent.media.sub == b"digest" else TEXT_PLAIN)

    def close(self, index: int, end: int) -> None:
        """End the open parts from `index` inwards before the line end that belongs to the delimiter."""
        for node in reversed(self.opened[index:]):
            end = max(end, node.body_start)
            node.body_end = end
        del self.opened[index:]


def _common_start(names: Sequence[bytes]) -> bytes:
    """What all names begin with."""
    first, last = min(names, default=b""), max(names, default=b"")
    return next((first[:at] for at, octet in enumerate(first) if last[at : at + 1] != bytes((octet,))), first)


def _noted(header: bytes) -> dict[bytes, bytes]:
    """The fields of a header that a summary needs, by name in lower case."""
    found: dict[bytes, bytes] = {}
    more: dict[bytes, list[bytes]] = {}
    for name, value in split_fields(header):
        name = name.lower()
        if name not in _NOTED:
            continue
        if name not in found or name in _LAST:
            found[name] = unfold(value)
        elif name in _JOINED:
            more.setdefault(name, [found[name]]).append(unfold(value))
    for name, values in more.items():
        found[name] = b",".join(values)
    return found
