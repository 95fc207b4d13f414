"""`AddressBook/set` and those of the other families of folders. RFC 9610 §2.3, RFC 9670 §4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from connectors.dav import derived
from connectors.dav.paths import SEGMENT
from groupware.calendar.clearing import called_off
from groupware.model.errors import NoRight, NotFound, Refused
from groupware.model.folder import SEPARATOR, Folder, check_name
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import Kind
from groupware.model.rights import Right
from groupware.store.api import ReadTx, WriteTx
from web.jmap import granted
from web.jmap.arguments import argument, flag, ident
from web.jmap.errors import MethodError, SetError
from web.jmap.families import TITLE, Family, note_values, title_of, told
from web.jmap.holders import holders_in, lines_of, notes_of, state_at, state_of
from web.jmap.ids import account_id, mailbox_id
from web.jmap.sets import Given, SetArguments, Ways, check_size, invalid, mismatch, set_each, unknown_property
from web.jmap.states import read_state
from web.jmap.turn import Turn, folders_of, owner_in

MOST_NAMES: Final = 100
"""Names that are tried where folders of other kinds are called so already."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What comes with a `Foo/set` beside its objects."""

    everything: bool
    """One that holds something is taken away as well."""
    default: str | None
    """The one that is to be used when none is named."""


@dataclass(frozen=True, slots=True)
class BookArguments(SetArguments):
    """RFC 9610 §2.3."""

    on_destroy_remove_contents: bool = argument(flag, False)
    on_success_set_is_default: str | None = argument(ident, None)


@dataclass(frozen=True, slots=True)
class CalendarArguments(SetArguments):
    """draft-ietf-jmap-calendars, Calendar/set."""

    on_destroy_remove_events: bool = argument(flag, False)
    on_success_set_is_default: str | None = argument(ident, None)


@dataclass(frozen=True, slots=True)
class ListArguments(SetArguments):
    """draft-ietf-jmap-tasks, TaskList/set."""

    on_destroy_remove_tasks: bool = argument(flag, False)
    on_success_set_is_default: str | None = argument(ident, None)


async def set_(turn: Turn, arguments: SetArguments, family: Family, wishes: Wishes) -> Mapping[str, Any]:
    """`Foo/set`."""
    check_size(arguments)
    account = arguments.account_id
    owner, before = await turn.read(lambda tx: _state(tx, family, account))
    if arguments.if_in_state is not None:
        await _check_state(turn, family, account, arguments.if_in_state)
    ways = Ways(
        partial(_create, turn, family, account),
        partial(_update, turn, family, account),
        partial(_destroy, turn, family, account, everything=wishes.everything),
    )
    done = await set_each(turn, arguments, ways)
    if wishes.default is not None and not (done.not_created or done.not_updated or done.not_destroyed):
        await turn.write(lambda tx: _make_default(tx, family, account, turn.real(wishes.default or "")))
    try:
        _, after = await turn.read(lambda tx: _state(tx, family, account))
    except MethodError:  # somebody has taken the last of what was shared with them from themselves
        after = before
    return done.answer(account_id(owner), before, after)


def _state(tx: ReadTx, family: Family, account: str) -> tuple[AccountId, str]:
    owner = owner_in(tx, account)
    return owner, str(state_of(tx, family, owner))


async def _check_state(turn: Turn, family: Family, account: str, given: str) -> None:
    try:
        since = read_state(given)
    except MethodError:
        raise mismatch() from None

    def work(tx: ReadTx) -> bool:
        owner = owner_in(tx, account)
        lines = lines_of(tx, family, owner)
        made = any(born > since.at for born, _ in lines.values())
        return not made and since.at <= tx.reached(owner) and state_at(since.at, lines) == since

    if not await turn.read(work):
        raise mismatch()


def _checked(family: Family, given: Given, *, new: bool) -> dict[str, Any]:
    """What is to be set, but whom it is shared with. `SetError`."""
    plain = granted.without_shares(given)
    unknown_property(plain, family.properties, family.settable)
    if "name" in plain:
        _check_name(plain["name"])
    elif new:
        raise invalid("name", "it is missing")
    if not isinstance(plain.get("isSubscribed", True), bool):
        raise invalid("isSubscribed", "true or false is wanted")
    return plain


def _check_name(name: Any) -> None:
    if not isinstance(name, str) or not name.strip() or len(name.encode()) > 255:
        raise invalid("name", "a string of 1 to 255 octets is wanted")


async def _create(turn: Turn, family: Family, account: str, given: Given) -> Mapping[str, Any]:
    wanted = _checked(family, given, new=True)
    shares = granted.shares_of(given.get("shareWith"), family.words)

    def work(tx: WriteTx) -> Mapping[str, Any]:
        owner = owner_in(tx, account)
        try:
            made = tx.add_folder(owner, free_path(tx, owner, "", wanted["name"]), family.kind)
        except (NoRight, NotFound):
            raise SetError("forbidden", f"you may make no {family.type} in this account") from None
        notes = note_values(family, wanted, own=made.own)
        if notes:
            tx.annotate(made.id, notes)
        if shares:
            granted.share(tx, made, family.words, shares)
        if "isSubscribed" in wanted:
            tx.subscribe(made.path, wanted["isSubscribed"])
        here = next(each for each in folders_of(tx, owner, family.kind) if each.id == made.id)
        found = told(tx, family, here, notes_of(tx, [here]).get(here.id, {}), family.properties)
        return {name: value for name, value in found.items() if name not in given or given[name] != value}

    return {"id": "", **await turn.write(work)}


