"""A message as a device is told it. MS-ASEMAIL §2.2.2."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final

from connectors.activesync.element import Element, el, some
from connectors.activesync.mail.body import SIGNED, body_of, native, part_told
from connectors.activesync.mail.flag import flag_told
from connectors.activesync.mail.meeting import meeting_of
from connectors.activesync.sync.options import Options
from connectors.activesync.times import long_time, read_time
from connectors.exchange.follow_up import status_of
from connectors.exchange.kept import unpacked
from connectors.exchange.last_verb import ANSWERED, done_at, last_verb, touched
from groupware.mime.addresses import Mailbox, parse, shown
from groupware.mime.headers import decode_text, fields, unfold
from groupware.mime.parts import Part
from groupware.mime.shown import Lists, lists_of
from groupware.mime.summary import Summary, decode, thread_root
from groupware.model.categories import categories_in
from groupware.model.flags import FLAGS, Flags, words_in
from groupware.model.folder import Folder, Role
from groupware.model.ids import BlobId, ItemId, Uid, ranges
from groupware.store.api import Blobs, ReadTx

COLUMNS: Final = ("id", "bits", "words", "blob", "saved", "octets", "summary")
AT_ONCE: Final = 8 * 1024 * 1024
"""Octets of messages that are read in one hop."""
_LONGEST: Final = 32_000
_REPORT: Final = "multipart/report"


@dataclass(frozen=True, slots=True)
class Row:
    """What is stored of a message."""

    uid: int
    id: ItemId
    bits: int
    words: str
    blob: BlobId
    saved: int
    size: int
    summary: bytes
    kept: bytes = b""
    """What is kept beside it; of one that nobody has flagged, answered or passed on that is not read."""


def rows_of(tx: ReadTx, at: Folder, uids: Sequence[int]) -> dict[int, Row]:
    """Those of these messages that are there."""
    found = {row[0]: Row(*row) for row in tx.columns(at.id, COLUMNS, ranges(uids))} if uids else {}
    rich = [Uid(uid) for uid, row in found.items() if status_of(row.bits, row.words) or touched(row.bits, row.words)]
    beside = tx.item_properties(at.id, rich)
    return found | {int(uid): replace(found[uid], kept=octets) for uid, octets in beside.items()}


async def rendered(blobs: Blobs, at: Folder, rows: Sequence[Row], options: Options, version: int) -> dict[int, Element]:
    """The ApplicationData of each, by UID; one whose octets cannot be read is left out."""
    found: dict[int, Element] = {}
    page: list[Row] = []
    size = 0
    for row in rows:
        page.append(row)
        size += row.size
        if size > AT_ONCE:
            found |= await _page(blobs, at, page, options, version)
            page, size = [], 0
    return found | (await _page(blobs, at, page, options, version) if page else {})


async def _page(blobs: Blobs, at: Folder, rows: Sequence[Row], options: Options, version: int) -> dict[int, Element]:
    octets = await blobs.read_many([row.blob for row in rows])
    there = [row for row in rows if row.blob in octets]

    def work() -> dict[int, Element]:
        return {row.uid: message(at, row, octets[row.blob], options, version) for row in there}

    return await asyncio.to_thread(work)


def message(at: Folder, row: Row, octets: bytes, options: Options, version: int) -> Element:
    """The ApplicationData of one."""
    summary = decode(row.summary)
    lists = lists_of(summary.parts)
    header = _header(octets, summary)
    body, kind = body_of(octets, summary.parts, lists, options)
    answer = bool(summary.in_reply_to or summary.references)
    wanted = options.parts[:1] if version >= 141 else ()
    parts = [part_told(octets, summary.parts, lists, each, answer=answer) for each in wanted]
    meeting = meeting_of(octets, summary.parts, version)
    category = meeting[0] if meeting is not None else _class_of(summary)
    kept = unpacked(row.kept)
    return el(
        "AirSync:ApplicationData",
        _addresses(summary, header, version),
        el("Email:Subject", summary.subject[:_LONGEST]),
        el("Email:DateReceived", long_time(row.saved / 1_000_000)),
        some("Email:DisplayTo", "; ".join(each.name or each.address for each in summary.to)[:_LONGEST]),
        some("Email:ThreadTopic", summary.base_subject[:_LONGEST]),
        el("Email:Importance", _importance(header)),
        el("Email:Read", Flags.SEEN in FLAGS[row.bits]),
        _attachments(at, row, summary.parts, lists),
        body,
        parts,
        el("Email:MessageClass", category),
        meeting[1] if meeting is not None else None,
        el("Email:InternetCPID", 65001),
        flag_told(status_of(row.bits, row.words), kept),
        el("Email:ContentClass", "urn:content-classes:message"),
        el("AirSyncBase:NativeBodyType", kind if body is not None else native(summary.parts, lists)),
        _conversation(row, summary, version),
        _verb(row, kept) if version >= 140 else [],
        categories_of(row.words, version),
        _draft(at, row, summary, version),
    )


def _header(octets: bytes, summary: Summary) -> Mapping[str, str]:
    """The fields that are wanted here."""
    wanted = (b"importance", b"x-priority", b"priority", b"reply-to", b"sender")
    head = octets[: min(summary.parts[0].body_start, 256 * 1024)]
    return {
        name.lower().decode("ascii"): decode_text(unfold(value))
        for name, value in fields(head)
        if name.lower() in wanted
    }


def _joined(people: Sequence[Mailbox]) -> str:
    return ", ".join(f'"{_plain(each.name)}" <{each.address}>' if each.name else each.address for each in people)[
        :_LONGEST
    ]


def _plain(name: str) -> str:
    return name.replace('"', "'").replace("\\", "")


def _addresses(summary: Summary, header: Mapping[str, str], version: int) -> list[Element]:
    sender = header.get("sender", "")[:_LONGEST] if version >= 140 else ""
    same = {each.address.lower() for each in summary.from_} >= {
        each.address.lower() for each in shown(parse(sender.encode()))
    }
    found = [
        some("Email:To", _joined(summary.to)),
        some("Email:Cc", _joined(summary.cc)),
        some("Email:From", _joined(summary.from_[:1])),
        some("Email:ReplyTo", header.get("reply-to", "")[:_LONGEST]),
        some("Email2:Sender", "" if same else sender),
    ]
    return [each for each in found if each is not None]


def _importance(header: Mapping[str, str]) -> int:
    said = (header.get("importance") or header.get("priority") or header.get("x-priority") or "").strip().lower()
    if said.startswith(("high", "urgent", "1", "2")):
        return 2
    return 0 if said.startswith(("low", "non-urgent", "4", "5")) else 1


def _class_of(summary: Summary) -> str:
    """MessageClass. MS-ASEMAIL §2.2.2.49."""
    media = summary.parts[0].media
    if media in SIGNED:
        return "IPM.Note.SMIME.MultipartSigned" if media == "multipart/signed" else "IPM.Note.SMIME"
    if media == _REPORT:
        kinds = {part.media for part in summary.parts}
        if "message/disposition-notification" in kinds:
            return "REPORT.IPM.Note.IPNRN"
        if "message/delivery-status" in kinds:
            return "REPORT.IPM.Note.NDR"
    return "IPM.Note"


def categories_of(words: str, version: int) -> Element | None:
    """The keywords that people have given it."""
    named = categories_in(words_in(words))
    if version < 140 or not named:
        return None
    return el("Email:Categories", [el("Email:Category", each) for each in named])


def _conversation(row: Row, summary: Summary, version: int) -> list[Element]:
    if version < 140:
        return []
    root = thread_root(row.summary) or f"item {row.id}"
    digest = blake2b(root.encode(), digest_size=16).digest()
    stamp = ((summary.date or row.saved // 1_000_000) + 11_644_473_600) * 10_000_000 >> 24
    index = b"\x01" + (stamp & 0xFFFFFFFFFF).to_bytes(5, "big")
    return [el("Email2:ConversationId", digest), el("Email2:ConversationIndex", index[1:])]


def _verb(row: Row, kept: Mapping[str, Any]) -> list[Element]:
    """What was done last with it, and when. MS-ASEMAIL §2.2.2.47, §2.2.2.48."""
    verb, at = last_verb(row.bits, row.words, kept), read_time(done_at(row.bits, row.words, kept) or "")
    if verb is None:
        return []
    said = [el("Email2:LastVerbExecuted", verb - ANSWERED + 1)]
    return [*said, el("Email2:LastVerbExecutionTime", f"{at:%Y-%m-%dT%H:%M:%S}.000Z")] if at is not None else said


def _draft(at: Folder, row: Row, summary: Summary, version: int) -> list[Element]:
    if version < 160:
        return []
    draft = at.role == Role.DRAFTS or Flags.DRAFT in FLAGS[row.bits]
    own = draft or at.role == Role.SENT
    bcc = some("Email2:Bcc", _joined(summary.bcc)) if own else None
    return [el("Email2:IsDraft", draft), *([bcc] if bcc is not None else [])]


def reference(at: Folder, uid: int, index: int) -> str:
    """The FileReference of a part."""
    return f"{at.id}:{uid}:{index}"


def _attachments(at: Folder, row: Row, parts: Sequence[Part], lists: Lists) -> Element | None:
    shown = {*lists.text, *lists.html}
    inline = {index for index, part in enumerate(parts) if part.cid and part.media.startswith("image/")}
    files = sorted(({*lists.attachments} | inline) - shown)
    if not files:
        return None
    return el("AirSyncBase:Attachments", [attachment(at, row.uid, index, parts[index]) for index in files])


def attachment(at: Folder, uid: int, index: int, part: Part, client: str = "") -> Element:
    """One Attachment; `client`: what a device that has just attached it calls it."""
    inner = part.media == "message/rfc822"
    name = part.name or ("message.eml" if inner else f"part{index}")
    size = part.size * 3 // 4 if part.encoding == "base64" else part.size
    return el(
        "AirSyncBase:Attachment",
        el("AirSyncBase:DisplayName", name),
        el("AirSyncBase:FileReference", reference(at, uid, index)),
        some("AirSyncBase:ClientId", client),
        el("AirSyncBase:Method", 5 if inner else 1),
        el("AirSyncBase:EstimatedDataSize", size),
        some("AirSyncBase:ContentId", part.cid),
        el("AirSyncBase:IsInline", True) if part.cid and part.disposition != "attachment" else None,
    )
