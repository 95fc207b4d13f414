"""The grammar of SMTP commands: lines to values. RFC 5321 §4.1, RFC 6531 §3.3.

Everything here takes any octets at all; what is wrong is a `Bad` with the reply that says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from mailcore.queue import xtext
from mailcore.smtp.reply import Reply

COMMAND_MAX: Final = 12_288  # RFC 5321 asks for 512, and every extension adds; RFC 4954 §4 has the longest
LOCAL_MAX: Final = 128  # RFC 5321 says 64, and senders do not keep to it
ADDRESS_MAX: Final = 320
ENVID_MAX: Final = 100  # RFC 3461 §4.4
ORCPT_MAX: Final = 500
HOLD_MAX: Final = 60 * 24 * 3600
"""Seconds for which a message may be kept back."""

# By what is left out: a class that goes up to U+10FFFF takes long to compile, and every start would wait for it.
_ATOM: Final = r'[^\x00-\x20\x7f"(),.:;<>@\[\\\]]+'
_DOT_STRING: Final = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED: Final = r'"(?:[^"\\\x00-\x1f\x7f]|\\[ -~])*"'
_LABEL: Final = r"[^\x00-/:-@\[-^`{-\x7f][^\x00-,./:-@\[-^`{-\x7f]{0,62}"
_DOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_LITERAL: Final = r"\[[0-9A-Za-z:.\-]+\]"
_ROUTE: Final = rf"(?:@{_DOMAIN}(?:,@{_DOMAIN})*:)?"  # RFC 5321 appendix C: accept, and pass over
_MAILBOX: Final = re.compile(rf"{_ROUTE}(?P<local>{_DOT_STRING}|{_QUOTED})(?:@(?P<domain>{_DOMAIN}|{_LITERAL}))?\Z")
_PARAM: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9\-]*)(?:=([^\s=\x00-\x1f\x7f][^\s\x00-\x1f\x7f]*))?\Z")
_QUOTED_PAIR: Final = re.compile(r"\\(.)")
_HELLO: Final = re.compile(rf"(?:{_DOMAIN}\.?|{_LITERAL})\Z")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)\Z")
_PATH_END: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^">])*>')


class Bad(Exception):
    """The command is wrong; `reply` says how."""

    def __init__(self, code: int, status: str, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(code, status, text)


@dataclass(frozen=True, slots=True)
class Path:
    """An address as a command gives it. Both empty: the null path <>."""

    local: str
    domain: str
    """Lower case; "" when the address has none."""

    @property
    def address(self) -> str:
        """The address, its local part as given and without needless quotes."""
        return f"{self.local}@{self.domain}" if self.domain else self.local

    @property
    def ascii(self) -> bool:
        """Whether it can be said without SMTPUTF8."""
        return self.local.isascii() and self.domain.isascii()


NULL: Final = Path("", "")


@dataclass(frozen=True, slots=True)
class MailParams:
    """The parameters of MAIL."""

    size: int = 0
    body_type: str = "7BIT"
    utf8: bool = False
    ret: str = ""
    envid: str = ""
    require_tls: bool = False
    hold_for: int = 0
    """Seconds for which it is kept back. RFC 4865."""
    hold_until: datetime | None = None

    @property
    def held(self) -> bool:
        """Whether it is to go out later."""
        return bool(self.hold_for) or self.hold_until is not None

    def due(self, now: datetime) -> datetime | None:
        """When it may go out; None: at once."""
        until = self.hold_until if self.hold_until is not None else now + timedelta(seconds=self.hold_for)
        return until if until > now else None


@dataclass(frozen=True, slots=True)
class RcptParams:
    """The parameters of RCPT."""

    notify: str = ""
    orcpt: str = ""


def split_command(line: bytes) -> tuple[str, str]:
    """Verb in upper case and argument of a line without its end. Bad for NUL, CR and what is not UTF-8."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Bad(500, "5.5.2", "The command is neither ASCII nor UTF-8.") from None
    if any(sign in text for sign in "\0\r"):
        raise Bad(500, "5.5.2", "The command has a control character in it.")
    verb, _, rest = text.partition(" ")
    return verb.upper(), rest.strip(" \t")


def hello_name(argument: str) -> str:
    """What a client calls itself in EHLO. Bad when it is no name and no address."""
    name = argument.split(" ", 1)[0]
    if not name or len(name) > 255:
        raise Bad(501, "5.5.4", "Say your host name: EHLO host.example.org")
    if not _HELLO.match(name):
        raise Bad(501, "5.5.2", f"{name[:80]!r} is no host name.")
    return name


def path_and_params(argument: str, keyword: str, example: str) -> tuple[Path, Sequence[str]]:
    """The path behind `FROM:` or `TO:`, and the parameters as written. Bad."""
    if argument[: len(keyword)].upper() != keyword:
        raise Bad(501, "5.5.4", f"Write it as {example}")
    rest = argument[len(keyword) :].lstrip(" ")
    if rest.startswith("<"):
        end = _PATH_END.match(rest, 1)
        if end is None:
            raise Bad(501, "5.5.2", f"The address has no closing >; write it as {example}")
        inner, tail = rest[1 : end.end() - 1], rest[end.end() :]
        if tail and tail[0] not in " \t":
            raise Bad(501, "5.5.2", f"There is something behind the >; write it as {example}")
    else:  # old clients leave the brackets out
        inner, _, tail = rest.partition(" ")
        if not inner:
            raise Bad(501, "5.5.2", f"There is no address; write it as {example}")
    return parse_path(inner), tail.split()


