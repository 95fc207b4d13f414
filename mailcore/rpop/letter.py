"""A message from another server's mailbox as this server takes it: with a trace line, and nobody else's claims.

1. The sender of the envelope is what the other server has noted first, in Return-Path; without that it is <>.
2. Authentication-Results in this server's own name are taken out: nobody here has written them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from groupware.mime.compose import format_date
from groupware.mime.lines import crlf
from groupware.model.addresses import checked_address
from groupware.model.errors import Refused
from mailcore.rpop.pop import Where
from mailcore.smtp.authentication.results import without_claims
from mailcore.smtp.headers import header_of, hops

_RETURN: Final = re.compile(rb"\AReturn-Path:[ \t]*<([^<>\s]{0,320})>[^\r\n]*\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Here:
    """What this server calls itself, in trace lines and in what it finds out about senders."""

    host: str
    authserv_id: str


@dataclass(frozen=True, slots=True)
class Letter:
    """The message, and who has sent it."""

    sender: str
    octets: bytes = field(repr=False)
    hops: int
    """How many servers have handled it before."""


def taken(octets: bytes, where: Where, here: Here, message: str, to: str, now: datetime) -> Letter:
    """The message under the trace line that says where it was fetched."""
    octets = crlf(octets)
    sender = ""
    noted = _RETURN.match(octets)
    if noted is not None:
        octets, sender = octets[noted.end() :], _address(noted[1])
    header = header_of(octets)
    literal = f"[IPv6:{where.address}]" if ":" in where.address else f"[{where.address}]"
    lines = (
        f"Received: from {where.host} ({literal})",
        f"by {here.host} with POP3 id {message}",
        f"for <{to}>; {format_date(now.replace(microsecond=0))}",
    )
    line = ("\r\n\t".join(lines) + "\r\n").encode()
    return Letter(sender, line + without_claims(octets, len(header), here.authserv_id), hops(header))


def _address(value: bytes) -> str:
    """An address that may stand in an envelope; "" for anything else."""
    text = value.decode("utf-8", "replace")
    try:
        checked_address(text)
    except Refused:
        return ""
    return text
