"""What scheduling hands to the store, and gets from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .errors import Conflict
from .ids import AccountId, BlobId, FolderId, ModSeq
from .item import NewItem
from .principal import PrincipalKind


class Overtaken(Conflict):
    """Something that a plan was made from has changed meanwhile: it has to be made anew."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody here who takes part in a meeting: their addresses, and what they have of it."""

    account: AccountId
    ident: str
    """The UID of the meeting."""
    address: str
    addresses: frozenset[str]
    """All of them, in lower case, with the first one."""
    name: str
    kind: PrincipalKind
    folder: FolderId
    """The calendar where their copy is, or would go."""
    modseq: ModSeq
    """Of that calendar."""
    item: str = ""
    """What the copy is called; "": there is none."""
    blob: BlobId | None = None
    tag: str = ""
    """The copy's Schedule-Tag."""
    settings: Mapping[str, str | int | bool] = field(default_factory=dict)
    """Those of the settings that begin with `resource` or `calendar`."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What says when somebody is busy, as far as one may ask."""

    calendars: Sequence[FolderId]
    availability: bytes = b""
    """The VCALENDAR that says when they can be met at all; empty: always."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of an object's timeline."""

    what: str
    """`invited`, `replied`, `ignored`, ..."""
    text: str
    ident: str = ""
    """The object's UID."""
    at: datetime | None = None
    who: str = ""
    client: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """What becomes of one guest's copy in a write."""

    guest: Guest
    new: NewItem | None = None
    """What their copy is now; None: as it was."""
    gone: bool = False
    """Their copy is taken away."""
    message: NewItem | None = None
    """For their scheduling inbox."""
    exact: bool = False
    """Nothing else in their calendar may have changed since: what was decided depends on all of it."""
    happened: tuple[Happening, ...] = ()
