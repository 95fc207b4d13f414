"""What an outcome of a script wants, as a verdict of the chain: where it goes, what is sent, what is remembered.

1. Edits count for the actions behind them (RFC 5293 §2), so the message is made anew as the actions are gone through.
2. What cannot go on, for it would go round in a circle, is kept instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from groupware.model.memory import Memory
from groupware.model.script import ActiveScript
from mailcore.queue.circles import circle, mark, redirected_from
from mailcore.queue.filters import (
    Answer,
    Case,
    Disposition,
    Filing,
    Redirection,
    Refusal,
    Said,
    Verdict,
)
from mailcore.queue.sorting import flags_of
from mailcore.sieve.actions import (
    Action,
    AddHeader,
    DeleteHeader,
    Discard,
    Fcc,
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
from mailcore.sieve.delivery.around import destination_of, level_of, memory_key
from mailcore.sieve.delivery.writing import Original, Writer
from mailcore.sieve.letter import applied
from mailcore.sieve.message import Message, fields_of, read

_LIST_FIELDS: Final = frozenset((b"list-id", b"list-post", b"list-unsubscribe", b"list-help"))


@dataclass(slots=True)
class _Wants:
    """What has come together so far."""

    octets: bytes = field(repr=False)
    changed: bool = False
    filings: list[Filing] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)
    refusal: Refusal | None = None
    answers: list[Answer] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    kept_back: bool = False
    """A redirection was not carried out."""

    @property
    def edited(self) -> bytes | None:
        return self.octets if self.changed else None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the server allows."""

    most_received: int


def verdict_of(outcome: Outcome, case: Case, message: Message, writer: Writer, bounds: Bounds) -> Verdict:
    """The verdict. Of the octets it gives only those that a script has changed."""
    wants = _Wants(case.octets, said=list(said(outcome, writer.active)))
    original = Original(message.header)
    for action in outcome.actions:
        if isinstance(action, AddHeader | DeleteHeader | Rewrite):
            wants.octets = action.octets if isinstance(action, Rewrite) else applied(wants.octets, action)
            wants.changed = True
        elif isinstance(action, Vacation | Notify):
            wants.answers.append(_answer(action, original, writer))
        elif isinstance(action, Track):
            key = memory_key(*level_of(writer.active), action.handle, action.key)
            wants.memories.append(Memory("duplicate", key, action.seconds, renew=action.last))
        else:
            _dispose(wants, action, message, writer, bounds)
    if wants.kept_back and not wants.filings and wants.refusal is None:
        wants.filings.append(Filing(octets=wants.edited))
    return Verdict(
        disposition=_disposition(wants),
        answers=tuple(wants.answers),
        memories=tuple(wants.memories),
        said=tuple(wants.said),
    )


def said(outcome: Outcome, active: ActiveScript) -> Sequence[Said]:
    """What the script says for the trace; one that is not the recipient's own by its name."""
    own = "" if active.level == "account" else active.name
    return [Said(each.text, each.script or own, each.line) for each in outcome.log]


def _disposition(wants: _Wants) -> Disposition | None:
    """None: nothing was said but that it is kept, which is what happens anyhow."""
    disposition = Disposition(tuple(wants.filings), tuple(wants.redirections), wants.refusal)
    return None if disposition == Disposition((Filing(inherits=True),)) else disposition


def _dispose(wants: _Wants, action: Action, message: Message, writer: Writer, bounds: Bounds) -> None:
    if isinstance(action, Keep):
        flags, keywords = flags_of(action.flags)
        wants.filings.append(Filing(None, flags, keywords, wants.edited, inherits=action.implicit))
    elif isinstance(action, FileInto):
        flags, keywords = flags_of(action.flags)
        wants.filings.append(Filing(destination_of(action.place), flags, keywords, wants.edited))
    elif isinstance(action, Redirect):
        why = circle(message.header, writer.active.address, action.address, bounds.most_received)
        if why:
            wants.said.append(Said(f"not redirected to {action.address}: {why}", line=action.line))
            wants.kept_back = wants.kept_back or not action.copy
        else:
            marks = _marks(message.header, wants, writer.active.address)
            wants.redirections.append(Redirection(action.address, marks + wants.octets, not wants.changed))
    elif isinstance(action, Reject):
        wants.refusal = Refusal(action.text, action.early, _unanswerable(message))
    else:
        assert isinstance(action, Discard)


def _marks(header: bytes, wants: _Wants, own: str) -> bytes:
    """The owner's mark, and those that were there where the message has been wrapped up anew."""
    there = redirected_from(read(wants.octets).header) if wants.changed else frozenset()
    lost = sorted(redirected_from(header) - there) if wants.changed else []
    return b"".join(map(mark, (own, *lost)))


def _unanswerable(message: Message) -> bool:
    """Whether it is one that gets no report: from nobody, a list, or a program. RFC 3834 §2."""
    if not message.sender:
        return True
    for each in fields_of(message.header):
        name = each.name.lower()
        if name in _LIST_FIELDS:
            return True
        if name == b"precedence" and each.value.strip().lower() in (b"bulk", b"list", b"junk"):
            return True
        if name == b"auto-submitted" and each.value.split(b";")[0].strip().lower() != b"no":
            return True
    return False


def _answer(action: Vacation | Notify, original: Original, writer: Writer) -> Answer:
    if isinstance(action, Vacation):
        key = memory_key(*level_of(writer.active), action.handle, action.to.lower())
        once = Memory("vacation", key, action.seconds)
        octets = writer.answer(action, original)
        return Answer("vacation", (action.to,), octets, once if action.seconds else None, _filed(action.fcc))
    return Answer("notify", (*action.to, *action.cc), writer.notice(action, original), None, _filed(action.fcc))


def _filed(fcc: Fcc | None) -> Filing | None:
    if fcc is None:
        return None
    flags, keywords = flags_of(fcc.flags)
    return Filing(destination_of(fcc.place), flags, keywords)


def kept(said: Sequence[Said], answers: Sequence[Answer] = ()) -> Verdict:
    """The message is kept as if there were no script, with a word to the owner."""
    return Verdict(Disposition((Filing(),)), answers=tuple(answers), said=tuple(said))
