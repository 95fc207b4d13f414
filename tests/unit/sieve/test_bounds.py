"""What is too much is refused, or ends with an error; and what is hostile takes no long time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from mailcore.sieve.actions import Keep, Outcome
from mailcore.sieve.bounds import COMMANDS, LIST_STRINGS, NESTING, SCRIPT_OCTETS, STRING_CHARACTERS
from mailcore.sieve.check import compiled
from mailcore.sieve.errors import SieveError
from mailcore.sieve.machine import run
from mailcore.sieve.message import Environment, read

NOW = Environment(datetime(2026, 11, 26, tzinfo=UTC))


def outcome(script: bytes, message: bytes = b"Subject: x\r\n\r\n") -> Outcome:
    return run(compiled(script), read(message, "a@example.com", "b@example.com"), NOW)


def nested(depth: int) -> bytes:
    return b"if true {" * depth + b"}" * depth


@pytest.mark.parametrize(
    ("make", "most", "told"),
    [
        (nested, NESTING - 1, "deep in one another"),
        (lambda n: b"if " + b"not " * n + b"true {}", NESTING - 2, "deep in one another"),
        (lambda n: b"keep;" * n, COMMANDS, "commands"),
        (lambda n: b"if anyof(" + b",".join([b"true"] * (n - 1)) + b") {}", COMMANDS, "tests"),
        (lambda n: b"if exists [" + b",".join([b'"a"'] * n) + b"] {}", LIST_STRINGS, "strings"),
        (lambda n: b'if header "a" "' + b"x" * n + b'" {}', STRING_CHARACTERS, "characters"),
        (lambda n: b"#" + b"x" * (n - 1), SCRIPT_OCTETS, "KiB"),
    ],
)
def test_a_script_at_the_bound_is_taken_and_one_beyond_is_refused(
    make: Callable[[int], bytes], most: int, told: str
) -> None:
    compiled(make(most))
    with pytest.raises(SieveError, match=told):
        compiled(make(most + 1))


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (b"keep;\n\xff", 2),
        (b"keep;\n\n# \xc3\n", 3),
        (b"keep;\r\n\0", 2),
    ],
)
def test_what_is_no_text_is_refused_with_its_line(script: bytes, line: int) -> None:
    with pytest.raises(SieveError) as refused:
        compiled(script)
    assert refused.value.line == line


def test_a_byte_order_mark_is_left_out() -> None:
    assert compiled(b"\xef\xbb\xbfkeep;") == compiled(b"keep;")


def test_letters_that_only_fold_to_ascii_are_no_names() -> None:
    with pytest.raises(SieveError, match="'ſ' has no meaning here"):
        compiled("ſtop;".encode())


FIELDS = b"".join(b"X-A: %d\r\n" % number for number in range(10_000))
PARTS = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 10_000 + b"--b--\r\n"
BODY = b"Subject: x\r\n\r\n" + b"aab " * 1_000_000
BLOCK = b"foreverypart { foreverypart { foreverypart { foreverypart { } } } }"
NAMES = b",".join(b'"x-%d"' % number for number in range(4000))
KEYS = b",".join(b'"k%d"' % number for number in range(4000))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (b'require "editheader"; deleteheader "X-A";', FIELDS + BODY),
        (b'require "foreverypart"; ' + BLOCK * 50, PARTS),
        (b'require "mime"; ' + b'if header :mime :anychild "x" "y" {} ' * 300, PARTS),
        (b'require "body"; ' + b'if body :contains "zzz" {} ' * 300, BODY),
        (b'require "body"; ' + b'if body :raw :contains ["zzz", "yyy"] {} if body "a" {} ' * 300, BODY),
        (b'require "body"; if body :matches "*' + b"?" * 30_000 + b'b*" {}', BODY),
        (b'require "body"; if body :matches "' + b"*a" * 30_000 + b'z" {}', BODY),
        (b'require "body"; if body :matches "*' + b"a?" * 30 + b'z*" {}', BODY),
        (b"if header [" + NAMES + b"] [" + KEYS + b"] {}", FIELDS),
        (b'if header "x-a" [' + KEYS + b"] {}", FIELDS),
        (b'require ["body", "regex"]; ' + b'if body :regex "(a+a+)+c" {} ' * 50, BODY),
        (b'require ["comparator-i;unicode-casemap", "body"]; '
         + b'if body :comparator "i;unicode-casemap" :contains "z" {} ' * 100, BODY + "ä".encode() * 1000),
        (b'require ["variables"]; set "a" "' + b"x" * 8000 + b'"; ' + b'set "c" "${a}${a}${a}${a}"; ' * 200, BODY),
        (b'require ["variables"]; ' + (b'set "a" "' + b"${x}" * 10_000 + b'"; ') * 5, BODY),
    ],
)  # fmt: skip
def test_hostile_scripts_end_soon(script: bytes, message: bytes) -> None:
    begin = time.process_time()
    done = outcome(script, message)
    assert time.process_time() - begin < 8, done.instructions
    assert done.error is None or done.actions == (Keep(implicit=True),)


def test_many_regular_expressions_compile_in_bounded_time() -> None:
    patterns = b",".join(b'"%d%s"' % (number, b"([a-z]|x{3}y+)*" * 60) for number in range(200))
    begin = time.process_time()
    compiled(b'require "regex"; if header :regex "a" [' + patterns + b"] {}")
    assert time.process_time() - begin < 8
