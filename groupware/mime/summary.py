"""What is kept of a message beside its octets, computed once when it is stored and read without parsing ever after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from struct import Struct
from typing import Final

from groupware.mime.addresses import Address, Mailbox, address_of, shown
from groupware.mime.headers import base_subject, clean, date, decode_text, message_ids
from groupware.mime.lines import bare_line_feeds
from groupware.mime.media import Media, text_of_param
from groupware.mime.parts import Part, decode_parts, encode_parts, header_spans, root_span
from groupware.mime.preview import preview_of
from groupware.mime.scan import Node, scan
from groupware.mime.wire import address_lists, envelope, structures
from groupware.model.octets import Octets

VERSION: Final = 1
_LONGEST_SUBJECT: Final = 4096
_LONGEST_NAME: Final = 255
_MOST_MAILBOXES: Final = 1000
_EIGHT_BIT, _HAS_NUL, _HAS_ATTACHMENT, _HAS_DATE, _BARE_LF = 1, 2, 4, 8, 16

# version, flags, ends of envelope, body, bodystructure, parts; then header size, lines, size, date; then the octets
# of those four and the texts.
_HEAD: Final = Struct("<BBxxIIIIIIQq")
_ENVELOPE: Final = Struct("<4xI")
_BODY: Final = Struct("<4xII")
_BODYSTRUCTURE: Final = Struct("<8xII")
_PARTS: Final = Struct("<12xII")
_WIRE: Final = Struct("<4xIII")
_SIZE: Final = Struct("<28xQ")
_START: Final = _HEAD.size


@dataclass(frozen=True, slots=True)
class Summary:
    """One message, read once. Strings are decoded; the three structures are IMAP's octets, sent as they are."""

    envelope: bytes
    body: bytes
    bodystructure: bytes
    parts: tuple[Part, ...]
    size: int
    """Octets of the message as sent, with CRLF line ends (RFC822.SIZE)."""
    header_size: int
    """Octets of the header as sent, with the blank line."""
    lines: int
    """Line ends in the body."""
    date: int | None
    """Seconds since 1970 of the Date field, None if it says nothing."""
    subject: str
    base_subject: str
    """What threads go by, RFC 5256 §2.1."""
    message_id: str
    """Ids are without brackets, empty when there is none."""
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    from_: tuple[Mailbox, ...]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    preview: str
    """The first 200 characters of the text, on one line (RFC 8970)."""
    has_attachment: bool
    eight_bit: bool
    has_nul: bool
    bare_lf: bool
    """Some line ends are bare LF: what is sent must go through `crlf` first."""
    firsts: tuple[Mailbox, ...] = field(default=(), compare=False)
    """The first of From, To and Cc as ENVELOPE has it, a group by its name; not stored, so empty after `decode`."""

    def encode(self) -> bytes:
        """The compact form that is stored; `decode` and the `..._of` functions read it."""
        parts = encode_parts(self.parts)
        ends = [_START + len(self.envelope)]
        for section in (self.body, self.bodystructure, parts):
            ends.append(ends[-1] + len(section))
        flags = (
            self.eight_bit * _EIGHT_BIT
            | self.has_nul * _HAS_NUL
            | self.has_attachment * _HAS_ATTACHMENT
            | (self.date is not None) * _HAS_DATE
            | self.bare_lf * _BARE_LF
        )
        head = _HEAD.pack(VERSION, flags, *ends, self.header_size, self.lines & 0xFFFFFFFF, self.size, self.date or 0)
        return b"".join((head, self.envelope, self.body, self.bodystructure, parts, _texts(self)))


def summarize(octets: Octets) -> Summary:
    """Read a message: any octets at all, in one pass. It never fails."""
    nodes = scan(octets)
    sizes, bare = _sizes(octets, nodes)
    fields = nodes[0].fields
    addresses = address_lists(fields)
    outer = envelope(fields, addresses)
    roots = [index + 1 for index, node in enumerate(nodes) if node.kind == "message"]
    body, bodystructure = structures(nodes, sizes, {root: envelope(nodes[root].fields) for root in roots})
    parts = tuple([_part(node, size) for node, size in zip(nodes, sizes, strict=True)])
    subject = decode_text(fields.get(b"subject", b""))[:_LONGEST_SUBJECT]
    sent = date(fields[b"date"]) if b"date" in fields else None
    header_end = nodes[0].body_start
    return Summary(
        envelope=outer,
        body=body,
        bodystructure=bodystructure,
        parts=parts,
        size=len(octets) + (bare_line_feeds(octets, 0, len(octets)) if bare else 0),
        header_size=header_end + (bare_line_feeds(octets, 0, header_end) if bare else 0),
        lines=sizes[0][1],
        date=None if sent is None else int(sent.timestamp()),
        subject=subject,
        base_subject=base_subject(subject),
        message_id=next(iter(message_ids(fields.get(b"message-id", b""))), ""),
        in_reply_to=message_ids(fields.get(b"in-reply-to", b"")),
        references=message_ids(fields.get(b"references", b"")),
        from_=_people(addresses.get(b"from", ())),
        to=_people(addresses.get(b"to", ())),
        cc=_people(addresses.get(b"cc", ())),
        bcc=_people(addresses.get(b"bcc", ())),
        preview=preview_of(octets, parts),
        has_attachment=any(is_attachment(parts, index) for index in range(len(parts))),
        eight_bit=not octets.isascii(),
        has_nul=b"\0" in octets,
        bare_lf=bare,
        firsts=tuple([_first(addresses.get(name, ())) for name in (b"from", b"to", b"cc")]),
    )


