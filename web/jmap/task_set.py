"""`Task/set` and `copy`: the stored VTODO with the lines that a change is about. draft-ietf-jmap-tasks.

Nobody is told of a task: what is for others goes by the calendar.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final

from groupware.calendar.jscalendar.objects import calendar_of, changed, object_of
from groupware.calendar.jscalendar.shape import TASK, plain
from groupware.calendar.object import read_object
from groupware.calendar.rounds import tagged
from groupware.store.api import WriteTx
from web.jmap.event import utc_text
from web.jmap.event_set import item_of
from web.jmap.families import TASK_LIST
from web.jmap.sets import Given, SetArguments, invalid
from web.jmap.tasks import TASKS
from web.jmap.thing_copy import Arguments as CopyArguments
from web.jmap.thing_copy import Ways
from web.jmap.thing_copy import copy as copy_things
from web.jmap.thing_set import (
    appended,
    container_of,
    destroyed,
    folder_in,
    place_of,
    rewritten,
    set_things,
    shaped,
    wanted,
)
from web.jmap.things import Place
from web.jmap.turn import Turn

Json = dict[str, Any]


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`Task/set`."""
    account = arguments.account_id
    return await set_things(
        turn,
        arguments,
        TASK_LIST,
        lambda given: create(turn, account, given),
        lambda name, patch: _update(turn, account, name, patch),
        lambda name: destroyed(turn, account, TASK_LIST, name),
    )


def _now(turn: Turn) -> str:
    return utc_text(int(turn.parts.clock.now().timestamp()))


async def create(turn: Turn, account: str, given: Given) -> Mapping[str, Any]:
    """Puts a new task in; what of it the client has not said. `SetError`."""
    value = dict(given)
    if "id" in value:
        raise invalid("id", "only the server sets it")
    at = container_of(turn, TASK_LIST, value.pop(TASK_LIST.container, None))
    made: Json = {"updated": _now(turn)} | ({} if value.get("uid") else {"uid": f"urn:uuid:{uuid.uuid4()}"})
    made |= {} if value.get("created") else {"created": made["updated"]}
    value = {"@type": "Task", **value, **made}
    shaped(TASK, value)
    _, new = await item_of(turn, lambda: calendar_of(plain(value)), secrets.token_urlsafe(18) + ".ics")

    def work(tx: WriteTx) -> str:
        folder_in(tx, account, TASK_LIST, at)
        return appended(tx, TASK_LIST, at, new)

    return {"id": await turn.write(work), **made}


async def _update(turn: Turn, account: str, name: str, patch: Given) -> Mapping[str, Any]:
    place = await place_of(turn, account, TASK_LIST, name)
    read = await asyncio.to_thread(read_object, await turn.parts.blobs.read(place.blob))
    now = object_of(read)
    asked = wanted(turn, TASK_LIST, place, now, patch)
    if asked.value.get("uid") != now.get("uid"):
        raise invalid("uid", "it stays what it is")
    made: Json = {}
    new = None
    if asked.changed:
        made = {"updated": _now(turn)}
        value = {**asked.value, **made}
        shaped(TASK, value)
        _, new = await item_of(turn, lambda: changed(read, plain(value)), place.name)

    def work(tx: WriteTx) -> None:
        tag = tx.schedule_tags(place.folder.id, place.uid).get(place.uid, "")
        rewritten(tx, account, TASK_LIST, place, tagged(new, tag) if new is not None and tag else new, asked.to)

    await turn.write(work)
    return made


async def _read(turn: Turn, place: Place) -> Json:
    return (await TASKS.all_of(turn, [place.blob]))[place.blob]


_WAYS: Final = Ways(TASK_LIST, _read, create, set_, "Task/set")


async def copy(turn: Turn, arguments: CopyArguments) -> Mapping[str, Any]:
    """`Task/copy`."""
    return await copy_things(turn, arguments, _WAYS)
