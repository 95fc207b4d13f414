"""A vCard 4.0 as 3.0. What 3.0 has no place for is under `X-` names that `four` knows, marked `X-OF=4.0`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from groupware.model.content import Component, Line

from . import dates, media, pairs
from .pairs import ONLY_FOUR, ONLY_THREE, PARAMS, RELATIONS, WAS, escaped, kept, types, with_params

_GEO: Final = re.compile(r"geo:(-?[\d.]+),(-?[\d.]+)", re.IGNORECASE)
_TEL: Final = re.compile(r"[tT][eE][lL]:([+0-9A-Za-z().*#_-]+(?:;[\w.=+%-]+)*)")


@dataclass(slots=True)
class _Work:
    """What is known of the card, and what has been made of it so far."""

    company: bool
    """Whether Apple says there that it is no person."""
    sorts: bool
    """Whether a SORT-STRING is kept."""
    preferred: Mapping[str, int]
    """The least PREF of each property."""
    there: set[str] = field(default_factory=set)
    """Of what 3.0 has one alone: what is there."""
    groups: int = 0


def to_three(card: Component) -> Component:
    """The same contact in 3.0."""
    names = {line.name for line in card.lines}
    company, sorts = pairs.COMPANY in names, "X-SORT-STRING" in names
    work = _Work(company, sorts, pairs.lowest(card, "PREF"), groups=pairs.last_group(card))
    lines = [Line("VERSION", {}, "3.0", card.at)]
    for line in card.lines:
        if line.name != "VERSION":
            lines.extend(pairs.spelled(_with_params(each, work)) for each in _made(line, work))
    if card.first("N") is None:
        at = next((number for number, line in enumerate(lines) if line.name == "FN"), 0) + 1
        lines.insert(at, Line("N", {WAS: ("FN",)}, pairs.made_name(card), card.at))
    return Component(card.name, card.at, lines, card.parts)


def _made(line: Line, work: _Work) -> list[Line]:
    rule = _RULES.get(line.name)
    if rule is not None:
        return rule(line, work)
    if line.name in ONLY_FOUR:
        return [kept(line, f"X-{line.name}", "4.0")]
    if line.name.startswith("X-") and line.name[2:] in ONLY_THREE:
        return [with_params(line, pairs.MARK)._replace(name=line.name[2:])]
    return [line]


# --- parameters -------------------------------------------------------------------------------------------------------


def _with_params(line: Line, work: _Work) -> Line:
    """With parameters of 3.0: the most preferred of a property is TYPE=pref, all else has `X-` before its name."""
    if not line.params:
        return line
    pref, kinds, said = pairs.number(line, "PREF"), types(line), pairs.prefers(line)
    if pref and pref == work.preferred.get(line.name) and not said:
        kinds.append("pref")
        said = True
    found: dict[str, tuple[str, ...]] = {"TYPE": tuple(kinds)} if kinds else {}
    for name, values in line.params.items():
        if name not in PARAMS:
            found.setdefault(name, values)
        elif not (name == "PREF" and pref == 1 and said):
            found[f"X-{name}"] = values
    return line._replace(params=found)


# --- properties -------------------------------------------------------------------------------------------------------


def _once(line: Line, work: _Work) -> bool:
    """Whether it is the first of that name."""
    first = line.name not in work.there
    work.there.add(line.name)
    return first


def _full_name(line: Line, work: _Work) -> list[Line]:
    return [line if _once(line, work) else kept(line, "X-FN", "4.0")]


def _name(line: Line, work: _Work) -> list[Line]:
    """N; what it is sorted by is a property of its own."""
    if not _once(line, work):
        return [kept(line, "X-N", "4.0")]
    values = [each for value in line.params.get("SORT-AS", ()) for each in value.split(",")]
    if not values or not values[0] or work.sorts:
        return [line]
    by = Line("SORT-STRING", {}, escaped(values[0]), line.at)
    return [with_params(line, "SORT-AS") if len(values) == 1 else line, by]


def _birthday(line: Line, work: _Work) -> list[Line]:
    return [dates.birthday_to_three(line) if _once(line, work) else kept(line, "X-BDAY", "4.0")]


def _labelled(line: Line, label: str, work: _Work) -> list[Line]:
    """A property in a group with a label."""
    work.groups += 1
    group = f"item{work.groups}"
    return [line._replace(group=group), Line(pairs.LABEL, {pairs.MARK: ("4.0",)}, label, line.at, group)]


def _anniversary(line: Line, work: _Work) -> list[Line]:
    date = None if line.group or not _once(line, work) else dates.to_three(line)
    was = line.param(WAS).upper()
    if was in pairs.ANNIVERSARIES and date is not None:
        return [with_params(date, WAS, "VALUE")._replace(name=was)]
    if date is None or not dates.basic(date.value):
        return [kept(line, "X-ANNIVERSARY", "4.0")]
    return _labelled(kept(date, pairs.DATE, "4.0"), pairs.ANNIVERSARY_LABEL, work)


def _related(line: Line, work: _Work) -> list[Line]:
    kinds = [each.lower() for each in types(line)]
    value = line.param("VALUE").lower()
    if value != "text":
        if kinds == ["agent"] and value in ("", "uri"):
            return [with_params(line, "TYPE", VALUE=["uri"])._replace(name="AGENT")]
        return [kept(line, "X-RELATED", "4.0")]
    made = kept(with_params(line, "VALUE"), pairs.RELATIVE, "4.0")
    if len(kinds) == 1 and kinds[0] in RELATIONS and not line.group:
        return _labelled(with_params(made, "TYPE"), RELATIONS[kinds[0]], work)
    return [made]


def _kind(line: Line, work: _Work) -> list[Line]:
    if line.value == "org" and not work.company:
        return [kept(line, pairs.COMPANY, "4.0")._replace(value="COMPANY")]
    return [kept(line, pairs.SERVER_KIND, "4.0")]


def _address(line: Line, _: _Work) -> list[Line]:
    """ADR, and its LABEL behind it."""
    said = line.params.get("LABEL")
    if not said:
        return [line]
    kinds = {"TYPE": tuple(types(line))} if types(line) else {}
    text = ",".join(said).replace("\\n", "\n")
    return [with_params(line, "LABEL"), Line("LABEL", kinds, escaped(text), line.at, line.group)]


def _phone(line: Line, _: _Work) -> list[Line]:
    found = _TEL.fullmatch(line.value) if line.param("VALUE").lower() == "uri" else None
    if found is None:
        return [line]
    return [with_params(line, "VALUE", **{WAS: ["uri"]})._replace(value=escaped(found[1]))]


def _messenger(line: Line, _: _Work) -> list[Line]:
    name = line.param(WAS).upper()
    scheme = pairs.MESSENGERS.get(name, "")
    if not scheme or not line.value.startswith(scheme + ":"):
        return [line]
    return [with_params(line, WAS)._replace(name=name, value=line.value[len(scheme) + 1 :])]


def _position(line: Line, _: _Work) -> list[Line]:
    found = _GEO.fullmatch(line.value.strip())
    return [kept(line, "X-GEO", "4.0") if found is None else line._replace(value=f"{found[1]};{found[2]}")]


def _zone(line: Line, _: _Work) -> list[Line]:
    kind = line.param("VALUE").lower()
    offset = dates.OFFSET.fullmatch(line.value.strip())
    if kind == "utc-offset" and offset is not None:
        return [with_params(line, "VALUE")._replace(value=f"{offset[1]}:{offset[2]}")]
    return [line if kind else with_params(line, VALUE=["text"])]


def _revised(line: Line, _: _Work) -> list[Line]:
    return [line._replace(value=dates.extended(line.value.strip()) or line.value)]


_RULES: Final[Mapping[str, Callable[[Line, _Work], list[Line]]]] = {
    "FN": _full_name,
    "N": _name,
    "BDAY": _birthday,
    "ANNIVERSARY": _anniversary,
    "RELATED": _related,
    "KIND": _kind,
    "MEMBER": lambda line, _: [kept(line, pairs.SERVER_MEMBER, "4.0")],
    "ADR": _address,
    "TEL": _phone,
    "IMPP": _messenger,
    "GEO": _position,
    "TZ": _zone,
    "REV": _revised,
    **{name: lambda line, _: [media.to_three(line)] for name in pairs.FORMATS},
}
