"""One line of the log: what it says, without secrets and without control characters, as text, JSON or datagram.

1. A secret is taken out before a line leaves the thread that speaks (`facts`), so no queue and no file ever holds it.
2. Whatever a stranger sent, a line is one line: control characters, line ends and text direction marks are escaped.
"""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Final, Literal

REDACTED: Final = "[redacted]"
MAX_DATAGRAM: Final = 8192
_MAX_VALUE: Final = 2000
_MAX_TRACEBACK: Final = 8000
_MAX_FACTS: Final = 40
_SECRET_KEYS: Final = re.compile(
    r"^pass$|^pw$|pass(word|wd|phrase|code)|secret|token|authorization|cookie|credential|(api|private)_?key|proof",
    re.IGNORECASE,
)
# A command that carries a password: SMTP AUTH, IMAP AUTHENTICATE and LOGIN, POP3 PASS and APOP, FTP PASS.
_SECRET_COMMAND: Final = re.compile(
    r"^([ \t]{0,9}(?:[^\s\"]{1,64}[ \t]{1,9})?(?:AUTH(?:ENTICATE)?[ \t]{1,9}[\w-]{1,40}|LOGIN|PASS|APOP))\s+\S.*",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_SECRET_HEADER: Final = re.compile(
    r"((?:Proxy-)?Authorization|Set-Cookie|Cookie)(\s*:\s*)[^\r\n]+|\b(Bearer|Basic)(\s+)[\w+/=.~-]{8,}", re.IGNORECASE
)
_SECRET_ADDRESS: Final = re.compile(r"(://[^/\s:@]*):[^/\s@]+@")
_HARMLESS: Final = re.compile(r"[^\s:]*")
_BARE: Final = re.compile(r"[^\s\"=\\]+")
_HEAD: Final = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}) (?P<level>\d\d) (?P<host>\S+) (?P<module>[^\s:]+):"
    r"(?P<session>\S*): (?P<text>.*)"
)
_PLAIN: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"'}


class Level(IntFlag):
    """The weight of a line; a mask of them says which a service writes. 15 is the default, 31 everything."""

    CRITICAL = 1
    ERROR = 2
    WARNING = 4
    INFO = 8
    PROTOCOL = 16


DEFAULT_MASK: Final = 15


@dataclass(frozen=True, slots=True)
class Line:
    """One event: when, how weighty, on which host, in which module and session, about which message, and the facts."""

    time: float
    level: Level
    host: str
    module: str
    session: str
    message: str
    event: str
    facts: tuple[tuple[str, str], ...] = ()
    origin: Literal["local", "remote"] = "local"


