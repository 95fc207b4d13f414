"""Something that happened to messages of a folder, and that a script of its owner waits for. RFC 6785."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from .ids import AccountId, FolderId, Uids

ENTRY: Final = "/shared/imapsieve/script"
"""The annotation of a folder that names its script; empty: none, whatever `scriptOnChange` says. RFC 6785 §2.3.1."""

Cause = Literal["APPEND", "COPY", "FLAG"]
"""As the script is told it: a message was put in, copied or moved here, or its flags were changed."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """Messages of one folder to which the same happened in one write."""

    number: int
    owner: AccountId
    """Of the folder: an account, or whoever stands for the public tree of a domain."""
    folder: FolderId
    uids: Uids
    """Those that the script has not looked at yet."""
    cause: Cause
    script: str
    """The name of the script."""
    by: str
    """The address of who did it."""
    changed: tuple[str, ...] = ()
    """The flags that were set or taken away."""