def free_path(tx: WriteTx, owner: AccountId, above: str, wanted: str) -> str:
    """A path in the owner's tree for that name, with a number where a folder is called so already. `SetError`."""
    plain = wanted.replace(SEPARATOR, "-").strip()
    try:
        check_name(plain)
    except Refused as error:
        raise invalid("name", str(error)) from None
    for number in range(1, MOST_NAMES):
        name = plain if number == 1 else f"{plain} {number}"
        path = f"{above}{SEPARATOR}{name}" if above else name
        try:
            tx.locate(owner, path)
        except NotFound:
            return path
    raise invalid("name", "so many folders are called so that there is no room for another")


def _here(tx: ReadTx, family: Family, account: str, name: str, *, made: bool = False) -> Folder:
    """`made`: it may be one that is made of other things. `SetError`."""
    owner = owner_in(tx, account)
    folders = holders_in(tx, owner, family) if made else folders_of(tx, owner, family.kind)
    found = next((each for each in folders if mailbox_id(each.id) == name), None)
    if found is None:
        raise SetError("notFound", f"there is no such {family.type}, or it is not shared with you")
    return found


async def _update(turn: Turn, family: Family, account: str, name: str, given: Given) -> Mapping[str, Any]:
    wanted = _checked(family, given, new=False)

    def work(tx: WriteTx) -> Mapping[str, Any]:
        at = _here(tx, family, account, name, made=True)
        if at.id < 0:
            return _of_made(tx, family, at, wanted, given)
        notes = note_values(family, wanted, own=at.own)
        told_name = wanted.get("name", "")
        if "name" in wanted and told_name != title_of(at, notes_of(tx, [at]).get(at.id, {})):
            at, told_name = _renamed(tx, at, told_name, notes)
        if notes:
            tx.annotate(at.id, notes)
        if "isSubscribed" in wanted:
            tx.subscribe(at.path, wanted["isSubscribed"])
        granted.share_as_patched(tx, at, family.words, given)
        return {"name": told_name} if "name" in wanted and told_name != wanted["name"] else {}

    return await turn.write(work)


def _of_made(tx: WriteTx, family: Family, at: Folder, wanted: Mapping[str, Any], given: Given) -> Mapping[str, Any]:
    """One's own colour, order and name of a calendar that is made of other things. `SetError`."""
    if "isSubscribed" in wanted or any(map(granted.is_shared, given)):
        raise SetError("forbidden", "it is made of contacts, and there for oneself alone; a setting switches it off")
    notes = note_values(family, wanted, own=False)
    if "name" in wanted:
        notes[TITLE] = wanted["name"].encode()
    tx.annotate(tx.locate(tx.who.account, "").id, derived.noted(derived.BIRTHDAYS, notes))
    return {}


def _renamed(tx: WriteTx, at: Folder, name: str, notes: dict[str, bytes | None]) -> tuple[Folder, str]:
    """Another name: of one's own folder for everybody, of somebody else's for oneself."""
    if not at.own:
        notes[TITLE] = name.encode()
        return at, name
    above = at.path.rpartition(SEPARATOR)[0]
    if not above and SEGMENT not in notes_of(tx, [at]).get(at.id, {}):
        notes[SEGMENT] = at.path.encode()  # so that its path in DAV stays
    try:
        made = tx.rename_folder(at.id, free_path(tx, at.owner, above, name))
    except NoRight as error:
        raise SetError("forbidden", str(error)) from None
    return made, made.path.rpartition(SEPARATOR)[2]


async def _destroy(turn: Turn, family: Family, account: str, name: str, *, everything: bool) -> bool:
    def going(tx: ReadTx) -> FolderId:
        at = _here(tx, family, account, name)
        if at.own and at.role is not None:
            raise SetError("forbidden", f"this is the {family.type} that is used when none is named; it stays")
        if at.children:
            raise SetError("forbidden", "there are folders below it")
        if Right.DROP not in at.rights:
            raise SetError("forbidden", "it is not yours to take away")
        if at.total and not everything:
            raise SetError(family.holds, f"there are {at.total} objects in it")
        return at.id

    at = await turn.read(going)
    if everything and family.kind in (Kind.CALENDAR, Kind.TASKS):
        await called_off(turn.parts.store, turn.parts.blobs, turn.who, at)
    await turn.write(lambda tx: tx.delete_folder(going(tx)))
    return True


def _make_default(tx: WriteTx, family: Family, account: str, name: str) -> None:
    """Gives the role to the one that is named; nothing where that is not one's own. RFC 9610 §2.3."""
    folders = [each for each in folders_of(tx, owner_in(tx, account), family.kind) if each.own]
    new = next((each for each in folders if mailbox_id(each.id) == name), None)
    if new is None or new.role == family.role:
        return
    for each in folders:
        if each.role == family.role:
            tx.set_folder(each.id, role=None)
    tx.set_folder(new.id, role=family.role.value)
