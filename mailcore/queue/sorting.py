"""What the filters decided, made storable before the write and carried out inside it.

1. A recipient is served when the message is in one of its folders, goes on to somebody, or is dropped as its rules ask.
   One whose mail fits nowhere is tried again as a whole: nothing is sent or remembered for it then.
2. A folder that is missing or closed is no reason to lose or return mail: it goes into the INBOX.
3. What is sent and what is remembered of that are one write with the delivery: a message that is delivered again after
   a crash was not answered before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from groupware.mime.item import read_item
from groupware.model.errors import GroupwareError, NoRight, NotFound, OverQuota, Refused
from groupware.model.event import Envelope, Event, Landing, Recipient, Target
from groupware.model.flags import Flags
from groupware.model.folder import INBOX, Destination, Role
from groupware.model.ids import AccountId, FolderId
from groupware.model.item import NewItem
from groupware.model.memory import Memory
from groupware.store.api import Blobs, WriteTx
from mailcore.queue import xtext
from mailcore.queue.filters import Answer, Decision, Filing, Redirection, Refusal
from mailcore.queue.held import CLEARED
from mailcore.queue.trace import Trail
from mailcore.server import log as server_log

_ELSEWHERE: Final = (NotFound, NoRight, Refused)
"""What a folder says that the INBOX does not."""
_INBOX: Final = Destination(role=Role.INBOX)


@dataclass(frozen=True, slots=True)
class Copy:
    """A message for one folder, ready to be stored."""

    to: Destination | None
    item: NewItem


@dataclass(frozen=True, slots=True)
class Posting:
    """A message that is ready for the queue."""

    kind: str
    """`redirect`, or that of an answer."""
    envelope: Envelope | None
    """None: it is only filed."""
    once: Memory | None = None
    copy: Copy | None = None
    by: str = ""
    """The name of the filter."""
    of: AccountId | None = None
    """Who remembers it; None: the recipient."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What is to be done for one recipient."""

    given: str
    """The address, for the trace."""
    target: Target
    copies: tuple[Copy, ...] = ()
    postings: tuple[Posting, ...] = ()
    refusal: Refusal | None = None
    memories: tuple[Memory, ...] = ()
    events: tuple[Event, ...] = ()
    trouble: GroupwareError | None = None


@dataclass(frozen=True, slots=True)
class Whole:
    """The message of all the recipients."""

    sender: str
    octets: bytes = field(repr=False)
    trail: Trail
    utf8: bool = False
    body_type: str = "8BITMIME"
    cleared: bool = False
    require_tls: bool = False
    own: bool = False

    @property
    def head(self) -> bytes:
        """What a copy in a folder begins with. RFC 5321 §4.4."""
        return f"Return-Path: <{self.sender}>\r\n".encode()


def behind(recipient: Recipient, address: str) -> Recipient:
    """The recipient under the address that it led to, for the queue. RFC 3461 §5.2.7."""
    if address in ("", recipient.address):
        return recipient
    return Recipient(address, recipient.notify, recipient.orcpt or f"rfc822;{xtext.encode(recipient.address)}")


