"""ENVELOPE, BODY and BODYSTRUCTURE in the very octets that IMAP sends. RFC 9051 §7.5.2 (RFC 3501 §7.4.2).

The same octets serve IMAP4rev1 and rev2: a value that a rev1 quoted string cannot hold is a literal. Sizes count the
octets as they are sent, that is with CRLF line ends. What is told of a message that breaks the rules, and why, is in
docs/decisions/010-bodystructure.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from groupware.mime.addresses import Address, parse
from groupware.mime.media import TEXT_PLAIN, Media, Params
from groupware.mime.scan import Node

_QUOTABLE: Final = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x5b\x5d-\x7f]{0,1000}\Z")
_ESCAPABLE: Final = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]{0,1000}\Z")
_NO_DOMAIN: Final = b"MISSING_DOMAIN"
_NO_MAILBOX: Final = b"MISSING_MAILBOX"
_EMPTY_ENVELOPE: Final = b"(" + b" ".join([b"NIL"] * 10) + b")"

Pair = tuple[bytes, bytes]
"""BODY and BODYSTRUCTURE of a part."""

Sizes = Sequence[tuple[int, int]]
"""For each part of the scan: octets and lines of its body."""


def string(value: bytes) -> bytes:
    """The value as an IMAP string: quoted, or a literal when it is long or holds 8-bit octets; NUL is dropped."""
    if _QUOTABLE.match(value):
        return b'"' + value + b'"'
    if _ESCAPABLE.match(value):
        return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    value = value.replace(b"\0", b"")
    return b"{%d}\r\n%b" % (len(value), value)


def nstring(value: bytes | None) -> bytes:
    """The value as an IMAP string, NIL for None."""
    return b"NIL" if value is None else string(value)


def envelope(fields: Mapping[bytes, bytes], addresses: Mapping[bytes, Sequence[Address]] | None = None) -> bytes:
    """The ENVELOPE of a header's unfolded fields. An absent Sender or Reply-To is the From; an absent field is NIL.

    `addresses`: the address fields if they have been parsed already.
    """
    if not fields:
        return _EMPTY_ENVELOPE
    known = address_lists(fields) if addresses is None else addresses
    sender = _list(known.get(b"from", ()))
    return b"(%b %b %b %b %b %b %b %b %b %b)" % (
        _field(fields, b"date"),
        _field(fields, b"subject"),
        sender,
        _list(known.get(b"sender", ())) if known.get(b"sender") else sender,
        _list(known.get(b"reply-to", ())) if known.get(b"reply-to") else sender,
        _list(known.get(b"to", ())),
        _list(known.get(b"cc", ())),
        _list(known.get(b"bcc", ())),
        _field(fields, b"in-reply-to"),
        _field(fields, b"message-id"),
    )


def address_lists(fields: Mapping[bytes, bytes]) -> dict[bytes, list[Address]]:
    """The addresses of the six address fields, by the field's name."""
    names = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")
    return {name: parse(fields[name]) for name in names if name in fields}


def _field(fields: Mapping[bytes, bytes], name: bytes) -> bytes:
    value = fields.get(name)
    return b"NIL" if value is None else string(value)


def _list(addresses: Sequence[Address]) -> bytes:
    return b"(" + b"".join(map(_address, addresses)) + b")" if addresses else b"NIL"


def _address(each: Address) -> bytes:
    """One address structure. The NIL host is for group marks alone, so what is missing gets a name that says so."""
    name, route, mailbox, host = each
    if host is None:
        return b"(NIL NIL %b NIL)" % nstring(mailbox)
    return b"(%b %b %b %b)" % (
        nstring(name or None),
        nstring(route or None),
        string(mailbox or _NO_MAILBOX),
        string(host or _NO_DOMAIN),
    )


def structures(nodes: Sequence[Node], sizes: Sizes, envelopes: Mapping[int, bytes]) -> tuple[bytes, bytes]:
    """BODY and BODYSTRUCTURE of a scanned message.

    `envelopes` holds the ENVELOPE of each message inside, by the index of the message's root part.
    """
    below: dict[int, list[Pair]] = {}  # depth -> the parts there, last first
    for index in range(len(nodes) - 1, -1, -1):
        node = nodes[index]
        inner = below.pop(node.depth + 1, [])[::-1]
        if node.kind == "multipart":
            body, whole = _multipart(node, inner)
        else:
            body, whole = _single(node, sizes[index], inner, envelopes.get(index + 1, _EMPTY_ENVELOPE))
        below.setdefault(node.depth, []).append((body, whole))
    return below[0][0]


def _multipart(node: Node, inner: Sequence[Pair]) -> Pair:
    """The parts one after the other without space between, then the subtype; extended: parameters and so on."""
    sub = string(node.media.sub)
    body = b"(%b %b)" % (b"".join(short for short, _ in inner), sub)
    whole = b"(%b %b %b %b)" % (b"".join(long for _, long in inner), sub, _params(node.media.params), _extension(node))
    return body, whole


def _single(
    node: Node, size: tuple[int, int], inner: Sequence[tuple[bytes, bytes]], inside: bytes
) -> tuple[bytes, bytes]:
    """A part that holds no parts, or one message with its envelope and structure."""
    fields, media = node.fields, node.media
    start = b"(%b %b %b %b %d" % (
        _type(media),
        _optional(fields, b"content-id"),
        _optional(fields, b"content-description"),
        string(node.encoding),
        size[0],
    )
    end = b"%b %b)" % (_optional(fields, b"content-md5"), _extension(node))
    if node.kind == "message":
        short, long = inner[0]
        lines = size[1]
        return b"%b %b %b %d)" % (start, inside, short, lines), b"%b %b %b %d %b" % (start, inside, long, lines, end)
    if media.main == b"text":
        start = b"%b %d" % (start, size[1])
    return start + b")", b"%b %b" % (start, end)


def _type(media: Media) -> bytes:
    if media is TEXT_PLAIN:
        return b'"text" "plain" ("charset" "us-ascii")'
    return b"%b %b %b" % (string(media.main), string(media.sub), _params(media.params))


def _optional(fields: Mapping[bytes, bytes], name: bytes) -> bytes:
    """A field's value as nstring; one that is empty says as little as none."""
    value = fields.get(name)
    return nstring(value or None) if value is not None else b"NIL"


def _params(params: Params) -> bytes:
    if not params:
        return b"NIL"
    return b"(" + b" ".join([b"%b %b" % (string(name), string(value)) for name, value in params]) + b")"


def _extension(node: Node) -> bytes:
    """Disposition, language and location, which end every extended structure."""
    fields, shown = node.fields, b"NIL"
    if node.disposition is not None:
        shown = b"(%b %b)" % (string(node.disposition[0]), _params(node.disposition[1]))
    if b"content-language" not in fields and b"content-location" not in fields:
        return shown + b" NIL NIL"
    tags = [tag for tag in fields.get(b"content-language", b"").replace(b",", b" ").split() if not tag.startswith(b"(")]
    languages = b"(" + b" ".join(map(string, tags)) + b")" if tags else b"NIL"
    return b"%b %b %b" % (shown, languages, _optional(fields, b"content-location"))
