"""`Task/set` and `copy`: the stored VTODO with the lines that a change is about. draft-ietf-jmap-tasks.

Nobody is told of a task: what is for others goes by the calendar.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final

from groupware.calendar.jscalendar import successor
from groupware.calendar.jscalendar.objects import calendar_of, changed, object_of
from groupware.calendar.jscalendar.shape import TASK, plain
from web.jmap.event import utc_text
from web.jmap.families import TASK_LIST
from web.jmap.remade import Remade, made_new, made_octets, put_back, put_in, remade, told_object
from web.jmap.sets import Given, SetArguments, invalid
from web.jmap.tasks import TASKS
from web.jmap.thing_copy import Arguments as CopyArguments
from web.jmap.thing_copy import Ways
from web.jmap.thing_copy import copy as copy_things
from web.jmap.thing_set import (
    container_of,
    destroyed,
    place_of,
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
    value = successor.understood(given)
    if "id" in value:
        raise invalid("id", "only the server sets it")
    at = container_of(turn, TASK_LIST, value.pop(TASK_LIST.container, None))
    made: Json = {"updated": _now(turn)} | ({} if value.get("uid") else {"uid": f"urn:uuid:{uuid.uuid4()}"})
    made |= {} if value.get("created") else {"created": made["updated"]}
    value = {"@type": "Task", **value, **made}
    shaped(TASK, value)
    octets = await made_octets(lambda: calendar_of(plain(value)))
    new = await made_new(turn, account, at, octets, secrets.token_urlsafe(18) + ".ics")
    return {"id": await turn.write(lambda tx: put_in(tx, account, TASK_LIST, at, new)), **made}


async def _update(turn: Turn, account: str, name: str, patch: Given) -> Mapping[str, Any]:
    place = await place_of(turn, account, TASK_LIST, name)
    read = await told_object(turn, place)
    now = object_of(read)
    asked = wanted(turn, TASK_LIST, place, now, successor.understood(patch, now))
    if asked.value.get("uid") != now.get("uid"):
        raise invalid("uid", "it stays what it is")
    made: Json = {}
    change: Remade | None = None
    if asked.changed:
        made = {"updated": _now(turn)}
        value = {**asked.value, **made}
        shaped(TASK, value)
        change = await remade(turn, place, lambda: changed(read, plain(value)))
        made = made if change.new is not None else {}

    await turn.write(lambda tx: put_back(tx, account, TASK_LIST, place, change, asked.to))
    return made


async def _read(turn: Turn, place: Place) -> Json:
    return (await TASKS.all_of(turn, [place]))[place.blob]


_WAYS: Final = Ways(TASK_LIST, _read, create, set_, "Task/set")


async def copy(turn: Turn, arguments: CopyArguments) -> Mapping[str, Any]:
    """`Task/copy`."""
    return await copy_things(turn, arguments, _WAYS)
