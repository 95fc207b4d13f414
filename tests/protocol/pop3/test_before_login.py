"""POP3 before the mailbox is open: ways in, what is announced, and what is refused."""

import base64

import pytest

from tests.protocol.pop3.box import NAME, PASSWORD, Box, connected, lines, say
from tests.protocol.pop3.conftest import Opening
from tests.support.talk import client

PLAIN = base64.b64encode(f"\0{NAME}\0{PASSWORD}".encode()).decode()
WRONG = base64.b64encode(f"\0{NAME}\0wrong".encode()).decode()


async def test_user_and_pass_open_the_mailbox(box: Box) -> None:
    async with connected(box) as caller:
        assert await say(caller, f"> USER {NAME}\n< +OK *\n> PASS {PASSWORD}\n< +OK Mailbox open, 0 messages.")


async def test_a_wrong_password_is_a_matter_of_credentials(box: Box) -> None:
    async with connected(box) as caller:
        assert await say(
            caller, f"> USER {NAME}\n< +OK *\n> PASS wrong\n< -ERR [AUTH] *\n> STAT\n< -ERR [SYS/PERM] Log in first."
        )


async def test_an_unknown_name_gets_the_words_of_a_wrong_password(box: Box) -> None:
    async with connected(box) as caller:
        assert await say(
            caller, "> USER nobody@example.test\n< +OK *\n> PASS x\n< -ERR [AUTH] The name or the password is wrong."
        )


async def test_pass_needs_user_before_each_try(box: Box) -> None:
    async with connected(box) as caller:
        await say(caller, f"> PASS x\n< -ERR [SYS/PERM] USER *\n> USER {NAME}\n< +OK *\n> PASS wrong\n< -ERR *")
        assert await say(caller, f"> PASS {PASSWORD}\n< -ERR [SYS/PERM] USER *")


async def test_auth_takes_an_initial_response(box: Box) -> None:
    async with connected(box) as caller:
        assert await say(caller, f"> AUTH PLAIN {PLAIN}\n< +OK Mailbox *\n> STAT\n< +OK 0 0")


async def test_auth_asks_when_there_is_none(box: Box) -> None:
    async with connected(box) as caller:
        assert await say(caller, f"> auth plain\n< + \n> {PLAIN}\n< +OK Mailbox *")


async def test_auth_can_be_given_up(box: Box) -> None:
    async with connected(box) as caller:
        assert await say(caller, f"> AUTH PLAIN\n< + \n> *\n< -ERR *\n> AUTH PLAIN {PLAIN}\n< +OK *")


@pytest.mark.parametrize("answer", ["!!!", "A", "A" * 9000, ""])
async def test_an_answer_that_is_no_base64_ends_the_exchange(box: Box, answer: str) -> None:
    async with connected(box) as caller:
        assert await say(caller, f"> AUTH PLAIN\n< + \n> {answer}\n< -ERR *\n> NOOP\n< -ERR [SYS/PERM] Log in first.")


async def test_auth_with_a_wrong_password_is_a_matter_of_credentials(box: Box) -> None:
    async with connected(box) as caller:
        assert await say(caller, f"> AUTH PLAIN {WRONG}\n< -ERR [AUTH] *")


async def test_an_unknown_mechanism_is_refused_with_what_there_is(box: Box) -> None:
    async with connected(box) as caller:
        assert await say(caller, "> AUTH CRAM-MD5\n< -ERR *SCRAM-SHA-256*")


async def test_auth_alone_lists_the_mechanisms(box: Box) -> None:
    async with connected(box) as caller:
        await say(caller, "> AUTH\n< +OK *")
        assert "SCRAM-SHA-256" in await lines(caller)


async def test_capabilities_say_what_can_be_done_now(box: Box) -> None:
    async with connected(box) as caller:
        await say(caller, "> CAPA\n< +OK *")
        found = await lines(caller)
    wanted = {"TOP", "UIDL", "USER", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "EXPIRE NEVER", "UTF8 USER", "LANG"}
    assert wanted <= set(found)
    assert "STLS" not in found  # there is no certificate
    assert any(line.startswith("SASL ") and "PLAIN" in line for line in found)


