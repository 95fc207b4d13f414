"""`Email/set`: the same calls of the store as IMAP's APPEND, STORE, MOVE and EXPUNGE. RFC 8621 §4.6."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from groupware.model.errors import GroupwareError, NoRight
from groupware.model.flags import FlagChange, permitted_mask
from groupware.model.folder import Folder
from groupware.model.ids import AccountId, FolderId, Uid, ranges
from groupware.model.item import Instance
from groupware.store.api import ReadTx, WriteTx
from web.jmap import snoozed
from web.jmap.blobs import octets_of
from web.jmap.email_get import Row, keywords, rows_of
from web.jmap.email_make import Source, blobs_in, message_of
from web.jmap.email_place import (
    checked,
    flags_of,
    keywords_of,
    mailboxes_of,
    place_of,
    some_mailbox,
    stored_words,
)
from web.jmap.email_put import mailbox_in, put
from web.jmap.errors import SetError, set_error
from web.jmap.ids import account_id, mailbox_id
from web.jmap.instances import by_folder
from web.jmap.sets import Done, Given, SetArguments, check_size, create_each, invalid
from web.jmap.states import emails_at
from web.jmap.turn import Turn, owner_in, readable
from web.jmap.turned import check_unturned

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of one email."""

    name: str
    row: Row
    marks: Sequence[tuple[Instance, FlagChange]]
    copies: Sequence[tuple[Instance, FolderId]]
    moves: Sequence[tuple[Instance, FolderId]]
    leaves: Sequence[Instance]
    snoozed: snoozed.Wanted | None = None


async def set_(turn: Turn, arguments: SetArguments) -> Mapping[str, Any]:
    """`Email/set`."""
    check_size(arguments)
    account, done = arguments.account_id, Done()
    owner, before = await turn.read(lambda tx: state_of(tx, account))
    if arguments.if_in_state is not None:
        await check_state(turn, account, arguments.if_in_state)
    await create_each(turn, done, arguments.create or {}, lambda given: _create(turn, account, given))
    if arguments.update:
        await _all_or_each(
            {turn.real(name): patch for name, patch in arguments.update.items()},
            lambda some: turn.write(lambda tx: _updated(tx, turn, account, some)),
            lambda name: done.updated.update({name: None}),
            done.not_updated,
        )
    if arguments.destroy:
        await _all_or_each(
            dict.fromkeys([turn.real(name) for name in arguments.destroy]),
            lambda some: turn.write(lambda tx: _destroyed(tx, account, list(some))),
            done.destroyed.append,
            done.not_destroyed,
        )
    _, after = await turn.read(lambda tx: state_of(tx, account))
    return done.answer(account_id(owner), before, after)


def state_of(tx: ReadTx, account: str) -> tuple[AccountId, str]:
    """Whose account it is, and the state of its emails."""
    owner = owner_in(tx, account)
    return owner, str(emails_at(tx.reached(owner), readable(tx, owner).values()))


async def check_state(turn: Turn, account: str, given: str) -> None:
    """`stateMismatch` when an email has changed since."""
    await check_unturned(turn, account, given, readable)


async def _all_or_each(
    given: Mapping[str, T],
    work: Callable[[Mapping[str, T]], Any],
    good: Callable[[str], Any],
    refused: dict[str, Any],
) -> None:
    """All in one write; when the store refuses that, each in one of its own. `work` gives what is wrong, by name."""
    try:
        wrong = await work(given)
    except GroupwareError as error:
        if len(given) == 1:
            refused[next(iter(given))] = set_error(error).value
            return
        for name, one in given.items():
            await _all_or_each({name: one}, work, good, refused)
        return
    for name in given:
        if name in wrong:
            refused[name] = wrong[name].value
        else:
            good(name)


# --- create


async def _create(turn: Turn, account: str, given: Given) -> Mapping[str, Any]:
    place = place_of(turn, given)
    names = blobs_in(given)
    blobs = await octets_of(turn, account, names) if names else {}
    source = Source(blobs, turn.host, turn.parts.clock.now())
    octets = await asyncio.to_thread(message_of, given, source) if names else message_of(given, source)
    return await put(turn, account, octets, place)


# --- update


def _updated(tx: WriteTx, turn: Turn, account: str, given: Mapping[str, Given]) -> Mapping[str, SetError]:
    owner = owner_in(tx, account)
    folders = readable(tx, owner)
    rows = rows_of(tx, folders, list(given))
    wrong: dict[str, SetError] = {}
    changes: list[Change] = []
    for name, patch in given.items():
        try:
            if name not in rows:
                raise SetError("notFound", "there is no such email, or it is not shared with you")
            changes.append(_change(tx, turn, owner, folders, rows[name], name, patch))
        except SetError as error:
            wrong[name] = error
    _mark(tx, changes)
    _place(tx, changes)
    snoozed.put(tx, folders, {each.row.email: each.snoozed for each in changes if each.snoozed})
    return wrong


