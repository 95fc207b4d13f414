"""What rules do to a message's header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from groupware.mime.compose import header_line
from groupware.mime.headers import clean
from mailcore.smtp.headers import header_of, own_lines
from mailcore.smtp.policy.actions import Action, filled
from mailcore.smtp.policy.variables import Facts

EDITS: Final = frozenset(
    (
        *("add-header", "add-header-if-missing", "modify-header", "modify-header-if-there"),
        *("remove-header", "remove-first-header"),
    )
)
_FIELD: Final = re.compile(rb"[^\n]*+\n?(?:[ \t][^\n]*+\n?)*+")


def edited(octets: bytes, actions: Sequence[Action], facts: Facts) -> bytes:
    """The message with its header as the actions say, in their order; all other octets stay as they are."""
    edits = [each for each in actions if each.verb in EDITS]
    if not edits:
        return octets
    header = header_of(octets)
    lines = [each for each in _FIELD.findall(header) if each]
    for edit in edits:
        lines = _edited(lines, edit, facts)
    return b"".join(lines) + octets[len(header) :]


def _edited(lines: list[bytes], edit: Action, facts: Facts) -> list[bytes]:
    name = edit.words[0].encode().lower()
    there = [number for number, line in enumerate(lines) if line.partition(b":")[0].rstrip().lower() == name]
    if edit.verb in ("remove-header", "remove-first-header"):
        gone = frozenset(there if edit.verb == "remove-header" else there[:1])
        return [line for number, line in enumerate(lines) if number not in gone]
    if (edit.verb == "add-header-if-missing" and there) or (edit.verb == "modify-header-if-there" and not there):
        return lines
    new = header_line(edit.words[0], clean(filled(edit.words[1], facts)))
    if there and edit.verb != "add-header":
        kept = [line for number, line in enumerate(lines) if number not in there[1:]]
        kept[there[0]] = new
        return kept
    at = own_lines([line.partition(b":")[0].rstrip().lower() for line in lines])
    return [*lines[:at], new, *lines[at:]]
