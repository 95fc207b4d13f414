"""`set`, its modifiers, and the test `string`. RFC 5229; :encodeurl of RFC 5435 §6, :quoteregex of the regex draft."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from mailcore.sieve.errors import SieveError
from mailcore.sieve.match import matches
from mailcore.sieve.regexes import quoted
from mailcore.sieve.run import Command, Run, Test
from mailcore.sieve.script import Call
from mailcore.sieve.strings import variable_name

_WILD: Final = re.compile(r"[*?\\]")

MODIFIERS: Final[Mapping[str, Callable[[str], str]]] = {
    "lower": str.lower,
    "upper": str.upper,
    "lowerfirst": lambda text: text[:1].lower() + text[1:],
    "upperfirst": lambda text: text[:1].upper() + text[1:],
    "quotewildcard": lambda text: _WILD.sub(r"\\\g<0>", text),
    "quoteregex": quoted,
    "encodeurl": lambda text: quote(text, safe="-._~"),
    "length": lambda text: str(len(text)),
}
"""In the order of their precedence, RFC 5229 §4.1."""


def modified(call: Call, value: str) -> str:
    """The value as the modifiers of a command make it."""
    for name, modify in MODIFIERS.items():
        if name in call.args:
            value = modify(value)
    return value


def set_(run: Run, call: Call) -> None:
    """RFC 5229 §4."""
    run.set(name_of(run, run.text(call, "name")), modified(call, run.text(call, "value")))


def name_of(run: Run, name: str) -> str:
    """The name of a variable that was put together only now. `SieveError` if it is none."""
    try:
        return variable_name(name, run.line)
    except SieveError as wrong:
        raise run.error(wrong.text) from None


def string(run: Run, call: Call) -> bool:
    """RFC 5229 §5; :count counts the strings that are not empty."""
    source = run.texts(call, "source")
    return matches(run, call, [each for each in source if each] if "count" in call.args else source)


COMMANDS: Final[Mapping[str, Command]] = {"set": set_}
TESTS: Final[Mapping[str, Test]] = {"string": string}
