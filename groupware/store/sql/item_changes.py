"""Items put in, replaced and taken away.

1. A UID is given out once: from `folder.uidnext`, which only grows.
2. The counters of a folder and of its owner change with what they count, in one statement each.
3. What leaves a folder leaves a tombstone, which holds on to the content until its retention ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update

from groupware.model.errors import AlreadyExists, Conflict, NoRight, NotFound, Refused
from groupware.model.flags import MOST_KEYWORDS, Flags, permitted_mask
from groupware.model.ids import AccountId, FolderId, ItemId, ModSeq, Uid, Uids
from groupware.model.item import Item, Kind, NewItem
from groupware.model.rights import Right
from groupware.model.times import micros, now_micros

from . import contents, items, objects, occasions, personal, properties, schema, tombstones
from .engine import Row
from .guard import SERVER, Opened, check_unfed
from .items import SEEN
from .room import check_room
from .tx import Tx

DELETED: Final = Flags.DELETED.value
MAX_ITEM_NAME: Final = 255
_f, _i = schema.folder.c, schema.item.c
_COUNT: Final = (
    update(schema.folder)
    .where(_f.id == bindparam("at"))
    .values(
        uidnext=_f.uidnext + bindparam("uids"),
        modseq=bindparam("new_modseq"),
        total=_f.total + bindparam("items"),
        unseen=_f.unseen + bindparam("not_seen"),
        deleted=_f.deleted + bindparam("marked"),
        bytes=_f.bytes + bindparam("octets"),
        extra=_f.extra + bindparam("more"),
        copies=_f.copies + bindparam("copied"),
    )
    .returning(_f.uidnext)
)
INSERT: Final = insert(schema.item).values(
    {
        name: bindparam(name)
        for name in (
            "folder_id",
            "uid",
            "id",
            "modseq",
            "flags",
            "keywords",
            "size",
            "saved",
            "arrived",
            "content_id",
            "name",
            "author_id",
            "extra",
            "created",
            "origin",
        )
    }
)
INSERT_SEEN: Final = insert(schema.seen).values(
    account_id=bindparam("account"),
    folder_id=bindparam("at"),
    uid=bindparam("number"),
    modseq=bindparam("now"),
    seen=True,
)
_WHOLE: Final = (
    select(
        _i.uid,
        _i.modseq,
        _i.flags,
        _i.keywords,
        _i.id,
        _i.size,
        _i.saved,
        _i.content_id,
        _i.name,
        _i.author_id,
        _i.arrived,
        _i.extra,
        _i.created,
        _i.origin,
    )
    .where(_i.folder_id == bindparam("at"))
    .where(_i.uid.between(bindparam("low"), bindparam("high")))
    .order_by(_i.uid)
)
_TAKEN: Final = select(_i.uid).where(_i.folder_id == bindparam("at")).where(_i.name == bindparam("name"))


# --- what changes with every change -------------------------------------------------------------------------------


def count(
    tx: Tx,
    at: Opened,
    modseq: ModSeq,
    *,
    uids: int = 0,
    items: int = 0,
    unseen: int = 0,
    deleted: int = 0,
    octets: int = 0,
    extra: int = 0,
    copies: int = 0,
) -> Uid:
    """Move a folder's counters; gives back its next UID as it was before."""
    row = tx.sql.returning(
        _COUNT,
        {
            "at": at.id,
            "new_modseq": modseq,
            "uids": uids,
            "items": items,
            "not_seen": unseen,
            "marked": deleted,
            "octets": octets,
            "more": extra,
            "copied": copies,
        },
    )
    assert row is not None
    tx.touch(at.owner)
    return Uid(row[0] - uids)


# --- putting in -----------------------------------------------------------------------------------------------------


def append(tx: Tx, at: FolderId, new: Sequence[NewItem]) -> Sequence[Item]:
    """Puts items in. `i`; flags that the principal may not set are left off. `OverQuota`."""
    here = tx.open(at, Right.INSERT)
    mask, may_words = permitted_mask(here.rights)
    author = tx.who.account if tx.who.account != SERVER else None
    found = put(
        tx, here, [(each, each.flags & mask, each.keywords if may_words else frozenset()) for each in new], author
    )
    if found:
        occasions.put_in(tx, here, [item.uid for item in found], "APPEND")
    return found


Flagged = tuple[NewItem, Flags, frozenset[str]]


