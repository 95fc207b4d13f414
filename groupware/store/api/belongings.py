"""What is kept of an account beside its folders: uploads, attachments, records, registrations for push."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from groupware.model.attachment import Attachment
from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.push import PushTarget
from groupware.model.record import Record, RecordChanges, RecordKind, Upload, UploadRoom

from ..beside import Stored


class ReadBelongings(Protocol):
    def uploaded(self, number: int) -> Upload:
        """What the asking principal has uploaded under that number. `NotFound`, also when its time is over."""
        ...

    def records(self, kind: RecordKind) -> Sequence[Record]:
        """The asking principal's own records of one kind, in the order in which they came."""
        ...

    def records_at(self, kind: RecordKind) -> ModSeq:
        """When its own records of that kind last changed."""
        ...

    def records_since(self, kind: RecordKind, since: ModSeq) -> RecordChanges | None:
        """What became of its own records of that kind after `since`, oldest first; None: that is not known any more."""
        ...

    def attachment(self, key: str) -> Attachment:
        """What calendar objects refer to by that MANAGED-ID: for who may read one of them. `NotFound`."""
        ...

    def push_targets(self, kind: str) -> Sequence[PushTarget]:
        """The asking principal's own registrations for push, of one protocol."""
        ...

    def all_push_targets(self, after: int = 0, limit: int = 1000) -> Sequence[PushTarget]:
        """Those of everybody, by their numbers. `a` on the server."""
        ...


class WriteBelongings(Protocol):
    def put_upload(self, owner: AccountId, stored: Stored, media: str, room: UploadRoom) -> Upload:
        """Keeps octets for the asking principal, to be used in that owner's account; the oldest make room.

        `NotFound` when one may look up nothing of the owner's; `OverQuota` for what never fits.
        """
        ...

    def put_attachment(self, at: FolderId, stored: Stored, media: str, name: str) -> Attachment:
        """Keeps octets for objects of that calendar to refer to, in its owner's quota. Takes `i`. `OverQuota`.

        It is forgotten after a time when no object refers to it.
        """
        ...

    def put_push_target(self, new: PushTarget) -> PushTarget:
        """Registers the asking principal for push: `number` 0 makes one, or renews that of the same folder and URL.

        Takes `r` on the folder that it is about. `NotFound` for a number that is not there, `OverQuota`.
        """
        ...

    def drop_push_target(self, number: int) -> None:
        """Takes one of its own registrations away. `NotFound`."""
        ...

    def claim_push_target(self, number: int, told: str, until: int) -> bool:
        """Whether it was told that last, and nobody else sends to it until then (microseconds). `a` on the server."""
        ...

    def settle_push_target(self, number: int, told: str, due: int, tries: int) -> None:
        """What it was told, not before when it is told more, and how often that has failed. `a` on the server."""
        ...

    def put_record(
        self, kind: RecordKind, facts: str, number: int | None = None, expires: datetime | None = None
    ) -> Record:
        """Keeps a record of the asking principal's own, instead of that of this number. `NotFound`, `OverQuota`."""
        ...

    def drop_record(self, kind: RecordKind, number: int) -> None:
        """Takes one of its own records away. `NotFound`."""
        ...
