"""QueryString: what people type into a search field: the words of AQS that mail has an answer to. MS-OXWSSRCH."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connectors.ews.things import One
from groupware.mime.summary import has_attachment_of
from groupware.model.flags import FLAGS, Flags
from groupware.model.item import Query

LONGEST: Final = 2000
_TERM: Final = re.compile(
    r'(?P<key>[A-Za-z]{2,30})\s{0,3}:\s{0,3}(?P<op>>=|<=|>|<|=)?\s{0,3}(?:"(?P<quoted>[^"]*)"?|(?P<value>[^\s"()]+))'
    r'|"(?P<phrase>[^"]*)"?|(?P<word>[^\s"()]+)'
)
_FIELDS: Final = {
    "subject": "subject",
    "from": "from",
    "to": "to",
    "cc": "cc",
    "bcc": "bcc",
    "body": "body",
    "content": "body",
}
_YES: Final = ("true", "yes", "1")
Test = Callable[[One], bool]


@dataclass
class Asked:
    """What the index is asked, and what is looked at besides."""

    text: list[str] = field(default_factory=list)
    fields: list[tuple[str, str]] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)

    @property
    def query(self) -> Query | None:
        """For the index; None when it has nothing to decide."""
        return Query(tuple(self.text), tuple(self.fields)) if self.text or self.fields else None


def read_query(text: str, now: datetime) -> Asked:
    """The terms, all of which have to hold; a word that means nothing here is looked for as it stands."""
    asked = Asked()
    for found in _TERM.finditer(text[:LONGEST]):
        word = found["phrase"] or found["word"]
        if word:
            if word not in ("AND", "OR"):
                asked.text.append(word)
            continue
        key, value = (found["key"] or "").lower(), found["quoted"] or found["value"] or ""
        if not value:
            continue
        if key in _FIELDS:
            asked.fields.append((_FIELDS[key], value))
        elif key in ("received", "sent", "date"):
            test = _dated(found["op"] or "", value.lower(), now)
            if test is not None:
                asked.tests.append(test)
        elif key in _FLAGS:
            asked.tests.append(_flagged(_FLAGS[key], value.lower() in _YES))
        elif key not in ("kind", "in", "folder"):
            asked.text.append(f"{found['key']}:{value}" if key not in ("participants",) else value)
    return asked


def _flagged(get: Test, wanted: bool) -> Test:
    return lambda one: get(one) is wanted


_FLAGS: Final[Mapping[str, Test]] = {
    "hasattachment": lambda one: has_attachment_of(one.thing.summary),
    "hasattachments": lambda one: has_attachment_of(one.thing.summary),
    "isread": lambda one: Flags.SEEN in FLAGS[one.thing.bits],
    "read": lambda one: Flags.SEEN in FLAGS[one.thing.bits],
    "isflagged": lambda one: Flags.FLAGGED in FLAGS[one.thing.bits],
}


def _dated(how: str, value: str, now: datetime) -> Test | None:
    """Whether something came on a day, in a range of days (`..`), or before or after one."""
    low_text, _, high_text = value.partition("..")
    low, high = _day(low_text, now), _day(high_text, now) if high_text else None
    if low is None:
        return None
    begin, end = low[0], (high or low)[1]
    tests: Mapping[str, Callable[[Any], bool]] = {
        ">": lambda at: at >= end,
        ">=": lambda at: at >= begin,
        "<": lambda at: at < begin,
        "<=": lambda at: at < end,
    }

    def on_the_day(at: Any) -> bool:
        return bool(begin <= at < end)

    test = tests.get(how, on_the_day)
    return lambda one: test(one.thing.saved)


def _day(text: str, now: datetime) -> tuple[int, int] | None:
    """The microseconds at which a day begins and ends."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if text in ("today", "yesterday"):
        begin = today - timedelta(days=text == "yesterday")
    else:
        begin_ = next((each for form in ("%Y-%m-%d", "%m/%d/%Y", "%d.%m.%Y") if (each := _parsed(text, form))), None)
        if begin_ is None:
            return None
        begin = begin_
    first = int(begin.timestamp()) * 1_000_000
    return first, first + 86_400_000_000


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text[:10], form).replace(tzinfo=UTC)
    except ValueError:
        return None
