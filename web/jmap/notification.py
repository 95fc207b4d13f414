"""ShareNotification: what somebody was told of something that is shared with them. RFC 9670 §3.

They are the notices of invitations that every protocol shows (decision 214). Answers to invitations are none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from groupware.model.item import Kind
from groupware.model.sharing import Notice, NoticeKind
from groupware.store.api import ReadTx, WriteTx
from web.jmap import few
from web.jmap.arguments import (
    ChangesArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
)
from web.jmap.errors import SetError
from web.jmap.families import OF_KIND
from web.jmap.granted import MAIL_WORDS, Words, rights_in
from web.jmap.ids import account_id, mailbox_id, principal_id
from web.jmap.kept import number_of, own
from web.jmap.queries import Few, query_changes_of, query_of
from web.jmap.sets import SetArguments, Ways, never, set_few
from web.jmap.turn import Turn

Json = dict[str, Any]
PROPERTIES: Final = (
    "id",
    "created",
    "changedBy",
    "objectType",
    "objectAccountId",
    "objectId",
    "oldRights",
    "newRights",
    "name",
)


def _kind(kind: Kind) -> tuple[str, Words] | None:
    family = OF_KIND.get(kind)
    if family is not None:
        return family.type, family.words
    return ("Mailbox", MAIL_WORDS) if kind == Kind.MAIL else None


def every(tx: ReadTx) -> dict[str, Json]:
    """Those that there are, by id, the oldest first."""
    notices = [each for each in tx.notices() if each.kind == NoticeKind.INVITATION]
    folders = {each.id: each for each in tx.folders()} if notices else {}
    found = {}
    for each in notices:
        at = folders.get(each.folder)
        kind = _kind(at.kind) if at is not None else None
        if at is not None and kind is not None:
            found[f"S{each.number}"] = _told(each, account_id(at.owner), *kind)
    return found


def _told(notice: Notice, account: str, kind: str, words: Words) -> Json:
    return {
        "id": f"S{notice.number}",
        "created": notice.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "changedBy": {
            "name": notice.name or notice.other,
            "email": notice.other,
            "principalId": principal_id(notice.other),
        },
        "objectType": kind,
        "objectAccountId": account,
        "objectId": mailbox_id(notice.folder),
        "oldRights": None,
        "newRights": rights_in(words, notice.rights),
        "name": notice.title or notice.path.rpartition("/")[2],
    }


def state(tx: ReadTx) -> str:
    """Another one whenever there are others."""
    return _digest(every(tx))


def _digest(there: Mapping[str, Json]) -> str:
    text = "\n".join(f"{name} {each['newRights']} {each['name']}" for name, each in there.items())
    return blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`ShareNotification/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Json]]:
        there = every(tx)
        return account_id(own(tx, arguments.account_id)), _digest(there), there

    return await few.get(turn, arguments, PROPERTIES, look)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`ShareNotification/changes`: none, or a client asks for all again: they are few."""
    return await few.changes(turn, arguments, lambda tx: (account_id(own(tx, arguments.account_id)), state(tx)))


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`ShareNotification/set`: they are taken away, and nothing else."""

    def now(tx: ReadTx) -> tuple[str, str]:
        return account_id(own(tx, arguments.account_id)), state(tx)

    no = never("the server makes them; they can be taken away")
    return await set_few(turn, arguments, now, Ways(no, no, partial(_dropped, turn)))


async def _dropped(turn: Turn, name: str) -> bool:
    number = number_of(name, "S")

    def work(tx: WriteTx) -> bool:
        if number is None or name not in every(tx):
            raise SetError("notFound", "there is no such notification")
        tx.drop_notice(number)
        return True

    return await turn.write(work)


async def query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    """`ShareNotification/query`."""
    return await query_of(turn, arguments, partial(_found, arguments))


async def query_changes(turn: Turn, arguments: QueryChangesArguments) -> Mapping[str, Any]:
    """`ShareNotification/queryChanges`."""
    return await query_changes_of(turn, arguments, partial(_found, arguments))


def _found(arguments: QueryArguments | QueryChangesArguments, tx: ReadTx) -> tuple[str, Sequence[str]]:
    account = account_id(own(tx, arguments.account_id))
    return account, _FEW.ids(every(tx).values(), arguments)


_CONDITIONS: Final[Mapping[str, Callable[[Json, str], bool]]] = {
    "after": lambda each, value: bool(each["created"] >= value),
    "before": lambda each, value: bool(each["created"] < value),
    "objectType": lambda each, value: bool(each["objectType"] == value),
    "objectAccountId": lambda each, value: bool(each["objectAccountId"] == value),
}
_SORTS: Final[Mapping[str, Callable[[Json], str]]] = {"created": lambda each: str(each["created"])}
_FEW: Final = Few("notifications", _CONDITIONS, _SORTS)
