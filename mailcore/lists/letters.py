"""Letters of a list to people: composed, and ready for the queue. They come from nobody, so nothing comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.model.event import Envelope, Event, Recipient
from groupware.store.api import WriteTx
from mailcore.lists.desk import Desk
from mailcore.lists.rules import Rules
from mailcore.lists.words import filled
from mailcore.queue.letters import Ready, post
from mailcore.server import log as server_log

LONGEST_FACT: Final = 300


async def letter(
    desk: Desk, rules: Rules, to: Iterable[str], name: str, *, reply_to: str = "", sender: str = "", **facts: str
) -> Sequence[Ready]:
    """One letter to each address, ready for `send`. TryAgain. `sender`: who gets reports about it."""
    made = []
    for address in sorted(to):
        octets = composed(desk, rules, address, name, reply_to, {"address": address, **facts})
        stored = await desk.blobs.put(octets)
        with server_log.message() as message:
            notify = "FAILURE" if sender else "NEVER"
            utf8 = not (address + rules.address).isascii()
            envelope = Envelope(
                sender, (Recipient(address, notify),), stored.blob, stored.size, stored.body,
                message=message, utf8=utf8, own=True,
            )  # fmt: skip
        made.append(Ready(envelope, len(octets)))
    return made


def send(tx: WriteTx, letters: Iterable[Ready]) -> list[Event]:
    """Puts them into the queue; gives what is to be said of that."""
    return [event for each in letters for event in post(tx, each)]


def composed(desk: Desk, rules: Rules, to: str, name: str, reply_to: str, facts: dict[str, str]) -> bytes:
    """The octets. It says that nobody wrote it, so nothing answers it by itself (RFC 3834 §5)."""
    own = {
        "list": rules.address,
        "title": rules.title,
        "request": rules.at("request"),
        "owner": rules.at("owner"),
    }
    known = {key: value[:LONGEST_FACT] if key != "contents" else value for key, value in {**own, **facts}.items()}
    subject, text = filled(desk.texts, name, rules.language, known)
    lines = (
        address_line("From", [mailbox(rules.title, reply_to or rules.at("request"))]),
        address_line("To", [mailbox("", to)]),
        header_line("Subject", subject),
        header_line("Date", format_date(desk.clock.now())),
        header_line("Message-ID", message_id(rules.domain)),
        header_line("Auto-Submitted", "auto-generated"),
        header_line("List-Id", mailbox(rules.title, rules.list_id)),
        header_line("MIME-Version", "1.0"),
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
    )
    body = "".join(f"{line}\r\n" for line in text.split("\n"))
    return b"".join(lines) + body.encode("utf-8", "replace")
