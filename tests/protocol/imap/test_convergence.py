"""Two sessions change one folder at random; what each client makes of the responses is what is there."""

from __future__ import annotations

import random
import re

import pytest

from tests.support.imapstand import Answer, Client

FETCH = re.compile(rb"\* (\d+) FETCH \(.*?FLAGS \(([^)]*)\)")


class Model:
    """What a client knows of the folder: for each message its UID (None: not yet asked for) and its flags."""

    def __init__(self, client: Client, folder: str) -> None:
        self.client, self.folder = client, folder
        self.messages: list[dict[str, object]] = []

    async def open(self) -> None:
        answer = await self.client.ask(f'SELECT "{self.folder}"')
        assert answer.ok
        self.hear(answer, numbers=False)
        await self.refresh()

    async def ask(self, command: str, *literals: bytes) -> Answer:
        numbers = command.split()[0] in ("FETCH", "STORE", "SEARCH")
        answer = await self.client.ask(command, *literals)
        self.hear(answer, numbers=numbers)
        return answer

    def hear(self, answer: Answer, *, numbers: bool) -> None:
        for line in answer.untagged:
            words = line.split(b" ")
            if words[2:3] == [b"EXISTS"]:
                count = int(words[1])
                assert count >= len(self.messages), line
                self.messages += [{"flags": None} for _ in range(count - len(self.messages))]
            elif words[2:3] == [b"EXPUNGE"]:
                assert not numbers, "EXPUNGE while numbers are in use"
                del self.messages[int(words[1]) - 1]
            elif found := FETCH.match(line):
                flags = frozenset(found[2].split()) - {b"\\Recent"}
                self.messages[int(found[1]) - 1]["flags"] = flags

    async def refresh(self) -> None:
        """Ask for what is not known yet."""
        answer = await self.client.ask("UID FETCH 1:* (UID FLAGS)")
        self.hear(answer, numbers=False)

    def flags(self) -> list[object]:
        return [message["flags"] for message in self.messages]


@pytest.mark.parametrize("seed", range(6))
async def test_two_sessions(alice: Client, bob: Client, seed: int) -> None:
    chance = random.Random(seed)
    await alice.ask("SETACL INBOX bob lrwitxe")
    await alice.ask("CREATE Aside")
    one, other = Model(alice, "INBOX"), Model(bob, "Other Users/alice@example.test/INBOX")
    for number in range(8):
        await alice.append("INBOX", b"Subject: %d\r\n\r\nx\r\n" % number)
    await one.open()
    await other.open()
    for _ in range(60):
        model = chance.choice((one, other))
        await step(chance, model)
    for model in (one, other):
        await model.ask("NOOP")
        # flags of what came lately are not known before one asks; what is known has to be right
        known = model.flags()
        await model.refresh()
        assert all(flags is None or flags == now for flags, now in zip(known, model.flags(), strict=True))
    assert one.flags() == other.flags()
    if chance.random() < 0.5:
        assert (await alice.ask("STATUS INBOX (MESSAGES)")).untagged[0].endswith(b"(MESSAGES %d)" % len(one.messages))


async def step(chance: random.Random, model: Model) -> None:
    count = len(model.messages)
    number = chance.randint(1, count) if count else 0
    uid = "UID " if chance.random() < 0.3 else ""
    which = f"{number}" if chance.random() < 0.7 else f"{number}:*"
    flags = chance.sample(["\\Flagged", "\\Answered", "\\Deleted", "word", "other"], 2)
    silent = chance.choice(["", ".SILENT"])
    match chance.randint(0, 9):
        case 0 | 1:
            await model.ask(f'APPEND "{model.folder}"', b"Subject: new\r\n\r\nx\r\n")
        case 2 | 3 | 4 if number:
            sign = chance.choice(["+", "-", ""])
            answer = await model.ask(f"{uid}STORE {which} {sign}FLAGS{silent} ({' '.join(flags)})")
            if silent and answer.ok and not uid:
                await model.ask(f"FETCH {which} (FLAGS)")  # the client computes those itself; here it asks
            elif silent:
                await model.refresh()
        case 5 if number:
            await model.ask(f"FETCH {which} (FLAGS INTERNALDATE)")
        case 6:
            await model.ask("EXPUNGE")
        case 7 if number and model.folder == "INBOX":
            await model.ask(f"{uid}MOVE {which} Aside")
        case 8:
            await model.ask("SEARCH UNDELETED")
        case _:
            await model.ask("NOOP")
