"""`notify` by mail, and what can be asked of ways to notify. RFC 5435, RFC 5436, RFC 8580."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from groupware.mime.headers import unfold
from mailcore.sieve.actions import Notify
from mailcore.sieve.answers import fcc_of, sender_of
from mailcore.sieve.constants import field_name, plain_address
from mailcore.sieve.errors import SieveError
from mailcore.sieve.match import matches
from mailcore.sieve.run import Command, Run, Test
from mailcore.sieve.script import Call

_AUTOMATIC: Final = b"auto-submitted"
_MOST_RECIPIENTS: Final = 10
_LONGEST: Final = 4000
_FORBIDDEN: Final = frozenset(
    [
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "date",
        "message-id",
        "received",
        "return-path",
        "auto-submitted",
        "subject",
        "body",
        "mime-version",
        "authentication-results",
        "dkim-signature",
    ]
)
"""What a `mailto:` may not put into the header. RFC 5436 §2.7."""


@dataclass(slots=True)
class Mailto:
    """A `mailto:` address taken apart. RFC 6068."""

    to: list[str] = field(default_factory=list)
    cc: list[str] = field(default_factory=list)
    subject: str = ""
    body: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)


def mailto(uri: str) -> Mailto:
    """The parts of a `mailto:`. ValueError says why it is none."""
    if len(uri) > _LONGEST:
        raise ValueError("it is too long")
    split = urlsplit(uri)
    if split.scheme != "mailto" or split.netloc:
        raise ValueError("it does not begin with mailto:")
    found = Mailto(to=_addresses(split.path))
    for pair in filter(None, split.query.split("&")):
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"{pair[:40]!r} has no value")
        _put(found, unquote(name).lower(), value)
    if not 1 <= len(found.to) + len(found.cc) <= _MOST_RECIPIENTS:
        raise ValueError(f"it has none or more than {_MOST_RECIPIENTS} recipients")
    return found


def _put(found: Mailto, name: str, value: str) -> None:
    text = unquote(value, errors="replace")
    if name == "to":
        found.to += _addresses(value)
    elif name == "cc":
        found.cc += _addresses(value)
    elif name == "subject":
        found.subject = " ".join(text.split())
    elif name == "body":
        found.body = text
    elif name not in _FORBIDDEN and not name.startswith(("resent-", "content-", "list-", "arc-")):
        try:
            field_name(name, 0)
        except SieveError:
            raise ValueError(f"{name[:40]!r} is no name of a header field") from None
        found.headers.append((name, " ".join(text.split())))


def _addresses(path: str) -> list[str]:
    found = []
    for one in filter(None, path.split(",")):
        address = plain_address(unquote(one, errors="replace"))
        if address is None:
            raise ValueError(f"{one[:60]!r} is no address")
        found.append(address)
    return found


def notify(run: Run, call: Call) -> None:
    """RFC 5435 §3; it takes no implicit keep away."""
    method = run.text(call, "method")
    try:
        parts = mailto(method)
    except ValueError as wrong:
        raise run.error(f"{method[:80]!r} is no way to notify: {wrong}.") from None
    action = Notify(
        method=method,
        to=tuple(parts.to),
        cc=tuple(parts.cc),
        subject=" ".join(run.text(call, "message").split()) or parts.subject,
        text=parts.body,
        headers=tuple(parts.headers),
        sender=sender_of(run, call),
        importance=int(importance) if (importance := run.text(call, "importance", "2")) in ("1", "2", "3") else 2,
        options=tuple(run.texts(call, "options")),
        fcc=fcc_of(run, call),
        line=call.line,
    )
    if any(unfold(field.value).lower().startswith(b"auto-notified") for field in run.letter.named.get(_AUTOMATIC, ())):
        run.note("not notified: it is a notice itself")  # RFC 5436 §5: they must not chase each other
        return
    run.act(action, f"notified {', '.join((*action.to, *action.cc))}")


def valid_method(run: Run, call: Call) -> bool:
    """Whether each of them could be notified. RFC 5435 §4."""
    return all(_valid(method) for method in run.texts(call, "methods"))


def method_capability(run: Run, call: Call) -> bool:
    """Of mail one cannot know whether somebody is there. RFC 5435 §5, RFC 5436 §2.8."""
    if not _valid(run.text(call, "method")) or run.text(call, "capability").lower() != "online":
        return False
    return matches(run, call, ["maybe"])


def _valid(method: str) -> bool:
    try:
        mailto(method)
    except ValueError:
        return False
    return True


COMMANDS: Final[Mapping[str, Command]] = {"notify": notify}
TESTS: Final[Mapping[str, Test]] = {
    "valid_notify_method": valid_method,
    "notify_method_capability": method_capability,
}
