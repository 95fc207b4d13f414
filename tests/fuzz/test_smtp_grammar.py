"""SMTP: any octets at all get an answer, and what a client sends comes in as it was."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.queue import xtext
from mailcore.smtp.data import smuggles, unstuffed
from mailcore.smtp.reply import Reply
from mailcore.smtp.wire import (
    Bad,
    hello_name,
    mail_params,
    parse_path,
    path_and_params,
    rcpt_params,
    split_command,
)
from tests.support.smtpstand import stand, talker

WORDS = st.sampled_from(
    [
        "MAIL FROM:", "RCPT TO:", "<", ">", "@", ":", "=", " ", "\t", '"', "\\", ",", ";", ".", "[", "]", "SIZE",
        "BODY", "NOTIFY=", "ORCPT=rfc822;", "RET=FULL", "SMTPUTF8", "AUTH=", "+41", "+", "a", "b.example", "é", "\0",
        "\r", "ENVID=", "8BITMIME", "1000", "EHLO ", "BDAT ", "LAST",
    ]
)  # fmt: skip
LINES = st.one_of(st.lists(WORDS, max_size=20).map(lambda words: "".join(words).encode()), st.binary(max_size=200))


@given(LINES)
def test_any_line_is_read_or_refused_with_a_reply(line: bytes) -> None:
    try:
        verb, argument = split_command(line.replace(b"\n", b""))
        assert verb == verb.upper()
        hello = argument.startswith("x")
        if hello:
            hello_name(argument)
        path, words = path_and_params(argument, "FROM:" if verb == "MAIL" else "TO:", "an example")
        (mail_params if verb == "MAIL" else rcpt_params)(words)
        assert parse_path(path.address) == path or not path.domain
    except Bad as bad:
        assert bad.reply.octets.count(b"\r\n") == 1
        assert bad.reply.code in (500, 501, 555)


@given(st.text(max_size=50))
def test_an_address_that_is_read_stays_what_it_is(text: str) -> None:
    try:
        path = parse_path(text)
    except Bad:
        return
    assert parse_path(path.address).address == path.address
    assert not any(sign in path.address for sign in "<>\r\n\0") or '"' in path.address


@given(st.text(max_size=60))
def test_xtext_goes_there_and_back(text: str) -> None:
    assert xtext.decode(xtext.encode(text)) == text or any(not each.isascii() or each.isspace() for each in text)


@given(st.text(max_size=600), st.lists(st.text(max_size=20), max_size=3))
def test_a_reply_has_as_many_lines_as_it_says(text: str, more: Sequence[str]) -> None:
    octets = Reply(250, "2.0.0", text, tuple(more)).octets
    lines = octets.split(b"\r\n")
    assert lines.pop() == b""
    assert [line[3:4] for line in lines] == [b"-"] * len(more) + [b" "]
    assert not any(b"\r" in line or b"\n" in line for line in lines)


PIECES = st.lists(st.sampled_from([b"\r\n", b"\n", b"\r", b".", b"..", b"a", b"x" * 70, b"\0"]), max_size=30)


@given(PIECES)
def test_doubling_dots_is_undone_exactly(pieces: Sequence[bytes]) -> None:
    message = b"".join(pieces)
    sent = (b"." if message.startswith(b".") else b"") + message.replace(b"\r\n.", b"\r\n..")
    assert unstuffed(sent) == message


@given(PIECES)
def test_what_is_not_refused_shows_no_end_to_a_server_that_knows_lone_line_ends(pieces: Sequence[bytes]) -> None:
    sent = b"".join(pieces) + b"\r\n"
    if b"\r\n.\r\n" in b"\r\n" + sent or smuggles(sent):
        return
    for end in (b"\n", b"\r"):
        lines = sent.replace(b"\r\n", end).split(end)
        assert b"." not in lines[1:-1]


DIALOGUE = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"EHLO c\r\n", b"HELO c\r\n", b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<alice@example.test>\r\n", b"DATA\r\n",
                b".\r\n", b"\r\n.\r\n", b"\n.\n", b"BDAT 3\r\nabc", b"BDAT 2 LAST\r\nab", b"RSET\r\n",
                b"AUTH PLAIN\r\n", b"*\r\n", b"NOOP\r\n", b"RCPT TO:<no@example.test>\r\n", b"STARTTLS\r\n",
                b"VRFY a\r\n", b"\r\n",
            ]
        ),
        st.binary(max_size=40),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(DIALOGUE, st.integers(1, 50))
def test_no_dialogue_breaks_the_server(pieces: Sequence[bytes], size: int) -> None:
    sent = b"".join(pieces)

    async def talk() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with stand(Path(folder)) as here, talker(here.port, hello="") as caller:
                for start in range(0, len(sent), size):
                    caller.send(sent[start : start + size])
                    await asyncio.sleep(0)
                caller.send(b"\r\n.\r\n*\r\nQUIT\r\n")
                caller.line.writer.write_eof()
                while said := await caller.line.line():
                    assert said[:3].isdecimal()
                    assert said[3] in "- "
            assert not here.log.named("command_failed")
            assert not here.log.named("session_crashed")

    asyncio.run(talk())
