"""A Card of JSContact as a vCard 4.0, and a stored one with what has changed. RFC 9555 §3."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from groupware.model.content import Component, Line, escaped
from groupware.model.jsonlines import entry_of, read_params
from groupware.model.jsonlines import line_of as line_in
from groupware.model.jsprop import OVER
from groupware.model.merging import merged
from groupware.model.patches import difference, digest, value_at

from . import shapes
from .lines import label_group, line_of, name_of, normal
from .reading import LABEL, apply_pointers, card_of, derived_name, members_of
from .table import RULES, SINGLE

Json = dict[str, Any]
_MEMBERS: Final = tuple(dict.fromkeys(rule.member for rule in RULES.values()))


def vcard_of(card: Mapping[str, Any]) -> Component:
    """The vCard 4.0 that says it all. `ValueError` for a property or parameter of vCard that is none."""
    given = plain(card)
    kept = [line_in(entry) for entry in given.get("vCardProps") or ()]
    lines = [Line("VERSION", {}, "4.0", 0), *_single(given), *_names(given, kept), *_sets(given)]
    for member in _MEMBERS:
        lines += _many(member, given.get(member) or {})
    lines += kept
    return Component("VCARD", 0, [*lines, *_pointers(lines, given)])


def changed(stored: Component, card: Mapping[str, Any]) -> Component:
    """The stored vCard 4.0 with the lines that have to be others for it to say what `card` says."""
    old = card_of(stored)
    wanted, before = vcard_of(_renamed(old, card)), vcard_of(old).lines
    lines = merged(stored.lines, before, wanted.lines, normal)
    found = Component("VCARD", 0, lines, stored.parts)
    return found if card_of(found) == card_of(wanted) else Component("VCARD", 0, wanted.lines, stored.parts)


def _renamed(old: Json, card: Mapping[str, Any]) -> Mapping[str, Any]:
    """The card with its new name in the FN that was kept as it was for the sake of its parameters."""
    was, now = (str((each.get("name") or {}).get("full") or "") for each in (old, card))
    props = card.get("vCardProps")
    if was == now or not now or not isinstance(props, list) or props != old.get("vCardProps"):
        return card
    lines = [line_in(each) for each in props]
    own = next((at for at, line in enumerate(lines) if line.name == "FN" and line.text == was), None)
    if own is None:
        return card
    return {**card, "vCardProps": [*props[:own], entry_of(lines[own]._replace(value=escaped(now))), *props[own + 1 :]]}


def plain(card: Mapping[str, Any]) -> Json:
    """Without members that say nothing: null, empty objects and lists, and the types that everybody knows."""
    found: Json = {"@type": "Card", "version": "1.0", **_plain(card, "")}
    for each in (found.get("titles") or {}).values():
        each.setdefault("kind", "title")
    return found


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_plain(each, "in") for each in value] if name != "vCardProps" else value
    if not isinstance(value, Mapping) or name == "vCardParams" or ":" in name:
        return value
    told = {key: _plain(each, key) for key, each in value.items() if not _is_type(key, each, name)}
    return {key: each for key, each in told.items() if each is not None and (each not in ({}, []) or name in _MAPS)}


def _is_type(key: str, value: Any, name: str) -> bool:
    return key == "@type" and name != "" and not (name == "date" and value == "Timestamp")


_MAPS: Final = frozenset({"relatedTo"})


def _single(given: Json) -> Iterator[Line]:
    for name, rule in SINGLE.items():
        value = given.get(rule.member)
        text = rule.write(value) if isinstance(value, str) else None
        if text is not None:
            yield Line(name, {}, text, 0)


def _names(given: Json, kept: list[Line]) -> Iterator[Line]:
    name = given.get("name") or {}
    full, called = name.get("full"), [line.text for line in kept if line.name == "FN"]
    if full and full not in called:
        yield Line("FN", {}, escaped(str(full)), 0)
    elif not called:
        yield derived_name(given)
    if name.get("components"):
        value = shapes.name_value(name["components"])
        if not shapes.name_parts(value) or shapes.name_value(shapes.name_parts(value)) != value:
            return
        params = dict(name.get("vCardParams") or {})
        params.pop("group", None)
        yield Line("N", read_params(params), value, 0)


def _sets(given: Json) -> Iterator[Line]:
    keywords, members = given.get("keywords") or {}, given.get("members") or {}
    if keywords:
        yield Line("CATEGORIES", {}, ",".join(map(escaped, keywords)), 0)
    yield from (Line("MEMBER", {}, each, 0) for each in members if ":" in each)
    for to, relation in (given.get("relatedTo") or {}).items():
        types = tuple(sorted((relation or {}).get("relation") or ()))
        params = {"TYPE": types} if types else {}
        yield Line(
            "RELATED", params if ":" in to else {**params, "VALUE": ("TEXT",)}, to if ":" in to else escaped(to), 0
        )


def _many(member: str, found: Mapping[str, Mapping[str, Any]]) -> Iterator[Line]:
    counts: dict[str, int] = {}
    for key, each in found.items():
        name = name_of(member, each)
        line = line_of(name, each) if name is not None else None
        if name is None or line is None:
            continue
        if key == f"{name}-{counts.get(name, 0) + 1}":
            counts[name] = counts.get(name, 0) + 1
        else:
            line = line._replace(params={**line.params, "PROP-ID": (key,)})
        yield from _labelled(line, key, each)


def _labelled(line: Line, key: str, given: Mapping[str, Any]) -> Iterator[Line]:
    label = given.get("label")
    group = line.group or label_group(line.name, key)
    if not label or not group:
        yield line
        return
    yield line._replace(group=group)
    yield Line(LABEL, {}, escaped(str(label)), 0, group)


def _pointers(lines: Sequence[Line], given: Json) -> Iterator[Line]:
    """JSPROP for what no line says. RFC 9555 §3.2.1."""
    said = apply_pointers(*members_of(lines))
    for way, value in difference(said, given).items():
        if way.partition("/")[0] in ("@type", "version", "vCardProps"):
            continue
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        old = value_at(said, way)
        over = {} if old is None else {OVER: (digest(old),)}
        yield Line("JSPROP", {"JSPTR": (way,), **over}, escaped(text), 0)
