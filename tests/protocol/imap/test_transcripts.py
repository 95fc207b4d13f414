"""Every dialogue in tests/transcripts/*.imap, word for word."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.imapstand import Stand, connected
from tests.support.transcripts import Actor, play, steps

TRANSCRIPTS = sorted((Path(__file__).parents[2] / "transcripts").glob("*.imap"))


TEXTS = {path: path.read_text() for path in TRANSCRIPTS}


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_dialogue(path: Path, place: Stand) -> None:
    async def enter(stack: AsyncExitStack, name: str) -> Actor:
        if name == "stranger":
            return await stack.enter_async_context(connected(place.port, greeted=False))
        return await stack.enter_async_context(place.client(name))

    assert await play(path.name, TEXTS[path], enter) > 0
    assert place.log.named("command_failed") == []


def test_line_that_is_no_step_is_named() -> None:
    with pytest.raises(ValueError, match="line 2"):
        steps("alice > a1 NOOP\nalice a1 OK\n")
