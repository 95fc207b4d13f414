"""What a program leaves out of a card because it knows the card's other version not: that is put back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from groupware.model.content import Component, Line, parse, serialized
from groupware.model.errors import Malformed

from . import pairs
from .convert import converted, version_of
from .pairs import FAMILIAR, LABEL, MARK, OMITTED, ONLY_FOUR, ONLY_THREE, PARAMS, WAS

_PARAMS: Final = frozenset({MARK, WAS, OMITTED, *(f"X-{each}" for each in PARAMS)})
_SAID: Final = re.compile(rb";(?:%s)=" % b"|".join(each.encode() for each in sorted(_PARAMS)), re.IGNORECASE)
_FOLD: Final = re.compile(rb"\r?\n[ \t]")
Key = tuple[str, str]


def kept_whole(stored: bytes, sent: bytes) -> bytes | None:
    """The card that is sent, with what the stored one says and the sent one's version cannot; None: it has all of it.

    Who sends it was shown `stored` in the version of `sent`. A line that stands for what only the other version has is
    put back when it is missing, unless programs know it and this one sends others that it has no need to know. One that
    sends properties of the other version by their own names leaves nothing out unknowingly.
    """
    version = version_of(sent)
    if version_of(stored) == version and not _SAID.search(_FOLD.sub(b"", stored)):
        return None
    try:
        shown, new = converted(parse(stored)[0], version), parse(sent)[0]
    except (Malformed, IndexError):
        return None
    lines = _with_params(shown, new)
    lines.extend(_missing(shown, new))
    if lines == new.lines:
        return None
    return serialized([Component(new.name, new.at, lines, new.parts)])


def _key(line: Line) -> Key:
    return line.name.upper(), line.text.strip()


def _with_params(shown: Component, new: Component) -> list[Line]:
    """The sent lines; one that says what was shown has the parameters again that only the other version has."""
    known = {_key(line): line for line in shown.lines if not _PARAMS.isdisjoint(line.params)}
    return [_again(line, known.get(_key(line))) for line in new.lines]


def _again(line: Line, shown: Line | None) -> Line:
    if shown is None:
        return line
    moved = pairs.prefers(line) != pairs.prefers(shown)
    lost = {
        name: values
        for name, values in shown.params.items()
        if name in _PARAMS and name not in line.params and not (moved and name == "X-PREF")
    }
    return line._replace(params={**line.params, **lost}) if lost else line


def _missing(shown: Component, new: Component) -> Iterable[Line]:
    """The lines to put back, each with its label."""
    there = Counter(_key(line) for line in new.lines)
    names = {line.name for line in new.lines}
    if names & (ONLY_FOUR if new.text("VERSION").strip() == "3.0" else ONLY_THREE):
        return  # it was shown the stored card as it is, and keeps what its own version has not
    keeps = any(name.startswith("X-") for name in names)
    labels = {line.group: line for line in shown.lines if line.name.upper() == LABEL and line.group}
    number = pairs.last_group(new)
    stay = {line.group.lower() for line in shown.lines if not _is_marked(labels.get(line.group))}
    for line in shown.lines:
        name = line.name.upper()
        known = name in FAMILIAR and keeps
        replaced = name == "X-BDAY" and "BDAY" in names and "X-ALTID" not in line.params
        if MARK not in line.params or name == LABEL or known or replaced:
            continue
        if there[_key(line)]:
            there[_key(line)] -= 1
            continue
        label = labels.get(line.group)
        if label is None or not _is_marked(label):
            yield line
            continue
        number += 1
        while f"item{number}" in stay:
            number += 1
        yield line._replace(group=f"item{number}")
        yield label._replace(group=f"item{number}")


def _is_marked(label: Line | None) -> bool:
    """Whether a label is there for this version alone, so that its group may get another number."""
    return label is not None and MARK in label.params
