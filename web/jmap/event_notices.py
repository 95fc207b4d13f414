"""CalendarEventNotification: what others did to events in calendars that one has. draft-ietf-jmap-calendars §7.

They are what the journal tells (decision 390): those of the last 30 days, the newest 500 of an account, as long as the
octets that they tell of are kept. All that is written for them is which of them somebody has dismissed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from groupware.calendar.shown import sight
from groupware.model.event import Deed
from groupware.model.folder import Folder
from groupware.model.ids import BEGINNING, AccountId, BlobId
from groupware.model.item import Kind
from groupware.model.patches import difference
from groupware.model.record import RecordKind
from groupware.model.rights import Right
from groupware.model.times import micros
from groupware.store.api import ReadTx, WriteTx
from web.jmap import remembered
from web.jmap.arguments import (
    ChangesArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
    check_filter,
    chosen,
)
from web.jmap.errors import MethodError, SetError
from web.jmap.event import EVENTS
from web.jmap.families import CALENDAR
from web.jmap.ids import account_id, object_id, principal_id
from web.jmap.kept import told_changes
from web.jmap.limits import IN_GET
from web.jmap.queries import in_order, passes, query_changes_of, query_of
from web.jmap.sets import SetArguments, Ways, never, set_few
from web.jmap.states import unknown
from web.jmap.things import Place
from web.jmap.turn import Turn, folders_of, owner_in

Json = dict[str, Any]
MOST: Final = IN_GET
"""Of one account: all of them are told at once."""
KEPT: Final = timedelta(days=30)
PROPERTIES: Final = (
    "id",
    "created",
    "changedBy",
    "comment",
    "type",
    "calendarEventId",
    "isDraft",
    "event",
    "eventPatch",
)
_BODIES: Final = {"event", "eventPatch"}
"""What is told of octets."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One of them, and the calendar that it is of."""

    deed: Deed
    folder: Folder

    @property
    def id(self) -> str:
        return f"H{self.deed.number}-{self.deed.uid}"

    @property
    def created(self) -> str:
        """When it was done."""
        return self.deed.at.strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def event(self) -> str:
        """The id of the event."""
        return object_id(CALENDAR.letter, self.deed.item)

    def place(self, tx: ReadTx, blob: BlobId) -> Place:
        """The event as who asks sees it, with these octets."""
        return Place(self.folder, self.deed.uid, self.deed.item, "", blob, BEGINNING, "", sight(tx, self.folder.id))


def every(tx: ReadTx, owner: AccountId) -> dict[str, Notice]:
    """Those that there are in an account, by id, the oldest first."""
    since = micros(datetime.now(UTC) - KEPT)
    found = [Notice(deed, each) for each in _calendars(tx, owner) for deed in tx.deeds(each.id, since, MOST)]
    found.sort(key=lambda each: (each.deed.at, each.deed.number, each.deed.uid))
    there = {each.id: each for each in found[-MOST:]}
    gone = _dismissed(tx).get(account_id(owner), ()) if there else ()
    return {name: each for name, each in there.items() if name not in gone}


def _calendars(tx: ReadTx, owner: AccountId) -> Sequence[Folder]:
    return [
        each
        for each in folders_of(tx, owner, Kind.CALENDAR)
        if Right.READ in each.rights and (each.own or each.subscribed) and not each.fed
    ]


def _dismissed(tx: ReadTx) -> Mapping[str, Sequence[str]]:
    """The ids of those that who asks does not want to see any more, by account."""
    return {
        account: names for each in tx.records(RecordKind.DISMISSED) for account, names in json.loads(each.facts).items()
    }


Memo = dict[AccountId, tuple[object, str]]
"""What the state of an account was made from, and the state."""