def _change(
    tx: ReadTx, turn: Turn, owner: AccountId, folders: Mapping[FolderId, Folder], row: Row, name: str, patch: Given
) -> Change:
    """What a patch comes to. `SetError`."""
    old, here = keywords(row.bits, row.words), {each.folder for each in row.messages}
    new, places = _patched(turn, old, sorted(here), patch)
    some_mailbox(places)
    come = [at for at in dict.fromkeys(places) if at not in here]
    leaves = [each for each in row.messages if each.folder not in places]
    for at in come:
        mailbox_in(tx, owner, at)
    waits = snoozed.wanted(turn, patch[snoozed.PROPERTY]) if snoozed.PROPERTY in patch else None
    if waits is not None and waits.until is not None:
        snoozed.check(tx, owner, places)
    moves = list(zip(leaves, come, strict=False))
    copies = [(row.messages[0], at) for at in come[len(moves) :]]
    staying = [each for each in row.messages if each not in leaves[len(moves) :]]
    marks = [(each, change) for each in staying if (change := _marked(folders[each.folder], each, old, new))]
    return Change(name, row, marks, copies, moves, leaves[len(moves) :], waits)


def _marked(here: Folder, one: Instance, old: set[str], new: set[str]) -> FlagChange | None:
    """What has to change of one of an email's messages, so that the email has other keywords. `SetError`."""
    own = keywords(one.bits, one.words)
    flags, words = flags_of(new - old - own)
    away, _ = flags_of((old - new) & own)
    lost = stored_words(one.words, old - new)
    mask, may_words = permitted_mask(here.rights)
    if (flags | away) & ~mask or ((words or lost) and not may_words):
        raise SetError("forbidden", f"you may not change these keywords in {mailbox_id(here.id)}")
    return FlagChange(flags, away, words, lost) if flags or away or words or lost else None


def _patched(turn: Turn, old: set[str], at: list[FolderId], patch: Given) -> tuple[set[str], list[FolderId]]:
    """Keywords and mailboxes after a patch. RFC 8620 §5.3."""
    words, places = set(old), at
    for path in ("keywords", "mailboxIds"):
        if path in patch and any(each.startswith(f"{path}/") for each in patch):
            raise SetError("invalidPatch", f"{path} is set as a whole and in part")
    for path, value in patch.items():
        if path == snoozed.PROPERTY:
            continue
        kind, _, way = path.partition("/")
        plain = bool(way) and "/" not in way and (value is True or value is None)
        inner = way.replace("~1", "/").replace("~0", "~")
        if path == "keywords":
            words = keywords_of({} if value is None else value)
        elif path == "mailboxIds":
            places = mailboxes_of(turn, value)
        elif kind == "keywords" and plain:
            [word] = checked([inner])
            words = words | {word} if value else words - {word}
        elif kind == "mailboxIds" and plain:
            [place] = mailboxes_of(turn, {inner: True})
            places = [*[each for each in places if each != place], *([place] if value else [])]
        else:
            raise _unpatched(path, kind)
    return words, places


def _unpatched(path: str, kind: str) -> SetError:
    if kind in ("keywords", "mailboxIds"):
        return SetError(
            "invalidPatch", f"{path[:60]!r}: true or null is wanted; a name has ~1 for /", properties=[kind]
        )
    return invalid(path[:255], "of an email that is there only keywords, mailboxIds and snoozed can be set")


def _mark(tx: WriteTx, changes: Sequence[Change]) -> None:
    """Messages with the same change in one folder together."""
    alike: dict[tuple[FolderId, FlagChange], list[Uid]] = {}
    for each in changes:
        for one, change in each.marks:
            alike.setdefault((one.folder, change), []).append(one.uid)
    for (at, change), uids in alike.items():
        tx.update_flags(at, ranges(uids), change)


def _place(tx: WriteTx, changes: Sequence[Change]) -> None:
    """Messages that go from one folder to another together: first those that stay where they are as well.

    `NoRight` for one that may not be taken away.
    """
    for (at, to), uids in _ways([each for change in changes for each in change.copies]).items():
        tx.copy(at, ranges(uids), to)
    for (at, to), uids in _ways([each for change in changes for each in change.moves]).items():
        if {uid for uid, _ in tx.move(at, ranges(uids), to)} != set(uids):
            raise _stays(at)
    _take_away(tx, [each for change in changes for each in change.leaves])


def _ways(some: Sequence[tuple[Instance, FolderId]]) -> Mapping[tuple[FolderId, FolderId], list[Uid]]:
    ways: dict[tuple[FolderId, FolderId], list[Uid]] = {}
    for each, to in some:
        ways.setdefault((each.folder, to), []).append(each.uid)
    return ways


def _take_away(tx: WriteTx, some: Sequence[Instance]) -> None:
    for at, here in by_folder(some).items():
        uids = [each.uid for each in here]
        if set(tx.expunge(at, ranges(uids), deleted_only=False)) != set(uids):
            raise _stays(at)


def _stays(at: FolderId) -> NoRight:
    return NoRight(f"you may not take it out of {mailbox_id(at)}")


# --- destroy


def _destroyed(tx: WriteTx, account: str, names: Sequence[str]) -> Mapping[str, SetError]:
    rows = rows_of(tx, readable(tx, owner_in(tx, account)), names)
    wrong = {
        name: SetError("notFound", "there is no such email, or it is not shared with you")
        for name in names
        if name not in rows
    }
    _take_away(tx, [each for row in rows.values() for each in row.messages])
    return wrong
