"""The rules lab: what a script would do with the messages of a folder; doing it, as far as it can be taken back.

1. A look changes nothing, sends nothing and remembers nothing.
2. What is done is filing and flags, and never what leaves the server or the message: redirections, answers, refusals,
   discards and edits are left undone, and said to be.
3. What takes a page back is kept in the write that does it: whenever the run is stopped, all that was done is undone.
4. All of it is done as the owner, in folders that the owner may change.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from groupware.mime.headers import decode_text, fields, unfold
from groupware.model.errors import GroupwareError, NotFound
from groupware.model.flags import FlagChange, Flags
from groupware.model.folder import Destination
from groupware.model.ids import LAST_UID, AccountId, FolderId, Uid
from groupware.model.item import Item
from groupware.model.memory import Undo
from groupware.model.principal import Principal
from groupware.model.script import ActiveScript
from groupware.store.api import Blobs, ReadTx, Store, WriteTx
from mailcore.queue.sorting import flags_of
from mailcore.sieve.actions import (
    Action,
    AddHeader,
    DeleteHeader,
    Discard,
    FileInto,
    Keep,
    Notify,
    Outcome,
    Redirect,
    Reject,
    Rewrite,
    Track,
    Vacation,
)
from mailcore.sieve.delivery.around import Situation, around, destination_of, environment
from mailcore.sieve.errors import SieveError
from mailcore.sieve.machine import run
from mailcore.sieve.message import read
from mailcore.sieve.script import Script

PAGE: Final = 100
_PATH: Final = b"return-path"
Marks = tuple[Flags, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Filing:
    """Into a folder, with these flags more."""

    to: Destination
    marks: Marks


@dataclass(frozen=True, slots=True)
class Tried:
    """What a script wants with one message."""

    uid: Uid
    sender: str
    subject: str
    would: tuple[str, ...]
    """In words."""
    error: SieveError | None = None
    stays: Marks | None = None
    """It stays, with these flags more; None: it goes, if `filings` say where."""
    filings: tuple[Filing, ...] = ()
    """The first is where it goes when it does not stay; the others get copies."""


@dataclass(slots=True)
class Done:
    """What was done with a page."""

    moved: int = 0
    copied: int = 0
    flagged: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Lab:
    """One run over one folder."""

    store: Store
    blobs: Blobs
    who: Principal
    """The owner."""
    active: ActiveScript
    """The script, whether it is active or not."""
    script: Script
    at: FolderId
    host: str
    now: datetime
    seen: set[tuple[str, str]] = field(default_factory=set)
    """Keys of `duplicate` so far."""


async def page(lab: Lab, after: Uid) -> Sequence[Tried]:
    """What the script wants with the next messages; none: there are no more. `NotFound`, `TryAgain`."""
    ranges = [(Uid(after + 1), LAST_UID)]
    items = await lab.store.read(lab.who, lambda tx: tx.items(lab.at, ranges, limit=PAGE))
    bodies = await lab.blobs.read_many([each.blob for each in items])
    return await asyncio.to_thread(_page, lab, items, bodies)


def _page(lab: Lab, items: Sequence[Item], bodies: Mapping[Any, bytes]) -> Sequence[Tried]:
    found: list[Tried] = []
    with around(lab.store, lab.active) as about:
        for item in items:
            octets = bodies.get(item.blob)
            if octets is None:
                found.append(Tried(item.uid, "", "", ("its octets are lost or damaged",), stays=_UNMARKED))
                continue
            path, rest = _envelope(octets)
            message = replace(read(rest), sender=path, recipient=lab.active.address)
            situation = Situation(lab.now, lab.host, phase="post", seen=frozenset(lab.seen))
            outcome = run(lab.script, message, environment(about, lab.script, lab.active, situation))
            lab.seen.update((each.handle, each.key) for each in outcome.actions if isinstance(each, Track))
            found.append(_tried(item.uid, rest, outcome))
    return found


_UNMARKED: Final[Marks] = (Flags.NONE, frozenset())


def _envelope(octets: bytes) -> tuple[str, bytes]:
    """The envelope's sender as a delivery left it, and the message without that line."""
    first, _, rest = octets.partition(b"\r\n")
    name, colon, value = first.partition(b":")
    if not colon or name.lower() != _PATH:
        return "", octets
    return value.strip().strip(b"<>").decode("utf-8", "replace"), rest


def _tried(uid: Uid, octets: bytes, outcome: Outcome) -> Tried:
    header = octets[:65536]
    sender, subject = _text(header, b"from"), _text(header, b"subject")
    if outcome.error is not None:
        return Tried(uid, sender, subject, ("keep",), outcome.error, _UNMARKED)
    keep = next((each for each in outcome.actions if isinstance(each, Keep)), None)
    filings = tuple(
        Filing(destination_of(each.place), flags_of(each.flags))
        for each in outcome.actions
        if isinstance(each, FileInto)
    )
    stays = flags_of(keep.flags) if keep is not None else None if filings else _UNMARKED
    would = tuple(words(each) for each in outcome.actions if not isinstance(each, Track))
    return Tried(uid, sender, subject, would, None, stays, filings)


def _text(header: bytes, name: bytes) -> str:
    return next((decode_text(unfold(value)) for each, value in fields(header) if each.lower() == name), "")


def words(action: Action) -> str:
    """An action in words."""
    if isinstance(action, Keep | FileInto):
        flags = f" with {' '.join(action.flags)}" if action.flags else ""
        if isinstance(action, Keep):
            return f"keep{flags}"
        place = action.place.special_use or action.place.mailbox_id or action.place.name
        return f"file into {place}{flags}"
    return _other_words(action)


