"""What a script that is in order should make its owner think of: things that it will never do, or not yet can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from mailcore.sieve.check import LATER
from mailcore.sieve.script import Call, If, Node, Script

MOST: Final = 20
_ENDS: Final = ("stop", "return", "break", "error")


def warnings(script: Script) -> tuple[str, ...]:
    """One sentence each, with the line it is about."""
    return tuple([f"Line {line}: {text}" for line, text in sorted(_block(script.body))[:MOST]])


def _block(block: Sequence[Node]) -> Iterator[tuple[int, str]]:
    for number, node in enumerate(block):
        if isinstance(node, If):
            for test, inner in node.branches:
                if test is not None:
                    yield from _call(test)
                yield from _block(inner)
            continue
        yield from _call(node)
        if node.name in _ENDS and number + 1 < len(block):
            behind = block[number + 1].line
            yield behind, f"This is never reached: {node.name!r} on line {node.line} comes before it."
            return


def _call(call: Call) -> Iterator[tuple[int, str]]:
    if call.name == LATER:
        yield call.line, f"{call.args['text']} Without an 'ihave' that keeps it away, the script ends here."
    for test in call.tests:
        yield from _call(test)
    yield from _block(call.block)
