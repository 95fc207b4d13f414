"""Header lines that receiving puts before a message: the trace, and what a submitted message lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

from groupware.mime.addresses import address_of, parse
from groupware.mime.compose import format_date, header_line, message_id
from groupware.mime.headers import fields, unfold
from mailcore.smtp.state import LMTP, SUBMISSION, State, Transaction

_ODD: Final = re.compile(r"[\x00-,/;-@\\^`{-\x7f]")
_END: Final = re.compile(rb"\n\r?\n")


def header_of(octets: bytes) -> bytes:
    """The octets of the header, without the blank line; empty when the message begins with its body."""
    if octets.startswith((b"\r\n", b"\n")):
        return b""
    end = _END.search(octets)
    return octets[: end.start() + 1] if end is not None else octets


def hops(header: bytes) -> int:
    """How many servers have handled the message, by its Received lines."""
    lines = b"\n" + header.lower()
    return sum(lines.count(b"\nreceived" + sign) for sign in (b":", b" ", b"\t"))


def own_lines(names: Sequence[bytes]) -> int:
    """How many of the fields of these names (lower case) at the top are this server's own words of how it came.

    What is added later goes behind them: who asks whether a message is what it says reads the first two fields.
    """
    if names[:1] != [b"received"]:
        return 0
    return 2 if names[1:2] == [b"authentication-results"] else 1


def protocol(state: State, transaction: Transaction) -> str:
    """The word behind `with`. RFC 3848, RFC 6531 §4.3."""
    lmtp, utf8 = state.role == LMTP, transaction.params.utf8
    if not lmtp and not state.extended:
        return "SMTP"
    word = ("UTF8LMTP" if utf8 else "LMTP") if lmtp else ("UTF8SMTP" if utf8 else "ESMTP")
    return word + ("S" if state.connection.secure else "") + ("A" if state.who is not None else "")


def received(state: State, transaction: Transaction, host: str, now: datetime) -> bytes:
    """The trace line of this server. It names the recipient when there is but one. RFC 5321 §4.4."""
    peer = state.connection.peer.ip
    literal = f"[IPv6:{peer}]" if ":" in peer else f"[{peer}]"
    lines = [f"Received: from {_ODD.sub('?', state.hello) or 'unknown'} ({literal})"]
    tls = state.connection.tls
    if tls is not None:
        lines.append(f"(using {tls.version} with cipher {tls.cipher})")
    lines.append(f"by {host} with {protocol(state, transaction)} id {transaction.id}")
    if len(transaction.recipients) == 1:
        lines.append(f"for <{next(iter(transaction.recipients))}>")
    return ("\r\n\t".join(lines) + f"; {_date(now.replace(microsecond=0))}\r\n").encode()


@lru_cache(maxsize=4)
def _date(second: datetime) -> str:
    """The date, written once for all messages of one second."""
    return format_date(second)


def missing(header: bytes, author: str, host: str, now: datetime, *, sender: bool) -> bytes:
    """The lines that a submitted message lacks: From, Date, Message-ID, and a Sender if asked for. RFC 6409 §8."""
    there = {name.lower() for name, _ in fields(header)}
    lines = b""
    if sender and b"sender" not in there:
        lines += header_line("Sender", author)
    if b"from" not in there:
        lines += header_line("From", author)
    if b"date" not in there:
        lines += header_line("Date", format_date(now))
    if b"message-id" not in there:
        lines += header_line("Message-ID", message_id(author.rpartition("@")[2] or host))
    return lines


def authors(header: bytes) -> Sequence[str]:
    """The addresses that the message says it is from, and sent by; of one that is sent again, by whom it is."""
    found = [(name.lower(), value) for name, value in fields(header)]
    again = any(name == b"resent-from" for name, _ in found)
    wanted = (b"resent-from", b"resent-sender") if again else (b"from", b"sender")
    values = (unfold(value) for name, value in found if name in wanted)
    return [address_of(each) for value in values for each in parse(value) if each.host]


def completes(state: State) -> bool:
    """Whether messages come from a user's own program here, and get what they lack."""
    return state.role == SUBMISSION or state.who is not None
