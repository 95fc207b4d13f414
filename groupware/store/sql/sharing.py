"""Invitations to what is shared: the state of a grant, and notices of it (decision 214).

A notice is a row of whom it is for; it goes with its folder, with either of the two people, and with the grant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, or_, select, update

from groupware.model.errors import NotFound
from groupware.model.ids import AccountId, FolderId
from groupware.model.principal import PrincipalKind
from groupware.model.rights import Grant, Right
from groupware.model.sharing import Notice, NoticeKind, ShareState
from groupware.model.times import moment, now_micros
from groupware.store.api import Where

from . import grants, schema
from .engine import Row
from .folder_changes import subscribe
from .guard import Opened
from .tx import Tx

_n, _g = schema.notice.c, schema.grant.c
_other = schema.principal.alias("other")
_STATES: Final = select(_g.folder_id, _g.state).where(_g.grantee_id == bindparam("grantee"), _g.state != "")
_owner, _grantee = schema.principal.alias("owner"), schema.principal.alias("grantee")
_ROOTS: Final = (
    select(_owner.c.id, _owner.c.key, _g.allow)
    .select_from(
        schema.grant.join(_grantee, _grantee.c.id == _g.grantee_id).join(_owner, _owner.c.root_id == _g.folder_id)
    )
    .where(_grantee.c.key.in_(bindparam("names", expanding=True)))
    .where(_owner.c.kind == PrincipalKind.ACCOUNT.value, _owner.c.enabled)
    .where(or_(_g.expires.is_(None), _g.expires > bindparam("now")))
    .order_by(_owner.c.key)
)
_SET_STATE: Final = (
    update(schema.grant)
    .where(_g.folder_id == bindparam("at"), _g.grantee_id == bindparam("grantee"))
    .values(state=bindparam("now_is"))
)
_OF: Final = (
    select(_n.id, _n.kind, _n.folder_id, _other.c.key, _other.c.name, _n.state, _n.title, _n.created)
    .select_from(schema.notice.join(_other, _other.c.id == _n.other_id))
    .where(_n.account_id == bindparam("account"))
    .order_by(_n.id)
)
_DROP: Final = delete(schema.notice).where(_n.account_id == bindparam("account"), _n.id == bindparam("number"))
_CLEAR: Final = delete(schema.notice).where(
    _n.account_id == bindparam("account"), _n.folder_id == bindparam("at"), _n.kind == bindparam("what")
)
_CLEAR_OF: Final = _CLEAR.where(_n.other_id == bindparam("other"))
_PUT: Final = insert(schema.notice).values(
    account_id=bindparam("account"),
    folder_id=bindparam("at"),
    other_id=bindparam("other"),
    kind=bindparam("what"),
    state=bindparam("state"),
    title=bindparam("title"),
    created=bindparam("now"),
)


def share(tx: Tx, at: Where, grantee: str, rights: Right, keep: Right, title: str) -> None:
    """See `WriteTx.share`. `a`."""
    here = tx.open(at, Right.ADMIN)
    number, key, kind = grants.known_grantee(tx, grantee)
    old = _row(here, key)
    deny, ends, why = (old.deny, old.expires, old.reason) if old is not None else (Right.NONE, None, "")
    grants.grant(tx, here.id, key, rights & ~deny, deny, ends, why, keep=keep)
    if kind != PrincipalKind.ACCOUNT or (old is not None and old.state == ShareState.ACCEPTED):
        return
    _turn(tx, here, number, ShareState.INVITED)
    _tell(tx, AccountId(number), here, here.owner, NoticeKind.INVITATION, ShareState.INVITED, title)


def answer(tx: Tx, at: FolderId, *, accept: bool) -> None:
    """See `WriteTx.answer_share`."""
    here = tx.open(at, Right.LOOKUP)
    row = _row(here, tx.who.name)
    if row is None:
        raise NotFound(f"folder {here.path}: nobody has invited you to it by name")
    state = ShareState.ACCEPTED if accept else ShareState.DECLINED
    me = tx.who.account
    subscribe(tx, here.path, on=accept)
    tx.sql.change(_CLEAR, {"account": me, "at": here.id, "what": NoticeKind.INVITATION.value})
    if row.state == state:
        return
    _turn(tx, here, me, state)
    if here.tree.kind is not PrincipalKind.PUBLIC and row.state:
        _tell(tx, here.owner, here, me, NoticeKind.ANSWER, state, "")


def states(tx: Tx) -> Mapping[FolderId, ShareState]:
    """See `ReadTx.share_states`."""
    return {FolderId(at): ShareState(state) for at, state in tx.sql.rows(_STATES, {"grantee": tx.who.account})}


def delegations(tx: Tx) -> Sequence[tuple[AccountId, str, Right]]:
    """See `ReadTx.delegations`."""
    names = sorted(each for each in tx.who.identifiers if "@" in each and not each.startswith("postmaster:"))
    found: dict[tuple[int, str], Right] = {}
    rows: Sequence[Row] = tx.sql.execute(_ROOTS, {"names": names, "now": now_micros()}).all()
    for owner, address, allow in rows:
        found[owner, address] = found.get((owner, address), Right.NONE) | Right(allow)
    return [(AccountId(number), key, rights) for (number, key), rights in found.items()]


def notices(tx: Tx) -> Sequence[Notice]:
    """See `ReadTx.notices`."""
    rows = tx.sql.rows(_OF, {"account": tx.who.account})
    there = tx.open_each([FolderId(row[2]) for row in rows])
    found = []
    for number, kind, at, other, name, state, title, created in rows:
        here = there.get(FolderId(at))
        if here is None:  # nothing of what one may not look up any more
            continue
        row = _row(here, other if kind == NoticeKind.ANSWER else tx.who.name)
        found.append(
            Notice(
                number,
                NoticeKind(kind),
                here.id,
                here.tree.key,
                here.tree.path(here.id),
                other,
                name,
                ShareState(state),
                row.allow if row is not None else Right.NONE,
                title,
                moment(created),
            )
        )
    return found


def drop(tx: Tx, number: int) -> None:
    """See `WriteTx.drop_notice`."""
    if not tx.sql.change(_DROP, {"account": tx.who.account, "number": number}):
        raise NotFound(f"there is no notice of the number {number}")
    moved(tx, tx.who.account)


def _row(here: Opened, key: str) -> Grant | None:
    return next((each for each in here.tree.grants.get(here.id, ()) if each.grantee == key), None)


def _turn(tx: Tx, here: Opened, grantee: int, state: ShareState) -> None:
    tx.sql.change(_SET_STATE, {"at": here.id, "grantee": grantee, "now_is": state.value})
    modseq = tx.bump(here.owner)
    tx.move_epoch(here.owner)
    tx.journal_row("share", here, modseq, {"grantee": grantee, "state": state.value})


def _tell(
    tx: Tx, whom: AccountId, at: Opened, other: AccountId, kind: NoticeKind, state: ShareState, title: str
) -> None:
    """One notice of that kind of the folder and the other one."""
    values = {"account": whom, "at": at.id, "other": other, "what": kind.value}
    tx.sql.change(_CLEAR_OF, values)
    tx.sql.change(_PUT, {**values, "state": state.value, "title": title[:1000], "now": now_micros()})
    moved(tx, whom)


def moved(tx: Tx, account: AccountId) -> None:
    """Something for that account alone has changed: whoever watches what is the account's own watches its root."""
    modseq = tx.bump(account)
    root = tx.tree(account).root
    tx.note_change("notice", account, root, modseq, {})
    tx.marks[root] = modseq
