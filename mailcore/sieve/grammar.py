"""Tokens of a script to its commands. RFC 5228 §8.2."""

from __future__ import annotations

from collections.abc import Iterator

from mailcore.sieve.bounds import COMMANDS, LIST_STRINGS, NESTING
from mailcore.sieve.errors import SieveError
from mailcore.sieve.lexer import Token, tokens
from mailcore.sieve.syntax import Argument, Command, Number, Tag, Test, Text, Texts


def parse(octets: bytes) -> tuple[Command, ...]:
    """The commands of a script. `SieveError` says what is wrong and in which line."""
    reader = _Reader(tokens(octets))
    commands = reader.commands(0)
    if reader.now.kind != "end":
        raise SieveError(reader.now.line, "This } closes nothing.")
    return commands


class _Reader:
    """One walk over the tokens, one of them looked at ahead."""

    __slots__ = ("count", "now", "rest", "tests_count")

    def __init__(self, rest: Iterator[Token]) -> None:
        self.rest = rest
        self.now = next(rest)
        self.count = 0
        self.tests_count = 0

    def take(self) -> Token:
        token = self.now
        if token.kind != "end":
            self.now = next(self.rest)
        return token

    def at(self, mark: str) -> bool:
        return self.now.kind == "mark" and self.now.text == mark

    def deeper(self, depth: int) -> int:
        if depth >= NESTING:
            raise SieveError(self.now.line, f"Blocks and tests are more than {NESTING} deep in one another.")
        return depth + 1

    def commands(self, depth: int) -> tuple[Command, ...]:
        found = []
        while self.now.kind == "name":
            found.append(self.command(depth))
        if self.now.kind != "end" and not self.at("}"):
            raise SieveError(self.now.line, f"A command should stand here, not {_shown(self.now)}.")
        return tuple(found)

    def command(self, depth: int) -> Command:
        name = self.take()
        self.count += 1
        if self.count > COMMANDS:
            raise SieveError(name.line, f"The script has more than {COMMANDS} commands.")
        arguments = self.arguments()
        tests, listed = self.tests(self.deeper(depth))
        if self.at(";"):
            self.take()
            return Command(name.text, name.line, arguments, tests, listed)
        if not self.at("{"):
            raise SieveError(
                self.now.line if self.now.kind != "end" else name.line,
                f"A ; or a block in {{ }} should end {name.text!r} before {_shown(self.now)}.",
            )
        opened = self.take()
        block = self.commands(self.deeper(depth))
        if not self.at("}"):
            raise SieveError(opened.line, "This { is never closed.")
        self.take()
        return Command(name.text, name.line, arguments, tests, listed, block)

    def arguments(self) -> tuple[Argument, ...]:
        found: list[Argument] = []
        while True:
            token = self.now
            if token.kind == "text":
                found.append(Text(token.text, token.line))
            elif token.kind == "number":
                found.append(Number(token.number, token.line))
            elif token.kind == "tag":
                found.append(Tag(token.text, token.line))
            elif self.at("["):
                found.append(self.texts())
                continue
            else:
                return tuple(found)
            if len(found) > LIST_STRINGS:
                raise SieveError(token.line, f"There are more than {LIST_STRINGS} arguments.")
            self.take()

    def texts(self) -> Texts:
        opened = self.take()
        found: list[Text] = []
        while True:
            token = self.take()
            if token.kind != "text":
                raise SieveError(token.line, f"A string should stand in this list, not {_shown(token)}.")
            found.append(Text(token.text, token.line))
            if len(found) > LIST_STRINGS:
                raise SieveError(token.line, f"This list has more than {LIST_STRINGS} strings.")
            behind = self.take()
            if behind.kind == "mark" and behind.text == "]":
                return Texts(tuple(found), opened.line)
            if behind.kind != "mark" or behind.text != ",":
                raise SieveError(behind.line, f"A comma or ] should stand in this list, not {_shown(behind)}.")

    def tests(self, depth: int) -> tuple[tuple[Test, ...], bool]:
        """The test, or the tests in parentheses, that stand behind arguments; and whether there were parentheses."""
        ahead = self.now
        if ahead.kind == "name":
            return (self.test(depth),), False
        if not self.at("("):
            return (), False
        opened = self.take()
        found = []
        while True:
            token = self.now
            if token.kind != "name":
                raise SieveError(token.line, f"A test should stand here, not {_shown(token)}.")
            found.append(self.test(depth))
            if self.at(")"):
                self.take()
                return tuple(found), True
            if not self.at(","):
                raise SieveError(
                    self.now.line if self.now.kind != "end" else opened.line,
                    f"A comma or ) should stand between tests, not {_shown(self.now)}.",
                )
            self.take()

    def test(self, depth: int) -> Test:
        name = self.take()
        self.tests_count += 1
        if self.tests_count > COMMANDS:
            raise SieveError(name.line, f"The script has more than {COMMANDS} tests.")
        arguments = self.arguments()
        tests, listed = self.tests(self.deeper(depth))
        return Test(name.text, name.line, arguments, tests, listed)


def _shown(token: Token) -> str:
    if token.kind == "end":
        return "the end of the script"
    if token.kind == "text":
        return "a string"
    return repr(f":{token.text}" if token.kind == "tag" else token.text)
