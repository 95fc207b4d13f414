"""What queries found, so that their differences can be told. RFC 8620 §5.6.

A query state is a digest of the list that was found. A list is kept for a while, in this process, and never becomes
another; a state whose list is not kept any more (or was told by another process) is one that nothing is known of, and
the client asks again.
"""

from __future__ import annotations

import bisect
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from web.jmap.errors import MethodError
from web.jmap.states import unknown

MOST_IDS: Final = 500_000
"""Ids that are kept in all."""
_kept: OrderedDict[str, tuple[str, ...]] = OrderedDict()
_lock = threading.Lock()
_count = 0


def keep(account: int, ids: Sequence[str]) -> str:
    """The state of a query that found these, which is remembered."""
    global _count
    digest = blake2b(f"{account}\n".encode() + "\n".join(ids).encode(), digest_size=12).hexdigest()
    state = f"Q{digest}"
    with _lock:
        if state in _kept:
            _kept.move_to_end(state)
        elif len(ids) <= MOST_IDS // 4:
            _kept[state] = tuple(ids)
            _count += len(ids) + 1
        while _count > MOST_IDS:
            _count -= len(_kept.popitem(last=False)[1]) + 1
    return state


def known(state: str) -> Sequence[str]:
    """What the query of that state had found. `MethodError` `cannotCalculateChanges`."""
    found = _kept.get(state)
    if found is None:
        raise unknown()
    return found


def difference(old: Sequence[str], new: Sequence[str], most: int | None) -> Mapping[str, Any]:
    """`removed` and `added` of a `queryChanges` response. `MethodError` `tooManyChanges`."""
    places = {name: place for place, name in enumerate(old)}
    stays = _in_order([(places[name], name) for name in new if name in places])
    removed = [name for name in old if name not in stays]
    added = [{"id": name, "index": index} for index, name in enumerate(new) if name not in stays]
    if most is not None and len(removed) + len(added) > most:
        raise MethodError("tooManyChanges", f"{len(removed) + len(added)} changes")
    return {"removed": removed, "added": added}


def _in_order(placed: Sequence[tuple[int, str]]) -> set[str]:
    """The most of them whose places rise from first to last: they have not moved."""
    if all(placed[at][0] < placed[at + 1][0] for at in range(len(placed) - 1)):
        return {name for _, name in placed}
    ends: list[int] = []
    last: list[int] = []
    before = [-1] * len(placed)
    for at, (place, _) in enumerate(placed):
        length = bisect.bisect_left(ends, place)
        if length == len(ends):
            ends.append(place)
            last.append(at)
        else:
            ends[length], last[length] = place, at
        before[at] = last[length - 1] if length else -1
    found, at = set[str](), last[-1] if last else -1
    while at >= 0:
        found.add(placed[at][1])
        at = before[at]
    return found
