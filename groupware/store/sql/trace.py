"""What happened: the journal of a folder, and the trace of messages on their way.

1. A row of the trace is about one address at most, and by that address it is found; so nobody sees from one's own rows
   who else a message went to.
2. Who administers the server sees every row; who administers a domain those of its addresses; everybody those of one's
   own. Who has submitted a message sees all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, case, delete, func, or_, select

from groupware.model.errors import NoRight, NotFound
from groupware.model.event import Event, JournalRow, TraceFilter, TraceRow
from groupware.model.ids import AccountId, FolderId, Uid
from groupware.model.rights import Right
from groupware.model.times import micros, moment, now_micros

from . import principals, schema
from .engine import Row
from .tree import Node, view_path
from .tx import Tx

_j, _t, _a, _dead = schema.journal.c, schema.trace.c, schema.address.c, schema.tombstone.c
_JOURNAL: Final = (
    select(_j.id, _j.at, _j.actor, _j.client, _j.what, _j.facts)
    .where(_j.folder_id == bindparam("folder"), _j.id > bindparam("after"))
    .order_by(_j.id)
    .limit(bindparam("most"))
)
_NEWEST: Final = select(_j.at).where(_j.folder_id == bindparam("folder")).order_by(_j.id.desc()).limit(1)
_recent = (
    select(_j.at, _j.what)
    .where(_j.folder_id == bindparam("folder"))
    .order_by(_j.id.desc())
    .limit(bindparam("most"))
    .subquery()
)
_ABOVE: Final = select(
    func.max(case((or_(_recent.c.what == "grant", _recent.c.what == "folder.renamed"), _recent.c.at))),
    func.min(_recent.c.at),
    func.count(),
)
"""When what is inherited from a folder was changed last; when the oldest of the rows was written; how many they are."""
_COLUMNS: Final = (_t.id, _t.at, _t.message, _t.name, _t.account_id, _t.facts, _t.party)
_TRACE: Final = select(*_COLUMNS).where(_t.message == bindparam("of")).order_by(_t.id).limit(bindparam("most"))
_below = (_t.id < bindparam("below"),)
_BACK: Final = select(*_COLUMNS).where(*_below).order_by(_t.id.desc()).limit(bindparam("most"))
_OF_PARTY: Final = (
    select(*_COLUMNS).where(_t.party == bindparam("of"), *_below).order_by(_t.id.desc()).limit(bindparam("most"))
)
_OF_LETTER: Final = (
    select(*_COLUMNS).where(_t.letter == bindparam("of"), *_below).order_by(_t.id.desc()).limit(bindparam("most"))
)
_OLDEST: Final = {
    each.name: select(each.c.id, each.c.at).where(each.c.id > 0).order_by(each.c.id).limit(bindparam("most"))
    for each in (schema.trace, schema.timeline)
}
_DROP: Final = {
    each.name: delete(each).where(each.c.id <= bindparam("up_to")) for each in (schema.trace, schema.timeline)
}
_OWN: Final = select(_a.address).where(_a.principal_id == bindparam("of")).order_by(_a.address)
_LEFT: Final = select(_dead.modseq).where(_dead.folder_id == bindparam("folder"), _dead.uid == bindparam("number"))
_WHY: Final = (
    select(_j.id, _j.at, _j.actor, _j.client, _j.what, _j.facts)
    .where(_j.folder_id == bindparam("folder"), _j.modseq == bindparam("changed"))
    .order_by(_j.id)
)
PAGE: Final = 500
MOST_LOOKED_AT: Final = 200_000
"""Rows that one search looks at; whoever looks for more narrows the time."""
SLACK: Final = 60_000_000
"""Microseconds by which rows may stand in another order than their times say: several processes write them."""
MOST_STEPS: Final = 100
NO_ID: Final = 2**62


def journal(tx: Tx, at: FolderId, after: int, limit: int) -> Sequence[JournalRow]:
    """See `ReadTx.journal`."""
    opened = tx.open(at, Right.ADMIN)
    if tx.locks:
        tx.finish()
    path = view_path(opened.tree, at, tx.who)
    return [
        JournalRow(id, moment(when), actor, client, what, at, path, facts)
        for id, when, actor, client, what, facts in tx.sql.rows(_JOURNAL, {"folder": at, "after": after, "most": limit})
    ]


def changed_at(tx: Tx, at: FolderId) -> int:
    """See `ReadTx.changed_at`. Takes `r`."""
    here = tx.open(at, Right.READ)
    if tx.locks:
        tx.finish()
    own = tx.sql.row(_NEWEST, {"folder": here.id})
    above = [_inherited_at(tx, node) for node in here.tree.chain(here.id) if node.id != here.id]
    return max(above, default=0) if own is None else max(int(own[0]), *above, 0)


def _inherited_at(tx: Tx, above: Node) -> int:
    """When rights that are inherited from a folder may have changed last; what else happened there is not told."""
    [(changed, oldest, count)] = tx.sql.rows(_ABOVE, {"folder": above.id, "most": PAGE})
    if changed is not None:
        return int(changed)
    return int(oldest) if count == PAGE else 0


def movements(tx: Tx, at: FolderId, uid: Uid) -> Sequence[JournalRow]:
    """See `ReadTx.movements`."""
    if tx.locks:
        tx.finish()
    found: list[JournalRow] = []
    where, number = at, int(uid)
    while len(found) < MOST_STEPS:
        try:
            opened = tx.open(where, Right.ADMIN)
        except (NoRight, NotFound):
            if found:
                return found
            raise
        path = view_path(opened.tree, where, tx.who)
        gone = tx.sql.row(_LEFT, {"folder": where, "number": number})
        if gone is None:
            return found
        step = _step(tx.sql.rows(_WHY, {"folder": where, "changed": gone[0]}), number)
        if step is None:
            return found
        (id, when, actor, client, what, facts), next_at, number = step
        found.append(JournalRow(id, moment(when), actor, client, what, where, path, facts))
        if next_at is None:
            return found
        where = next_at
    return found


def _step(rows: Sequence[Row], number: int) -> tuple[Row, FolderId | None, int] | None:
    """The journal's row that took an item out of its folder, where to, and its UID there."""
    for row in rows:
        facts = json.loads(row[5]) if row[5] else {}
        if row[4] == "item.left" and "uids" in facts:
            place = _place_in(facts["uids"], number)
            if place is not None:
                return row, FolderId(facts["to"]), facts["first"] + place
        elif row[4] in ("item.removed", "item.left") and _between(facts, number):
            return row, None, number
    return None


