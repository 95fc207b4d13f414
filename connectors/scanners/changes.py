"""The header of a message with what scanners have to say, and without what somebody else has said in their name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from connectors.scanners.report import Change, Report, one_line
from groupware.mime.compose import header_line

OURS: Final = ("x-spam-score", "x-spam-flag", "x-spam-status", "x-spam-level", "x-virus-status")
"""Fields that people's programs trust: whoever else has written them is not believed."""
_FIELD: Final = re.compile(rb"([!-9;-~]+)[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*")
_LINE: Final = re.compile(rb"[^\n]*\n")


def changed(octets: bytes, reports: Sequence[Report], *, junk: bool) -> bytes:
    """The message with the changes that were asked for and the fields that say what was found."""
    end = _end_of_header(octets)
    pieces = _pieces(octets[:end])
    for report in reports:
        pieces = _after(pieces, report.changes)
    pieces = [(name, piece) for name, piece in pieces if name not in OURS]
    return b"".join([*_fields(reports, junk=junk), *(piece for _, piece in pieces)]) + octets[end:]


def _end_of_header(octets: bytes) -> int:
    """Where the blank line begins."""
    found = re.search(rb"(?:\A|\n)(?=\r?\n)", octets)
    return found.end() if found is not None else len(octets)


def _pieces(header: bytes) -> list[tuple[str, bytes]]:
    """The fields with their names in lower case, and what is no field under the name ""; nothing is lost."""
    found: list[tuple[str, bytes]] = []
    at = 0
    while at < len(header):
        field = _FIELD.match(header, at)
        match = field or _LINE.match(header, at)
        end = match.end() if match is not None else len(header)
        found.append((field[1].decode("ascii", "replace").lower() if field is not None else "", header[at:end]))
        at = end
    return found


def _after(pieces: list[tuple[str, bytes]], changes: Sequence[Change]) -> list[tuple[str, bytes]]:
    """The fields with what was added before them. An index counts the fields as they were at first.

    What this server has found itself stays: who checks senders as well takes away what claims to be of its own name.
    """
    places: dict[tuple[str, int], Change] = {}
    counted: dict[str, int] = {}
    numbered: list[tuple[str, int, bytes]] = []
    for name, piece in pieces:
        counted[name] = counted.get(name, 0) + 1
        numbered.append((name, counted[name], piece))
    added: list[tuple[str, bytes]] = []
    gone: set[str] = set()
    for change in changes:
        name = change.name.lower()
        if change.index and change.index <= counted.get(name, 0):
            places[name, change.index] = change
        elif change.value is not None:
            added.append((name, _line(change)))
        elif not change.index:
            gone.add(name)
    at = _own([name for name, _ in pieces])
    kept = [
        (name, _kept(piece, places.get((name, number)))) for name, number, piece in numbered[at:] if name not in gone
    ]
    return [*pieces[:at], *added, *((name, piece) for name, piece in kept if piece)]


def _own(names: Sequence[str]) -> int:
    """How many fields at the top are this server's words of how the message came; others read them as the first two."""
    if names[:1] != ["received"]:
        return 0
    return 2 if names[1:2] == ["authentication-results"] else 1


def _kept(piece: bytes, change: Change | None) -> bytes:
    if change is None:
        return piece
    return b"" if change.value is None else _line(change)


def _line(change: Change) -> bytes:
    return header_line(change.name, one_line(change.value or ""))


def _fields(reports: Sequence[Report], *, junk: bool) -> list[bytes]:
    found: list[bytes] = []
    if junk:
        found.append(header_line("X-Spam-Flag", "YES"))
    for report in reports:
        if report.score is not None:
            rules = f" {', '.join(report.rules)}" if report.rules else ""
            limit = f" of {report.threshold:g}" if report.threshold is not None else ""
            found.append(header_line("X-Spam-Score", f"{report.score:g}{limit} ({report.scanner}){rules}"))
        if report.virus:
            found.append(header_line("X-Virus-Status", f"Infected: {report.virus} ({report.scanner})"))
    return found
