"""Whether any of some values agrees with any of the keys of a test, in the way that its tags say."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mailcore.sieve.compare import contains, equal, glob, related
from mailcore.sieve.run import Run
from mailcore.sieve.script import Call

_WINDOW = 4096
"""Characters that are compared for one step."""
One = Callable[[str], bool]


def matches(
    run: Run, call: Call, values: Sequence[str], *, keys: Sequence[str] | None = None, note: bool = True
) -> bool:
    """Whether a value agrees with a key; what `:matches`, `:regex` found is noted for `${1}` unless `note` is off."""
    keys = run.texts(call, "keys") if keys is None else keys
    if "count" in call.args:
        return any(map(related("i;ascii-numeric", run.text(call, "count"), str(len(values))), keys))
    way = _way(run, call, note)
    window = _WINDOW // 16 if call.args.get("comparator") == "i;unicode-casemap" else _WINDOW
    wild = "matches" in call.args
    for value in values:
        agrees = way(value)
        for key in keys:
            run.spend(1 + len(value) // window + (len(value) * len(key) // 1000 if wild and "?" in key else 0))
            if agrees(key):
                return True
    return False


def _way(run: Run, call: Call, note: bool) -> Callable[[str], One]:
    """What the tags of a test ask of a value and a key. RFC 5228 §2.7.1: `:is` if none says anything."""
    comparator = run.text(call, "comparator", "i;ascii-casemap")
    if "contains" in call.args:
        return lambda value: contains(comparator, value)
    if "matches" in call.args:
        return lambda value: lambda key: _noted(run, glob(comparator, value, key), note)
    if "regex" in call.args:
        fold = comparator != "i;octet"
        return lambda value: lambda key: _noted(run, run.regex(key, value, fold=fold), note)
    if "value" in call.args:
        relation = run.text(call, "value")
        return lambda value: related(comparator, relation, value)
    if "list" in call.args:
        return lambda value: lambda key: _listed(run, key, value)
    return lambda value: equal(comparator, value)


def _listed(run: Run, name: str, value: str) -> bool:
    run.spend(100)  # looking something up costs more than comparing
    return run.env.in_list(name, value)


def _noted(run: Run, found: tuple[str, ...] | None, note: bool) -> bool:
    if found is not None and note:
        run.matched = found[:100]
    return found is not None