def _between(facts: Mapping[str, int], number: int) -> bool:
    """Whether a UID may be one of those that a row is about; several rows can be of one write."""
    return facts.get("first", number) <= number <= facts.get("last", number)


def _place_in(uids: str, number: int) -> int | None:
    """The how manyeth a UID is of those in the text, `1:3,7`; None when it is not there."""
    before = 0
    for piece in uids.split(","):
        low, _, high = piece.partition(":")
        first, last = int(low), int(high or low)
        if first <= number <= last:
            return before + number - first
        before += last - first + 1
    return None


# --- the trace


def trace(tx: Tx, message: str, limit: int) -> Sequence[TraceRow]:
    """See `ReadTx.trace`."""
    if tx.locks:
        tx.finish()
    rows = tx.sql.rows(_TRACE, {"of": message, "most": limit})
    sees = _sight(tx)
    if sees is None:
        return [_kept(row) for row in rows]
    if any(_is_own(tx, row, sees) for row in rows):
        return [_kept(row) for row in rows]
    seen = [row for row in rows if row[6] and row[3] != "received" and sees(row[6])]
    if not seen:
        raise NotFound(f"{message}: there is no trace of such a message")
    return [_kept(row, hidden=("recipients",)) for row in rows if row in seen or row[3] == "received"]


def find_trace(tx: Tx, wanted: TraceFilter, limit: int) -> Sequence[TraceRow]:
    """See `ReadTx.find_trace`."""
    if tx.locks:
        tx.finish()
    sees = _sight(tx)
    if sees is not None and not wanted.party and not wanted.letter:
        own = [row[0] for row in tx.sql.rows(_OWN, {"of": tx.who.account})]
        found = [row for each in own for row in _search(tx, _OF_PARTY, each, wanted, limit, sees)]
        return sorted(found, key=lambda row: -row.id)[:limit]
    if wanted.party:
        party = wanted.party.lower()
        if sees is not None and not sees(party):
            raise NoRight(f"{wanted.party}: the trace of an address is for who has it, and for its administrator")
        return _search(tx, _OF_PARTY, party, wanted, limit, sees)
    if wanted.letter:
        return _search(tx, _OF_LETTER, wanted.letter, wanted, limit, sees)
    return _search(tx, _BACK, "", wanted, limit, sees)


