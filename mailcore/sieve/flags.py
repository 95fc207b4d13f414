"""IMAP flags of a message that is kept, and lists of them in variables. RFC 5232."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from mailcore.sieve.match import matches
from mailcore.sieve.run import Command, Run, Test
from mailcore.sieve.script import Call
from mailcore.sieve.variables import name_of

_KEYWORD: Final = re.compile(r"[!#$&'+,./0-9:;<=>?@A-Z^_`a-z|}~-]{1,100}\Z")
_SYSTEM: Final = {flag.lower(): flag for flag in ("\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft")}
MOST: Final = 100


def flags_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The flags in these texts, several in one parted by space; each once, without those that are none. RFC 5232 §2."""
    found: dict[str, str] = {}
    for word in (word for text in texts for word in text.split()):
        flag = _SYSTEM.get(word.lower(), "" if word.startswith("\\") else word)
        if flag and (flag in _SYSTEM.values() or _KEYWORD.match(flag)):
            found.setdefault(flag.lower(), flag)
    return tuple(found.values())[:MOST]


def chosen_flags(run: Run, call: Call) -> tuple[str, ...]:
    """What `:flags` of a keep or fileinto says, or else what setflag and its like made. RFC 5232 §5."""
    return flags_of(run.texts(call, "flags")) if "flags" in call.args else run.flags


def _change(run: Run, call: Call, change: str) -> None:
    variable = name_of(run, run.text(call, "variable")) if "variable" in call.args else ""
    old = flags_of([run.variable(variable)]) if variable else run.flags
    given = flags_of(run.texts(call, "flags"))
    if change == "set":
        new = given
    elif change == "add":
        new = flags_of((*old, *given))
    else:
        gone = {flag.lower() for flag in given}
        new = tuple(flag for flag in old if flag.lower() not in gone)
    if variable:
        run.set(variable, " ".join(new))
    else:
        run.flags = new


def set_flag(run: Run, call: Call) -> None:
    """RFC 5232 §3.1."""
    _change(run, call, "set")


def add_flag(run: Run, call: Call) -> None:
    """RFC 5232 §3.2."""
    _change(run, call, "add")


def remove_flag(run: Run, call: Call) -> None:
    """RFC 5232 §3.3."""
    _change(run, call, "remove")


def has_flag(run: Run, call: Call) -> bool:
    """Whether a flag is set, whatever its case. RFC 5232 §4."""
    names = run.texts(call, "variables")
    held = flags_of(run.variable(name_of(run, name)) for name in names) if "variables" in call.args else run.flags
    if "count" in call.args:
        return matches(run, call, held)
    keys = [word for key in run.texts(call, "keys") for word in key.split() or [""]]
    return matches(run, call, held, keys=keys)


COMMANDS: Final[Mapping[str, Command]] = {"setflag": set_flag, "addflag": add_flag, "removeflag": remove_flag}
TESTS: Final[Mapping[str, Test]] = {"hasflag": has_flag}
