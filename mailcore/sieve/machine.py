"""A compiled script and a message to what is to be done.

1. `run` never raises for what a script or a message holds: an error is in the outcome.
2. After an error the message is kept, and nothing that the script asked for before is done.
3. Whatever a script does, a message that it did not dispose of is kept. RFC 5228 §2.10.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailcore.sieve import (
    answers,
    basics,
    bodies,
    dates,
    edits,
    filing,
    flags,
    headers,
    including,
    notices,
    parts,
    surroundings,
    variables,
)
from mailcore.sieve.actions import Action, Entry, Keep, Outcome, Track
from mailcore.sieve.bounds import Limits
from mailcore.sieve.errors import SieveError
from mailcore.sieve.message import Environment, Message
from mailcore.sieve.run import Command, Return, Run, Stop, Test
from mailcore.sieve.script import Script

COMMANDS: Final[Mapping[str, Command]] = {
    **answers.COMMANDS,
    **basics.COMMANDS,
    **edits.COMMANDS,
    **filing.COMMANDS,
    **flags.COMMANDS,
    **including.COMMANDS,
    **notices.COMMANDS,
    **parts.COMMANDS,
    **variables.COMMANDS,
}
TESTS: Final[Mapping[str, Test]] = {
    **basics.TESTS,
    **bodies.TESTS,
    **dates.TESTS,
    **filing.TESTS,
    **flags.TESTS,
    **headers.TESTS,
    **notices.TESTS,
    **surroundings.TESTS,
    **variables.TESTS,
}
_DEFAULT: Final = Limits()


def run(script: Script, message: Message, env: Environment, limits: Limits = _DEFAULT) -> Outcome:
    """What a script wants done with a message, and which of its lines wanted it."""
    state = Run(message, env, limits, COMMANDS, TESTS)
    try:
        state.block(script.body)
    except (Stop, Return):
        pass
    except SieveError as wrong:
        told = Entry(wrong.line, f"stopped: {wrong.text}")
        return Outcome((Keep(implicit=True),), (*state.log, told), wrong, state.spent)
    return Outcome(_finished(state), tuple(state.log), None, state.spent)


def _finished(state: Run) -> tuple[Action, ...]:
    """The actions in their order, with the implicit keep, and last what is to be remembered. RFC 7352 §3."""
    done = [action for action in state.actions if not isinstance(action, Track)]
    if state.implicit_keep:
        done.append(Keep(state.flags, implicit=True))
    return (*done, *[action for action in state.actions if isinstance(action, Track)])
