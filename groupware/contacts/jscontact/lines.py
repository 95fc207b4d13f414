"""One line of vCard as an object of JSContact with its id, and back. RFC 9555 §2.3 (parameters)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from groupware.model.content import Line, split_escaped, unescaped
from groupware.model.jsonlines import params_of, read_params

from .table import DATES, FEATURES, LEVELS, RULES, SETS, Rule, contexts_of

Json = dict[str, Any]
KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,255}\Z")
_GROUP: Final = re.compile(r"[A-Za-z0-9-]{1,100}\Z")
_USUAL: Final = {
    "FN": "TEXT",
    "N": "TEXT",
    "UID": "URI",
    "KIND": "TEXT",
    "PRODID": "TEXT",
    "REV": "TIMESTAMP",
    "CREATED": "TIMESTAMP",
    "LANGUAGE": "LANGUAGE-TAG",
    "CATEGORIES": "TEXT",
    "MEMBER": "URI",
    "RELATED": "URI",
}


def object_of(line: Line) -> Json | None:
    """What a line of `RULES` says, without its id; None: it cannot be told so that the line comes back."""
    rule = RULES[line.name]
    found = rule.object_of(line.value)
    if found is None:
        return None
    found = {**found, **rule.fixed}
    known = {"TYPE", "PREF", "PROP-ID", "VALUE", *rule.params, *rule.numbers}
    left = params_of(line, frozenset(known))
    types = [each for value in line.params.get("TYPE", ()) for each in value.split(",")]
    rest = _typed(found, line.name, types)
    if rest:
        left["type"] = rest[0] if len(rest) == 1 else rest
    usual = "URI" if line.name == "TEL" and line.value.startswith(("tel:", "sip:")) else rule.usual
    if (value := line.params.get("VALUE", (rule.usual,))[0].upper()) != usual:
        left["value"] = value
    if not _told(found, rule, line):
        return None
    return {**found, "vCardParams": left} if left else found


def _typed(found: Json, name: str, types: list[str]) -> list[str]:
    """Puts in what TYPE says of it; gives back the words that say something else."""
    contexts, rest = contexts_of(name), []
    for each in types:
        word = each.lower()
        if word in contexts:
            found.setdefault("contexts", {})[contexts[word]] = True
        elif name == "TEL" and word in FEATURES:
            found.setdefault("features", {})[FEATURES[word]] = True
        else:
            rest.append(each)
    return rest


def _told(found: Json, rule: Rule, line: Line) -> bool:
    """Puts in what the parameters say; False: one of them cannot be told."""
    for name, member in rule.params.items():
        if name in line.params:
            words = LEVELS.get(rule.fixed.get("kind", ""), {}) if name == "LEVEL" else {}
            found[member] = words.get(line.param(name), line.param(name))
    for name, member in {**rule.numbers, "PREF": "pref"}.items():
        if name in line.params:
            if not line.param(name).isdigit() or len(line.param(name)) > 9:
                return False
            found[member] = int(line.param(name))
    return all(len(line.params.get(name, "x")) == 1 for name in ("PREF", *rule.params, *rule.numbers))


def line_of(name: str, given: Mapping[str, Any]) -> Line | None:
    """The line of `RULES` that says it, without its id and label; None: there is none."""
    rule = RULES[name]
    value = rule.value_of(given)
    if value is None:
        return None
    left = dict(given.get("vCardParams") or {})
    group = str(left.pop("group", ""))
    params = read_params(left)
    types = [*_types(name, given), *params.pop("TYPE", ())]
    found: dict[str, tuple[str, ...]] = {"TYPE": tuple(types)} if types else {}
    for param, member in {**rule.params, **rule.numbers, "PREF": "pref"}.items():
        if member in given:
            told = str(given[member])
            words = {word: level for level, word in LEVELS.get(rule.fixed.get("kind", ""), {}).items()}
            found[param] = (words.get(told, told) if param == "LEVEL" else told,)
    if name == "TEL" and value.startswith(("tel:", "sip:")) and params.get("VALUE", ("uri",))[0].lower() == "uri":
        found["VALUE"], value = ("uri",), unescaped(value)  # a URI has no escapes (RFC 6350 §6.4.1)
    return Line(name, {**found, **params}, value, 0, group)


def _types(name: str, given: Mapping[str, Any]) -> list[str]:
    contexts, features = given.get("contexts") or {}, given.get("features") or {}
    return [word for word, told in contexts_of(name).items() if contexts.get(told) is True] + [
        word for word, told in FEATURES.items() if name == "TEL" and features.get(told) is True
    ]


def name_of(member: str, given: Mapping[str, Any]) -> str | None:
    """Which property an object of a member is; None: none says it."""
    for name, rule in RULES.items():
        if rule.member != member or any(given.get(key) != value for key, value in rule.fixed.items()):
            continue
        if member == "links" and name == "URL" and "kind" in given:
            continue
        return name
    return None


def label_group(name: str, key: str) -> str:
    """The group of a line with a label that had none, or ""."""
    group = f"L-{name}-{key}"
    return group if _GROUP.match(group) else ""


def normal(line: Line) -> tuple[Any, ...]:
    """What a line says: the same for two lines whose difference means nothing."""
    params = []
    title = line.name.upper()
    usual = RULES[title].usual if title in RULES else _USUAL.get(title, "")
    for name, values in line.params.items():
        if name == "TYPE":
            values = tuple(sorted(each.lower() for value in values for each in value.split(",")))
        if name == "VALUE":
            values = tuple(each.upper() for each in values)
        if name == "VALUE" and values == (usual,):
            continue
        params.append((name, values))
    return line.group, title, frozenset(params), _meant(title, line.value)


def _meant(title: str, value: str) -> Any:
    """What a value says: signs of a text may have a backslash before them that need none (RFC 6350 §3.4)."""
    if title in DATES or title in ("REV", "CREATED"):
        return re.sub(r"(?<=\d)[-:](?=\d)", "", value) if len(value) > 7 else value
    if title == "ADR":
        parts = [[unescaped(each) for each in split_escaped(part, ",") if each] for part in split_escaped(value, ";")]
        return repr(parts[: max((at for at, each in enumerate(parts, 1) if each), default=0)])
    if title == "ORG":
        return tuple(map(unescaped, split_escaped(value, ";")))
    if title in SETS:
        return tuple(map(unescaped, split_escaped(value, ",")))
    rule = RULES.get(title)
    text = rule is not None and rule.text and not rule.raw and title != "NICKNAME"  # which is a list
    return unescaped(value) if text else value
