"""AccessRequest: somebody asks for access, and the owner grants or refuses it at once. Decision 314.

Those that one has made oneself are told with what became of them; those that one is asked wait until they are answered.
Whether there is a folder of the path that is asked for is told to nobody but its owner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from typing import Any, Final

from groupware.model.errors import NotFound
from groupware.model.event import Event
from groupware.model.folder import SEPARATOR
from groupware.model.ids import FolderId
from groupware.model.principal import OPERATOR
from groupware.model.rights import LEVELS, Right, level_of
from groupware.model.sharing import LONGEST_ASKED, AccessRequest, RequestState
from groupware.store.api import ReadTx, WriteTx
from mailcore.queue.letters import Ready, post, ready
from mailcore.queue.trace import say
from web.jmap import few
from web.jmap.access_letters import Asking
from web.jmap.arguments import GetArguments
from web.jmap.errors import SetError
from web.jmap.ids import account_id, folder_of, grantee_of, mailbox_id, principal_id
from web.jmap.kept import number_of, own
from web.jmap.sets import Given, SetArguments, Ways, invalid, set_few, unknown_property
from web.jmap.turn import Turn, owner_in

Json = dict[str, Any]
PROPERTIES: Final = (
    "id",
    "isMine",
    "principalId",
    "email",
    "name",
    "path",
    "folderId",
    "level",
    "text",
    "status",
    "created",
)
_GIVEN: Final = frozenset({"principalId", "path", "folderId", "accountId", "level", "text"})
_ANSWER: Final = frozenset({"status", "level", "folderId"})
LEVELS_ASKED: Final = tuple(name for name, rights in LEVELS.items() if rights and Right.ADMIN not in rights)
_GONE: Final = "there is no such request any more"


def _told(each: AccessRequest) -> Json:
    return {
        "id": f"R{each.number}",
        "isMine": each.mine,
        "principalId": principal_id(each.other),
        "email": each.other,
        "name": each.name or each.other,
        "path": each.path,
        "folderId": mailbox_id(each.folder) if each.folder is not None else None,
        "level": level_of(each.wanted),
        "text": each.text,
        "status": each.state.value,
        "created": each.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def state(tx: ReadTx) -> str:
    """Another one after each request and each answer."""
    lines = [f"{each.number} {each.state}" for each in tx.access_requests()]
    return blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`AccessRequest/get`."""

    def look(tx: ReadTx) -> tuple[str, str, Mapping[str, Json]]:
        there = {f"R{each.number}": _told(each) for each in tx.access_requests()}
        return account_id(own(tx, arguments.account_id)), state(tx), there

    return await few.get(turn, arguments, PROPERTIES, look)


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`AccessRequest/set`: asks, grants or refuses (`status`), and takes back what one has asked."""

    def look(tx: ReadTx) -> tuple[str, str]:
        return account_id(own(tx, arguments.account_id)), state(tx)

    return await set_few(
        turn, arguments, look, Ways(partial(_ask, turn), partial(_answer, turn), partial(_withdraw, turn))
    )


def _level(given: Any) -> Right:
    if given not in LEVELS_ASKED:
        raise invalid("level", f"a level is one of {', '.join(LEVELS_ASKED)}")
    return LEVELS[given]


async def _ask(turn: Turn, given: Given) -> Json:
    """Asks somebody for a folder by its path, or for one that one may look up by its id. `SetError`."""
    unknown_property(given, PROPERTIES, _GIVEN)
    texts = {name: given.get(name) or "" for name in ("principalId", "path", "text")}
    wrong = next((name for name, each in texts.items() if not isinstance(each, str)), None)
    if wrong is not None:
        raise invalid(wrong, "a string is wanted")
    whom, wanted = grantee_of(texts["principalId"]), _level(given.get("level"))
    if whom is None:
        raise invalid("principalId", "it is no principal")

    path = texts["path"]
    if given.get("folderId") is not None:
        path = await turn.read(lambda tx: _path(tx, given))
    name = await turn.read(lambda tx: tx.account(turn.who.account).name)
    asking = Asking(whom.lower(), turn.who.name, name, path, str(given["level"]), texts["text"])
    letter = await _letter(turn, asking)

    def work(tx: WriteTx) -> tuple[Json, Sequence[Event]]:
        try:
            tx.ask_access(whom, path, wanted, asking.text)
        except NotFound as error:
            raise invalid("principalId", str(error)) from None
        made = next(each for each in reversed(tx.access_requests()) if each.mine and each.other == asking.to)
        return {"id": f"R{made.number}"}, post(tx, letter) if letter is not None else ()

    told, events = await turn.write(work)
    say(turn.parts.log("PROCESSING"), events)
    return told


async def _letter(turn: Turn, asking: Asking) -> Ready | None:
    """The letter to the owner, which is written with the request or not at all; None: here no letters are written."""
    if turn.access_letters is None or len(asking.path) > LONGEST_ASKED or len(asking.text) > LONGEST_ASKED:
        return None
    try:
        language = await turn.parts.store.read(
            OPERATOR, lambda tx: str(tx.setting("language", tx.account(asking.to).id).value)
        )
    except NotFound:
        return None  # nobody is told of an account that is not there: the request says that
    parts = turn.parts
    made = await ready(turn.access_letters.written(asking, language), turn.host, parts.clock.now(), parts.blobs)
    return replace(made, envelope=replace(made.envelope, by=turn.who.account))


def _path(tx: ReadTx, given: Given) -> str:
    """The path in its owner's tree of a folder that one sees already. `SetError`."""
    account = given.get("accountId")
    owner = owner_in(tx, account if isinstance(account, str) else "")
    at = folder_of(str(given["folderId"]))
    found = next((each for each in tx.folders(of=owner) if each.id == at and each.exists), None)
    if found is None:
        raise invalid("folderId", "there is no such folder, or it is not shared with you")
    return SEPARATOR.join(found.path.split(SEPARATOR)[2:])


async def _answer(turn: Turn, name: str, patch: Given) -> bool:
    number, status = number_of(name, "R"), patch.get("status")
    if number is None:
        raise SetError("notFound", _GONE)
    if not patch.keys() <= _ANSWER or status not in (RequestState.GRANTED, RequestState.REFUSED):
        raise invalid("status", "it is answered with granted, to which a level and a folderId may come, or refused")

    def work(tx: WriteTx) -> bool:
        there = {each.number: each for each in tx.access_requests() if not each.mine}
        if number not in there:
            raise SetError("notFound", _GONE)
        if status == RequestState.REFUSED:
            tx.answer_access(number, None)
            return True
        level, said = patch.get("level"), patch.get("folderId")
        at: FolderId | None = folder_of(str(said)) if said is not None else there[number].folder
        if at is None:
            raise invalid("folderId", "there is no folder of that name: say which one is meant")
        tx.answer_access(number, at, _level(level) if level is not None else there[number].wanted)
        return True

    return await turn.write(work)


async def _withdraw(turn: Turn, name: str) -> bool:
    number = number_of(name, "R")
    if number is None:
        raise SetError("notFound", _GONE)
    await turn.write(lambda tx: tx.withdraw_request(number))
    return True
