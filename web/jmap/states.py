"""States: a position in the owner's change sequence, and which folders were seen from it.

What a folder holds changes with the sequence. Which folders there are for somebody changes with grants as well, and
with folders that go; so a state carries a digest of those that were there. Folders that were made after the position
are left out of the digest, so that a new folder costs nobody a new start. With another digest the difference is not
known, and a client starts over (`cannotCalculateChanges`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from groupware.model.folder import Folder
from groupware.model.ids import ModSeq
from web.jmap.errors import MethodError

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
    """The state of emails and threads: the folders that may be read."""
    return State(at, _digest(str(each.id) for each in readable if each.born <= at))


def mailboxes_at(at: ModSeq, folders: Iterable[Folder]) -> State:
    """The state of mailboxes: all of them but what their numbers say."""
    return State(at, _digest(_told(each) for each in folders if each.born <= at))


def _digest(parts: Iterable[str]) -> str:
    return blake2b("\n".join(sorted(parts)).encode(), digest_size=8).hexdigest()


def _told(each: Folder) -> str:
    return f"{each.id} {each.path} {each.role} {each.rights.value} {each.subscribed}"
