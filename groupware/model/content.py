"""Content lines: what iCalendar (RFC 5545 §3.1) and vCard (RFC 6350 §3.2) are made of, as a tree of components.

Values stay as they are written; who knows a property's type takes them apart. What is stored are always the octets that
were given: this reads them, and never writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from .errors import Malformed

MAX_DEPTH: Final = 6
"""VCALENDAR, VAVAILABILITY, AVAILABLE, VALARM, and two to spare."""
MAX_LINES: Final = 100_000
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
_LINE: Final = re.compile(r"(?:([A-Za-z0-9-]+)\.)?([A-Za-z0-9_-]+)([:;])")
_PLAIN: Final = r"(?:\\[;,]?+|[^\";:,\\])*+"  # Apple escapes a semicolon where quotes should stand
_ONE: Final = rf"(?:\"[^\"]*+\"|{_PLAIN})"
_PARAM: Final = re.compile(rf"([A-Za-z0-9_-]+)(?:=({_ONE}(?:,{_ONE})*+))?([:;])")
_PARAM_VALUE: Final = re.compile(rf"\"([^\"]*)\"|((?=[^,]){_PLAIN})")
_CARET: Final = re.compile(r"\^(['n^])")
_CARETS: Final = {"n": "\n", "'": '"', "^": "^"}
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


class Line(NamedTuple):
    """One property: `group.NAME;PARAM=a,b:value`, unfolded; the name and those of parameters in capitals."""

    name: str
    params: Mapping[str, tuple[str, ...]]
    value: str
    at: int
    """Which of the logical lines it is, from 0."""
    group: str = ""

    def param(self, name: str) -> str:
        """The first value of a parameter, or ""."""
        values = self.params.get(name)
        return values[0] if values else ""

    @property
    def text(self) -> str:
        """The value as TEXT: without its escapes (RFC 5545 §3.3.11)."""
        return unescaped(self.value) if "\\" in self.value else self.value


NO_PARAMS: Final[Mapping[str, tuple[str, ...]]] = {}


@dataclass(slots=True)
class Component:
    """What stands between BEGIN and END."""

    name: str
    at: int = 0
    lines: list[Line] = field(default_factory=list)
    parts: list[Component] = field(default_factory=list)

    def first(self, name: str) -> Line | None:
        """The first property of that name."""
        for line in self.lines:  # asked so often that a generator would be felt
            if line.name == name:
                return line
        return None

    def all(self, name: str) -> list[Line]:
        """The properties of that name."""
        return [line for line in self.lines if line.name == name]

    def text(self, name: str) -> str:
        """The TEXT of the first property of that name, or ""."""
        line = self.first(name)
        return "" if line is None else line.text

    def named(self, name: str) -> list[Component]:
        """The components of that name directly inside."""
        return [part for part in self.parts if part.name == name]


def escaped(value: str) -> str:
    """A text as a value of TEXT holds it. RFC 5545 §3.3.11, RFC 6350 §3.4."""
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def unescaped(value: str) -> str:
    """TEXT without its escapes."""
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)


def split_escaped(value: str, at: str) -> list[str]:
    """The value taken apart at a sign, but not where a backslash stands before it."""
    if "\\" not in value:
        return value.split(at)
    found, start, here = [], 0, 0
    while here < len(value):
        if value[here] == "\\":
            here += 1
        elif value[here] == at:
            found.append(value[start:here])
            start = here + 1
        here += 1
    found.append(value[start:])
    return found


def parse(octets: bytes) -> list[Component]:
    """The components on the outermost level. `Malformed` says which line, and what is wrong with it."""
    lines = _logical(octets)
    found: list[Component] = []
    open_: list[Component] = []
    for at, text in lines:
        line = read_line(text, at, octets)
        if line.name == "BEGIN":
            part = Component(line.value.strip().upper(), at)
            if len(open_) >= MAX_DEPTH:
                raise malformed(octets, at, f"BEGIN:{part.name[:40]} is more than {MAX_DEPTH} levels deep")
            (open_[-1].parts if open_ else found).append(part)
            open_.append(part)
        elif line.name == "END":
            name = line.value.strip().upper()
            if not open_ or open_[-1].name != name:
                wanted = f"END:{open_[-1].name}" if open_ else "BEGIN"
                raise malformed(octets, at, f"END:{name[:40]} stands where {wanted[:40]} should")
            open_.pop()
        elif not open_:
            raise malformed(octets, at, f"{line.name[:40]} stands outside of BEGIN and END")
        else:
            open_[-1].lines.append(line)
    if open_:
        raise malformed(octets, open_[-1].at, f"BEGIN:{open_[-1].name[:40]} has no END")
    return found


def _logical(octets: bytes) -> Iterator[tuple[int, str]]:
    """The unfolded lines that hold something, by their place."""
    if b"\0" in octets:
        raise Malformed(f"line {octets[: octets.index(0)].count(10) + 1}: it holds a NUL")
    joined = _FOLD.sub(b"", octets.removeprefix(b"\xef\xbb\xbf"))
    try:
        text = joined.decode()
    except UnicodeDecodeError as error:
        at = joined[: error.start].count(b"\n")
        raise malformed(octets, at, "it is not UTF-8") from None
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        raise Malformed(f"line {MAX_LINES}: an object has {MAX_LINES} lines at most")
    for at, line in enumerate(lines):
        line = line.rstrip("\r")
        if line and not line.isspace():
            yield at, line


def read_line(text: str, at: int = 0, octets: bytes = b"") -> Line:
    """The property that a logical line is. `Malformed`."""
    found = _LINE.match(text)
    if found is None:
        raise malformed(octets, at, f"{text[:40]!r} is no property: NAME:value is what is expected")
    group, name, sign = found.groups()
    here = found.end()
    if sign == ":":
        return Line(name.upper(), NO_PARAMS, text[here:], at, group or "")
    params: dict[str, tuple[str, ...]] = {}
    while sign == ";":
        found = _PARAM.match(text, here)
        if found is None:
            raise malformed(
                octets, at, f"the parameters of {name[:40]} cannot be read from {text[here : here + 40]!r} on"
            )
        key, value, sign = found.groups()
        here = found.end()
        values = tuple(_caret(quoted or plain) for quoted, plain in _PARAM_VALUE.findall(value or ""))
        key = key.upper()
        params[key] = params[key] + values if key in params else values
    return Line(name.upper(), params, text[here:], at, group or "")


def _caret(value: str) -> str:
    """A parameter's value without the escapes of RFC 6868."""
    return _CARET.sub(lambda found: _CARETS[found[1]], value) if "^" in value else value


