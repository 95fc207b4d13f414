"""What a folder's script wants with a message that lies there, made storable before the write. RFC 6785 §3.

1. A message that lies in a mailbox never changes: where a script edits it and keeps it, the edited one takes its place.
2. Flags of the message are what the script begins with; what it makes of them counts for keep and for what it files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from groupware.mime.item import Marks, read_item
from groupware.model.event import Envelope, Recipient
from groupware.model.flags import Flags
from groupware.model.folder import Destination
from groupware.model.item import Item, NewItem
from groupware.model.memory import Memory
from groupware.model.script import ActiveScript
from mailcore.queue.circles import circle, mark
from mailcore.queue.filters import Said
from mailcore.queue.sorting import FLAGS, flags_of
from mailcore.server import log as server_log
from mailcore.sieve.actions import (
    Action,
    AddHeader,
    DeleteHeader,
    Fcc,
    FileInto,
    Keep,
    Notify,
    Outcome,
    Redirect,
    Rewrite,
    Track,
)
from mailcore.sieve.changes.desk import Case, Desk, Runner
from mailcore.sieve.delivery.around import Situation, around, destination_of, environment, memory_key
from mailcore.sieve.delivery.scripts import SCRIPTS
from mailcore.sieve.delivery.writing import Original, Writer
from mailcore.sieve.letter import applied
from mailcore.sieve.machine import run
from mailcore.sieve.message import Message, read

_PATH: Final = b"return-path"
_NAMES: Final = {flag: word[:1] + word[1:].capitalize() for word, flag in FLAGS.items()}
FlagsAndWords = tuple[Flags, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Filed:
    """A copy into a folder; `edited` in the place of the message as it is."""

    to: Destination
    marks: FlagsAndWords
    edited: NewItem | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message for the queue, and perhaps a copy of it for a folder."""

    kind: str
    envelope: Envelope
    copy: Filed | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """All that is to be done for one message, ready for the write."""

    keeps: bool
    marks: FlagsAndWords | None = None
    """Those of the message that is kept; None: as they are."""
    edited: NewItem | None = None
    """What takes the place of the message that is kept."""
    filed: tuple[Filed, ...] = ()
    sent: tuple[Sent, ...] = ()
    memories: tuple[Memory, ...] = ()
    said: tuple[Said, ...] = ()


async def looked(desk: Desk, runner: Runner, case: Case) -> Wanted:
    """Runs the script. `SieveError` when it stops, `NotFound` when the body is lost, `TryAgain`."""
    octets = await desk.blobs.read(case.item.blob)
    now = desk.clock.now().astimezone()
    message, outcome, writer = await asyncio.to_thread(_run, desk, runner, case, octets, now)
    if outcome.error is not None:
        raise outcome.error
    wants = _Wants(desk, runner.active, case, octets[: len(octets) - len(message.octets)], message, writer)
    for action in outcome.actions:
        await wants.take(action)
    said = tuple(Said(each.text, each.script, each.line) for each in outcome.log)
    return wants.together((*said, *wants.said))


def _run(desk: Desk, runner: Runner, case: Case, octets: bytes, now: datetime) -> tuple[Message, Outcome, Writer]:
    active = runner.active
    sender, rest = _envelope(octets)
    message = replace(read(rest, sender, active.address), flags=shown(case.item))
    with around(desk.store, active) as about:
        script = SCRIPTS.compiled(active.octets)
        known = environment(about, script, active, Situation(now, desk.host, phase="post"))
        outcome = run(script, message, replace(known, stored=True, items={**known.items, **items_of(case)}))
        asks = any(getattr(each, "sender", "") for each in outcome.actions)
        own = about.addresses() if asks else (active.address,)
    return message, outcome, Writer(active, desk.host, now, own)


def items_of(case: Case) -> dict[str, str]:
    """What `environment` knows of an occasion. RFC 6785 §4.3, RFC 5183 §4.1."""
    return {
        "location": "MS",
        "imap.user": case.which.by,
        "imap.email": case.which.by,
        "imap.cause": case.which.cause,
        "imap.mailbox": case.path,
        "imap.changedflags": " ".join(case.which.changed),
    }


def shown(item: Item) -> tuple[str, ...]:
    """The flags of a message as scripts write them."""
    return (*(name for flag, name in _NAMES.items() if flag in item.flags), *sorted(item.keywords))