class Prepared:
    """Makes storable what was decided; the same octets once."""

    __slots__ = ("_blobs", "_items", "_whole")

    def __init__(self, whole: Whole, blobs: Blobs) -> None:
        self._whole, self._blobs = whole, blobs
        self._items: dict[bytes, NewItem] = {}

    async def sorted(self, recipient: Recipient, target: Target, decision: Decision) -> Sorted:
        """The decision for one recipient, ready to be carried out. `TryAgain`."""
        trail = self._whole.trail
        events = tuple(
            trail.filtered(recipient.address, name, each.did, each.script, each.line) for name, each in decision.said
        )
        if decision.trouble is not None:
            return Sorted(recipient.address, target, events=events, trouble=decision.trouble)
        what = decision.disposition
        answers = [await self._answer(name, answer) for name, answer in decision.answers]
        if what.refusal is not None:
            return Sorted(recipient.address, target, (), tuple(answers), what.refusal, decision.memories, events)
        copies = [await self._copy(each, decision.octets) for each in what.filings]
        if self._whole.cleared and target.kind == "list":
            copies = [replace(each, item=cleared(each.item)) for each in copies]
        postings = [await self._redirect(each, recipient) for each in what.redirections]
        return Sorted(recipient.address, target, tuple(copies), (*postings, *answers), None, decision.memories, events)

    async def _copy(self, filing: Filing, octets: bytes) -> Copy:
        item = await self.item(octets if filing.octets is None else filing.octets)
        if filing.flags or filing.keywords:
            item = replace(item, flags=filing.flags, keywords=filing.keywords)
        return Copy(filing.to, item)

    async def item(self, octets: bytes) -> NewItem:
        """A message for a folder, behind the line that says where it came from. `TryAgain`."""
        found = self._items.get(octets)
        if found is None:
            found = self._items[octets] = await read_item(self._whole.head + octets, self._blobs)
        return found

    async def _redirect(self, on: Redirection, recipient: Recipient) -> Posting:
        whole, to = self._whole, on.address
        stored = await self._blobs.put(on.octets)
        envelope = Envelope(
            sender=whole.sender,
            recipients=(behind(recipient, to),),
            blob=stored.blob,
            size=stored.size,
            body=stored.body,
            by=whole.trail.by,
            message=whole.trail.message,
            utf8=whole.utf8 or not to.isascii(),
            body_type=whole.body_type,
            cleared=whole.cleared,
            require_tls=whole.require_tls,
            own=whole.own and on.whole,
        )
        return Posting("redirect", envelope)

    async def _answer(self, name: str, answer: Answer) -> Posting:
        copy = None
        if answer.copy is not None:
            item = await read_item(answer.octets, self._blobs)
            copy = Copy(answer.copy.to, replace(item, flags=answer.copy.flags, keywords=answer.copy.keywords))
        if not answer.to:
            return Posting(answer.kind, None, answer.once, copy, name, answer.of)
        stored = await self._blobs.put(answer.octets)
        with server_log.message() as message:
            envelope = Envelope(
                sender="",
                recipients=tuple(Recipient(each, "NEVER") for each in answer.to),
                blob=stored.blob,
                size=stored.size,
                body=stored.body,
                message=message,
                own=True,
                utf8=not all(each.isascii() for each in answer.to),
            )
        return Posting(answer.kind, envelope, answer.once, copy, name, answer.of)


def cleared(item: NewItem) -> NewItem:
    """The message with the mark that somebody has released it."""
    return replace(item, keywords=item.keywords | {CLEARED})


# --- inside the write -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Fate:
    """What became of one recipient."""

    sorted: Sorted
    landings: set[Landing] = field(default_factory=set)
    trouble: GroupwareError | None = None
    events: list[Event] = field(default_factory=list)


def carry(tx: WriteTx, all: Sequence[Sorted], trail: Trail) -> Sequence[Fate]:
    """Files, sends and remembers; what became of each, in their order."""
    fates = [Fate(each, trouble=each.trouble, events=list(each.events)) for each in all]
    _file(tx, [each for each in fates if each.trouble is None], trail)
    for fate in fates:
        if fate.trouble is None:
            _post(tx, fate, trail)
    return fates


def untouched(each: Sorted) -> Sorted:
    """The same, with nothing to be done or told: that is found out again when the recipient comes out of the queue."""
    return replace(each, copies=(), postings=(), memories=(), events=())


def _file(tx: WriteTx, fates: Sequence[Fate], trail: Trail) -> None:
    """Puts all copies into their folders: those of one message with the same flags at once."""
    waiting: dict[tuple[object, ...], list[tuple[Fate, Copy, Target]]] = {}
    for fate in sorted(fates, key=lambda each: each.sorted.target.account or 0):  # as owners are locked
        for copy in fate.sorted.copies:
            waiting.setdefault(_key(copy.item), []).append((fate, copy, _place(tx, fate, copy.to, trail)))
    for group in waiting.values():
        _deliver(tx, group, trail)
    for fate in fates:
        if fate.sorted.copies and fate.landings:
            fate.trouble = None  # it is safe in one of them; what did not fit is in the trace


