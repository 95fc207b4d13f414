"""Delivery status notifications: composing the report. RFC 3464, RFC 6522; RFC 6533 beyond ASCII."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from string import Template
from textwrap import wrap
from typing import Final

from groupware.mime.compose import address_line, format_date, header_line, mailbox, message_id
from groupware.mime.headers import clean, fields, message_ids
from groupware.mime.lines import crlf
from groupware.model.event import Envelope, Recipient
from mailcore.queue import xtext
from mailcore.queue.words import FULL, WORDS, Action, Attach, Words

MOST_RETURNED: Final = 256 * 1024
"""Octets of a message that is returned whole; of a longer one the header is."""
_MOST_HEADER: Final = 64 * 1024
_MOST_TEXT: Final = 1000
_LONGEST_WORD: Final = 240  # characters; a line of mail may have 998 octets
_PLAIN: Final = re.compile(r"[!-*,-<>-\[\]-~]")
_NON_ASCII: Final = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Fate:
    """What a report says of one recipient."""

    recipient: Recipient
    status: str
    text: str
    """What was said, by `remote` in SMTP or by this server."""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a report is about: the message, what became of it, when, and who says so."""

    action: Action
    envelope: Envelope
    octets: bytes = field(repr=False)
    """The message; empty when it is lost."""
    queued: datetime
    now: datetime
    host: str
    until: datetime | None = None
    """For `delayed`: when it is tried for the last time."""


@dataclass(frozen=True, slots=True)
class Report:
    """A composed report; it goes to the envelope's sender, from <>."""

    octets: bytes = field(repr=False)
    utf8: bool
    """Whether it takes SMTPUTF8 to send it."""


def compose(occasion: Occasion, fates: Sequence[Fate], words: Words | None = None) -> Report:
    """The report. It says beyond ASCII (RFC 6533) what the message itself said so."""
    words = words or WORDS[occasion.action]
    envelope = occasion.envelope
    addresses = [envelope.sender, *(fate.recipient.address for fate in fates)]
    utf8 = envelope.utf8 or not all(address.isascii() for address in addresses[:1])
    boundary = f"=_{token_hex(16)}"
    parts = [_human(occasion, fates, words), _machine(occasion, fates, utf8=utf8)]
    parts += _returned(occasion, words, utf8=utf8)
    octets = b"".join(
        [
            _header(occasion, words, boundary),
            b"This is a report in several parts (RFC 3464).\r\n",
            *(b"\r\n--" + boundary.encode() + b"\r\n" + part for part in parts),
            b"\r\n--" + boundary.encode() + b"--\r\n",
        ]
    )
    return Report(octets, utf8)


def _header(occasion: Occasion, words: Words, boundary: str) -> bytes:
    host = occasion.host
    original = _message_id_of(occasion.octets)
    lines = [
        address_line("From", [mailbox(_filled(words.sender, {"host": host}), f"MAILER-DAEMON@{host}")]),
        address_line("To", [mailbox("", occasion.envelope.sender)]),
        header_line("Subject", _filled(words.subject, {"host": host})),
        header_line("Date", format_date(occasion.now)),
        header_line("Message-ID", message_id(host)),
        *([header_line(name, f"<{original}>") for name in ("In-Reply-To", "References")] if original else []),
        header_line("Auto-Submitted", "auto-replied"),
        header_line("MIME-Version", "1.0"),
        b'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="' + boundary.encode() + b'"\r\n',
        b"Content-Transfer-Encoding: 8bit\r\n",
        b"\r\n",
    ]
    return b"".join(lines)


def _message_id_of(octets: bytes) -> str:
    for name, value in fields(header_of(octets)):
        if name.lower() == b"message-id":
            found = next(iter(message_ids(value)), "")
            return found if found.isascii() and len(found) < 900 else ""
    return ""


def header_of(octets: bytes) -> bytes:
    """The header of a message, with the blank line; at most 64 KB, cut at the end of a line."""
    most = _MOST_HEADER + 4
    blank = octets.find(b"\n\r\n", 0, most)
    bare = octets.find(b"\n\n", 0, most if blank < 0 else blank + 1)
    if bare >= 0 or blank >= 0:
        return octets[: bare + 2 if bare >= 0 else blank + 3]
    cut = octets[:_MOST_HEADER]
    return cut if len(octets) <= _MOST_HEADER else cut[: cut.rfind(b"\n") + 1]


# --- what people read -----------------------------------------------------------------------------------------------


def _human(occasion: Occasion, fates: Sequence[Fate], words: Words) -> bytes:
    facts = {"host": occasion.host, "until": format_date(occasion.until) if occasion.until else "some days have passed"}
    blocks = [_filled(words.head, facts)]
    for fate in fates:
        about = {
            "recipient": _shown(fate.recipient, words),
            "reason": _reason(fate, words),
            "advice": advice_for(fate.status, words),
        }
        blocks.append(_filled(words.line, {**facts, **about}))
    blocks.append(_filled(words.tail, facts))
    text = "\r\n\r\n".join(_wrapped(block) for block in blocks if block) + "\r\n"
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text.encode()


def _shown(recipient: Recipient, words: Words) -> str:
    """The address as the sender wrote it, when it has changed on its way."""
    _, original = _original(recipient)
    if original and original != recipient.address:
        return _filled(words.instead, {"recipient": recipient.address, "original": original})
    return recipient.address


