"""A script compiled once: everything that can be wrong with it before a message comes is said here, with its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailcore.sieve.arguments import named
from mailcore.sieve.errors import NotKnown, SieveError
from mailcore.sieve.grammar import parse
from mailcore.sieve.script import Call, Filled, If, Node, Script, Value
from mailcore.sieve.strings import decoded, template
from mailcore.sieve.syntax import Argument, Command, Test, Text, Texts
from mailcore.sieve.table import COMMANDS, EXTENSIONS, IMPLIES, TESTS, Spec

LATER = "?"
"""The name of a call that is not known: reaching it is an error (RFC 5463 §4). Its text tells why."""


def compiled(octets: bytes) -> Script:
    """The script, or a `SieveError` that says what its owner has to change, and where."""
    commands = parse(octets)
    check = _Check()
    at = 0
    while at < len(commands) and commands[at].name == "require":
        check.require(commands[at])
        at += 1
    body = check.block(commands[at:])
    return Script(body, frozenset(check.extensions))


class _Check:
    """One walk over the tree. State: what is required so far, what variables are set, how many loops are open."""

    __slots__ = ("extensions", "globals", "loops", "set")

    def __init__(self) -> None:
        self.extensions: set[str] = set()
        self.loops: list[str | None] = []
        self.set: set[str] = set()
        self.globals: set[str] = set()

    # --- require ---------------------------------------------------------------------------------------------------

    def require(self, command: Command) -> None:
        """Take up what a `require` names. RFC 5228 §3.2."""
        if command.tests or command.block is not None or len(command.arguments) != 1:
            raise SieveError(command.line, "'require' takes one argument: the names of extensions.")
        for name in _strings(command.arguments[0]):
            if name.value not in EXTENSIONS:
                raise SieveError(name.line, f"There is no extension {name.value[:60]!r} here.")
            self.extend(name.value)

    def extend(self, name: str) -> None:
        self.extensions.add(name)
        self.extensions |= IMPLIES.get(name, frozenset())

    # --- commands --------------------------------------------------------------------------------------------------

    def block(self, commands: Sequence[Command]) -> tuple[Node, ...]:
        found: list[Node] = []
        rest = list(reversed(commands))
        while rest:
            command = rest.pop()
            if command.name == "if":
                chain = [command]
                while rest and rest[-1].name in ("elsif", "else") and chain[-1].name != "else":
                    chain.append(rest.pop())
                found.append(self.branches(chain))
            else:
                found.append(self.lenient(command))
        return tuple(found)

    def branches(self, chain: Sequence[Command]) -> If:
        found: list[tuple[Call | None, tuple[Node, ...]]] = []
        for command in chain:
            self.shape(command, COMMANDS[command.name])
            if command.arguments:
                raise SieveError(command.line, f"{command.name!r} takes no arguments.")
            test = self.test(command.tests[0]) if command.tests else None
            found.append((test, self.block(command.block or ())))
        return If(chain[0].line, tuple(found))

    def lenient(self, command: Command) -> Node:
        """The command; in a script with `ihave` one that is not known is an error only when it is reached."""
        try:
            return self.command(command)
        except NotKnown as wrong:
            if "ihave" not in self.extensions:
                raise
            return Call(LATER, wrong.line, {"text": wrong.text})

    def command(self, command: Command) -> Node:
        if command.name == "require":
            raise SieveError(command.line, "'require' must stand before all other commands.")
        if command.name in ("elsif", "else"):
            raise SieveError(command.line, f"{command.name!r} has no 'if' before it.")
        spec = self.spec("command", command.name, command.line, COMMANDS.get(command.name))
        self.shape(command, spec)
        args = self.args(command.name, command.line, spec, command.arguments)
        self.special(command, args)
        block: tuple[Node, ...] = ()
        if spec.block:
            self.loops.append(_constant(args.get("name")))
            block = self.block(command.block or ())
            self.loops.pop()
        return Call(command.name, command.line, args, (), block)

    def shape(self, command: Command, spec: Spec) -> None:
        """A block where one belongs, and a test where one belongs."""
        if spec.block and command.block is None:
            raise SieveError(command.line, f"{command.name!r} wants a block in {{ }}.")
        if not spec.block and command.block is not None:
            raise SieveError(command.line, f"{command.name!r} takes no block; a ; ends it.")
        self.held(command, spec)

    def held(self, one: Command | Test, spec: Spec) -> None:
        if spec.holds == "one" and (len(one.tests) != 1 or one.listed):
            raise SieveError(one.line, f"{one.name!r} wants one test.")
        if spec.holds == "many" and not one.listed:
            raise SieveError(one.line, f"{one.name!r} wants tests in parentheses.")
        mark, table = (";", COMMANDS) if isinstance(one, Command) else ("comma", TESTS)
        if not spec.holds and one.tests and not one.listed and one.tests[0].name in table:
            raise SieveError(one.tests[0].line, f"A {mark} is missing before {one.tests[0].name!r}.")
        if not spec.holds and (one.tests or one.listed):
            raise SieveError(one.line, f"{one.name!r} takes no test.")

    def spec(self, kind: str, name: str, line: int, spec: Spec | None) -> Spec:
        if spec is None:
            if name in (TESTS if kind == "command" else COMMANDS):
                raise SieveError(line, f"{name!r} is a {'test' if kind == 'command' else 'command'}, not a {kind}.")
            raise NotKnown(line, f"The {kind} {name!r} is unknown.")
        if spec.needs and not self.extensions.intersection(spec.needs):
            raise NotKnown(line, f'{name!r} needs require "{spec.needs[0]}" at the beginning of the script.')
        return spec

    def args(self, name: str, line: int, spec: Spec, given: Sequence[Argument]) -> dict[str, Value]:
        return named(name, line, spec, given, frozenset(self.extensions), self.fill)

    def fill(self, value: str, line: int) -> Filled:
        if "encoded-character" in self.extensions:
            value = decoded(value, line)
        return template(value, line) if "variables" in self.extensions else value

    def special(self, command: Command, args: dict[str, Value]) -> None:
        """Rules of single commands that no table says."""
        name, line = command.name, command.line
        if name in ("extracttext", "break") and not self.loops:
            raise SieveError(line, f"{name!r} has a meaning only inside 'foreverypart'.")
        if name == "break" and (label := _constant(args.get("name"))) is not None and label not in self.loops:
            raise SieveError(line, f"No 'foreverypart' around this 'break' has the name {label[:40]!r}.")
        if name in ("global", "extracttext") and "variables" not in self.extensions:
            raise SieveError(line, f'{name!r} needs require "variables" at the beginning of the script.')
        if name == "set" and isinstance(variable := args["name"], str):
            self.set.add(variable.lower())
        if name == "global":
            self.globalize(args["names"], line)

    def globalize(self, names: Value, line: int) -> None:
        """RFC 6609 §3.4.1: a variable that the script has set itself cannot become a global one."""
        for name in names if isinstance(names, tuple) else ():
            if not isinstance(name, str) or "." in name:
                raise SieveError(line, "'global' takes the plain names of variables.")
            if name.lower() in self.set - self.globals:
                raise SieveError(line, f"The variable {name!r} was set before this 'global'.")
            self.globals.add(name.lower())

    # --- tests -----------------------------------------------------------------------------------------------------

    def test(self, test: Test) -> Call:
        try:
            return self.strict(test)
        except NotKnown as wrong:
            if "ihave" not in self.extensions:
                raise
            return Call(LATER, wrong.line, {"text": wrong.text})

    def strict(self, test: Test) -> Call:
        spec = self.spec("test", test.name, test.line, TESTS.get(test.name))
        self.held(test, spec)
        args = self.args(test.name, test.line, spec, test.arguments)
        if test.name == "ihave":
            for name in _strings(test.arguments[0]):
                if name.value in EXTENSIONS:
                    self.extend(name.value)
        return Call(test.name, test.line, args, tuple([self.test(each) for each in test.tests]))


def _strings(argument: Argument) -> Iterator[Text]:
    if isinstance(argument, Text):
        yield argument
    elif isinstance(argument, Texts):
        yield from argument.items
    else:
        raise SieveError(argument.line, "The names of extensions should stand here, in quotes.")


def _constant(value: Value | None) -> str | None:
    return value if isinstance(value, str) else None
