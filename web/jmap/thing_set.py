"""What `ContactCard/set`, `CalendarEvent/set` and `Task/set` have in common. RFC 8620 §5.3.

An object is in one folder, as an email is (decision 181). What is written is made of what was read; when somebody else
has changed that meanwhile it is made anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from groupware.model.errors import IdentTaken
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, Uid, ranges
from groupware.model.item import Item, NewItem
from groupware.model.meeting import Overtaken
from groupware.model.patches import patched
from groupware.model.shape import Check, Misshapen
from groupware.store import overtaking
from groupware.store.api import ReadTx, WriteTx
from groupware.store.overtaking import again as again
from web.jmap.errors import SetError
from web.jmap.families import Family
from web.jmap.ids import folder_of, mailbox_id, object_id
from web.jmap.sets import Given, SetArguments, Ways, check_size, invalid, set_each
from web.jmap.things import MADE, Place, check_state, named, places, readable_in, stands
from web.jmap.turn import Turn, folders_of, owner_in

T = TypeVar("T")
Json = dict[str, Any]
OBJECT_OCTETS: Final = 10 * 1024 * 1024
"""Of one object as it is stored."""


def folder_in(tx: ReadTx, account: str, family: Family, at: FolderId) -> Folder:
    """The folder where something is to come. `SetError`."""
    found = next((each for each in folders_of(tx, owner_in(tx, account), family.kind) if each.id == at), None)
    if found is None:
        raise invalid(family.container, f"there is no such {family.type}, or it is not shared with you")
    return found


def container_of(turn: Turn, family: Family, given: Any) -> FolderId:
    """The one folder that is named. `SetError`."""
    if family.one:
        if not isinstance(given, str):
            raise invalid(family.container, f"the id of a {family.type} is wanted")
        return folder_of(turn.real(given)) or FolderId(-1)
    if not isinstance(given, Mapping) or any(value is not True for value in given.values()) or not given:
        raise invalid(family.container, f"an object with the id of one {family.type}, which is true, is wanted")
    if len(given) > 1:
        raise invalid(family.container, f"it is in one {family.type} here: copy it")
    return folder_of(turn.real(next(iter(given)))) or FolderId(-1)


def container_in(family: Family, place: Place) -> Json:
    """The property that says where something is."""
    at = mailbox_id(place.folder.id)
    return {family.container: at if family.one else {at: True}}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an update comes to."""

    value: Json
    """The object without what is only JMAP's."""
    to: FolderId
    changed: bool
    """Whether the object itself becomes another."""


def wanted(turn: Turn, family: Family, place: Place, now: Json, patch: Given) -> Wanted:
    """The object after a patch, and where it is to be. `SetError`."""
    here = container_in(family, place)
    real = {
        f"{family.container}/{turn.real(way.partition('/')[2])}"
        if way.startswith(f"{family.container}/")
        else way: value
        for way, value in patch.items()
    }
    try:
        told = patched({**now, **here, "id": object_id(family.letter, place.item)}, real)
    except ValueError as error:
        raise SetError("invalidPatch", str(error)) from None
    if told.pop("id", None) != object_id(family.letter, place.item):
        raise invalid("id", "only the server sets it")
    to = container_of(turn, family, told.pop(family.container, None))
    return Wanted(told, to, told != now)


def shaped(check: Check, value: Any) -> None:
    """`SetError` `invalidProperties` for what has another shape."""
    try:
        check(value)
    except Misshapen as error:
        property_ = error.way.partition("/")[0] or error.why.partition(" ")[0]
        raise SetError("invalidProperties", f"{error.way}: {error.why}", properties=[property_]) from None


def check_octets(octets: bytes) -> bytes:
    """The octets. `SetError` `tooLarge`."""
    if len(octets) > OBJECT_OCTETS:
        raise SetError("tooLarge", f"it would have {len(octets)} octets; {OBJECT_OCTETS} is the most")
    return octets