Sight = Callable[[str], bool]
"""Whether the asking principal sees rows about an address."""


def _sight(tx: Tx) -> Sight | None:
    """What the asking principal sees; None: everything."""
    try:
        tx.administer(None)
    except NoRight:
        pass
    else:
        return None
    own = {row[0] for row in tx.sql.rows(_OWN, {"of": tx.who.account})}
    domains: dict[str, bool] = {}

    def sees(address: str) -> bool:
        if address in own:
            return True
        domain = address.rpartition("@")[2]
        if domain not in domains:
            domains[domain] = _administers(tx, domain)
        return domains[domain]

    return sees


def _administers(tx: Tx, domain: str) -> bool:
    try:
        principals.administer(tx, domain)
    except NoRight:
        return False
    return True


def _is_own(tx: Tx, row: Row, sees: Sight) -> bool:
    """Whether it is a row of a message that somebody submitted whom the asking principal sees, or is."""
    if row[4] is None:  # from outside, whatever address it says that it is from
        return False
    return row[4] == tx.who.account or (row[3] == "received" and bool(row[6]) and sees(row[6]))


def _search(
    tx: Tx, statement: object, of: str, wanted: TraceFilter, limit: int, sees: Sight | None
) -> Sequence[TraceRow]:
    """The newest rows that fit and may be seen."""
    since = micros(wanted.since) if wanted.since is not None else 0
    until = micros(wanted.until) if wanted.until is not None else NO_ID
    found: list[TraceRow] = []
    for row in _backwards(tx, statement, of):
        if row[1] < since - SLACK:
            break
        visible = sees is None or (bool(row[6]) and sees(row[6])) or row[4] == tx.who.account
        visible = visible or (sees is not None and bool(wanted.letter) and _concerns(tx, row[2], sees))
        if since <= row[1] <= until and visible and _fits(row, wanted):
            hidden = () if sees is None or _is_own(tx, row, sees) else ("recipients",)
            found.append(_kept(row, hidden=hidden))
            if len(found) >= limit:
                break
    return found


def _concerns(tx: Tx, message: str, sees: Sight) -> bool:
    """Whether some row of the message may be seen."""
    return any(row[6] and sees(row[6]) for row in tx.sql.rows(_TRACE, {"of": message, "most": PAGE}))


def _backwards(tx: Tx, statement: object, of: str) -> Iterator[Row]:
    below, looked = NO_ID, 0
    while looked < MOST_LOOKED_AT:
        rows = tx.sql.rows(statement, {"of": of, "below": below, "most": PAGE})  # type: ignore[arg-type]
        yield from rows
        if len(rows) < PAGE:
            return
        below, looked = rows[-1][0], looked + len(rows)


def _fits(row: Row, wanted: TraceFilter) -> bool:
    if wanted.names and row[3] not in wanted.names:
        return False
    return not wanted.peer or json.loads(row[5]).get("peer") == wanted.peer


def _kept(row: Row, hidden: Sequence[str] = ()) -> TraceRow:
    id, when, message, name, of, facts, _ = row
    known = {key: value for key, value in json.loads(facts).items() if key not in hidden}
    return TraceRow(id, moment(when), Event(name, AccountId(of) if of is not None else None, known, message))


def note(tx: Tx, event: Event) -> None:
    """See `WriteTx.note`."""
    at, several = event.at or now_micros(), len(event.parties) > 1
    for party, own in event.parties.items() or (("", {}),):
        facts: Mapping[str, object] = {**event.facts, **({"to": party} if several else {}), **own}
        tx.trace_row(
            {
                "at": at,
                "message": event.message,
                "name": event.name,
                "account_id": event.account,
                "facts": json.dumps(dict(facts), separators=(",", ":"), ensure_ascii=False),
                "party": party.lower()[:320] or None,
                "letter": event.letter[:255] or None,
            }
        )


def forget(tx: Tx, what: str, before: int, most: int) -> int:
    """Drops up to so many of the oldest rows from before a moment; how many these were. `a` on the server.

    `what`: `trace` or `timeline`, whose rows come in the order of their time.
    """
    tx.administer(None)
    rows = tx.sql.rows(_OLDEST[what], {"most": most})
    count = next((number for number, (_, at) in enumerate(rows) if at >= before), len(rows))
    if count:
        tx.sql.change(_DROP[what], {"up_to": rows[count - 1][0]})
    return count
