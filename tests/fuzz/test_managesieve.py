"""Whatever is sent to ManageSieve: a command or what is wrong with it; and strings that survive the wire."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from mailcore.sieve.managesieve import grammar
from mailcore.sieve.managesieve.commands import COMMANDS
from mailcore.sieve.managesieve.grammar import Command, Literal
from mailcore.sieve.managesieve.reply import QUOTED_MAX, Reply, literal, string

PIECES = st.sampled_from(
    [*[verb.encode() for verb in COMMANDS], b" ", b'"', b"\\", b'"a"', b"5", b"{3+}", b"{3}", b"\0", b"\xff", b"x"]
)
LINES = (st.lists(PIECES, max_size=12).map(b"".join) | st.binary(max_size=200)).map(
    lambda octets: octets.replace(b"\n", b"") + b"\r\n"
)
STRINGS = st.lists(st.sampled_from([b'"', b"\\", b"\r\n", b"\0", b"a", b"{2+}", "é".encode(), b"x" * 600])).map(
    b"".join
)
ARGUMENTS = st.lists(STRINGS | st.binary(max_size=60) | st.integers(0, 2**32 - 1), max_size=4)


def pieces(octets: bytes) -> list[bytes]:
    """What the session reads of it: lines, and the literals that they announce."""
    found: list[bytes] = []
    while octets:
        end = octets.find(b"\n") + 1
        line, octets = octets[:end], octets[end:]
        found.append(line)
        announced = grammar.literal(line)
        if announced is None:
            break
        found.append(octets[: announced.size])
        octets = octets[announced.size :]
    return found


def written(value: bytes | int, in_quotes: bool) -> bytes:
    """An argument as a client writes it."""
    if isinstance(value, int):
        return b"%d" % value
    if in_quotes and not re.search(rb"[\r\n\0]", value):
        return b'"%s"' % value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b"{%d+}\r\n%s" % (len(value), value)


@given(st.lists(LINES, min_size=1, max_size=3), st.lists(st.binary(max_size=20), min_size=3, max_size=3))
def test_every_line_is_a_command_or_says_why_not(lines: list[bytes], literals: list[bytes]) -> None:
    mixed = [each for pair in zip(lines, literals, strict=False) for each in pair][: 2 * len(lines) - 1]
    found = grammar.parse(mixed)
    assert isinstance(found, Command)
    assert found.problem or found.verb == found.verb.upper()
    assert not found.problem or not found.args


@given(st.sampled_from(sorted(COMMANDS)), ARGUMENTS, st.booleans())
def test_what_a_client_writes_is_what_is_read(verb: str, values: list[bytes | int], in_quotes: bool) -> None:
    line = b" ".join([verb.lower().encode(), *[written(each, in_quotes) for each in values]]) + b"\r\n"
    assert grammar.parse(pieces(line)) == Command(verb, tuple(values))


@given(LINES)
def test_a_literal_is_announced_at_the_end_of_a_line_or_not_at_all(line: bytes) -> None:
    found = grammar.literal(line)
    assert found is None or isinstance(found, Literal)
    assert (found is not None) == bool(re.search(rb"\{\d{1,10}\+?\}\r\n\Z", line))


@given(LINES, st.none() | st.binary(max_size=20))
def test_an_answer_in_an_exchange_is_one_string_or_none(line: bytes, octets: bytes | None) -> None:
    found = grammar.text(line, octets)
    assert found is None or found == octets or octets is None


@given(STRINGS | st.binary(max_size=1100))
def test_a_string_of_the_server_survives_the_wire(value: bytes) -> None:
    sent = string(value)
    if sent.startswith(b"{"):
        assert sent == literal(value)
        return
    assert len(value) <= QUOTED_MAX
    assert grammar.text(sent + b"\r\n") == value


@given(st.text('a "\\\r\n\0é\U0001f600', max_size=1500))
def test_an_answer_ends_where_it_says_it_ends(text: str) -> None:
    octets = Reply("NO", text, "WARNINGS").octets()
    assert octets.endswith(b"\r\n")
    if text and b'"' in octets[:16]:
        assert octets.count(b"\n") == 1
