"""What was done last with a message: it was answered, or passed on. MS-OXOMSG §2.2.2.

That it was, are \\Answered and the keyword $Forwarded, which every protocol has. Which of them came last, and when, are
properties that are kept beside the message, under the names that Outlook has; they count as long as the flag is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from groupware.model.flags import FLAGS, FlagChange, Flags, words_in

VERB: Final = "tag:0x1081:Integer"
"""PidTagLastVerbExecuted."""
WHEN: Final = "tag:0x1082:SystemTime"
"""PidTagLastVerbExecutionTime."""
ANSWERED, ANSWERED_ALL, PASSED_ON = 102, 103, 104
FORWARDED: Final = "$Forwarded"


def is_forwarded(words: str) -> bool:
    """Whether a message has been passed on."""
    return FORWARDED.lower() in words_in(words.lower())


def touched(bits: int, words: str) -> bool:
    """Whether anything was done with it."""
    return Flags.ANSWERED in FLAGS[bits] or is_forwarded(words)


def last_verb(bits: int, words: str, kept: Mapping[str, Any]) -> int | None:
    """What was done last; None: nothing."""
    answered, forwarded, known = Flags.ANSWERED in FLAGS[bits], is_forwarded(words), kept.get(VERB)
    if (answered and known in (ANSWERED, ANSWERED_ALL)) or (forwarded and known == PASSED_ON):
        return int(known)
    return ANSWERED if answered else PASSED_ON if forwarded else None


def done_at(bits: int, words: str, kept: Mapping[str, Any]) -> str | None:
    """When, as it is kept; None: that is not known."""
    known = kept.get(VERB)
    return kept.get(WHEN) if known is not None and last_verb(bits, words, kept) == known else None


def change_for(verb: int) -> FlagChange:
    """How a message is marked."""
    return FlagChange(add_words=frozenset({FORWARDED})) if verb == PASSED_ON else FlagChange(add=Flags.ANSWERED)


def facts_for(verb: int, now: datetime) -> dict[str, Any]:
    """What is kept beside it."""
    return {VERB: verb, WHEN: f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
