"""`Email/get`: what is told of a message, out of its stored summary as far as that goes. RFC 8621 §4.2."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from groupware.mime.addresses import Mailbox
from groupware.mime.headers import date
from groupware.mime.shown import Lists, lists_of
from groupware.mime.summary import Summary, decode
from groupware.mime.threads import thread_id
from groupware.model.flags import FLAGS, Flags, words_in
from groupware.model.folder import Folder
from groupware.model.ids import BlobId, FolderId, ItemId, ranges
from groupware.model.item import Instance
from groupware.model.snooze import Snooze
from groupware.store.api import ReadTx
from web.jmap import bodies, snoozed
from web.jmap.arguments import argument, count, flag, ident, ids, texts
from web.jmap.bodies import Message
from web.jmap.errors import MethodError
from web.jmap.headers_of import Wanted, header_fields, raw, rfc3339, utc, value_of, wanted
from web.jmap.ids import account_id, blob_id, email_id, email_of, mailbox_id
from web.jmap.instances import by_folder, instances_of, marks_of
from web.jmap.limits import BODY_VALUE, BODY_VALUES, HEADER_PROPERTIES
from web.jmap.states import emails_at
from web.jmap.turn import Turn, owner_in, readable

OF_MESSAGE: Final = (
    "messageId",
    "inReplyTo",
    "references",
    "sender",
    "from",
    "to",
    "cc",
    "bcc",
    "replyTo",
    "subject",
    "sentAt",
    "hasAttachment",
    "preview",
    "bodyValues",
    "textBody",
    "htmlBody",
    "attachments",
)
"""What is told of any message, wherever it is (RFC 8621 §4.2, §4.9)."""
DEFAULT: Final = (
    "id",
    "blobId",
    "threadId",
    "mailboxIds",
    "keywords",
    "size",
    "receivedAt",
    *OF_MESSAGE,
)
KNOWN: Final = frozenset({*DEFAULT, "headers", "bodyStructure", snoozed.PROPERTY})
_OF_OCTETS: Final = frozenset(
    {"headers", "bodyStructure", "bodyValues", "textBody", "htmlBody", "attachments", "sender", "replyTo"}
)
FLAG_WORDS: Final = {
    Flags.SEEN: "$seen",
    Flags.ANSWERED: "$answered",
    Flags.FLAGGED: "$flagged",
    Flags.DRAFT: "$draft",
}
_ENVELOPE_DATE: Final = re.compile(rb'\("((?:[^"\\]|\\.)*)"')
COLUMNS: Final = ("email", "blob", "saved", "octets", "summary", "message_id", "ids")
_AT_ONCE: Final = 16 * 1024 * 1024  # octets of messages that are read in one hop


@dataclass(frozen=True, slots=True)
class Arguments:
    """RFC 8621 §4.2."""

    account_id: str = argument(ident)
    ids: tuple[str, ...] | None = argument(ids, None)
    properties: tuple[str, ...] | None = argument(texts, None)
    body_properties: tuple[str, ...] = argument(texts, bodies.PROPERTIES)
    fetch_text_body_values: bool = argument(flag, False)
    fetch_html_body_values: bool = argument(flag, False, "fetchHTMLBodyValues")
    fetch_all_body_values: bool = argument(flag, False)
    max_body_value_bytes: int = argument(count, 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of each message."""

    properties: Sequence[str]
    headers: Mapping[str, Wanted]
    arguments: Arguments

    @property
    def octets(self) -> bool:
        """Whether the summary is not enough."""
        return bool(self.headers) or not _OF_OCTETS.isdisjoint(self.properties)


@dataclass(frozen=True, slots=True)
class Row:
    """What is stored of an email."""

    email: ItemId
    blob: BlobId
    saved: int
    size: int
    summary: bytes
    message_id: str
    references: str
    messages: Sequence[Instance] = ()
    """The messages that it is, the first of them first."""
    bits: int = 0
    words: str = ""
    snoozed: Snooze | None = None
    """Where that was asked for."""


