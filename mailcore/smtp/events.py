"""What happens to a message while it is received: one function for each event, which logs and counts.

What somebody has signed in for counts for that account; what comes from outside, for those whom it is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from groupware.model.errors import GroupwareError
from mailcore.smtp.authentication.results import listed
from mailcore.smtp.authentication.verdicts import Verdicts
from mailcore.smtp.policy.access import is_elsewhere
from mailcore.smtp.reply import Reply
from mailcore.smtp.state import State, Transaction

_PREFIX: Final = "SMTP_InboundMessage"
_ADDRESS: Final = re.compile(r"<([^<>]{1,320})>")
"""The address of a RCPT, as far as it is one."""


def _count(state: State, values: Mapping[str, int], to: Iterable[str] = ()) -> None:
    domain, account = state.owner
    homes = [(domain, account)]
    if not account and state.transaction is not None:
        homes = [_home(state.transaction, each) for each in to]
    domains, accounts = {each[0] for each in homes if each[0]}, {each[1] for each in homes if each[1]}
    state.shared.parts.counters.count({_PREFIX + name: by for name, by in values.items()}, domains, accounts)


def _home(transaction: Transaction, recipient: str) -> tuple[str, str]:
    """The domain and the account here that a recipient is of; "" where there is none. Nothing that is made up."""
    targets = transaction.targets.get(recipient)
    if targets is None or is_elsewhere(recipient, targets):
        return "", ""
    account = ""
    if not isinstance(targets, GroupwareError) and len(targets) == 1 and targets[0].kind in ("account", "list"):
        account = targets[0].address
    return (account or recipient).rpartition("@")[2].lower(), account


def turned_away(state: State, reply: Reply) -> None:
    """The client was sent away before it had said anything."""
    state.shared.parts.counters.add("SMTP_InboundConnectionRefused")
    state.log.info("turned_away", code=reply.code, why=reply.text)


def discarded(state: State, transaction: Transaction, size: int) -> None:
    """A rule has taken all recipients off the message."""
    state.log.info("discarded", sender=transaction.sender, recipients=sorted(transaction.discarded), size=size)


def sender_accepted(state: State) -> None:
    """MAIL was accepted."""
    _count(state, {"FROMAccepted": 1})


def sender_refused(state: State, sender: str, reply: Reply) -> None:
    """MAIL was refused."""
    _count(state, {"FROMRejected": 1})
    state.log.info("sender_refused", sender=sender, helo=state.hello, code=reply.code, why=reply.text)
    _traced(state, "mail", sender, reply)


def recipients_answered(state: State, accepted: Sequence[str]) -> None:
    """These RCPT were accepted."""
    if accepted and state.owner[1]:
        _count(state, {"TOcommandsAccepted": len(accepted)})
        return
    for each in accepted:
        _count(state, {"TOcommandsAccepted": 1}, (each,))


def recipient_refused(state: State, sender: str, recipient: str, reply: Reply) -> None:
    """RCPT was refused."""
    found = _ADDRESS.match(recipient.strip())
    _count(state, {"TOcommandsRejected": 1}, (found[1],) if found is not None else ())
    state.log.info(
        "recipient_refused", sender=sender, recipient=recipient, helo=state.hello, code=reply.code, why=reply.text
    )
    _traced(state, "rcpt", sender, reply, (found[1] if found is not None else recipient.strip()[:320],))


def greylisted(state: State, recipient: str) -> None:
    """A recipient was put off, for nobody knows who brings it."""
    _count(state, {"Greylisted": 1}, (recipient,))


def filtered_out(state: State, recipient: str) -> None:
    """What is built in has refused a recipient: the client is on a list, or where no mail is taken from."""
    assert state.transaction is not None
    domain, _ = _home(state.transaction, recipient)
    state.shared.parts.counters.add("FILTER_RejectedBuiltin", domain=domain)


def transfer_begun(state: State, transaction: Transaction, verb: str) -> None:
    """DATA, or the first BDAT."""
    _count(state, {f"{verb}Used": 1}, transaction.recipients)


def checked(state: State, found: Verdicts, action: str) -> None:
    """Who the message is really from was found out, as far as it can be."""
    state.log.info("sender_checked", sender=found.sender, found="; ".join(listed(found)), action=action)


def accepted(state: State, transaction: Transaction, verb: str, size: int, protocol: str) -> None:
    """The message is safe here."""
    _count(state, {f"{verb}Accepted": 1, "": 1, "Bytes": size}, transaction.recipients)
    state.log.info(
        "accepted", sender=transaction.sender, recipients=len(transaction.recipients), size=size, protocol=protocol,
        helo=state.hello, user=state.owner[1],
    )  # fmt: skip


def refused(state: State, transaction: Transaction, reply: Reply) -> None:
    """The message was refused, or put off, after its content had come."""
    if reply.code >= 550:
        _count(state, {"RejectedByPolicy": 1}, transaction.recipients)
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
