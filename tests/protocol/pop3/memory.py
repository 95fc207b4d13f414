"""A store of one INBOX in memory."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

from groupware.mime.summary import summarize
from groupware.model.errors import NotFound
from groupware.model.flags import Flags
from groupware.model.ids import BlobId, FolderId, ItemId, ModSeq, Uid
from groupware.model.item import Item


class Memory:
    def __init__(self):
        self.items = {}
        self.modseq = 1
        self.bodies = {}
        self.next = 1
        self.writes = 0
        self.reads = 0

    async def put(self, octets):
        blob = BlobId(hashlib.sha256(octets).hexdigest())
        self.bodies[blob] = octets
        self.modseq += 1
        uid = Uid(self.next)
        self.next += 1
        self.items[uid] = Item(
            ItemId(uid),
            uid,
            ModSeq(self.modseq),
            Flags.NONE,
            frozenset(),
            len(octets),
            datetime.now(UTC),
            blob,
            summarize(octets).encode(),
        )
        return uid

    async def remove(self, *uids):
        for u in uids:
            del self.items[u]
        self.modseq += 1

    async def flags(self):
        return {u: i.flags for u, i in self.items.items()}

    # store
    async def read(self, who, work):
        self.reads += 1
        return work(Tx(self))

    async def write(self, who, work):
        self.writes += 1
        return work(Tx(self))

    async def read_many(self, blobs):
        return {b: self.bodies[b] for b in blobs if b in self.bodies}

    # blobs as another object


class Blobs:
    def __init__(self, m):
        self.m = m

    async def put(self, octets):
        blob = BlobId(hashlib.sha256(octets).hexdigest())
        self.m.bodies[blob] = octets
        return SimpleNamespace(blob=blob, size=len(octets), body=None)

    async def read(self, blob, start=0, length=None):
        if blob not in self.m.bodies:
            raise NotFound("lost")
        return self.m.bodies[blob][start : None if length is None else start + length]

    async def read_many(self, blobs):
        return {b: self.m.bodies[b] for b in blobs if b in self.m.bodies}


def inside(uid, rs):
    return any(a <= uid <= b for a, b in rs)


class Tx:
    def __init__(self, m):
        self.m = m

    def role(self, account, role, need=None):
        return SimpleNamespace(id=FolderId(5), uidvalidity=777, modseq=self.m.modseq)

    def folder(self, at, need=None):
        return SimpleNamespace(id=FolderId(5), uidvalidity=777, modseq=self.m.modseq)

    def uids(self, at):
        return list(self.m.items)

    def items(self, at, uids, *, summary=False, limit=0):
        return [
            i if summary else replace(i, summary=b"")
            for a, b in uids
            for u in range(a, min(b, self.m.next) + 1)
            if (i := self.m.items.get(u))
        ]

    def entries(self, at):
        return list(self.m.items.values())

    def append(self, at, new):
        out = []
        for n in new:
            self.m.modseq += 1
            uid = Uid(self.m.next)
            self.m.next += 1
            self.m.items[uid] = Item(
                ItemId(uid),
                uid,
                ModSeq(self.m.modseq),
                n.flags,
                frozenset(),
                n.size,
                datetime.now(UTC),
                n.blob,
                n.summary,
            )
            out.append(self.m.items[uid])
        return out

    def update_flags(self, at, uids, change):
        self.m.modseq += 1
        for u, i in self.m.items.items():
            if inside(u, uids):
                self.m.items[u] = replace(i, flags=i.flags | change.add)
        return [], []

    def expunge(self, at, uids, *, deleted_only=True):
        gone = [u for u in self.m.items if inside(u, uids)]
        for u in gone:
            del self.m.items[u]
        self.m.modseq += 1
        return gone
