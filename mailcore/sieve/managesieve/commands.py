"""Every command, with the states it belongs to and the function that carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailcore.sieve.managesieve import entry, scripts
from mailcore.sieve.managesieve.session import State, Verb

_ANY: Final[tuple[State, ...]] = ("stranger", "known")
_BEFORE: Final[tuple[State, ...]] = ("stranger",)
_NAME: Final = "the name of a script"
_TWO: Final = (bytes, bytes)

COMMANDS: Final[Mapping[str, Verb]] = {
    "CAPABILITY": Verb(entry.capability, states=_ANY),
    "NOOP": Verb(entry.noop, (bytes,), "nothing, or a tag", states=_ANY),
    "LOGOUT": Verb(entry.logout, states=_ANY),
    "STARTTLS": Verb(entry.starttls, states=_BEFORE, talks=True),
    "AUTHENTICATE": Verb(
        entry.authenticate, _TWO, "a mechanism, and maybe its first answer", 1, states=_BEFORE, talks=True
    ),
    "UNAUTHENTICATE": Verb(entry.unauthenticate),
    "HAVESPACE": Verb(scripts.havespace, (bytes, int), f"{_NAME} and a size", 2),
    "PUTSCRIPT": Verb(scripts.putscript, _TWO, f"{_NAME} and the script", 2),
    "LISTSCRIPTS": Verb(scripts.listscripts),
    "SETACTIVE": Verb(scripts.setactive, (bytes,), f'{_NAME}, or ""', 1),
    "GETSCRIPT": Verb(scripts.getscript, (bytes,), _NAME, 1),
    "DELETESCRIPT": Verb(scripts.deletescript, (bytes,), _NAME, 1),
    "RENAMESCRIPT": Verb(scripts.renamescript, _TWO, f"{_NAME} and its new name", 2),
    "CHECKSCRIPT": Verb(scripts.checkscript, (bytes,), "a script", 1),
}
