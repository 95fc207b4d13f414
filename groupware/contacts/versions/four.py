"""A vCard 3.0 as 4.0. What 4.0 has no place for is under `X-` names that `three` knows, marked `X-OF=3.0`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from groupware.model.content import Component, Line, unescaped

from . import dates, media, pairs
from .pairs import MARK, ONLY_FOUR, ONLY_THREE, PARAMS, RELATIONS, SPARE, WAS, kept, types, with_params

_GEO: Final = re.compile(r"(-?[\d.]+)\s*\\?[;,]\s*(-?[\d.]+)")
_TEL: Final = re.compile(r"[+0-9A-Za-z().*#_-]+(?:;[\w.=+%-]+)*")
_GENDER: Final = re.compile(r"[MFONU]?(?:;.*)?", re.DOTALL)
_NAME_AT_A_MESSENGER: Final = re.compile(r"[\w.@+/~-]+", re.ASCII)
_BACK: Final = {f"X-{name}": name for name in ONLY_FOUR | SPARE}
_RELATION_OF: Final = {label: kind for kind, label in RELATIONS.items()}


@dataclass(slots=True)
class _Work:
    """The card, what is known of it, and what has been made of it so far."""

    card: Component
    labels: Mapping[str, str]
    pairs: frozenset[str]
    names: frozenset[str]
    messengers: frozenset[str]
    """What IMPP says."""
    sorted_by: str
    """What SORT-STRING says, where a parameter of N can say it too."""
    preferred: Mapping[str, int]
    """The least X-PREF of each property."""
    at: int = 0
    """Which line it is about."""
    there: set[str] = field(default_factory=set)
    """Of what 4.0 has one alone: what is there."""
    gone: set[str] = field(default_factory=set)
    """Groups whose label says what a name says now."""
    labelled: dict[int, str] = field(default_factory=dict)
    """What LABEL says, by the line of its ADR."""
    taken: set[int] = field(default_factory=set)
    """The lines of those LABELs."""

    def once(self, name: str) -> bool:
        """Whether it is the first of that name."""
        first = name not in self.there
        self.there.add(name)
        return first


def to_four(card: Component) -> Component:
    """The same contact in 4.0."""
    names = frozenset(line.name for line in card.lines)
    messengers = frozenset(line.value for line in card.lines if line.name == "IMPP")
    work = _Work(
        card, pairs.labels(card), pairs.pairs(card), names, messengers, _sorted_by(card), pairs.lowest(card, "X-PREF")
    )
    _find_labels(work)
    found: list[Line] = []
    for work.at, line in enumerate(card.lines):
        if line.name != "VERSION":
            found.extend(_made(line, work))
    lines = [Line("VERSION", {}, "4.0", card.at)]
    for line in found:
        group = line.group if line.group not in work.gone else ""
        if not (line.name == pairs.LABEL and line.group in work.gone):
            lines.append(pairs.spelled(_with_params(line._replace(group=group), work)))
    return Component(card.name, card.at, lines, card.parts)


def _made(line: Line, work: _Work) -> list[Line]:
    rule = _RULES.get(line.name)
    if rule is not None:
        return rule(line, work)
    if line.name in _BACK:
        return [with_params(line, MARK)._replace(name=_BACK[line.name])]
    if line.name in ONLY_THREE:
        return [kept(line, f"X-{line.name}", "3.0")]
    return [line]


def _with_params(line: Line, work: _Work) -> Line:
    """With parameters of 4.0: TYPE=pref is PREF=1, and `X-` falls from what 4.0 knows."""
    if not line.params:
        return line
    plain = [each for each in types(line) if each.lower() != "pref"]
    found: dict[str, tuple[str, ...]] = {"TYPE": tuple(plain)} if plain else {}
    for name, values in line.params.items():
        if name.startswith("X-") and name[2:] in PARAMS:
            found[name[2:]] = values
        elif name != "TYPE" and values:
            found.setdefault(name, values)
    if pairs.prefers(line) and not _is_first(line, work):
        found["PREF"] = ("1",)
    return line._replace(params=found)


def _is_first(line: Line, work: _Work) -> bool:
    """Whether X-PREF says already that it comes first."""
    pref = pairs.number(line, "X-PREF")
    return bool(pref) and pref == work.preferred.get(line.name)


# --- properties -------------------------------------------------------------------------------------------------------


def _name(line: Line, work: _Work) -> list[Line]:
    """N, unless it was made for those who must have one; SORT-STRING is a parameter of it."""
    if line.param(WAS) == "FN":
        return [] if line.value == pairs.made_name(work.card) else [with_params(line, WAS)]
    if not work.sorted_by or not work.once("N"):
        return [line]
    said = [each for value in line.params.get("X-SORT-AS", ()) for each in value.split(",")]
    if said and said[0] == work.sorted_by:
        return [line]
    return [with_params(line, "X-SORT-AS", **{"SORT-AS": [work.sorted_by]})]


def _sorted_by(card: Component) -> str:
    lines, name = card.all("SORT-STRING"), card.first("N")
    if len(lines) != 1 or name is None or name.param(WAS) or lines[0].params or lines[0].group:
        return ""
    return "" if "," in lines[0].text else lines[0].text


def _sort_string(line: Line, work: _Work) -> list[Line]:
    return [] if work.sorted_by else [kept(line, "X-SORT-STRING", "3.0")]


def _date(line: Line, work: _Work) -> list[Line]:
    """X-ABDATE: the first that Apple labels so is the anniversary."""
    if work.labels.get(line.group) != pairs.ANNIVERSARY_LABEL or line.group not in work.pairs:
        return [line]
    made = dates.to_four(with_params(line, MARK)._replace(name="ANNIVERSARY"))
    readable = made.value != line.value or dates.basic(line.value)
    if not readable or work.names & {"ANNIVERSARY", *pairs.ANNIVERSARIES} or not work.once(pairs.DATE):
        return [line]
    work.gone.add(line.group)
    return [made]


def _anniversary(line: Line, work: _Work) -> list[Line]:
    """The name that some programs have for it; where it was put by `three`, it goes back."""
    if MARK in line.params:
        return [with_params(line, MARK)._replace(name="ANNIVERSARY")]
    date = dates.to_four(line)
    if "ANNIVERSARY" in work.names or line.group or not dates.basic(date.value) or not work.once(pairs.DATE):
        return [line]
    return [with_params(date, **{WAS: [line.name]})._replace(name="ANNIVERSARY")]


def _relative(line: Line, work: _Work) -> list[Line]:
    made = with_params(line, MARK, VALUE=["text"])._replace(name="RELATED")
    kind = _RELATION_OF.get(work.labels.get(line.group, ""), "")
    kinds = [each for each in types(line) if each.lower() != "pref"]
    if not kind or kinds or line.group not in work.pairs:
        return [made]
    work.gone.add(line.group)
    return [with_params(made, TYPE=[kind, *types(line)])]


def _agent(line: Line, _: _Work) -> list[Line]:
    if line.param("VALUE").lower() != "uri":
        return [kept(line, "X-AGENT", "3.0")]
    return [with_params(line, "VALUE", TYPE=["agent"])._replace(name="RELATED")]


def _company(line: Line, work: _Work) -> list[Line]:
    others = work.names & {pairs.SERVER_KIND, "KIND", "X-KIND"}
    if others or line.value != "COMPANY" or not work.once(pairs.COMPANY):
        return [line]
    return [with_params(line, MARK)._replace(name="KIND", value="org")]


def _renamed(name: str) -> Callable[[Line, _Work], list[Line]]:
    return lambda line, _: [with_params(line, MARK)._replace(name=name)]


def _gender(line: Line, _: _Work) -> list[Line]:
    return [with_params(line, MARK)._replace(name="GENDER") if _GENDER.fullmatch(line.value) else line]


def _find_labels(work: _Work) -> None:
    """Which ADR each LABEL is of: the one before it, else the first of the same types that has none yet."""
    waiting: dict[tuple[frozenset[str], str], dict[int, None]] = {}
    for number, line in enumerate(work.card.lines):
        if line.name == "ADR":
            waiting.setdefault(_alike(line), {})[number] = None
    for number, line in enumerate(work.card.lines):
        fits = waiting.get(_alike(line)) if line.name == "LABEL" and line.params.keys() <= {"TYPE"} else None
        if fits:
            at = number - 1 if number - 1 in fits else next(iter(fits))
            del fits[at]
            work.labelled[at] = line.text
            work.taken.add(number)


def _alike(line: Line) -> tuple[frozenset[str], str]:
    return frozenset(map(str.lower, types(line))) - {"pref"}, line.group


def _address(line: Line, work: _Work) -> list[Line]:
    said = work.labelled.get(work.at)
    return [line if said is None else with_params(line, LABEL=[said])]


def _label(line: Line, work: _Work) -> list[Line]:
    return [] if work.at in work.taken else [kept(line, "X-LABEL", "3.0")]


def _phone(line: Line, _: _Work) -> list[Line]:
    number = unescaped(line.value)
    if line.param(WAS) == "uri" and _TEL.fullmatch(number):
        return [with_params(line, WAS, VALUE=["uri"])._replace(value=f"tel:{number}")]
    return [with_params(line, WAS, "VALUE") if line.param("VALUE").lower() in ("", "phone-number") else line]


def _messenger(line: Line, work: _Work) -> list[Line]:
    uri = f"{pairs.MESSENGERS[line.name]}:{line.value}"
    if uri in work.messengers or line.group or not _NAME_AT_A_MESSENGER.fullmatch(line.value):
        return [line]
    return [with_params(line, **{WAS: [line.name]})._replace(name="IMPP", value=uri)]


def _position(line: Line, _: _Work) -> list[Line]:
    found = _GEO.fullmatch(line.value.strip())
    return [line if found is None else line._replace(value=f"geo:{found[1]},{found[2]}")]


def _zone(line: Line, _: _Work) -> list[Line]:
    kind, offset = line.param("VALUE").lower(), dates.OFFSET.fullmatch(line.value.strip())
    if kind in ("", "utc-offset") and offset is not None:
        return [with_params(line, VALUE=["utc-offset"])._replace(value=offset[1] + offset[2])]
    return [with_params(line, "VALUE") if kind == "text" else line]


def _revised(line: Line, _: _Work) -> list[Line]:
    date = dates.basic(line.value.strip())
    return [with_params(line, "VALUE")._replace(value=date) if date else line]


_RULES: Final[Mapping[str, Callable[[Line, _Work], list[Line]]]] = {
    "N": _name,
    "SORT-STRING": _sort_string,
    "BDAY": lambda line, _: [dates.to_four(line)],
    pairs.DATE: _date,
    pairs.RELATIVE: _relative,
    "AGENT": _agent,
    pairs.COMPANY: _company,
    pairs.SERVER_KIND: _renamed("KIND"),
    pairs.SERVER_MEMBER: _renamed("MEMBER"),
    "X-GENDER": _gender,
    "ADR": _address,
    "LABEL": _label,
    "TEL": _phone,
    **dict.fromkeys(pairs.MESSENGERS, _messenger),
    **dict.fromkeys(pairs.ANNIVERSARIES, _anniversary),
    "GEO": _position,
    "TZ": _zone,
    "REV": _revised,
    **{name: lambda line, _: [media.to_four(line)] for name in pairs.FORMATS},
}
