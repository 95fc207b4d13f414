"""Conditions: what a rule asks of a variable. `remoteSmtpIp not in-network 192.0.2.0/24`, `header.subject contains x`.

1. Letter case does not count, but in what `matches` says.
2. Of a variable with several values one has to fit; `not` means that none does. What is not known is empty.
3. A pattern may take a moment, and all patterns of one event together `PATTERN_SECONDS`: then they fit no more, and
   neither does their `not`. So a rule decides in bounded time over any message.
"""

from __future__ import annotations

import fnmatch
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Protocol

import regex  # type: ignore[import-untyped,unused-ignore]

from mailcore.server.rules import address, ip_set
from mailcore.smtp.policy import words
from mailcore.smtp.policy.variables import Event, Facts, Kind, Value, Variable, declared

PATTERN_SECONDS: Final = 0.1
LONGEST: Final = 10_000  # characters of a value that are looked at
LONGEST_PATTERN: Final = 1000
MOST_VALUES: Final = 1000


class Budget:
    """The time that patterns may still take, for one event."""

    __slots__ = ("left",)

    def __init__(self, seconds: float = PATTERN_SECONDS) -> None:
        self.left = seconds

    def search(self, pattern: Pattern, text: str) -> bool | None:
        """Whether the pattern is in the text; None when there was no time to find out."""
        if self.left <= 0:
            return None
        began = time.monotonic()
        try:
            return pattern.search(text, timeout=self.left) is not None
        except TimeoutError:
            return None
        finally:
            self.left -= time.monotonic() - began


class Pattern(Protocol):
    """A compiled regular expression."""

    def search(self, string: str, *, timeout: float) -> object | None:
        """The first match; TimeoutError when it takes longer than so many seconds."""
        ...


Check = Callable[[Value, Budget], bool | None]
"""Whether one value fits; None: nobody knows."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, checked."""

    variable: str
    operator: str
    values: tuple[str, ...] = ()
    negated: bool = False

    def __str__(self) -> str:
        """As `parse` reads it."""
        return words.joined((self.variable, *(("not",) if self.negated else ()), self.operator, *self.values))


def parse(text: str, event: Event) -> Condition:
    """A condition as a person types it, for a rule at this event. ValueError."""
    found = words.split(text)
    negated = len(found) > 1 and found[1].lower() == "not"
    if len(found) < 2 + negated:
        raise ValueError("write it as VARIABLE [not] OPERATOR VALUE..., such as: mailFromDomain is example.org")
    variable, name = declared(found[0])
    if event not in variable.known:
        since = f"it is known at {', '.join(variable.known)}" if variable.known else "it can only be set"
        raise ValueError(f"{variable.name} is not known at {event}; {since}")
    operator, values = found[1 + negated].lower(), found[2 + negated :]
    _check(variable, operator, values)
    return Condition(name, operator, values, negated)


def test(condition: Condition) -> Callable[[Facts, Budget], bool]:
    """The condition, ready to be asked over and over."""
    kind = declared(condition.variable)[0].kind
    operator = _OPERATORS[condition.operator]
    check, name, negated = operator.make(kind, condition.values), condition.variable, condition.negated

    def holds(facts: Facts, budget: Budget) -> bool:
        value = facts.get(name, "")
        verdicts = [check(each, budget) for each in (value if isinstance(value, tuple) else (value,))]
        if True in verdicts:
            return not negated
        return negated and None not in verdicts

    return holds


def _check(variable: Variable, operator: str, values: Sequence[str]) -> None:
    known = _OPERATORS.get(operator)
    if known is None:
        raise ValueError(f"there is no operator {operator[:40]!r}; there are {', '.join(_OPERATORS)}")
    if variable.kind not in known.kinds:
        raise ValueError(f"{operator} is not for {variable.name}, which is {_SAID[variable.kind]}")
    if not known.least <= len(values) <= known.most:
        raise ValueError(f"{operator} takes {_many(known)}, and here are {len(values)}")
    if any(len(each) > LONGEST or not each.isprintable() for each in values):
        raise ValueError("a value is printable text on one line")
    known.make(variable.kind, tuple(values))


def _many(operator: Operator) -> str:
    if operator.least == operator.most:
        return {0: "no value", 1: "one value"}[operator.most]
    return "one value or more"


