"""What is said in several places, word for word the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from groupware.model.errors import NotFound
from groupware.model.principal import Gone
from mailcore.imap.table import Spec, State
from mailcore.server.dialogue import Farewell
from mailcore.server.stay import WORDS

ABSENT: Final = "There is no such mailbox, or you may not see it"
"""Word for word the same, whether it is not there or hidden (RFC 4314 §6)."""
SHOW_ALL: Final = "imapShowAllFolders"
DISABLED: Final = WORDS["disabled"]
GONE: Final = "The selected mailbox is gone, or you may no longer read it"
UIDREQUIRED: Final = b"UIDREQUIRED"
NUMBERED: Final = frozenset({"FETCH", "STORE", "SEARCH", "COPY", "MOVE", "SORT", "THREAD", "REPLACE"})
"""Commands that a client without message numbers has only in their UID forms. RFC 9586 §3.2."""
BYES: Final[Mapping[Farewell, tuple[str, bytes]]] = {
    "stopping": ("The server is stopping; come back in a moment", b"UNAVAILABLE"),
    "idle": ("You have been silent for too long", b""),
    "failed": ("Something went wrong here; it has been noted", b"SERVERBUG"),
}
GOING: Final[Mapping[Gone, tuple[str, bytes]]] = {
    "disabled": (WORDS["disabled"], b"AUTHORIZATIONFAILED"),
    "switched off": (WORDS["switched off"], b"AUTHORIZATIONFAILED"),
    "password changed": (WORDS["password changed"], b"EXPIRED"),
    "access ended": (WORDS["access ended"], b"EXPIRED"),
}
"""What who has signed in and may not stay is told. RFC 5530 §3."""


class Absent(NotFound):
    """A mailbox that the command names is not there for this user."""

    def __init__(self) -> None:
        super().__init__(ABSENT)


def why_not(name: bytes, spec: Spec | None, state: State) -> str:
    """Why a command cannot be used now."""
    if spec is None:
        return f"There is no command {name[:30].decode('ascii', 'replace')}" if name else "A command's name is missing"
    return f"{spec.name} cannot be used in the state {state.value}"
