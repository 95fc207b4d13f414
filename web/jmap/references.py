"""Result references: arguments that are taken out of the answers to earlier calls. RFC 8620 §3.7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from web.jmap.errors import MethodError
from web.jmap.limits import REQUEST_OCTETS

Answer = tuple[str, Mapping[str, Any], str]
"""Name, arguments, and the id of the call."""
_MOST: Final = 100_000


@dataclass(slots=True)
class References:
    """The answers of one request so far. All that is taken out of them is no larger than a request may be."""

    answers: list[Answer] = field(default_factory=list)
    _left: int = REQUEST_OCTETS

    def resolved(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments with every `#name` put in. `MethodError`."""
        found: dict[str, Any] = {}
        for name, value in arguments.items():
            if not name.startswith("#"):
                found[name] = value
                continue
            if name[1:] in arguments:
                raise MethodError("invalidArguments", f"{name[1:]!r} is given, and as a reference as well")
            found[name[1:]] = self._resolve(value)
        return found

    def _resolve(self, reference: object) -> Any:
        match reference:
            case {"resultOf": str(call), "name": str(name), "path": str(path)}:
                pass
            case _:
                raise _invalid("a reference has `resultOf`, `name` and `path`")
        said = next((each for each in self.answers if each[2] == call), None)
        if said is None or said[0] != name:
            raise _invalid(f"there is no {name[:60]!r} with the id {call[:60]!r} before this call")
        found = pointed_at(said[1], path)
        self._pay(found)
        return found

    def _pay(self, value: Any) -> None:
        """Counts about the octets of a value: one that holds another one twice is as large as when it is written."""
        waiting = [value]
        while waiting:
            each = waiting.pop()
            self._left -= len(each) + 2 if isinstance(each, str) else 2
            if self._left < 0:
                raise _invalid("the references lead to too much")
            if isinstance(each, Mapping):
                waiting += each.keys()
                waiting += each.values()
            elif isinstance(each, list | tuple):
                waiting += each


def pointed_at(value: Any, path: str) -> Any:
    """What a JSON pointer (RFC 6901) with `*` for every element of a list leads to. `MethodError`."""
    if path and not path.startswith("/"):
        raise _invalid(f"{path[:60]!r} is no pointer")
    levels = [level.replace("~1", "/").replace("~0", "~") for level in path.split("/")[1:]]
    return _walk(value, levels)


def _walk(value: Any, levels: Sequence[str]) -> Any:
    for number, level in enumerate(levels):
        if isinstance(value, Mapping):
            if level not in value:
                raise _invalid(f"there is no {level[:60]!r} to point at")
            value = value[level]
        elif isinstance(value, list | tuple) and level == "*":
            return _every(value, levels[number + 1 :])
        elif isinstance(value, list | tuple):
            value = value[_index(level, len(value))]
        else:
            raise _invalid(f"{level[:60]!r} points into what has no parts")
    return value


def _every(values: Sequence[Any], levels: Sequence[str]) -> list[Any]:
    """What each element gives; lists among that are put together into one."""
    found: list[Any] = []
    for each in values:
        one = _walk(each, levels)
        found.extend(one) if isinstance(one, list) else found.append(one)
        if len(found) > _MOST:
            raise _invalid("the reference leads to too much")
    return found


def _index(level: str, length: int) -> int:
    good = level.isascii() and level.isdigit() and (level == "0" or level[0] != "0") and len(level) < 10
    if not good or int(level) >= length:
        raise _invalid(f"{level[:60]!r} is no place in a list of {length}")
    return int(level)


def _invalid(text: str) -> MethodError:
    return MethodError("invalidResultReference", text)