# --- the operators --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Operator:
    """What an operator is for, how many values it takes, and how it is made ready. `make` raises ValueError."""

    kinds: tuple[Kind, ...]
    least: int
    most: int
    make: Callable[[Kind, tuple[str, ...]], Check]
    doc: str


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise ValueError(f"{text[:40]!r} is no number")
    return int(text)


def _is(kind: Kind, values: tuple[str, ...]) -> Check:
    if kind == "number":
        numbers = frozenset(map(_number, values))
        return lambda value, budget: value in numbers
    if kind == "yes or no":
        if not {each.lower() for each in values} <= {"yes", "no"}:
            raise ValueError("it is yes or no")
        wanted = frozenset(each.lower() == "yes" for each in values)
        return lambda value, budget: bool(value) in wanted
    if kind == "address":
        texts = frozenset(str(_address(each)) for each in values)
        return lambda value, budget: value in texts
    folded = frozenset(each.casefold() for each in values)
    return lambda value, budget: str(value).casefold() in folded


def _address(text: str) -> object:
    try:
        return ip_address(text)
    except ValueError:
        raise ValueError(f"{text[:60]!r} is no IP address; networks are asked for by in-network") from None


def _by(fits: Callable[[str, str], bool]) -> Callable[[Kind, tuple[str, ...]], Check]:
    def make(kind: Kind, values: tuple[str, ...]) -> Check:
        folded = [each.casefold() for each in values]
        return lambda value, budget: any(fits(_text(value).casefold(), each) for each in folded)

    return make


def _text(value: Value) -> str:
    return str(value)[:LONGEST]


def _like(kind: Kind, values: tuple[str, ...]) -> Check:
    patterns = [re.compile(fnmatch.translate(each.casefold().replace("[", "[[]"))) for each in values]
    return lambda value, budget: any(pattern.match(_text(value).casefold()) for pattern in patterns)


def _matches(kind: Kind, values: tuple[str, ...]) -> Check:
    if len(values[0]) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters")
    try:
        pattern: Pattern = regex.compile(values[0], regex.IGNORECASE | regex.VERSION1)
    except (regex.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{values[0][:60]!r} is no pattern: {error}") from None
    return lambda value, budget: budget.search(pattern, _text(value))


def _greater(kind: Kind, values: tuple[str, ...]) -> Check:
    least = _number(values[0])
    return lambda value, budget: isinstance(value, int) and value > least


def _less(kind: Kind, values: tuple[str, ...]) -> Check:
    most = _number(values[0])
    return lambda value, budget: isinstance(value, int) and value < most


def _in_network(kind: Kind, values: tuple[str, ...]) -> Check:
    networks = ip_set(values)

    def check(value: Value, budget: Budget) -> bool:
        try:
            return address(str(value)) in networks
        except ValueError:
            return False

    return check


def _exists(kind: Kind, values: tuple[str, ...]) -> Check:
    return lambda value, budget: bool(value)


_TEXTS: Final[tuple[Kind, ...]] = ("text", "texts", "address")
_SAID: Final[Mapping[Kind, str]] = {
    "text": "a text", "texts": "texts", "address": "an IP address", "number": "a number", "yes or no": "yes or no",
}  # fmt: skip
_OPERATORS: Final[Mapping[str, Operator]] = {
    "is": Operator((*_TEXTS, "number", "yes or no"), 1, MOST_VALUES, _is, "It is one of these values."),
    "contains": Operator(_TEXTS, 1, MOST_VALUES, _by(lambda text, part: part in text), "One of these is in it."),
    "starts": Operator(_TEXTS, 1, MOST_VALUES, _by(str.startswith), "It begins with one of these."),
    "ends": Operator(_TEXTS, 1, MOST_VALUES, _by(str.endswith), "It ends with one of these."),
    "like": Operator(_TEXTS, 1, MOST_VALUES, _like, "It fits one of these, where * stands for anything and ? for one."),
    "matches": Operator(_TEXTS, 1, 1, _matches, "The regular expression is found in it."),
    "greater": Operator(("number",), 1, 1, _greater, "It is more than that."),
    "less": Operator(("number",), 1, 1, _less, "It is less than that."),
    "in-network": Operator(("address",), 1, MOST_VALUES, _in_network, "It is in one of these networks or ranges."),
    "exists": Operator((*_TEXTS, "number", "yes or no"), 0, 0, _exists, "It is not empty, not 0, not no."),
}
OPERATORS: Final[Mapping[str, str]] = {name: each.doc for name, each in _OPERATORS.items()}
"""What each operator means."""
