"""Dialogues as files: several actors, what each says and what the server answers.

    # anything behind a sharp at the start of a line
    alice > a1 CREATE Work             said by alice, who is signed in when she first speaks
    alice > a2 APPEND Work <<Subject: x\\r\\n\\r\\nHello>>      << >>: a literal, its announcement is added
    alice < a1 OK *                    the next response; * stands for anything, but for the one of an untagged response
    bob   <~ \\* [0-9]+ EXISTS          passes over responses until one matches this regular expression
    bob   < (closed)                   the server has hung up
    bob   ! tls                        from here on the line is another: tls, deflate
    #! [imap]                          a line of the server's configuration

`stranger` never signs in, and reads the greeting first. Numbers that the server chooses are matched by *.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Protocol

_LINE = re.compile(r"(\w+)\s+(>|<~|<|!)\s(.*)\Z")
_LITERAL = re.compile(r"<<(.*?)>>")


class Actor(Protocol):
    """The client of one actor."""

    def send(self, octets: bytes) -> None: ...

    async def response(self) -> bytes: ...


Turn = Callable[[Actor, str], Awaitable[None]]
"""Makes an actor's line another one."""


@dataclass(frozen=True)
class Step:
    """One line of a transcript."""

    number: int
    actor: str
    way: str
    text: str


def steps(text: str) -> Sequence[Step]:
    """The steps of a transcript; ValueError names the line that is none."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.match(line.rstrip())
        if match is None:
            raise ValueError(f"line {number} is no step of a transcript: {line!r}")
        found.append(Step(number, match[1], match[2], match[3]))
    return found


def configuration(text: str) -> str:
    """What a transcript wants the server to be told, in TOML."""
    return "".join(line[2:].strip() + "\n" for line in text.splitlines() if line.startswith("#!"))


async def play(
    name: str, text: str, enter: Callable[[AsyncExitStack, str], Awaitable[Actor]], turn: Turn | None = None
) -> int:
    """Play a transcript; gives back how many answers were checked. AssertionError names file and line."""
    actors: dict[str, Actor] = {}
    checked = 0
    async with AsyncExitStack() as stack:
        for step in steps(text):
            if step.actor not in actors:
                actors[step.actor] = await enter(stack, step.actor)
            actor, where = actors[step.actor], f"{name}:{step.number}: {step.actor} {step.way} {step.text}"
            if step.way == ">":
                actor.send(_octets(step.text))
                continue
            if step.way == "!":
                assert turn is not None, f"{where}\n  this line stays as it is"
                await turn(actor, step.text)
                continue
            await (_next if step.way == "<" else _until)(actor, step.text, where)
            checked += 1
    return checked


def _octets(text: str) -> bytes:
    def literal(found: re.Match[str]) -> str:
        body = found[1].replace("\\r", "\r").replace("\\n", "\n")
        return f"{{{len(body.encode())}+}}\r\n{body}"

    return (_LITERAL.sub(literal, text) + "\r\n").encode()


async def _next(actor: Actor, wanted: str, where: str) -> None:
    got = (await actor.response()).decode("utf-8", "replace")
    if wanted == "(closed)":
        assert got == "", f"{where}\n  got {got!r}"
        return
    start = "* " if wanted.startswith("* ") else ""
    pattern = re.escape(start) + ".*".join(map(re.escape, wanted[len(start) :].split("*")))
    assert re.fullmatch(pattern, got, re.DOTALL), f"{where}\n  got {got!r}"


async def _until(actor: Actor, wanted: str, where: str) -> None:
    passed = []
    while got := (await actor.response()).decode("utf-8", "replace"):
        if re.fullmatch(wanted, got, re.DOTALL):
            return
        passed.append(got)
    raise AssertionError(f"{where}\n  the connection ended; before that came {passed}")
