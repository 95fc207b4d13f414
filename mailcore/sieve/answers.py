"""What goes back to the sender: reject, ereject (RFC 5429) and vacation (RFC 5230, RFC 6131, RFC 8580)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final

from groupware.mime.addresses import parse, shown
from groupware.mime.headers import decode_text, unfold
from mailcore.sieve.actions import Fcc, Reject, Vacation
from mailcore.sieve.constants import plain_address
from mailcore.sieve.filing import place_of
from mailcore.sieve.flags import flags_of
from mailcore.sieve.run import Command, Run
from mailcore.sieve.script import Call

_DAY: Final = 24 * 60 * 60
_DEFAULT_DAYS, _MOST_DAYS = 7, 365
_LONGEST_SUBJECT: Final = 500
_SYSTEM_SENDERS: Final = re.compile(
    r"(?:owner-.*|.*-request|.*-owner|mailer-daemon|listserv|majordomo|postmaster)\Z", re.I
)
_LIST_FIELDS: Final = frozenset(
    b"list-id list-help list-subscribe list-unsubscribe list-post list-owner list-archive".split()
)
_RECIPIENT_FIELDS: Final = frozenset(b"to cc bcc resent-to resent-cc resent-bcc".split())


def reject(run: Run, call: Call) -> None:
    """RFC 5429 §2."""
    run.act(Reject(run.text(call, "text"), call.name == "ereject", call.line), "rejected")
    run.implicit_keep = False


def vacation(run: Run, call: Call) -> None:
    """RFC 5230 §4: an answer, unless the message is one that gets none (§4.5, §4.6)."""
    addresses = run.texts(call, "addresses")
    why = _silent(run, addresses)
    subject = _subject(run, call)
    text, sender = run.text(call, "text"), sender_of(run, call)
    answer = Vacation(
        to=run.message.sender,
        text=text,
        subject=subject,
        handle=run.text(call, "handle") or _handle(run, call, text, sender),
        seconds=_period(run, call),
        sender=sender,
        mime="mime" in call.args,
        fcc=fcc_of(run, call),
        line=call.line,
    )
    if why:
        run.fits(answer)
        run.note(f"not answered: {why}")
    else:
        run.act(answer, f"answered to {answer.to}")


def fcc_of(run: Run, call: Call) -> Fcc | None:
    """Where `:fcc` wants a copy. RFC 8580 §3."""
    return Fcc(place_of(run, call, "fcc"), flags_of(run.texts(call, "flags"))) if "fcc" in call.args else None


def sender_of(run: Run, call: Call) -> str:
    """The `:from` of a command; `SieveError` if it came out as no address."""
    sender = run.text(call, "from")
    if sender and plain_address(sender) is None:
        raise run.error(f"{sender[:80]!r} is no address: name@example.com is.")
    return sender


def _handle(run: Run, call: Call, text: str, sender: str) -> str:
    """What tells one vacation from another that has no handle. RFC 5230 §4.2."""
    parts = (run.text(call, "subject"), sender, text, "mime" if "mime" in call.args else "")
    return sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _period(run: Run, call: Call) -> int:
    """Seconds in which a sender gets one answer: :days counts 1 to 365, :seconds may be 0. RFC 6131 §2."""
    seconds = run.number(call, "seconds")
    if seconds is not None:
        return min(seconds, _MOST_DAYS * _DAY)
    days = run.number(call, "days")
    return min(max(_DEFAULT_DAYS if days is None else days, 1), _MOST_DAYS) * _DAY


def _subject(run: Run, call: Call) -> str:
    subject = run.text(call, "subject")
    if not subject:
        field = next(_values(run, frozenset((b"subject",))), None)
        subject = f"Auto: {decode_text(unfold(field))}" if field is not None else "Automated reply"
    return " ".join(subject.split())[:_LONGEST_SUBJECT]


def _values(run: Run, names: frozenset[bytes]) -> Iterator[bytes]:
    return (field.value for field in run.letter.fields if field.name.lower() in names)


def _silent(run: Run, addresses: list[str]) -> str:
    """Why this message gets no answer; empty if it may have one."""
    sender = run.message.sender
    local = sender.rpartition("@")[0]
    own = {each.lower() for each in (*run.env.addresses, *addresses)}
    own |= _own_recipient(run)
    if not local:
        return "it has no sender"
    if _SYSTEM_SENDERS.match(local):
        return "a program sent it"
    if sender.lower() in own:
        return "it came from the owner"
    return _automatic(run) or ("" if _addressed(run, own) else "it is addressed to nobody who is the owner")


def _own_recipient(run: Run) -> set[str]:
    """The recipient of the envelope, unless it is known to be no address of the owner's: a group, or a catch-all."""
    recipient, known = run.message.recipient.lower(), {each.lower() for each in run.env.addresses}
    local, at, domain = recipient.rpartition("@")
    base = local.partition(run.env.separator)[0] + at + domain
    return {recipient} if recipient and (not known or recipient in known or base in known) else set()


def _automatic(run: Run) -> str:
    """Why the header tells against an answer. RFC 5230 §4.6, RFC 3834 §2."""
    for field in run.letter.fields:
        name, value = field.name.lower(), unfold(field.value[:1000]).lower()
        if name == b"auto-submitted" and value.partition(b";")[0].strip() != b"no":
            return "it was sent automatically"
        if name in _LIST_FIELDS:
            return "it came through a list"
        if name == b"precedence" and value in (b"bulk", b"list", b"junk"):
            return f"its precedence is {value.decode()}"
        if name == b"x-auto-response-suppress" and {b"all", b"oof"}.intersection(re.split(rb"[,;\s]+", value)):
            return "its sender wants none"
    return ""


def _addressed(run: Run, own: set[str]) -> bool:
    """Whether one of the owner's addresses stands among the recipients. RFC 5230 §4.5."""
    for value in _values(run, _RECIPIENT_FIELDS):
        run.spend(1 + len(value) // 1000)
        if any(box.address.lower() in own for box in shown(parse(unfold(value)))):
            return True
    return False


COMMANDS: Final[Mapping[str, Command]] = {"reject": reject, "ereject": reject, "vacation": vacation}
