"""What is told of messages. MS-OXWSMSG §2.2.4, MS-OXWSCORE §2.2.4.24."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from html import escape as html_escape
from typing import Final

from connectors.bounded_xml import quoted
from connectors.ews.attached import attachments_xml
from connectors.ews.fields import Field, mailbox, mailboxes, micros, names, seconds, strings, words
from connectors.ews.folder_fields import effective
from connectors.ews.ids import Id, block_id, change_key, conversation_id, folder_id, item_id, lost_id, occurrence_id
from connectors.ews.things import One
from connectors.ews.tree import DELETIONS
from connectors.ews.wire import Value, Whole, Xml, tag
from connectors.exchange.follow_up import DUE, START, WHEN_DONE, dates_of, status_of
from groupware.mime.addresses import Mailbox, parse, shown
from groupware.mime.charsets import decode, guess
from groupware.mime.headers import decode_text, unfold
from groupware.mime.html import plain_text
from groupware.mime.lines import crlf
from groupware.mime.sections import decoded
from groupware.mime.shown import lists_of
from groupware.mime.summary import has_attachment_of
from groupware.mime.unique import unique_html, unique_text
from groupware.model.categories import categories_in
from groupware.model.flags import FLAGS, Flags, words_in

SENSITIVITIES: Final = {"personal": "Personal", "private": "Private", "company-confidential": "Confidential"}
_MOST_HEADERS: Final = 1000


def id_xml(one: One) -> Whole:
    """ItemId, with the ChangeKey; of what is attached to something, nothing."""
    if one.nested:
        return Whole("")
    item = one.thing.item
    if one.thing.removed:
        named = lost_id(one.thing.folder.id, one.thing.uid)
    elif one.thing.block is not None:
        named = block_id(one.thing.folder.id, one.thing.block)
    else:
        named = occurrence_id(item, one.key) if one.key else item_id(item)
    return Whole(f'<t:ItemId Id="{named}" ChangeKey="{change_key(one.thing.modseq)}"/>')


def parent_xml(one: One) -> Whole:
    """ParentFolderId."""
    folder = one.thing.folder
    if one.thing.removed:
        return Whole(f'<t:ParentFolderId Id="{Id("Y", folder.owner, DELETIONS)}" ChangeKey="{change_key(0)}"/>')
    return Whole(f'<t:ParentFolderId Id="{folder_id(folder.id)}" ChangeKey="{change_key(folder.modseq)}"/>')


def flag_of(one: One, flag: Flags) -> bool:
    """Whether it carries a flag."""
    return flag in FLAGS[one.thing.bits]


def header_text(one: One, name: str) -> str | None:
    """The last field of that name, decoded."""
    sought = name.lower().encode()
    found = [value for field, value in one.header if field.lower() == sought]
    return decode_text(unfold(found[-1])) if found else None


def header_people(one: One, name: str) -> tuple[Mailbox, ...]:
    """The addresses in the last field of that name."""
    sought = name.lower().encode()
    found = [value for field, value in one.header if field.lower() == sought]
    return shown(parse(unfold(found[-1]))) if found else ()


def importance(one: One) -> str:
    """`Low`, `Normal`, `High`."""
    said = (header_text(one, "Importance") or "").strip().lower()
    if not said:
        first = (header_text(one, "X-Priority") or "3").strip()[:1]
        said = {"1": "high", "2": "high", "4": "low", "5": "low"}.get(first, "normal")
    return {"high": "High", "low": "Low"}.get(said, "Normal")


def _sensitivity(one: One) -> str:
    return SENSITIVITIES.get((header_text(one, "Sensitivity") or "").strip().lower(), "Normal")


# --- bodies -----------------------------------------------------------------------------------------------------------


def _part_text(one: One, index: int) -> str:
    part = one.summary.parts[index]
    return decode(decoded(one.octets, part), part.charset)


def texts(one: One) -> tuple[str, str]:
    """(HTML, plain text) of a message; "" for what it has not."""
    lists, parts = lists_of(one.summary.parts), one.summary.parts
    html = next((_part_text(one, each) for each in lists.html if parts[each].media == "text/html"), "")
    plain = "\n".join(_part_text(one, each) for each in lists.text if parts[each].media == "text/plain")
    return html, plain


def body_xml(one: One, html: str, plain: str, name: str = "Body") -> Whole:
    """A body in the form that is wanted."""
    wanted = one.facts.body
    if wanted == "Text" or (wanted == "Best" and not html):
        kind, said = "Text", plain or (plain_text(html) if html else "")
    else:
        kind, said = "HTML", html or as_html(plain)

    most = one.facts.most
    cut = "true" if most and len(said) > most else "false"
    text = tag(name, said[:most] if most else said, BodyType=kind, IsTruncated=cut)
    return Whole(text)


def as_html(plain: str) -> str:
    """Plain text as an HTML document."""
    lines = html_escape(plain, quote=False).replace("\r\n", "\n").replace("\n", "<br>\n")
    meta = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
    return f"<html><head>{meta}</head><body>{lines}</body></html>"


def _body(one: One) -> Whole:
    return body_xml(one, *texts(one))


def _text_body(one: One) -> Whole:
    html, plain = texts(one)
    return Whole(tag("TextBody", plain or plain_text(html), BodyType="Text", IsTruncated="false"))


def _unique_body(one: One) -> Whole:
    """UniqueBody: what is new in the message; of what is no answer it is all. MS-OXWSCORE §2.2.4.24."""
    html, plain = texts(one)
    if one.summary.in_reply_to or one.summary.references:
        html, plain = html and unique_html(html), plain and unique_text(plain)
    return body_xml(one, html, plain, "UniqueBody")


def _body_words(one: One) -> str:
    html, plain = texts(one)
    return plain or plain_text(html)


def mime_xml(octets: bytes) -> Whole:
    """MimeContent: the octets as they are sent."""
    coded = base64.b64encode(crlf(octets)).decode()
    return Whole(f'<t:MimeContent CharacterSet="UTF-8">{coded}</t:MimeContent>')


def _headers(one: One) -> Xml | None:
    rows = [
        f'<t:InternetMessageHeader HeaderName="{quoted(name.decode("latin-1"))}">'
        f"{tag('X', guess(unfold(value)).strip())[5:-6] if value.strip() else ''}</t:InternetMessageHeader>"
        for name, value in one.header[:_MOST_HEADERS]
    ]
    return Xml("".join(rows)) or None


# --- conversations ----------------------------------------------------------------------------------------------------


def root_of(one: One) -> str:
    """What the messages of a conversation have in common."""
    return digest_of(one.thing.message_id, one.thing.references, one.thing.item)


def digest_of(message_id: str, references: str, item: int) -> str:
    """The same for the columns of a row."""
    first = references.split("\n", 1)[0] or message_id or str(item)
    return blake2b(first.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _conversation(one: One) -> Whole:
    return Whole(f'<t:ConversationId Id="{conversation_id(root_of(one))}"/>')


_INDEX: Final = re.compile(r"[A-Za-z0-9+/=]{20,2000}\Z")


def _index(one: One) -> str | None:
    said = "".join((header_text(one, "Thread-Index") or "").split())
    return said if _INDEX.match(said) else None


# --- the table --------------------------------------------------------------------------------------------------------


def sent(one: One) -> datetime:
    """When it was sent, or came when it does not say that."""
    return seconds(one.summary.date) or micros(one.thing.saved)


FLAG_STATUSES: Final = ("NotFlagged", "Complete", "Flagged")
FLAG_DATES: Final = {"StartDate": START, "DueDate": DUE, "CompleteDate": WHEN_DONE}


def _flag(one: One) -> Xml:
    """Flag, with what is known of its dates. MS-OXWSCORE §2.2.4.20."""
    status = status_of(one.thing.bits, one.thing.words)
    known = dates_of(one.kept) if status else {}
    dates = [tag(name, known[key]) for name, key in FLAG_DATES.items() if isinstance(known.get(key), str)]
    return Xml(tag("FlagStatus", FLAG_STATUSES[status]) + "".join(dates))


def categories(one: One) -> list[str]:
    """The categories that its keywords are."""
    return categories_in(words_in(one.thing.words))


def _person(people: tuple[Mailbox, ...]) -> Value:
    return mailbox(people[0].name, people[0].address) if people else None


def _sender(one: One) -> tuple[Mailbox, ...]:
    return header_people(one, "Sender") or one.summary.from_


def _responses(one: One) -> Xml:
    answers = ("ReplyToItem", "ReplyAllToItem", "ForwardItem")
    return Xml("".join(f"<t:{name}/>" for name in (() if flag_of(one, Flags.DRAFT) else answers)))


def item_class(one: One) -> str:
    """The MAPI class of a message."""
    media = one.summary.parts[0].media
    if media == "multipart/report":
        return "REPORT.IPM.Note.NDR"
    return "IPM.Note.SMIME.MultipartSigned" if media == "multipart/signed" else "IPM.Note"


ITEM: Final[Mapping[str, Field]] = {
    "item:MimeContent": Field(lambda one: None, lambda one: mime_xml(one.octets), octets=True),
    "item:ItemId": Field(lambda one: one.thing.item, id_xml),
    "item:ParentFolderId": Field(lambda one: one.thing.folder.id, parent_xml),
    "item:DateTimeReceived": Field(lambda one: micros(one.thing.saved)),
    "item:Size": Field(lambda one: one.thing.size),
    "item:Categories": Field(categories, lambda one: strings(categories(one))),
    "item:EffectiveRights": Field(lambda one: None, lambda one: effective(one.thing.folder.rights)),
    "item:DateTimeCreated": Field(lambda one: micros(one.thing.saved)),
    "item:IsSubmitted": Field(lambda one: False),
    "item:IsDraft": Field(lambda one: False),
    "item:IsFromMe": Field(lambda one: False),
    "item:IsResend": Field(lambda one: False),
    "item:IsUnmodified": Field(lambda one: True),
    "item:IsAssociated": Field(lambda one: False),
    "item:LastModifiedTime": Field(lambda one: micros(one.thing.saved)),
    "item:Importance": Field(lambda one: "Normal"),
    "item:Sensitivity": Field(lambda one: "Normal"),
    "item:HasAttachments": Field(lambda one: False),
    "item:Flag": Field(lambda one: flag_of(one, Flags.FLAGGED), _flag),
    "item:InstanceKey": Field(lambda one: None, lambda one: base64.b64encode(str(one.thing.item).encode()).decode()),
}
"""What every item has."""
MESSAGE: Final[Mapping[str, Field]] = {
    **ITEM,
    "item:ItemClass": Field(item_class),
    "item:Subject": Field(lambda one: one.summary.subject),
    "item:Sensitivity": Field(_sensitivity, octets=True),
    "item:Body": Field(_body_words, _body, octets=True),
    "item:TextBody": Field(_body_words, _text_body, octets=True),
    "item:UniqueBody": Field(lambda one: None, _unique_body, octets=True),
    "item:NormalizedBody": Field(
        lambda one: None, lambda one: body_xml(one, *texts(one), "NormalizedBody"), octets=True
    ),
    "item:Attachments": Field(lambda one: None, attachments_xml, octets=True),
    "item:Importance": Field(importance, octets=True),
    "item:InReplyTo": Field(lambda one: f"<{one.summary.in_reply_to[0]}>" if one.summary.in_reply_to else None),
    "item:IsDraft": Field(lambda one: flag_of(one, Flags.DRAFT)),
    "item:IsFromMe": Field(lambda one: any(each.address.lower() in one.facts.mine for each in one.summary.from_)),
    "item:InternetMessageHeaders": Field(lambda one: None, _headers, octets=True),
    "item:DateTimeSent": Field(sent),
    "item:ResponseObjects": Field(lambda one: None, _responses),
    "item:DisplayCc": Field(lambda one: names(one.summary.cc)),
    "item:DisplayTo": Field(lambda one: names(one.summary.to)),
    "item:DisplayBcc": Field(lambda one: names(one.summary.bcc)),
    "item:HasAttachments": Field(lambda one: has_attachment_of(one.thing.summary)),
    "item:ConversationId": Field(lambda one: root_of(one), _conversation),
    "item:Preview": Field(lambda one: one.summary.preview),
    "message:Sender": Field(lambda one: words(_sender(one)), lambda one: _person(_sender(one)), octets=True),
    "message:ToRecipients": Field(lambda one: words(one.summary.to), lambda one: mailboxes(one.summary.to)),
    "message:CcRecipients": Field(lambda one: words(one.summary.cc), lambda one: mailboxes(one.summary.cc)),
    "message:BccRecipients": Field(lambda one: words(one.summary.bcc), lambda one: mailboxes(one.summary.bcc)),
    "message:IsReadReceiptRequested": Field(
        lambda one: header_text(one, "Disposition-Notification-To") is not None, octets=True
    ),
    "message:IsDeliveryReceiptRequested": Field(
        lambda one: header_text(one, "Return-Receipt-To") is not None, octets=True
    ),
    "message:ConversationIndex": Field(_index, octets=True),
    "message:ConversationTopic": Field(lambda one: one.summary.base_subject),
    "message:From": Field(lambda one: words(one.summary.from_), lambda one: _person(one.summary.from_)),
    "message:InternetMessageId": Field(lambda one: f"<{one.summary.message_id}>" if one.summary.message_id else None),
    "message:IsRead": Field(lambda one: flag_of(one, Flags.SEEN)),
    "message:IsResponseRequested": Field(lambda one: False),
    "message:References": Field(lambda one: " ".join(f"<{each}>" for each in one.summary.references) or None),
    "message:ReplyTo": Field(
        lambda one: words(header_people(one, "Reply-To")),
        lambda one: mailboxes(header_people(one, "Reply-To")),
        octets=True,
    ),
}
