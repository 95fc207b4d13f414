"""Invitations to what somebody shares: a grant that its grantee is told of, and may answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from .ids import FolderId
from .rights import Right


class ShareState(StrEnum):
    """What became of an invitation. It gives and takes no rights: those are the grant's."""

    NONE = ""
    """Nobody was invited: the grant was made, and that was all."""
    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    """The grantee does not want to see it."""


class NoticeKind(StrEnum):
    """What a notice tells of."""

    INVITATION = "invitation"
    ANSWER = "answer"


class RequestState(StrEnum):
    """What became of a request for access."""

    WAITING = "waiting"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


LONGEST_ASKED: Final = 500
"""Characters of a path that is asked for, and of what is said with it."""


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """Somebody asks for access to something that somebody else has."""

    number: int
    mine: bool
    """Whether one has asked oneself; else one is asked."""
    other: str
    """Whom one asks, or who asks: an address."""
    name: str
    """What people call them."""
    path: str
    """As it was asked for; "": the whole account."""
    folder: FolderId | None
    """For who is asked: which folder that is; None: none of this name. Nobody else is told."""
    wanted: Right
    text: str
    state: RequestState
    created: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody is told of something shared, until they have read it."""

    number: int
    kind: NoticeKind
    folder: FolderId
    owner: str
    """Whose folder it is: an address."""
    path: str
    """The folder's path in its owner's tree."""
    other: str
    """Who invites, or who has answered: an address."""
    name: str
    """What people call them."""
    state: ShareState
    rights: Right
    """What the grantee may do there now."""
    title: str
    """What the inviter calls it."""
    created: datetime
