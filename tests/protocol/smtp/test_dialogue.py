"""The dialogue: hello, order of commands, recipients, DATA, BDAT, and what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from groupware.model.errors import TryAgain
from mailcore.smtp.incoming import BLOCK, gather
from tests.support.smtpstand import HOST, stand, talker

HELLO_WORDS = {
    "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "DSN", "HELP"
}  # fmt: skip
MESSAGE = b"From: x@far.test\r\nSubject: hi\r\n\r\nhello\r\n"


async def test_ehlo_names_the_extensions(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port, hello="") as caller:
        lines = (await caller.ask("EHLO client.test")).splitlines()
    assert lines[0] == f"250-{HOST} greets client.test"
    words = {line[4:] for line in lines[1:]}
    assert words >= HELLO_WORDS | {"SIZE 10485760"}
    assert not any(word.startswith("STARTTLS") for word in words)


async def test_a_message_is_handed_over_and_answered_with_its_id(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        said = await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)
        message = here.intake.last
    assert said == f"250 2.0.0 Ok: queued as {message.message}"
    assert (message.sender, [each.address for each in message.recipients]) == ("x@far.test", ["alice@example.test"])
    assert message.octets.endswith(b"\r\n" + MESSAGE)
    assert here.intake.options == [{"settle_local": False, "keep": True}]


async def test_local_recipients_are_settled_at_once_while_processing_is_at_work(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        here.parts.at_work.add("processing")
        await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)
    assert here.intake.options == [{"settle_local": True, "keep": True}]


async def test_the_trace_line_says_where_the_message_came_from(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)
        message = here.intake.last
    lines = message.octets.split(b"\r\n")
    assert lines[0] == b"Received: from client.test ([127.0.0.1])"
    assert lines[1] == f"\tby {HOST} with ESMTP id {message.message}".encode()
    assert lines[2].startswith(b"\tfor <alice@example.test>; ")


async def test_the_trace_line_keeps_several_recipients_apart_from_each_other(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.deliver("x@far.test", ["alice@example.test", "bob@example.test"], MESSAGE)
    assert b"alice" not in here.intake.last.octets


async def test_a_whole_pipelined_message_is_answered_in_order(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        caller.send(
            b"MAIL FROM:<x@far.test>\r\nRCPT TO:<alice@example.test>\r\nrcpt to:<nobody@example.test>\r\n"
            b"RCPT TO:<bob@example.test>\r\nDATA\r\n"
        )
        codes = [each[:9] for each in await caller.replies(5)]
        caller.send(MESSAGE + b".\r\nRSET\r\nQUIT\r\n")
        last = [each[:3] for each in await caller.replies(3)]
    assert codes == ["250 2.1.0", "250 2.1.5", "550 5.1.1", "250 2.1.5", "354 Send "]
    assert last == ["250", "250", "221"]
    assert [each.address for each in here.intake.last.recipients] == ["alice@example.test", "bob@example.test"]


async def test_each_message_of_a_session_has_its_own_id(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        for _ in range(3):
            await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)
    assert len({each.message for each in here.intake.messages}) == 3


@pytest.mark.parametrize(
    ("commands", "code"),
    [
        (["MAIL FROM:<x@far.test>"], "503 5.5.1"),
        (["EHLO c", "RCPT TO:<alice@example.test>"], "503 5.5.1"),
        (["EHLO c", "DATA"], "503 5.5.1"),
        (["EHLO c", "MAIL FROM:<x@far.test>", "DATA"], "554 5.5.1"),
        (["EHLO c", "MAIL FROM:<x@far.test>", "MAIL FROM:<x@far.test>"], "503 5.5.1"),
        (["EHLO c", "MAIL FROM:<x@far.test> SIZE=10485761"], "552 5.3.4"),
        (["EHLO c", "MAIL FROM:<x@far.test> SIZE=1 SIZE=1"], "501 5.5.4"),
        (["EHLO c", "MAIL FROM:<x@far.test> XYZZY=1"], "555 5.5.4"),
        (["HELO c", "MAIL FROM:<x@far.test> SIZE=1"], "555 5.5.4"),
        (["EHLO c", "MAIL FROM:<x@far.test"], "501 5.5.2"),
        (["EHLO c", "MAIL FROM:<x@@far.test>"], "501 5.1.3"),
        (["EHLO c", "MAIL FROM:<zoë@far.test>"], "553 5.6.7"),
        (["EHLO c", "MAIL FROM:<x@far.test>", "RCPT TO:<>"], "501 5.1.3"),
        (["EHLO c", "MAIL FROM:<x@far.test>", "RCPT TO:<zoë@example.test>"], "553 5.6.7"),
        (["EHLO c", "MAIL FROM:<x@far.test>", "RCPT TO:<nobody@example.test>"], "550 5.1.1"),
        (["EHLO c", "MAIL FROM:<x@far.test>", "RCPT TO:<x@elsewhere.test>"], "550 5.7.1"),
        (["EHLO c", "MAIL FROM:<x@far.test>", "RCPT TO:<alice@example.test> NOTIFY=SOMETIMES"], "501 5.5.4"),
        (["EHLO c", "VRFY alice"], "252 2.5.0"),
        (["EHLO c", "EXPN team"], "502 5.5.1"),
        (["EHLO c", "NOOP"], "250 2.0.0"),
        (["EHLO c", "WIZ"], "500 5.5.2"),
        (["EHLO c", "STARTTLS"], "454 4.7.0"),
        (["EHLO c", "BDAT x"], "501 5.5.4"),
        (["EHLO c", "HELP"], "214-2.0.0"),
        (["EHLO -?"], "501 5.5.2"),
    ],
)
async def test_what_is_out_of_order_or_wrong_gets_a_code(tmp_path: Path, commands: list[str], code: str) -> None:
    async with stand(tmp_path) as here, talker(here.port, hello="") as caller:
        said = ""
        for command in commands:
            said = await caller.ask(command)
    assert said.startswith(code)


async def test_dsn_parameters_are_kept(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.ask("MAIL FROM:<x@far.test> RET=hdrs ENVID=a+2Bb BODY=8BITMIME SIZE=100")
        await caller.ask("RCPT TO:<alice@example.test> NOTIFY=success,Failure ORCPT=rfc822;al+2Bice@example.test")
        await caller.ask("DATA")
        caller.send(MESSAGE + b".\r\n")
        await caller.reply()
        message = here.intake.last
    assert (message.ret, message.envid, message.body_type) == ("HDRS", "a+2Bb", "8BITMIME")
    assert message.recipients[0].notify == "SUCCESS,FAILURE"
    assert message.recipients[0].orcpt == "rfc822;al+2Bice@example.test"


async def test_smtputf8_addresses_and_the_word_for_them(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        assert (await caller.ask("MAIL FROM:<é@far.test> SMTPUTF8")).startswith("250")
        assert (await caller.ask("RCPT TO:<zoë@example.test>")).startswith("250")
        await caller.ask("DATA")
        caller.send(MESSAGE + b".\r\n")
        await caller.reply()
        message = here.intake.last
    assert message.utf8
    assert b" with UTF8SMTP id " in message.octets


async def test_postmaster_needs_no_domain(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.ask("MAIL FROM:<>")
        assert (await caller.ask("RCPT TO:<postmaster>")).startswith("250")  # it is looked up at the primary domain
        assert (await caller.ask("RCPT TO:<alice>")).startswith("250")
    assert here.people.asked == ["postmaster@example.test", "alice@example.test"]


async def test_the_same_recipient_twice_is_one(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.deliver("x@far.test", ["alice@example.test", "alice@example.test"], MESSAGE)
    assert len(here.intake.last.recipients) == 1


async def test_too_many_recipients_are_put_off_and_the_rest_goes_through(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[smtp]\nmax_rcpt_count = 1\n") as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", "alice@example.test")
        assert (await caller.ask("RCPT TO:<bob@example.test>")).startswith("452 4.5.3")
        assert (await caller.ask("DATA")).startswith("354")
        caller.send(MESSAGE + b".\r\n")
        assert (await caller.reply()).startswith("250")
    assert len(here.intake.last.recipients) == 1


async def test_bdat_takes_chunks_as_they_are(tmp_path: Path) -> None:
    body = b"Subject: x\r\n\r\n.\r\n..two\n.\n\0\xff"
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.ask("MAIL FROM:<x@far.test> BODY=BINARYMIME")
        await caller.ask("RCPT TO:<alice@example.test>")
        caller.send(b"BDAT %d\r\n%bBDAT %d LAST\r\n%bNOOP\r\n" % (10, body[:10], len(body) - 10, body[10:]))
        said = await caller.replies(3)
    assert [each[:3] for each in said] == ["250", "250", "250"]
    assert here.intake.last.octets.endswith(b"\r\n" + body)


@pytest.mark.parametrize("end", [b"x\r.\r\nMAIL FROM:<ceo@example.test>\r\n", b"x\n.\r\nQUIT\r\n", b".\rDATA\r\n"])
async def test_no_end_of_data_hides_in_a_chunk(tmp_path: Path, end: bytes) -> None:
    body = b"Subject: x\r\n\r\n" + end
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", "alice@example.test")
        caller.send(b"BDAT %d\r\n%bBDAT %d LAST\r\n%bNOOP\r\n" % (9, body[:9], len(body) - 9, body[9:]))
        said = await caller.replies(3)
    assert [each[:9] for each in said] == ["250 2.0.0", "554 5.6.0", "250 2.0.0"]
    assert here.intake.messages == []


async def test_a_chunk_of_text_has_whole_line_ends(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", "alice@example.test")
        caller.send(b"BDAT 17 LAST\r\nSubject: x\n\nhello")
        assert (await caller.reply()).startswith("250")
    assert here.intake.last.octets.endswith(b"\r\nSubject: x\r\n\r\nhello")


async def test_many_small_chunks_take_no_more_room_than_their_octets() -> None:
    chunks: list[bytes | bytearray] = []
    for each in (*[b"ab"] * 100_000, b"x" * BLOCK, b"yz"):
        gather(chunks, each)
    assert len(chunks) <= 6
    assert b"".join(chunks) == b"ab" * 100_000 + b"x" * BLOCK + b"yz"


async def test_each_recipient_of_a_batch_has_a_reply_whatever_goes_wrong(tmp_path: Path) -> None:
    def failing(error: Exception) -> Callable[..., Awaitable[None]]:
        async def fail(*args: object) -> None:
            raise error

        return fail

    asked = b"MAIL FROM:<x@far.test>\r\n" + b"RCPT TO:<alice@example.test>\r\n" * 3 + b"NOOP\r\nRSET\r\n"
    async with stand(tmp_path) as here, talker(here.port) as caller:
        for place in ("_forbidden", "_judge"):
            for error, status in ((TryAgain("away"), "451 4.3.0"), (ValueError("a bug"), "451 4.3.0")):
                with pytest.MonkeyPatch.context() as broken:
                    broken.setattr(f"mailcore.smtp.envelope.{place}", failing(error))
                    caller.send(asked)
                    said = [each[:9] for each in await caller.replies(6)]
                assert said == ["250 2.1.0", status, status, status, "250 2.0.0", "250 2.0.0"]


async def test_an_empty_last_chunk_ends_the_message(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", "alice@example.test")
        caller.send(b"BDAT %d\r\n%bBDAT 0 LAST\r\n" % (len(MESSAGE), MESSAGE))
        said = await caller.replies(2)
    assert said[1].startswith("250 2.0.0 Ok: queued as")
    assert here.intake.last.octets.endswith(MESSAGE)


async def test_a_chunk_nobody_wants_is_still_read(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        caller.send(b"MAIL FROM:<x@far.test>\r\nRCPT TO:<no@example.test>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
        codes = [each[:9] for each in await caller.replies(4)]
    assert codes == ["250 2.1.0", "550 5.1.1", "554 5.5.1", "250 2.0.0"]
    assert here.intake.messages == []


async def test_data_does_not_mix_with_bdat(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.envelope("x@far.test", "alice@example.test")
        caller.send(b"BDAT 1\r\nxDATA\r\n")
        assert (await caller.replies(2))[1].startswith("503 5.5.1")
        await caller.ask("RSET")
        await caller.ask("MAIL FROM:<x@far.test> BODY=BINARYMIME")
        await caller.ask("RCPT TO:<alice@example.test>")
        assert (await caller.ask("DATA")).startswith("503 5.5.1")


async def test_a_message_over_the_limit_is_refused_and_the_next_one_is_not(tmp_path: Path) -> None:
    async with stand(tmp_path, config="[smtp]\nmax_message_size = 1\n") as here, talker(here.port) as caller:
        said = await caller.deliver("x@far.test", ["alice@example.test"], b"x" * 600 + b"\r\n" + b"y" * 600 + b"\r\n")
        assert said.startswith("552 5.3.4")
        await caller.envelope("x@far.test", "alice@example.test")
        caller.send(b"BDAT 1025\r\n" + b"z" * 1025 + b"BDAT 1 LAST\r\nz")
        assert [each[:9] for each in await caller.replies(2)] == ["552 5.3.4", "552 5.3.4"]
        assert (await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)).startswith("250")
    assert len(here.intake.messages) == 1


async def test_a_message_that_went_round_in_circles_is_refused(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        within = b"Received: from a by b\r\n" * 30 + MESSAGE
        assert (await caller.deliver("x@far.test", ["alice@example.test"], within)).startswith("250")
        said = await caller.deliver("x@far.test", ["alice@example.test"], b"received : from a by b\r\n" + within)
    assert said.startswith("554 5.4.6")


async def test_a_server_that_cannot_take_it_now_says_so_and_goes_on(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        here.intake.error = TryAgain("The disk is full; the administrator has to make room.")
        said = await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)
        assert said == "451 4.3.0 The disk is full; the administrator has to make room."
        here.intake.error = None
        assert (await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)).startswith("250")


async def test_a_bug_costs_a_451_and_a_traceback_in_the_log(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        here.intake.error = ZeroDivisionError("a bug")
        assert (await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)).startswith("451 4.3.0")
        here.intake.error = None
        assert (await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)).startswith("250")
    assert "a bug" in str(here.log.named("command_failed")[0]["traceback"])


async def test_a_directory_that_does_not_answer_puts_recipients_off(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        here.people.error = TryAgain("The directory does not answer.")
        await caller.ask("MAIL FROM:<x@far.test>")
        assert (await caller.ask("RCPT TO:<alice@example.test>")).startswith("451 4.3.0")


async def test_counters_move(tmp_path: Path) -> None:
    async with stand(tmp_path) as here, talker(here.port) as caller:
        await caller.deliver("x@far.test", ["alice@example.test"], MESSAGE)
        await caller.ask("MAIL FROM:<x@far.test>")
        await caller.ask("RCPT TO:<no@example.test>")
        await caller.ask("QUIT")
    await here.service.drain(5)
    names = ("", "Bytes", "TOcommandsAccepted", "TOcommandsRejected", "FROMAccepted", "DATAUsed", "DATAAccepted")
    totals = [here.counters.total(f"SMTP_InboundMessage{name}") for name in names]
    assert totals == [1, len(here.intake.last.octets), 1, 1, 2, 1, 1]
    assert here.counters.total("SMTP_InboundConnection") == 1
