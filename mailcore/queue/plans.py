"""What is to be done for the recipients of one message: found out before the write that does it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from groupware.model.errors import GroupwareError, NoRight, NotFound, OverQuota, Refused
from groupware.model.event import Envelope, Event, Outcome, Recipient, Target
from groupware.model.ids import AccountId, QueueId
from groupware.model.item import NewItem
from groupware.store.api import Stored
from mailcore.queue.filters import Refusal
from mailcore.queue.sorting import Sorted, behind

NOT_QUEUED: Final = QueueId(0)
MOST_HEADER: Final = 64 * 1024
_MESSAGE_ID: Final = re.compile(rb"(?im)^message-id:(?:[ \t]|\r\n[ \t])*<([!-~]{1,250})>")

Targets = Sequence[Target] | GroupwareError
"""Where an address leads, or why it leads nowhere."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """Rules of the policy that fitted a message: at which event, by their names, and what they did."""

    at: str
    rules: str
    did: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is about to be accepted: its envelope, and its octets with the trace headers."""

    sender: str
    """"" is <>."""
    recipients: tuple[Recipient, ...]
    octets: bytes = field(repr=False)
    message: str
    """The one message id from connect to delivery."""
    by: AccountId | None = None
    """The account that submitted it; None for mail from outside."""
    utf8: bool = False
    body_type: str = "8BITMIME"
    ret: str = ""
    envid: str = ""
    peer: str = ""
    """The address of who handed it in."""
    helo: str = ""
    require_tls: bool = False
    due: datetime | None = None
    """When it may go out; until then it waits in the queue for all recipients."""
    checked: str = ""
    """What was found out about its sender, as `spf=pass; dkim=none`."""
    ruled: tuple[Ruled, ...] = ()
    discarded: tuple[str, ...] = ()
    """Recipients that rules have taken off it."""
    once: str = ""
    """The account that submitted it has it sent once by that name; "": each time."""


@dataclass(frozen=True, slots=True)
class Step:
    """One recipient on its way."""

    given: str
    """The recipient of the envelope that led here."""
    recipient: Recipient
    """As it goes into the queue: a group's member under its own address, so that no later try reaches the others."""
    alone: bool = True
    """Whether the recipient has this step and no other, so that what happens in it is what became of it."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A message for one folder where mail is held back."""

    owner: AccountId
    """Whose tree that folder is in."""
    steps: tuple[Step, ...]
    item: NewItem
    reason: str
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for the recipients of one message."""

    here: tuple[tuple[Step, Target], ...]
    away: tuple[Step, ...]
    nowhere: tuple[tuple[Step, GroupwareError], ...]
    sorted: tuple[tuple[Step, Sorted], ...] = ()
    """Those here for whom filters have something to say."""
    held: tuple[Holding, ...] = ()
    """Those for whom it is held back."""
    waiting: tuple[Step, ...] = ()
    """Those for whom it waits in the queue, wherever they are."""
    refusal: Refusal | None = None
    """Why it is not taken for anybody."""


def plan_of(recipients: Sequence[Recipient], targets: Mapping[str, Targets]) -> Plan:
    """Sorts what the recipients lead to into here, elsewhere and nowhere."""
    here: list[tuple[Step, Target]] = []
    away: list[Step] = []
    nowhere: list[tuple[Step, GroupwareError]] = []
    for recipient in recipients:
        found = targets[recipient.address]
        if isinstance(found, GroupwareError):
            nowhere.append((Step(recipient.address, recipient), found))
            continue
        alone = len(found) == 1
        for target in found:
            is_own = alone and target.kind != "remote"
            own = recipient if is_own else behind(recipient, target.address)
            step = Step(recipient.address, own, alone)
            if target.kind == "remote":
                away.append(step)
            else:
                here.append((step, target))
    return Plan(tuple(here), tuple(away), tuple(nowhere))


_CODES: Final[Mapping[type[GroupwareError], tuple[str, str]]] = {
    NotFound: ("failed", "5.1.1"),
    NoRight: ("failed", "5.7.1"),
    Refused: ("failed", "5.7.1"),
    OverQuota: ("later", "4.2.2"),
}


def outcome_of(error: GroupwareError, recipient: str) -> Outcome:
    """What an error means for a recipient: quotas and temporary troubles are tried again, the rest has failed."""
    verdict, code = _CODES.get(type(error), ("later", "4.3.0"))
    return Outcome(NOT_QUEUED, recipient, verdict, code, str(error))


def letter_of(octets: bytes) -> str:
    """The Message-ID in the header, without < and >; "" when there is none that can be one."""
    end = octets.find(b"\r\n\r\n", 0, MOST_HEADER)
    found = _MESSAGE_ID.search(octets, 0, end if end >= 0 else MOST_HEADER)
    return found[1].decode("ascii", "replace") if found is not None else ""


def envelope_of(message: Message, stored: Stored | None) -> Envelope | None:
    """What queue entries are made from, once the body is stored."""
    if stored is None:
        return None
    return Envelope(
        require_tls=message.require_tls,
        sender=message.sender,
        recipients=message.recipients,
        blob=stored.blob,
        size=stored.size,
        body=stored.body,
        by=message.by,
        own=message.by is not None,
        message=message.message,
        utf8=message.utf8,
        body_type=message.body_type,
        ret=message.ret,
        envid=message.envid,
        due=message.due,
    )
