"""Mailboxes on other servers whose mail is fetched."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from groupware.model.ids import AccountId
from groupware.model.remote import RemoteBox


class ReadRemotes(Protocol):
    def remote_boxes(self, of: AccountId | str | None = None) -> Sequence[RemoteBox]:
        """Those of the asking principal, or of an account: that takes `a` on its domain."""
        ...

    def due_remote_boxes(self, limit: int) -> Sequence[RemoteBox]:
        """Those that are to be asked now and that nobody is at, who waits longest first. `a` on the server."""
        ...

    def next_remote_box(self) -> int | None:
        """When the next one is due (microseconds), or nobody is at it any more. `a` on the server."""
        ...

    def remote_letters(self, number: int) -> Mapping[str, bool]:
        """What has been fetched from there by its UIDL, and whether it was not taken and stays. `a` on the server."""
        ...


class WriteRemotes(Protocol):
    def put_remote_box(self, new: RemoteBox, of: AccountId | str | None = None) -> int:
        """Makes or changes one of the asking principal, or of an account (`a` on its domain); its number.

        Another host or user takes the password again, and nothing of it has been fetched then. Takes `p` on the
        folder. `Refused`, `OverQuota` (`rpopConnectionCount`), `NotFound`.
        """
        ...

    def drop_remote_box(self, number: int, of: AccountId | str | None = None) -> None:
        """Takes one away, with what is known of it. `NotFound`."""
        ...

    def hasten_remote_box(self, number: int, of: AccountId | str | None = None) -> int:
        """Has one fetched as soon as may be; when that is (microseconds). `NotFound`, `Refused`."""
        ...

    def claim_remote_box(self, number: int, until: int) -> RemoteBox | None:
        """The box, which nobody else touches until then (microseconds); None: it is not due. `a` on the server."""
        ...

    def remember_remote_letter(self, box: RemoteBox, uid: str, *, stays: bool) -> None:
        """A message there has been taken, or is left for good (`stays`). `TryAgain`: the lease is lost."""
        ...

    def note_remote_listing(self, box: RemoteBox, uids: Collection[str]) -> None:
        """What is there now: what has long been gone is forgotten. `a` on the server."""
        ...

    def settle_remote_box(self, box: RemoteBox, when: int, tries: int, said: str) -> bool:
        """Ends the lease: when it is due again, how often it has failed, and why; whether it was held still."""
        ...
