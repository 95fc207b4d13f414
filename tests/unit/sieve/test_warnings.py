"""What a script that is in order warns of."""

from __future__ import annotations

import pytest

from mailcore.sieve.check import compiled
from mailcore.sieve.warnings import MOST, warnings


@pytest.mark.parametrize(
    ("script", "lines"),
    [
        ("", []),
        ("keep;\nstop;", []),
        ("stop;\nkeep;\nkeep;", [2]),
        ("if true {\n stop;\n discard;\n}\nkeep;", [3]),
        ('require "foreverypart";\nforeverypart {\n break;\n keep;\n}', [4]),
        ('require "include";\nreturn;\nif true {\n stop;\n keep;\n}', [3]),
        ('require "ihave";\nif ihave "future" {\n future "x";\n}', [3]),
        ('require "ihave";\nif not future "x" {\n keep;\n}', [2]),
    ],
)
def test_it_warns_of_what_is_never_done_and_of_what_cannot_be(script: str, lines: list[int]) -> None:
    found = warnings(compiled(script.encode()))
    assert [int(each.split(":")[0].removeprefix("Line ")) for each in found] == lines


def test_it_does_not_warn_without_end() -> None:
    assert len(warnings(compiled(b"if true { stop; keep; }\n" * (MOST + 5)))) == MOST
