"""Message disposition notifications, written and read: that a message was seen, deleted, sent on. RFC 8098."""

from __future__ import annotations

import re
from base64 import encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Final

from groupware.mime.addresses import address_of, parse
from groupware.mime.compose import address_line, format_date, header_line, message_id
from groupware.mime.content import text_of_part
from groupware.mime.headers import decode_text, fields, header_of, unfold
from groupware.mime.lines import crlf
from groupware.mime.sections import decoded
from groupware.mime.summary import summarize

MEDIA: Final = ("message/disposition-notification", "message/global-disposition-notification")
LONGEST_TEXT: Final = 1_000_000
_HEADER_OCTETS: Final = 64 * 1024
_DISPOSITION: Final = re.compile(
    r"(manual-action|automatic-action)\s*/\s*(mdn-sent-manually|mdn-sent-automatically)\s*;\s*"
    r"(displayed|deleted|dispatched|processed)\b",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,60}\Z")
_OWN: Final = (
    "reporting-ua",
    "mdn-gateway",
    "original-recipient",
    "final-recipient",
    "original-message-id",
    "disposition",
    "error",
)
_SENT: Final = {"mdn-sent-manually": "MDN-sent-manually", "mdn-sent-automatically": "MDN-sent-automatically"}


@dataclass(frozen=True, slots=True)
class Disposition:
    """What became of a message: all in lower case."""

    action: str
    sending: str
    kind: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What a notification says."""

    disposition: Disposition
    final_recipient: str
    """With its type, as `rfc822; bob@example.org`."""
    subject: str = ""
    text: str = ""
    reporting_ua: str = ""
    gateway: str = ""
    original_recipient: str = ""
    original_message_id: str = ""
    errors: Sequence[str] = ()
    extensions: Sequence[tuple[str, str]] = ()
    returned: bool = False
    """The message that it is about, or its header, is in it."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes to whom, and when."""

    sender: str
    """As `compose.mailbox` makes it."""
    recipients: Sequence[str]
    host: str
    now: datetime
    references: str = ""


def asked_by(octets: bytes) -> list[str]:
    """The addresses that want to be notified (Disposition-Notification-To), each once."""
    named = [
        value
        for name, value in fields(header_of(octets)[:_HEADER_OCTETS])
        if name.lower() == b"disposition-notification-to"
    ]
    found = [address_of(each) for value in named for each in parse(unfold(value)) if each.host]
    return list(dict.fromkeys(found))


def message_id_of(octets: bytes) -> str:
    """The Message-ID of a message with its brackets; "" without one."""
    return _field(octets, b"message-id")


def _field(octets: bytes, wanted: bytes) -> str:
    """The text of the last field of that name; "" without one."""
    named = [value for name, value in fields(header_of(octets)[:_HEADER_OCTETS]) if name.lower() == wanted]
    return decode_text(unfold(named[-1])) if named else ""


def is_extension(name: str) -> bool:
    """Whether a field of that name can stand beside those of RFC 8098."""
    return bool(_NAME.match(name)) and name.lower() not in _OWN


def compose(said: Notification, head: Letterhead, original: bytes = b"") -> bytes:
    """The message; `original`: the message that it is about, which comes behind."""
    boundary = f"=_{token_hex(16)}"
    parts = [_text(said.text or _usual(said)), _fields(said)]
    if original:
        parts.append(b"Content-Type: message/rfc822\r\n\r\n" + crlf(original))
    mark = b"\r\n--" + boundary.encode()
    return b"".join(
        [
            address_line("From", [head.sender]),
            address_line("To", head.recipients),
            header_line("Subject", said.subject or "Read receipt"),
            header_line("Date", format_date(head.now)),
            header_line("Message-ID", message_id(head.host)),
            *[header_line(name, head.references) for name in ("In-Reply-To", "References") if head.references],
            header_line("Auto-Submitted", "auto-replied"),
            b"MIME-Version: 1.0\r\n",
            b'Content-Type: multipart/report; report-type=disposition-notification;\r\n boundary="',
            boundary.encode() + b'"\r\n\r\n',
            *(mark + b"\r\n" + part for part in parts),
            mark + b"--\r\n",
        ]
    )


def _usual(said: Notification) -> str:
    """What is said to people where nobody has written something."""
    words = {"displayed": "has been displayed", "deleted": "has been deleted", "dispatched": "has been sent on"}
    what = words.get(said.disposition.kind, "has been processed")
    return f"The message that you sent {what}. This says nothing of whether it was read or understood.\r\n"


def _text(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    if octets.isascii() and max(map(len, octets.split(b"\n")), default=0) < 900:
        return b"Content-Type: text/plain; charset=us-ascii\r\n\r\n" + crlf(octets)
    coded = crlf(encodebytes(crlf(octets)))
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + coded


def _fields(said: Notification) -> bytes:
    """RFC 8098 §3.1."""
    disposition = f"{said.disposition.action}/{_SENT[said.disposition.sending]}; {said.disposition.kind}"
    lines = [
        ("Reporting-UA", said.reporting_ua),
        ("MDN-Gateway", said.gateway),
        ("Original-Recipient", said.original_recipient),
        ("Final-Recipient", said.final_recipient),
        ("Original-Message-ID", said.original_message_id),
        ("Disposition", disposition),
        *[("Error", each) for each in said.errors],
        *said.extensions,
    ]
    written = b"".join(header_line(name, value) for name, value in lines if value)
    return b"Content-Type: message/disposition-notification\r\n\r\n" + written


def read(octets: bytes) -> Notification | None:
    """What a notification says; None for a message that is none."""
    summary = summarize(octets)
    part = next((each for each in summary.parts if each.media in MEDIA), None)
    if part is None or summary.parts[0].media != "multipart/report":
        return None
    told: dict[str, list[str]] = {}
    for name, value in fields(decoded(octets, part)[:_HEADER_OCTETS]):
        told.setdefault(name.decode("ascii", "replace"), []).append(decode_text(unfold(value)))
    known = {name.lower(): values for name, values in told.items()}
    found = _DISPOSITION.search(known.get("disposition", [""])[0])
    if found is None or not known.get("final-recipient"):
        return None
    first = {name: values[0] for name, values in known.items()}
    text = next((each for each in summary.parts[1:] if each.kind == "leaf" and each.media == "text/plain"), None)
    return Notification(
        Disposition(*(each.lower() for each in found.groups())),
        first["final-recipient"],
        _field(octets, b"subject"),
        text_of_part(octets, text, LONGEST_TEXT) if text is not None else "",
        first.get("reporting-ua", ""),
        first.get("mdn-gateway", ""),
        first.get("original-recipient", ""),
        first.get("original-message-id", ""),
        known.get("error", []),
        [(name, value) for name, values in told.items() if is_extension(name) for value in values],
        any(each.media in ("message/rfc822", "message/global", "text/rfc822-headers") for each in summary.parts[1:]),
    )