async def test_where_passwords_need_tls_they_are_neither_announced_nor_taken(opening: Opening) -> None:
    async with opening(plain_login=False) as box, connected(box) as caller:
        await say(caller, "> CAPA\n< +OK *")
        found = await lines(caller)
        assert "USER" not in found
        assert "SASL SCRAM-SHA-256 SCRAM-SHA-1" in found
        await say(caller, f"> USER {NAME}\n< -ERR *TLS*\n> AUTH PLAIN {PLAIN}\n< -ERR *TLS*")


async def test_languages_are_listed_and_chosen(box: Box) -> None:
    async with connected(box) as caller:
        await say(caller, "> LANG\n< +OK *\n< en English\n< i-default English\n< .\n> LANG EN\n< +OK en *")
        assert await say(caller, "> LANG *\n< +OK i-default *\n> LANG fr\n< -ERR *")


async def test_utf8_mode_lets_answers_be_utf8(box: Box) -> None:
    async with connected(box, login=False) as caller:
        assert await say(caller, "> LANG fré\n< -ERR *fr\\xe9*\n> UTF8\n< +OK *\n> LANG fré\n< -ERR *fré*")


async def test_what_is_no_utf8_is_refused_and_the_session_goes_on(box: Box) -> None:
    async with connected(box) as caller:
        caller.send(b"USER \xff\xfe\r\n")
        assert await say(caller, "< -ERR *UTF-8*\n> CAPA\n< +OK *")


async def test_a_line_that_is_too_long_is_refused_and_the_session_goes_on(box: Box) -> None:
    async with connected(box) as caller:
        assert await say(caller, f"> USER {'a' * 100_000}\n< -ERR *255*\n> LANG en\n< +OK *")


async def test_too_many_wrong_commands_end_the_session(opening: Opening) -> None:
    async with opening("[service.pop3]\nmax_errors = 3\n") as box, connected(box) as caller:
        await say(caller, "> HELO\n< -ERR *\n> EHLO\n< -ERR *\n> XYZZY\n< -ERR *goodbye.")
        assert await caller.line() == ""


async def test_too_many_failed_logins_end_the_session(opening: Opening) -> None:
    async with opening("[service.pop3]\nmax_auth_errors = 2\n") as box, connected(box) as caller:
        await say(caller, f"> AUTH PLAIN {WRONG}\n< -ERR [AUTH] *\n> AUTH PLAIN {WRONG}\n< -ERR [AUTH] *goodbye.")
        assert await caller.line() == ""


async def test_the_greeting_is_what_the_administrator_wants(opening: Opening) -> None:
    toml = '[server]\nserver_name = "mx.example.test"\n[service.pop3]\ngreetings_text = "%D hears %U"\n'
    async with opening(toml) as box, client(box.port) as one, client(box.port) as two:
        first, second = await one.line(), await two.line()
    assert first.startswith("+OK mx.example.test hears ")
    assert first != second


async def test_a_session_cannot_log_in_twice(box: Box) -> None:
    async with connected(box, login=True) as caller:
        assert await say(
            caller,
            f"> USER {NAME}\n< -ERR [SYS/PERM] You are logged in already.\n"
            f"> AUTH PLAIN {PLAIN}\n< -ERR [SYS/PERM] You *\n> UTF8\n< -ERR [SYS/PERM] *",
        )


async def test_connections_and_logins_are_counted_when_they_close(box: Box) -> None:
    async with connected(box, login=True) as caller:
        await say(caller, "> QUIT\n< +OK *")
    await box.until_ended()
    names = (
        "POP3_InboundConnection",
        "POP3_InboundConnectionAuthenticated",
        "POP3_InboundConnectionAuthenticatedSuccess",
    )
    assert [box.counters.total(name) for name in names] == [1, 1, 1]
