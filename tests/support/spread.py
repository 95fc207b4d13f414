"""How the tests are spread over pytest-xdist's workers: a file at a time, so that what its tests share is made once.

What takes longest goes first, so that at the end short files are left and the workers are done together.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

LONG = (
    "tests/e2e/",
    "tests/faults/test_killed.py",
    "tests/matrix/",
    "tests/faults/",
    "tests/clients/",
    "tests/cli/",
    "tests/protocol/counters/",
    "tests/protocol/corpus/",
    "tests/protocol/",
    "tests/fuzz/",
)
"""Where the tests are that take longest, the longest first; a folder ends with a slash."""
TOGETHER = ("tests/e2e/", "tests/protocol/workers/")
"""Folders whose tests stay in one worker: they share a server, or a server and a browser."""
OTHERS = ("tests/e2e/", "tests/clients/")
"""Where a program of others has a part whose haste is not ours to set: a browser, Thunderbird, Evolution."""


def place(nodeid: str) -> str:
    """What is given to a worker as one: the file of a test, or its folder."""
    file = nodeid.partition("::")[0]
    return next((each for each in TOGETHER if file.startswith(each)), file)


def rank(item: pytest.Item) -> int:
    """Where the test stands in LONG, or behind all of them."""
    return next((number for number, each in enumerate(LONG) if item.nodeid.startswith(each)), len(LONG))


def longest_first(items: list[pytest.Item]) -> None:
    """Puts the tests in order; those of a file stay as they are among themselves."""
    items.sort(key=rank)


def second_try(items: list[pytest.Item]) -> None:
    """Lets a test in which a program of others takes part fail once; the summary of the run shows what failed."""
    for each in items:
        if each.nodeid.startswith(OTHERS):
            each.add_marker(pytest.mark.flaky(reruns=1))


class ByPlace(LoadScopeScheduling):
    """Gives the workers one place after the other, in the order in which the tests were collected."""

    def schedule(self) -> None:
        self.config.option.loadscopereorder = False
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return place(nodeid)
