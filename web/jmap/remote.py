"""RemoteMailbox: mailboxes on other servers whose mail is fetched for one's own account. Decision 304.

The password is given and never told. What the server sets says how fetching goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

from groupware.model.fetched import apart
from groupware.model.ids import AccountId, FolderId
from groupware.model.remote import PORTS, RemoteBox, RemoteTls
from groupware.model.times import now_micros
from groupware.store.api import ReadTx, WriteTx
from mailcore.rpop.secret import sealed
from web.jmap.errors import SetError
from web.jmap.fetched import FetchArguments, Fetched
from web.jmap.headers_of import utc
from web.jmap.ids import folder_of, mailbox_id
from web.jmap.kept import number_of
from web.jmap.sets import Given, SetArguments, Ways, invalid, typed, unknown_property
from web.jmap.turn import Turn

_CHOSEN: Final = ("host", "port", "tls", "user", "mailboxId", "minutes", "keep", "isEnabled")
_SETTABLE: Final = frozenset({*_CHOSEN, "password"})
PROPERTIES: Final = (
    "id",
    *_CHOSEN,
    "isFetching",
    "lastFetched",
    "nextFetch",
    "fetched",
    "failures",
    "error",
    "errorReason",
)
_DEFAULT_MINUTES: Final = 15


def value(tx: ReadTx) -> Mapping[str, Any]:
    """What the capability promises of one's own account."""
    most = int(tx.setting("rpopConnectionCount").value) if tx.setting("rpop").value else 0
    return {"maxRemoteMailboxes": most, "minMinutes": int(tx.setting("rpopRetrievalInterval").value)}


def _id(box: RemoteBox) -> str:
    return f"B{box.number}"


def _told(box: RemoteBox) -> Mapping[str, Any]:
    said, code = apart(box.said)
    return {
        "id": _id(box),
        "host": box.host,
        "port": box.port,
        "tls": box.tls,
        "user": box.user,
        "mailboxId": None if box.folder is None else mailbox_id(box.folder),
        "minutes": box.minutes,
        "keep": box.keep,
        "isEnabled": box.enabled,
        "isFetching": box.lease > now_micros(),
        "lastFetched": utc(box.done) if box.done else None,
        "nextFetch": utc(box.due) if box.enabled else None,
        "fetched": box.fetched,
        "failures": box.tries,
        "error": said or None,
        "errorReason": code or None,
    }


def _every(tx: ReadTx) -> Mapping[str, Mapping[str, Any]]:
    return {_id(each): _told(each) for each in tx.remote_boxes()}


_BOXES: Final = Fetched(
    PROPERTIES,
    _every,
    "rpop",
    "this server does not fetch mail from other servers at present; its administrator can have it do so",
)
get = _BOXES.get


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`RemoteMailbox/set`."""
    ways = Ways(partial(_create, turn, turn.who.account), partial(_update, turn), partial(_destroy, turn))
    return await _BOXES.set_(turn, arguments, ways)


async def fetch(turn: Turn, arguments: FetchArguments) -> Mapping[str, Any]:
    """`RemoteMailbox/fetch`."""
    return await _BOXES.fetch(turn, arguments, lambda tx, name: tx.hasten_remote_box(number_of(name, "B") or 0))


async def _create(turn: Turn, owner: AccountId, given: Given) -> Mapping[str, Any]:
    _BOXES.check_at_work(turn)
    least = await turn.read(lambda tx: int(tx.setting("rpopRetrievalInterval").value))
    new = RemoteBox(0, owner, "", 0, "implicit", "", "", None, max(_DEFAULT_MINUTES, least), True)
    new = _changed(turn, new, {"tls": "start" if given.get("port") == PORTS["start"] else "implicit", **given})
    new = new if given.get("port") is not None else replace(new, port=PORTS[new.tls])

    def work(tx: WriteTx) -> RemoteBox:
        number = tx.put_remote_box(new)
        return next(each for each in tx.remote_boxes() if each.number == number)

    told = _told(await turn.write(work))
    return {name: each for name, each in told.items() if name not in given}


async def _update(turn: Turn, name: str, given: Given) -> bool:
    def work(tx: WriteTx) -> bool:
        known = next((each for each in tx.remote_boxes() if _id(each) == name), None)
        if known is None:
            raise SetError("notFound", "there is no such mailbox of another server")
        tx.put_remote_box(_changed(turn, replace(known, secret=""), given))
        return True

    return await turn.write(work)


async def _destroy(turn: Turn, name: str) -> bool:
    await turn.write(lambda tx: tx.drop_remote_box(number_of(name, "B") or 0))
    return True


def _changed(turn: Turn, box: RemoteBox, given: Given) -> RemoteBox:
    """The box with what a client sets. `SetError`; what a value may be is the store's to say."""
    unknown_property(given, PROPERTIES, _SETTABLE)
    texts = {name: typed(given, name, str, "a string") for name in ("host", "user", "password") if name in given}
    numbers = {name: typed(given, name, int, "a whole number") for name in ("port", "minutes") if name in given}
    flags = {name: typed(given, name, bool, "true or false") for name in ("keep", "isEnabled") if name in given}
    if given.get("tls", "start") not in PORTS:
        raise invalid("tls", "`implicit` or `start` is wanted")
    return replace(
        box,
        host=texts.get("host", box.host),
        port=numbers.get("port", box.port),
        tls=cast(RemoteTls, given.get("tls", box.tls)),
        user=texts.get("user", box.user),
        secret=sealed(texts["password"], turn.parts.secret) if "password" in texts else box.secret,
        folder=_folder(turn, given["mailboxId"]) if "mailboxId" in given else box.folder,
        minutes=numbers.get("minutes", box.minutes),
        keep=flags.get("keep", box.keep),
        enabled=flags.get("isEnabled", box.enabled),
    )


def _folder(turn: Turn, name: object) -> FolderId | None:
    if name is None:
        return None
    number = folder_of(turn.real(name)) if isinstance(name, str) else None
    if number is None:
        raise invalid("mailboxId", "the id of a mailbox is wanted, or null for the inbox")
    return number
