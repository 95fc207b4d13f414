"""Mail that is held back: as it lies in its folder, with its envelope before it, and how it is read again.

What lies in a folder begins with Return-Path, like all mail, and three kinds of fields: one for people, one with the
envelope, one for each recipient. Behind them the message is octet for octet what it was. The envelope carries a keyed
hash, so only what this site has held back itself can be sent on: who puts a message into the folder sends nothing.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from groupware.mime.compose import header_line
from groupware.model.event import Recipient
from groupware.model.ids import AccountId

MOST_HEAD: Final = 1 << 20
"""Octets that the fields before the message have at most: for recipients by the thousand."""
CLEARED: Final = "$Cleared"
"""The keyword of what was released and lies in a list's folder: so it is not held back again for each subscriber."""
REASON: Final = "X-Quarantine-Reason"
_ENVELOPE: Final = b"X-Quarantine-Envelope: "
_TO: Final = b"X-Quarantine-Recipient: "
_HEAD: Final = re.compile(
    rb"Return-Path: <[^\r\n]*>\r\nX-Quarantine-Reason:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*"
    rb"X-Quarantine-Envelope: ([^\r\n]+)\r\n((?:X-Quarantine-Recipient: [^\r\n]+\r\n)+)"
)


@dataclass(frozen=True, slots=True)
class Held:
    """A message that is held back."""

    reason: str
    sender: str
    """"" is <>."""
    recipients: tuple[Recipient, ...]
    octets: bytes = field(repr=False)
    """As it was when it was held back; "" when only the head was read."""
    message: str = ""
    by: AccountId | None = None
    utf8: bool = False
    body_type: str = "8BITMIME"
    require_tls: bool = False


def stored(held: Held, secret: bytes) -> bytes:
    """What goes into the folder."""
    to = b"".join(_TO + _json([each.address, each.notify, each.orcpt]) + b"\r\n" for each in held.recipients)
    facts = {
        "message": held.message,
        "from": held.sender,
        "by": held.by,
        "utf8": held.utf8,
        "body": held.body_type,
        "tls": held.require_tls,
        "to": len(held.recipients),
        "reason": held.reason,
    }
    facts["seal"] = _seal(facts, to, secret)
    head = f"Return-Path: <{held.sender}>\r\n".encode() + header_line(REASON, held.reason)
    return head + _ENVELOPE + _json(facts) + b"\r\n" + to + held.octets


def opened(octets: bytes, secret: bytes) -> Held | None:
    """The message that these octets (or the first `MOST_HEAD` of them) hold; None when this site has not made them."""
    head = _HEAD.match(octets, 0, MOST_HEAD)
    if head is None:
        return None
    try:
        facts, lines = json.loads(head[1]), head[2].splitlines(keepends=True)
        to = b"".join(lines[: facts["to"]])
        given = facts.pop("seal")
        if not hmac.compare_digest(str(given).encode(), _seal(facts, to, secret).encode()):
            return None
        return _held(facts, [json.loads(each[len(_TO) :]) for each in lines[: facts["to"]]], octets, head, to)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _held(
    facts: Mapping[str, Any], to: Sequence[Sequence[str]], octets: bytes, head: re.Match[bytes], lines: bytes
) -> Held:
    return Held(
        facts["reason"],
        facts["from"],
        tuple(Recipient(*each) for each in to),
        octets[head.start(2) + len(lines) :],
        facts["message"],
        facts["by"],
        facts["utf8"],
        facts["body"],
        facts["tls"],
    )


def original(octets: bytes) -> bytes:
    """The message without what holding it back has put before it; any other message as it is."""
    head = _HEAD.match(octets, 0, MOST_HEAD)
    if head is None:
        return octets
    try:
        count = int(json.loads(head[1])["to"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return octets
    return octets[head.start(2) + len(b"".join(head[2].splitlines(keepends=True)[:count])) :]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def _seal(facts: Mapping[str, object], to: bytes, secret: bytes) -> str:
    """Of envelope and recipients; what the message says is anybody's in any case."""
    return hmac.digest(secret, b"held " + _json(dict(sorted(facts.items()))) + b"\n" + to, "sha256")[:16].hex()
