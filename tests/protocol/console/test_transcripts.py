"""The dialogues of `tests/transcripts` with the console."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.protocol.console.stand import ANNA, ROOT, connected
from tests.support.onedoor import OneDoor
from tests.support.talk import Client, client
from tests.support.transcripts import Actor, play

FILES = sorted((Path(__file__).parents[2] / "transcripts").glob("*.console"))
TEXTS = {path: path.read_text() for path in FILES}
NAMES = {"root": ROOT, "anna": ANNA}


class Caller:
    """A client as transcripts have it."""

    def __init__(self, caller: Client) -> None:
        self._caller = caller

    def send(self, octets: bytes) -> None:
        self._caller.send(octets)

    async def response(self) -> bytes:
        return (await self._caller.line()).encode()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_dialogue(door: OneDoor, path: Path) -> None:
    async def enter(stack: AsyncExitStack, actor: str) -> Actor:
        if actor in NAMES:
            return Caller(await stack.enter_async_context(connected(door, NAMES[actor])))
        return Caller(await stack.enter_async_context(client(door.port)))

    assert await play(path.name, TEXTS[path], enter) > 5
