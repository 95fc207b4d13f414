"""What Exchange says of contacts and vCard has no field for: lines of their own, the same for phones and Outlook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

EXTRAS: Final = {
    "FileAs": "x-ms-file-as",
    "OfficeLocation": "x-ms-office",
    "SpouseName": "x-spouse",
    "Manager": "x-manager",
    "AssistantName": "x-assistant",
    "Children": "x-ms-child",
}
"""The line of vCard, by what EWS calls it."""


def extras_of(card: Mapping[str, Any], line: str) -> list[str]:
    """The texts of the lines of that name."""
    return [str(each[3]) for each in card.get("vCardProps") or () if each[0] == line]


def set_extras(card: dict[str, Any], line: str, texts: Iterable[str]) -> None:
    """Puts these lines in the place of those of that name."""
    others = [each for each in card.get("vCardProps") or () if each[0] != line]
    new = [[line, {}, "text", plain] for text in texts if (plain := " ".join(text.split()))]
    card.pop("vCardProps", None)
    if others or new:
        card["vCardProps"] = [*others, *new]
