"""Mail lists: who is on them, and how far a message to one of them has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple

from .ids import AccountId, FolderId

State = Literal["active", "suspended", "unconfirmed", "pending"]
"""`suspended`: gets nothing until somebody resumes it. `unconfirmed`: has been asked whether it wants to be on the
list. `pending`: wants to, and waits for who runs the list."""
Delivery = Literal["mail", "digest", "none"]
CONFIRM_DAYS: Final = 7
"""For so long the question whether somebody wants to be on a list can be answered; who has not is forgotten then."""
STATES: Final[tuple[State, ...]] = ("active", "suspended", "unconfirmed", "pending")
DELIVERIES: Final[tuple[Delivery, ...]] = ("mail", "digest", "none")

INBOX: Final = "INBOX"
MODERATION: Final = "Moderation"
APPROVED: Final = "Approved"
REJECTED: Final = "Rejected"
ARCHIVE: Final = "Archive"
DIGEST: Final = "Digest"
FOLDERS: Final = (MODERATION, APPROVED, REJECTED)
"""What a list has besides what every owner of mail has. `Archive` and `Digest` are made when something goes there."""

WORDS: Final = frozenset(
    {"request", "subscribe", "unsubscribe", "join", "leave", "confirm", "owner", "bounces", "help", "approve", "reject"}
)
"""What may stand behind the name of a list: `LIST-WORD@` and `LIST-WORD+MORE@` are addresses of the list too."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One address on a list."""

    address: str
    name: str = ""
    state: State = "active"
    delivery: Delivery = "mail"
    moderated: bool = False
    """Whatever it sends waits for a moderator."""
    bounces: int = 0
    """How many days of late have brought mail to it back."""
    bounced: datetime | None = None
    """When the last of these was."""
    joined: datetime | None = None
    """None: it is new; now."""
    number: int = 0
    """Never given again; 0: it is not stored yet."""


class ListWork(NamedTuple):
    """What lies in a list's folders to be done."""

    list: AccountId
    inbox: FolderId | None
    approved: FolderId | None
    """None: the folder is missing."""
    letters: int
    """In both of them."""
    digest: int
    """What waits for the next digest."""


class Progress(NamedTuple):
    """How a message came to a list, and how far it has been sent on."""

    tag: str = ""
    """What stood behind the list's name in the address: `confirm+TOKEN`; "" is the list itself."""
    after: int = 0
    """Subscribers up to this number have got it."""
