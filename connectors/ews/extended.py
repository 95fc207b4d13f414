"""Extended properties: those of MAPI that something stored says, and those that a client has set and gets back."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError
from connectors.ews.paths import Path, path_in
from connectors.ews.things import One
from connectors.ews.wire import Xml, child, children, moment, tag, text_of
from connectors.exchange import last_verb
from connectors.exchange.follow_up import status_of
from connectors.exchange.kept import packed
from groupware.mime.headers import decode_text, unfold
from groupware.mime.summary import has_attachment_of
from groupware.model.flags import FLAGS, Flags
from groupware.model.item import Kind

MOST: Final = 500
"""Of one item."""
LONGEST: Final = 64 * 1024
"""Characters of one."""
HEADERS: Final = "00020386-0000-0000-c000-000000000046:n:"
"""What the keys of properties begin with that are fields of the header."""
ARTICLE: Final = "tag:0x0e23:Integer"
"""PidTagInternetArticleNumber: the UID of IMAP."""
_CHANGED: Final = "tag:0x3008:SystemTime"
"""PidTagLastModificationTime, by which programs see that an item is another: when it was stored, whatever it says."""
IMAP_DELETED: Final = "00062008-0000-0000-c000-000000000046:0x8570:Integer"
"""PidLidImapDeleted."""


def extended_value(one: One, path: Path) -> Any:
    """The value: text, a number, a list of texts; None when there is none."""
    if path.uri in one.kept and path.uri not in (last_verb.VERB, last_verb.WHEN):
        return one.kept[path.uri]
    if path.uri == ARTICLE:
        return int(one.thing.uid)
    if path.uri == _CHANGED:
        return datetime.fromtimestamp(one.thing.saved // 1_000_000, UTC)
    if one.kind is not Kind.MAIL:
        return _hidden(path)
    found = _MAIL.get(path.uri)
    if found is not None:
        return found(one)
    if path.uri.startswith(HEADERS) and one.octets:
        return _header(one, path.uri[len(HEADERS) :].rpartition(":")[0])
    return _hidden(path)


def _hidden(path: Path) -> Any:
    return False if path.uri == "tag:0x10f4:Boolean" else None


def _header(one: One, name: str) -> str | None:
    sought = name.encode("utf-8", "replace")
    return next((decode_text(unfold(value)) for each, value in one.header if each.lower() == sought), None)


def _done_at(one: One) -> datetime | None:
    said = last_verb.done_at(one.thing.bits, one.thing.words, one.kept)
    return moment(said) if said is not None else None


def _transport(one: One) -> str | None:
    root = one.summary.parts[0]
    return one.octets[root.header_start : root.body_start].decode("utf-8", "replace") if one.octets else None


def _flags(one: One) -> int:
    """PidTagMessageFlags: read, unsent, has attachments. MS-OXCMSG §2.2.1.6."""
    flags = FLAGS[one.thing.bits]
    attached = 16 if has_attachment_of(one.thing.summary) else 0
    return (1 if Flags.SEEN in flags else 0) | (8 if Flags.DRAFT in flags else 0) | attached


_MAIL: Final[Mapping[str, Callable[[One], Any]]] = {
    "tag:0x0037:String": lambda one: one.summary.subject,
    "tag:0x0e1d:String": lambda one: one.summary.base_subject,
    "tag:0x0070:String": lambda one: one.summary.base_subject,
    "tag:0x1035:String": lambda one: f"<{one.summary.message_id}>" if one.summary.message_id else None,
    "tag:0x1042:String": lambda one: f"<{one.summary.in_reply_to[0]}>" if one.summary.in_reply_to else None,
    "tag:0x1039:String": lambda one: " ".join(f"<{each}>" for each in one.summary.references) or None,
    "tag:0x0e08:Integer": lambda one: one.thing.size,
    "tag:0x0e07:Integer": _flags,
    "tag:0x0e1b:Boolean": lambda one: has_attachment_of(one.thing.summary),
    "tag:0x1090:Integer": lambda one: status_of(one.thing.bits, one.thing.words) or None,
    last_verb.VERB: lambda one: last_verb.last_verb(one.thing.bits, one.thing.words, one.kept),
    last_verb.WHEN: _done_at,
    IMAP_DELETED: lambda one: 1 if Flags.DELETED in FLAGS[one.thing.bits] else None,
    "tag:0x007d:String": _transport,
    "tag:0x0c1f:String": lambda one: one.summary.from_[0].address if one.summary.from_ else None,
    "tag:0x0c1a:String": lambda one: one.summary.from_[0].name if one.summary.from_ else None,
    "tag:0x10f4:Boolean": lambda one: False,
}
"""What is known of a message under the tag of a property."""


def value_xml(value: Any, path: Path) -> Xml:
    """Value or Values."""
    if isinstance(value, list):
        return tag("Values", Xml("".join(tag("Value", each) for each in value)))
    return tag("Value", value)


def read_property(element: Element) -> tuple[Path, Any]:
    """ExtendedProperty: which, and its value. `EwsError`."""
    path = path_in(element)
    kind = dict(path.attributes)["PropertyType"]
    values = child(element, "Values")
    if kind.endswith("Array"):
        return path, [_checked(each.text or "", kind) for each in children(values, "Value")]
    value = child(element, "Value")
    if value is None:
        raise EwsError("ErrorInvalidExtendedPropertyValue", "an ExtendedProperty has a Value")
    return path, _checked(value.text or "", kind)


def _checked(text: str, kind: str) -> Any:
    if len(text) > LONGEST:
        raise EwsError("ErrorInvalidExtendedPropertyValue", f"a value has more than {LONGEST} characters")
    plain = kind.removesuffix("Array")
    try:
        if plain == "Boolean":
            return {"true": True, "1": True, "false": False, "0": False}[text.strip().lower()]
        if plain in ("Integer", "Long", "Short"):
            return int(text)
        if plain == "SystemTime":
            at = moment(text)
            return text if at.tzinfo is None else text_of(at)
        if plain == "Binary":
            base64.b64decode(text, validate=True)
    except (ValueError, KeyError):
        raise EwsError("ErrorInvalidExtendedPropertyValue", f"{text[:40]!r} is no {plain}") from None
    return text


def kept_octets(kept: Mapping[str, Any]) -> bytes:
    """Properties as they are kept. `EwsError` for too many."""
    if len(kept) > MOST:
        raise EwsError("ErrorInvalidExtendedProperty", f"more than {MOST} properties of one item")
    return packed(kept)
