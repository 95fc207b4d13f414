"""Mail that a device sends goes out where SMTP's submission is, and a copy into Sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final

from connectors.activesync.errors import (
    NO_RECIPIENT,
    QUOTA,
    RETRY_LATER,
    SEND_DISABLED,
    SENT_ALREADY,
    SUBMISSION_FAILED,
    EasError,
)
from connectors.activesync.exchange import Exchange
from groupware.mime.addresses import address_of, parse
from groupware.mime.compose import address_line, format_date, mailbox, message_id
from groupware.mime.headers import fields, unfold
from groupware.mime.item import Marks, read_item
from groupware.model.errors import OverQuota
from groupware.model.flags import Flags
from groupware.model.folder import Role
from groupware.store.api import WriteTx
from mailcore.smtp.handin import NotTaken, Submission

_END: Final = re.compile(rb"\n\r?\n")
_BCC: Final = re.compile(rb"^bcc[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*(?:\n|\Z)", re.IGNORECASE | re.MULTILINE)


def header_of(octets: bytes) -> bytes:
    """The header of a message."""
    end = _END.search(octets)
    return octets[: end.start() + 1] if end is not None else octets


def without_bcc(octets: bytes) -> bytes:
    """Nobody learns who else has it."""
    header = header_of(octets)
    return _BCC.sub(b"", header) + octets[len(header) :]


async def complete(exchange: Exchange, octets: bytes) -> bytes:
    """The message with From, Date and Message-ID, which devices leave to the server."""
    names = {name.lower() for name, _ in fields(header_of(octets))}
    lines = []
    if b"from" not in names:
        me = await exchange.read(lambda tx: tx.account(tx.who.account))
        lines.append(address_line("From", [mailbox(me.name, me.address)]))
    if b"date" not in names:
        lines.append(f"Date: {format_date(exchange.parts.clock.now())}\r\n".encode())
    if b"message-id" not in names:
        lines.append(f"Message-ID: {message_id(exchange.host)}\r\n".encode())
    return b"".join(lines) + octets


async def send(exchange: Exchange, octets: bytes, once: str = "") -> None:
    """Hands a message in for all whom its header names; by that name it leaves once. `EasError`, also when it has."""
    await check_unsent(exchange, once)
    if not await exchange.read(lambda tx: tx.setting("smtpOutgoing").value):
        raise EasError(SEND_DISABLED, "this account may not send mail")
    found: dict[str, list[str]] = {}
    for name, value in fields(header_of(octets)):
        key = name.decode("ascii", "replace").lower()
        if key in ("sender", "from", "to", "cc", "bcc"):
            found.setdefault(key, []).extend(address_of(each) for each in parse(unfold(value)) if each.host)
    senders = [*found.get("sender", ()), *found.get("from", ())]
    people = dict.fromkeys([each for key in ("to", "cc", "bcc") for each in found.get(key, ())])
    if not people:
        raise EasError(NO_RECIPIENT, "there is nobody to send it to")
    if not senders:
        raise EasError(SUBMISSION_FAILED, "it does not say whom it is from")
    out = without_bcc(octets)
    try:
        words = _words(senders[0], people, out)
        await exchange.hand_in(Submission(senders[0], words, dict.fromkeys(people, ()), out, once))
    except NotTaken as refused:
        await check_unsent(exchange, once)  # another request has been quicker
        raise EasError(_status(refused.reply.code), str(refused)) from None


def _status(code: int) -> int:
    """What a reply of SMTP is here; what passes by itself is tried again."""
    if code < 500:
        return RETRY_LATER
    return QUOTA if code == 552 else SUBMISSION_FAILED


def once_of(exchange: Exchange, *named: object) -> str:
    """The name under which what a device asks for is sent once."""
    digest = blake2b(" ".join(map(str, named)).encode(), digest_size=16).hexdigest()
    return f"eas {exchange.device.number} {digest}"


async def check_unsent(exchange: Exchange, once: str) -> None:
    """`EasError` when it has been sent already."""
    if await was_sent(exchange, once):
        raise EasError(SENT_ALREADY, "that message has been sent")


async def was_sent(exchange: Exchange, once: str) -> bool:
    """Whether it has been sent by that name; what has none was not."""
    return bool(once) and bool(await exchange.read(lambda tx: tx.was_sent(once)))


def _words(sender: str, people: Sequence[str] | dict[str, None], octets: bytes) -> list[str]:
    """The parameters of MAIL."""
    words = [] if all(each.isascii() for each in (sender, *people)) else ["SMTPUTF8"]
    return words if octets.isascii() else [*words, "BODY=8BITMIME"]


def _nothing(_: WriteTx) -> None:
    """There is nothing else to be done."""


async def with_sent_copy(exchange: Exchange, octets: bytes, also: Callable[[WriteTx], object] = _nothing) -> None:
    """Puts a copy into Sent, and does something `also` in the same write.

    That the copy has no room there does not undo that the message was sent.
    """
    new = await read_item(octets, exchange.parts.blobs, Marks(Flags.SEEN))

    def work(tx: WriteTx) -> None:
        also(tx)
        tx.append(tx.role(tx.who.account, Role.SENT).id, [new])

    try:
        await exchange.write(work)
    except OverQuota as error:
        exchange.parts.log("EAS").warning("no_sent_copy", user=exchange.who.name, why=str(error))
        await exchange.write(also)