def put(tx: Tx, here: Opened, new: Sequence[Flagged], author: AccountId | None) -> Sequence[Item]:
    """Puts items into a folder that has been opened for that. `OverQuota`, `AlreadyExists`, `Refused`."""
    if here.parent is None:
        raise Refused("the root of a tree holds folders only; choose a folder in it")
    if not new:
        return ()
    if any(len(keywords) > MOST_KEYWORDS for _, _, keywords in new):
        raise Refused(f"a message has up to {MOST_KEYWORDS} keywords")
    octets = sum(each.size for each, _, _ in new)
    check_room(tx, here, len(new), octets)
    _check_names(tx, here, [each for each, _, _ in new])
    for each, _, _ in new:
        objects.check_mail(here, each.kind)
    objects.check_new(tx, here, [each.object for each, _, _ in new if each.object is not None])
    modseq = tx.bump(here.owner, octets, len(new))
    own_seen = [bool(here.reader) and Flags.SEEN in flags for _, flags, _ in new]
    stored = [flags.value & ~SEEN if here.reader else flags.value for _, flags, _ in new]
    first = count(
        tx,
        here,
        modseq,
        uids=len(new),
        items=len(new),
        unseen=sum(not flags & SEEN for flags in stored),
        deleted=sum(bool(flags & DELETED) for flags in stored),
        octets=octets,
        extra=sum(each.extra for each, _, _ in new),
    )
    now = now_micros()
    rows = []
    for number, ((each, _, keywords), flags) in enumerate(zip(new, stored, strict=True)):
        content = contents.hold(tx, each, 1, here.owner)
        rows.append(
            item_row(here.id, first + number, modseq, flags, " ".join(sorted(keywords)), each, now, content, author)
        )
    tx.sql.many(INSERT, rows)
    for row, (each, _, _) in zip(rows, new, strict=True):
        if each.object is not None:
            objects.put(tx, here, row["uid"], each.object)
    seen = [row["uid"] for row, own in zip(rows, own_seen, strict=True) if own]
    tx.sql.many(INSERT_SEEN, [{"account": here.reader, "at": here.id, "number": uid, "now": modseq} for uid in seen])
    tx.journal_row("item.added", here, modseq, {"first": first, "count": len(new)})
    return [
        Item(
            Uid(row["uid"]),
            modseq,
            flags.value,
            row["keywords"],
            ItemId(row["id"]),
            each.size,
            row["saved"],
            each.blob,
            each.name or "",
            author,
            now,
            each.extra,
            ItemId(row["id"]),
        )
        for row, (each, flags, _) in zip(rows, new, strict=True)
    ]


def item_row(
    at: FolderId,
    uid: int,
    modseq: ModSeq,
    flags: int,
    keywords: str,
    new: NewItem,
    now: int,
    content: int,
    author: AccountId | None,
) -> dict[str, Any]:
    """What `INSERT` takes."""
    return {
        "folder_id": at,
        "uid": uid,
        "id": at << 32 | uid,  # no other item ever had this folder and this UID
        "modseq": modseq,
        "flags": flags,
        "keywords": keywords,
        "size": new.size,
        "saved": now if new.saved is None else micros(new.saved),
        "arrived": now,
        "content_id": content,
        "name": new.name,
        "author_id": author,
        "extra": new.extra,
        "created": modseq,
        "origin": None,
    }


def _check_names(tx: Tx, here: Opened, new: Sequence[NewItem]) -> None:
    names = [each.name for each in new if each.name is not None]
    for name in names:
        if names.count(name) > 1:
            raise AlreadyExists(f"{name!r}: two items cannot have the same name")
        check_name(tx, here, name)


def check_name(tx: Tx, here: Opened, name: str) -> None:
    """`Refused` for a name that no item can have, `AlreadyExists` for one that an item of the folder has."""
    if len(name) > MAX_ITEM_NAME:
        raise Refused(f"{name[:40]!r}...: the name of an item has {MAX_ITEM_NAME} characters at most")
    if name_taken(tx, here, name):
        raise AlreadyExists(f"{name!r}: there is an item of that name already")


def name_taken(tx: Tx, here: Opened, name: str) -> bool:
    """Whether an item of the folder has this name, be it hidden or not."""
    return tx.sql.row(_TAKEN, {"at": here.id, "name": name}) is not None


def replace(tx: Tx, at: FolderId, name: str, new: NewItem, if_modseq: ModSeq | None) -> Item:
    """Another content under the same name, same id and a new UID. `i`, `t` and `e`, or edit-own. `Conflict`."""
    here = tx.open(at, Right.READ)
    row = items.named(tx, here, name)
    if row is None:
        raise NotFound(f"{name!r}: there is no item of that name in {here.path}")
    return _changed(tx, here, Item(*row), new, if_modseq, repr(name))


def rewrite(tx: Tx, at: FolderId, uid: Uid, new: NewItem, if_modseq: ModSeq | None) -> Item:
    """The same for an item by its UID."""
    here = tx.open(at, Right.READ)
    found = items.items(tx, at, [(uid, uid)], summary=False, limit=1)
    if not found:
        raise NotFound(f"item {uid}: it is not in {here.path} any more")
    return _changed(tx, here, found[0], new, if_modseq, f"item {uid}")


def _changed(tx: Tx, here: Opened, old: Item, new: NewItem, if_modseq: ModSeq | None, called: str) -> Item:
    """Another content of an item, for who may; `called` is how errors call it."""
    needed = Right.INSERT | Right.TRASH | Right.EXPUNGE
    mine = Right.EDIT_OWN in here.rights and old.author == tx.who.account
    if needed not in here.rights and not mine:
        check_unfed(here)
        raise NoRight(f"{called}: changing it takes insert, delete and expunge here, or to have made it; ask the owner")
    if if_modseq is not None and if_modseq != old.modseq:
        raise Conflict(f"{called}: it has changed since you read it; read it again")
    return _exchanged(tx, here, old, new)