async def place_of(turn: Turn, account: str, family: Family, name: str) -> Place:
    """Where it is. `SetError` `notFound`."""

    if name.startswith(f"{family.letter}{MADE}"):
        raise SetError("forbidden", "it is made of other things, and only read: a time that is taken, or a birthday")

    def work(tx: ReadTx) -> Place:
        folders = readable_in(tx, owner_in(tx, account), family)
        there = places(tx, folders, list(named(family, [name]).values()))
        if not there:
            raise SetError("notFound", "there is no such object, or it is not shared with you")
        return next(iter(there.values()))

    return await turn.read(work)


def unchanged(tx: ReadTx, place: Place) -> None:
    """`Overtaken` when it is not any more what who asks was told, where it was."""
    overtaking.unchanged(tx, place.folder.id, place.name, place.stored)
    if place.seen is not None and tx.personal(place.folder.id, place.uid).get(place.uid) != place.own:
        raise Overtaken("alarms of one's own have changed meanwhile")


def moved(tx: WriteTx, place: Place, to: FolderId) -> None:
    """Puts it into another folder. `SetError`."""
    if not tx.move(place.folder.id, ranges([place.uid]), to):
        raise SetError("forbidden", f"you may not take it out of {mailbox_id(place.folder.id)}")


def taken_away(tx: WriteTx, place: Place) -> None:
    """`SetError` when it is not one's own to take away."""
    if not tx.expunge(place.folder.id, ranges([place.uid]), deleted_only=False):
        raise SetError("forbidden", "you may not take it away")


def appended(tx: WriteTx, family: Family, at: FolderId, new: NewItem) -> Item:
    """Puts it into a folder. `SetError` `alreadyExists` when there is an object of that UID."""
    try:
        return tx.append(at, [new])[0]
    except IdentTaken as error:
        there = {each.name: each.id for each in tx.items_named(at, [error.name])}
        told = {"existingId": object_id(family.letter, there[error.name])} if error.name in there else {}
        why = f"there is an object with this UID in that {family.type} already"
        raise SetError("alreadyExists", why, **told) from None


def rewritten(
    tx: WriteTx,
    account: str,
    family: Family,
    place: Place,
    new: NewItem | None,
    to: FolderId,
    beside: Callable[[Uid], None] = lambda uid: None,
) -> None:
    """Puts `new` in its place, if there is any, and it into the folder `to`, where it is not there. `SetError`.

    `beside`: keeps what goes with it, as long as it is where it was.
    """
    unchanged(tx, place)
    if new is not None:
        place = replace(place, uid=tx.replace(place.folder.id, place.name, new, place.modseq).uid)
    beside(place.uid)
    if to != place.folder.id:
        folder_in(tx, account, family, to)
        moved(tx, place, to)


async def destroyed(turn: Turn, account: str, family: Family, name: str) -> bool:
    """Takes one away of which nobody has to be told. `SetError`."""
    place = await place_of(turn, account, family, name)

    def work(tx: WriteTx) -> bool:
        unchanged(tx, place)
        taken_away(tx, place)
        return True

    return await turn.write(work)


async def set_things(
    turn: Turn,
    arguments: SetArguments,
    family: Family,
    create: Callable[[Given], Awaitable[Mapping[str, Any]]],
    update: Callable[[str, Given], Awaitable[Mapping[str, Any]]],
    destroy: Callable[[str], Awaitable[bool]],
) -> Mapping[str, Any]:
    """`Foo/set`: one object after the other; `update` and `destroy` are begun anew when somebody comes between."""
    check_size(arguments)
    await check_state(turn, arguments.account_id, family, arguments.if_in_state)
    account, before = await turn.read(lambda tx: stands(tx, arguments.account_id, family))
    ways = Ways(
        create, lambda name, given: again(lambda: update(name, given)), lambda name: again(lambda: destroy(name))
    )
    done = await set_each(turn, arguments, ways)
    _, after = await turn.read(lambda tx: stands(tx, arguments.account_id, family))
    return done.answer(account, before, after)