def _first(addresses: Sequence[Address]) -> Mailbox:
    if not addresses:
        return Mailbox("", "")
    return Mailbox(decode_text(addresses[0].name) if addresses[0].name else "", address_of(addresses[0]))


def _people(addresses: Sequence[Address]) -> tuple[Mailbox, ...]:
    return shown(addresses[:_MOST_MAILBOXES])


def _sizes(octets: Octets, nodes: Sequence[Node]) -> tuple[list[tuple[int, int]], bool]:
    """Octets (as sent) and lines of each part's body, and whether there are bare LF. Each octet is counted once."""
    marks = sorted({0, len(octets), *(n.body_start for n in nodes), *(n.body_end for n in nodes)})
    lines = {0: 0}
    for start, end in pairwise(marks):
        lines[end] = lines[start] + octets.count(b"\n", start, end)
    if octets.count(b"\r\n") == lines[len(octets)]:
        return [
            (node.body_end - node.body_start, lines[node.body_end] - lines[node.body_start]) for node in nodes
        ], False
    bares = {0: 0}
    for start, end in pairwise(marks):
        bares[end] = bares[start] + bare_line_feeds(octets, start, end)
    sizes = []
    for node in nodes:
        start, end = node.body_start, node.body_end
        sizes.append((end - start + bares[end] - bares[start], lines[end] - lines[start]))
    return sizes, True


def _part(node: Node, size: tuple[int, int]) -> Part:
    """The row of the part table for a scanned part."""
    media, kind = node.media, node.disposition
    name = text_of_param(kind[1], b"filename") if kind else ""
    if not name and media.params:
        name = text_of_param(media.params, b"name")
    cid = node.fields.get(b"content-id")
    return Part(
        depth=node.depth,
        kind=node.kind,
        header_start=node.header_start,
        body_start=node.body_start,
        body_end=node.body_end,
        size=size[0],
        lines=size[1],
        media=_word(b"%b/%b" % (media.main, media.sub)),
        charset=_charset(media),
        encoding=_word(node.encoding),
        disposition=_word(kind[0]) if kind else "",
        name=name[:_LONGEST_NAME],
        cid=next(iter(message_ids(cid)), "")[:_LONGEST_NAME] if cid is not None else "",
    )


def _charset(media: Media) -> str:
    for name, value in media.params:
        if name == b"charset":
            return _word(value)
    return _word(text_of_param(media.params, b"charset").encode()) if media.params else ""


@lru_cache(maxsize=1024)
def _word(value: bytes) -> str:
    return clean(value[:_LONGEST_NAME].decode("utf-8", "replace"))


_NO_ATTACHMENTS: Final = frozenset(
    (
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-encrypted",
        "message/delivery-status",
        "message/global-delivery-status",
        "message/disposition-notification",
        "message/global-disposition-notification",
        "message/feedback-report",
        "message/external-body",
    )
)


def is_attachment(parts: Sequence[Part], index: int) -> bool:
    """Whether people would call this part an attachment: it says so, or is a file that no text shows; no signature."""
    part = parts[index]
    if part.kind == "multipart" or (index == 0 and part.kind == "message"):
        return False
    if part.disposition == "attachment":
        return part.media not in _NO_ATTACHMENTS
    if part.media in _NO_ATTACHMENTS or (part.disposition == "inline" and (part.cid or not part.name)):
        return False
    if part.media.startswith("text/") or part.media == "message/rfc822":
        return bool(part.name)
    return not part.cid or bool(part.name and part.disposition)


def _texts(summary: Summary) -> bytes:
    """The strings, one after the other; lists by another mark."""
    return "\x1e".join(
        (
            summary.subject,
            summary.base_subject,
            summary.message_id,
            "\x1f".join(summary.in_reply_to),
            "\x1f".join(summary.references),
            _packed(summary.from_),
            _packed(summary.to),
            _packed(summary.cc),
            _packed(summary.bcc),
            summary.preview,
        )
    ).encode()


def _packed(people: tuple[Mailbox, ...]) -> str:
    return "\x1f".join([f"{person.name}\x1d{person.address}" for person in people])


