"""Short letters that the server itself writes to people here: to a postmaster, to whoever's mailbox fills up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.model.event import Envelope, Event, Recipient
from groupware.store.api import Blobs, WriteTx
from mailcore.queue.trace import Trail
from mailcore.server import log as server_log


@dataclass(frozen=True, slots=True)
class Letter:
    """What is said to one address. `text`: lines, and empty ones between paragraphs."""

    to: str
    subject: str
    text: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ready:
    """A letter that is storable, to be put into the queue by `post`."""

    envelope: Envelope
    size: int


async def ready(letter: Letter, host: str, now: datetime, blobs: Blobs) -> Ready:
    """The letter, composed and its body put. `TryAgain`."""
    octets = composed(letter, host, now)
    stored = await blobs.put(octets)
    with server_log.message() as name:
        to = (Recipient(letter.to, "NEVER"),)
        envelope = Envelope(
            "", to, stored.blob, stored.size, body=stored.body, message=name, own=True, utf8=not letter.to.isascii()
        )
    return Ready(envelope, len(octets))


def post(tx: WriteTx, letter: Ready) -> Sequence[Event]:
    """Puts it into the queue, and what is to be said of that into the trace and, by the caller, into the log."""
    queue, trail = tx.enqueue(letter.envelope), Trail(letter.envelope.message)
    events = [
        trail.received("", letter.size, 1),
        trail.queued(queue, [each.address for each in letter.envelope.recipients]),
    ]
    for event in events:
        tx.note(event)
    return events


def composed(letter: Letter, host: str, now: datetime) -> bytes:
    """The octets. It says that nobody wrote it, so nothing answers it by itself (RFC 3834 §5)."""
    lines = (
        address_line("From", [mailbox("Postroom", f"MAILER-DAEMON@{host}")]),
        address_line("To", [mailbox("", letter.to)]),
        header_line("Subject", letter.subject),
        header_line("Date", format_date(now)),
        header_line("Message-ID", message_id(host)),
        header_line("Auto-Submitted", "auto-generated"),
        header_line("MIME-Version", "1.0"),
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
    )
    return b"".join(lines) + "".join(f"{line}\r\n" for line in letter.text).encode("utf-8", "replace")
