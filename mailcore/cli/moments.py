"""Moments as people write them on a command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import typer

_SPAN: Final = re.compile(r"(\d{1,5})\s*(m|h|d|w)")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


def moment(text: str) -> datetime:
    """A moment to come, in UTC: `2026-12-31`, `2026-12-31T18:00` (a zone may follow), or `30m`, `12h`, `7d`, `2w`."""
    span = _SPAN.fullmatch(text.strip().lower())
    if span is not None:
        return datetime.now(UTC) + timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment; write 2026-12-31, 2026-12-31T18:00 or 7d") from None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    if found <= datetime.now(UTC):
        raise typer.BadParameter(f"{text!r} has passed already")
    return found


def past(text: str) -> datetime:
    """A moment that has been, in UTC: written in the same forms; `7d` is seven days ago."""
    span = _SPAN.fullmatch(text.strip().lower())
    if span is not None:
        return datetime.now(UTC) - timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment; write 2026-12-31, 2026-12-31T18:00 or 7d") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
