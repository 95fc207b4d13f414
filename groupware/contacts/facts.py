"""What filters ask of a contact, kept beside it, so that its octets are not read to answer them: decision 394.

Its version, and all its properties but those of `MEDIA`, as JSON:
`[1, "3.0", [["", "FN", {}, "Ann"], ["item1", "TEL", {"TYPE": ["HOME"]}, "+49 1"]]]`.
"""

from __future__ import annotations

import json
from typing import Final

from groupware.model.content import Component, Line

MEDIA: Final = frozenset({"KEY", "LOGO", "PHOTO", "SOUND"})
VERSION: Final = 1
"""Who changes what is kept counts it up, and has a migration make all wait: what is of another version is not asked."""
_MARK: Final = f"[{VERSION},"
LONGEST: Final = 8_000
"""Characters: what has more to say is asked itself."""


def facts_of(card: Component, version: str) -> str:
    """The facts; "" of what is long: its octets are asked."""
    lines = [[line.group, line.name, line.params, line.value] for line in card.lines if line.name not in MEDIA]
    text = json.dumps([VERSION, version, lines], separators=(",", ":"))
    return text if len(text) <= LONGEST else ""


def readable(facts: str, version: str) -> bool:
    """Whether they say what the contact is in this version of vCard ("": the one that it is stored in)."""
    return facts.startswith(f'{_MARK}"{version}",' if version else _MARK)


def read_facts(facts: str) -> Component:
    """The contact with what the facts say of it."""
    _, _, lines = json.loads(facts)
    return Component("VCARD", 0, [Line(name, params, value, 0, group) for group, name, params, value in lines])
