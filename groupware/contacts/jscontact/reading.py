"""A vCard 4.0 as a Card of JSContact. RFC 9555 §2.

Nothing is lost: a line that no member says exactly stays in `vCardProps` (§2.15.1), a parameter in `vCardParams`
(§2.15.2), and what JSPROP says (§3.2.1) is put where it points. `writing` gives the same lines back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from groupware.model.content import Component, Line, escaped, split_escaped, unescaped
from groupware.model.jsonlines import entry_of, params_of
from groupware.model.jsprop import POINTER, applied

from . import shapes
from .lines import KEY, label_group, line_of, normal, object_of
from .table import RULES, SETS, SINGLE

Json = dict[str, Any]
LABEL: Final = "X-ABLABEL"
_NO_MEMBERS: Final = frozenset({"@type", "version", "vCardProps", ""})


def card_of(card: Component) -> Json:
    """The Card; `card` is of version 4.0."""
    return apply_pointers(*members_of(card.lines))


def members_of(lines: Sequence[Line]) -> tuple[Json, list[Line]]:
    """The Card without what JSPROP says, and the lines of JSPROP."""
    lines = [line if line.name.isupper() else line._replace(name=line.name.upper()) for line in lines]
    reading = _Reading(lines)
    pointers = []
    for line in lines:
        if line.name == "JSPROP" and line.params.keys() <= POINTER and line.param("JSPTR") and not line.group:
            pointers.append(line)
        elif line.name != "VERSION" and not reading.takes(line):
            reading.kept.append(line)
    return reading.card(), pointers


class _Reading:
    """A card that is being read."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.found: Json = {}
        self.kept: list[Line] = []
        self.counts: Counter[str] = Counter()
        self.groups = Counter(line.group.lower() for line in lines if line.group and line.name != LABEL)
        labels = [line for line in lines if line.name == LABEL and line.group and not line.params]
        twice = Counter(line.group.lower() for line in labels)
        self.labels = {line.group.lower(): line for line in labels if twice[line.group.lower()] == 1}
        self.used: list[Line] = []
        self.derived = next((line for line in lines if line.name == "FN" and line.param("DERIVED")), None)

    def card(self) -> Json:
        """The Card."""
        found: Json = {"@type": "Card", "version": "1.0", **self.found}
        left = [line for line in self.kept if not (line.name == LABEL and any(line is each for each in self.used))]
        if self.derived is not None:
            left = [line for line in left if line is not self.derived or normal(line) != normal(derived_name(found))]
        return {**found, "vCardProps": [entry_of(line) for line in left]} if left else found

    def takes(self, line: Line) -> bool:
        """Whether a member says it."""
        if line.name in RULES:
            return self._many(line)
        if line.name in SINGLE and not line.group:
            return self._single(line)
        if line.name in SETS and not line.group:
            return self._set(line)
        match line.name:
            case "FN":
                return self._full(line)
            case "N" if not line.group:
                return self._name(line)
            case "RELATED" if not line.group:
                return self._related(line)
        return False

    def _many(self, line: Line) -> bool:
        given = line.param("PROP-ID")
        members = self.found.get(RULES[line.name].member, {})
        key = given or f"{line.name}-{self.counts[line.name] + 1}"
        found = object_of(line)
        if found is None or not KEY.match(key) or key in members or len(line.params.get("PROP-ID", "x")) != 1:
            return False
        again = line_of(line.name, found)
        plain = line._replace(params={name: value for name, value in line.params.items() if name != "PROP-ID"})
        if (
            again is None
            or normal(again) != normal(plain)
            or (given and given == f"{line.name}-{self.counts[line.name] + 1}")
        ):
            return False
        self._labelled(line, key, found)
        self.found.setdefault(RULES[line.name].member, {})[key] = found
        self.counts[line.name] += not given
        return True

    def _labelled(self, line: Line, key: str, found: Json) -> None:
        label = self.labels.get(line.group.lower())
        if label is None or self.groups[line.group.lower()] != 1 or escaped(label.text) != label.value:
            return
        if label.group != line.group or not label.value:
            return
        found["label"] = label.text
        self.used.append(label)
        if line.group == label_group(line.name, key):
            params = {name: value for name, value in found["vCardParams"].items() if name != "group"}
            found.pop("vCardParams")
            found.update({"vCardParams": params} if params else {})

    def _single(self, line: Line) -> bool:
        rule = SINGLE[line.name]
        value = rule.read(line.value)
        usual = normal(line)[2]
        again = rule.write(value) if value is not None else None
        if value is None or again is None or rule.member in self.found or usual:
            return False
        if normal(line._replace(value=again)) != normal(line):
            return False
        self.found[rule.member] = value
        return True

    def _set(self, line: Line) -> bool:
        member = SETS[line.name]
        if normal(line)[2]:
            return False
        if member == "members":
            if not line.value or line.value in self.found.get(member, {}):
                return False
            self.found.setdefault(member, {})[line.value] = True
            return True
        texts = [unescaped(each) for each in split_escaped(line.value, ",")]
        if member in self.found or "" in texts or len(set(texts)) != len(texts):
            return False
        self.found[member] = dict.fromkeys(texts, True)
        return True

    def _full(self, line: Line) -> bool:
        """The first FN is what people call it, even where it has to be kept as it is as well."""
        name = self.found.get("name", {})
        if "full" in name or line is self.derived or not line.text:
            return False
        self.found["name"] = {**name, "full": line.text}
        return not normal(line)[2] and not line.group and escaped(line.text) == line.value

    def _name(self, line: Line) -> bool:
        name = self.found.get("name", {})
        components = shapes.name_parts(line.value)
        if "components" in name or not components or shapes.name_value(components) != line.value:
            return False
        left = params_of(line, frozenset({"VALUE"} if not normal(line)[2] else ()))
        self.found.setdefault("name", {}).update({"components": components, **({"vCardParams": left} if left else {})})
        return True

    def _related(self, line: Line) -> bool:
        types = sorted({each for value in line.params.get("TYPE", ()) for each in value.split(",")})
        others = {name for name, _ in normal(line)[2] if name != "TYPE"}
        text = [value.upper() for value in line.params.get("VALUE", ())] == ["TEXT"]
        if others - ({"VALUE"} if text else set()) or not all(each == each.lower() and each for each in types):
            return False
        to = line.text if text else line.value
        if not to or to in self.found.get("relatedTo", {}) or (text and (escaped(to) != line.value or ":" in to)):
            return False
        if not text and ":" not in to:
            return False
        self.found.setdefault("relatedTo", {})[to] = {"relation": dict.fromkeys(types, True)} if types else {}
        return True


def derived_name(found: Json) -> Line:
    """The FN of a card that says no full name: RFC 9555 §3.3, DERIVED."""
    name = found.get("name") or {}
    kinds = ("title", "given", "given2", "surname", "surname2", "generation", "credential")
    parts = [each["value"] for kind in kinds for each in name.get("components") or () if each.get("kind") == kind]
    others = [*(found.get("organizations") or {}).values(), *(found.get("nicknames") or {}).values()]
    words = " ".join(map(str, parts)) or next((str(each["name"]) for each in others if each.get("name")), "")
    return Line("FN", {"DERIVED": ("TRUE",)}, escaped(words), 0)


def apply_pointers(found: Json, pointers: Sequence[Line]) -> Json:
    """The Card with what its lines of JSPROP say; one that leads nowhere stays a line."""
    return applied(found, pointers, _NO_MEMBERS, lambda line: found.setdefault("vCardProps", []).append(entry_of(line)))
