"""Rules: parsed from what a person wrote, and written so that a person can read them.

[[rule]]
name = "big-mail"
at = "data"
all = ["messageSize greater 3000000", "authUser not exists"]
then = ['reject 552 5.3.4 "Messages up to 3 MB, please."']
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from groupware.model.errors import Refused
from groupware.model.policy import MOST_RULES, StoredRule
from mailcore.smtp.policy import actions, conditions
from mailcore.smtp.policy.actions import Action
from mailcore.smtp.policy.conditions import Condition
from mailcore.smtp.policy.variables import EVENTS, Event

T = TypeVar("T")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}\Z")
_KEYS: Final = ("name", "at", "enabled", "note", "all", "any", "then")
MOST_LINES: Final = 200
"""Conditions, and actions, of one rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: when `all` hold, and one of `any` if there are some, `then` is done."""

    name: str
    at: Event
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    then: tuple[Action, ...] = ()
    enabled: bool = True
    note: str = ""


def parse(given: object) -> Rule:
    """The rule that a table of the file means. `Refused` names rule and field."""
    if not isinstance(given, Mapping):
        raise Refused(f"a rule is a table, not {str(given)[:40]!r}")
    name = given.get("name")
    if not isinstance(name, str) or not _NAME.match(name):
        raise Refused(f"rule {str(name)[:64]!r}, name: 1 to 64 letters, digits, points and dashes")
    for key in given:
        if key not in _KEYS:
            raise _wrong(name, str(key)[:40], f"there is no such field; there are {', '.join(_KEYS)}")
    at = given.get("at")
    event = next((each for each in EVENTS if each == at), None)
    if event is None:
        raise _wrong(name, "at", f"{str(at)[:40]!r} is no event; there are {', '.join(EVENTS)}")
    then = _lines(name, "then", given, lambda text: actions.parse(text, event))
    if not then:
        raise _wrong(name, "then", "a rule does something; say what, such as: reject")
    return Rule(
        name,
        event,
        _lines(name, "all", given, lambda text: conditions.parse(text, event)),
        _lines(name, "any", given, lambda text: conditions.parse(text, event)),
        then,
        _switch(name, given.get("enabled", True)),
        _note(name, given.get("note", "")),
    )


DOMAIN_EVENTS: Final[tuple[Event, ...]] = ("mail", "rcpt", "headers", "data", "failure", "temporary-failure")
_SERVERS_OWN: Final = frozenset(("close", "set", "route", "ask"))
"""Actions that concern more than one domain's mail."""


def for_domain(rule: Rule) -> Rule:
    """The rule, if it may be one of a domain. `Refused`."""
    if rule.at not in DOMAIN_EVENTS:
        raise _wrong(rule.name, "at", f"a domain's rules are asked at {', '.join(DOMAIN_EVENTS)}, not at {rule.at}")
    for action in rule.then:
        if action.verb in _SERVERS_OWN:
            raise _wrong(rule.name, "then", f"{action.verb} is for the server's own rules, not for those of a domain")
    return rule


def table(rule: Rule) -> dict[str, object]:
    """What `parse` makes the rule of."""
    found: dict[str, object] = {"name": rule.name, "at": rule.at}
    if not rule.enabled:
        found["enabled"] = False
    if rule.note:
        found["note"] = rule.note
    for key, lines in (("all", rule.all), ("any", rule.any), ("then", rule.then)):
        if lines:
            found[key] = [str(each) for each in lines]
    return found


def _lines(name: str, field: str, given: Mapping[str, object], read: Callable[[str], T]) -> tuple[T, ...]:
    lines = given.get(field, ())
    if isinstance(lines, str):
        lines = [lines]
    if not isinstance(lines, list | tuple) or not all(isinstance(each, str) for each in lines):
        raise _wrong(name, field, "it is a list of texts")
    if len(lines) > MOST_LINES:
        raise _wrong(name, field, f"there are {len(lines)}; a rule has at most {MOST_LINES}")
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(read(line))
        except ValueError as error:
            raise _wrong(name, f"{field} {number}", str(error)) from None
    return tuple(found)


def _switch(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "enabled", "it is true or false")
    return value


def _note(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
        raise _wrong(name, "note", "it is a text on one line, of at most 1000 characters")
    return value


def _wrong(name: str, field: str, what: str) -> Refused:
    return Refused(f"rule {name!r}, {field}: {what}")


# --- as they are stored ---------------------------------------------------------------------------------------------


def stored(rule: Rule) -> StoredRule:
    """The rule as the store keeps it."""
    kept = {key: value for key, value in table(rule).items() if key in ("note", "all", "any", "then")}
    return StoredRule(rule.name, rule.at, rule.enabled, json.dumps(kept, ensure_ascii=False, separators=(",", ":")))


def read(kept: StoredRule) -> Rule:
    """The rule that the store has kept. `Refused` when this version does not understand it."""
    return parse({**json.loads(kept.text), "name": kept.name, "at": kept.event, "enabled": kept.enabled})


# --- as a file ------------------------------------------------------------------------------------------------------


def from_toml(text: str) -> tuple[Rule, ...]:
    """The rules of a file, in their order. `Refused` with a line for each that is wrong."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"this is not TOML: {error}") from None
    except RecursionError:
        raise Refused("this is not TOML: it is nested too deep") from None
    return from_tables(given.get("rule", []), [key for key in given if key != "rule"])


def from_tables(tables: object, more: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules of tables, in their order. `Refused` with a line for each that is wrong."""
    problems = [f"there is no table {key[:40]!r}; rules are written as [[rule]]" for key in more]
    found: list[Rule] = []
    if not isinstance(tables, list):
        raise Refused("rules are written as [[rule]]")
    if len(tables) > MOST_RULES:
        raise Refused(f"there are {len(tables)} rules; there may be {MOST_RULES}")
    for each in tables:
        try:
            found.append(parse(each))
        except Refused as error:
            problems.append(str(error))
    names = [each.name.lower() for each in found]
    problems += [
        f"rule {name!r}, name: there are two of it" for name in sorted({n for n in names if names.count(n) > 1})
    ]
    if problems:
        raise Refused("\n".join(problems))
    return tuple(found)


def to_toml(rules: Sequence[Rule]) -> str:
    """The file that `from_toml` reads."""
    return "\n".join("".join(_toml_lines(each)) for each in rules)


def _toml_lines(rule: Rule) -> list[str]:
    lines = ["[[rule]]\n"]
    for key, value in table(rule).items():
        if isinstance(value, list) and len(value) > 1:
            lines.append(f"{key} = [\n" + "".join(f"    {_toml(each)},\n" for each in value) + "]\n")
        else:
            shown = f"[{_toml(value[0])}]" if isinstance(value, list) else _toml(value)
            lines.append(f"{key} = {shown}\n")
    return lines


def _toml(value: object) -> str:
    if isinstance(value, str) and value.isprintable() and "'" not in value and ('"' in value or "\\" in value):
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)