def _key(item: NewItem) -> tuple[object, ...]:
    return item.blob, item.flags.value, item.keywords


def _deliver(tx: WriteTx, group: Sequence[tuple[Fate, Copy, Target]], trail: Trail, *, last: bool = False) -> None:
    verdicts = tx.deliver([target for _, _, target in group], group[0][1].item)
    again: list[tuple[Fate, Copy, Target]] = []
    for (fate, copy, target), verdict in zip(group, verdicts, strict=True):
        if not isinstance(verdict, GroupwareError):
            fate.landings.add(verdict)
        elif isinstance(verdict, _ELSEWHERE) and target.folder is not None and not last:
            _note(fate, trail, f"not filed: {verdict}; into INBOX")
            again.append((fate, copy, _inbox(fate.sorted.target)))
        else:
            _note(fate, trail, f"not filed: {verdict}")
            fate.trouble = verdict
    if again:
        _deliver(tx, again, trail, last=True)


def _place(tx: WriteTx, fate: Fate, to: Destination | None, trail: Trail) -> Target:
    """Where a copy goes: the folder, or the INBOX where that cannot be."""
    target = fate.sorted.target
    if to is None or target.account is None:
        return target
    if to == _INBOX or to.path.upper() == INBOX:
        return _inbox(target)
    try:
        return replace(target, kind="folder", folder=_folder(tx, target.account, to), tag="")
    except (*_ELSEWHERE, OverQuota) as error:
        _note(fate, trail, f"not filed: {error}; into INBOX")
        return _inbox(target)


def _folder(tx: WriteTx, account: AccountId, to: Destination) -> FolderId:
    try:
        return tx.destination(account, to)
    except NotFound:
        if not to.create or not to.path:
            raise
        return tx.make_destination(account, to.path)


def _inbox(target: Target) -> Target:
    """Where mail is that is kept: of a list with the word of its address, for it is told by that what it has got."""
    return target if target.kind == "list" else replace(target, kind="account", folder=None, tag="")


def _post(tx: WriteTx, fate: Fate, trail: Trail) -> None:
    account = fate.sorted.target.account
    for posting in fate.sorted.postings:
        of = posting.of or account
        if posting.once is not None and (of is None or not tx.remember(of, posting.once)):
            _note(fate, trail, f"{posting.kind} not sent: it was not long ago", posting.by)
            continue
        if posting.envelope is not None:
            fate.events += _enqueue(tx, posting, posting.envelope, trail)
        if posting.copy is not None:
            aside = Fate(fate.sorted)
            _deliver(tx, [(aside, posting.copy, _place(tx, aside, posting.copy.to, trail))], trail)
            fate.events += aside.events
            if aside.landings:
                _note(fate, trail, f"{posting.kind} filed", posting.by)
    for memory in fate.sorted.memories:
        if account is not None:
            tx.remember(account, memory)


def _enqueue(tx: WriteTx, posting: Posting, envelope: Envelope, trail: Trail) -> Iterable[Event]:
    queue = tx.enqueue(envelope)
    to = [each.address for each in envelope.recipients]
    if posting.kind == "redirect":
        return [trail.redirected(queue, to)]
    own = Trail(envelope.message)
    return [
        trail.answered(posting.kind, to, envelope.message),
        own.received("", envelope.size, len(to)),
        own.queued(queue, to),
    ]


def _note(fate: Fate, trail: Trail, did: str, by: str = "") -> None:
    fate.events.append(trail.filtered(fate.sorted.given, by, did))


FLAGS: Final[Mapping[str, Flags]] = {
    "\\seen": Flags.SEEN,
    "\\answered": Flags.ANSWERED,
    "\\flagged": Flags.FLAGGED,
    "\\deleted": Flags.DELETED,
    "\\draft": Flags.DRAFT,
}


def flags_of(words: Iterable[str]) -> tuple[Flags, frozenset[str]]:
    """The system flags and the keywords among words as IMAP writes them."""
    flags, keywords = Flags.NONE, set()
    for word in words:
        if word.startswith("\\"):
            flags |= FLAGS.get(word.lower(), Flags.NONE)
        else:
            keywords.add(word)
    return flags, frozenset(keywords)