def state(tx: ReadTx, owner: AccountId, memo: Memo) -> str:
    """Another one whenever there are others. Who waits for all states with one `memo` reads no journal for a letter."""
    calendars = [(each.id, each.modseq, each.rights) for each in _calendars(tx, owner)]
    seen = calendars, _dismissed(tx).get(account_id(owner)), datetime.now(UTC).hour
    known = memo.get(owner)
    if known is None or known[0] != seen:
        known = memo[owner] = seen, remembered.keep(tx.who.account, list(every(tx, owner)))
    return known[1]


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`CalendarEventNotification/get`."""
    wanted = chosen(arguments.properties, PROPERTIES)

    def work(tx: ReadTx) -> tuple[Json, list[tuple[Notice, Place | None, Place | None]]]:
        owner = owner_in(tx, arguments.account_id)
        there = every(tx, owner)
        asked = list(there) if arguments.ids is None else arguments.ids
        head = {
            "accountId": account_id(owner),
            "state": remembered.keep(tx.who.account, list(there)),
            "notFound": [each for each in asked if each not in there],
        }
        return head, [(each, *_places(tx, each, wanted)) for name in asked if (each := there.get(name)) is not None]

    head, found = await turn.read(work)
    events = await EVENTS.all_of(turn, [place for _, *both in found for place in both if place is not None])
    return {**head, "list": [_told(*each, events, wanted) for each in found]}


def _places(tx: ReadTx, notice: Notice, wanted: Sequence[str]) -> tuple[Place | None, Place | None]:
    if _BODIES.isdisjoint(wanted):
        return None, None
    both = (notice.deed.before, notice.deed.after)
    was, now = (notice.place(tx, blob) if blob is not None else None for blob in both)
    return was, now


def _told(
    notice: Notice, was: Place | None, now: Place | None, events: Mapping[BlobId, Json], wanted: Sequence[str]
) -> Json:
    deed = notice.deed
    told: Json = {
        "id": notice.id,
        "created": notice.created,
        "changedBy": {
            "name": deed.name,
            "email": deed.by or None,
            "principalId": principal_id(deed.by) if deed.by else None,
            "calendarAddress": f"mailto:{deed.by}" if deed.by else None,
        },
        "comment": None,
        "type": deed.what,
        "calendarEventId": notice.event,
    }
    if deed.what != "destroyed":
        told["isDraft"] = False
    one = was or now
    if one is not None:
        told["event"] = events[one.blob]
    if was is not None and now is not None:
        told["eventPatch"] = difference(events[was.blob], events[now.blob])
    return {name: told[name] for name in wanted if name in told}


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`CalendarEventNotification/changes`, as long as it is remembered what there was."""

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        there = every(tx, owner)
        since = arguments.since_state
        known = remembered.known(since)
        came = [name for name in there if name not in set(known)]
        went = [name for name in known if name not in there]
        if arguments.max_changes is not None and len(came) + len(went) > arguments.max_changes:
            raise unknown()
        now = remembered.keep(tx.who.account, list(there))
        return told_changes(account_id(owner), since, now, {"created": came, "updated": [], "destroyed": went})

    return await turn.read(work)


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`CalendarEventNotification/set`: they are taken away, and nothing else."""

    def now(tx: ReadTx) -> tuple[str, str]:
        owner = owner_in(tx, arguments.account_id)
        return account_id(owner), state(tx, owner, {})

    no = never("the server makes them; they can be taken away")
    return await set_few(turn, arguments, now, Ways(no, no, partial(_dropped, turn, arguments.account_id)))


async def _dropped(turn: Turn, account: str, name: str) -> bool:
    def work(tx: WriteTx) -> bool:
        owner = owner_in(tx, account)
        there = every(tx, owner)
        if name not in there:
            raise SetError("notFound", "there is no such notification; it may have been dismissed already")
        known = next(iter(tx.records(RecordKind.DISMISSED)), None)
        facts = dict(_dismissed(tx))
        facts[account_id(owner)] = [*facts.get(account_id(owner), ()), name][-2 * MOST :]
        tx.put_record(RecordKind.DISMISSED, json.dumps(facts), known.number if known is not None else None)
        return True

    return await turn.write(work)


async def query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    """`CalendarEventNotification/query`."""
    return await query_of(turn, arguments, partial(_found, arguments))


async def query_changes(turn: Turn, arguments: QueryChangesArguments) -> Mapping[str, Any]:
    """`CalendarEventNotification/queryChanges`."""
    return await query_changes_of(turn, arguments, partial(_found, arguments))


def _found(arguments: QueryArguments | QueryChangesArguments, tx: ReadTx) -> tuple[str, Sequence[str]]:
    owner = owner_in(tx, arguments.account_id)
    check_filter(arguments.filter, tuple(_CONDITIONS))
    kept = [each for each in every(tx, owner).values() if passes(arguments.filter, partial(_condition, each))]
    return account_id(owner), [each.id for each in in_order(kept, arguments.sort, _SORTS, "notifications")]


def _condition(each: Notice, name: str, value: Any) -> bool:
    kind, test = _CONDITIONS[name]
    if value is None:
        return True
    if not isinstance(value, kind):
        raise MethodError("unsupportedFilter", f"notifications are not found by {name[:60]!r} like that")
    return test(each, value)


_CONDITIONS: Final[Mapping[str, tuple[type[Any], Callable[[Notice, Any], bool]]]] = {
    "after": (str, lambda each, value: each.created >= value),
    "before": (str, lambda each, value: each.created < value),
    "type": (str, lambda each, value: each.deed.what == value),
    "calendarEventIds": (list, lambda each, value: each.event in value),
}
_SORTS: Final[Mapping[str, Callable[[Notice], str]]] = {"created": lambda each: each.created}
