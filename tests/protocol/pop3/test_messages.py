"""Messages on the wire: octet for octet, with CRLF line ends and dots doubled."""

import asyncio
import poplib

import pytest

from groupware.mime.lines import crlf
from tests.protocol.pop3.box import NAME, PASSWORD, Box, connected, octets, say
from tests.support import corpus


def ended(message: bytes) -> bytes:
    """The message as POP3 can send it: every line with CRLF, the last one too."""
    sent = crlf(message)
    return sent if sent.endswith(b"\r\n") else sent + b"\r\n"


async def test_every_message_of_the_corpus_comes_out_octet_for_octet(box: Box) -> None:
    messages = [corpus.read(name) for name in corpus.messages()]
    await box.put(*messages)
    async with connected(box, login=True) as caller:
        caller.send(b"".join([b"RETR %d\r\n" % number for number in range(1, len(messages) + 1)]))
        for name, message in zip(corpus.messages(), messages, strict=True):
            assert (await caller.line()).startswith("+OK"), name
            assert await octets(caller) == ended(message), name


async def test_sizes_in_the_list_are_those_of_the_octets_sent(box: Box) -> None:
    messages = [message for name in corpus.messages() if (message := corpus.read(name)).endswith(b"\n")][:100]
    await box.put(*messages)
    async with connected(box, login=True) as caller:
        await say(caller, "> LIST\n< +OK *")
        listed = [int((await caller.line()).split()[1]) for _ in messages]
    assert listed == [len(crlf(message)) for message in messages]


@pytest.mark.parametrize(
    "message",
    [b".", b".\r\n", b"..\r\n.\r\n", b"a: b\r\n\r\n.\r\n.\r\n\r\n..x\r\n", b"\n.\n.\n", b"\r\n.", b"x\r.\r\n.y\r\n"],
)
async def test_dots_at_line_beginnings_survive(box: Box, message: bytes) -> None:
    await box.put(message)
    async with connected(box, login=True) as caller:
        await say(caller, "> RETR 1\n< +OK *")
        assert await octets(caller) == ended(message)
        await say(caller, "> NOOP\n< +OK *")


LETTER = b"Subject: x\r\nFrom: a@example.test\r\n\r\none\r\n.two\r\nthree\r\n"
HEAD = b"Subject: x\r\nFrom: a@example.test\r\n\r\n"


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [(0, HEAD), (1, HEAD + b"one\r\n"), (2, HEAD + b"one\r\n.two\r\n"), (3, LETTER), (2_000_000_000, LETTER)],
)
async def test_top_gives_header_and_lines(box: Box, lines: int, wanted: bytes) -> None:
    await box.put(LETTER)
    async with connected(box, login=True) as caller:
        await say(caller, f"> TOP 1 {lines}\n< +OK *")
        assert await octets(caller) == wanted


@pytest.mark.parametrize("message", [b"Subject: no body\r\n", b"\r\nbody alone\r\n", b"Subject: bare\n\nx\ny\n"])
async def test_top_of_odd_messages(box: Box, message: bytes) -> None:
    await box.put(message)
    async with connected(box, login=True) as caller:
        await say(caller, "> TOP 1 1\n< +OK *")
        sent = crlf(message)
        header, blank, body = (b"", b"\r\n", sent[2:]) if sent.startswith(b"\r\n") else sent.partition(b"\r\n\r\n")
        assert await octets(caller) == header + blank + b"".join(body.splitlines(keepends=True)[:1])


async def test_large_messages_come_whole_and_their_tops_short(box: Box) -> None:
    large = b"Subject: large\n\n" + b"".join([b"line %d\n" % number for number in range(100_000)])
    await box.put(b"Subject: small\r\n\r\nx\r\n", large, b"Subject: last\r\n\r\nx\r\n")
    async with connected(box, login=True) as caller:
        caller.send(b"RETR 1\r\nRETR 2\r\nRETR 3\r\nTOP 2 2\r\nTOP 2 50000\r\n")
        assert [len(await octets(caller)) for _ in range(3) if await caller.line()] == [21, len(crlf(large)), 20]
        await caller.line()
        assert await octets(caller) == b"Subject: large\r\n\r\nline 0\r\nline 1\r\n"
        await caller.line()
        assert (await octets(caller)).endswith(b"\r\nline 49999\r\n")


async def test_a_pipeline_of_everything_is_answered_in_order(box: Box) -> None:
    await box.put(*[b"Subject: %d\r\n\r\n%d\r\n" % (number, number) for number in range(1, 41)])
    async with connected(box) as caller:
        pipeline = [b"USER " + NAME.encode(), b"PASS " + PASSWORD.encode(), b"STAT", b"XYZZY", b"A" * 300]
        for number in range(1, 41):
            pipeline += [b"RETR %d" % number, b"DELE %d" % number, b"RETR 99"]
        caller.send(b"\r\n".join([*pipeline, b"QUIT", b"NOOP", b""]))
        await say(caller, "< +OK *\n< +OK *\n< +OK 40 *\n< -ERR *\n< -ERR *255*")
        for number in range(1, 41):
            await say(caller, "< +OK *")
            assert await octets(caller) == b"Subject: %d\r\n\r\n%d\r\n" % (number, number)
            await say(caller, "< +OK *\n< -ERR *")
        await say(caller, "< +OK Goodbye.")
        assert await caller.line() == ""
    assert await box.flags() == {}


async def test_pythons_own_client_fetches_and_deletes(box: Box) -> None:
    messages = [corpus.read(name) for name in corpus.messages()[:20]]
    await box.put(*messages)

    def fetch() -> list[bytes]:
        pop = poplib.POP3("127.0.0.1", box.port, timeout=20)
        pop.user(NAME)
        pop.pass_(PASSWORD)
        assert "UIDL" in pop.capa()
        count, total = pop.stat()
        assert total == sum(int(line.split()[1]) for line in pop.list()[1])
        assert len(pop.uidl()[1]) == count
        assert pop.top(1, 0)[1][0] == crlf(messages[0]).splitlines()[0]
        found = [b"\r\n".join(pop.retr(number)[1]) + b"\r\n" for number in range(1, count + 1)]
        for number in range(1, count + 1):
            pop.dele(number)
        pop.quit()
        return found

    assert await asyncio.to_thread(fetch) == [ended(message) for message in messages]
    assert await box.flags() == {}
