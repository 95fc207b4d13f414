"""What a client sets of a message: fields of its header, texts, and marks beside it. MS-OXWSMSG §2.2.4.1."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, unset
from connectors.ews.extended import HEADERS, IMAP_DELETED, read_property
from connectors.ews.letter import File, Letter
from connectors.ews.mail_fields import FLAG_DATES, FLAG_STATUSES
from connectors.ews.paths import Path
from connectors.ews.same import meant
from connectors.ews.wire import child, children, local, moment, needed, text_of, words
from connectors.exchange.follow_up import COMPLETED, DATES, DONE, NONE, SET, facts_for
from connectors.exchange.last_verb import ANSWERED, ANSWERED_ALL, FORWARDED, PASSED_ON, VERB
from groupware.mime.html import plain_text
from groupware.model.categories import keyword_of
from groupware.model.flags import Flags

SENSITIVITY: Final = {"Personal": "personal", "Private": "private", "Confidential": "company-confidential"}
IGNORED: Final = frozenset(
    {
        "ItemClass",
        "ItemId",
        "ParentFolderId",
        "MimeContent",
        "Size",
        "DateTimeSent",
        "DateTimeReceived",
        "DateTimeCreated",
        "Culture",
        "ReminderIsSet",
        "ReminderMinutesBeforeStart",
        "ReminderDueBy",
        "IsResponseRequested",
        "ReceivedBy",
        "ReceivedRepresenting",
        "IsDraft",
        "IsFromMe",
        "IsSubmitted",
        "IsUnmodified",
        "IsResend",
        "IsAssociated",
    }
)
"""What a new message may say of itself, and the server says."""
_SYSTEM_TIME: Final = "tag:0x0e06:SystemTime"
_FLAGS: Final = "tag:0x0e07:Integer"
_NAME: Final = re.compile(r"[!-9;-~]{1,200}\Z")
_MEDIA: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,100}/[a-z0-9!#$&^_.+-]{1,100}\Z")
_INDEX: Final = re.compile(r"[A-Za-z0-9+/=]{1,2000}\Z")


@dataclass(slots=True)
class Marks:
    """What is set beside the octets; None: it stays."""

    flags: dict[Flags, bool] = field(default_factory=dict)
    categories: list[str] | None = None
    forwarded: bool | None = None
    followed: int | None = None
    """The status of the follow-up flag."""
    kept: dict[str, Any] = field(default_factory=dict)
    """Extended properties; None takes one away."""
    saved: datetime | None = None

    @property
    def keywords(self) -> frozenset[str]:
        """The keywords that the categories are."""
        found = frozenset(word for each in self.categories or () if (word := keyword_of(each)))
        found |= {FORWARDED} if self.forwarded else frozenset()
        return found | {COMPLETED} if self.followed == DONE else found


@dataclass(slots=True)
class Draft:
    """A message that is being made or changed."""

    letter: Letter
    marks: Marks = field(default_factory=Marks)
    rewritten: bool = False
    """Whether the octets are others."""


Set = Callable[[Draft, Element | None, str], None]
"""Sets a property to what stands in its element, appends that (`Append`), or takes it away (None)."""


def mailboxes_in(element: Element | None) -> list[tuple[str, str]]:
    """(name, address) of each Mailbox."""
    found = []
    for each in children(element):
        box = each if local(each) == "Mailbox" else child(each, "Mailbox")
        address = (words(box, "EmailAddress") or "").strip()
        if address:
            found.append(((words(box, "Name") or "").strip(), address))
    return [("" if name == address else name, address) for name, address in found]


def _text(name: str) -> Set:
    def work(draft: Draft, element: Element | None, how: str) -> None:
        draft.letter.header(name, None if element is None else element.text or "")
        draft.rewritten = True

    return work


def _people(name: str) -> Set:
    def work(draft: Draft, element: Element | None, how: str) -> None:
        new = mailboxes_in(element)
        if how == "Append" and name.lower() in draft.letter.lines:
            old = draft.letter.lines[name.lower()].rstrip(b"\r\n")
            scratch = Letter()
            scratch.people(name, new)
            added = scratch.lines.get(name.lower(), b"").partition(b":")[2]
            draft.letter.lines[name.lower()] = old + b"," + added if added else old + b"\r\n"
        else:
            draft.letter.people(name, new)
        draft.rewritten = True

    return work


def _word(name: str, values: Mapping[str, str]) -> Set:
    def work(draft: Draft, element: Element | None, how: str) -> None:
        draft.letter.header(name, values.get((element.text or "").strip()) if element is not None else None)
        draft.rewritten = True

    return work


def _flag(mark: Flags) -> Set:
    def work(draft: Draft, element: Element | None, how: str) -> None:
        draft.marks.flags[mark] = element is not None and (element.text or "").strip().lower() in ("true", "1")

    return work


def _followed(draft: Draft, element: Element | None, how: str) -> None:
    """Flag, with its dates. MS-OXWSCORE §2.2.4.20."""
    said = (words(element, "FlagStatus") or "NotFlagged").strip()
    if said not in FLAG_STATUSES:
        raise EwsError("ErrorInvalidArgument", f"{said[:40]!r}: FlagStatus is {', '.join(FLAG_STATUSES)}")
    given = {key: text_of(_utc(at, name)) for name, key in FLAG_DATES.items() if (at := words(element, name))}
    given |= {DATES[key]: value for key, value in given.items() if key in DATES}
    _follow(draft, FLAG_STATUSES.index(said), given)


def _follow(draft: Draft, status: int, given: Mapping[str, Any]) -> None:
    draft.marks.flags[Flags.FLAGGED] = status == SET
    draft.marks.followed = status
    draft.marks.kept |= facts_for(status, given)


def _utc(text: str, name: str) -> datetime:
    at = moment(text, name)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _categories(draft: Draft, element: Element | None, how: str) -> None:
    found = [each.text or "" for each in children(element, "String")]
    draft.marks.categories = [each for each in found if each.strip()]


def _body(draft: Draft, element: Element | None, how: str) -> None:
    text = "" if element is None else element.text or ""
    html = element is not None and element.get("BodyType", "Text").upper() == "HTML"
    letter = draft.letter
    if how == "Append":
        letter.html, letter.plain = (letter.html + text, letter.plain) if html else (letter.html, letter.plain + text)
    else:
        letter.html, letter.plain = (text, plain_text(text).strip()) if html else ("", text)
    letter.changed()
    draft.rewritten = True


def _receipt(name: str) -> Set:
    def work(draft: Draft, element: Element | None, how: str) -> None:
        wanted = element is not None and (element.text or "").strip().lower() in ("true", "1")
        sender = draft.letter.lines.get("from", b"").partition(b":")[2].decode("utf-8", "replace").strip()
        draft.letter.header(name, (sender or "<>") if wanted else None)
        draft.rewritten = True

    return work


def _index(draft: Draft, element: Element | None, how: str) -> None:
    text = "".join((element.text or "").split()) if element is not None else ""
    draft.letter.header("Thread-Index", text if _INDEX.match(text) else None)
    draft.rewritten = True


def _headers(draft: Draft, element: Element | None, how: str) -> None:
    """Fields that programs have made for themselves; those that say who wrote what have properties of their own."""
    for each in children(element, "InternetMessageHeader"):
        name = each.get("HeaderName", "")
        if _NAME.match(name) and name.lower().startswith("x-"):
            draft.letter.header(name, each.text or "")
            draft.rewritten = True


def extended(draft: Draft, element: Element) -> None:
    """Sets an ExtendedProperty. `EwsError`."""
    path, value = read_property(element)
    set_extended(draft, path, value)


def set_extended(draft: Draft, path: Path, value: Any) -> None:
    """Those that mean something to a mail server do that; all others are kept."""
    if path.uri == _SYSTEM_TIME and value:
        draft.marks.saved = _utc(str(value), "PR_MESSAGE_DELIVERY_TIME")
    elif path.uri == _FLAGS:
        bits = int(value or 0)
        draft.marks.flags |= {Flags.DRAFT: bool(bits & 8), Flags.SEEN: bool(bits & 1)}
    elif path.uri == "tag:0x1090:Integer":
        _follow(draft, value if value in (DONE, SET) else NONE, {})
    elif path.uri == VERB:
        draft.marks.flags[Flags.ANSWERED] = value in (ANSWERED, ANSWERED_ALL)
        draft.marks.forwarded = value == PASSED_ON
        draft.marks.kept[VERB] = value if value in (ANSWERED, ANSWERED_ALL, PASSED_ON) else None
    elif path.uri == IMAP_DELETED:
        draft.marks.flags[Flags.DELETED] = bool(value)
    elif (same := meant(path, value, ("Categories",))) is not None:
        _categories(draft, same[1], "Set")
    elif path.uri.startswith(HEADERS) and (name := path.uri[len(HEADERS) :].rpartition(":")[0]).startswith("x-"):
        if _NAME.match(name):
            draft.letter.header(name, None if value is None else str(value))
            draft.rewritten = True
    else:
        draft.marks.kept[path.uri] = value


SETTERS: Final[Mapping[str, Set]] = {
    "Subject": _text("Subject"),
    "From": _people("From"),
    "Sender": _people("Sender"),
    "ToRecipients": _people("To"),
    "CcRecipients": _people("Cc"),
    "BccRecipients": _people("Bcc"),
    "ReplyTo": _people("Reply-To"),
    "Importance": _word("Importance", {"High": "high", "Low": "low"}),
    "Sensitivity": _word("Sensitivity", SENSITIVITY),
    "InReplyTo": _text("In-Reply-To"),
    "References": _text("References"),
    "InternetMessageId": _text("Message-ID"),
    "ConversationIndex": _index,
    "ConversationTopic": _text("Thread-Topic"),
    "IsReadReceiptRequested": _receipt("Disposition-Notification-To"),
    "IsDeliveryReceiptRequested": _receipt("Return-Receipt-To"),
    "InternetMessageHeaders": _headers,
    "Body": _body,
    "IsRead": _flag(Flags.SEEN),
    "Flag": _followed,
    "Categories": _categories,
}
"""What can be set, by the name of the element."""


def given(draft: Draft, element: Element, attach: Callable[[Element], File]) -> None:
    """All that an element of a new message says; `attach` makes parts of attachments. `EwsError`."""
    for each in sorted(children(element), key=lambda part: local(part) not in ("From", "Body")):
        name = local(each)
        if name == "ExtendedProperty":
            extended(draft, each)
        elif name == "Attachments":
            draft.letter.files += [attach(part) for part in children(each)]
            draft.letter.changed()
        elif name in SETTERS:
            SETTERS[name](draft, each, "Set")
        elif name not in IGNORED:
            raise unset(name)


def content_of(element: Element) -> tuple[bytes, str]:
    """The octets of a FileAttachment, and their media type. `EwsError`."""
    media = (words(element, "ContentType") or "").strip().lower()
    if not _MEDIA.match(media) or media.startswith(("message/", "multipart/")):
        media = mimetypes.guess_type(words(element, "Name") or "")[0] or "application/octet-stream"
    return _octets(needed(element, "Content"), "ErrorInvalidRequest"), media


def mime_in(element: Element) -> bytes | None:
    """The octets of MimeContent. `EwsError`."""
    said = child(element, "MimeContent")
    if said is None:
        return None
    return _octets(said, "ErrorMimeContentInvalidBase64String")


def _octets(element: Element, code: str) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise EwsError(code, f"{local(element)} is no base64") from None
