"""What happens to a message while it is received: one function for each event, which logs and counts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mailcore.smtp.authentication.results import listed
from mailcore.smtp.authentication.verdicts import Verdicts
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import State, Transaction

_ADDRESS: Final = re.compile(r"<([^<>]{1,320})>")
"""The address of a RCPT, as far as it is one."""


def _count(state: State, name: str, by: int = 1) -> None:
    domain, account = state.owner
    state.shared.parts.counters.add(f"SMTP_InboundMessage{name}", by, domain=domain, account=account)


def turned_away(state: State, reply: Reply) -> None:
    """The client was sent away before it had said anything."""
    state.shared.parts.counters.add("SMTP_InboundConnectionRefused")
    state.log.info("turned_away", code=reply.code, why=reply.text)


def discarded(state: State, transaction: Transaction, size: int) -> None:
    """A rule has taken all recipients off the message."""
    state.log.info("discarded", sender=transaction.sender, recipients=sorted(transaction.discarded), size=size)


def sender_accepted(state: State) -> None:
    """MAIL was accepted."""
    _count(state, "FROMAccepted")


def sender_refused(state: State, sender: str, reply: Reply) -> None:
    """MAIL was refused."""
    _count(state, "FROMRejected")
    state.log.info("sender_refused", sender=sender, helo=state.hello, code=reply.code, why=reply.text)
    _traced(state, "mail", sender, reply)


def recipients_answered(state: State, accepted: int) -> None:
    """Some RCPT were accepted."""
    if accepted:
        _count(state, "TOcommandsAccepted", accepted)


def recipient_refused(state: State, sender: str, recipient: str, reply: Reply) -> None:
    """RCPT was refused."""
    _count(state, "TOcommandsRejected")
    state.log.info(
        "recipient_refused", sender=sender, recipient=recipient, helo=state.hello, code=reply.code, why=reply.text
    )
    found = _ADDRESS.match(recipient.strip())
    _traced(state, "rcpt", sender, reply, (found[1] if found is not None else recipient.strip()[:320],))


def transfer_begun(state: State, verb: str) -> None:
    """DATA, or the first BDAT."""
    _count(state, f"{verb}Used")


def checked(state: State, found: Verdicts, action: str) -> None:
    """Who the message is really from was found out, as far as it can be."""
    state.log.info("sender_checked", sender=found.sender, found="; ".join(listed(found)), action=action)


def accepted(state: State, transaction: Transaction, verb: str, size: int, protocol: str) -> None:
    """The message is safe here."""
    _count(state, f"{verb}Accepted")
    _count(state, "")
    _count(state, "Bytes", size)
    state.log.info(
        "accepted", sender=transaction.sender, recipients=len(transaction.recipients), size=size, protocol=protocol,
        helo=state.hello, user=state.owner[1],
    )  # fmt: skip


def refused(state: State, transaction: Transaction, reply: Reply) -> None:
    """The message was refused, or put off, after its content had come."""
    if reply.code >= 550:
        _count(state, "RejectedByPolicy")
    state.log.warning(
        "message_refused", sender=transaction.sender, recipients=len(transaction.recipients), helo=state.hello,
        code=reply.code, why=reply.text,
    )  # fmt: skip
    _traced(state, "data", transaction.sender, reply, tuple(transaction.recipients))


def _traced(state: State, stage: str, sender: str, reply: Reply, to: Sequence[str] = ()) -> None:
    message = state.transaction.id if state.transaction is not None else ""
    state.shared.refusals.add(
        stage, state.connection.peer.ip, reply.text, code=reply.code, message=message, sender=sender, helo=state.hello,
        to=to,
    )  # fmt: skip


def closed(state: State, why: str) -> None:
    """The server hangs up on a client that does too much wrong."""
    state.log.warning("hung_up", why=why, helo=state.hello, errors=state.errors)
