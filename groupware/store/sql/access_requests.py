"""Requests for access: somebody asks the owner of a tree to share something of it (decision 314).

1. Asking opens nothing: a request is taken in the same words whether or not there is a folder of that path.
2. It is bound: so many of one who asks in a day, so many that wait for one owner, and none again soon after a refusal.
3. Who answers is the owner; what is granted is a grant like all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from groupware.model.errors import NotFound, Refused
from groupware.model.folder import SEPARATOR
from groupware.model.ids import AccountId, FolderId
from groupware.model.principal import PrincipalKind
from groupware.model.rights import Right
from groupware.model.sharing import LONGEST_ASKED, AccessRequest, RequestState
from groupware.model.times import moment, now_micros

from . import grants, people, schema, sharing
from .paths import walk
from .tree import Tree
from .tx import Tx

A_DAY: Final = 10
"""Requests of one who asks within a day."""
WAITING: Final = 100
"""Requests that wait for one owner."""
_SECOND: Final = 1_000_000
DAY: Final = 86_400 * _SECOND
AGAIN: Final = 7 * DAY
"""After a refusal the same is not asked for."""
KEPT: Final = 90 * DAY
_r = schema.access_request.c
_owner, _asker = schema.principal.alias("owner"), schema.principal.alias("asker")
_OF: Final = (
    select(
        _r.id, _r.owner_id, _owner.c.key, _owner.c.name, _asker.c.key, _asker.c.name, _r.path, _r.wanted, _r.text,
        _r.state, _r.created,
    )
    .select_from(
        schema.access_request.join(_owner, _owner.c.id == _r.owner_id).join(_asker, _asker.c.id == _r.asker_id)
    )
    .where(
        or_(
            and_(_r.asker_id == bindparam("account"), _r.state != RequestState.WITHDRAWN.value),
            and_(_r.owner_id == bindparam("account"), _r.state == RequestState.WAITING.value),
        )
    )
    .order_by(_r.id)
)  # fmt: skip
_THE_SAME: Final = (_r.owner_id == bindparam("owner"), _r.asker_id == bindparam("account"), _r.path == bindparam("way"))
_BEFORE: Final = select(_r.state, _r.answered).where(*_THE_SAME)
_LATELY: Final = select(func.count()).where(_r.asker_id == bindparam("account"), _r.created > bindparam("since"))
_COUNT: Final = select(func.count()).where(_r.owner_id == bindparam("owner"), _r.state == RequestState.WAITING.value)
_DROP_SAME: Final = delete(schema.access_request).where(*_THE_SAME)
_DROP_OLD: Final = delete(schema.access_request).where(
    _r.asker_id == bindparam("account"), _r.created < bindparam("since")
)
_WITHDRAW: Final = (
    update(schema.access_request)
    .where(_r.id == bindparam("number"), _r.asker_id == bindparam("account"))
    .where(_r.state == RequestState.WAITING.value)
    .values(state=RequestState.WITHDRAWN.value, answered=bindparam("now"))
)
"""It stays, so that it counts."""
_PUT: Final = insert(schema.access_request).values(
    owner_id=bindparam("owner"),
    asker_id=bindparam("account"),
    path=bindparam("way"),
    wanted=bindparam("wanted"),
    text=bindparam("words"),
    state=RequestState.WAITING.value,
    created=bindparam("now"),
)
_ONE: Final = select(_r.asker_id, _r.path).where(
    _r.id == bindparam("number"), _r.owner_id == bindparam("account"), _r.state == RequestState.WAITING.value
)
_ANSWER: Final = (
    update(schema.access_request)
    .where(_r.id == bindparam("number"))
    .values(state=bindparam("now_is"), answered=bindparam("now"))
)
_KEY: Final = select(schema.principal.c.key).where(schema.principal.c.id == bindparam("number"))


def requests(tx: Tx) -> Sequence[AccessRequest]:
    """See `ReadTx.access_requests`."""
    found = []
    for number, owner, whose, whose_name, who, who_name, path, wanted, text, state, created in tx.sql.rows(
        _OF, {"account": tx.who.account}
    ):
        mine = owner != tx.who.account
        found.append(
            AccessRequest(
                number, mine, whose if mine else who, (whose_name if mine else who_name) or "", path,
                None if mine else _meant(tx.tree(AccountId(owner)), path), Right(wanted), text, RequestState(state),
                moment(created),
            )
        )  # fmt: skip
    return found


def _meant(tree: Tree, path: str) -> FolderId | None:
    """The folder of a path, small and capital letters alike; None: there is none."""
    if not path:
        return tree.root
    found = walk(tree, path.split(SEPARATOR))
    if found is not None:
        return found
    plain = path.casefold()
    return next((each for each in tree.nodes if tree.path(each).casefold() == plain), None)


def ask(tx: Tx, whom: str, path: str, wanted: Right, text: str) -> None:
    """See `WriteTx.ask_access`."""
    address, way = whom.strip().lower(), SEPARATOR.join(part.strip() for part in path.split(SEPARATOR) if part.strip())
    if len(way) > LONGEST_ASKED or len(text) > LONGEST_ASKED:
        raise Refused(f"a path, and what is said with a request, have {LONGEST_ASKED} characters at most")
    if not wanted or Right.ADMIN in wanted:
        raise Refused("ask for something, and not for the right to say who may do what")
    there = [each for each in people.people(tx, address, 1 << 31) if each.address == address]
    if not any(each.kind == PrincipalKind.ACCOUNT for each in there):
        raise NotFound(f"{whom!r}: there is nobody of that address in your domain who could be asked")
    owner, _, _ = grants.known_grantee(tx, address)
    me, now = tx.who.account, now_micros()
    if owner == me:
        raise Refused("it is your own", "ownAlready")
    same = {"owner": owner, "account": me, "way": way}
    before = tx.sql.row(_BEFORE, same)
    if before is not None and before[0] == RequestState.WAITING:
        raise Refused("you have asked for that already; it waits for an answer", "askedAlready")
    if before is not None and before[1] > now - (AGAIN if before[0] == RequestState.REFUSED else DAY):
        raise Refused(f"that was {before[0]} lately; ask them in person", "askedLately", status=before[0])
    tx.sql.change(_DROP_OLD, {"account": me, "since": now - KEPT})
    if tx.sql.value(_LATELY, {"account": me, "since": now - DAY}) >= A_DAY:
        raise Refused(f"you have asked {A_DAY} times within a day; ask again tomorrow", "askedTooOften", most=A_DAY)
    if tx.sql.value(_COUNT, {"owner": owner}) >= WAITING:
        many = "so many are waiting for an answer of theirs that no more are taken; try again later"
        raise Refused(many, "tooManyWait")
    tx.sql.change(_DROP_SAME, same)
    tx.sql.change(_PUT, {**same, "wanted": wanted.value, "words": text, "now": now})
    sharing.moved(tx, AccountId(owner))
    sharing.moved(tx, me)


def answer(tx: Tx, number: int, at: FolderId | None, rights: Right) -> None:
    """See `WriteTx.answer_access`."""
    found = tx.sql.row(_ONE, {"number": number, "account": tx.who.account})
    if found is None:
        raise NotFound("there is no such request any more")
    asker, state = AccountId(found[0]), RequestState.REFUSED
    if at is not None and rights:
        here, state = tx.open(at, Right.ADMIN), RequestState.GRANTED
        if here.owner != tx.who.account:
            raise Refused("what was asked for is yours: name a folder of your own")
        key = str(tx.sql.value(_KEY, {"number": asker}))
        old = next((each.allow for each in here.tree.grants.get(here.id, ()) if each.grantee == key), Right.NONE)
        sharing.share(tx, here.id, key, old | rights, Right.NONE, "")
    tx.sql.change(_ANSWER, {"number": number, "now_is": state.value, "now": now_micros()})
    sharing.moved(tx, tx.who.account)
    sharing.moved(tx, asker)


def withdraw(tx: Tx, number: int) -> None:
    """See `WriteTx.withdraw_request`."""
    if not tx.sql.change(_WITHDRAW, {"number": number, "account": tx.who.account, "now": now_micros()}):
        raise NotFound("there is no such request any more")
    sharing.moved(tx, tx.who.account)