def malformed(octets: bytes, at: int, why: str) -> Malformed:
    """The error for a logical line: with the number that an editor shows."""
    physical = octets.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    logical = -1
    for number, line in enumerate(physical, 1):
        logical += not (number > 1 and line[:1] in (b" ", b"\t"))
        if logical == at:
            return Malformed(f"line {number}: {why}")
    return Malformed(why)


def serialized(parts: Sequence[Component]) -> bytes:
    """Components as octets, folded at 75 (RFC 5545 §3.1): for what the server makes itself."""
    return b"".join(folded(line) for part in parts for line in _written(part))


def ordered(part: Component) -> Component:
    """The component with its lines, their parameters and what is inside in one order, whoever has written it down."""
    inner = sorted(map(ordered, part.parts), key=lambda each: serialized([each]))
    lines = [Line(line.name, dict(sorted(line.params.items())), line.value, 0, line.group) for line in part.lines]
    return Component(part.name, 0, sorted(lines, key=written), inner)


def _written(part: Component) -> Iterator[str]:
    yield f"BEGIN:{part.name}"
    for line in part.lines:
        yield written(line)
    for inner in part.parts:
        yield from _written(inner)
    yield f"END:{part.name}"


def written(line: Line) -> str:
    """The logical line."""
    params = "".join(f";{key}={','.join(map(_param, values))}" for key, values in line.params.items())
    return f"{line.group + '.' if line.group else ''}{line.name}{params}:{line.value}"


def _param(value: str) -> str:
    value = value.replace("^", "^^").replace("\n", "^n").replace('"', "^'")
    return f'"{value}"' if any(sign in value for sign in ":;,\\") else value


def folded(line: str) -> bytes:
    """A logical line as octets, with its line end."""
    octets = line.encode()
    if len(octets) <= 75:
        return octets + b"\r\n"
    found, start = [], 0
    while start < len(octets):
        end = start + (75 if not start else 74)
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        found.append(octets[start:end])
        start = end
    return b"\r\n ".join(found) + b"\r\n"
