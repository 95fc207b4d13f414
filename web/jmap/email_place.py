"""Where an email is to be, and how it is marked: `mailboxIds`, `keywords`, `receivedAt`. RFC 8621 §4.1.1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from groupware.mime.item import Marks
from groupware.model.flags import FLAGS, Flags, words_in
from groupware.model.ids import FolderId
from groupware.model.times import moment_of
from web.jmap.errors import SetError
from web.jmap.ids import folder_of
from web.jmap.sets import Given, invalid
from web.jmap.turn import Turn

_KEYWORD: Final = re.compile(r"[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|}~]{1,255}\Z")
_MOST: Final = 100
FLAG_OF: Final = {"$seen": Flags.SEEN, "$answered": Flags.ANSWERED, "$flagged": Flags.FLAGGED, "$draft": Flags.DRAFT}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new email comes to, and its marks."""

    mailboxes: Sequence[FolderId]
    marks: Marks


def place_of(turn: Turn, given: Given) -> Place:
    """What a new email is given. `SetError`."""
    flags, words = flags_of(keywords_of(given.get("keywords") or {}))
    saved = _saved(given.get("receivedAt"))
    return Place(some_mailbox(mailboxes_of(turn, given.get("mailboxIds"))), Marks(flags, words, saved))


def mailboxes_of(turn: Turn, given: Any) -> list[FolderId]:
    """The mailboxes that are named."""
    if not isinstance(given, Mapping) or any(value is not True for value in given.values()):
        raise invalid("mailboxIds", "an object of mailbox ids, each true, is wanted")
    return list(dict.fromkeys(folder_of(turn.real(name)) or FolderId(-1) for name in given))


def some_mailbox(found: Sequence[FolderId]) -> Sequence[FolderId]:
    """The mailboxes that an email is in: one at least."""
    if not found:
        raise invalid("mailboxIds", "an email is in a mailbox")
    return found


def keywords_of(given: Any) -> set[str]:
    """The keywords that are named, in lower case."""
    if not isinstance(given, Mapping) or any(value is not True for value in given.values()):
        raise invalid("keywords", "an object of keywords, each true, is wanted")
    return checked(given)


def checked(names: Iterable[str]) -> set[str]:
    """Keywords in lower case. `SetError` for one that cannot be, or too many."""
    found = {name.lower() for name in names}
    bad = next((name for name in found if not _KEYWORD.match(name) or name in ("$deleted", "$recent")), None)
    if bad is not None:
        raise invalid("keywords", f"{bad[:60]!r} can be no keyword")
    if len(found) > _MOST:
        raise SetError("tooManyKeywords", f"more than {_MOST} keywords")
    return found


def flags_of(names: Iterable[str]) -> tuple[Flags, frozenset[str]]:
    """Flags, and the words that are none."""
    flags, words = Flags.NONE, set()
    for name in names:
        if name in FLAG_OF:
            flags |= FLAG_OF[name]
        else:
            words.add(name)
    return flags, frozenset(words)


def stored_words(words: str, names: set[str]) -> frozenset[str]:
    """Those of the stored words that these keywords are, whatever their letters."""
    return frozenset(word for word in words_in(words) if word.lower() in names)


def bits_of(bits: int) -> Flags:
    """The flags of a row."""
    return FLAGS[bits]


def _saved(given: Any) -> datetime | None:
    if given is None:
        return None
    try:
        return moment_of(given).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid("receivedAt", str(error)) from None
