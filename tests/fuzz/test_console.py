"""Whatever is sent to the console is a line of words or says why not; and no text of an answer can end it."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from groupware.model.errors import NotFound
from mailcore.console import grammar
from mailcore.console.grammar import BadLine
from mailcore.console.offer import AS_SERVER, OFFERED, look_up
from mailcore.console.terminal import RemoteTerminal

WORDS = st.lists(
    st.sampled_from([*sorted({word for each in OFFERED | AS_SERVER for word in each.split()}), "--help", "é", ""])
    | st.text(max_size=12),
    max_size=6,
)


@given(st.binary(max_size=300))
def test_octets_are_words_or_a_bad_line(octets: bytes) -> None:
    try:
        words = grammar.split(grammar.text(octets + b"\r\n"))
    except BadLine as error:
        assert str(error).endswith(".")
    else:
        assert all(isinstance(each, str) for each in words)


@given(WORDS)
def test_what_is_quoted_as_for_a_shell_is_what_is_read(words: list[str]) -> None:
    line = " ".join(map(shlex.quote, words))
    if line.isprintable() and "\r" not in line:
        assert grammar.split(grammar.text(line.encode() + b"\r\n")) == words


@given(WORDS)
def test_words_name_a_command_or_nothing(words: list[str]) -> None:
    try:
        found = look_up(words)
    except NotFound as error:
        assert "there is no command" in str(error)
    else:
        assert [*found.path.split(), *found.rest] == words


class Wire:
    """Keeps what a terminal sends."""

    def __init__(self) -> None:
        self.octets = b""

    async def tell(self, octets: bytes) -> None:
        self.octets += octets

    async def ask(self, question: str, hidden: bool) -> str:
        return ""


class Here(RemoteTerminal):
    """A terminal whose work is done at once."""

    def wait(self, work):  # type: ignore[no-untyped-def]
        try:
            work.send(None)
        except StopIteration as ended:
            return ended.value
        raise AssertionError("it waits")


@given(st.lists(st.text(st.sampled_from("+-?.OK \r\nx\x85\u2028"), max_size=8), max_size=8))
def test_a_text_comes_as_it_was_and_is_no_end(pieces: list[str]) -> None:
    wire = Wire()
    terminal = Here(wire, None)  # type: ignore[arg-type]
    for each in pieces:
        terminal.write(each)
    terminal.finish()
    sent = wire.octets.decode().split("\r\n")
    assert sent.pop() == ""
    assert not any(line.startswith(("+", "-", "?")) for line in sent)
    came = [line.removeprefix(".") for line in sent]
    wanted = "".join(pieces).split("\n")
    assert came == [line.rstrip("\r") for line in (wanted if wanted[-1] else wanted[:-1])]