def _original(recipient: Recipient) -> tuple[str, str]:
    """Kind and address of ORCPT=, decoded; empty when there was none."""
    kind, _, address = recipient.orcpt.partition(";")
    try:
        return kind, address if kind.lower() == "utf-8" else xtext.decode(address)
    except ValueError:
        return kind, address


def _reason(fate: Fate, words: Words) -> str:
    said = _said(_outside(fate))
    return _filled(words.said, {"server": fate.remote, "text": said}) if fate.remote else said or fate.status


def _outside(fate: Fate) -> str:
    """What was said, without how much a mailbox here holds and may hold: that is for its owner."""
    return FULL if not fate.remote and fate.status[1:] == ".2.2" else fate.text


def advice_for(status: str, words: Words) -> str:
    """What to do about a status: the first advice whose code is in it; that of "" fits all."""
    return next((advice for part, advice in words.advice if part in status[1:] or part == status), "")


def _said(text: str) -> str:
    return clean(text.encode("utf-8", "replace").decode("utf-8"))[:_MOST_TEXT]


def _filled(text: str, facts: Mapping[str, str]) -> str:
    return Template(text).safe_substitute(facts)


def _wrapped(block: str) -> str:
    """The block in lines of at most 76 columns, each line's indentation kept."""
    lines: list[str] = []
    for line in block.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        lines += _lines(line, indent) or [""]
    return "\r\n".join(lines)


# --- what programs read ---------------------------------------------------------------------------------------------


def _machine(occasion: Occasion, fates: Sequence[Fate], *, utf8: bool) -> bytes:
    envelope = occasion.envelope
    kind = "message/global-delivery-status" if utf8 else "message/delivery-status"
    groups = [
        [
            *([("Original-Envelope-Id", _envid(envelope.envid))] if envelope.envid else []),
            ("Reporting-MTA", f"dns; {occasion.host}"),
            ("Arrival-Date", format_date(occasion.queued)),
        ],
        *(_per_recipient(occasion, fate, utf8=utf8) for fate in fates),
    ]
    text = "\r\n\r\n".join("\r\n".join(_field(name, value, utf8=utf8) for name, value in group) for group in groups)
    encoding = "8bit" if utf8 else "7bit"
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return (head + text + "\r\n").encode("utf-8", "replace")


def _envid(envid: str) -> str:
    try:
        return xtext.decode(envid)
    except ValueError:
        return envid


def _per_recipient(occasion: Occasion, fate: Fate, *, utf8: bool) -> list[tuple[str, str]]:
    kind, original = _original(fate.recipient)
    found = [("Original-Recipient", f"{kind}; {_address(original, utf8=utf8)}")] if original else []
    address = fate.recipient.address
    found += [
        ("Final-Recipient", f"{'rfc822' if address.isascii() else 'utf-8'}; {_address(address, utf8=utf8)}"),
        ("Action", occasion.action),
        ("Status", fate.status),
    ]
    if fate.remote:
        found.append(("Remote-MTA", f"dns; {fate.remote}"))
    if fate.text and occasion.action != "delivered":
        found.append(("Diagnostic-Code", f"{'smtp' if fate.remote else 'X-Postroom'}; {_said(_outside(fate))}"))
    found.append(("Last-Attempt-Date", format_date(occasion.now)))
    if occasion.until is not None and occasion.action == "delayed":
        found.append(("Will-Retry-Until", format_date(occasion.until)))
    return found


def _address(address: str, *, utf8: bool) -> str:
    """The address as the field has it: beyond ASCII in the form `\\x{HEX}` where only ASCII may stand. RFC 6533 §3."""
    if utf8 or address.isascii():
        return clean(address)
    return "".join(
        sign if 33 <= ord(sign) <= 126 and sign not in "\\+=" else f"\\x{{{ord(sign):X}}}" for sign in address
    )


def _field(name: str, value: str, *, utf8: bool) -> str:
    """One field, folded; what may not stand in it is replaced by question marks."""
    value = clean(value)
    if not utf8:
        value = value.encode("ascii", "replace").decode()
    return "\r\n".join(_lines(f"{name}: {value}", " "))


def _lines(text: str, indent: str) -> list[str]:
    """The text in lines of 76 columns; a word is only broken when it is too long for any line of mail."""
    too_long = max(map(len, text.split()), default=0) > _LONGEST_WORD
    return wrap(text, 76, subsequent_indent=indent, break_long_words=too_long, break_on_hyphens=False)


# --- what comes back ------------------------------------------------------------------------------------------------


def _returned(occasion: Occasion, words: Words, *, utf8: bool) -> list[bytes]:
    """The message or its header, as RET= asked (RFC 3461 §4.3: it is about failures) or the words say; or nothing."""
    envelope, octets = occasion.envelope, occasion.octets
    attach: Attach = words.attach
    if envelope.ret:
        attach = "message" if envelope.ret.upper() == "FULL" else "headers"
    if occasion.action != "failed" and attach == "message":
        attach = "headers"
    if not octets or attach == "nothing":
        return []
    header = header_of(octets)
    plain_header = _NON_ASCII.search(header) is None
    if attach == "message" and len(octets) <= MOST_RETURNED and envelope.body_type.upper() != "BINARYMIME":
        kind = "message/rfc822" if plain_header or not utf8 else "message/global"
        return [_part(kind, crlf(octets))]
    kind = "text/rfc822-headers" if plain_header or not utf8 else "message/global-headers"
    return [_part(kind, crlf(header))]


def _part(kind: str, octets: bytes) -> bytes:
    encoding = "7bit" if _NON_ASCII.search(octets) is None else "8bit"
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + octets
