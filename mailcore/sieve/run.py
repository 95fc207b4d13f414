"""One run of one script over one message: what is known so far, what may be spent, where to look things up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from mailcore.sieve.actions import Action, Entry, FileInto, Keep, Notify, Redirect, Reject, Rewrite, Vacation
from mailcore.sieve.bounds import Limits
from mailcore.sieve.errors import SieveError
from mailcore.sieve.letter import Letter
from mailcore.sieve.message import Environment, Message
from mailcore.sieve.regexes import TooSlow
from mailcore.sieve.regexes import found as regex_found
from mailcore.sieve.script import Call, Filled, If, Node, Ref, Template

Command = Callable[["Run", Call], None]
Test = Callable[["Run", Call], bool]
_DEEPEST: Final = 100
_DISPOSES: Final = (Keep, FileInto, Redirect, Vacation)


class Stop(Exception):
    """The script ends."""


class Return(Exception):
    """The included script ends."""


class Break(Exception):
    """A loop ends: the innermost, or the one of that name."""

    def __init__(self, name: str | None) -> None:
        self.name = name


class Scope:
    """The variables of one script; those it declared global are in the run's."""

    __slots__ = ("global_names", "name", "own")

    def __init__(self, name: str) -> None:
        self.name = name
        self.own: dict[str, str] = {}
        self.global_names: set[str] = set()


