"""Lists of tasks, and `Task/get`, `changes`, `query` and `queryChanges`. draft-ietf-jmap-tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from groupware.calendar.jscalendar import successor
from groupware.calendar.jscalendar.objects import object_of
from groupware.calendar.jscalendar.shape import TASK_MEMBERS
from groupware.calendar.object import read_object
from groupware.model.errors import Malformed
from groupware.model.shape import LOCAL, Misshapen
from groupware.store.api import ReadTx
from web.jmap import holders, holders_set, things
from web.jmap.arguments import (
    ChangesArguments,
    GetArguments,
    QueryArguments,
    QueryChangesArguments,
    check_filter,
)
from web.jmap.converted import Converted, words_in
from web.jmap.errors import MethodError
from web.jmap.families import TASK_LIST
from web.jmap.ids import account_id, mailbox_id, object_id
from web.jmap.queries import conditions, passes, told_query, told_query_changes
from web.jmap.thing_set import container_in
from web.jmap.things import Place, all_in, asked_for, check_properties, readable_in, state_in
from web.jmap.turn import Turn, owner_in

Json = dict[str, Any]
VTODO: Final = "VTODO"
LETTER: Final = TASK_LIST.letter


async def lists(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`TaskList/get`."""
    return await holders.get(turn, arguments, TASK_LIST)


async def list_changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`TaskList/changes`."""
    return await holders.changes(turn, arguments, TASK_LIST)


async def lists_set(turn: Turn, arguments: holders_set.ListArguments) -> Mapping[str, Any]:
    """`TaskList/set`."""
    wishes = holders_set.Wishes(arguments.on_destroy_remove_tasks, arguments.on_success_set_is_default)
    return await holders_set.set_(turn, arguments, TASK_LIST, wishes)


async def changes(turn: Turn, arguments: ChangesArguments) -> Mapping[str, Any]:
    """`Task/changes`."""
    return await things.changes(turn, arguments, TASK_LIST)


def _task(octets: bytes) -> Json:
    try:
        return object_of(read_object(octets))
    except Malformed:  # put in before objects were checked as they are now
        return {"@type": "Task"}


TASKS: Final = Converted(_task)


async def get(turn: Turn, arguments: GetArguments) -> Mapping[str, Any]:
    """`Task/get`."""
    check_properties(arguments.properties, TASK_MEMBERS.keys() | successor.WORDS | {TASK_LIST.container})

    def work(tx: ReadTx) -> tuple[Json, dict[str, Place]]:
        owner = owner_in(tx, arguments.account_id)
        head = {"accountId": account_id(owner), "state": state_in(tx, owner, TASK_LIST)}
        return head, asked_for(tx, owner, TASK_LIST, VTODO, arguments.ids)

    head, found = await turn.read(work)
    tasks = await TASKS.all_of(turn, found.values())
    asked = list(found) if arguments.ids is None else arguments.ids
    return {
        **head,
        "list": [_shown(found[each], tasks[found[each].blob], arguments.properties) for each in asked if each in found],
        "notFound": [each for each in asked if each not in found],
    }


def _shown(place: Place, task: Json, wanted: tuple[str, ...] | None) -> Json:
    whole = {
        "id": object_id(LETTER, place.item),
        **container_in(TASK_LIST, place),
        **successor.told(task, wanted or ()),
    }
    return whole if wanted is None else {name: whole[name] for name in ("id", *wanted) if name in whole}


async def query(turn: Turn, arguments: QueryArguments) -> Mapping[str, Any]:
    """`Task/query`."""
    owner, every = await _found(turn, arguments)
    return told_query(turn.who.account, owner, every, arguments)


async def query_changes(turn: Turn, arguments: QueryChangesArguments) -> Mapping[str, Any]:
    """`Task/queryChanges`, as long as it is remembered what was found."""
    owner, every = await _found(turn, arguments)
    return told_query_changes(turn.who.account, owner, every, arguments)


async def _found(turn: Turn, arguments: QueryArguments | QueryChangesArguments) -> tuple[str, list[str]]:
    check_filter(arguments.filter, CONDITIONS)
    _check_values(arguments.filter)
    sorts = [_sort(each) for each in arguments.sort or ()]

    def work(tx: ReadTx) -> tuple[str, list[Place]]:
        owner = owner_in(tx, arguments.account_id)
        return account_id(owner), all_in(tx, readable_in(tx, owner, TASK_LIST), VTODO)

    owner, places = await turn.read(work)
    places = await TASKS.holding(turn, places, words_in(arguments.filter, ("uid", *_TEXTS)))
    tasks = await TASKS.all_of(turn, places)
    every = [(tasks[each.blob], each) for each in places]
    kept = [(task, each) for task, each in every if passes(arguments.filter, partial(_condition, each, task))]
    for name, descending in reversed(sorts):
        there = [each for each in kept if each[0].get(name) is not None]  # what has none is last
        there.sort(key=lambda each: each[0][name], reverse=descending)
        kept = [*there, *(each for each in kept if each[0].get(name) is None)]
    return owner, [object_id(LETTER, place.item) for _, place in kept]


def _check_values(wanted: Mapping[str, Any] | None) -> None:
    for name, value in conditions(wanted):
        try:
            if name in ("after", "before"):
                LOCAL(value)
            elif not isinstance(value, str):
                raise Misshapen("a string is wanted")
        except Misshapen as error:
            raise MethodError("invalidArguments", f"{name}: {error}") from None


def _condition(place: Place, task: Json, name: str, value: str) -> bool:
    if name == "inTaskList":
        return mailbox_id(place.folder.id) == value
    if name in ("uid", "progress"):
        return bool(task.get(name) == value)
    if name in ("after", "before"):
        due = task.get("due") or task.get("start")
        return due is not None and ((due >= value) if name == "after" else (due < value))
    texts = [each.casefold() for each in _TEXTS[name](task)]
    return all(any(word in text for text in texts) for word in value.casefold().split())


def _of(*names: str) -> Callable[[Json], Iterator[str]]:
    return lambda task: (str(task.get(name) or "") for name in names)


_TEXTS: Final[Mapping[str, Callable[[Json], Iterator[str]]]] = {
    "title": _of("title"),
    "description": _of("description"),
    "text": _of("title", "description"),
}
CONDITIONS: Final = ("inTaskList", "uid", "progress", "after", "before", *_TEXTS)
_SORTS: Final = ("due", "start", "uid", "created", "updated", "priority", "title")


def _sort(criterion: Mapping[str, Any]) -> tuple[str, bool]:
    name = str(criterion.get("property", ""))
    if name not in _SORTS:
        raise MethodError("unsupportedSort", f"tasks are sorted by {', '.join(_SORTS)}")
    return name, criterion.get("isAscending", True) is False
