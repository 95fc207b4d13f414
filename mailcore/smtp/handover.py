"""One message to one server: MAIL, RCPT, DATA, and what was answered for each recipient."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from groupware.mime.lines import no_bare_ends
from groupware.model.event import Envelope, Recipient
from mailcore.queue.courier import Result, Verdict, failed, later
from mailcore.queue.dsn import header_of
from mailcore.server.dns import NoSuchDomain, to_ascii
from mailcore.smtp.talk import Answer, Broken, Talk

_BINARY: Final = re.compile(rb"\0|\r(?!\n)|(?<!\r)\n|[^\r\n]{999}")
_TOO_MANY: Final = (452, 552)
"""What servers answer to one recipient too many; RFC 5321 §4.5.3.1.10 wants both taken as temporary."""


@dataclass(frozen=True, slots=True)
class Load:
    """A message in the form that this very peer can take."""

    envelope: Envelope
    octets: bytes
    mail: tuple[bytes, ...]
    """MAIL and its parameters."""
    binary: bool


class Unfit(Exception):
    """The peer cannot take the message at all."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.text)
        self.result = result


Confirm = Callable[[Sequence[Result]], None]
"""Called with what a peer has taken, as soon as it has said so."""


async def hand_over(talk: Talk, envelope: Envelope, octets: bytes, confirm: Confirm) -> list[Result]:
    """What became of each recipient. Broken: the connection was lost before the message went over; try elsewhere."""
    host = talk.hop.name
    try:
        load = _fitted(talk, envelope, octets)
    except Unfit as error:
        return [replace(error.result, recipient=each) for each in envelope.recipients]
    results: list[Result] = []
    waiting: Sequence[Recipient] = envelope.recipients
    while waiting:
        try:
            done, waiting = await _transaction(talk, load, waiting, confirm)
        except Broken as error:
            if not results:
                raise
            return results + _lost(waiting, error, host)  # what the host took before stays sent
        results += done
    return results


async def _transaction(
    talk: Talk, load: Load, recipients: Sequence[Recipient], confirm: Confirm
) -> tuple[list[Result], Sequence[Recipient]]:
    """The results of one transaction, and the recipients that were too many for it."""
    host = talk.hop.name
    paths = [(each, _path(talk, each.address)) for each in recipients]
    results = [replace(_no_utf8(host), recipient=each) for each, path in paths if path is None]
    asked = [(each, _rcpt(talk, each, path)) for each, path in paths if path is not None]
    if not asked:
        return results, ()
    talk.within = True
    said = await _envelope_said(talk, load, [command for _, command in asked])
    if not said.mail.ok:
        results += [_result(each, said.mail, host) for each, _ in asked]
        if any(answer.ok for answer in said.recipients):
            talk.close()  # it has lost count: whatever is said now, it may take for a message
        else:
            await _nothing(talk, said.data)
        return results, ()
    accepted: list[Recipient] = []
    surplus: list[Recipient] = []
    for (recipient, _), answer in zip(asked, said.recipients, strict=True):
        if answer.ok:
            accepted.append(recipient)
        elif accepted and answer.code in _TOO_MANY and answer.status[1:] in (".0.0", ".5.3"):
            surplus.append(recipient)
        else:
            results.append(_result(recipient, answer, host))
    if not accepted:
        await _nothing(talk, said.data)
        return results, ()
    if said.data is not None and not said.data.go_on:
        return [*results, *(_unasked(each, said.data, host) for each in accepted)], surplus
    try:
        answer = await (talk.chunk(load.octets) if load.binary else talk.content(load.octets))
    except Broken as error:  # whether the peer has it is not known: only a second copy is worse than none at all
        return [*results, *_lost((*accepted, *surplus), error, host)], ()
    talk.within = not answer.ok
    handed_on = talk.offers("dsn")
    taken = [replace(_result(each, answer, host), handed_on=handed_on) for each in accepted]
    confirm(taken)
    results += taken
    return results, surplus


@dataclass(frozen=True, slots=True)
class Said:
    """The answers to the envelope. `data` None: DATA was not said."""

    mail: Answer
    recipients: Sequence[Answer] = ()
    data: Answer | None = None


async def _envelope_said(talk: Talk, load: Load, recipients: Sequence[tuple[bytes, ...]]) -> Said:
    """The answers to MAIL, every RCPT and DATA: in one go where the peer takes that (RFC 2920), else one by one."""
    data = [] if load.binary else [(b"DATA",)]
    if talk.offers("pipelining"):
        mail, *others = await talk.ask_all([load.mail, *recipients, *data])
        return Said(mail, others[: len(recipients)], others[-1] if data else None)
    mail = await talk.ask(*load.mail)
    if not mail.ok:
        return Said(mail)
    answers = [await talk.ask(*command) for command in recipients]
    if not data or not any(answer.ok for answer in answers):
        return Said(mail, answers)
    return Said(mail, answers, await talk.ask(b"DATA"))


