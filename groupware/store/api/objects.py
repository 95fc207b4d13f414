"""Objects of calendars and address books: their times, meetings, and the locks that programs hold on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from groupware.model.ids import AccountId, FolderId, ItemId, ModSeq, Uid, Uids
from groupware.model.item import Placed
from groupware.model.lock import WriteLock
from groupware.model.meeting import Counted, Guest, Happening, Visit


class ReadObjects(Protocol):
    def identified(self, at: FolderId, ident: str) -> Sequence[str]:
        """The names of the objects that have this UID of their maker's. Takes `r`."""
        ...

    def objects(self, at: FolderId, component: str) -> Sequence[Uid]:
        """The calendar objects of one kind (`VEVENT`, ...), in UID order. Takes `r`."""
        ...

    def facts(self, at: FolderId, uids: Uids, *, alarms: bool, limit: int = 0) -> Sequence[tuple[Uid, str]]:
        """What filters ask of the objects in these ranges (`groupware.calendar.facts`), in UID order, at most `limit`
        (0: all). Takes `r`.

        "" of those of which nothing is kept. `alarms`: they are for a filter on alarms, which are each person's own in
        what others share.
        """
        ...

    def spans(self, at: FolderId, low: int, high: int, component: str = "") -> Placed:
        """What takes place from `low` to before `high`, in seconds since 1970. Takes `r`.

        What floats is there if it were UTC: who cares asks for 14 hours more on both sides. `component`: of that kind
        alone.
        """
        ...

    def ended(self, at: FolderId, low: int, high: int, since: int = 1) -> Sequence[tuple[Uid, int]]:
        """Events that end for good after `low` and not after `high`, in seconds since 1970: the latest first.

        Each UID, from `since` on, with that end; an event that goes on for ever has none. Takes `r`.
        """
        ...

    def lapsed(self, at: FolderId, since: ModSeq, by: int) -> Sequence[tuple[Uid, ItemId]]:
        """What went after `since`, or became another version, and was an event that is over by then: as it was.

        `by`: in seconds since 1970. Each with the UID that it had. Takes `r`.
        """
        ...

    def busy(self, at: FolderId, low: int, high: int) -> Placed:
        """The same with what is private, for the times alone. Takes `9`, `8` or `r`."""
        ...

    def outline(self, at: FolderId) -> None:
        """From now on, in this transaction, `8` opens a calendar as `r` does. Takes `8` or `r`.

        For who tells nothing of an object but what `groupware.calendar.outline` leaves of it.
        """
        ...

    def counted(self, account: AccountId) -> Counted:
        """What counts when somebody asks whether an account is busy: those of its calendars that one may ask about.

        Not those that it has set transparent. `NoRight` when one may ask about none of its calendars.
        """
        ...

    def guest(self, account: AccountId, ident: str) -> Guest:
        """An account or resource, for a meeting of that UID: its addresses, and what it has of the meeting.

        For scheduling alone. Anybody may invite, who is not denied `p` on the calendar. `NotFound`, `NoRight`.
        """
        ...

    def taken(self, account: AccountId, low: int, high: int) -> tuple[Placed, bytes]:
        """When a resource is taken, as `busy`, and the VCALENDAR of its availability: for who may book it.

        `Refused` for people.
        """
        ...

    def schedule_tags(self, at: FolderId, only: Uid | None = None) -> Mapping[Uid, str]:
        """The Schedule-Tag of each object (or of the only one) that is a meeting with others. Takes `r`."""
        ...

    def personal(self, at: FolderId, only: Uid | None = None) -> Mapping[Uid, bytes]:
        """What the asking principal has of objects (or of the only one) that nobody else sees. Takes `r`.

        What these octets are is for `groupware.calendar.personal` to say.
        """
        ...

    def write_locks(self, at: FolderId) -> Sequence[WriteLock]:
        """What WebDAV clients have locked in a folder, the oldest first. Takes `l`."""
        ...

    def timeline(self, at: FolderId, ident: str) -> Sequence[Happening]:
        """What scheduling did to an object of this owner, oldest first. Takes `r` on the calendar where it is.

        Where one has `a`, the object may be gone.
        """
        ...


class WriteObjects(Protocol):
    def invite(self, visits: Sequence[Visit], beside: FolderId | None = None) -> None:
        """Brings guests' copies of a meeting up to date, all or none; locks the owner of `beside` as well.

        For scheduling alone; as `guest`. `Overtaken` when a copy is not as it was; else as `append`.
        """
        ...

    def happened(self, at: FolderId, lines: Sequence[Happening]) -> None:
        """Lines for the timelines of objects in a calendar. Takes `i`."""
        ...

    def schedule_inbox(self) -> FolderId:
        """The folder where the asking account's scheduling messages come in; it is made when it is not there."""
        ...

    def put_personal(self, at: FolderId, uid: Uid, octets: bytes) -> ModSeq:
        """Keeps what only the asking principal sees of an object. Takes `r`; the object stays as it is. `Refused`."""
        ...

    def put_write_lock(self, at: FolderId, lock: WriteLock) -> None:
        """Takes a lock: `i`, `t` and `e`, or edit-own on one's own item; `i` where nothing is. `Locked`, `Refused`."""
        ...

    def renew_write_lock(self, at: FolderId, token: str, seconds: int) -> WriteLock:
        """Holds a lock for so many seconds from now. Only who has taken it; `NotFound`."""
        ...

    def drop_write_lock(self, at: FolderId, token: str) -> None:
        """Lets go of a lock. Who has taken it, or `a`; `NotFound`, `NoRight`."""
        ...

    def clear_write_locks(self, at: FolderId, name: str) -> None:
        """Lets go of all locks on an object that has been taken away. `t` and `e`, or delete-own."""
        ...
