"""Lines of a stored object with those exchanged that a change is about: all others stay as they are, where they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

from .content import Line

Same = Callable[[Line], Hashable]


def merged(stored: Sequence[Line], before: Iterable[Line], after: Sequence[Line], same: Same) -> list[Line]:
    """The stored lines, without those that are in `before` alone, and with those that are in `after` alone.

    What is new comes where a line of its name went, else behind the last of its name, else at the end.
    """
    was, will = Counter(map(same, before)), Counter(map(same, after))
    gone, new = was - will, will - was
    coming: dict[str, list[Line]] = {}
    for line in after:
        if new[same(line)]:
            new[same(line)] -= 1
            coming.setdefault(line.name, []).append(line)
    found: list[Line] = []
    for line in stored:
        key = same(line)
        if not gone[key]:
            found.append(line)
            continue
        gone[key] -= 1
        if coming.get(line.name):
            found.append(coming[line.name].pop(0))
    for name, lines in coming.items():
        last = max((at for at, line in enumerate(found) if line.name == name), default=len(found) - 1)
        found[last + 1 : last + 1] = lines
    return found
