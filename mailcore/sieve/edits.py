"""`addheader` and `deleteheader`. RFC 5293."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from groupware.mime.headers import decode_text, unfold
from mailcore.sieve.actions import AddHeader, DeleteHeader
from mailcore.sieve.constants import field_name
from mailcore.sieve.errors import SieveError
from mailcore.sieve.match import matches
from mailcore.sieve.run import Command, Run
from mailcore.sieve.script import Call

KEPT: Final = frozenset(
    (
        "received",
        "auto-submitted",
        "return-path",
        "delivered-to",
        "authentication-results",
        "arc-seal",
        "x-sieve-redirected-from",
    )
)
"""Fields that no script adds or takes away: they tell of the way, and stop loops. RFC 5293 §6."""


def add_header(run: Run, call: Call) -> None:
    """RFC 5293 §4."""
    name = _name(run, call)
    if name.lower() in KEPT:
        run.note(f"not added: {name} is kept as it is")
        return
    action = AddHeader(name, run.text(call, "value"), "last" in call.args, call.line)
    run.act(action, f"added {name}")
    run.spend(len(run.letter.octets) // 4096)
    run.letter.add(action)


def delete_header(run: Run, call: Call) -> None:
    """RFC 5293 §5; without value patterns all fields of the name are meant."""
    name = _name(run, call)
    if name.lower() in KEPT:
        run.note(f"not deleted: {name} is kept as it is")
        return
    values = [field.value for field in run.letter.named.get(name.lower().encode(), ())]
    places = _places(run, call, len(values))
    if "keys" in call.args:
        places = [at for at in places if matches(run, call, [decode_text(unfold(values[at - 1]))], note=False)]
    if places:
        action = DeleteHeader(name, tuple(places), call.line)
        run.act(action, f"deleted {name}")
        run.spend(len(run.letter.octets) // 4096)
        run.letter.delete(action)


def _places(run: Run, call: Call, count: int) -> list[int]:
    index = run.number(call, "index")
    if index is None:
        return list(range(1, count + 1))
    at = count + 1 - index if "last" in call.args else index
    return [at] if 1 <= at <= count else []


def _name(run: Run, call: Call) -> str:
    name = run.text(call, "field")
    try:
        field_name(name, run.line)
    except SieveError as wrong:
        raise run.error(wrong.text) from None
    return name


COMMANDS: Final[Mapping[str, Command]] = {"addheader": add_header, "deleteheader": delete_header}
