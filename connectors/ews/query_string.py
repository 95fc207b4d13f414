"""QueryString: what people type into a search field, AQS as Exchange takes it. MS-OXWSSRCH §2.2.

Words and phrases, properties (`subject:plan`, `from:(ann OR bob)`), AND, OR, NOT, `-` and parentheses; words side by
side all have to hold. What is no sense is looked for as it stands: nobody gets an error for what they typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

from connectors.ews.paths import Path
from connectors.ews.query_dates import span_of
from connectors.ews.shapes import value_of
from connectors.ews.things import One
from groupware.mime.summary import has_attachment_of
from groupware.model.flags import FLAGS, Flags
from groupware.model.item import Kind

LONGEST: Final = 2000
DEEPEST: Final = 20
"""Parentheses in each other; deeper ones are as if they were not there."""
MOST: Final = 100
"""Words that are looked up; those behind them are not asked for."""
_TOKEN: Final = re.compile(
    r"(?P<key>[A-Za-z]{2,30})\s{0,3}:\s{0,3}(?P<op>>=|<=|<>|>|<|=)?\s{0,3}"
    r'(?:"(?P<quoted>[^"]*)"?|(?P<open>\()|(?P<value>(?:this|last|next)\s(?:week|month|year)\b|[^\s"()]+))'
    r'|"(?P<phrase>[^"]*)"?|(?P<mark>[()])|(?P<minus>-(?=["(\w]))|(?P<word>[^\s"()]+)',
    re.IGNORECASE,
)
_FIELDS: Final = {
    "subject": ("subject",),
    "from": ("from",),
    "to": ("to",),
    "cc": ("cc",),
    "bcc": ("bcc",),
    "body": ("body",),
    "content": ("body",),
    "participants": ("from", "to", "cc", "bcc"),
    "recipients": ("to", "cc", "bcc"),
}
_YES: Final = ("true", "yes", "1")
_IMPORTANCE: Final = Path("item:Importance")
_CATEGORIES: Final = Path("item:Categories")
_SENT: Final = Path("item:DateTimeSent")
Test = Callable[[One], bool]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Word:
    """A text that has to be somewhere, or in one field."""

    text: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """What is looked at in the item itself."""

    test: Test


@dataclass(frozen=True, slots=True)
class Parts:
    """Several of which all, or one, have to hold; negated: the others are meant."""

    parts: tuple[Node, ...]
    all_: bool = True
    negated: bool = False


Node = Word | Check | Parts


@dataclass
class Asked:
    """What was typed."""

    root: Node = Parts(())
    words: list[Word] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    """The properties that are looked at."""


def holds(node: Node, one: One, there: Callable[[Word], bool]) -> bool:
    """Whether an item is meant; `there` says whether a word is in it."""
    if isinstance(node, Word):
        return there(node)
    if isinstance(node, Check):
        return node.test(one)
    found = (all if node.all_ else any)(holds(each, one, there) for each in node.parts)
    return found is not node.negated


def matches(node: Node, there: Callable[[Word], bool]) -> bool:
    """The same of somebody, who is no item: what is looked at in items is nothing that people have."""
    if isinstance(node, Word):
        return there(node)
    if isinstance(node, Check):
        return True
    return (all if node.all_ else any)(matches(each, there) for each in node.parts) is not node.negated


def narrowed(node: Node, hits: Mapping[Word, set[T]]) -> set[T] | None:
    """Of which those that are meant are some, by what the words are in; None: by the words it cannot be said."""
    if isinstance(node, Word):
        return hits[node]
    if isinstance(node, Check) or node.negated:
        return None
    sets = [narrowed(each, hits) for each in node.parts]
    known = [each for each in sets if each is not None]
    if node.all_:
        return set.intersection(*known) if known else None
    return set.union(*known) if len(known) == len(sets) and known else None


def read_query(text: str, now: datetime) -> Asked:
    """What is meant; days are those of the zone of `now`."""
    return _Reader(text, now).asked


class _Reader:
    """One pass over what was typed."""

    def __init__(self, text: str, now: datetime) -> None:
        self._tokens = list(_TOKEN.finditer(text[:LONGEST]))
        self._at, self._now = 0, now
        self.asked = Asked()
        self.asked.root = self._either("", 0)

    def _next(self) -> str:
        """The operator or parenthesis that comes next; "": it is something else, or the end."""
        if self._at >= len(self._tokens):
            return "end"
        token = self._tokens[self._at]
        word = token["word"] or ""
        return token["mark"] or ("NOT" if token["minus"] else word if word in ("AND", "OR", "NOT") else "")

    def _either(self, key: str, depth: int) -> Node:
        """`a OR b`, up to a closing parenthesis where one is open."""
        parts = [self._all(key, depth)]
        while True:
            what = self._next()
            if what == "OR":
                self._at += 1
                parts.append(self._all(key, depth))
            elif what == ")":
                self._at += 1
                if depth:
                    break
                parts[-1] = Parts((parts[-1], self._all(key, depth)))  # one that nothing has opened
            else:
                break
        kept = tuple(each for each in parts if each != Parts(()))
        return kept[0] if len(kept) == 1 else Parts(kept, all_=not kept)

    def _all(self, key: str, depth: int) -> Node:
        parts: list[Node] = []
        while (what := self._next()) not in ("OR", ")", "end"):
            if what == "AND":
                self._at += 1
                continue
            found = self._one(key, depth)
            if found is not None:
                parts.append(found)
        return parts[0] if len(parts) == 1 else Parts(tuple(parts))

    def _one(self, key: str, depth: int) -> Node | None:
        what = self._next()
        if what in ("OR", "AND", ")", "end"):
            return None
        token = self._tokens[self._at]
        self._at += 1
        if what == "NOT":
            negated = 1
            while self._next() == "NOT":
                self._at, negated = self._at + 1, negated + 1
            inner = self._one(key, depth)
            return inner if inner is None or negated % 2 == 0 else Parts((inner,), negated=True)
        if what == "(" or token["open"]:
            within = (token["key"] or "").lower() if token["open"] else key
            if depth >= DEEPEST:
                return None
            found = self._either(within, depth + 1)
            return None if found == Parts(()) else found
        if token["key"]:
            value = token["quoted"] or token["value"] or ""
            return self._named(token["key"], token["op"] or "", value, token[0].strip())
        word = token["phrase"] if token["phrase"] is not None else token["word"]
        if not word:
            return None
        return self._named(key, "", word, word) if key else self._word(word)

    def _word(self, text: str, at: str = "") -> Node | None:
        text = text.rstrip("*").strip()
        if not text or len(self.asked.words) >= MOST:
            return None
        found = Word(text, at)
        self.asked.words.append(found)
        return found

    def _named(self, key: str, how: str, value: str, whole: str) -> Node | None:
        """One property, and what it has to be. None: nothing is asked."""
        name, plain = key.lower(), value.strip().lower()
        if not plain:
            return None
        if name in _FIELDS:
            words = [each for at in _FIELDS[name] if (each := self._word(value, at)) is not None]
            return None if not words else words[0] if len(words) == 1 else Parts(tuple(words), all_=False)
        if name in ("received", "sent", "date"):
            return self._dated(name, how, plain) or self._word(whole)
        if name in _FLAGS:
            get, wanted = _FLAGS[name], (plain in _YES) is not (how == "<>")
            return Check(lambda one: get(one) is wanted)
        if name == "has" and plain.startswith("attachment"):
            return Check(_FLAGS["hasattachment"])
        if name == "is" and plain in _STATES:
            return Check(_STATES[plain])
        if name == "kind" and plain in _KINDS:
            return Check(_KINDS[plain])
        if name == "importance" and plain in ("high", "normal", "low"):
            self.asked.paths.append(_IMPORTANCE)
            return Check(lambda one: str(value_of(one, _IMPORTANCE) or "Normal").lower() == plain)
        if name in ("category", "keywords"):
            self.asked.paths.append(_CATEGORIES)
            return Check(lambda one: any(plain in each.lower() for each in value_of(one, _CATEGORIES) or ()))
        return None if name in ("in", "folder") else self._word(whole)

    def _dated(self, name: str, how: str, value: str) -> Node | None:
        span = span_of(how, value, self._now)
        if span is None:
            return None
        if name != "sent":
            return Check(lambda one: span(one.thing.saved))
        self.asked.paths.append(_SENT)
        return Check(lambda one: isinstance(at := value_of(one, _SENT), datetime) and span(_micros(at)))


def _micros(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


def _flag(flag: Flags) -> Test:
    return lambda one: flag in FLAGS[one.thing.bits]


def _attached(one: One) -> bool:
    return one.kind is Kind.MAIL and has_attachment_of(one.thing.summary)


def _of_kind(kind: Kind) -> Test:
    return lambda one: one.kind is kind


_FLAGS: Final[Mapping[str, Test]] = {
    "hasattachment": _attached,
    "hasattachments": _attached,
    "isread": _flag(Flags.SEEN),
    "read": _flag(Flags.SEEN),
    "isflagged": _flag(Flags.FLAGGED),
}
_STATES: Final[Mapping[str, Test]] = {
    "read": _flag(Flags.SEEN),
    "unread": lambda one: Flags.SEEN not in FLAGS[one.thing.bits],
    "flagged": _flag(Flags.FLAGGED),
}


def _none(_: One) -> bool:
    return False


_KINDS: Final[Mapping[str, Test]] = {
    "email": _of_kind(Kind.MAIL),
    "meetings": lambda one: one.kind is Kind.CALENDAR or one.has_calendar,
    "contacts": _of_kind(Kind.CONTACTS),
    "tasks": _of_kind(Kind.TASKS),
    "notes": _of_kind(Kind.NOTES),
    "journals": _of_kind(Kind.JOURNAL),
    **dict.fromkeys(("docs", "externaldata", "faxes", "im", "posts", "rssfeeds", "voicemail"), _none),
}
"""What an item may be; of those at the end there is nothing here."""
