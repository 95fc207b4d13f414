"""Digests: what was written to a list, in one message from time to time. RFC 2046 §5.1.5, RFC 1153's idea.

What goes into the next digest lies in the folder Digest; it leaves that folder in the write that queues the digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Final

from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.model.errors import NotFound
from groupware.model.event import Envelope, Event, Recipient
from groupware.model.ids import EVERY, AccountId, FolderId, Uid
from groupware.model.item import Item
from groupware.model.mailinglist import DIGEST
from groupware.model.times import moment
from groupware.store.api import ReadTx, WriteTx
from mailcore.lists.desk import WHO, Desk
from mailcore.lists.letter import Letter, read
from mailcore.lists.outgoing import own_fields
from mailcore.lists.rules import Rules, rules_of
from mailcore.lists.words import filled
from mailcore.queue.trace import Trail, say
from mailcore.server import log as server_log

LARGEST: Final = 8 * 1024 * 1024
"""Octets of one digest; what does not fit comes with the next."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be sent."""

    rules: Rules
    at: FolderId
    items: Sequence[Item]
    to: Sequence[tuple[int, str]]


async def send_due(desk: Desk, of: AccountId) -> int:
    """Sends a list's digest when it is due; to how many."""
    now = desk.clock.now()

    def due(tx: ReadTx) -> Due | None:
        try:
            at = tx.locate(of, DIGEST)
        except NotFound:
            return None
        if not at.total:
            return None
        rules = rules_of(tx, of)
        items = tx.items(at.id, EVERY, limit=rules.digest_messages)
        waited = now - moment(min(each.arrived for each in items)) >= timedelta(hours=rules.digest_hours)
        if len(items) < rules.digest_messages and not waited:
            return None
        everybody = tx.subscribers(of)
        to = [(each.number, each.address) for each in everybody if each.state == "active" and each.delivery == "digest"]
        return Due(rules, at.id, items, to)

    found = await desk.store.read(WHO, due)
    return await _send(desk, found) if found is not None else 0


async def _send(desk: Desk, due: Due) -> int:
    letters: list[Letter] = []
    uids: list[Uid] = []
    size = 0
    for item in due.items:
        try:
            letter = read(await desk.blobs.read(item.blob))
        except NotFound:  # its body is lost: the digest goes without it
            uids.append(item.uid)
            continue
        if letters and size + len(letter.octets) > LARGEST:
            break
        letters.append(letter)
        uids.append(item.uid)
        size += len(letter.octets)
    octets = composed(desk, due.rules, letters)
    stored = await desk.blobs.put(octets)
    with server_log.message() as message:
        utf8 = any(not each.octets[: each.body_at].isascii() for each in letters)
        envelope = Envelope("", (), stored.blob, stored.size, stored.body, message=message, utf8=utf8)

    events = await desk.store.write(WHO, lambda tx: _write(tx, desk, due, uids, envelope, len(octets)))
    say(desk.log, events)
    if events:
        desk.log.info("list_digest_sent", list=due.rules.address, messages=len(letters), subscribers=len(due.to))
    return len(due.to) if events else 0


def _write(tx: WriteTx, desk: Desk, due: Due, uids: Sequence[Uid], envelope: Envelope, size: int) -> Sequence[Event]:
    ranges = [(uid, uid) for uid in uids]
    if len(tx.items(due.at, ranges)) != len(uids):
        return ()  # somebody else has sent it
    trail = Trail(envelope.message)
    events = [trail.received(due.rules.at("bounces"), size, len(due.to))] if due.to else []
    for number, address in due.to:
        sender = desk.seal.bounces(due.rules, number)
        one = Envelope(
            sender, (Recipient(address, "FAILURE"),), envelope.blob, envelope.size, envelope.body,
            message=envelope.message, utf8=envelope.utf8 or not address.isascii(), own=True,
        )  # fmt: skip
        events.append(trail.queued(tx.enqueue(one), [address]))
    tx.expunge(due.at, ranges, deleted_only=False)
    for event in events:
        tx.note(event)
    return events


def composed(desk: Desk, rules: Rules, letters: Sequence[Letter]) -> bytes:
    """The digest's octets: a table of contents, then each message whole."""
    contents = "\n".join(f"    {each.subject or '(no subject)'} ({each.author})" for each in letters)
    facts = {
        "list": rules.address,
        "title": rules.title,
        "request": rules.at("request"),
        "owner": rules.at("owner"),
        "count": str(len(letters)),
        "contents": contents,
    }
    subject, text = filled(desk.texts, "digest", rules.language, facts)
    outer, inner = token_hex(12), token_hex(12)
    lines = [
        *own_fields(rules),
        address_line("From", [mailbox(rules.title, rules.address)]),
        address_line("To", [mailbox("", rules.address)]),
        header_line("Subject", subject),
        header_line("Date", format_date(desk.clock.now())),
        header_line("Message-ID", message_id(rules.domain)),
        header_line("MIME-Version", "1.0"),
        f'Content-Type: multipart/mixed; boundary="=_{outer}"\r\n\r\n--=_{outer}\r\n'.encode(),
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
        "".join(f"{line}\r\n" for line in text.split("\n")).encode("utf-8", "replace"),
        f'--=_{outer}\r\nContent-Type: multipart/digest; boundary="=_{inner}"\r\n'.encode(),
        b"Content-Transfer-Encoding: 8bit\r\n\r\n",
        *(f"--=_{inner}\r\n\r\n".encode() + each.octets + b"\r\n" for each in letters),
        f"--=_{inner}--\r\n\r\n--=_{outer}--\r\n".encode(),
    ]
    return b"".join(lines)
