"""An answer with the message that it answers below, and a message that is sent on with what is attached to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import SMTP
from html import escape
from typing import Final

from connectors.activesync.mail.body import text_in
from connectors.activesync.sync.options import HTML, PLAIN
from groupware.mime.compose import format_date
from groupware.mime.parts import Part
from groupware.mime.sections import decoded
from groupware.mime.shown import lists_of
from groupware.mime.summary import Summary, summarize
from groupware.model.times import moment

_POLICY: Final = SMTP.clone(cte_type="7bit")
_OF_BODY: Final = ("content-type", "content-transfer-encoding", "content-disposition", "mime-version", "content-id")


@dataclass(frozen=True, slots=True)
class Original:
    """The message that is answered or sent on."""

    octets: bytes
    summary: Summary
    html: str
    plain: str
    files: Sequence[Part]


def original_of(octets: bytes) -> Original:
    """What is wanted of a stored message."""
    summary = summarize(octets)
    lists = lists_of(summary.parts)
    files = [summary.parts[index] for index in lists.attachments]
    html, plain = (text_in(octets, summary.parts, lists, kind) for kind in (HTML, PLAIN))
    return Original(octets, summary, html, plain, files)


def replied(octets: bytes, original: Original) -> bytes:
    """The answer with the original's text below."""
    return _joined(octets, original, ())


def forwarded(octets: bytes, original: Original) -> bytes:
    """The message with the original's text below, and what is attached to it."""
    return _joined(octets, original, original.files)


def _joined(octets: bytes, original: Original, files: Sequence[Part]) -> bytes:
    """The given message's header and own files, its text with the original's below, and the files."""
    given = message_from_bytes(octets)
    summary = summarize(octets)
    lists = lists_of(summary.parts)
    html = any(summary.parts[index].media == "text/html" for index in lists.html)
    own = text_in(octets, summary.parts, lists, HTML if html else PLAIN)
    made = EmailMessage(policy=_POLICY)
    if html:
        made.set_content(own + _head_html(original.summary) + original.html, subtype="html", charset="utf-8")
    else:
        made.set_content(f"{own.rstrip()}\n\n{_head(original.summary)}\n{original.plain}\n", charset="utf-8")
    for index in lists.attachments:
        _attach(made, octets, summary.parts[index])
    for part in files:
        _attach(made, original.octets, part)
    return _header_of(given, original, octets) + bytes(made)


def _attach(made: EmailMessage, octets: bytes, part: Part) -> None:
    content = decoded(octets, part)
    if part.media == "message/rfc822":
        made.add_attachment(message_from_bytes(content, policy=_POLICY), filename=part.name or None)
        return
    main, _, sub = part.media.partition("/")
    if main in ("message", "multipart", "") or not sub:
        main, sub = "application", "octet-stream"
    cid = f"<{part.cid}>" if part.cid else None
    made.add_attachment(content, maintype=main, subtype=sub, filename=part.name or "attachment", cid=cid)


def _header_of(given: Message, original: Original, octets: bytes) -> bytes:
    """The fields of the given message but for those of its body, and what thread it is in."""
    end = octets.find(b"\n\r\n") if b"\n\r\n" in octets else octets.find(b"\n\n")
    head = octets[: end + 1] if end >= 0 else octets
    kept: list[bytes] = []
    keeps = True
    for line in head.splitlines(keepends=True):
        if line[:1] not in b" \t":
            keeps = line.partition(b":")[0].strip().lower().decode("latin-1") not in _OF_BODY
        if keeps:
            kept.append(line if line.endswith(b"\r\n") else line.rstrip(b"\n") + b"\r\n")
    if original.summary.message_id and "references" not in given:
        ids = [*original.summary.references, original.summary.message_id]
        kept.append(b"References: " + b"\r\n ".join(f"<{each}>".encode() for each in ids[-20:]) + b"\r\n")
        if "in-reply-to" not in given:
            kept.append(f"In-Reply-To: <{original.summary.message_id}>\r\n".encode())
    return b"".join(kept)


def _facts(summary: Summary) -> list[tuple[str, str]]:
    sent = format_date(moment(summary.date * 1_000_000)) if summary.date is not None else ""
    people = {
        "From": ", ".join(_named(each.name, each.address) for each in summary.from_),
        "Sent": sent,
        "To": ", ".join(_named(each.name, each.address) for each in summary.to),
        "Cc": ", ".join(_named(each.name, each.address) for each in summary.cc),
        "Subject": summary.subject,
    }
    return [(name, value) for name, value in people.items() if value]


def _named(name: str, address: str) -> str:
    return f"{name} <{address}>" if name else address


def _head(summary: Summary) -> str:
    return "\n".join(["-----Original Message-----", *(f"{name}: {value}" for name, value in _facts(summary)), ""])


def _head_html(summary: Summary) -> str:
    lines = "".join(f"<b>{name}:</b> {escape(value, quote=False)}<br>" for name, value in _facts(summary))
    return f"<hr><div>{lines}</div><br>"
