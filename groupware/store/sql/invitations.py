"""Meetings across accounts: what a guest has of one, and what becomes of it.

1. Whoever asks puts into a guest's calendar what a meeting is, as mail is posted: by `p`, which everybody has there
   unless it is denied. Nothing else of that calendar is opened by it.
2. Owners are locked in their order, the asking one's among them.
3. What was planned from a copy is written only while the copy is still that one; else `Overtaken`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import and_, bindparam, insert, select

from groupware.model.errors import NotFound, Refused
from groupware.model.flags import Flags
from groupware.model.folder import Role
from groupware.model.ids import LAST_UID, AccountId, BlobId, FolderId, Uid
from groupware.model.item import Kind, Placed
from groupware.model.meeting import Guest, Happening, Overtaken, Visit
from groupware.model.principal import PrincipalKind
from groupware.model.rights import Right
from groupware.model.settings import SETTINGS
from groupware.model.times import moment, now_micros

from . import folder_changes, freebusy, item_changes, objects, schema
from .principals import Known, by_id, shown
from .settings import effective
from .tree import Tree
from .tx import Tx

INBOX_NAME: Final = "Scheduling Inbox"
MOST_MESSAGES: Final = 500
"""What a scheduling inbox holds: who never looks loses the oldest first."""
_GUESTS: Final = (PrincipalKind.ACCOUNT, PrincipalKind.RESOURCE)
_OF_SCHEDULING: Final = tuple(name for name in SETTINGS if name.startswith(("resource", "calendar")))
_f, _k, _i, _c, _l = schema.folder.c, schema.object_key.c, schema.item.c, schema.content.c, schema.timeline.c
_COPY: Final = (
    select(_f.id, _i.name, _c.blob, _k.schedule_tag, _k.uid)
    .select_from(
        schema.folder.join(schema.object_key, _k.folder_id == _f.id)
        .join(schema.item, and_(_i.folder_id == _k.folder_id, _i.uid == _k.uid))
        .join(schema.content, _c.id == _i.content_id)
    )
    .where(_f.owner_id == bindparam("owner"), _k.ident == bindparam("ident"))
    .where(_f.id.not_in(select(schema.calendar_source.c.folder_id)))
)
"""Not what is only read from elsewhere: there nobody is invited."""
_TAGS: Final = (
    select(_k.uid, _k.schedule_tag)
    .where(_k.folder_id == bindparam("at"))
    .where(_k.uid.between(bindparam("low"), bindparam("high")))
    .where(_k.schedule_tag != "")
)
_OLDEST: Final = select(_i.uid).where(_i.folder_id == bindparam("at")).order_by(_i.uid).limit(bindparam("most"))
_NOTE: Final = insert(schema.timeline).values(
    {name: bindparam(name) for name in ("at", "owner_id", "ident", "actor", "client", "what", "text")}
)
_TIMELINE: Final = (
    select(_l.at, _l.actor, _l.client, _l.what, _l.text)
    .where(_l.owner_id == bindparam("owner"), _l.ident == bindparam("ident"))
    .order_by(_l.id)
    .limit(bindparam("most"))
)
MOST_LINES: Final = 1000


def guest(tx: Tx, account: AccountId, ident: str) -> Guest:
    """See `ReadTx.guest`."""
    known = by_id(tx.sql, account)
    if known is None or known.kind not in _GUESTS or not known.usable:
        raise NotFound("there is nobody of that address whom one could invite")
    tree = tx.tree(account)
    row = tx.sql.row(_COPY, {"owner": account, "ident": ident}) if ident else None
    at = FolderId(row[0]) if row is not None else _calendar(tree)
    here = tx.open_for_guests(at)
    person = shown(tx, known)
    settings = {name: effective(tx, name, account, known.settings).value for name in _OF_SCHEDULING}
    addresses = frozenset({person.address, *person.aliases, *_by_domain(tx, known)})
    found = Guest(
        account, ident, person.address, addresses, person.name, known.kind, here.id, here.modseq, settings=settings
    )
    return found if row is None else replace(found, item=row[1] or "", blob=BlobId(row[2]), tag=row[3])


def _by_domain(tx: Tx, known: Known) -> Sequence[str]:
    """The address in each alias of its domain."""
    local = known.address.rpartition("@")[0]
    home = by_id(tx.sql, known.domain_id) if known.domain_id is not None else None
    return [f"{local}@{name}" for name in shown(tx, home).aliases] if home is not None else []


def _calendar(tree: Tree) -> FolderId:
    return _default(tree, Role.CALENDAR)


def _default(tree: Tree, role: Role) -> FolderId:
    """Where what somebody is invited to, or is to do, goes when they have nothing of it yet."""
    found = next((node.id for node in tree.nodes.values() if node.role == role), None)
    if found is None:
        raise NotFound(f"{tree.key}: there is no calendar to take an invitation")
    return found


def taken(tx: Tx, account: AccountId, low: int, high: int) -> tuple[Placed, bytes]:
    """See `ReadTx.taken`."""
    tree = tx.tree(account)
    if tree.kind is not PrincipalKind.RESOURCE:
        raise Refused(f"{tree.key} is no room and no equipment")
    return objects.times(tx, tx.open_for_guests(_calendar(tree)), low, high), freebusy.available(tx, account)


# --- writing ----------------------------------------------------------------------------------------------------------


def invite(tx: Tx, visits: Sequence[Visit], beside: FolderId | None) -> None:
    """See `WriteTx.invite`."""
    places = [each.guest.folder for each in visits]
    tx.lock([*places, beside] if beside is not None else places)
    for each in sorted(visits, key=lambda visit: visit.guest.account):
        _visit(tx, each)


def _visit(tx: Tx, visit: Visit) -> None:
    known = visit.guest
    here = tx.open_for_guests(known.folder)
    row = tx.sql.row(_COPY, {"owner": known.account, "ident": known.ident})
    if (row[2] if row is not None else None) != known.blob or (row is not None and row[0] != known.folder):
        raise Overtaken(f"{known.address}: their copy has changed meanwhile")
    if visit.exact and here.modseq != known.modseq:
        raise Overtaken(f"{known.address}: the calendar has changed meanwhile")
    if visit.gone and row is not None:
        item_changes.take(tx, here, item_changes.whole(tx, here, [(Uid(row[4]), Uid(row[4]))]))
    elif visit.new is not None and row is not None:
        item_changes.exchange(tx, here, row[1], visit.new)
    elif visit.new is not None:
        if visit.new.kind == Kind.TASKS:
            here = tx.open_for_guests(_default(tx.tree(known.account), Role.TASKS))
        item_changes.put(tx, here, [(visit.new, Flags.NONE, frozenset())], known.account)
    if visit.message is not None:
        _drop_into_inbox(tx, known, visit)
    write_down(tx, known.account, visit.happened)


def _drop_into_inbox(tx: Tx, known: Guest, visit: Visit) -> None:
    assert visit.message is not None
    at = inbox(tx, known.account)
    here = tx.open_for_guests(at)
    if here.total >= MOST_MESSAGES:
        old = tx.sql.rows(_OLDEST, {"at": at, "most": here.total - MOST_MESSAGES + 1})
        item_changes.take(tx, here, item_changes.whole(tx, here, [(Uid(uid), Uid(uid)) for (uid,) in old]))
        here = tx.open_for_guests(at)
    item_changes.put(tx, here, [(visit.message, Flags.NONE, frozenset())], known.account)


def inbox(tx: Tx, account: AccountId) -> FolderId:
    """The folder where an account's scheduling messages come in; made when the first does."""
    tree = tx.tree(account)
    found = next((node.id for node in tree.nodes.values() if node.role == Role.SCHEDULE_INBOX), None)
    if found is not None:
        return found
    tx.open_for_guests(_calendar(tree))
    names = tree.nodes[tree.root].children
    name = next(
        each
        for number in range(1, len(names) + 2)
        if (each := f"{INBOX_NAME} {number}".removesuffix(" 1")) not in names
    )
    return folder_changes.make(tx, account, tree.root, name, Kind.CALENDAR, Role.SCHEDULE_INBOX)