async def get(turn: Turn, arguments: Arguments) -> Mapping[str, Any]:
    """`Email/get`."""
    if arguments.ids is None:
        raise MethodError("requestTooLarge", "name the emails that are wanted")
    names, asked = arguments.ids, asked_for(arguments)

    def work(tx: ReadTx) -> tuple[dict[str, Any], dict[str, Row]]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable(tx, owner)
        head = {"accountId": account_id(owner), "state": str(emails_at(tx.reached(owner), folders.values()))}
        rows = rows_of(tx, folders, names)
        if snoozed.PROPERTY in asked.properties:
            waiting = snoozed.waiting(tx, [each for row in rows.values() for each in row.messages])
            rows = {name: replace(row, snoozed=waiting.get(row.email)) for name, row in rows.items()}
        return head, rows

    head, rows = await turn.read(work)
    told: list[dict[str, Any]] = []
    left = BODY_VALUES
    for page in _pages([rows[each] for each in names if each in rows], asked.octets):
        octets = await turn.parts.blobs.read_many([row.blob for row in page]) if asked.octets else {}
        for row in page:
            if asked.octets and row.blob not in octets:
                raise MethodError("serverUnavailable", f"the octets of {email_id(row.email)} cannot be read just now")
            one = (
                await asyncio.to_thread(email, row, octets[row.blob], asked) if asked.octets else email(row, b"", asked)
            )
            left -= sum(len(each["value"]) for each in one.get("bodyValues", {}).values())
            if left < 0:
                raise MethodError("requestTooLarge", "these texts are too much for one answer: ask for fewer")
            told.append(one)
    return {**head, "list": told, "notFound": [each for each in names if each not in rows]}


def asked_for(arguments: Arguments) -> Asked:
    """The properties, checked. `MethodError` `invalidArguments`."""
    given = DEFAULT if arguments.properties is None else ("id", *[p for p in arguments.properties if p != "id"])
    if sum(name.startswith("header:") for name in (*given, *arguments.body_properties)) > HEADER_PROPERTIES:
        raise MethodError("requestTooLarge", f"more than {HEADER_PROPERTIES} header fields: ask for `headers`")
    headers = {name: wanted(name) for name in given if name.startswith("header:")}
    unknown = next((name for name in given if name not in KNOWN and name not in headers), None)
    if unknown is not None:
        raise MethodError("invalidArguments", f"an email has no property {unknown[:60]!r}")
    for name in arguments.body_properties:
        if name not in bodies.KNOWN_PROPERTIES:
            if not name.startswith("header:"):
                raise MethodError("invalidArguments", f"a part has no property {name[:60]!r}")
            wanted(name)
    return Asked(given, headers, arguments)


def rows_of(tx: ReadTx, folders: Mapping[FolderId, Folder], names: Sequence[str]) -> dict[str, Row]:
    """The rows of the emails that are in these folders, by id."""
    emails = instances_of(tx, folders, [number for each in names if (number := email_of(each)) is not None])
    found = {}
    for at, here in by_folder(some[0] for some in emails.values()).items():
        rows = tx.columns(at, COLUMNS, ranges([each.uid for each in here]))
        for _, email, blob, saved, size, summary, message, references in rows:
            bits, words = marks_of(emails[email])
            found[email_id(email)] = Row(
                email, blob, saved, size, summary, message, references, emails[email], bits, words
            )
    return found


def _pages(rows: Sequence[Row], octets: bool) -> list[list[Row]]:
    """The rows in runs whose octets memory can hold together."""
    pages: list[list[Row]] = [[]]
    size = 0
    for row in rows:
        if octets and pages[-1] and size + row.size > _AT_ONCE:
            pages.append([])
            size = 0
        pages[-1].append(row)
        size += row.size
    return pages


