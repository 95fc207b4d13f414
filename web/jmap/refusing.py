"""`Foo/set` of what nobody changes by JMAP: each object is refused, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from groupware.store.api import ReadTx
from web.jmap.errors import SetError
from web.jmap.sets import Done, SetArguments, check_size, mismatch
from web.jmap.turn import Turn


async def refused(
    turn: Turn, arguments: SetArguments, state: Callable[[ReadTx], tuple[str, str]], why: str
) -> Mapping[str, Any]:
    """The answer; `state` gives the account and the state."""
    check_size(arguments)
    account, now = await turn.read(state)
    if arguments.if_in_state not in (None, now):
        raise mismatch()
    each = SetError("forbidden", why).value
    done = Done(
        not_created=dict.fromkeys(arguments.create or {}, each),
        not_updated=dict.fromkeys(arguments.update or {}, each),
        not_destroyed=dict.fromkeys(arguments.destroy, each),
    )
    return done.answer(account, now, now)