def exchange(tx: Tx, here: Opened, name: str, new: NewItem) -> Item:
    """Another content under a name in a folder that has been opened for that. `OverQuota`, `Refused`, `NotFound`."""
    row = items.named(tx, here, name)
    if row is None:
        raise NotFound(f"{name!r}: there is no item of that name in {here.path}")
    return _exchanged(tx, here, Item(*row), new)


def _exchanged(tx: Tx, here: Opened, old: Item, new: NewItem) -> Item:
    check_room(tx, here, 0, new.size - old.size)
    objects.check_kind(here, new.object)
    if new.object is not None:
        objects.check(tx, here, new.object, but=old.uid)
    former = whole(tx, here, [(old.uid, old.uid)])
    content = contents.hold(tx, new, 1, here.owner)  # while the former is there: what is attached may be in that alone
    modseq = tx.bump(here.owner, new.size - old.size, 0)
    mail = here.kind == Kind.MAIL
    more = int(mail) - int(former[0][13] is not None)
    uid = count(tx, here, modseq, uids=1, octets=new.size - old.size, extra=new.extra - former[0][11], copies=more)
    personal.follow(tx, here, here, [(old.uid, uid)], modseq)
    tombstones.bury(tx, here, former, modseq, keep=True)
    values = item_row(here.id, uid, modseq, former[0][2], former[0][3], new, now_micros(), content, old.author)
    name = old.name or None
    email = ItemId(values["id"]) if mail else old.id  # another message is another email
    values.update(id=old.id, name=name, created=former[0][12], origin=email if mail else None)
    tx.sql.many(INSERT, [values])
    if new.object is not None:
        objects.put(tx, here, uid, new.object)
    tx.journal_row("item.replaced", here, modseq, {"uid": uid, "name": old.name})
    flags = former[0][2] & ~SEEN if here.reader else former[0][2]
    rest = (old.id, new.size, values["saved"], new.blob, old.name, old.author, values["arrived"], new.extra, email)
    return Item(uid, modseq, flags, former[0][3], *rest)


# --- taking away ----------------------------------------------------------------------------------------------------


def expunge(tx: Tx, at: FolderId, uids: Uids, *, deleted_only: bool) -> Sequence[Uid]:
    """Takes items away, by default only those that carry \\Deleted. `e`, or delete-own on one's own items.

    Without that mark it takes `t` as well: who may not set it may not take away what nobody has marked.
    """
    here = tx.open(at, Right.LOOKUP)
    need = Right.EXPUNGE if deleted_only else Right.EXPUNGE | Right.TRASH
    gone = [row for row in removable(tx, here, uids, need) if not deleted_only or row[2] & DELETED]
    if not gone:
        return []
    take(tx, here, gone)
    return [Uid(row[0]) for row in gone]


def take(tx: Tx, here: Opened, gone: Sequence[Row]) -> None:
    """Takes whole rows out of a folder that has been opened for that."""
    modseq = tx.bump(here.owner, -sum(row[5] for row in gone), -len(gone))
    leave(tx, here, gone, modseq)
    tombstones.bury(tx, here, gone, modseq, keep=True)
    personal.drop(tx, here, [row[0] for row in gone])
    properties.drop(tx, [row[4] for row in gone])
    facts = {"count": len(gone), "first": gone[0][0], "last": gone[-1][0]}
    tx.journal_row("item.removed", here, modseq, facts)


def removable(tx: Tx, here: Opened, uids: Uids, need: Right) -> list[Row]:
    """The whole rows in these ranges that the principal may take away. `NoRight` when it may never."""
    own_only = need not in here.rights
    if own_only and Right.DELETE_OWN not in here.rights:
        check_unfed(here)
        raise NoRight(f"folder {here.path}: taking items away takes the right to expunge; ask its owner")
    return [row for row in whole(tx, here, uids) if not own_only or row[9] == tx.who.account]


def whole(tx: Tx, here: Opened, uids: Uids) -> list[Row]:
    asked = items.narrowed(uids, here)
    found: list[Row] = []
    for low, high in asked:
        found.extend(objects.shown(tx, here, tx.sql.rows(_WHOLE, {"at": here.id, "low": low, "high": high})))
    entire = len(asked) > 1 or len(uids) == 1
    return found if entire else list(items.only(found, uids))


def leave(tx: Tx, here: Opened, rows: Sequence[Row], modseq: ModSeq) -> None:
    """Count these items out."""
    count(
        tx,
        here,
        modseq,
        items=-len(rows),
        unseen=-sum(not row[2] & SEEN for row in rows),
        deleted=-sum(bool(row[2] & DELETED) for row in rows),
        octets=-sum(row[5] for row in rows),
        extra=-sum(row[11] for row in rows),
        copies=-sum(row[13] is not None for row in rows),
    )
