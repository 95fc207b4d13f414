"""Blobs: octets that a client names. Those of an email and of its parts, and what it has uploaded. RFC 8620 §6.

A blob is found through what holds it: the folder of the email, which is opened as for everything else, or the upload,
which is the uploader's own. No hash that somebody learnt leads to octets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from groupware.mime.parts import Part
from groupware.mime.sections import decoded
from groupware.mime.summary import parts_of, summarize
from groupware.model.errors import NotFound
from groupware.model.ids import AccountId, BlobId, ItemId, ranges
from groupware.store.api import ReadTx
from web.jmap.errors import MethodError
from web.jmap.ids import BlobName, blob_of
from web.jmap.instances import instances_of
from web.jmap.turn import Turn, owner_in, readable

MESSAGE: Final = "message/rfc822"
SIEVE: Final = "application/sieve"


@dataclass(frozen=True, slots=True)
class Octets:
    """What is in a blob."""

    octets: bytes
    media: str


@dataclass(frozen=True, slots=True)
class Root:
    """The stored octets that a blob is, or is a part of."""

    blob: BlobId
    media: str
    summary: bytes = b""


async def octets_of(turn: Turn, account: str, names: Sequence[str]) -> Mapping[str, Octets]:
    """What is in each of these blobs of an account; those that are not there are left out. `MethodError`."""
    known = {name: each for name in names if (each := blob_of(turn.real(name))) is not None}

    def work(tx: ReadTx) -> Mapping[str, Root]:
        owner = owner_in(tx, account)
        return {name: root for name, each in known.items() if (root := root_of(tx, owner, each)) is not None}

    wanted = frozenset(name for name in names if name.startswith("S"))
    roots, scripts = await turn.read(lambda tx: (work(tx), _scripts(tx, account, wanted)))
    bodies = await turn.parts.blobs.read_many(list({root.blob for root in roots.values()}))
    lost = next((name for name, root in roots.items() if root.blob not in bodies), None)
    if lost is not None:
        raise MethodError("serverUnavailable", f"the octets of {lost} cannot be read just now")
    found: dict[str, Octets] = dict(scripts)
    for name, root in roots.items():
        path = known[name].path
        one = Octets(bodies[root.blob], root.media)
        inner = await asyncio.to_thread(_within, one, root.summary, path) if path else one
        if inner is not None:
            found[name] = inner
    return found


def script_blob(name: str, octets: bytes) -> str:
    """The id of what is in a Sieve script."""
    return f"S{blake2b(name.encode() + bytes(1) + octets, digest_size=16).hexdigest()}"


def _scripts(tx: ReadTx, account: str, names: frozenset[str]) -> Mapping[str, Octets]:
    """Those of one's own scripts that are in blobs of these names."""
    if not names or owner_in(tx, account) != tx.who.account:
        return {}
    told = {script_blob(each.name, octets := tx.script(each.name)): octets for each in tx.scripts()}
    return {name: Octets(octets, SIEVE) for name, octets in told.items() if name in names}


def root_of(tx: ReadTx, owner: AccountId, name: BlobName) -> Root | None:
    """Where the octets are stored, if they are there for the asking principal in that owner's account."""
    if name.email is not None:
        return _of_email(tx, owner, name.email)
    assert name.upload is not None
    try:
        found = tx.uploaded(name.upload)
    except NotFound:
        return None
    return Root(found.blob, found.media) if found.owner == owner else None


def _of_email(tx: ReadTx, owner: AccountId, email: ItemId) -> Root | None:
    found = instances_of(tx, readable(tx, owner), [email])
    if not found:
        return None
    first = found[email][0]
    [(_, blob, summary)] = tx.columns(first.folder, ("blob", "summary"), ranges([first.uid]))
    return Root(blob, MESSAGE, summary)


def _within(whole: Octets, summary: bytes, path: Sequence[int]) -> Octets | None:
    """The part of the part ... of a message. None: there is no such part."""
    found = whole
    for number in path:
        parts: Sequence[Part] = parts_of(summary) if summary else summarize(found.octets).parts
        if number >= len(parts) or parts[number].kind == "multipart":
            return None
        found = Octets(decoded(found.octets, parts[number]), parts[number].media)
        summary = b""
    return found
