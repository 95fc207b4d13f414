"""What every script may hold: stop, tests joined, size (RFC 5228 §3, §5); and `ihave`, `error` (RFC 5463)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailcore.sieve.run import Command, Run, Stop, Test
from mailcore.sieve.script import Call
from mailcore.sieve.table import EXTENSIONS


def stop(run: Run, call: Call) -> None:
    """The end of all."""
    raise Stop


def later(run: Run, call: Call) -> None:
    """A command that was not understood has been reached. RFC 5463 §4."""
    raise run.error(run.text(call, "text"))


def later_test(run: Run, call: Call) -> bool:
    """The same of a test."""
    raise run.error(run.text(call, "text"))


def error(run: Run, call: Call) -> None:
    """What the script itself calls an error. RFC 5463 §5."""
    raise run.error(f"The script says: {run.text(call, 'text')[:1000]}")


def not_(run: Run, call: Call) -> bool:
    """RFC 5228 §5.8."""
    return not run.test(call.tests[0])


def any_of(run: Run, call: Call) -> bool:
    """RFC 5228 §5.3; what follows the first that holds is not looked at."""
    return any(run.test(each) for each in call.tests)


def all_of(run: Run, call: Call) -> bool:
    """RFC 5228 §5.2."""
    return all(run.test(each) for each in call.tests)


def size(run: Run, call: Call) -> bool:
    """Neither over nor under is what has just that size. RFC 5228 §5.9."""
    limit = run.number(call, "limit") or 0
    return run.message.size > limit if "over" in call.args else run.message.size < limit


def ihave(run: Run, call: Call) -> bool:
    """Whether all the extensions are there. RFC 5463 §4."""
    return all(name in EXTENSIONS for name in run.texts(call, "names"))


COMMANDS: Final[Mapping[str, Command]] = {"stop": stop, "?": later, "error": error}
TESTS: Final[Mapping[str, Test]] = {
    "?": later_test,
    "true": lambda run, call: True,
    "false": lambda run, call: False,
    "not": not_,
    "anyof": any_of,
    "allof": all_of,
    "size": size,
    "ihave": ihave,
}
