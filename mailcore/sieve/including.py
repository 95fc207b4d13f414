"""Scripts in scripts: include, return, global. RFC 6609."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailcore.sieve.constants import script_name
from mailcore.sieve.errors import SieveError
from mailcore.sieve.run import Command, Return, Run, Scope
from mailcore.sieve.script import Call, Script
from mailcore.sieve.variables import name_of


def include(run: Run, call: Call) -> None:
    """Another script here; its variables are its own. RFC 6609 §3.2."""
    name = run.text(call, "script")
    place = "global" if "global" in call.args else "personal"
    if "once" in call.args and (place, name) in run.included:
        return
    script = _script(run, call, place, name)
    if script is None:
        return
    full = f"{place}/{name}"
    if full in (scope.name for scope in (*run.scopes, run.scope)):
        raise run.error(f"The script {name!r} includes itself.")
    if len(run.scopes) >= run.limits.include_depth:
        raise run.error(f"More than {run.limits.include_depth} scripts include one another.")
    run.included.add((place, name))
    _inside(run, call, Scope(full), script)


def _inside(run: Run, call: Call, scope: Scope, script: Script) -> None:
    outer, matched = run.scope, run.matched
    run.scopes.append(outer)
    run.scope, run.matched = scope, ()
    try:
        run.block(script.body)
    except Return:
        pass
    except SieveError as wrong:
        raise SieveError(call.line, f"In the included {scope.name!r}: {wrong}") from None
    run.scopes.pop()
    run.scope, run.matched = outer, matched


def _script(run: Run, call: Call, place: str, name: str) -> Script | None:
    """The compiled script; None if there is none and it may be missing. `SieveError` otherwise."""
    run.includes += 1
    if run.includes > run.limits.includes:
        raise run.error(f"More than {run.limits.includes} scripts are included.")
    run.spend(100)
    try:
        script_name(name, call.line)
        script = run.env.script(place, name)
    except SieveError as wrong:
        raise run.error(f"The script {name[:40]!r} cannot be included: {wrong}") from None
    if script is None and "optional" not in call.args:
        raise run.error(f"There is no {place} script {name!r} to include.")
    return script


def return_(run: Run, call: Call) -> None:
    """The end of this script, and of no other. RFC 6609 §3.3."""
    raise Return


def global_(run: Run, call: Call) -> None:
    """These variables are those of all scripts. RFC 6609 §3.4.1."""
    for name in run.texts(call, "names"):
        run.scope.global_names.add(name_of(run, name))


COMMANDS: Final[Mapping[str, Command]] = {"include": include, "return": return_, "global": global_}
