"""A mailbox on another server whose mail somebody has fetched into a folder here (POP3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, Literal

from .errors import Refused
from .ids import AccountId, FolderId

RemoteTls = Literal["implicit", "start"]
PORTS: Final[dict[RemoteTls, int]] = {"implicit": 995, "start": 110}
LONGEST_MINUTES: Final = 7 * 24 * 60
LONGEST_UID: Final = 70
"""RFC 1939 §7."""
_HOST: Final = re.compile(r"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+\Z")
_PLAIN: Final = re.compile(r"[^\x00-\x1f\x7f]{1,320}\Z")


@dataclass(frozen=True, slots=True)
class RemoteBox:
    """One of them, and how fetching goes. Times are microseconds since 1970; 0: never."""

    number: int
    """0: one that is to be made."""
    account: AccountId
    host: str
    port: int
    tls: RemoteTls
    user: str
    secret: str = field(repr=False)
    """The password, sealed (`groupware.directory.sealed`); "" in a change: as it was."""
    folder: FolderId | None
    """Where its mail goes; None: the INBOX."""
    minutes: int
    """Between two fetches, as its owner wishes."""
    keep: bool
    """What was fetched stays there."""
    enabled: bool = True
    due: int = 0
    tries: int = 0
    """How often in a row it has failed."""
    begun: int = 0
    """When it was last asked."""
    done: int = 0
    """When that last went well."""
    fetched: int = 0
    """Messages, all together."""
    said: str = ""
    """What was wrong the last time, for its owner; "": nothing."""
    lease: int = 0
    """Until when somebody is at it."""


def checked(new: RemoteBox) -> RemoteBox:
    """The same, its host in lower case; `Refused` names what cannot be."""
    host = new.host.strip().lower()
    if not _HOST.match(host) and not _is_address(host):
        raise Refused(f"host: {new.host[:80]!r} is no name of a server, as pop.example.org")
    if new.tls not in PORTS:
        raise Refused("tls: TLS is implicit (from the first octet) or start (STLS)")
    if not 1 <= new.port <= 65535:
        raise Refused("port: a number from 1 to 65535 is wanted")
    if not _PLAIN.match(new.user):
        raise Refused("user: 1 to 320 characters are wanted, and no control characters")
    return RemoteBox(
        new.number, new.account, host, new.port, new.tls, new.user, new.secret, new.folder,
        new.minutes, new.keep, new.enabled,
    )  # fmt: skip


def is_password(text: str) -> bool:
    """Whether POP3 can say it in one line."""
    return _PLAIN.match(text) is not None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
