"""What a script may cost: in its text, and with one message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SCRIPT_OCTETS: Final = 256 * 1024
NESTING: Final = 32
"""Blocks and tests in one another."""
STRING_CHARACTERS: Final = 64 * 1024
LIST_STRINGS: Final = 5_000
COMMANDS: Final = 5_000
"""Commands of a script, and as many tests."""
REGEX_CHARACTERS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take; past a limit it ends with an error, and the message is kept."""

    instructions: int = 200_000
    """Commands, tests and comparisons; long ones count as several."""
    actions: int = 32
    redirects: int = 5
    notices: int = 5
    regex_seconds: float = 1.0
    """Of all regular expressions together."""
    variables: int = 256
    variable_characters: int = 8_000
    """What is longer is cut, as RFC 5229 §6 allows."""
    text_characters: int = 1024 * 1024
    """Of what all the strings with variables in them become, together."""
    include_depth: int = 10
    includes: int = 50
    body_characters: int = 1024 * 1024
    """Of a message's body, as much is looked at."""
    message_octets: int = 64 * 1024 * 1024
    """`replace`, `enclose` and the like make no message greater than this."""
