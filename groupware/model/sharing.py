"""Invitations to what somebody shares: a grant that its grantee is told of, and may answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
