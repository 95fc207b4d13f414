"""A progress bar on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Step = Callable[[int], None]
"""Told how much has been done since."""


@contextmanager
def progress(doing: str, total: int, *, octets: bool = False) -> Iterator[Step]:
    """A bar for so many things, or `octets`."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    much = DownloadColumn() if octets else MofNCompleteColumn()
    columns = (TextColumn(doing), BarColumn(), much, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda done: bar.advance(task, done)
