"""Sieve scripts as they are kept: octets under a name."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Final, Literal

from .errors import OverQuota, Refused
from .ids import AccountId

NAME_CHARACTERS: Final = 128
_AS_TYPED: Final = 4 * NAME_CHARACTERS
_NOT_IN_NAMES: Final = ("Cc", "Cs", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class StoredScript:
    """One line of the list of an account's scripts."""

    name: str
    size: int
    active: bool
    changed: int = field(default=0, compare=False)
    """Microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class ActiveScript:
    """What runs when mail for an account comes in: its active script, and where its mail goes on to.

    Of the domain or the server as well: such a script works in the account's folders and under its address.
    """

    account: AccountId
    address: str
    """The account's own."""
    owner: str
    """What people call it; "" for nothing."""
    name: str
    """"": there is no script."""
    octets: bytes = field(repr=False)
    forward: tuple[str, ...] = ()
    """By the setting `forwardTo`."""
    keeps: bool = True
    """What is forwarded is kept as well."""
    level: Literal["server", "domain", "account"] = "account"
    """Whose script it is."""
    kept_by: AccountId | None = None
    """The domain or the server that keeps it; None: the account."""


class ScriptTooLong(OverQuota):
    """It is longer than one script may be."""


class TooManyScripts(OverQuota):
    """The account has as many scripts as it may have."""


def script_name(name: str) -> str:
    """The name as it is kept, in Unicode's composed form. `Refused`: RFC 5804 §1.6 says what no name may be."""
    if len(name) <= _AS_TYPED:  # a longer one is refused anyhow
        name = unicodedata.normalize("NFC", name)
    if not 0 < len(name) <= NAME_CHARACTERS:
        raise Refused(f"the name of a script has 1 to {NAME_CHARACTERS} characters")
    if any(unicodedata.category(each) in _NOT_IN_NAMES for each in name):
        raise Refused("the name of a script has no control characters and no line ends in it")
    return name
