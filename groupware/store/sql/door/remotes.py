"""`groupware.store.api.remotes` over SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from groupware.model.ids import AccountId
from groupware.model.remote import RemoteBox

from .. import remotes
from ..tx import Tx


class Remotes(Tx):
    __slots__ = ()

    def remote_boxes(self, of: AccountId | str | None = None) -> Sequence[RemoteBox]:
        return remotes.boxes(self, of)

    def due_remote_boxes(self, limit: int) -> Sequence[RemoteBox]:
        return remotes.due(self, limit)

    def next_remote_box(self) -> int | None:
        return remotes.next_due(self)

    def remote_letters(self, number: int) -> Mapping[str, bool]:
        return remotes.letters(self, number)

    def put_remote_box(self, new: RemoteBox, of: AccountId | str | None = None) -> int:
        return remotes.put(self, new, of)

    def drop_remote_box(self, number: int, of: AccountId | str | None = None) -> None:
        remotes.drop(self, number, of)

    def hasten_remote_box(self, number: int, of: AccountId | str | None = None) -> int:
        return remotes.hasten(self, number, of)

    def claim_remote_box(self, number: int, until: int) -> RemoteBox | None:
        return remotes.claim(self, number, until)

    def remember_remote_letter(self, box: RemoteBox, uid: str, *, stays: bool) -> None:
        remotes.remember(self, box, uid, stays=stays)

    def note_remote_listing(self, box: RemoteBox, uids: Collection[str]) -> None:
        remotes.listed(self, box, uids)

    def settle_remote_box(self, box: RemoteBox, when: int, tries: int, said: str) -> bool:
        return remotes.settle(self, box, when, tries, said)
