"""FindItem: listings of folders, of which memory holds one page at a time. MS-OXWSSRCH §3.1.4.2."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from connectors.bounded_xml import Element
from connectors.ews import calendar_view
from connectors.ews.busy_blocks import blocks_of
from connectors.ews.errors import EwsError
from connectors.ews.extended import ARTICLE
from connectors.ews.paths import Path, path_in
from connectors.ews.query_string import Asked, Word, holds, narrowed, read_query
from connectors.ews.recoverable import lost_in
from connectors.ews.restriction import Restriction, restriction_in
from connectors.ews.shapes import Shape, getter, item_xml, known, looks_at_octets, shape_in, value_of
from connectors.ews.things import Facts, One, Thing, facts_in, outlined, things_in, to_be_told, with_octets
from connectors.ews.tree import folder_in, node_in
from connectors.ews.turn import Turn, each
from connectors.ews.views import MOST, Page, View, page_of, paged, root_folder, view_in
from connectors.ews.wire import Xml, child, children, local, needed, number, tag
from groupware.calendar.shown import sees_blocks
from groupware.model.folder import Folder, Role
from groupware.model.ids import EVERY, Uid
from groupware.model.item import Kind, Query
from groupware.store.api import ReadTx

ON_THE_LOOP: Final = 50
"""Items that are told of where the request is read."""
RECEIVED: Final = "item:DateTimeReceived"
NAME: Final = Path("contacts:DisplayName")
SEEKING: Final = "SeekToConditionPageItemView"
CHUNK: Final = 500
"""Items that are looked at in one hop."""
NARROW: Final = {
    RECEIVED: "saved",
    "item:DateTimeCreated": "saved",
    "item:Size": "octets",
    "item:Subject": "subject",
    "message:ConversationTopic": "subject",
    "item:DateTimeSent": "sent",
    "message:From": "from_name",
    "item:DisplayTo": "to_name",
}
"""What mail can be sorted by without a look at more than one column."""


_TEXTS: Final = {
    "subject": Path("item:Subject"),
    "from": Path("message:From"),
    "to": Path("item:DisplayTo"),
    "cc": Path("item:DisplayCc"),
    "bcc": Path("message:BccRecipients"),
    "body": Path("item:Preview"),
}
"""What recoverable items are searched by, which no index has any more."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Order:
    """One criterion of sorting."""

    path: Path
    descending: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of each folder."""

    shape: Shape
    view: View
    restriction: Restriction | None
    sort: Sequence[Order]
    query: Asked | None
    empty: bool
    """Whether it asks for what there is none of here: associated items."""
    soft: bool
    """Whether it asks for what was removed from a folder."""
    names: tuple[str, str] | None = None
    """Of contacts: the first and the last name that are told."""
    begin: Restriction | None = None
    """What the view looks for."""

    @property
    def decides(self) -> bool:
        """Whether items have to be looked at."""
        return self.restriction is not None or self.query is not None or self.names is not None

    @property
    def newest_first(self) -> bool:
        """Whether all is asked for, in the order in which mail is mostly shown."""
        if self.decides or self.begin is not None:
            return False
        return not self.sort or [(each_.path.uri, each_.descending) for each_ in self.sort] == [(RECEIVED, True)]

    @property
    def paths(self) -> list[Path]:
        """The properties whose values decide."""
        decided = self.restriction.paths if self.restriction is not None else set()
        asked = self.query.paths if self.query is not None else ()
        return [*decided, *asked, *(order.path for order in self.sort)]


async def find_item(turn: Turn, element: Element) -> str:
    """`FindItem`."""
    wanted = _wanted(turn, element)
    span = next((calendar_view.span_of(each_) for each_ in children(element, "CalendarView")), None)
    grouped = child(element, "GroupBy")
    grouped = grouped if grouped is not None else child(element, "DistinguishedGroupBy")

    async def work(named: Element) -> str:
        lost, facts = await turn.read(lambda tx: (lost_in(tx, named, soft=wanted.soft), facts_in(tx, turn.zone)))
        folder = await turn.read(lambda tx: opened(tx, named)) if lost is None else None
        if span is not None and folder is not None:
            return await _viewed(turn, folder, facts, wanted, span)
        if folder is not None and sees_blocks(folder):
            lost = list((await blocks_of(turn, folder)).values())
        if lost is None:
            page, ones = await listed(turn, folder, facts, wanted)
        else:
            page, ones = await _of_few(turn, lost, facts, wanted)
        if grouped is not None:
            return root_folder(_groups(grouped, ones, wanted.shape), page, wanted.view)
        inside = await told_of(ones, wanted.shape)
        return root_folder(f"<t:Items>{inside}</t:Items>", page, wanted.view)

    return await each("FindItem", children(needed(element, "ParentFolderIds")), work, "ErrorFolderNotFound")


async def told_of(ones: Sequence[One], shape: Shape) -> str:
    """The elements of items; of many, or of what has to be read first, beside the event loop."""
    if len(ones) <= ON_THE_LOOP and not any(one.octets for one in ones):
        return "".join(item_xml(one, shape) for one in ones)
    return await asyncio.to_thread(lambda: "".join(item_xml(one, shape) for one in ones))


def opened(tx: ReadTx, named: Element) -> Folder | None:
    """The folder whose items are asked for; None of what holds folders alone. `EwsError`, `NoRight`."""
    _, node = node_in(tx, named)
    if node.folder is None or node.folder.role == Role.ROOT or node.distinguished in ("msgfolderroot", "root"):
        return None
    return to_be_told(tx, folder_in(tx, named))


def _wanted(turn: Turn, element: Element) -> Wanted:
    text = child(element, "QueryString")
    query = read_query(text.text or "", turn.now()) if text is not None and text.text else None
    traversal = element.get("Traversal", "Shallow")
    if traversal not in ("Shallow", "Associated", "SoftDeleted"):
        raise EwsError("ErrorSchemaValidation", f"Traversal: {traversal[:40]!r} is not known")
    empty, soft = traversal == "Associated", traversal == "SoftDeleted"
    shape, view = shape_in(element, light=True), view_in(element, seeks=True)
    begin = Restriction(needed(child(element, SEEKING), "Condition"), known) if view.seeks else None
    contacts, names = child(element, "ContactsView"), None
    if contacts is not None:
        view = View(min(number(contacts.get("MaxEntriesReturned"), "MaxEntriesReturned", 1) or MOST, MOST))
        names = contacts.get("InitialName", "").casefold(), contacts.get("FinalName", "\U0010ffff").casefold()
    return Wanted(shape, view, restriction_in(element, known), sort_in(element), query, empty, soft, names, begin)


def sort_in(element: Element) -> list[Order]:
    """The SortOrder of a request. `EwsError`."""
    return [
        Order(path_in(each_), each_.get("Order", "Ascending") == "Descending")
        for each_ in children(child(element, "SortOrder"), "FieldOrder")
    ]


async def _viewed(turn: Turn, folder: Folder, facts: Facts, wanted: Wanted, span: tuple[int, int, int]) -> Xml:
    if folder.kind is not Kind.CALENDAR:
        raise EwsError("ErrorCalendarFolderIsInvalidForCalendarView", "a CalendarView is for calendars")
    low, high, most = span
    found = await calendar_view.shown(turn, folder, wanted.shape.facts(facts), low, high)
    if wanted.restriction is not None:
        found = [one for one in found if wanted.restriction.test(getter(one))]
    told = found[:most]
    inside = await told_of(told, wanted.shape)
    page = Page(0, len(told), len(found), len(told), len(told) == len(found))
    return root_folder(f"<t:Items>{inside}</t:Items>", page, wanted.view)


async def listed(turn: Turn, folder: Folder | None, facts: Facts, wanted: Wanted) -> tuple[Page, list[One]]:
    """The page that is asked for, its items read as far as they are told."""
    if folder is None or wanted.empty:
        return page_of(wanted.view, 0), []
    if wanted.newest_first and folder.kind is Kind.MAIL:
        page = page_of(wanted.view, folder.total)
        found = await turn.read(lambda tx: tx.latest(folder.id, page.start, page.count))
        some = [uid for uid, _ in found]
    else:
        narrow = await turn.read(lambda tx: _narrow(tx, folder, wanted))
        uids = narrow if narrow is not None else await _looked_through(turn, folder, facts, wanted)
        page = page_of(await _view(turn, folder, facts, wanted, uids), len(uids))
        some = uids[page.start : page.start + page.count]
    things = {thing.uid: thing for thing in await turn.read(lambda tx: things_in(tx, folder, some))}
    ones = [One(things[uid], wanted.shape.facts(facts)) for uid in some if uid in things]
    await with_octets(turn, [one for one in ones if wanted.shape.needs_octets(one)])
    return page, ones


async def _view(turn: Turn, folder: Folder, facts: Facts, wanted: Wanted, uids: Sequence[Uid]) -> View:
    """The view on these, once its beginning is found where it looks for one."""
    begin, view, total = wanted.begin, wanted.view, len(uids)
    if begin is None:
        return view
    places = range(total - 1, -1, -1) if view.from_end else range(total)
    for at in range(0, total, CHUNK):
        some = places[at : at + CHUNK]
        ones = await _ones(turn, folder, facts, [uids[place] for place in some], begin.paths, calendars=True)
        there = {one.thing.uid for one in ones if begin.test(getter(one))}
        found = next((place for place in some if uids[place] in there), None)
        if found is not None:
            return view.at(found, total)
    return view.at(None, total)


async def _ones(
    turn: Turn, folder: Folder, facts: Facts, uids: Sequence[Uid], paths: Collection[Path], *, calendars: bool
) -> list[One]:
    """Items, read as far as these properties need; `calendars`: of messages what they carry of iCalendar too."""
    things: list[Thing] = await turn.read(lambda tx: things_in(tx, folder, uids))
    ones, octets = [One(thing, facts) for thing in things], looks_at_octets(paths, folder.kind)
    await with_octets(turn, [one for one in ones if octets or (calendars and one.has_calendar)])
    return ones


def _narrow(tx: ReadTx, folder: Folder, wanted: Wanted) -> list[Uid] | None:
    """The UIDs in order, where narrow columns decide; None: the items have to be looked at."""
    if wanted.decides:
        return None
    outlined(tx, folder)
    if folder.kind is not Kind.MAIL:
        return None if wanted.sort else list(tx.uids(folder.id))
    sort = wanted.sort or [Order(Path(RECEIVED), True)]
    if len(sort) == 1 and sort[0].path.uri == ARTICLE:
        return sorted(tx.uids(folder.id), reverse=sort[0].descending)
    if any(order.path.uri not in NARROW for order in sort):
        return None
    names = [NARROW[order.path.uri] for order in sort]
    rows = list(tx.columns(folder.id, names, EVERY))
    for place, order in reversed(list(enumerate(sort, 1))):
        rows.sort(key=lambda row: sort_key(row[place]), reverse=order.descending)
    return [Uid(row[0]) for row in rows]


def sort_key(value: Any) -> tuple[bool, Any]:
    """What sorts with anything of its kind; what is not there comes first."""
    if value is None or value == []:
        return False, 0
    if isinstance(value, list):
        value = value[0]
    return True, value.casefold() if isinstance(value, str) else value


async def _looked_through(turn: Turn, folder: Folder, facts: Facts, wanted: Wanted) -> list[Uid]:
    """The UIDs of the items that pass, in order; a chunk of them is in memory at a time."""

    def candidates(tx: ReadTx) -> tuple[list[Uid], dict[Word, set[Uid]]]:
        outlined(tx, folder)
        words = wanted.query.words if wanted.query is not None else ()
        hits = {word: {each_.uid for each_ in tx.find([folder.id], _for_index(word))} for word in dict.fromkeys(words)}
        some = narrowed(wanted.query.root, hits) if wanted.query is not None else None
        return (list(tx.uids(folder.id)) if some is None else sorted(some)), hits

    uids, hits = await turn.read(candidates)

    def there(one: One, word: Word) -> bool:
        return one.thing.uid in hits[word]

    paths, decided = [*wanted.paths, *([NAME] if wanted.names is not None else [])], wanted.restriction is not None
    kept: list[tuple[Uid, list[tuple[bool, Any]]]] = []
    for at in range(0, len(uids), CHUNK):
        some = uids[at : at + CHUNK]
        ones = await _ones(turn, folder, facts, some, paths, calendars=decided)
        kept += [(one.thing.uid, _keys(one, wanted)) for one in ones if passes(one, wanted, there)]
    _sort(kept, wanted)
    if not wanted.sort:
        kept.reverse()
    return [uid for uid, _ in kept]


def _for_index(word: Word) -> Query:
    return Query(fields=((word.field, word.text),)) if word.field else Query((word.text,))


def _sort(kept: list[tuple[T, list[tuple[bool, Any]]]], wanted: Wanted) -> None:
    for place, order in reversed(list(enumerate(wanted.sort))):
        kept.sort(key=lambda row: row[1][place], reverse=order.descending)


async def _of_few(turn: Turn, few: Sequence[Thing], facts: Facts, wanted: Wanted) -> tuple[Page, list[One]]:
    """The page of recoverable items, or of busy times, of which there are so few that they are all looked at."""
    ones = [] if wanted.empty else [One(thing, wanted.shape.facts(facts)) for thing in few]
    await with_octets(turn, [one for one in ones if _octets_decide(one, wanted)])
    kept = [(one, _keys(one, wanted)) for one in ones if passes(one, wanted, _mentioned)]
    _sort(kept, wanted)
    begin, view, passed = wanted.begin, wanted.view, [one for one, _ in kept]
    if begin is not None:
        met = [place for place, one in enumerate(passed) if begin.test(getter(one))]
        view = view.at(met[-1 if view.from_end else 0] if met else None, len(passed))
    page, some = paged(view, passed)
    await with_octets(turn, [one for one in some if not one.octets and wanted.shape.needs_octets(one)])
    return page, list(some)


def _octets_decide(one: One, wanted: Wanted) -> bool:
    return looks_at_octets(wanted.paths, one.kind) or (one.kind is not Kind.MAIL and wanted.query is not None)


def _mentioned(one: One, word: Word) -> bool:
    """Whether an item that no index has any more has a word."""
    names = [word.field] if word.field else ["subject", "from", "to", "cc", "body"]
    alls = " ".join(str(value_of(one, _TEXTS[name]) or "") for name in names)
    return word.text.casefold() in alls.casefold()


def _keys(one: One, wanted: Wanted) -> list[tuple[bool, Any]]:
    return [sort_key(value_of(one, order.path)) for order in wanted.sort]


def passes(one: One, wanted: Wanted, there: Callable[[One, Word], bool]) -> bool:
    """Whether an item is asked for; `there` says whether it has a word."""
    if wanted.names is not None and not wanted.names[0] <= str(value_of(one, NAME) or "").casefold() <= wanted.names[1]:
        return False
    if wanted.query is not None and not holds(wanted.query.root, one, partial(there, one)):
        return False
    return wanted.restriction is None or wanted.restriction.test(getter(one))


# --- groups -----------------------------------------------------------------------------------------------------------


def _groups(grouped: Element, ones: Sequence[One], shape: Shape) -> str:
    """Groups: items of the same value of a property together, in the order of an aggregate."""
    if local(grouped) == "DistinguishedGroupBy":
        path, aggregate, largest = Path("message:ConversationTopic"), Path("item:DateTimeReceived"), True
    else:
        on = needed(grouped, "AggregateOn")
        path, aggregate, largest = path_in(grouped), path_in(on), on.get("Aggregate", "Maximum") == "Maximum"
    descending = grouped.get("Order", "Ascending") == "Descending"
    found: dict[str, list[One]] = {}
    for one in ones:
        found.setdefault(str(value_of(one, path) or ""), []).append(one)

    def key(group: Sequence[One]) -> tuple[bool, Any]:
        choose: Callable[[Iterator[Any]], Any] = max if largest else min
        return choose(sort_key(value_of(one, aggregate)) for one in group)  # type: ignore[no-any-return]

    rows = sorted(found.items(), key=lambda row: key(row[1]), reverse=descending)
    return tag("Groups", Xml("".join(_group(name, group, shape) for name, group in rows)))


def _group(name: str, group: Sequence[One], shape: Shape) -> str:
    items = tag("Items", Xml("".join(item_xml(one, shape) for one in group)))
    return tag("GroupedItems", Xml(tag("GroupIndex", name) + items))