# --- what is kept beside ----------------------------------------------------------------------------------------------


def schedule_tags(tx: Tx, at: FolderId, only: Uid | None) -> Mapping[Uid, str]:
    """See `ReadTx.schedule_tags`. Takes `r`."""
    here = tx.open(at, Right.READ)
    values = {"at": here.id, "low": only or 0, "high": only or LAST_UID}
    return {Uid(uid): tag for uid, tag in objects.shown(tx, here, tx.sql.rows(_TAGS, values))}


def happened(tx: Tx, at: FolderId, lines: Sequence[Happening]) -> None:
    """See `WriteTx.happened`. Takes `i`."""
    write_down(tx, tx.open(at, Right.INSERT).owner, lines)


def write_down(tx: Tx, owner: AccountId, lines: Sequence[Happening]) -> None:
    """Lines of the timelines of an owner's objects."""
    now = now_micros()
    rows = [
        {
            "at": now,
            "owner_id": owner,
            "ident": each.ident,
            "actor": each.who or tx.who.name,
            "client": each.client or tx.who.client,
            "what": each.what,
            "text": each.text[:2000],
        }
        for each in lines
    ]
    tx.sql.many(_NOTE, rows)


def timeline(tx: Tx, at: FolderId, ident: str) -> Sequence[Happening]:
    """See `ReadTx.timeline`. Takes `r`, and of somebody else's calendar that the object is in it."""
    here = tx.open(at, Right.READ)
    if here.rights & Right.ADMIN != Right.ADMIN and not objects.identified(tx, at, ident):
        raise NotFound(f"UID {ident[:60]!r}: there is no such object here")
    rows = tx.sql.rows(_TIMELINE, {"owner": here.owner, "ident": ident, "most": MOST_LINES})
    return [Happening(what, words, ident, moment(when), who, client) for when, who, client, what, words in rows]
