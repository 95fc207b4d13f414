"""Blob/upload, Blob/get, Blob/lookup (RFC 9404) and Blob/copy (RFC 8620 §6.3)."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupware.mime.threads import thread_id
from groupware.model.errors import GroupwareError
from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ItemId, ranges
from groupware.store.api import ReadTx, Stored, WriteTx
from web.jmap.arguments import argument, by_id, count, ident, ids, texts
from web.jmap.blobs import Octets, octets_of
from web.jmap.errors import MethodError, SetError, set_error
from web.jmap.ids import account_id, blob_of, email_id, mailbox_id, upload_id
from web.jmap.instances import instances_of
from web.jmap.limits import BLOBS_READ, BODY_VALUES, DATA_SOURCES, DIGESTS, IN_SET, UPLOAD_OCTETS, UPLOAD_ROOM
from web.jmap.transfers import media_of
from web.jmap.turn import Turn, owner_in, readable

_HASHES: Final = {"sha": hashlib.sha1, "sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
_PROPERTIES: Final = frozenset(
    {"id", "data", "data:asText", "data:asBase64", "size", *(f"digest:{d}" for d in DIGESTS)}
)
_TYPES: Final = ("Mailbox", "Thread", "Email")


@dataclass(frozen=True, slots=True)
class UploadArguments:
    """RFC 9404 §4.1."""

    account_id: str = argument(ident)
    create: Mapping[str, Mapping[str, Any]] = argument(by_id)


@dataclass(frozen=True, slots=True)
class FetchArguments:
    """RFC 9404 §4.2."""

    account_id: str = argument(ident)
    ids: tuple[str, ...] = argument(ids)
    properties: tuple[str, ...] = argument(texts, ("data", "size"))
    offset: int = argument(count, 0)
    length: int | None = argument(count, None)


@dataclass(frozen=True, slots=True)
class LookupArguments:
    """RFC 9404 §4.3."""

    account_id: str = argument(ident)
    type_names: tuple[str, ...] = argument(texts)
    ids: tuple[str, ...] = argument(ids)


@dataclass(frozen=True, slots=True)
class CopyArguments:
    """RFC 8620 §6.3."""

    from_account_id: str = argument(ident)
    account_id: str = argument(ident)
    blob_ids: tuple[str, ...] = argument(ids)


# --- upload


async def upload(turn: Turn, arguments: UploadArguments) -> Mapping[str, Any]:
    """`Blob/upload`: octets that are in the request, or pieces of blobs."""
    if len(arguments.create) > IN_SET:
        raise MethodError("requestTooLarge", f"more than {IN_SET} blobs")
    owner = await turn.read(lambda tx: owner_in(tx, arguments.account_id))
    created: dict[str, Any] = {}
    refused: dict[str, Any] = {}
    for name, given in arguments.create.items():
        try:
            octets, media = await _put_together(turn, arguments.account_id, given)
            made = await _kept(turn, arguments.account_id, octets, media)
        except SetError as error:
            refused[name] = error.value
            continue
        except GroupwareError as error:
            refused[name] = set_error(error).value
            continue
        turn.created[name] = made
        created[name] = {"id": made, "type": media, "size": len(octets)}
    return {"accountId": account_id(owner), "created": created or None, "notCreated": refused or None}


async def _kept(turn: Turn, account: str, octets: bytes, media: str) -> str:
    stored: Stored = await turn.parts.blobs.put(octets)

    def work(tx: WriteTx) -> str:
        return upload_id(tx.put_upload(owner_in(tx, account), stored, media, UPLOAD_ROOM).number)

    return await turn.write(work)


async def _put_together(turn: Turn, account: str, given: Mapping[str, Any]) -> tuple[bytes, str]:
    sources, media = given.get("data"), given.get("type")
    if given.keys() - {"data", "type"} or not isinstance(sources, list) or not isinstance(media, str | None):
        raise SetError("invalidProperties", "an upload has `data`, a list, and perhaps `type`", properties=["data"])
    if len(sources) > DATA_SOURCES:
        raise SetError("invalidProperties", f"more than {DATA_SOURCES} pieces", properties=["data"])
    pieces, size = [], 0
    for each in sources:
        piece = await _piece(turn, account, each)
        size += len(piece)
        if size > UPLOAD_OCTETS:
            raise SetError("tooLarge", f"more than {UPLOAD_OCTETS} octets", maxSize=UPLOAD_OCTETS)
        pieces.append(piece)
    return b"".join(pieces), media_of(media or "")


async def _piece(turn: Turn, account: str, source: object) -> bytes:
    match source:
        case {"data:asText": str(text), **rest} if not rest:
            return text.encode()
        case {"data:asBase64": str(text), **rest} if not rest:
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise SetError("invalidProperties", "that is no base64", properties=["data"]) from None
        case {"blobId": str(name), **rest} if not rest.keys() - {"offset", "length"}:
            found = (await octets_of(turn, account, [name])).get(name)
            if found is None:
                raise SetError("blobNotFound", f"there is no blob {name[:60]!r}", notFound=[name])
            return _range(found.octets, rest.get("offset"), rest.get("length"))
    raise SetError("invalidProperties", "a piece is data:asText, data:asBase64 or a blobId", properties=["data"])


def _range(octets: bytes, offset: object, length: object) -> bytes:
    for each in (offset, length):
        if each is not None and (isinstance(each, bool) or not isinstance(each, int) or each < 0):
            raise SetError("invalidProperties", "offset and length are whole numbers", properties=["data"])
    start = int(str(offset or 0))
    end = len(octets) if length is None else start + int(str(length))
    if end > len(octets) or start > len(octets):
        raise SetError("invalidProperties", f"the blob has only {len(octets)} octets", properties=["data"])
    return octets[start:end]


# --- get


async def get(turn: Turn, arguments: FetchArguments) -> Mapping[str, Any]:
    """`Blob/get`."""
    unknown = next((name for name in arguments.properties if name not in _PROPERTIES), None)
    if unknown is not None:
        raise MethodError("invalidArguments", f"a blob has no property {unknown[:60]!r}")
    owner = await turn.read(lambda tx: owner_in(tx, arguments.account_id))
    told, absent, left, unread = [], [], BODY_VALUES, BLOBS_READ
    for name in arguments.ids:
        found = (await octets_of(turn, arguments.account_id, [name])).get(name)
        if found is None:
            absent.append(name)
            continue
        unread -= len(found.octets)
        if unread < 0:
            raise MethodError("requestTooLarge", "these blobs are too much for one call: ask for fewer, or download")
        one = await asyncio.to_thread(_told, name, found, arguments)
        left -= sum(len(value) for value in one.values() if isinstance(value, str))
        if left < 0:
            raise MethodError("requestTooLarge", "these blobs are too much for one answer: ask for fewer, or download")
        told.append(one)
    return {"accountId": account_id(owner), "list": told, "notFound": absent}


def _told(name: str, found: Octets, arguments: FetchArguments) -> dict[str, Any]:
    end = len(found.octets) if arguments.length is None else arguments.offset + arguments.length
    octets = found.octets[arguments.offset : end]
    one: dict[str, Any] = {"id": name}
    for each in arguments.properties:
        if each == "size":
            one[each] = len(found.octets)
        elif each.startswith("digest:"):
            digest = _HASHES[each.removeprefix("digest:")](octets).digest()
            one[each] = base64.b64encode(digest).decode()
        elif each.startswith("data"):
            one |= _data(each, octets)
    if end > len(found.octets) or arguments.offset > len(found.octets):
        one["isTruncated"] = True
    return one


def _data(wanted: str, octets: bytes) -> dict[str, Any]:
    """As text where it is UTF-8; what is asked for as text and is none is null."""
    coded = {"data:asBase64": base64.b64encode(octets).decode()}
    if wanted == "data:asBase64":
        return coded
    try:
        return {"data:asText": octets.decode("utf-8")}
    except UnicodeDecodeError:
        return {**({"data:asText": None} if wanted != "data" else coded), "isEncodingProblem": True}


# --- lookup


async def lookup(turn: Turn, arguments: LookupArguments) -> Mapping[str, Any]:
    """`Blob/lookup`: which mailboxes, threads and emails hold a blob."""
    unknown = next((name for name in arguments.type_names if name not in _TYPES), None)
    if unknown is not None:
        raise MethodError("unknownDataType", f"blobs are not looked up in {unknown[:60]!r}")

    def work(tx: ReadTx) -> Mapping[str, Any]:
        owner = owner_in(tx, arguments.account_id)
        folders = readable(tx, owner)
        told, absent = [], []
        for name in arguments.ids:
            known = blob_of(name)
            matched = None
            if known is not None and known.email is not None:
                matched = _holders(tx, known.email, folders)
            elif known is not None and known.upload is not None:
                matched = _nowhere(tx, known.upload)
            if matched is None:
                absent.append(name)
            else:
                told.append({"id": name, "matchedIds": {each: matched.get(each, []) for each in arguments.type_names}})
        return {"accountId": account_id(owner), "list": told, "notFound": absent}

    return await turn.read(work)


def _holders(tx: ReadTx, email: ItemId, folders: Mapping[FolderId, Folder]) -> Mapping[str, Sequence[str]] | None:
    found = instances_of(tx, folders, [email]).get(email)
    if found is None:
        return None
    first, places = found[0], sorted({each.folder for each in found})
    [(_, message, references)] = tx.columns(first.folder, ("message_id", "ids"), ranges([first.uid]))
    thread = thread_id(email, message, references)
    return {"Mailbox": [mailbox_id(at) for at in places], "Thread": [thread], "Email": [email_id(email)]}


def _nowhere(tx: ReadTx, number: int) -> Mapping[str, Sequence[str]] | None:
    """What was uploaded is in nothing: an email that is made of it has a blob of its own."""
    try:
        tx.uploaded(number)
    except GroupwareError:
        return None
    return {}


# --- copy


async def copy(turn: Turn, arguments: CopyArguments) -> Mapping[str, Any]:
    """`Blob/copy`: what one may read in one account, to be used in another."""
    source, owner = await turn.read(
        lambda tx: (_source(tx, arguments.from_account_id), owner_in(tx, arguments.account_id))
    )
    names = tuple(turn.real(name) for name in arguments.blob_ids)
    copied: dict[str, str] = {}
    refused: dict[str, Any] = {}
    for name in names:
        found = (await octets_of(turn, arguments.from_account_id, [name])).get(name)
        if found is None:
            refused[name] = SetError("notFound", "there is no such blob").value
            continue
        try:
            copied[name] = await _kept(turn, arguments.account_id, found.octets, found.media)
        except GroupwareError as error:
            refused[name] = set_error(error).value
    return {
        "fromAccountId": account_id(source),
        "accountId": account_id(owner),
        "copied": copied or None,
        "notCopied": refused or None,
    }


def _source(tx: ReadTx, account: str) -> Any:
    try:
        return owner_in(tx, account)
    except MethodError:
        raise MethodError("fromAccountNotFound", "there is no such account to copy from") from None
