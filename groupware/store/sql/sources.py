"""Calendars that are filled from elsewhere, and what is fetched into them.

1. While a calendar has a source, nobody has a right to write what is in it (`Tree.rights_until`): only `feed` does, for
   who administers the server and holds the lease.
2. Another address is another calendar: what is there is compared with what comes from there, and the rest goes.
3. Who has lost the lease, by being slow or because the source was changed, writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from sqlalchemy import bindparam, delete, insert, select, update

from groupware.model.annotation import COLOUR, SHARED, TRANSPARENCY
from groupware.model.errors import NotFound, OverQuota, Refused, TryAgain
from groupware.model.folder import SEPARATOR, check_name
from groupware.model.ids import AccountId, FolderId, ModSeq
from groupware.model.item import Kind, NewItem
from groupware.model.principal import PrincipalKind
from groupware.model.rights import Right
from groupware.model.source import LONGEST_MINUTES, CalendarSource, checked_url
from groupware.model.times import now_micros

from ..api import SOURCES
from . import annotated, errands, folder_changes, item_changes, items, objects, schema
from .engine import Row
from .guard import Opened
from .settings import effective
from .tree import view_path
from .tx import Tx

MOST_NAMES: Final = 100
"""Names that are tried when several calendars call themselves the same."""
_TRANSPARENT: Final = b'<transparent xmlns="urn:ietf:params:xml:ns:caldav"/>'
_s, _f = schema.calendar_source.c, schema.folder.c
_REST: Final = tuple(column for column in schema.calendar_source.c if column.name != "folder_id")
_FLAGS: Final = ("alarms", "attachments", "enabled", "named")
_ROWS: Final = select(_s.folder_id, _f.owner_id, *_REST).select_from(
    schema.calendar_source.join(schema.folder, _f.id == _s.folder_id)
)
_OF: Final = _ROWS.where(_f.owner_id == bindparam("owner")).order_by(_s.folder_id)
_ONE: Final = _ROWS.where(_s.folder_id == bindparam("number"))
_LEASES: Final = errands.leases(schema.calendar_source, _s.folder_id, _ROWS)
_PUT: Final = insert(schema.calendar_source).values(
    {name: bindparam(name) for name in ("folder_id", *(column.name for column in _REST))}
)
_DROP: Final = delete(schema.calendar_source).where(_s.folder_id == bindparam("number"))
_LEFT: Final = ("due", "tries", "done", "said", "ttl", "etag", "changed", "digest", "enabled", "named")
_SETTLE: Final = (
    update(schema.calendar_source)
    .where(*_LEASES.held)
    .values(lease=0, **{name: bindparam(f"new_{name}") for name in _LEFT})
    .returning(_s.folder_id)
)
_KEEPS: Final = select(_s.folder_id).where(*_LEASES.held)


def _source(row: Row) -> CalendarSource:
    names = ("folder", "account", *(column.name for column in _REST))
    values = {name: bool(each) if name in _FLAGS else each for name, each in zip(names, row, strict=True)}
    return CalendarSource(**cast(Any, values))


def sources(tx: Tx, of: AccountId | None) -> Sequence[CalendarSource]:
    """See `ReadTx.calendar_sources`."""
    owner = tx.who.account if of is None else of
    tree, found = tx.tree(owner), tx.sql.rows(_OF, {"owner": owner})
    return [_source(row) for row in found if Right.LOOKUP | Right.ADMIN in tree.rights(tx.who, FolderId(row[0]))]


def put(tx: Tx, new: CalendarSource, *, over: bool) -> CalendarSource:
    """See `WriteTx.put_calendar_source`."""
    here = tx.open(new.folder, Right.ADMIN)
    known = _known(tx, here)
    url = checked_url(new.url)
    _check_time(tx, here, new.minutes)
    same = known is not None and known.url == url
    if known is None:
        _check_place(here, over=over)
        _check_count(tx, here)
    kept = known if known is not None else replace(new, born=now_micros(), begun=0, done=0)
    made = CalendarSource(
        new.folder, here.owner, url, new.minutes, new.alarms, new.attachments, new.enabled, new.named,
        born=kept.born, due=errands.soon(kept.begun), begun=kept.begun, done=kept.done if same else 0,
        ttl=kept.ttl if same else 0,
    )  # fmt: skip
    tx.sql.change(_DROP, {"number": here.id})
    tx.sql.change(_PUT, _values(made))
    if known is None:
        tx.move_epoch(here.owner)
        annotated.annotate(tx, here.id, {SHARED + TRANSPARENCY: _TRANSPARENT})
    _mark(tx, here, "source.changed" if known is not None else "source.added", url)
    return made


def _values(source: CalendarSource) -> Mapping[str, Any]:
    return {"folder_id": source.folder, **{column.name: getattr(source, column.name) for column in _REST}}


def _check_place(here: Opened, *, over: bool) -> None:
    """`Refused` for what is no calendar of an account, and for one that is not empty but `over` what is there."""
    if here.tree.kind is not PrincipalKind.ACCOUNT:
        raise Refused("only an account subscribes to calendars")
    if here.kind != Kind.CALENDAR or here.role is not None or here.parent is None:
        raise Refused(f"folder {here.path}: a calendar of its own is wanted, which has no other purpose")
    if (here.total and not over) or here.tree.nodes[here.id].children:
        raise Refused(f"folder {here.path}: it is not empty, and what is in it would be lost")


def _check_count(tx: Tx, here: Opened) -> None:
    if not effective(tx, "subscribedCalendars", here.owner, here.settings).value:
        raise Refused("subscribing to calendars is switched off for this account (subscribedCalendars)")
    most = int(effective(tx, "subscribedCalendarCount", here.owner, here.settings).value)
    if len(tx.sql.rows(_OF, {"owner": here.owner})) >= most:
        raise OverQuota(f"an account may subscribe to {most} calendars (subscribedCalendarCount)")


def _check_time(tx: Tx, here: Opened, minutes: int) -> None:
    least = int(effective(tx, "subscribedCalendarInterval", here.owner, here.settings).value)
    if minutes and not least <= minutes <= LONGEST_MINUTES:
        raise Refused(f"minutes: {least} to {LONGEST_MINUTES} lie between two fetches (subscribedCalendarInterval)")


def _known(tx: Tx, here: Opened) -> CalendarSource | None:
    row = tx.sql.row(_ONE, {"number": here.id})
    return None if row is None else _source(row)


def _mark(tx: Tx, here: Opened, what: str, url: str) -> None:
    """Whoever fetches looks anew. The journal has the server alone: an address may be a secret."""
    tx.marks[SOURCES] = ModSeq(now_micros())
    host = url.partition("://")[2].partition("/")[0]
    tx.journal_row(what, here, tx.bump(here.owner), {"host": host})


def hasten(tx: Tx, at: FolderId) -> int:
    """See `WriteTx.hasten_calendar_source`."""
    here = tx.open(at, Right.ADMIN)
    known = _known(tx, here)
    if known is None:
        raise NotFound(f"folder {here.path}: it is filled from nowhere else")
    if not known.enabled:
        raise Refused("this subscription is switched off: switch it on first")
    when = errands.soon(known.begun)
    tx.sql.change(_LEASES.hasten, {"number": here.id, "when": when})
    tx.marks[SOURCES] = ModSeq(now_micros())
    return when


# --- for who fetches ------------------------------------------------------------------------------------------------


def due(tx: Tx, most: int) -> Sequence[CalendarSource]:
    """See `ReadTx.due_calendar_sources`."""
    return [_source(row) for row in errands.due(tx, _LEASES, most)]


def next_due(tx: Tx) -> int | None:
    """See `ReadTx.next_calendar_source`."""
    return errands.following(tx, _LEASES)


def claim(tx: Tx, number: FolderId, until: int) -> CalendarSource | None:
    """See `WriteTx.claim_calendar_source`."""
    if not errands.claim(tx, _LEASES, number, until):
        return None
    row = tx.sql.row(_ONE, {"number": number})
    return None if row is None else _source(row)


def feed(tx: Tx, source: CalendarSource, new: Sequence[NewItem], gone: Sequence[str]) -> None:
    """See `WriteTx.feed_calendar`."""
    here = tx.open_fed(source.folder)
    if tx.sql.row(_KEEPS, {"number": source.folder, "held": source.lease}) is None:
        raise TryAgain("somebody else fetches this calendar now, or its source has been changed")
    leaving = [row for name in gone if (row := items.named(tx, here, name)) is not None]
    if leaving:
        uids = sorted(row[0] for row in leaving)
        item_changes.take(tx, here, item_changes.whole(tx, here, [(uid, uid) for uid in uids]))
    fresh = []
    for each in new:
        objects.check_kind(here, each.object)
        if each.name is not None and item_changes.name_taken(tx, here, each.name):
            item_changes.exchange(tx, tx.open_fed(source.folder), each.name, each)
        else:
            fresh.append((each, each.flags, each.keywords))
    item_changes.put(tx, tx.open_fed(source.folder), fresh, None)


def settle(tx: Tx, source: CalendarSource, title: str, colour: str) -> bool:
    """See `WriteTx.settle_calendar_source`."""
    tx.administer(None)
    values = {f"new_{name}": getattr(source, name) for name in _LEFT}
    values["new_said"] = source.said[:1000]
    values["new_named"] = source.named or bool(title)
    if tx.sql.returning(_SETTLE, {"number": source.folder, "held": source.lease, **values}) is None:
        return False
    here = tx.open(source.folder, Right.LOOKUP)
    if title and not source.named:
        _call(tx, here, title)
    there = {name for name, _ in annotated.read(tx, here.id)}
    if colour and SHARED + COLOUR not in there:
        annotated.annotate(tx, here.id, {SHARED + COLOUR: colour.encode()})
    return True


def _call(tx: Tx, here: Opened, title: str) -> None:
    """Names the calendar as it calls itself, where that is a name, with a number where there is one of that."""
    name = " ".join(title.replace(SEPARATOR, "-").split())[:200].strip()
    try:
        check_name(name)
    except Refused:
        return
    nodes = here.tree.nodes
    assert here.parent is not None
    taken = {nodes[each].name.casefold() for each in nodes[here.parent].children.values() if each != here.id}
    free = (each for number in range(1, MOST_NAMES) if (each := name if number == 1 else f"{name} {number}"))
    wanted = next((each for each in free if each.casefold() not in taken), here.name)
    if wanted != here.name:
        above = view_path(here.tree, here.parent, tx.who)
        folder_changes.rename(tx, here.id, f"{above}{SEPARATOR}{wanted}")
