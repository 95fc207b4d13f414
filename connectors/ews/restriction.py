"""Restrictions: which items or folders are meant, decided over the values of their properties. MS-OXWSSRCH §2.2.4."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from connectors.bounded_xml import Element
from connectors.ews.errors import EwsError, invalid
from connectors.ews.paths import Path, path_in, read_path
from connectors.ews.wire import child, children, local, moment, needed

DEEPEST: Final = 32
MOST: Final = 255
"""Of all conditions."""
Get = Callable[[Path], Any]
"""The value of a property: text, a number, a moment, true or false, a list of texts, None."""
Test = Callable[[Get], bool]
_COMPARED: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "IsEqualTo": lambda one, other: bool(one == other),
    "IsNotEqualTo": lambda one, other: bool(one != other),
    "IsGreaterThan": lambda one, other: bool(one > other),
    "IsGreaterThanOrEqualTo": lambda one, other: bool(one >= other),
    "IsLessThan": lambda one, other: bool(one < other),
    "IsLessThanOrEqualTo": lambda one, other: bool(one <= other),
}


class Restriction:
    """A test, and the properties that it looks at."""

    def __init__(self, element: Element, known: Callable[[Path], bool]) -> None:
        self.paths: set[Path] = set()
        self._known = known
        self._left = MOST
        inside = list(children(element))
        if len(inside) != 1:
            raise EwsError("ErrorSchemaValidation", "a Restriction holds one expression")
        self.test = self._test(inside[0], 0)

    def _test(self, element: Element, depth: int) -> Test:
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            raise EwsError("ErrorRestrictionTooComplex", f"more than {MOST} conditions, or {DEEPEST} levels of them")
        name = local(element)
        if name in ("And", "Or"):
            parts = [self._test(each, depth + 1) for each in children(element)]
            return (lambda get: all(part(get) for part in parts)) if name == "And" else _any(parts)
        if name == "Not":
            inner = self._test(next(children(element), element), depth + 1)
            return lambda get: not inner(get)
        if name in _COMPARED:
            return self._compared(element, name)
        if name == "Contains":
            return self._contains(element)
        if name == "Exists":
            path = self._path(element)
            return lambda get: get(path) not in (None, [], "")
        if name == "Excludes":
            path, mask = self._path(element), _mask(needed(element, "Bitmask").get("Value", ""))
            return lambda get: _excludes(get(path), mask)
        raise EwsError("ErrorSchemaValidation", f"{name[:60]}: there is no such expression")

    def _path(self, element: Element) -> Path:
        return self._looked_at(path_in(element))

    def _looked_at(self, path: Path) -> Path:
        if not path.extended and not self._known(path):
            raise EwsError("ErrorUnsupportedPathForQuery", f"{path.uri[:60]}: nothing here is found by that property")
        self.paths.add(path)
        return path

    def _compared(self, element: Element, name: str) -> Test:
        path, other = self._path(element), next(children(needed(element, "FieldURIOrConstant")), None)
        if other is None:
            raise EwsError("ErrorSchemaValidation", "FieldURIOrConstant is empty")
        if local(other) != "Constant":
            second = self._looked_at(read_path(other))
            return lambda get: _holds(name, get(path), get(second))
        constant = other.get("Value", "")
        return lambda get: _holds(name, value := get(path), like(value, constant))

    def _contains(self, element: Element) -> Test:
        path, sought = self._path(element), needed(element, "Constant").get("Value", "")
        mode = element.get("ContainmentMode", "FullString")
        fold = "ignorecase" in element.get("ContainmentComparison", "Exact").lower()
        found = _MODES.get(mode)
        if found is None:
            raise invalid(f"ContainmentMode: {mode[:40]!r} is not known")
        sought = sought.casefold() if fold else sought

        def test(get: Get) -> bool:
            value = get(path)
            texts = value if isinstance(value, list) else [] if value is None else [str(value)]
            return any(found(each.casefold() if fold else each, sought) for each in texts)

        return test


def _excludes(value: Any, mask: int) -> bool:
    """Whether none of the bits is set; of what is no number it is not so."""
    return isinstance(value, int | None) and not int(value or 0) & mask


def _any(parts: Sequence[Test]) -> Test:
    return lambda get: any(part(get) for part in parts)


def _prefixed_word(text: str, sought: str) -> bool:
    return text.startswith(sought) or f" {sought}" in text


_MODES: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "FullString": lambda text, sought: text == sought,
    "Prefixed": lambda text, sought: text.startswith(sought),
    "Substring": lambda text, sought: sought in text,
    "PrefixOnWords": _prefixed_word,
    "ExactPhrase": lambda text, sought: f" {sought} " in f" {text} ",
}


def _holds(name: str, value: Any, other: Any) -> bool:
    if value is None or other is None:
        return (name == "IsNotEqualTo") is not (value is other)
    if isinstance(value, list):
        return name != "IsNotEqualTo" and any(_COMPARED[name](_folded(each), _folded(other)) for each in value)
    try:
        return _COMPARED[name](_folded(value), _folded(other))
    except TypeError:
        return False


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def like(value: Any, constant: str) -> Any:
    """A constant as what it is compared with; None for what cannot be that. `EwsError` for a moment that is none."""
    if isinstance(value, bool):
        return constant.strip().lower() in ("true", "1")
    if isinstance(value, int | float):
        try:
            return float(constant)
        except ValueError:
            return None
    if isinstance(value, datetime):
        at = moment(constant, "Constant")
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return constant


def _mask(text: str) -> int:
    try:
        return int(text, 16) if text.lower().startswith("0x") else int(text)
    except ValueError:
        raise invalid(f"Bitmask: {text[:20]!r} is no number") from None


def restriction_in(element: Element, known: Callable[[Path], bool]) -> Restriction | None:
    """The restriction of a request; `known` says which properties there are. `EwsError`."""
    found = child(element, "Restriction")
    return None if found is None else Restriction(found, known)
