"""`Foo/get` and `Foo/changes` of what there is little of: after a change a client asks for all of it again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from groupware.store.api import ReadTx
from web.jmap.arguments import ChangesArguments, GetArguments, chosen
from web.jmap.kept import told_changes
from web.jmap.states import unknown
from web.jmap.turn import Turn

Json = Mapping[str, Any]


def state_of(there: object) -> str:
    """The state of what there is: another with whatever is another of it."""
    return blake2b(json.dumps(there, sort_keys=True).encode(), digest_size=8).hexdigest()


async def get(
    turn: Turn,
    arguments: GetArguments,
    properties: Sequence[str],
    look: Callable[[ReadTx], tuple[str, str, Mapping[str, Json]]],
) -> Json:
    """`Foo/get`; `look` gives the account, the state, and what there is, by id."""
    wanted = chosen(arguments.properties, properties)

    def work(tx: ReadTx) -> Json:
        account, state, there = look(tx)
        asked = list(there) if arguments.ids is None else arguments.ids
        return {
            "accountId": account,
            "state": state,
            "list": [{name: there[each][name] for name in wanted} for each in asked if each in there],
            "notFound": [each for each in asked if each not in there],
        }

    return await turn.read(work)


async def changes(turn: Turn, arguments: ChangesArguments, at: Callable[[ReadTx], tuple[str, str]]) -> Json:
    """`Foo/changes`: none, or it is not known which; `at` gives the account and the state. `MethodError`."""
    account, now = await turn.read(at)
    if now != arguments.since_state:
        raise unknown()
    return told_changes(account, now, now, {"created": [], "updated": [], "destroyed": []})
