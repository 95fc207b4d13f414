"""Short letters that the server itself writes to people here: to a postmaster, to whoever's mailbox fills up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.model.event import Envelope, Event, Recipient
from groupware.store.api import Blobs, WriteTx
from mailcore.queue.trace import Trail
from mailcore.server import log as server_log

_ANSWERING: Final = ("In-Reply-To", "References")


@dataclass(frozen=True, slots=True)
class Letter:
    """What is said to one address. `text`: lines, and empty ones between paragraphs."""

    to: str
    subject: str
    text: Sequence[str]
    sender: str = ""
    """The address that it is from; "": the server's."""
    answers: str = ""
    """The Message-ID, without its brackets, of what it answers; "": nothing."""
    reply_to: str = ""
    """Who is to be answered; "": nobody."""
    kind: str = ""
    """Which letter it is, for programs that offer more than its words (`X-Postroom-Letter`); "": one like others."""


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
    sender = mailbox("", letter.sender) if letter.sender else mailbox("Postroom", f"MAILER-DAEMON@{host}")
    lines = (
        address_line("From", [sender]),
        address_line("To", [mailbox("", letter.to)]),
        *((address_line("Reply-To", [mailbox("", letter.reply_to)]),) if letter.reply_to else ()),
        header_line("Subject", letter.subject),
        header_line("Date", format_date(now)),
        header_line("Message-ID", message_id(host)),
        *(header_line(name, f"<{letter.answers}>") for name in _ANSWERING if letter.answers),
        header_line("Auto-Submitted", "auto-replied" if letter.answers else "auto-generated"),
        *((header_line("X-Postroom-Letter", letter.kind),) if letter.kind else ()),
        header_line("MIME-Version", "1.0"),
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
    )
    return b"".join(lines) + "".join(f"{line}\r\n" for line in letter.text).encode("utf-8", "replace")
