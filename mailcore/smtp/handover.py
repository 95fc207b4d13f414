"""One message to one server: MAIL, RCPT, DATA, and what was answered for each recipient."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from groupware.mime.lines import crlf
from groupware.model.event import Envelope, Recipient
from mailcore.queue.courier import Result, Verdict, failed, later
from mailcore.queue.dsn import header_of
from mailcore.server.dns import NoSuchDomain, to_ascii
from mailcore.smtp.talk import Answer, Broken, Talk

_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")
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


async def hand_over(talk: Talk, envelope: Envelope, octets: bytes) -> list[Result]:
    """What became of each recipient. Broken: the connection was lost before the message went over; try elsewhere."""
    host = talk.hop.name
    try:
        load = _fitted(talk, envelope, octets)
    except Unfit as error:
        return [replace(error.result, recipient=each, remote=host) for each in envelope.recipients]
    results: list[Result] = []
    waiting: Sequence[Recipient] = envelope.recipients
    while waiting:
        done, waiting = await _transaction(talk, load, waiting)
        results += done
    return results


async def _transaction(
    talk: Talk, load: Load, recipients: Sequence[Recipient]
) -> tuple[list[Result], Sequence[Recipient]]:
    """The results of one transaction, and the recipients that were too many for it."""
    host = talk.hop.name
    answer = await talk.ask(*load.mail)
    if not answer.ok:
        return [_result(each, answer, host) for each in recipients], ()
    accepted: list[Recipient] = []
    surplus: list[Recipient] = []
    results: list[Result] = []
    for recipient in recipients:
        path = _path(talk, recipient.address)
        if path is None:
            results.append(replace(_NO_UTF8, recipient=recipient, remote=host))
            continue
        answer = await talk.ask(b"RCPT", b"TO:<" + path + b">", *_rcpt_parameters(talk, recipient))
        if answer.ok:
            accepted.append(recipient)
        elif accepted and answer.code in _TOO_MANY and answer.status[1:] in (".0.0", ".5.3"):
            surplus.append(recipient)
        else:
            results.append(_result(recipient, answer, host))
    if not accepted:
        return results, ()
    try:
        answer = await (talk.chunk(load.octets) if load.binary else talk.data(load.octets))
    except Broken as error:  # whether the peer has it is not known: only a second copy is worse than none at all
        lost = later("4.4.2", f"The connection was lost while the message was sent: {error}", host)
        return [*results, *(replace(lost, recipient=each) for each in (*accepted, *surplus))], ()
    handed_on = talk.offers("dsn")
    results += [replace(_result(each, answer, host), handed_on=handed_on) for each in accepted]
    return results, surplus


def _result(recipient: Recipient, answer: Answer, host: str) -> Result:
    verdict: Verdict = "sent" if answer.ok else "failed" if answer.permanent else "later"
    return Result(recipient, verdict, answer.status, str(answer), host)


# --- what this peer can take ----------------------------------------------------------------------------------------

_NO_UTF8: Final = failed("5.6.7", "The server cannot take addresses or headers beyond ASCII (it offers no SMTPUTF8).")


def _fitted(talk: Talk, envelope: Envelope, octets: bytes) -> Load:
    """The message for this peer. Unfit."""
    binary = envelope.body_type.upper() == "BINARYMIME" and _BINARY.search(octets) is not None
    if binary and not (talk.offers("binarymime") and talk.offers("chunking")):
        raise Unfit(failed("5.6.3", "The server takes no binary content (it offers no BINARYMIME)."))
    octets = octets if binary else crlf(octets)
    parameters = _size(talk, octets)
    eight_bit = _NON_ASCII.search(octets) is not None
    if binary:
        parameters.append(b"BODY=BINARYMIME")
    elif eight_bit and talk.offers("8bitmime"):
        parameters.append(b"BODY=8BITMIME")
    if _needs_utf8(envelope, octets, eight_bit=eight_bit):
        if not talk.offers("smtputf8"):
            raise Unfit(_NO_UTF8)
        parameters.append(b"SMTPUTF8")
    elif talk.offers("smtputf8") and not all(each.address.isascii() for each in envelope.recipients):
        parameters.append(b"SMTPUTF8")
    if talk.offers("dsn"):
        parameters += [b"RET=" + envelope.ret.encode()] if envelope.ret else []
        parameters += [b"ENVID=" + envelope.envid.encode()] if envelope.envid else []
    sender = _path(talk, envelope.sender)
    if sender is None:
        raise Unfit(_NO_UTF8)
    return Load(envelope, octets, (b"MAIL", b"FROM:<" + sender + b">", *parameters), binary)


def _size(talk: Talk, octets: bytes) -> list[bytes]:
    """SIZE=, where the peer wants to know. Unfit when it said that this is too much. RFC 1870."""
    if not talk.offers("size"):
        return []
    limit = talk.parameter("size").strip()
    if limit.isdecimal() and 0 < int(limit) < len(octets):
        raise Unfit(failed("5.3.4", f"The message has {len(octets)} octets; the server takes {limit} at most."))
    return [b"SIZE=%d" % len(octets)]


def _needs_utf8(envelope: Envelope, octets: bytes, *, eight_bit: bool) -> bool:
    """Whether only a server with SMTPUTF8 may get it: an address or, as was declared, the header needs it. RFC 6531."""
    if not envelope.sender.rpartition("@")[0].isascii():
        return True
    return envelope.utf8 and eight_bit and _NON_ASCII.search(header_of(octets)) is not None


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