def parse_path(text: str) -> Path:
    """The address; "" is the null path. Bad."""
    if not text:
        return NULL
    if len(text) > ADDRESS_MAX + 200 or (found := _MAILBOX.match(text)) is None:
        raise Bad(501, "5.1.3", f"<{text[:80]}> is no address.")
    local, domain = found["local"], found["domain"] or ""
    if local.startswith('"'):
        bare = _QUOTED_PAIR.sub(r"\1", local[1:-1])
        local = bare if re.fullmatch(_DOT_STRING, bare) else local
    if len(local.encode()) > LOCAL_MAX or len(domain.encode()) > 255:
        raise Bad(501, "5.1.3", f"<{text[:80]}> is too long for an address.")
    return Path(local, domain.lower())


# --- Parameters -----------------------------------------------------------------------------------------------------


def params(words: Sequence[str], known: Mapping[str, Callable[[str], str]], command: str) -> dict[str, str]:
    """The parameters by name in upper case, each checked. Bad: 555 for one that is not known, 501 for a wrong one."""
    found: dict[str, str] = {}
    for word in words:
        match = _PARAM.match(word)
        if match is None:
            raise Bad(501, "5.5.4", f"{word[:60]!r} is no parameter of {command}.")
        name, value = match[1].upper(), match[2] or ""
        if name not in known:
            raise Bad(555, "5.5.4", f"{command} has no parameter {name[:60]} here.")
        if name in found:
            raise Bad(501, "5.5.4", f"{name} is there twice.")
        try:
            found[name] = known[name](value)
        except ValueError:
            raise Bad(501, "5.5.4", f"{name}={value[:60]} is not right.") from None
    return found


def mail_params(words: Sequence[str]) -> MailParams:
    """The parameters of MAIL. Bad."""
    found = params(words, _OF_MAIL, "MAIL")
    if "HOLDFOR" in found and "HOLDUNTIL" in found:
        raise Bad(501, "5.5.4", "HOLDFOR and HOLDUNTIL do not go together.")
    until = found.get("HOLDUNTIL")
    return MailParams(
        size=int(found.get("SIZE", "0")),
        body_type=found.get("BODY", "7BIT"),
        utf8="SMTPUTF8" in found,
        ret=found.get("RET", ""),
        envid=found.get("ENVID", ""),
        hold_for=int(found.get("HOLDFOR", "0")),
        hold_until=datetime.fromisoformat(until) if until else None,
        require_tls="REQUIRETLS" in found,
    )


def rcpt_params(words: Sequence[str]) -> RcptParams:
    """The parameters of RCPT. Bad."""
    found = params(words, _OF_RCPT, "RCPT")
    return RcptParams(notify=found.get("NOTIFY", ""), orcpt=found.get("ORCPT", ""))


def _one_of(*values: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value.upper() not in values:
            raise ValueError(value)
        return value.upper()

    return check


def _size(value: str) -> str:
    if not value.isascii() or not value.isdecimal() or len(value) > 20:
        raise ValueError(value)
    return value


def _hold_for(value: str) -> str:
    if not value.isascii() or not value.isdecimal() or len(value) > 9:
        raise ValueError(value)
    return value


def _hold_until(value: str) -> str:
    if not _MOMENT.match(value.upper()):
        raise ValueError(value)
    return datetime.fromisoformat(value.upper().replace("Z", "+00:00")).astimezone(UTC).isoformat()


def _no_value(value: str) -> str:
    if value:
        raise ValueError(value)
    return value


def _notify(value: str) -> str:
    words = value.upper().split(",")
    if words != ["NEVER"] and not (set(words) <= {"SUCCESS", "FAILURE", "DELAY"} and len(set(words)) == len(words)):
        raise ValueError(value)
    return ",".join(words)


def _orcpt(value: str) -> str:
    kind, semicolon, rest = value.partition(";")
    if not semicolon or not re.fullmatch(r"[A-Za-z0-9\-]+", kind) or not rest or len(value) > ORCPT_MAX:
        raise ValueError(value)
    if kind.lower() != "utf-8":  # RFC 6533 §3 has another encoding there
        xtext.decode(rest)
    return value


def _envid(value: str) -> str:
    if not value or len(value) > ENVID_MAX:
        raise ValueError(value)
    xtext.decode(value)
    return value


def _auth(value: str) -> str:
    xtext.decode(value)  # RFC 4954 §5: accepted, and trusted by nobody
    return value


_OF_MAIL: Final[Mapping[str, Callable[[str], str]]] = {
    "SIZE": _size,
    "BODY": _one_of("7BIT", "8BITMIME", "BINARYMIME"),
    "SMTPUTF8": _no_value,
    "RET": _one_of("FULL", "HDRS"),
    "ENVID": _envid,
    "AUTH": _auth,
    "HOLDFOR": _hold_for,
    "HOLDUNTIL": _hold_until,
    "REQUIRETLS": _no_value,
}
_OF_RCPT: Final[Mapping[str, Callable[[str], str]]] = {"NOTIFY": _notify, "ORCPT": _orcpt}