def _envelope(octets: bytes) -> tuple[str, bytes]:
    """The envelope's sender as a delivery left it, and the message without that line."""
    first, _, rest = octets.partition(b"\r\n")
    name, colon, value = first.partition(b":")
    if not colon or name.lower() != _PATH:
        return "", octets
    return value.strip().strip(b"<>").decode("utf-8", "replace"), rest


@dataclass(slots=True)
class _Wants:
    """What has come together so far, one action after the other: edits count for those behind them."""

    desk: Desk
    active: ActiveScript
    case: Case
    head: bytes
    """The line before the message that says where it came from, if it has one."""
    message: Message
    writer: Writer
    octets: bytes | None = field(default=None, repr=False)
    keep: tuple[FlagsAndWords, bytes | None] | None = None
    filed: list[Filed] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    edited: NewItem | None = None

    @property
    def now(self) -> bytes:
        """The message as it is by now."""
        return self.message.octets if self.octets is None else self.octets

    async def take(self, action: Action) -> None:
        """One action more."""
        if isinstance(action, AddHeader | DeleteHeader | Rewrite):
            self.octets = action.octets if isinstance(action, Rewrite) else applied(self.now, action)
        elif isinstance(action, Keep):
            await self._keep(flags_of(action.flags))
        elif isinstance(action, FileInto):
            marks = flags_of(action.flags)
            self.filed.append(Filed(destination_of(action.place), marks, await self._item(marks)))
        elif isinstance(action, Redirect):
            await self._redirect(action)
        elif isinstance(action, Notify):
            octets = self.writer.notice(action, Original(self.message.header))
            to = (*action.to, *action.cc)
            self.sent.append(Sent("notify", await self._envelope("", octets, to), await self._copy(action.fcc, octets)))
        elif isinstance(action, Track):
            key = memory_key(action.handle, action.key)
            self.memories.append(Memory("duplicate", key, action.seconds, renew=action.last))

    async def _keep(self, marks: FlagsAndWords) -> None:
        self.keep = (marks, None)
        self.edited = await self._item(marks)

    async def _item(self, marks: FlagsAndWords) -> NewItem | None:
        """The edited message, None where nothing was edited."""
        if self.octets is None:
            return None
        return await read_item(self.head + self.octets, self.desk.blobs, Marks(*marks, self.case.item.saved))

    async def _redirect(self, action: Redirect) -> None:
        own = self.active.address
        why = circle(self.message.header, own, action.address, self.desk.most_received)
        if why:
            self.said.append(Said(f"not redirected to {action.address}: {why}", line=action.line))
            if not action.copy and self.keep is None:
                await self._keep(flags_of(shown(self.case.item)))
            return
        self.sent.append(Sent("redirect", await self._envelope(own, mark(own) + self.now, (action.address,))))

    async def _copy(self, fcc: Fcc | None, octets: bytes) -> Filed | None:
        if fcc is None:
            return None
        marks = flags_of(fcc.flags)
        return Filed(destination_of(fcc.place), marks, await read_item(octets, self.desk.blobs, Marks(*marks)))

    async def _envelope(self, sender: str, octets: bytes, to: Sequence[str]) -> Envelope:
        stored = await self.desk.blobs.put(octets)
        with server_log.message() as message:
            return Envelope(
                sender=sender,
                recipients=tuple(Recipient(each, "" if sender else "NEVER") for each in to),
                blob=stored.blob,
                size=stored.size,
                body=stored.body,
                by=self.active.account,
                own=not sender,  # what is passed on may be anybody's
                message=message,
                utf8=not all(each.isascii() for each in to),
            )

    def together(self, said: tuple[Said, ...]) -> Wanted:
        """All of it."""
        marks = self.keep[0] if self.keep is not None else None
        return Wanted(
            self.keep is not None,
            None if marks == (self.case.item.flags, self.case.item.keywords) else marks,
            self.edited,
            tuple(self.filed),
            tuple(self.sent),
            tuple(self.memories),
            said,
        )


async def trouble(desk: Desk, runner: Runner, case: Case, wrong: Exception) -> NewItem:
    """The letter to whoever the script is of, ready to be put into the INBOX."""
    writer = Writer(runner.active, desk.host, desk.clock.now().astimezone())
    return await read_item(writer.trouble_in(case.path, str(wrong)), desk.blobs)
