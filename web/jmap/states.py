"""States: a position in the owner's change sequence, and which folders were seen from it.

What a folder holds changes with the sequence. Which folders there are for somebody changes with grants as well, and
with folders that go; so a state carries a digest of those that were there. Folders that were made after the position
are left out of the digest, so that a new folder costs nobody a new start. With another digest the difference is not
known, and a client starts over (`cannotCalculateChanges`). What a digest of mailboxes was made of is kept in memory for
a while: it never becomes anything else, and while it is there a difference can be told all the same.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from groupware.model.folder import Folder
from groupware.model.ids import FolderId, ModSeq
from groupware.model.item import Kind
from web.jmap.errors import MethodError

_KEPT: Final = 100_000
"""Mailboxes in all."""
_lock = threading.Lock()
_mailboxes: OrderedDict[str, Mapping[FolderId, str]] = OrderedDict()
"""What was told of the mailboxes of a digest."""
_STATE: Final = re.compile(r"([0-9]{1,18})-([0-9a-f]{16})\Z")


@dataclass(frozen=True, slots=True)
class State:
    """A position, and the digest of what stood around it."""

    at: ModSeq
    around: str

    def __str__(self) -> str:
        return f"{self.at}-{self.around}"


def read_state(text: str) -> State:
    """The state that a client names. `MethodError` when it is none of ours."""
    found = _STATE.match(text)
    if found is None:
        raise unknown()
    return State(ModSeq(int(found[1])), found[2])


def unknown() -> MethodError:
    """What is said of a state from which the way to now is not known."""
    return MethodError("cannotCalculateChanges", "the changes since that state are not known any more: start over")


def emails_at(at: ModSeq, readable: Iterable[Folder]) -> State:
    """The state of emails and threads, and of objects: the folders that may be read, and how others' are seen."""
    return State(at, _digest(_seen(each) for each in readable if each.born <= at))


def _seen(each: Folder) -> str:
    return f"{each.id} {each.uidvalidity}" if each.kind is not Kind.MAIL and not each.own else str(each.id)


def mailboxes_at(at: ModSeq, folders: Iterable[Folder], orders: Mapping[FolderId, int]) -> State:
    """The state of mailboxes: all of them but what their numbers say; `orders` is one's own order of them."""
    return lines_at(at, {each.id: _told(each, orders) for each in folders if each.born <= at})


def lines_at(at: ModSeq, lines: Mapping[FolderId, str]) -> State:
    """The state of folders of which these lines are told; those lines are kept for a while."""
    state = State(at, _digest(lines.values()))
    with _lock:
        if state.around not in _mailboxes:
            _mailboxes[state.around] = lines
            while len(_mailboxes) > 1 and sum(map(len, _mailboxes.values())) > _KEPT:
                _mailboxes.popitem(last=False)
    return state


def mailboxes_in(state: State) -> Mapping[FolderId, str] | None:
    """What was told of each mailbox in that state; None: that is not kept here any more."""
    return _mailboxes.get(state.around)


def line_of(each: Folder, orders: Mapping[FolderId, int]) -> str:
    """What is told of a mailbox, but for numbers."""
    return _told(each, orders)


def _digest(parts: Iterable[str]) -> str:
    return blake2b("\n".join(sorted(parts)).encode(), digest_size=8).hexdigest()


def _told(each: Folder, orders: Mapping[FolderId, int]) -> str:
    order = orders.get(each.id, "")
    return f"{each.id} {each.path} {each.role} {each.rights.value} {each.subscribed} {order}"
