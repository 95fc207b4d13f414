"""Whatever a stranger sends to POP3: a command or what is wrong with it, and messages that survive the wire."""

from hypothesis import given
from hypothesis import strategies as st

from groupware.mime.lines import crlf
from mailcore.pop3 import grammar
from mailcore.pop3.commands import COMMANDS
from mailcore.pop3.grammar import Command
from mailcore.pop3.maildrop import end_of_top
from mailcore.pop3.reply import BadCommand, Reply, stuffed

PIECES = st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"\n.", b"\r\n.\r\n", b"x", b" ", b"\0", b"\xff", b"a: b"])
MESSAGES = st.lists(PIECES, max_size=30).map(b"".join)
WORDS = st.sampled_from(
    [*[verb.encode() for verb in COMMANDS], b" ", b"1", b"-1", b"\xff", b"\0", b"\r", b"\t", b"xyzzy"]
)
LINES = (st.lists(WORDS, max_size=8).map(b"".join) | st.binary(max_size=300)).map(
    lambda octets: octets.replace(b"\n", b"") + b"\r\n"
)


def unstuffed(body: bytes) -> bytes:
    """What a client makes of the lines of a reply."""
    lines = body.split(b"\r\n")
    return b"\r\n".join([line[1:] if line.startswith(b".") else line for line in lines])


@given(LINES)
def test_every_line_is_a_command_or_says_why_not(line: bytes) -> None:
    found = grammar.parse(line)
    assert isinstance(found, Command)
    assert found.problem or found.verb == found.verb.upper()
    assert "\n" not in found.verb + found.rest


@given(st.text("0123456789 -+x\u0661", max_size=20))
def test_a_number_is_digits_and_bounded_or_refused(text: str) -> None:
    try:
        assert 0 <= grammar.number(text) <= grammar.COUNT_MAX
    except BadCommand as error:
        assert "digits" in str(error)
        return
    assert text.isascii()
    assert text.isdigit()


@given(MESSAGES)
def test_a_message_survives_the_wire(message: bytes) -> None:
    sent = crlf(message)
    body = stuffed(sent)
    assert b"\r\n.\r\n" not in b"\r\n" + body  # nothing ends the reply early
    assert unstuffed(body) == (sent if sent.endswith(b"\r\n") or not sent else sent + b"\r\n")


@given(MESSAGES, st.integers(0, 5))
def test_a_top_is_the_beginning_of_the_message_with_so_many_lines(message: bytes, lines: int) -> None:
    sent = crlf(message)
    end = end_of_top(sent, lines)
    if end is None:
        return
    body = sent[2:end] if sent.startswith(b"\r\n") else sent[:end].partition(b"\r\n\r\n")[2]
    assert body.count(b"\n") == lines
    assert not body or body.endswith(b"\n")


@given(st.text("a \r\n\0é漢\U0001f600", max_size=900), st.booleans(), st.booleans())
def test_an_answer_is_one_line_within_the_bound(text: str, good: bool, utf8: bool) -> None:
    line = Reply(good, text, "SYS/TEMP").line(utf8=utf8)
    assert line.endswith(b"\r\n")
    assert line.count(b"\n") == line.count(b"\r") == 1
    assert len(line) <= 512
