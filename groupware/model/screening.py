"""What an account, its domain and the server say of who writes to it: lists of senders, and strangers."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from .ids import AccountId

FILTERED: Final = "Filtered Email"
"""The folder for the mail of strangers."""
COLLECTED: Final = "Collected Addresses"
"""The address book of whoever has confirmed an address."""


@dataclass(frozen=True, slots=True)
class Screening:
    """The settings of one account that are about senders."""

    account: AccountId
    address: str
    whitelist: str
    blacklist: str
    contacts: bool
    """Who is in its address book is on its whitelist."""
    black: str
    """`junk`, `discard`, `reject`: what becomes of mail from who is on a blacklist."""
    strangers: str
    """`pass`, `discard`, `sendNDR`, `moveToFilteredEmail`, `moveToFilteredEmailWithIC`."""
    server_whitelist: str
    server_blacklist: str
    language: str = ""


def fits(patterns: str, address: str) -> bool:
    """Whether one of the patterns, apart by spaces, is that address; a word without @ or * is a domain."""
    return any(each.match(address.lower()) for each in _compiled(patterns))


@lru_cache(maxsize=1000)
def _compiled(text: str) -> Sequence[re.Pattern[str]]:
    words = (word.lower() if "@" in word or "*" in word else f"*@{word.lower()}" for word in text.split())
    return [re.compile(fnmatch.translate(word.replace("[", "[[]"))) for word in words]