async def _nothing(talk: Talk, data: Answer | None) -> None:
    """Ends a message that has no recipient, where the peer wants to have one all the same. RFC 2920 §3.1."""
    if data is not None and data.go_on:
        with contextlib.suppress(Broken):  # every recipient has its answer
            await talk.content(b"")


def _unasked(recipient: Recipient, answer: Answer, host: str) -> Result:
    """What becomes of a recipient by the answer to DATA; success without the message is none."""
    if answer.ok:
        return replace(later("4.5.0", f"{host} answered DATA with {answer}."), recipient=recipient)
    return _result(recipient, answer, host)


def _lost(recipients: Sequence[Recipient], error: Broken, host: str) -> list[Result]:
    lost = later("4.4.2", f"The connection with {host} was lost while the message was sent: {error}")
    return [replace(lost, recipient=each) for each in recipients]


def _rcpt(talk: Talk, recipient: Recipient, path: bytes) -> tuple[bytes, ...]:
    return (b"RCPT", b"TO:<" + path + b">", *_rcpt_parameters(talk, recipient))


def _result(recipient: Recipient, answer: Answer, host: str) -> Result:
    verdict: Verdict = "sent" if answer.ok else "failed" if answer.permanent else "later"
    return Result(recipient, verdict, answer.status, str(answer), host)


# --- what this peer can take ----------------------------------------------------------------------------------------


def _no_utf8(host: str) -> Result:
    return failed("5.6.7", f"{host} cannot take addresses or headers beyond ASCII (it offers no SMTPUTF8).")


def _fitted(talk: Talk, envelope: Envelope, octets: bytes) -> Load:
    """The message for this peer. Unfit."""
    binary = envelope.body_type.upper() == "BINARYMIME" and _BINARY.search(octets) is not None
    if binary and not (talk.offers("binarymime") and talk.offers("chunking")):
        raise Unfit(failed("5.6.3", f"{talk.hop.name} takes no binary content (it offers no BINARYMIME)."))
    octets = octets if binary else no_bare_ends(octets)
    parameters = _size(talk, octets)
    eight_bit = not octets.isascii()
    if binary:
        parameters.append(b"BODY=BINARYMIME")
    elif eight_bit and talk.offers("8bitmime"):
        parameters.append(b"BODY=8BITMIME")
    if _needs_utf8(envelope, octets, eight_bit=eight_bit):
        if not talk.offers("smtputf8"):
            raise Unfit(_no_utf8(talk.hop.name))
        parameters.append(b"SMTPUTF8")
    elif talk.offers("smtputf8") and not all(each.address.isascii() for each in envelope.recipients):
        parameters.append(b"SMTPUTF8")
    if envelope.require_tls:
        parameters.append(b"REQUIRETLS")
    if talk.offers("dsn"):
        parameters += [b"RET=" + envelope.ret.encode()] if envelope.ret else []
        parameters += [b"ENVID=" + envelope.envid.encode()] if envelope.envid else []
    sender = _path(talk, envelope.sender)
    if sender is None:
        raise Unfit(_no_utf8(talk.hop.name))
    return Load(envelope, octets, (b"MAIL", b"FROM:<" + sender + b">", *parameters), binary)


def _size(talk: Talk, octets: bytes) -> list[bytes]:
    """SIZE=, where the peer wants to know. Unfit when it said that this is too much. RFC 1870."""
    if not talk.offers("size"):
        return []
    limit = talk.parameter("size").strip()
    if limit.isdecimal() and 0 < int(limit) < len(octets):
        raise Unfit(failed("5.3.4", f"The message has {len(octets)} octets; {talk.hop.name} takes {limit} at most."))
    return [b"SIZE=%d" % len(octets)]


def _needs_utf8(envelope: Envelope, octets: bytes, *, eight_bit: bool) -> bool:
    """Whether only a server with SMTPUTF8 may get it: an address or, as was declared, the header needs it. RFC 6531."""
    if not envelope.sender.rpartition("@")[0].isascii():
        return True
    return envelope.utf8 and eight_bit and not header_of(octets).isascii()


def _path(talk: Talk, address: str) -> bytes | None:
    """The address as this peer can read it; None when it cannot."""
    if address.isascii() or talk.offers("smtputf8"):
        return address.encode()
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{to_ascii(domain)}".encode("ascii")
    except (NoSuchDomain, UnicodeEncodeError):
        return None


def _rcpt_parameters(talk: Talk, recipient: Recipient) -> list[bytes]:
    """NOTIFY= and ORCPT=, where the peer knows them. RFC 3461 §5.2.1."""
    if not talk.offers("dsn"):
        return []
    found = [b"NOTIFY=" + recipient.notify.encode()] if recipient.notify else []
    if recipient.orcpt and (recipient.orcpt.isascii() or talk.offers("smtputf8")):
        found.append(b"ORCPT=" + recipient.orcpt.encode())
    return found