def _other_words(action: Action) -> str:
    said: Mapping[type, str] = {
        Discard: "discard",
        Rewrite: "rewrite the message",
        Track: "remember it",
    }
    if isinstance(action, Redirect):
        return f"redirect to {action.address}"
    if isinstance(action, Reject):
        return f"reject: {' '.join(action.text.split())[:60]}"
    if isinstance(action, Vacation):
        return f"answer {action.to}"
    if isinstance(action, Notify):
        return f"notify {', '.join((*action.to, *action.cc))}"
    if isinstance(action, AddHeader | DeleteHeader):
        return f"{'add' if isinstance(action, AddHeader) else 'delete'} header {action.name}"
    return said[type(action)]


# --- doing it -------------------------------------------------------------------------------------------------------


async def apply(lab: Lab, tried: Sequence[Tried], name: str) -> Done:
    """Files and flags a page as it was tried, in one write with what takes it back; `name` is that of the run."""

    def work(tx: WriteTx) -> Done:
        return _apply(tx, lab, tried, name)

    return await lab.store.write(replace(lab.who, by_script=True), work)


def _apply(tx: WriteTx, lab: Lab, tried: Sequence[Tried], name: str) -> Done:
    done, steps = Done(), list[list[object]]()
    for each in tried:
        steps += _file(tx, lab, each, done)
    if steps:
        facts = {"run": name, "folder": int(lab.at), "script": lab.active.name, "steps": steps}
        tx.put_undo(lab.who.account, json.dumps(facts, separators=(",", ":")))
    return done


def _file(tx: WriteTx, lab: Lab, each: Tried, done: Done) -> Iterator[list[object]]:
    """Does what is wanted with one message; the steps that take it back."""
    stays, filings = each.stays, list(each.filings)
    goes = filings.pop(0) if stays is None and filings else None
    for filing in filings:
        to = _folder(tx, lab, filing.to, each, done)
        if to is not None and to != lab.at:
            for _, uid in tx.copy(lab.at, ((each.uid, each.uid),), to):
                done.copied += 1
                yield ["copy", int(to), int(uid)]
                yield from _mark(tx, to, uid, filing.marks)
    to = _folder(tx, lab, goes.to, each, done) if goes is not None else lab.at
    if to is None:
        return
    marks = goes.marks if goes is not None else stays or _UNMARKED
    if to == lab.at:
        marked = list(_mark(tx, to, each.uid, marks))
        done.flagged += bool(marked)
        yield from marked
        return
    for _, uid in tx.move(lab.at, ((each.uid, each.uid),), to):
        done.moved += 1
        yield ["move", int(to), int(uid)]
        yield from _mark(tx, to, uid, marks)


def _folder(tx: WriteTx, lab: Lab, to: Destination, each: Tried, done: Done) -> FolderId | None:
    try:
        return _found(tx, lab.who.account, to)
    except GroupwareError as error:
        done.problems.append(f"UID {each.uid}: {error}")
        return None


def _found(tx: WriteTx, account: AccountId, to: Destination) -> FolderId:
    try:
        return tx.destination(account, to)
    except NotFound:
        if not to.create or not to.path:
            raise
        return tx.make_destination(account, to.path)


def _mark(tx: WriteTx, at: FolderId, uid: Uid, marks: Marks) -> Iterator[list[object]]:
    """Sets the flags that are not set; what takes that back."""
    (there,) = tx.items(at, ((uid, uid),)) or (None,)
    if there is None:
        return
    flags, more = marks[0] & ~there.flags, marks[1] - there.keywords
    if flags or more:
        tx.update_flags(at, ((uid, uid),), FlagChange(add=flags, add_words=frozenset(more)))
        yield ["flag", int(at), int(uid), flags.value, sorted(more)]


# --- taking it back -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Back:
    """What was taken back."""

    steps: int = 0
    gone: int = 0
    """Steps whose message is not where it was put any more."""


def runs(undos: Sequence[Undo]) -> Mapping[str, list[Undo]]:
    """What can be taken back, by the name of the run, the newest first."""
    found: dict[str, list[Undo]] = {}
    for each in undos:
        found.setdefault(str(json.loads(each.facts)["run"]), []).append(each)
    return found


async def undo(store: Store, who: Principal, name: str = "") -> Back:
    """Takes a run back, or without a name the newest one: the last page first. `NotFound`."""

    def known(tx: ReadTx) -> Sequence[Undo]:
        return tx.undos(who.account)

    found = runs(await store.read(who, known))
    if not found or (name and name not in found):
        raise NotFound(f"there is no run {name!r} to be taken back" if name else "there is nothing to be taken back")
    back = Back()
    for each in found[name or next(iter(found))]:
        one = await store.write(who, partial(_undo, who.account, each))
        back.steps, back.gone = back.steps + one.steps, back.gone + one.gone
    return back


def _undo(account: AccountId, record: Undo, tx: WriteTx) -> Back:
    facts, back = json.loads(record.facts), Back()
    for kind, at, uid, *more in reversed(facts["steps"]):
        done = _back(tx, FolderId(facts["folder"]), kind, FolderId(at), Uid(uid), more)
        back.steps += done
        back.gone += not done
    tx.drop_undo(account, record.number)
    return back


def _back(tx: WriteTx, home: FolderId, kind: str, at: FolderId, uid: Uid, more: Sequence[Any]) -> bool:
    """Takes one step back; False where the message is not there any more."""
    only = ((uid, uid),)
    try:
        if kind == "move":
            return bool(tx.move(at, only, home))
        if kind == "copy":
            return bool(tx.expunge(at, only, deleted_only=False))
        if not tx.items(at, only):
            return False
        tx.update_flags(at, only, FlagChange(remove=Flags(more[0]), remove_words=frozenset(more[1])))
    except NotFound:
        return False
    return True
