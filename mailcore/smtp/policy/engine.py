"""Rules over facts: which of them match, and what is to be done. Pure but for the clock that bounds patterns.

1. Rules of an event are asked in their order; the first that ends the event (`accept`, `reject`, ...) is the last.
2. What a rule sets, the rules behind it find set.
3. Any rules over any facts come to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailcore.smtp.policy.actions import VERBS, Action, Answer, answer, filled, named
from mailcore.smtp.policy.conditions import Budget, test
from mailcore.smtp.policy.rules import Rule
from mailcore.smtp.policy.variables import EVENTS, Event, Facts, Value, declared, setting

Holds = Callable[[Facts, Budget], bool]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules of one event say."""

    facts: Facts
    matched: tuple[Rule, ...] = ()
    """In their order."""

    @property
    def actions(self) -> tuple[Action, ...]:
        """All that is to be done, in order."""
        return tuple(action for rule in self.matched for action in until_end(rule.then))

    @property
    def names(self) -> str:
        """The rules that matched, for the log."""
        return ",".join(rule.name for rule in self.matched)

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be asked at this event."""
        return any(VERBS[action.verb].ends for action in self.actions)

    def words(self, verb: str) -> list[tuple[str, ...]]:
        """What stands behind each action of that name."""
        return [action.words for action in self.actions if action.verb == verb]

    def does(self, verb: str) -> bool:
        """Whether an action of that name is to be done."""
        return any(action.verb == verb for action in self.actions)

    @property
    def refusal(self) -> tuple[str, Answer] | None:
        """`reject`, `tempreject` or `close`, and what the client is told."""
        for action in self.actions:
            if action.verb in ("reject", "tempreject", "close"):
                return action.verb, answer(action, self.facts)
        return None

    @property
    def quarantine(self) -> str:
        """Why the message is to be held back; "" when it is not."""
        for rule in self.matched:
            for action in until_end(rule.then):
                if action.verb == "quarantine":
                    return filled(" ".join(action.words), self.facts) or f"the rule {rule.name}"
        return ""

    @property
    def sets(self) -> Mapping[str, Value]:
        """The variables that are set, the last value of each."""
        return dict(map(_set, self.words("set")))


def until_end(actions: Sequence[Action]) -> Sequence[Action]:
    """The actions of a rule, up to the one that ends the event."""
    for number, action in enumerate(actions, 1):
        if VERBS[action.verb].ends:
            return actions[:number]
    return actions


def _set(given: tuple[str, ...]) -> tuple[str, Value]:
    variable, name = declared(given[0])
    return name, setting(variable, given[1])


@dataclass(frozen=True, slots=True)
class _Ready:
    """A rule whose conditions are ready to be asked."""

    rule: Rule
    all: tuple[Holds, ...]
    any: tuple[Holds, ...]
    sets: Mapping[str, Value]
    ends: bool

    def matches(self, facts: Facts, budget: Budget) -> bool:
        """Whether it does."""
        if not all(holds(facts, budget) for holds in self.all):
            return False
        return not self.any or any(holds(facts, budget) for holds in self.any)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules that hold, by event."""

    _ready: Mapping[Event, tuple[_Ready, ...]] = field(default_factory=dict)
    asks: Mapping[Event, frozenset[str]] = field(default_factory=dict)
    """The variables that the rules of each event ask for, or write down."""

    domains: Mapping[str, Ruleset] = field(default_factory=dict)
    """Those of domains, by name and alias; they are asked behind these."""

    def __contains__(self, event: object) -> bool:
        """Whether there is a rule for the event."""
        return event in self._ready

    def decide(self, event: Event, facts: Facts) -> Decision:
        """What the rules of the event say."""
        budget, known, matched = Budget(), dict(facts), []
        for ready in self._ready.get(event, ()):
            if ready.matches(known, budget):
                matched.append(ready.rule)
                known.update(ready.sets)
                if ready.ends:
                    break
        return Decision(known, tuple(matched))


NO_RULES: Final = Ruleset()


def compiled(rules: Sequence[Rule], domains: Mapping[str, Sequence[Rule]] | None = None) -> Ruleset:
    """The rules that are enabled, ready to be asked; and those of domains behind them.

    Names with one and the same list (a domain and its aliases) have one and the same `Ruleset`.
    """
    ready: dict[Event, tuple[_Ready, ...]] = {}
    asks: dict[Event, frozenset[str]] = {}
    for event in EVENTS:
        those = [rule for rule in rules if rule.enabled and rule.at == event]
        if those:
            ready[event] = tuple(map(_ready_of, those))
            asks[event] = frozenset[str]().union(*map(_asked, those))
    lists = {id(of): of for of in (domains or {}).values()}
    made = {number: compiled(of) for number, of in lists.items()}
    return Ruleset(ready, asks, {name: made[id(of)] for name, of in (domains or {}).items()})


def _asked(rule: Rule) -> frozenset[str]:
    written = (named(action) for action in rule.then)
    return frozenset(each.variable for each in (*rule.all, *rule.any)).union(*written)


def _ready_of(rule: Rule) -> _Ready:
    then = until_end(rule.then)
    sets = dict(_set(action.words) for action in then if action.verb == "set")
    return _Ready(rule, tuple(map(test, rule.all)), tuple(map(test, rule.any)), sets, VERBS[then[-1].verb].ends)