def email(row: Row, octets: bytes, asked: Asked, blob: str = "") -> dict[str, Any]:
    """The message as a client sees it; `blob` is the id of its octets where it is no email that is somewhere."""
    summary = decode(row.summary)
    message = Message(blob or blob_id(row.email), summary.parts, octets)
    root = summary.parts[0]
    fields = header_fields(octets[root.header_start : root.body_start]) if octets else ()
    found: dict[str, Any] = {}
    for name in asked.properties:
        if name in asked.headers:
            found[name] = value_of(asked.headers[name], fields)
        elif name in ("sender", "replyTo"):
            field = "Sender" if name == "sender" else "Reply-To"
            found[name] = value_of(wanted(f"header:{field}:asAddresses"), fields)
        elif name == "headers":
            found[name] = [{"name": each.decode("latin-1"), "value": raw(value)} for each, value in fields]
        elif name == "blobId":
            found[name] = message.blob
        elif name in _OF_OCTETS:
            found[name] = _body(name, message, asked.arguments)
        else:
            found[name] = _stored(name, row, summary)
    return found


def _stored(name: str, row: Row, summary: Summary) -> Any:
    """A property that no look at the octets takes."""
    return _OF_ROW[name](row) if name in _OF_ROW else _OF_SUMMARY[name](summary)


def _people(found: Sequence[Mailbox]) -> list[dict[str, str | None]] | None:
    return [{"name": each.name or None, "email": each.address} for each in found] or None


def _sent(summary: Summary) -> str | None:
    """The Date field, in the zone of its writer."""
    field = _ENVELOPE_DATE.match(summary.envelope)
    moment = date(field[1]) if field is not None else None
    if moment is not None:
        return rfc3339(moment)
    return None if summary.date is None else utc(summary.date * 1_000_000)


def _body(name: str, message: Message, arguments: Arguments) -> Any:
    wanted_properties = arguments.body_properties
    if name == "bodyStructure":
        return message.structure(wanted_properties)
    lists = lists_of(message.parts)
    if name == "bodyValues":
        return _values(message, lists, arguments)
    chosen = {"textBody": lists.text, "htmlBody": lists.html, "attachments": lists.attachments}[name]
    return [message.part(index, wanted_properties) for index in chosen]


def _values(message: Message, lists: Lists, arguments: Arguments) -> dict[str, Any]:
    shown: set[int] = set()
    if arguments.fetch_text_body_values:
        shown.update(lists.text)
    if arguments.fetch_html_body_values:
        shown.update(lists.html)
    if arguments.fetch_all_body_values:
        shown.update(range(len(message.parts)))
    most = min(arguments.max_body_value_bytes or BODY_VALUE, BODY_VALUE)
    return {
        str(index): message.value(index, most)
        for index in sorted(shown)
        if message.parts[index].media.startswith("text/")
    }


def keywords(bits: int, words: str) -> set[str]:
    """The keywords: flags that IMAP has a name for, and those that people have named. RFC 8621 §4.1.1."""
    found = {word for each, word in FLAG_WORDS.items() if each in FLAGS[bits]}
    return found | {word.lower() for word in words_in(words)}


_OF_ROW: Final[Mapping[str, Callable[[Row], Any]]] = {
    "id": lambda row: email_id(row.email),
    "threadId": lambda row: thread_id(row.email, row.message_id, row.references),
    "mailboxIds": lambda row: {mailbox_id(at): True for at in sorted({each.folder for each in row.messages})},
    "keywords": lambda row: dict.fromkeys(sorted(keywords(row.bits, row.words)), True),
    "size": lambda row: row.size,
    "receivedAt": lambda row: utc(row.saved),
    "snoozed": lambda row: snoozed.told(row.snoozed),
}
_OF_SUMMARY: Final[Mapping[str, Callable[[Summary], Any]]] = {
    "sentAt": _sent,
    "preview": lambda summary: summary.preview,
    "hasAttachment": lambda summary: summary.has_attachment,
    "subject": lambda summary: summary.subject or None,
    "messageId": lambda summary: [summary.message_id] if summary.message_id else None,
    "inReplyTo": lambda summary: list(summary.in_reply_to) or None,
    "references": lambda summary: list(summary.references) or None,
    "from": lambda summary: _people(summary.from_),
    "to": lambda summary: _people(summary.to),
    "cc": lambda summary: _people(summary.cc),
    "bcc": lambda summary: _people(summary.bcc),
}
