"""`groupware.store.api.belongings` over SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from groupware.model.attachment import Attachment
from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.push import PushTarget
from groupware.model.record import Record, RecordChanges, RecordKind, Upload, UploadRoom
from groupware.store.api import Stored

from .. import attachments, pushes, records, uploads
from ..tx import Tx


class Belongings(Tx):
    __slots__ = ()

    def uploaded(self, number: int) -> Upload:
        return uploads.get(self, number)

    def records(self, kind: RecordKind) -> Sequence[Record]:
        return records.every(self, kind)

    def records_at(self, kind: RecordKind) -> ModSeq:
        return records.state(self, kind)

    def records_since(self, kind: RecordKind, since: ModSeq) -> RecordChanges | None:
        return records.changes(self, kind, since)

    def attachment(self, key: str) -> Attachment:
        return attachments.get(self, key)

    def push_targets(self, kind: str) -> Sequence[PushTarget]:
        return pushes.own(self, kind)

    def all_push_targets(self, after: int = 0, limit: int = 1000) -> Sequence[PushTarget]:
        return pushes.every(self, after, limit)

    def put_upload(self, owner: AccountId, stored: Stored, media: str, room: UploadRoom) -> Upload:
        return uploads.put(self, owner, stored, media, room)

    def put_attachment(self, at: FolderId, stored: Stored, media: str, name: str) -> Attachment:
        return attachments.put(self, at, stored, media, name)

    def put_push_target(self, new: PushTarget) -> PushTarget:
        return pushes.put(self, new)

    def drop_push_target(self, number: int) -> None:
        pushes.drop(self, number)

    def claim_push_target(self, number: int, told: str, until: int) -> bool:
        return pushes.claim(self, number, told, until)

    def settle_push_target(self, number: int, told: str, due: int, tries: int) -> None:
        pushes.settle(self, number, told, due, tries)

    def put_record(
        self, kind: RecordKind, facts: str, number: int | None = None, expires: datetime | None = None
    ) -> Record:
        return records.put(self, kind, facts, number, expires)

    def drop_record(self, kind: RecordKind, number: int) -> None:
        records.drop(self, kind, number)
