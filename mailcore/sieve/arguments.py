"""The arguments of a command or a test, put under the names that the table gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mailcore.sieve import constants
from mailcore.sieve.errors import NotKnown, SieveError
from mailcore.sieve.regexes import check_regex
from mailcore.sieve.script import Filled, Value
from mailcore.sieve.syntax import Argument, Number, Tag, Text, Texts
from mailcore.sieve.table import ALWAYS, Arg, Rule, Shape, Spec
from mailcore.sieve.table import Tag as TagSpec

Fill = Callable[[str, int], Filled]
"""A string as it is written to one that can be filled in; gets the line."""
_SHAPES = {"text": "a string", "texts": "a string or a list of them", "number": "a number"}


def named(
    what: str, line: int, spec: Spec, given: Sequence[Argument], extensions: frozenset[str], fill: Fill
) -> dict[str, Value]:
    """The arguments by name. `SieveError` where one is wrong, missing, too many, or of an extension not required."""
    found: dict[str, Value] = {}
    behind: list[Text | Texts | Number] = []
    at = 0
    while at < len(given):
        one = given[at]
        at += 1
        if not isinstance(one, Tag):
            behind.append(one)
            continue
        if behind:
            raise SieveError(one.line, f":{one.name} must stand before the other arguments of {what!r}.")
        tag = _tag(what, one, spec, extensions)
        if tag.name in found:
            raise SieveError(one.line, f":{one.name} is there twice.")
        found[tag.name] = True
        if tag.shape is not None:
            if at == len(given):
                raise SieveError(one.line, f":{one.name} wants {_SHAPES[tag.shape]} behind it.")
            found[tag.name] = _value(f":{one.name}", tag.shape, tag.rule, given[at], fill)
            at += 1
    _together(what, line, spec, found)
    for arg, value in zip(_places(what, line, spec.args, len(behind), extensions), behind, strict=True):
        rule: Rule = "" if arg.rule == "address" and "list" in found and arg.shape == "text" else arg.rule
        found[arg.name] = _value(what, arg.shape, rule, value, fill)
    _match(line, found, extensions)
    return found


def _tag(what: str, one: Tag, spec: Spec, extensions: frozenset[str]) -> TagSpec:
    tag = next((each for each in spec.tags if each.name == one.name), None)
    if tag is None:
        raise NotKnown(one.line, f"{what!r} takes no :{one.name}.")
    if tag.needs and tag.needs not in extensions:
        raise NotKnown(one.line, f':{one.name} needs require "{tag.needs}" at the beginning of the script.')
    return tag


def _together(what: str, line: int, spec: Spec, found: dict[str, Value]) -> None:
    """Tags of one group exclude each other, and some go only with another."""
    groups: dict[str, str] = {}
    for tag in spec.tags:
        if tag.must and not any(each.name in found for each in spec.tags if each.group == tag.group):
            names = " or ".join(f":{each.name}" for each in spec.tags if each.group == tag.group)
            raise SieveError(line, f"{what!r} wants {names}.")
        if tag.name not in found:
            continue
        if tag.with_ and tag.with_ not in found:
            raise SieveError(line, f":{tag.name} goes only with :{tag.with_}.")
        if tag.group and groups.setdefault(tag.group, tag.name) != tag.name:
            raise SieveError(line, f":{groups[tag.group]} and :{tag.name} exclude each other.")


def _places(what: str, line: int, args: Sequence[Arg], count: int, extensions: frozenset[str]) -> list[Arg]:
    """The arguments by position that are there: of too few the optional ones are those left out."""
    chosen = list(args)
    for arg in args:
        if arg.optional and len(chosen) > count:
            chosen.remove(arg)
    if len(chosen) != count:
        wanted = len(chosen)
        raise SieveError(line, f"{what!r} takes {wanted} argument{'s' * (wanted != 1)} beside its tags, not {count}.")
    for arg in chosen:
        if arg.optional and arg.optional not in extensions:
            raise NotKnown(line, f'The first argument of {what!r} needs require "{arg.optional}".')
    return chosen


def _value(what: str, shape: Shape, rule: Rule, given: Argument, fill: Fill) -> Value:
    if isinstance(given, Number) and shape == "number":
        if rule in constants.NUMBER_RULES:
            constants.NUMBER_RULES[rule](given.value, given.line)
        return given.value
    if isinstance(given, Text) and shape in ("text", "texts"):
        one = _text(rule, shape, given, fill)
        return one if shape == "text" else (one,)
    if isinstance(given, Texts) and shape == "texts":
        return tuple([_text(rule, shape, each, fill) for each in given.items])
    raise SieveError(given.line, f"{what!r} wants {_SHAPES[shape]} here, not {_kind(given)}.")


def _kind(given: Argument) -> str:
    if isinstance(given, Tag):
        return f":{given.name}"
    return "a number" if isinstance(given, Number) else "a list" if isinstance(given, Texts) else "a string"


def _text(rule: Rule, shape: Shape, given: Text, fill: Fill) -> Filled:
    filled = fill(given.value, given.line)
    if isinstance(filled, str):
        check = constants.TEXT_RULES.get(rule)
        if rule == "address":
            check = constants.address if shape == "text" else constants.address_field
        if check is not None:
            check(filled, given.line)
    elif rule in ("comparator", "relation", "capability", "label"):
        raise SieveError(given.line, "No variable may stand here.")
    return filled


def _match(line: int, found: dict[str, Value], extensions: frozenset[str]) -> None:
    """The comparator is required and fits the match type; constant regular expressions are ones."""
    comparator = found.get("comparator")
    if isinstance(comparator, str):
        if (name := f"comparator-{comparator}") not in extensions | ALWAYS:
            raise NotKnown(line, f'The comparator {comparator!r} needs require "{name}".')
        if comparator == "i;ascii-numeric" and any(tag in found for tag in ("contains", "matches", "regex")):
            raise SieveError(line, "i;ascii-numeric compares whole numbers: :is, :value and :count go with it.")
    keys = found.get("keys", ())
    if "regex" in found and isinstance(keys, tuple):
        for key in keys:
            if isinstance(key, str):
                check_regex(key, line)