class Run:
    """The state of a run. Families of commands and tests read and change it; nobody else holds one."""

    def __init__(
        self,
        message: Message,
        env: Environment,
        limits: Limits,
        commands: Mapping[str, Command],
        tests: Mapping[str, Test],
    ) -> None:
        self.message = message
        self.env = env
        self.limits = limits
        self.commands = commands
        self.tests = tests
        self.letter = Letter(message)
        self.actions: list[Action] = []
        self.log: list[Entry] = []
        self.implicit_keep = True
        self.flags = message.flags
        self.globals: dict[str, str] = {}
        self.scope = Scope("")
        self.scopes: list[Scope] = []
        """Of the scripts that include one another, the outermost first."""
        self.included: set[tuple[str, str]] = set()
        self.includes = 0
        self.matched: tuple[str, ...] = ()
        self.parts: list[int] = []
        """The part that each open loop is at."""
        self.body: tuple[tuple[object, ...], Sequence[str]] | None = None
        """What the last test of the body looked at, under what it asked for."""
        self.line = 0
        self.spent = 0
        self.filled = 0
        self.regex_left = limits.regex_seconds
        self.depth = 0

    # --- carrying out ----------------------------------------------------------------------------------------------

    def block(self, nodes: Sequence[Node]) -> None:
        """Carry out commands one after the other."""
        with self.deeper():
            for node in nodes:
                self.spend(1, node.line)
                if isinstance(node, If):
                    self.branch(node)
                else:
                    self.commands[node.name](self, node)

    def branch(self, node: If) -> None:
        for test, block in node.branches:
            if test is None or self.test(test):
                self.block(block)
                return

    def test(self, call: Call) -> bool:
        """Whether a test holds."""
        self.spend(1, call.line)
        with self.deeper():
            return self.tests[call.name](self, call)

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.error("Scripts, blocks and tests are too deep in one another.")
        try:
            yield
        finally:
            self.depth -= 1

    def spend(self, cost: int, line: int = 0) -> None:
        """Count what was done. `SieveError` when there is nothing left to spend."""
        self.line = line or self.line
        self.spent += cost
        if self.spent > self.limits.instructions:
            raise self.error(f"The script takes more than {self.limits.instructions} steps for this message.")

    def error(self, text: str) -> SieveError:
        """An error at the line that is carried out."""
        return SieveError(self.line, text)

    # --- what is asked for -----------------------------------------------------------------------------------------

    def act(self, action: Action, told: str) -> None:
        """Take up an action, `told` in the log. `SieveError` if it does not go with those there are, or is too much."""
        self.fits(action)
        self.actions.append(action)
        self.note(told)

    def note(self, told: str) -> None:
        """Write into the log."""
        if len(self.log) < 4 * self.limits.actions:
            self.log.append(Entry(self.line, told, self.scope.name))

    def fits(self, action: Action) -> None:
        """RFC 5429 §2.1, RFC 5230 §4.7: a message that is rejected is not kept, sent on or answered.

        RFC 6785 §3: one that lies in a mailbox already is neither.
        """
        if self.env.stored and isinstance(action, Reject | Vacation):
            name = type(action).__name__.lower()
            raise self.error(f"{name!r} is for mail that comes in; this message lies in a mailbox already.")
        for kind, other in ((Reject, (*_DISPOSES, Reject)), (_DISPOSES, (Reject,)), (Vacation, (Vacation,))):
            if isinstance(action, kind) and (there := [one for one in self.actions if isinstance(one, other)]):
                names = (
                    f"{type(action).__name__.lower()!r} and {type(there[0]).__name__.lower()!r} (line {there[0].line})"
                )
                raise self.error(f"{names} exclude each other.")
        self.count(action, Redirect, self.limits.redirects, "redirections")
        self.count(action, Notify, self.limits.notices, "notices")
        self.count(action, Rewrite, 4, "rewritten messages")
        if len(self.actions) >= self.limits.actions:
            raise self.error(f"The script asks for more than {self.limits.actions} actions.")

    def count(self, action: Action, kind: type[Action], most: int, what: str) -> None:
        if isinstance(action, kind) and sum(isinstance(one, kind) for one in self.actions) >= most:
            raise self.error(f"The script asks for more than {most} {what}.")

    # --- strings ---------------------------------------------------------------------------------------------------

    def text(self, call: Call, name: str, default: str = "") -> str:
        """A string argument filled in."""
        value = call.args.get(name)
        return self.fill(value) if isinstance(value, str | Template) else default

    def texts(self, call: Call, name: str) -> list[str]:
        """A list argument filled in; empty if it was not written."""
        value = call.args.get(name, ())
        if not isinstance(value, tuple):
            return []
        self.spend(len(value) // 10)
        return [self.fill(each) for each in value]

    def number(self, call: Call, name: str) -> int | None:
        """A number argument, None if it was not written."""
        value = call.args.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def fill(self, value: Filled) -> str:
        """The string with its variables filled in."""
        if isinstance(value, str):
            return value
        self.spend(len(value.pieces) // 10)
        text = "".join([self.variable(piece.name) if isinstance(piece, Ref) else piece for piece in value.pieces])
        self.filled += len(text)
        if self.filled > self.limits.text_characters:
            raise self.error("The strings with variables in them become too long.")
        return text

    def variable(self, name: str) -> str:
        """The value of a variable or a match; empty if it has none. RFC 5229 §3."""
        if name.isdigit():
            number = int(name)
            return self.matched[number] if number < len(self.matched) else ""
        if name.startswith("global."):
            return self.globals.get(name.removeprefix("global."), "")
        names = self.globals if name in self.scope.global_names else self.scope.own
        return names.get(name, "")

    def set(self, name: str, value: str) -> None:
        """Give a variable its value; what is too long is cut. `SieveError` if there are too many."""
        name = name.lower()
        names, own = (self.globals, name.removeprefix("global.")), name
        if not name.startswith("global.") and name not in self.scope.global_names:
            names = (self.scope.own, own)
        held, key = names
        if key not in held and len(held) >= self.limits.variables:
            raise self.error(f"The script sets more than {self.limits.variables} variables.")
        held[key] = value[: self.limits.variable_characters]

    def regex(self, pattern: str, value: str, *, fold: bool) -> tuple[str, ...] | None:
        """What an expression matches, its time taken from what is left. `SieveError` when there is none."""
        begin = time.monotonic()
        try:
            return regex_found(pattern, value, fold=fold, seconds=self.regex_left)
        except TooSlow:
            raise self.error(f"The regular expression {pattern[:60]!r} takes too long.") from None
        except ValueError as wrong:
            raise self.error(f"{pattern[:80]!r} is no regular expression: {wrong}") from None
        finally:
            self.regex_left -= time.monotonic() - begin
            if self.regex_left <= 0:
                self.regex_left = 0.001