def _people_in(text: str) -> tuple[Mailbox, ...]:
    return tuple([Mailbox(*each.split("\x1d")) for each in text.split("\x1f")]) if text else ()


def _list_in(text: str) -> tuple[str, ...]:
    return tuple(text.split("\x1f")) if text else ()


def envelope_of(encoded: bytes) -> bytes:
    """The ENVELOPE of an encoded summary."""
    return encoded[_START : _ENVELOPE.unpack_from(encoded)[0]]


def body_of(encoded: bytes) -> bytes:
    """The BODY (not extensible) of an encoded summary."""
    start, end = _BODY.unpack_from(encoded)
    return encoded[start:end]


def bodystructure_of(encoded: bytes) -> bytes:
    """The BODYSTRUCTURE of an encoded summary."""
    start, end = _BODYSTRUCTURE.unpack_from(encoded)
    return encoded[start:end]


def parts_of(encoded: bytes) -> tuple[Part, ...]:
    """The part table of an encoded summary."""
    start, end = _PARTS.unpack_from(encoded)
    return decode_parts(encoded[start:end])


def span_of(encoded: bytes) -> tuple[int, int, int]:
    """Where in the octets header and body of the message begin, and where it ends: for HEADER and TEXT alone."""
    return root_span(encoded, _PARTS.unpack_from(encoded)[0])


def header_spans_of(encoded: bytes) -> list[tuple[int, int]]:
    """Where in the octets the header of each part begins and ends, that of the message first."""
    return header_spans(encoded, _PARTS.unpack_from(encoded)[0])


Ends = tuple[int, int, int]
"""Where in a summary ENVELOPE, BODY and BODYSTRUCTURE end; each begins where the one before it ends."""


def ends_of(encoded: Iterable[bytes]) -> list[Ends]:
    """For those who read many at once: where the structures of each summary end."""
    return list(map(_WIRE.unpack_from, encoded))


def envelopes_of(encoded: Iterable[bytes], ends: Iterable[Ends]) -> list[bytes]:
    """The ENVELOPE of each summary."""
    return [each[_START : end[0]] for each, end in zip(encoded, ends, strict=True)]


def bodies_of(encoded: Iterable[bytes], ends: Iterable[Ends]) -> list[bytes]:
    """The BODY (not extensible) of each summary."""
    return [each[end[0] : end[1]] for each, end in zip(encoded, ends, strict=True)]


def bodystructures_of(encoded: Iterable[bytes], ends: Iterable[Ends]) -> list[bytes]:
    """The BODYSTRUCTURE of each summary."""
    return [each[end[1] : end[2]] for each, end in zip(encoded, ends, strict=True)]


def size_of(encoded: bytes) -> int:
    """The octets of the message as sent."""
    size: int = _SIZE.unpack_from(encoded)[0]
    return size


def has_attachment_of(encoded: bytes) -> bool:
    """Whether an encoded summary has something that people would call an attachment."""
    return bool(encoded[1] & _HAS_ATTACHMENT)


def preview_in(encoded: bytes) -> bytes:
    """The preview, in UTF-8; it is the last of the texts."""
    return encoded[encoded.rfind(b"\x1e") + 1 :]


def thread_root(encoded: bytes) -> str:
    """The id of the first message of the thread, as the message itself knows it; "" when it has no id at all."""
    texts = encoded[_PARTS.unpack_from(encoded)[1] :].split(b"\x1e", 5)
    first = next((text for text in (texts[4], texts[3], texts[2]) if text), b"")
    return first.split(b"\x1f", 1)[0].decode()


def decode(encoded: bytes) -> Summary:
    """The summary that was encoded. ValueError if it is of another version: the message has to be summarised again."""
    version, flags, envelope_end, body_end, structure_end, parts_end, header_size, lines, size, sent = (
        _HEAD.unpack_from(encoded)
    )
    if version != VERSION:
        raise ValueError(f"This summary is of version {version}, not {VERSION}: summarise the message again.")
    texts = encoded[parts_end:].decode().split("\x1e")
    return Summary(
        envelope=encoded[_START:envelope_end],
        body=encoded[envelope_end:body_end],
        bodystructure=encoded[body_end:structure_end],
        parts=decode_parts(encoded[structure_end:parts_end]),
        size=size,
        header_size=header_size,
        lines=lines,
        date=sent if flags & _HAS_DATE else None,
        subject=texts[0],
        base_subject=texts[1],
        message_id=texts[2],
        in_reply_to=_list_in(texts[3]),
        references=_list_in(texts[4]),
        from_=_people_in(texts[5]),
        to=_people_in(texts[6]),
        cc=_people_in(texts[7]),
        bcc=_people_in(texts[8]),
        preview=texts[9],
        has_attachment=bool(flags & _HAS_ATTACHMENT),
        eight_bit=bool(flags & _EIGHT_BIT),
        has_nul=bool(flags & _HAS_NUL),
        bare_lf=bool(flags & _BARE_LF),
    )
