"""Mail that was sent to somebody, put into all the folders where it goes at once.

What it costs does not grow by statements with the recipients: one reads all the folders, and each of those that change
something runs once over all rows. A recipient whose folder cannot take the message holds up nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, update

from groupware.model.errors import GroupwareError, NoRight, NotFound, OverQuota, Refused
from groupware.model.event import Landing, Target
from groupware.model.flags import Flags
from groupware.model.folder import Role, levels_of
from groupware.model.ids import AccountId, FolderId, Uid
from groupware.model.item import Kind, NewItem
from groupware.model.rights import Right
from groupware.model.times import now_micros

from . import contents, mailinglists, objects, schema, warnings
from .guard import Opened, absent, admit
from .item_changes import DELETED, INSERT, item_row
from .items import SEEN
from .paths import walk
from .room import check_room, note_full
from .tree import Tree
from .tx import Tx

OF_ONE_RECIPIENT: Final = (NotFound, NoRight, Refused, OverQuota)
"""What one recipient's folder can say. Anything else, a full disk for instance, concerns the whole message."""
_f = schema.folder.c
_COUNT: Final = (
    update(schema.folder)
    .where(_f.id == bindparam("at"))
    .values(
        uidnext=_f.uidnext + 1,
        modseq=bindparam("new_modseq"),
        total=_f.total + 1,
        unseen=_f.unseen + bindparam("not_seen"),
        deleted=_f.deleted + bindparam("marked"),
        bytes=_f.bytes + bindparam("octets"),
        extra=_f.extra + bindparam("more"),
    )
)


def deliver(tx: Tx, to: Sequence[Target], new: NewItem) -> Sequence[Landing | GroupwareError]:
    """See `WriteTx.deliver`. `p` on each folder; owners are locked in their order."""
    verdicts: dict[FolderId, Landing | GroupwareError] = {}
    places = _places(tx, to)
    waiting = {each.id: each for each in places if isinstance(each, Opened)}
    while waiting:  # one folder of each owner at a time: what its quota says depends on what went before
        some = {each.owner: each for each in reversed(waiting.values())}
        verdicts.update(_put(tx, [some[owner] for owner in sorted(some)], new))
        waiting = {at: each for at, each in waiting.items() if at not in verdicts}
        waiting = {at: tx.open(at, Right.POST) for at in waiting}
    _tell_lists(
        tx,
        [
            (target.tag, place, verdict.uid)
            for target, place in zip(to, places, strict=True)
            if target.kind == "list"
            and isinstance(place, Opened)
            and isinstance(verdict := verdicts[place.id], Landing)
        ],
    )
    return [each if not isinstance(each, Opened) else verdicts[each.id] for each in places]


def _tell_lists(tx: Tx, got: Sequence[tuple[str, Opened, Uid]]) -> None:
    """Has lists look at what they have got; the list itself comes before its other addresses."""
    first = {each[1].id: each for each in sorted(got, key=lambda each: -len(each[0]))}
    for tag, place, uid in first.values():
        mailinglists.arrived(tx, place, uid, tag)


def tell_of_quota(tx: Tx, owner: AccountId, letter: NewItem) -> Landing | None:
    """See `WriteTx.tell_of_quota`. The operator alone."""
    at = _inbox(tx.tree(owner)) if warnings.told(tx, owner) else None
    return _store(tx, [tx.open(at, Right.POST)], letter)[at] if at is not None else None


def _put(tx: Tx, at: Sequence[Opened], new: NewItem) -> Mapping[FolderId, Landing | GroupwareError]:
    """Puts the message into folders of different owners: for each where it is, or why it cannot take it."""
    refusals = {each.id: refusal for each in at if (refusal := _refusal(tx, each, new)) is not None}
    taking = [each for each in at if each.id not in refusals]
    return {**refusals, **(_store(tx, taking, new) if taking else {})}


def _store(tx: Tx, at: Sequence[Opened], new: NewItem) -> Mapping[FolderId, Landing]:
    modseqs = tx.bump_each(at, new.size)
    content, now = contents.hold(tx, new, len(at)), now_micros()
    counts, rows = [], []
    for here in at:
        modseq = modseqs[here.owner]
        flags = new.flags.value & ~SEEN if here.reader else new.flags.value
        counts.append(
            {
                "at": here.id,
                "new_modseq": modseq,
                "not_seen": int(not flags & Flags.SEEN.value),
                "marked": int(bool(flags & DELETED)),
                "octets": new.size,
                "more": new.extra,
            }
        )
        words = " ".join(sorted(new.keywords))
        rows.append(item_row(here.id, here.uidnext, modseq, flags, words, new, now, content, None))
        tx.journal_row("item.added", here, modseq, {"first": here.uidnext, "count": 1})
    tx.sql.many(_COUNT, counts)
    tx.sql.many(INSERT, rows)
    return {each.id: Landing(each.id, Uid(each.uidnext)) for each in at}


def _refusal(tx: Tx, at: Opened, new: NewItem) -> GroupwareError | None:
    if at.parent is None:
        return Refused("the root of a tree holds folders only; choose a folder in it")
    try:
        objects.check_mail(at, new.kind)
        check_room(tx, at, 1, new.size)
    except Refused as trouble:
        return trouble
    except OverQuota as trouble:
        note_full(tx, at, new.size)
        return trouble
    return None


# --- where the targets lead


def _places(tx: Tx, to: Sequence[Target]) -> Sequence[Opened | GroupwareError]:
    """The folder of each target, opened for posting."""
    guessed = [_guess(tx, each) for each in to]
    opened = tx.open_each([at for at, _ in guessed if at is not None])
    found: list[Opened | GroupwareError] = []
    for target, (at, tree) in zip(to, guessed, strict=True):
        here = opened.get(at) if at is not None else None
        try:
            if here is None or (tree is not None and here.tree is not tree):
                here = _looked_up(tx, target)  # things have changed since, or it is not there
            found.append(admit(here, Right.POST))
        except OF_ONE_RECIPIENT as error:
            found.append(error)
    return found


def _guess(tx: Tx, target: Target) -> tuple[FolderId | None, Tree | None]:
    """Where the target leads by what is known of the owner's tree, which may be of yesterday."""
    if target.folder is not None:
        return target.folder, None
    tree = tx.memory.newest(AccountId(target.account or 0))
    if tree is None or (target.tag and target.kind != "list"):
        return None, None
    return _inbox(tree), tree


def _inbox(tree: Tree) -> FolderId | None:
    return next((node.id for node in tree.nodes.values() if node.role == Role.INBOX), None)


def _looked_up(tx: Tx, target: Target) -> Opened:
    """Where the target leads: its folder; the folder that a sub-address names; the INBOX. `NotFound`, `NoRight`."""
    if target.folder is not None:
        return tx.open(target.folder, Right.POST)
    assert target.account is not None
    tree = tx.tree(target.account)
    tagged = walk(tree, levels_of(target.tag)) if target.tag and target.kind != "list" else None
    if tagged is not None and tree.nodes[tagged].kind == Kind.MAIL:
        try:
            return tx.open(tagged, Right.POST)
        except OF_ONE_RECIPIENT:
            pass  # closed to mail: the INBOX then, as without a tag
    inbox = _inbox(tree)
    if inbox is None:
        raise absent(f"for {Role.INBOX!r}")
    return tx.open(inbox, Right.POST)
