"""The follow-up flag of a message. MS-OXOFLAG §2.2.

That it is set is \\Flagged, that it is completed the keyword $Completed: every protocol has these. Its dates, its
reminder and what it is called are properties that are kept beside the message, under the names that Outlook has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from groupware.model.flags import FLAGS, FlagChange, Flags, words_in

COMPLETED: Final = "$Completed"
NONE, DONE, SET = 0, 1, 2
"""PidTagFlagStatus, and Status in ActiveSync."""
_COMMON, _TASK = "00062008-0000-0000-c000-000000000046", "00062003-0000-0000-c000-000000000046"
WHEN_DONE: Final = "tag:0x1091:SystemTime"
"""PidTagFlagCompleteTime."""
DAY_DONE: Final = f"{_TASK}:0x810f:SystemTime"
"""PidLidTaskDateCompleted."""
START, DUE = f"{_COMMON}:0x8516:SystemTime", f"{_COMMON}:0x8517:SystemTime"
"""PidLidCommonStart, PidLidCommonEnd: in UTC."""
LOCAL_START, LOCAL_DUE = f"{_TASK}:0x8104:SystemTime", f"{_TASK}:0x8105:SystemTime"
"""PidLidTaskStartDate, PidLidTaskDueDate: what the clock says where the user is, written as if that were UTC."""
REMINDS: Final = f"{_COMMON}:0x8503:Boolean"
REMINDER: Final = f"{_COMMON}:0x8502:SystemTime"
ASKED: Final = f"{_COMMON}:0x8530:String"
"""PidLidFlagRequest: `Follow up`."""
TITLE: Final = f"{_COMMON}:0x85a4:String"
ORDER: Final = f"{_COMMON}:0x85a0:SystemTime"
SECOND_ORDER: Final = f"{_COMMON}:0x85a1:String"
DATES: Final = {START: LOCAL_START, DUE: LOCAL_DUE}
"""What the clock says, by what that is in UTC."""
ALL: Final = frozenset(
    [WHEN_DONE, DAY_DONE, *DATES, *DATES.values(), REMINDS, REMINDER, ASKED, TITLE, ORDER, SECOND_ORDER]
)


def status_of(bits: int, words: str) -> int:
    """Whether it is set or completed."""
    if Flags.FLAGGED in FLAGS[bits]:
        return SET
    return DONE if _completed(words) else NONE


def _completed(words: str) -> set[str]:
    return {each for each in words_in(words) if each.lower() == COMPLETED.lower()}


def change_to(status: int, words: str) -> FlagChange:
    """The change that makes it so."""
    there = _completed(words)
    return FlagChange(
        Flags.FLAGGED if status == SET else Flags.NONE,
        Flags.NONE if status == SET else Flags.FLAGGED,
        frozenset({COMPLETED} if status == DONE and not there else ()),
        frozenset(there if status != DONE else ()),
    )


def facts_for(status: int, said: Mapping[str, Any]) -> dict[str, Any]:
    """What becomes of the properties, of which None takes one away: a flag that is none has none."""
    if status == NONE:
        return dict.fromkeys(ALL)
    return {**said, **(dict.fromkeys((WHEN_DONE, DAY_DONE)) if status == SET else {})}


def dates_of(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The properties with beginning and end, in UTC and on the clock: all four where there is one of them."""
    found: dict[str, Any] = {}
    for one, other in ((START, DUE), (DUE, START)):
        found[one] = next((kept[key] for key in (one, DATES[one], other, DATES[other]) if kept.get(key)), None)
        found[DATES[one]] = kept.get(DATES[one]) or kept.get(one) or kept.get(DATES[other]) or found[one]
    return {key: value for key, value in {**kept, **found}.items() if value is not None}
