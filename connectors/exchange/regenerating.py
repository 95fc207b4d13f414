"""Tasks that come again some time after they were done, instead of on fixed days, and those that were done before a new
one came: lines of their own beside the rule, for iCalendar has neither. MS-ASTASK §2.2.2.9, §2.2.2.20.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.exchange.events import line_in, put_line

REGENERATES: Final = "x-ms-regenerate"
OVER: Final = "x-ms-dead-occurrence"


def is_so(task: Mapping[str, Any], line: str) -> bool:
    """Whether one of the two is said of a task."""
    return line_in(task, line).upper() == "TRUE"


def set_so(task: dict[str, Any], line: str, *, so: bool) -> None:
    """Says it, or no longer does."""
    if so != is_so(task, line):
        put_line(task, line, "TRUE" if so else "")
