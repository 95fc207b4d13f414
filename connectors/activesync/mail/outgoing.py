"""Mail that a device sends goes out where SMTP's submission is, and a copy into Sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectors.activesync.errors import NO_RECIPIENT, QUOTA, SEND_DISABLED, SUBMISSION_FAILED, EasError
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


def _header(octets: bytes) -> bytes:
    end = _END.search(octets)
    return octets[: end.start() + 1] if end is not None else octets


def without_bcc(octets: bytes) -> bytes:
    """Nobody learns who else has it."""
    header = _header(octets)
    return _BCC.sub(b"", header) + octets[len(header) :]


async def complete(exchange: Exchange, octets: bytes) -> bytes:
    """The message with From, Date and Message-ID, which devices leave to the server."""
    names = {name.lower() for name, _ in fields(_header(octets))}
    lines = []
    if b"from" not in names:
        me = await exchange.read(lambda tx: tx.account(tx.who.account))
        lines.append(address_line("From", [mailbox(me.name, me.address)]))
    if b"date" not in names:
        lines.append(f"Date: {format_date(exchange.parts.clock.now())}\r\n".encode())
    if b"message-id" not in names:
        lines.append(f"Message-ID: {message_id(exchange.host)}\r\n".encode())
    return b"".join(lines) + octets


async def send(exchange: Exchange, octets: bytes) -> None:
    """Hands a message in for all whom its header names. `EasError`."""
    if not await exchange.read(lambda tx: tx.setting("smtpOutgoing").value):
        raise EasError(SEND_DISABLED, "this account may not send mail")
    found: dict[str, list[str]] = {}
    for name, value in fields(_header(octets)):
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
        await exchange.hand_in(Submission(senders[0], _words(senders[0], people, out), dict.fromkeys(people, ()), out))
    except NotTaken as refused:
        raise EasError(QUOTA if refused.reply.code == 552 else SUBMISSION_FAILED, str(refused)) from None


def _words(sender: str, people: Sequence[str] | dict[str, None], octets: bytes) -> list[str]:
    """The parameters of MAIL."""
    words = [] if all(each.isascii() for each in (sender, *people)) else ["SMTPUTF8"]
    return words if octets.isascii() else [*words, "BODY=8BITMIME"]


async def with_sent_copy(exchange: Exchange, octets: bytes) -> None:
    """Puts a copy into Sent; that it has no room there does not undo that it was sent."""
    new = await read_item(octets, exchange.parts.blobs, Marks(Flags.SEEN))

    def work(tx: WriteTx) -> None:
        tx.append(tx.role(tx.who.account, Role.SENT).id, [new])

    try:
        await exchange.write(work)
    except OverQuota as error:
        exchange.parts.log("EAS").warning("no_sent_copy", user=exchange.who.name, why=str(error))
