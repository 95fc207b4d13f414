"""Plug-ins: what rules cannot say, said in Python. A rule asks one by `ask NAME`.

A plug-in is an entry point of the group `postroom.policy`: an async function that is given the event and its facts and
gives back actions, each a line as a rule has it: `["reject 550 'Not on a Friday.'"]`. It has `SECONDS`; one that takes
longer, raises, or says what is no action, has failed: the message goes on as if it had not been asked, or is put off
(`smtp.plugin_failure`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Final, cast

from mailcore.server.events import EventLog
from mailcore.smtp.policy import actions
from mailcore.smtp.policy.actions import Action
from mailcore.smtp.policy.variables import Event, Facts

GROUP: Final = "postroom.policy"
SECONDS: Final = 10.0
MOST_ACTIONS: Final = 100
Plugin = Callable[[str, Facts], Awaitable[Sequence[str]]]


@cache
def installed() -> dict[str, Plugin]:
    """The plug-ins there are, by name."""
    return {point.name: cast(Plugin, point.load()) for point in entry_points(group=GROUP)}


async def asked(name: str, event: Event, facts: Facts, log: EventLog, seconds: float = SECONDS) -> list[Action] | None:
    """What the plug-in wants done; None: it has failed, and the log says why."""
    try:
        plugin = installed()[name]
        async with asyncio.timeout(seconds):
            lines = await plugin(event, facts)
        return [_action(line, event) for line in list(lines)[:MOST_ACTIONS]]
    except KeyError as error:
        why = f"there is no plug-in {name}" if error.args == (name,) else repr(error)
    except TimeoutError:
        why = f"it took longer than {seconds:g} seconds"
    except Exception as error:
        why = repr(error)
    log.error("policy_plugin_failed", plugin=name, at=event, why=why)
    return None


def _action(line: str, event: Event) -> Action:
    found = actions.parse(line, event)
    if found.verb in ("ask", "set"):  # limits are the rules' to set; and nobody is asked for ever
        raise ValueError(f"a plug-in does not say {found.verb!r}")
    return found