def facts(values: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The facts of an event as text, with every secret replaced by [redacted]."""
    return tuple((key, REDACTED if _is_secret(key) else clean(value)) for key, value in values.items())


def clean(value: object) -> str:
    """A value as text, bounded, without what looks like a password on its way."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, (bytes, bytearray, memoryview)):
        text = bytes(value[: 2 * _MAX_VALUE]).decode(errors="backslashreplace")
    elif isinstance(value, (int, float)):
        return str(value)
    else:
        text = str(value)
    return _bounded(unsecret(text[: 2 * _MAX_VALUE]), _MAX_VALUE, len(text))


def unsecret(text: str) -> str:
    """The text with passwords in commands, headers and addresses replaced by [redacted]."""
    if _HARMLESS.fullmatch(text):
        return text
    text = _SECRET_COMMAND.sub(rf"\1 {REDACTED}", text)
    if "://" in text:
        text = _SECRET_ADDRESS.sub(rf"\1:{REDACTED}@", text)
    return _SECRET_HEADER.sub(lambda found: f"{found[1] or found[3]}{found[2] or found[4]}{REDACTED}", text)


def traceback_fact(text: str) -> str:
    """A traceback, its end kept when it is long."""
    text = unsecret(text)
    return text if len(text) <= _MAX_TRACEBACK else f"(+{len(text) - _MAX_TRACEBACK})…{text[-_MAX_TRACEBACK:]}"


@functools.lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return _SECRET_KEYS.search(key) is not None


def _bounded(text: str, limit: int, whole: int = 0) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…(+{max(whole, len(text)) - limit})"


# --- The written forms ----------------------------------------------------------------------------------------------


def as_text(line: Line) -> str:
    """`2009-02-25 13:25:00 +0200 08 mx1 IMAP:0000012A: event key=value`, without the line end."""
    head = (
        f"{stamp(int(line.time))} {int(line.level):02d} {_word(line.host)} {_word(line.module)}:{_word(line.session)}: "
    )
    return head + said(line)


def read_line(written: str) -> Mapping[str, object]:
    """What a line of a log file says: its head apart, and the rest as `text`. A line without a head is text alone."""
    found = _HEAD.fullmatch(written)
    return {"text": written} if found is None else {**found.groupdict(), "level": Level(int(found["level"])).name}


def said(line: Line) -> str:
    """The event, the message id and the facts, without the head: what syslog gets."""
    parts = [_escape(line.event)]
    if line.message:
        parts.append(f"message={_word(line.message)}")
    parts += [f"{_word(key)}={_quoted(value)}" for key, value in line.facts]
    return " ".join(parts)


def as_json(line: Line) -> str:
    """The line as one JSON object, the time first, without the line end."""
    return json.dumps(
        {
            "time": stamp(int(line.time)),
            "at": round(line.time, 3),
            "level": line.level.name,
            "host": line.host,
            "module": line.module,
            "session": line.session,
            "message": line.message,
            "event": line.event,
            "facts": dict(line.facts),
        },
        ensure_ascii=True,
        separators=(",", ":"),
    )


def as_datagram(line: Line) -> bytes:
    """The line for another server's log service; facts that do not fit are left out, and it says so."""
    octets = as_json(line).encode()
    kept = line.facts
    while len(octets) > MAX_DATAGRAM and kept:
        kept = kept[: len(kept) // 2]
        cut = Line(
            line.time, line.level, line.host, line.module, line.session, line.message, line.event[:500],
            (*kept, ("left_out", str(len(line.facts) - len(kept)))),
        )  # fmt: skip
        octets = as_json(cut).encode()
    return octets


def read_datagram(octets: bytes, peer: str) -> Line:
    """The line that another server sent. ValueError says what is wrong with it.

    Secrets are taken out here once more, and the sender's address is added: the host in it is only what it claims.
    """
    if len(octets) > MAX_DATAGRAM:
        raise ValueError(f"it is longer than {MAX_DATAGRAM} octets")
    try:
        found: Any = json.loads(octets)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("facts"), dict):
        raise ValueError("it is no object with facts")
    texts = {}
    for key in ("host", "module", "session", "message", "event"):
        value = found.get(key)
        if not isinstance(value, str):
            raise ValueError(f"its {key} is no text")
        texts[key] = _bounded(unsecret(value), 500 if key == "event" else 64)
    at, level = found.get("at"), found.get("level")
    if not isinstance(level, str) or level not in Level.__members__:
        raise ValueError("its level is unknown")
    if isinstance(at, bool) or not isinstance(at, (int, float)) or not 0 <= at < 2**33:
        raise ValueError("its time is no time")
    given = {str(key)[:64]: value for key, value in list(found["facts"].items())[:_MAX_FACTS]}
    return Line(
        float(at), Level[level], texts["host"], texts["module"], texts["session"], texts["message"], texts["event"],
        (*facts(given), ("from", peer)), "remote",
    )  # fmt: skip


@functools.lru_cache(maxsize=8)
def stamp(second: int) -> str:
    """Local time with its zone, as the head of a line has it."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(second))


def _quoted(value: str) -> str:
    """The value as it is when that is unmistakable, else in quotes; always one line."""
    if value.isprintable() and _BARE.fullmatch(value):
        return value
    return f'"{_escape(value, quotes=True)}"'


def _escape(text: str, *, quotes: bool = False) -> str:
    """The text with everything escaped that does not print. Backslashes too when it stands in quotes."""
    if text.isprintable() and not (quotes and ('"' in text or "\\" in text)):
        return text
    return "".join(char if char.isprintable() and not (quotes and char in '"\\') else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    number = ord(char)
    return _PLAIN.get(char) or (f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}")


def _word(text: str) -> str:
    """A name in the head or a key: no space, no colon trick, nothing that does not print."""
    if text.isprintable() and _BARE.fullmatch(text):
        return text
    return _escape("".join("_" if char.isspace() or char in '"=\\' else char for char in text)) or "-"
