"""What a message has made of an object."""

from __future__ import annotations

from dataclasses import dataclass

from groupware.model.content import Component

from .organizer import Notice


@dataclass(frozen=True, slots=True)
class Applied:
    """The object afterwards, and what is to be said of it."""

    calendar: Component | None
    """What is kept now; None: as it was."""
    ignored: str = ""
    """Why some or all of the message changed nothing."""
    said: str = ""
    """What happened, in words."""
    notable: bool = False
    """Whether its owner should be told."""
    answer: Notice | None = None
    """What is sent back."""
    rescheduled: bool = False
    """Whether it is a new meeting or at another time, so that the owner has to decide anew."""


def ignored(why: str) -> Applied:
    """Nothing has changed, for this reason."""
    return Applied(None, why)
