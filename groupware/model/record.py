"""What is kept of an account beside its folders: octets that were uploaded, and records of what clients make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .ids import AccountId, BlobId, ModSeq


class RecordKind(StrEnum):
    """What a record is of."""

    IDENTITY = "identity"
    SUBMISSION = "submission"
    PUSH = "push"
    LABEL = "label"
    PHOTO = "photo"
    """One's own picture, which all of the domain see: `media` and `data`, in base64. An account has one at most."""
    CONFIGURATION = "configuration"
    """What a program keeps of its own, by a name."""
    DISMISSED = "dismissed"
    """Which changes by others one has seen and does not want to be told of any more. An account has one at most."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Octets that somebody has brought, to be used in an owner's account."""

    number: int
    owner: AccountId
    blob: BlobId
    size: int
    media: str
    """The media type as it was given."""


@dataclass(frozen=True, slots=True)
class UploadRoom:
    """How much somebody may have uploaded and not used."""

    octets: int
    count: int


@dataclass(frozen=True, slots=True)
class Record:
    """One record of an account."""

    number: int
    came: ModSeq
    changed: ModSeq
    facts: str
    """JSON; the store does not look into it."""


@dataclass(frozen=True, slots=True)
class RecordChanges:
    """What became of the records of one kind after a moment of the account's sequence."""

    changed: Sequence[Record]
    gone: Sequence[tuple[int, ModSeq]]
    """Which went, and when they had come."""
