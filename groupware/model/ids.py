"""Names for the numbers that go round the house, so that one cannot be taken for another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NewType

PrincipalId = NewType("PrincipalId", int)
AccountId = NewType("AccountId", int)
"""The id of a principal that owns a tree: an account, a list, a resource, a domain's public tree."""
FolderId = NewType("FolderId", int)
ItemId = NewType("ItemId", int)
Uid = NewType("Uid", int)
"""Of an item in its folder; never reused there. RFC 9051 §2.3.1.1."""
ModSeq = NewType("ModSeq", int)
"""Per owner, one more for every committed change in the owner's tree. RFC 7162."""
BlobId = NewType("BlobId", str)
"""SHA-256 of the octets, in hexadecimal."""
QueueId = NewType("QueueId", int)

Uids = Sequence[tuple[Uid, Uid]]
"""Closed ranges, sorted, apart from each other."""

LAST_UID = Uid(0xFFFFFFFF)
EVERY: Uids = ((Uid(1), LAST_UID),)
BEGINNING = ModSeq(0)
"""Before every change: where a first synchronisation asks from."""
NO_UID = Uid(0)
"""Below that of every item."""


def ranges(uids: Iterable[int]) -> list[tuple[Uid, Uid]]:
    """The closed ranges that hold exactly the given UIDs."""
    out: list[tuple[Uid, Uid]] = []
    for uid in sorted(set(uids)):
        if out and out[-1][1] + 1 == uid:
            out[-1] = (out[-1][0], Uid(uid))
        else:
            out.append((Uid(uid), Uid(uid)))
    return out
